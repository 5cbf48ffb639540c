/* timers: the router's own clock: reminds of questions, lets them expire, and says when the arbiter is late. What it does
 * goes the way of all commands; the id follows from case, version and action, so two routers do it once. */
#ifndef KOPRU_SERVICES_ROUTER_TIMERS_H
#define KOPRU_SERVICES_ROUTER_TIMERS_H

#include "common/db/db.h"
#include "services/router/orders.h"

struct timers;

/* reader: for looking; writer: completes rows that an older version wrote. */
struct timers *timers_new(struct loop *l, struct db *reader, struct db *writer, struct orders *c, struct metrics *m);
/* Looks no more. Before the connections are closed. */
void timers_stop(struct timers *t);
void timers_free(struct timers *t); /* NULL is fine; after the connections were closed */

/* The id of the command that does it. Pure. */
struct uuid timers_id(const struct uuid *application_id, uint32_t version, bool remind);

#endif
