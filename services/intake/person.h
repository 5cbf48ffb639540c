/* person: national ids at rest: sealed so that only a holder of the key file reads them, and hashed under the same key so
 * that equal ones are found. Neither ever enters an event. What does enter one, ApplicationReceived in stream "intake" only,
 * are marks: keyed digests of telephone, e-mail address and national id, each under its own domain, by which the read side
 * knows that two applications are of one person. The key stays here, so a mark says nothing to who has no other mark to compare
 * it with; it is erased with its event. Pure. */
#ifndef KOPRU_SERVICES_INTAKE_PERSON_H
#define KOPRU_SERVICES_INTAKE_PERSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/arena.h"

#define PERSON_KEY_SIZE 32
#define PERSON_HASH_SIZE 32
#define PERSON_MARK_SIZE 16
#define PERSON_MARKS_MAX 3
#define PERSON_SEALED_MORE 40 /* nonce and authenticator before the text */

struct person_keys {
	uint8_t seal[32], hash[32], mark[32];
};

/* NULL: not known. phone: E.164. */
struct person {
	const char *phone, *email, *national_id;
};

struct person_marks {
	uint8_t list[PERSON_MARKS_MAX][PERSON_MARK_SIZE];
	size_t count;
};

/* Three keys from the one of the file. */
void person_keys_make(const uint8_t key[PERSON_KEY_SIZE], struct person_keys *keys);
/* From the arena: nonce first; size is that of the text and PERSON_SEALED_MORE. */
uint8_t *person_seal(const struct person_keys *keys, struct arena *a, const char *national_id, size_t *size);
/* NULL when it was not sealed with this key, or was changed. */
char *person_open(const struct person_keys *keys, struct arena *a, const void *sealed, size_t size);
void person_hash(const struct person_keys *keys, const char *national_id, uint8_t hash[PERSON_HASH_SIZE]);
/* One for each that is known. Capitals in an e-mail address make no difference. */
void person_mark(
    const struct person_keys *keys, struct arena *a, const struct person *person, struct person_marks *marks);

#endif
