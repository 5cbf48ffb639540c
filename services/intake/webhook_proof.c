/* webhook_proof: see the header. */
#include "services/intake/webhook_proof.h"

#include <sodium.h>
#include <string.h>

#include "common/base/text.h"

#define PREFIX "sha256="

bool
webhook_signature_valid(
    const char *header, const void *body, size_t size, const char *const *secrets, size_t secret_count)
{
	unsigned char given[crypto_auth_hmacsha256_BYTES], made[crypto_auth_hmacsha256_BYTES];
	crypto_auth_hmacsha256_state state;
	size_t given_size = 0;
	bool valid = false;

	if (!header || strncmp(header, PREFIX, strlen(PREFIX)) != 0)
		return false;
	header += strlen(PREFIX);
	if (strlen(header) != 2 * sizeof(given) ||
	    sodium_hex2bin(given, sizeof(given), header, 2 * sizeof(given), NULL, &given_size, NULL) != 0 ||
	    given_size != sizeof(given))
		return false;
	for (size_t i = 0; i < secret_count; i++) {
		crypto_auth_hmacsha256_init(&state, (const unsigned char *)secrets[i], strlen(secrets[i]));
		crypto_auth_hmacsha256_update(&state, body, size);
		crypto_auth_hmacsha256_final(&state, made);
		valid |= sodium_memcmp(given, made, sizeof(made)) == 0;
	}
	return valid;
}

/* Over hashes, so that not even the length shows. */
bool
webhook_secret_valid(const char *given, const char *const *secrets, size_t secret_count)
{
	unsigned char one[crypto_hash_sha256_BYTES], other[crypto_hash_sha256_BYTES];
	bool valid = false;

	if (!given)
		return false;
	crypto_hash_sha256(one, (const unsigned char *)given, strlen(given));
	for (size_t i = 0; i < secret_count; i++) {
		crypto_hash_sha256(other, (const unsigned char *)secrets[i], strlen(secrets[i]));
		valid |= sodium_memcmp(one, other, sizeof(one)) == 0;
	}
	return valid;
}

bool
webhook_challenge_valid(const char *challenge)
{
	size_t length = 0;

	if (!challenge)
		return false;
	for (; challenge[length]; length++) {
		char c = ascii_lower(challenge[length]);

		if (length == WEBHOOK_CHALLENGE_MAX ||
		    (!ascii_digit(c) && !(c >= 'a' && c <= 'z') && !strchr("_-.", c)))
			return false;
	}
	return length > 0;
}
