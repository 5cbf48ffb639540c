/* escalations: looks for clocks that have something to tell and tells the router so, by commands whose id follows from the
 * case, its version, the clock and the stage: two routers, or one that was started anew, tell each stage once. Gives
 * clocks to open cases of older versions, too. */
#ifndef KOPRU_SERVICES_ROUTER_ESCALATIONS_H
#define KOPRU_SERVICES_ROUTER_ESCALATIONS_H

#include "services/router/timers.h"

struct escalations;

struct escalations *escalations_new(struct loop *l, const struct timers_conf *conf, struct metrics *m);
/* Looks no more. Before the connections are closed. */
void escalations_stop(struct escalations *e);
void escalations_free(struct escalations *e); /* NULL is fine; after the connections were closed */

#endif
