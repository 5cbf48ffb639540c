/* case_routing: how a case was routed, as its page shows it. */
#ifndef KOPRU_SERVICES_REPORTING_CASE_ROUTING_H
#define KOPRU_SERVICES_REPORTING_CASE_ROUTING_H

#include <jansson.h>

#include "common/db/db.h"
#include "services/reporting/store_routed.h"

/* null when it is not known: not yet routed, routed by a version of before, or erased. whole: words of the text may be
 * shown. */
json_t *case_routing_json(struct arena *a, const struct db_results *results, const struct store_routed_calls *calls,
    bool whole, bool english);

#endif
