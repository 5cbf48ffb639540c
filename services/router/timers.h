/* timers: the router's own clock: reminds of questions, lets them expire, says when the arbiter is late, and forgets old
 * commands. What it does to cases goes the way of all commands; the id follows from case, version and action, so two
 * routers do it once. */
#ifndef KOPRU_SERVICES_ROUTER_TIMERS_H
#define KOPRU_SERVICES_ROUTER_TIMERS_H

#include "common/db/db.h"
#include "common/feed/source.h"
#include "services/router/orders.h"

struct timers;

struct timers_conf {
	struct db *reader; /* for looking */
	struct db *writer; /* completes rows that an older version wrote, and forgets commands */
	struct orders *orders;
	const struct source *source; /* knows what time it is */
	int commands_days; /* how long a command is remembered */
};

struct timers *timers_new(struct loop *l, const struct timers_conf *conf, struct metrics *m);
/* Looks no more. Before the connections are closed. */
void timers_stop(struct timers *t);
void timers_free(struct timers *t); /* NULL is fine; after the connections were closed and the orders are freed */

/* What the router's own clock does to a case. */
struct timers_deed {
	struct uuid application_id;
	uint32_t version; /* of the case */
	char what; /* r: remind, e: expire, c: escalate, f: a fee was not paid, m: a deadline moves */
	int clock, stage; /* of c, f and m, whose stage is the version of the calendar; 0 else */
	int64_t due_at;
};

/* The id of the command that does it: the same for the same deed. Pure. */
struct uuid timers_id(const struct timers_deed *deed);
/* The command, without its action. Lives in a. Pure. */
Kopru__V1__Command *timers_command(struct arena *a, const struct timers_deed *deed);

#endif
