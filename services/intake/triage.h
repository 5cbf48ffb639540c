/* triage: what arrived and could not be understood, or must not be believed, is shown to clerks of the desk (GET
 * /api/v1/inbound), who decide once what becomes of it (POST /api/v1/inbound/decide): a new application, an addition to one, or
 * nothing. What was decided is done as with any other draft. */
#ifndef KOPRU_SERVICES_INTAKE_TRIAGE_H
#define KOPRU_SERVICES_INTAKE_TRIAGE_H

#include "common/db/db.h"
#include "common/http/api_keys.h"
#include "services/intake/files.h"

#define TRIAGE_PATH "/api/v1/inbound"
#define TRIAGE_DECIDE_PATH "/api/v1/inbound/decide"
#define TRIAGE_BODY_MAX (64 * 1024)

struct triage;

/* Borrowed, all of it. */
struct triage_desk {
	struct db *db;
	struct api_keys *api_keys;
	const struct files *files;
	void (*on_decided)(void *arg); /* there is a draft to close */
	void *arg;
};

struct triage *triage_new(const struct triage_desk *desk, struct metrics *m);
void triage_free(struct triage *t); /* NULL is fine; after db_close */

/* Each answers r, later. */
void triage_list(struct triage *t, struct http_request *r); /* ?state=triage&source=&after= */
void triage_show(struct triage *t, struct http_request *r); /* one, with what arrived */
void triage_decide(struct triage *t, struct http_request *r);

/* Bytes as text that a person can read and JSON can hold: what is no UTF-8, and control characters, become "?". Pure. */
char *triage_text(struct arena *a, const void *bytes, size_t size);

#endif
