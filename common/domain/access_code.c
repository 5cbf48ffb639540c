/* access_code: see access_code.h. */
#include "common/domain/access_code.h"

#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#define LETTERS 26
#define CODE_SIZE 16 /* bytes of the HMAC that are used */

static const char alphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/* 128 bits, five for each letter from the highest on; the last letter ends with two zero bits. */
static void
letters_of(const uint8_t code[CODE_SIZE], char letters[LETTERS])
{
	unsigned buffer = 0, bits = 0;

	for (int i = 0, in = 0; i < LETTERS; i++) {
		if (bits < 5) {
			buffer = buffer << 8 | (in < CODE_SIZE ? code[in] : 0);
			in++;
			bits += 8;
		}
		bits -= 5;
		letters[i] = alphabet[buffer >> bits & 31];
	}
}

void
access_code_make(const uint8_t *key, size_t key_size, const struct uuid *application, uint32_t generation,
    char text[ACCESS_CODE_TEXT_SIZE])
{
	uint8_t number[4] = {
	    (uint8_t)(generation >> 24), (uint8_t)(generation >> 16), (uint8_t)(generation >> 8), (uint8_t)generation};
	uint8_t mac[crypto_auth_hmacsha256_BYTES];
	crypto_auth_hmacsha256_state state;
	char letters[LETTERS], *out = text;

	if (key_size < ACCESS_CODE_KEY_MIN)
		abort();
	crypto_auth_hmacsha256_init(&state, key, key_size);
	crypto_auth_hmacsha256_update(&state, application->bytes, UUID_SIZE);
	crypto_auth_hmacsha256_update(&state, number, sizeof number);
	crypto_auth_hmacsha256_final(&state, mac);
	letters_of(mac, letters);
	for (int i = 0; i < LETTERS; i++) {
		if (i > 0 && i % 4 == 0)
			*out++ = '-';
		*out++ = letters[i];
	}
	*out = '\0';
	sodium_memzero(&state, sizeof state);
	sodium_memzero(mac, sizeof mac);
}

/* The letter that was meant, or NUL. */
static char
letter_meant(char c)
{
	if (c >= 'a' && c <= 'z')
		c = (char)(c - 'a' + 'A');
	if (c == 'O')
		return '0';
	if (c == 'I' || c == 'L')
		return '1';
	return c && strchr(alphabet, c) ? c : '\0';
}

static bool
letters_parse(const char *text, char letters[LETTERS])
{
	int count = 0;

	for (; *text; text++) {
		char letter = letter_meant(*text);

		if (*text == ' ' || *text == '-')
			continue;
		if (!letter || count == LETTERS)
			return false;
		letters[count++] = letter;
	}
	return count == LETTERS && (strchr(alphabet, letters[LETTERS - 1]) - alphabet) % 4 == 0;
}

bool
access_code_hash(const char *text, uint8_t hash[ACCESS_CODE_HASH_SIZE])
{
	char letters[LETTERS] = "";
	bool valid = letters_parse(text, letters);

	crypto_hash_sha256(hash, (const unsigned char *)letters, valid ? LETTERS : 0);
	return valid;
}

bool
access_code_hash_equal(const uint8_t a[ACCESS_CODE_HASH_SIZE], const uint8_t b[ACCESS_CODE_HASH_SIZE])
{
	return sodium_memcmp(a, b, ACCESS_CODE_HASH_SIZE) == 0;
}
