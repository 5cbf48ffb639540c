/* duration: minutes of the calendar and of working time, with half days; buckets and percentiles, never more than 2 % off. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/base/arena.h"
#include "common/base/file.h"
#include "common/domain/working_time.h"
#include "services/reporting/duration.h"

#define HOLIDAYS "deploy/data/holidays_tr_2020_2030.csv"

static struct calendar *calendar;

static int
set_up(void **state)
{
	struct arena *a = arena_new(0);
	struct err e;
	char *text;
	size_t size;

	(void)state;
	if (file_read(a, HOLIDAYS, 1 << 20, &text, &size, &e) == 0)
		calendar = calendar_new(text, &e);
	arena_free(a);
	return calendar ? 0 : -1;
}

static int
tear_down(void **state)
{
	(void)state;
	calendar_free(calendar);
	return 0;
}

static int64_t
at(const char *text)
{
	int64_t time = 0;

	assert_true(time_parse(text, &time));
	return time;
}

static void
minutes_are_whole_and_never_negative(void **state)
{
	int64_t one = at("2026-11-23T09:00:00+03:00");

	(void)state;
	assert_int_equal(duration_minutes(one, one + 59999999), 0);
	assert_int_equal(duration_minutes(one, one + 60000000), 1);
	assert_int_equal(duration_minutes(one, one - 60000000), 0);
	assert_int_equal(duration_minutes(0, INT64_MAX), INT32_MAX);
}

static void
working_time_is_that_of_the_offices(void **state)
{
	static const struct {
		const char *from, *to;
		int minutes;
	} cases[] = {
	    {"2026-11-23T08:30:00+03:00", "2026-11-23T17:30:00+03:00", 480}, /* a Monday */
	    {"2026-11-23T12:30:00+03:00", "2026-11-23T13:30:00+03:00", 0}, /* lunch */
	    {"2026-11-23T12:00:00+03:00", "2026-11-23T14:00:00+03:00", 60},
	    {"2026-11-23T09:00:00Z", "2026-11-23T10:30:00Z", 30}, /* 12:00 to 13:30 in Istanbul */
	    {"2026-11-20T17:00:00+03:00", "2026-11-23T09:00:00+03:00", 60}, /* over a weekend */
	    {"2026-11-21T00:00:00+03:00", "2026-11-22T23:59:00+03:00", 0},
	    {"2026-11-23T18:00:00+03:00", "2026-11-24T07:00:00+03:00", 0}, /* at night */
	    {"2026-10-28T00:00:00+03:00", "2026-10-28T23:59:00+03:00", 240}, /* a half day */
	    {"2026-10-29T00:00:00+03:00", "2026-10-29T23:59:00+03:00", 0}, /* a holiday */
	    {"2026-10-28T11:30:00+03:00", "2026-10-30T09:00:00+03:00", 90},
	    {"2026-03-29T00:00:00+03:00", "2026-04-04T00:00:00+03:00", 5 * 480}, /* no summer time in Istanbul */
	    {"2026-11-23T10:00:00+03:00", "2026-11-23T09:00:00+03:00", 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int32_t got = working_time_minutes(calendar, at(cases[i].from), at(cases[i].to));

		if (got != cases[i].minutes)
			fail_msg("%s to %s: %d, expected %d", cases[i].from, cases[i].to, got, cases[i].minutes);
	}
	/* 2020 had 252 working days, some of them half. */
	assert_in_range(
	    working_time_minutes(calendar, at("2020-01-01T00:00:00+03:00"), at("2021-01-01T00:00:00+03:00")), 248 * 480,
	    252 * 480);
}

static void
bucket_is_never_two_percent_off(void **state)
{
	int32_t before = 0;

	(void)state;
	for (int32_t minutes = 0; minutes < 24000000; minutes += 1 + minutes / 997) {
		int32_t bucket = duration_bucket(minutes);
		double off = duration_of_bucket(bucket) - minutes;

		assert_true(bucket >= before && bucket < DURATION_BUCKETS);
		if (off < 0)
			off = -off;
		if (off > 0.0201 * minutes)
			fail_msg("%d minutes lie in bucket %d, which is %f off", minutes, bucket, off);
		before = bucket;
	}
	assert_int_equal(duration_bucket(-1), 0);
	assert_int_equal(duration_bucket(INT32_MAX), DURATION_BUCKETS - 1);
}

static int
int_compare(const void *left, const void *right)
{
	const int32_t *a = left, *b = right;

	return (*a > *b) - (*a < *b);
}

static void
percentile_is_that_of_the_sorted_values(void **state)
{
	static const int percents[] = {1, 50, 90, 99, 100};
	static int32_t values[1000];
	uint32_t random = 42;

	(void)state;
	for (size_t count = 1; count <= 1000; count = count * 3 + 1) {
		int32_t counts[DURATION_BUCKETS] = {0};

		for (size_t i = 0; i < count; i++) {
			random = random * 1664525U + 1013904223U;
			values[i] = (int32_t)((random >> 8) % (i % 2 ? 100000 : 60));
			counts[duration_bucket(values[i])]++;
		}
		qsort(values, count, sizeof(values[0]), int_compare);
		for (size_t i = 0; i < sizeof(percents) / sizeof(percents[0]); i++) {
			size_t rank = (count * (size_t)percents[i] + 99) / 100;
			double exact = values[rank - 1];
			double got = duration_percentile(counts, (int64_t)count, percents[i]);

			if (got < exact * 0.98 - 0.001 || got > exact * 1.0201 + 0.001)
				fail_msg("%d of %zu: %f, exactly %f", percents[i], count, got, exact);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(minutes_are_whole_and_never_negative),
	    cmocka_unit_test(working_time_is_that_of_the_offices),
	    cmocka_unit_test(bucket_is_never_two_percent_off),
	    cmocka_unit_test(percentile_is_that_of_the_sorted_values),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
