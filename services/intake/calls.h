/* calls: what the telephone exchange tells (POST /api/v1/calls), whose answer pops the caller's earlier applications; missed
 * calls as a list of whom to call back; and who a clerk asks for (POST /api/v1/applicants/search). A call is stored, as it
 * came and as it is understood, before the exchange is answered. */
#ifndef KOPRU_SERVICES_INTAKE_CALLS_H
#define KOPRU_SERVICES_INTAKE_CALLS_H

#include "common/db/db.h"
#include "common/feed/source.h"
#include "common/http/api_keys.h"
#include "services/intake/person.h"

#define CALLS_PATH "/api/v1/calls"
#define CALLS_MISSED_PATH "/api/v1/calls/missed"
#define CALLS_BACK_PATH "/api/v1/calls/called_back"
#define CALLS_SEARCH_PATH "/api/v1/applicants/search"
#define CALLS_BODY_MAX 8192

struct calls;

/* Borrowed, all of them. */
struct calls_desk {
	struct loop *loop;
	struct db *db; /* any connection but the writer's */
	struct api_keys *api_keys;
	struct source *source; /* for its clock */
	const struct person_keys *person_keys;
};

struct calls *calls_new(const struct calls_desk *desk, struct metrics *m);
void calls_free(struct calls *c); /* NULL is fine; after db_close */

/* Each answers r, later. */
void calls_post(struct calls *c, struct http_request *r); /* of an exchange: key with the right "calls" */
void calls_get(
    struct calls *c, struct http_request *r); /* ?call_id=: a clerk's screen, to which the exchange said the id */
void calls_missed(struct calls *c, struct http_request *r); /* ?after=: a page of whom to call back */
void calls_called_back(struct calls *c, struct http_request *r); /* somebody did */
void calls_search(struct calls *c, struct http_request *r); /* earlier applications by phone, national id or e-mail */

#endif
