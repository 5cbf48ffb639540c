/* actions: does what a command wants to the cases in memory, or says why not. Pure. */
#ifndef KOPRU_SERVICES_ROUTER_ACTIONS_H
#define KOPRU_SERVICES_ROUTER_ACTIONS_H

#include "services/router/cases.h"
#include "services/router/order.h"

#define ACTIONS_MEMBERS_MAX 200 /* cases merged into one */
#define ACTIONS_DAYS_MAX 365 /* how far ahead a day may lie that somebody chooses */

/* The end of one command. */
struct verdict {
	int code; /* of Reply */
	const char *text;
	uint32_t version; /* of the application; 0 when nobody may know */
	size_t place; /* of its last event among those of stream "case" in this batch, from 1; 0: none */
	bool
	    kept; /* decided on an existing case: remembered with the command's id; not what the router's clock asked too early */
};

struct verdict actions_decide(struct cases *c, const struct order *order);

#endif
