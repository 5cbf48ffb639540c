/* learning_tallies: how often each topic was decided on, unsure, and corrected, as metrics. */
#ifndef KOPRU_SERVICES_ROUTER_LEARNING_TALLIES_H
#define KOPRU_SERVICES_ROUTER_LEARNING_TALLIES_H

#include "common/base/metrics.h"
#include "services/router/cases.h"

#define TALLIES_TOPICS_MAX 150 /* more are counted together, as topic "other" */

struct tallies;

struct tallies *tallies_new(struct metrics *m);
void tallies_free(struct tallies *t); /* NULL is fine */

/* A decision was committed: its topic, or, unsure, the likeliest one ("": none). */
void tallies_decided(struct tallies *t, const char *topic, bool unsure);
/* Commands were committed: what they said of decisions. */
void tallies_taught(struct tallies *t, const struct cases *cases);

#endif
