/* imports: POST /api/v1/imports: up to 100 applications of another system in one request, each stored once by the number that
 * it has there, each with a result of its own. A dry run only reads them. */
#ifndef KOPRU_SERVICES_INTAKE_IMPORTS_H
#define KOPRU_SERVICES_INTAKE_IMPORTS_H

#include "common/db/db.h"
#include "common/http/api_keys.h"
#include "services/intake/entry.h"

#define IMPORTS_PATH "/api/v1/imports"
#define IMPORTS_BODY_MAX (256 * 1024)

struct imports;

/* Borrowed, all of them. */
struct imports_desk {
	struct db *writer;
	struct api_keys *api_keys;
	const struct entry_desk *entry; /* filled in before the first request */
};

struct imports *imports_new(const struct imports_desk *desk, struct metrics *m);
void imports_free(struct imports *i); /* NULL is fine; when none waits */

void imports_post(struct imports *i, struct http_request *r);

#endif
