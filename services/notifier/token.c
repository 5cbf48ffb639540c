/* token: see token.h. */
#include "services/notifier/token.h"

#include <string.h>

#include <sodium.h>

/* Longer than what access codes are made of with the same key, so that neither can stand for the other. */
static const char *const purposes[] = {
    [TOKEN_CONFIRM] = "kopru/notifier/confirm/1",
    [TOKEN_OPT_OUT] = "kopru/notifier/opt-out/1",
};

void
token_make(const struct token_key *key, enum token_purpose purpose, const struct uuid *application, const char *address,
    char text[TOKEN_TEXT_SIZE])
{
	const char *name = purposes[purpose];
	crypto_auth_hmacsha256_state state;
	uint8_t mac[crypto_auth_hmacsha256_BYTES];

	crypto_auth_hmacsha256_init(&state, key->data, key->size);
	crypto_auth_hmacsha256_update(&state, (const unsigned char *)name, strlen(name) + 1);
	crypto_auth_hmacsha256_update(&state, application->bytes, UUID_SIZE);
	crypto_auth_hmacsha256_update(&state, (const unsigned char *)address, strlen(address));
	crypto_auth_hmacsha256_final(&state, mac);
	sodium_bin2hex(text, TOKEN_TEXT_SIZE, mac, (TOKEN_TEXT_SIZE - 1) / 2);
	sodium_memzero(&state, sizeof(state));
	sodium_memzero(mac, sizeof(mac));
}

bool
token_equal(const char expected[TOKEN_TEXT_SIZE], const char *given)
{
	char padded[TOKEN_TEXT_SIZE] = "";
	size_t size = strlen(given);

	if (size < sizeof(padded))
		memcpy(padded, given, size);
	return sodium_memcmp(expected, padded, TOKEN_TEXT_SIZE) == 0;
}
