/* ids: see ids.h. */
#include "common/base/ids.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <sodium.h>

#define RANDOM_POOL 64

void
ids_start(void)
{
	if (sodium_init() < 0)
		abort();
}

/* 64 random numbers for one system call. */
static uint64_t
random_next(void)
{
	static _Thread_local uint64_t pool[RANDOM_POOL];
	static _Thread_local unsigned left;

	if (left == 0) {
		randombytes_buf(pool, sizeof pool);
		left = RANDOM_POOL;
	}
	return pool[--left];
}

/* Milliseconds in the upper 48 bits, 4096ths of a millisecond in the lower 12 (RFC 9562 section 6.2, method 3).
 * Never the same twice, never less than before, also when the wall clock is set back. */
static uint64_t
stamp_next(void)
{
	static _Atomic uint64_t last;
	uint64_t now = (uint64_t)clock_now();
	uint64_t stamp = (now / 1000) << 12 | (now % 1000) * 4096 / 1000;
	uint64_t old = atomic_load(&last);
	uint64_t next;

	do
		next = stamp > old ? stamp : old + 1;
	while (!atomic_compare_exchange_weak(&last, &old, next));
	return next;
}

struct uuid
uuid_new(void)
{
	uint64_t stamp = stamp_next();
	uint64_t random = random_next();
	struct uuid u;

	for (int i = 0; i < 6; i++)
		u.bytes[i] = (uint8_t)(stamp >> (52 - 8 * i));
	u.bytes[6] = (uint8_t)(0x70 | ((stamp >> 8) & 0x0f));
	u.bytes[7] = (uint8_t)stamp;
	memcpy(u.bytes + 8, &random, 8);
	u.bytes[8] = (uint8_t)(0x80 | (u.bytes[8] & 0x3f));
	return u;
}

void
uuid_text(const struct uuid *u, char text[UUID_TEXT_SIZE])
{
	static const char digits[] = "0123456789abcdef";
	char *out = text;

	for (int i = 0; i < UUID_SIZE; i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			*out++ = '-';
		*out++ = digits[u->bytes[i] >> 4];
		*out++ = digits[u->bytes[i] & 15];
	}
	*out = '\0';
}

static int
hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

bool
uuid_parse(const char *text, struct uuid *u)
{
	struct uuid parsed;
	const char *in = text;

	for (int i = 0; i < UUID_SIZE; i++) {
		int high, low;

		if ((i == 4 || i == 6 || i == 8 || i == 10) && *in++ != '-')
			return false;
		if ((high = hex_value(in[0])) < 0 || (low = hex_value(in[1])) < 0)
			return false;
		parsed.bytes[i] = (uint8_t)(high << 4 | low);
		in += 2;
	}
	if (*in != '\0')
		return false;
	*u = parsed;
	return true;
}

bool
uuid_from_bytes(const void *data, size_t size, struct uuid *u)
{
	if (size != UUID_SIZE)
		return false;
	memcpy(u->bytes, data, UUID_SIZE);
	return true;
}

int
uuid_compare(const struct uuid *a, const struct uuid *b)
{
	return memcmp(a->bytes, b->bytes, UUID_SIZE);
}

static int64_t
clock_read(clockid_t clock)
{
	struct timespec t;

	if (clock_gettime(clock, &t) != 0)
		abort();
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

int64_t
clock_now(void)
{
	return clock_read(CLOCK_REALTIME);
}

int64_t
clock_monotonic(void)
{
	return clock_read(CLOCK_MONOTONIC);
}
