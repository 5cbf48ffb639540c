/* summary: how many applications came in between two days, by everything that one counts by. For holders of an API
 * key with the right "reports". */
#ifndef KOPRU_SERVICES_REPORTING_SUMMARY_H
#define KOPRU_SERVICES_REPORTING_SUMMARY_H

#include "common/db/db.h"
#include "common/http/api_keys.h"
#include "common/http/http.h"
#include "services/reporting/after.h"

struct summary {
	struct db *db; /* of its own: a long count keeps nobody else waiting */
	struct after *after;
	struct api_keys *keys;
};

/* GET ?from=&to=[&format=csv|json][&after=intake:123]. Answers r, later. s outlives r. */
void summary_answer(const struct summary *s, struct http_request *r);

#endif
