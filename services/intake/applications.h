/* applications: POST /api/v1/applications, from the request to its answer. What is not in the form comes from the desk:
 * who calls, when, under which number. */
#ifndef KOPRU_SERVICES_INTAKE_APPLICATIONS_H
#define KOPRU_SERVICES_INTAKE_APPLICATIONS_H

#include "common/domain/calendar.h"
#include "common/feed/source.h"
#include "common/http/api_keys.h"
#include "services/intake/numbers.h"
#include "services/intake/person.h"
#include "services/intake/store.h"

#define APPLICATIONS_PATH "/api/v1/applications"
#define APPLICATIONS_BODY_MAX (256 * 1024)

struct applications;

/* Borrowed, all of them; store and source are set before the first request. */
struct applications_desk {
	struct loop *loop;
	struct db *writer;
	struct api_keys *api_keys;
	struct numbers *numbers;
	struct store *store;
	struct source *source;
	const struct calendar *calendar;
	const struct person_keys *person_keys;
	const uint8_t *access_code_key;
	size_t access_code_key_size;
	const char *public_url;
	size_t queue; /* most that wait */
};

struct applications *applications_new(const struct applications_desk *desk, struct metrics *m);
void applications_free(struct applications *a); /* NULL is fine; when none waits */
void applications_set_store(struct applications *a, struct store *store, struct source *source);

void applications_post(struct applications *a, struct http_request *r);
/* For store_new; arg is the struct applications. */
void applications_on_end(void *arg, struct record *record, enum store_end end, const struct err *e);

#endif
