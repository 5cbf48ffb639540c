/* recompute: after the calendar has changed, moves the deadlines that its newest version puts elsewhere. Finds them by
 * groups that are due together, compares each group once, and moves its cases by commands of the router's own, a bounded
 * number at a time among those of others. What it finds is what is stored, so that it goes on after a restart, finds cases
 * that came in under an older version, and two routers do it once. */
#ifndef KOPRU_SERVICES_ROUTER_RECOMPUTE_H
#define KOPRU_SERVICES_ROUTER_RECOMPUTE_H

#include "services/router/timers.h"

struct recompute;

struct recompute *recompute_new(struct loop *l, const struct timers_conf *conf, struct metrics *m);
/* Looks no more. Before the connections are closed. */
void recompute_stop(struct recompute *r);
void recompute_free(struct recompute *r); /* NULL is fine; after the orders, which tell it the ends of its commands */

#endif
