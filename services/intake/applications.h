/* applications: POST /api/v1/applications, from the request to its answer. What is not in the form comes from the desk:
 * who calls, when, under which number. */
#ifndef KOPRU_SERVICES_INTAKE_APPLICATIONS_H
#define KOPRU_SERVICES_INTAKE_APPLICATIONS_H

#include "common/http/api_keys.h"
#include "services/intake/attachments.h"
#include "services/intake/entry.h"

#define APPLICATIONS_PATH "/api/v1/applications"
#define APPLICATIONS_BODY_MAX (256 * 1024)

struct applications;

/* Borrowed, all of them. */
struct applications_desk {
	struct loop *loop;
	struct db *writer, *reader;
	struct api_keys *api_keys;
	struct attachments *attachments;
	const struct entry_desk *entry; /* filled in before the first request */
	const char *public_url;
	size_t queue; /* most that wait */
};

struct applications *applications_new(const struct applications_desk *desk, struct metrics *m);
void applications_free(struct applications *a); /* NULL is fine; when none waits */

void applications_post(struct applications *a, struct http_request *r);

#endif
