/* inbox: what somebody has to look at: escalations and pages. For holders of an API key with the right "cases". */
#ifndef KOPRU_SERVICES_REPORTING_INBOX_H
#define KOPRU_SERVICES_REPORTING_INBOX_H

#include "common/db/db.h"
#include "common/http/api_keys.h"
#include "common/http/http.h"
#include "services/reporting/after.h"

struct inbox {
	struct db *db;
	struct after *after;
	struct api_keys *keys;
};

/* GET [?department=&role=&page=&limit=&after=]: pages first, then the newest first; count is that of the whole list. Officers
 * and managers see their department's rows of these two roles, at first those of their own. Answers r, later. */
void inbox_answer(const struct inbox *inbox, struct http_request *r);

#endif
