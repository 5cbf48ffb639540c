/* open311: what the public may read over Open311 (GeoReport v2): requests, one request, and what moved them. No word that
 * anybody wrote goes out, and no answer: descriptions and notes are made of the topic, the place and the state. */
#ifndef KOPRU_SERVICES_REPORTING_OPEN311_H
#define KOPRU_SERVICES_REPORTING_OPEN311_H

#include "common/db/db.h"
#include "common/feed/clock.h"
#include "common/http/http.h"

#define OPEN311_PATH "/open311/v2/"
#define OPEN311_BODY_MAX (64 * 1024)

struct open311 {
	const char *jurisdiction; /* "": not offered; then there is no db */
	struct db *db; /* of its own: the public keeps nobody waiting */
	const struct feed_clock *clock;
};

/* GET requests.FORMAT and servicerequestupdates.FORMAT. Each answers r, later; o outlives r. */
void open311_list(const struct open311 *o, struct http_request *r);
/* GET requests/NUMBER.FORMAT. */
void open311_one(const struct open311 *o, struct http_request *r);
/* POST servicerequestupdates.FORMAT: not offered, and told so. */
void open311_posted(const struct open311 *o, struct http_request *r);

#endif
