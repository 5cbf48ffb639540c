/* reports: what its answers have in common. */
#include "services/reporting/reports.h"

#include "common/base/log.h"
#include "services/reporting/store.h"

bool
reports_allowed(const struct reports *reports, struct http_request *r)
{
	const struct api_key *key;
	enum api_answer granted = api_keys_check(reports->keys, r, API_REPORTS, &key);

	if (granted != API_GRANTED)
		api_keys_reply(r, granted);
	return granted == API_GRANTED;
}

bool
reports_behind(struct http_request *r, const struct after_place *after, const struct db_results *results, size_t cursor)
{
	if (!after->stream || store_get_reporting_cursor(results, cursor) >= after->seq)
		return false;
	http_reply_problem(r, "busy", NULL);
	return true;
}

void
reports_fail(struct http_request *r, enum db_outcome outcome, const struct err *reason)
{
	log_warn("report.failed", "outcome=%s reason=\"%s\"", db_outcome_text(outcome), reason->text);
	http_reply_problem(r, "unavailable", NULL);
}
