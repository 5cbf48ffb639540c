/* fuzz access_code: any text as an access code or a letter's token: what is taken is a code, whoever types it as people do means the
 * same, what is made is taken, and no other text stands for it. The input is a key, an application, a generation and a
 * text. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/domain/access_code.h"
#include "services/notifier/token.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define LETTERS 26
#define HEAD (ACCESS_CODE_KEY_MIN + UUID_SIZE + 1)

static void
require(int holds)
{
	if (!holds)
		abort();
}

/* As it is printed; false: no letters of a code. Written apart from the code under test. */
static bool
canonical(const char *text, char code[LETTERS + 1])
{
	static const char meant[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
	size_t count = 0;

	for (; *text; text++) {
		char c = *text;

		if (c == ' ' || c == '-')
			continue;
		if (c >= 'a' && c <= 'z')
			c = (char)(c - 32);
		c = (char)(c == 'O' ? '0' : c == 'I' || c == 'L' ? '1' : c);
		if (!strchr(meant, c) || count == LETTERS)
			return false;
		code[count++] = c;
	}
	code[count] = '\0';
	return count == LETTERS && strchr("048CGMRW", code[LETTERS - 1]);
}

static void
check_given(const char *text)
{
	uint8_t hash[ACCESS_CODE_HASH_SIZE], again[ACCESS_CODE_HASH_SIZE];
	char code[LETTERS + 1];
	bool taken = access_code_hash(text, hash);

	require(taken == canonical(text, code));
	if (taken)
		require(access_code_hash(code, again) && access_code_hash_equal(hash, again));
}

/* Lower case, O for 0, L for 1, hyphens as spaces. */
static void
check_made(const uint8_t *key, const struct uuid *application, uint32_t generation, uint8_t other)
{
	uint8_t hash[ACCESS_CODE_HASH_SIZE], again[ACCESS_CODE_HASH_SIZE];
	char made[ACCESS_CODE_TEXT_SIZE], typed[ACCESS_CODE_TEXT_SIZE];
	size_t at = other % (ACCESS_CODE_TEXT_SIZE - 1);

	access_code_make(key, ACCESS_CODE_KEY_MIN, application, generation, made);
	require(strlen(made) == ACCESS_CODE_TEXT_SIZE - 1 && access_code_hash(made, hash));
	for (size_t i = 0; i < sizeof(made); i++) {
		char c = made[i];

		typed[i] = (char)(c == '0' ? 'o' : c == '1' ? 'l' : c == '-' ? ' ' : c >= 'A' && c <= 'Z' ? c + 32 : c);
	}
	require(access_code_hash(typed, again) && access_code_hash_equal(hash, again));
	if (made[at] == '-')
		return;
	made[at] = made[at] == 'Z' ? 'Y' : 'Z';
	require(!access_code_hash(made, again) || !access_code_hash_equal(hash, again));
}

static void
check_token(const uint8_t *data, const struct uuid *application, const char *text)
{
	const struct token_key key = {data, ACCESS_CODE_KEY_MIN};
	char confirm[TOKEN_TEXT_SIZE], opt_out[TOKEN_TEXT_SIZE];

	token_make(&key, TOKEN_CONFIRM, application, text, confirm);
	token_make(&key, TOKEN_OPT_OUT, application, text, opt_out);
	require(token_equal(confirm, confirm) && !token_equal(confirm, opt_out));
	require(token_equal(confirm, text) == (strcmp(confirm, text) == 0));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct uuid application;
	char *text;

	if (size < HEAD)
		return 0;
	memcpy(application.bytes, data + ACCESS_CODE_KEY_MIN, UUID_SIZE);
	text = malloc(size - HEAD + 1);
	require(text != NULL);
	memcpy(text, data + HEAD, size - HEAD);
	text[size - HEAD] = '\0';
	check_given(text);
	check_made(data, &application, data[HEAD - 1], (uint8_t)size);
	check_token(data, &application, text);
	free(text);
	return 0;
}
