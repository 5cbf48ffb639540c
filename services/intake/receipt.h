/* receipt: what goes out of an application that came in: the event for everybody behind, and the receipt for the
 * citizen. Pure. */
#ifndef KOPRU_SERVICES_INTAKE_RECEIPT_H
#define KOPRU_SERVICES_INTAKE_RECEIPT_H

#include "common/base/arena.h"
#include "common/base/ids.h"
#include "common/domain/access_code.h"
#include "common/domain/number.h"
#include "services/intake/form.h"
#include "services/intake/person.h"

#define RECEIPT_GENERATION 1 /* of the first access code */

/* What the form does not say. */
struct receipt {
	struct uuid application_id, event_id;
	char number[NUMBER_TEXT_SIZE];
	char access_code[ACCESS_CODE_TEXT_SIZE];
	int64_t received_at, at;
	int legal_basis;
	int32_t due_on;
	uint64_t seq;
	struct person_marks marks; /* of the applicant */
	const char *key_name; /* of the API key; NULL: a citizen */
	const char *traceparent;
	const char *missing; /* JSON array: what the law wants and the form does not say; NULL: not told */
	const char *similar; /* JSON array: numbers of earlier ones that may be the same document; NULL: not told */
};

/* Packs the event ApplicationReceived. The national id is no part of it, only its mark. */
uint8_t *receipt_event(struct arena *a, const struct receipt *r, const struct application_form *form, size_t *size);

/* The answer as JSON. public_url: as receipt_url_valid wants it. */
char *receipt_json(struct arena *a, const struct receipt *r, const char *public_url, size_t *size);

/* http(s)://..., no slash at the end, and nothing that JSON would have to escape. */
bool receipt_url_valid(const char *public_url);

#endif
