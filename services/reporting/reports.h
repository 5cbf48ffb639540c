/* reports: figures of a period, the list behind a figure, a year; as JSON, CSV or XLSX. For holders of an API key with the
 * right "reports". */
#ifndef KOPRU_SERVICES_REPORTING_REPORTS_H
#define KOPRU_SERVICES_REPORTING_REPORTS_H

#include "common/db/db.h"
#include "common/feed/clock.h"
#include "common/http/api_keys.h"
#include "common/http/http.h"
#include "services/reporting/after.h"
#include "services/reporting/output.h"

struct reports {
	const struct feed_clock *clock;
	struct db *db; /* of its own: a long count keeps nobody else waiting */
	struct after *after;
	struct api_keys *keys;
	struct outputs outputs;
};

/* Each answers r, later; reports outlives r. All take ?format=json|csv|xlsx, and csv takes ?sep=; */

/* GET ?from=&to=[&after=intake:123]. */
void summary_answer(struct reports *reports, struct http_request *r);
/* GET ?from=&to=[&channel=a,b&kind=&topic=&department=&neighbourhood=&status=&measure=&backlog=&page=&limit=&after=]. */
void list_answer(struct reports *reports, struct http_request *r);
/* GET /.../2020. */
void year_answer(struct reports *reports, struct http_request *r);

/* May r? Answers it when not. */
bool reports_allowed(const struct reports *reports, struct http_request *r);
/* Is the read model behind what the reader saw? Then r is answered "busy". cursor: call of store_reporting_cursor. */
bool reports_behind(
    struct http_request *r, const struct after_place *after, const struct db_results *results, size_t cursor);
/* A transaction came to nothing: logs and answers. */
void reports_fail(struct http_request *r, enum db_outcome outcome, const struct err *reason);

#endif
