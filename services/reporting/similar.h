/* similar: what else is about the same matter as a case, over all channels, and which of it is of the same person; for those who
 * work on it, by API key with the right "cases": desk and arbiter see all, a department what is theirs. That two are of one
 * person is told to the desk; to a department of ours unless one of the two hides; to an outside institution never. */
#ifndef KOPRU_SERVICES_REPORTING_SIMILAR_H
#define KOPRU_SERVICES_REPORTING_SIMILAR_H

#include "common/db/db.h"
#include "common/feed/clock.h"
#include "common/http/api_keys.h"
#include "common/http/http.h"
#include "services/reporting/after.h"

#define SIMILAR_SHOWN 100

struct similar {
	struct db *db;
	struct after *after;
	struct api_keys *keys;
	const struct feed_clock *clock;
};

/* GET /.../HM-2026-0000123-4/similar[?after=case:123][&limit=10]. Answers r, later; similar outlives r. */
void similar_answer(const struct similar *similar, struct http_request *r);

#endif
