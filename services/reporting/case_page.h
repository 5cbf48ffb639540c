/* case_page: one case for those who work on it or count it, by API key; never with anything of the applicant. With the right
 * "cases" a clerk or arbiter sees all of it, a department's officer or manager what is theirs (or partly theirs); with
 * "reports" alone there are neither the application's own words nor anything internal. */
#ifndef KOPRU_SERVICES_REPORTING_CASE_PAGE_H
#define KOPRU_SERVICES_REPORTING_CASE_PAGE_H

#include "common/db/db.h"
#include "common/feed/clock.h"
#include "common/http/api_keys.h"
#include "common/http/http.h"
#include "services/reporting/after.h"

struct case_page {
	struct db *db;
	struct after *after;
	struct api_keys *keys;
	const struct feed_clock *clock;
};

/* GET /.../HM-2026-0000123-4[?after=case:123]. Answers r, later; page outlives r. */
void case_page_answer(const struct case_page *page, struct http_request *r);

#endif
