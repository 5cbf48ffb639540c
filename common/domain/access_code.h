/* access_code: the secret that, with the number, opens an application to its applicant. 128 bits of
 * HMAC-SHA256(key, application id, generation), never stored; 26 letters of Crockford's base32 in groups
 * of four joined by hyphens (RFC 4648 section 6 with Crockford's alphabet). Pure. */
#ifndef KOPRU_COMMON_DOMAIN_ACCESS_CODE_H
#define KOPRU_COMMON_DOMAIN_ACCESS_CODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/ids.h"

#define ACCESS_CODE_TEXT_SIZE 33 /* 26 letters, 6 hyphens, NUL */
#define ACCESS_CODE_HASH_SIZE 32
#define ACCESS_CODE_KEY_MIN 16

void access_code_make(const uint8_t *key, size_t key_size, const struct uuid *application, uint32_t generation,
    char text[ACCESS_CODE_TEXT_SIZE]);

/* SHA-256 of the 26 letters in upper case without hyphens. Takes what people type: lower case, spaces,
 * O for 0, I and L for 1; false when it is not a code, and then hash is that of nothing. */
bool access_code_hash(const char *text, uint8_t hash[ACCESS_CODE_HASH_SIZE]);

/* Constant time. */
bool access_code_hash_equal(const uint8_t a[ACCESS_CODE_HASH_SIZE], const uint8_t b[ACCESS_CODE_HASH_SIZE]);

#endif
