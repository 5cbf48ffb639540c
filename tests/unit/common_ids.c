/* ids: UUID version 7 and its text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <pthread.h>

#include "common/base/ids.h"

#define COUNT 100000
#define THREADS 4

static int
start(void **state)
{
	(void)state;
	ids_start();
	return 0;
}

static void
uuids_are_version_7_and_of_now(void **state)
{
	int64_t before = clock_now() / 1000;
	struct uuid u = uuid_new();
	int64_t after = clock_now() / 1000, made = 0;

	(void)state;
	for (int i = 0; i < 6; i++)
		made = made << 8 | u.bytes[i];
	assert_true(made >= before && made <= after + 1);
	assert_int_equal(u.bytes[6] >> 4, 7);
	assert_int_equal(u.bytes[8] >> 6, 2);
}

static void
uuids_only_grow(void **state)
{
	struct uuid last = uuid_new();

	(void)state;
	for (int i = 0; i < COUNT; i++) {
		struct uuid next = uuid_new();

		assert_true(uuid_compare(&last, &next) < 0);
		last = next;
	}
}

static void *
make_many(void *arg)
{
	struct uuid *uuids = arg;

	for (int i = 0; i < COUNT / THREADS; i++)
		uuids[i] = uuid_new();
	return NULL;
}

static int
compare(const void *a, const void *b)
{
	return uuid_compare(a, b);
}

static void
threads_never_make_the_same(void **state)
{
	struct uuid *uuids = calloc(COUNT, sizeof *uuids);
	pthread_t threads[THREADS];

	(void)state;
	assert_non_null(uuids);
	for (size_t i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, make_many, uuids + i * (COUNT / THREADS)), 0);
	for (size_t i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	qsort(uuids, COUNT, sizeof *uuids, compare);
	for (size_t i = 1; i < COUNT; i++)
		assert_true(memcmp(uuids[i - 1].bytes, uuids[i].bytes, 8) < 0);
	free(uuids);
}

static void
text_reads_back(void **state)
{
	char text[UUID_TEXT_SIZE];
	struct uuid u, back;

	(void)state;
	for (int i = 0; i < 1000; i++) {
		u = uuid_new();
		uuid_text(&u, text);
		assert_int_equal(strlen(text), UUID_TEXT_SIZE - 1);
		assert_true(uuid_parse(text, &back));
		assert_int_equal(uuid_compare(&u, &back), 0);
	}
	assert_true(uuid_parse("0192F7A0-1234-7ABC-8DEF-0123456789AB", &u));
	uuid_text(&u, text);
	assert_string_equal(text, "0192f7a0-1234-7abc-8def-0123456789ab");
}

static void
other_text_is_refused(void **state)
{
	static const char *const texts[] = {"", "0192f7a0", "0192f7a0-1234-7abc-8def-0123456789a",
	    "0192f7a0-1234-7abc-8def-0123456789abc", "0192f7a0012347abc08def00123456789abc",
	    "0192f7a0-1234-7abc-8def-0123456789ag", "0192f7a01234-7abc-8def-0123456789ab-",
	    "{192f7a0-1234-7abc-8def-0123456789a}", "0192f7a0-1234-7abc-8def-0123456789a "};
	struct uuid u = {{42}};

	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
		assert_false(uuid_parse(texts[i], &u));
	assert_false(uuid_from_bytes("0123456789abcde", 15, &u));
	assert_false(uuid_from_bytes("", 0, &u));
	assert_int_equal(u.bytes[0], 42);
	assert_true(uuid_from_bytes("0123456789abcdef", 16, &u));
	assert_memory_equal(u.bytes, "0123456789abcdef", 16);
}

static void
monotonic_clock_is_never_set_back(void **state)
{
	int64_t last = clock_monotonic();

	(void)state;
	for (int i = 0; i < 10000; i++) {
		int64_t next = clock_monotonic();

		assert_true(next >= last);
		last = next;
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(uuids_are_version_7_and_of_now),
	    cmocka_unit_test(uuids_only_grow),
	    cmocka_unit_test(threads_never_make_the_same),
	    cmocka_unit_test(text_reads_back),
	    cmocka_unit_test(other_text_is_refused),
	    cmocka_unit_test(monotonic_clock_is_never_set_back),
	};

	return cmocka_run_group_tests(tests, start, NULL);
}
