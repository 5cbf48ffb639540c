/* person: see the header. */
#include "services/intake/person.h"

#include <sodium.h>
#include <string.h>

#include "common/base/text.h"

_Static_assert(
    PERSON_SEALED_MORE == crypto_secretbox_NONCEBYTES + crypto_secretbox_MACBYTES, "nonce and authenticator");

static void
derive(const uint8_t key[PERSON_KEY_SIZE], const char *purpose, uint8_t derived[32])
{
	crypto_generichash(derived, 32, (const unsigned char *)purpose, strlen(purpose), key, PERSON_KEY_SIZE);
}

void
person_keys_make(const uint8_t key[PERSON_KEY_SIZE], struct person_keys *keys)
{
	derive(key, "kopru national id seal", keys->seal);
	derive(key, "kopru national id hash", keys->hash);
	derive(key, "kopru person mark", keys->mark);
}

uint8_t *
person_seal(const struct person_keys *keys, struct arena *a, const char *national_id, size_t *size)
{
	size_t length = strlen(national_id);
	uint8_t *sealed = arena_alloc(a, length + PERSON_SEALED_MORE);

	randombytes_buf(sealed, crypto_secretbox_NONCEBYTES);
	crypto_secretbox_easy(
	    sealed + crypto_secretbox_NONCEBYTES, (const unsigned char *)national_id, length, sealed, keys->seal);
	*size = length + PERSON_SEALED_MORE;
	return sealed;
}

char *
person_open(const struct person_keys *keys, struct arena *a, const void *sealed, size_t size)
{
	const uint8_t *nonce = sealed;
	char *text;

	if (size < PERSON_SEALED_MORE)
		return NULL;
	text = arena_alloc(a, size - PERSON_SEALED_MORE + 1);
	if (crypto_secretbox_open_easy((unsigned char *)text, nonce + crypto_secretbox_NONCEBYTES,
		size - crypto_secretbox_NONCEBYTES, nonce, keys->seal) != 0)
		return NULL;
	return text;
}

void
person_hash(const struct person_keys *keys, const char *national_id, uint8_t hash[PERSON_HASH_SIZE])
{
	crypto_generichash(hash, PERSON_HASH_SIZE, (const unsigned char *)national_id, strlen(national_id), keys->hash,
	    sizeof(keys->hash));
}

/* The domain goes in with its NUL, so that no value of one is a value of another. */
static void
add_mark(const struct person_keys *keys, const char *domain, const char *value, struct person_marks *marks)
{
	crypto_generichash_state state;

	if (!value || !*value)
		return;
	crypto_generichash_init(&state, keys->mark, sizeof(keys->mark), PERSON_MARK_SIZE);
	crypto_generichash_update(&state, (const unsigned char *)domain, strlen(domain) + 1);
	crypto_generichash_update(&state, (const unsigned char *)value, strlen(value));
	crypto_generichash_final(&state, marks->list[marks->count++], PERSON_MARK_SIZE);
}

void
person_mark(const struct person_keys *keys, struct arena *a, const struct person *person, struct person_marks *marks)
{
	char *email = person->email ? arena_string(a, person->email) : NULL;

	for (char *c = email; c && *c; c++)
		*c = ascii_lower(*c);
	marks->count = 0;
	add_mark(keys, "phone", person->phone, marks);
	add_mark(keys, "email", email, marks);
	add_mark(keys, "national id", person->national_id, marks);
}
