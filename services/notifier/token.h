/* token: what a link in a letter carries to prove that the letter arrived: HMAC-SHA256 by the key file over a purpose,
 * the application and the address, 128 bits as 32 hexadecimal digits; never stored. Pure. */
#ifndef KOPRU_SERVICES_NOTIFIER_TOKEN_H
#define KOPRU_SERVICES_NOTIFIER_TOKEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/ids.h"

#define TOKEN_TEXT_SIZE 33

enum token_purpose {
	TOKEN_CONFIRM, /* the address is mine */
	TOKEN_OPT_OUT, /* do not write to it */
};

struct token_key {
	const uint8_t *data;
	size_t size;
};

void token_make(const struct token_key *key, enum token_purpose purpose, const struct uuid *application,
    const char *address, char text[TOKEN_TEXT_SIZE]);

/* Constant time. given may be any text. */
bool token_equal(const char expected[TOKEN_TEXT_SIZE], const char *given);

#endif
