/* track: an applicant follows an application with its number and access code. Whoever knows only one of them learns
 * nothing, not even from the time that the answer takes. */
#ifndef KOPRU_SERVICES_REPORTING_TRACK_H
#define KOPRU_SERVICES_REPORTING_TRACK_H

#include "common/db/db.h"
#include "common/http/http.h"
#include "services/reporting/after.h"

#define TRACK_BODY_MAX 4096

struct track {
	struct db *db;
	struct after *after;
};

/* POST {number, access_code[, after: {stream, seq}]}. Answers r, later. t outlives r. */
void track_answer(const struct track *t, struct http_request *r);

#endif
