/* ids: UUID version 7 (RFC 9562), made here and monotonic within the process; random bytes;
 * wall and monotonic clocks. */
#ifndef KOPRU_COMMON_BASE_IDS_H
#define KOPRU_COMMON_BASE_IDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define UUID_SIZE 16
#define UUID_TEXT_SIZE 37 /* with the NUL */

struct uuid {
	uint8_t bytes[UUID_SIZE];
};

/* Call once at start; aborts when libsodium cannot start. */
void ids_start(void);

struct uuid uuid_new(void);
void uuid_text(const struct uuid *u, char text[UUID_TEXT_SIZE]); /* lower case with hyphens */
bool uuid_parse(const char *text, struct uuid *u); /* exactly 36 characters; false leaves u alone */
bool uuid_from_bytes(const void *data, size_t size, struct uuid *u); /* false when size is not 16 */
int uuid_compare(const struct uuid *a, const struct uuid *b);

/* Microseconds since 1970 UTC. */
int64_t clock_now(void);
/* Microseconds, never set back; only for differences. */
int64_t clock_monotonic(void);

#endif
