/* calendar: civil days and Istanbul's clock, against days counted one by one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/domain/calendar.h"

#define FIRST_YEAR 1900
#define LAST_YEAR 2200
#define DAYS_MAX 110000
#define RANDOM_DATES 100000

#define SECOND ((int64_t)1000000)
#define HOUR (3600 * SECOND)

struct day {
	int year, month, day, weekday;
};

/* All days from 1900-01-01, a Monday, on; found by counting only. */
struct oracle {
	struct day days[DAYS_MAX];
	int count;
	int32_t epoch; /* place of 1970-01-01 */
};

static int
month_length(int year, int month)
{
	switch (month) {
	case 2:
		if (year % 400 == 0)
			return 29;
		if (year % 100 == 0)
			return 28;
		return year % 4 == 0 ? 29 : 28;
	case 4:
	case 6:
	case 9:
	case 11:
		return 30;
	default:
		return 31;
	}
}

static int
oracle_make(void **state)
{
	struct oracle *o = calloc(1, sizeof *o);
	struct day d = {FIRST_YEAR, 1, 1, 0};

	if (!o)
		abort();
	while (d.year <= LAST_YEAR) {
		if (d.year == 1970 && d.month == 1 && d.day == 1)
			o->epoch = o->count;
		o->days[o->count++] = d;
		d.weekday = (d.weekday + 1) % 7;
		if (d.day++ < month_length(d.year, d.month))
			continue;
		d.day = 1;
		if (d.month++ == 12) {
			d.month = 1;
			d.year++;
		}
	}
	*state = o;
	return 0;
}

static int
oracle_free(void **state)
{
	free(*state);
	return 0;
}

static void
check_day(const struct oracle *o, int place)
{
	const struct day *d = &o->days[place];
	char text[DATE_TEXT_SIZE], expected[40];
	int32_t date, wanted = place - o->epoch;
	int year, month, day;

	assert_true(date_from_civil(d->year, d->month, d->day, &date));
	assert_int_equal(date, wanted);
	date_to_civil(wanted, &year, &month, &day);
	assert_true(year == d->year && month == d->month && day == d->day);
	assert_int_equal(date_weekday(wanted), d->weekday);
	date_text(wanted, text);
	snprintf(expected, sizeof expected, "%04d-%02d-%02d", d->year, d->month, d->day);
	assert_string_equal(text, expected);
	assert_true(date_parse(text, &date));
	assert_int_equal(date, wanted);
}

static void
every_day_of_three_centuries_is_right(void **state)
{
	const struct oracle *o = *state;

	for (int i = 0; i < o->count; i++)
		check_day(o, i);
}

static void
random_instants_fall_on_the_right_day(void **state)
{
	const struct oracle *o = *state;

	srand(5);
	for (int i = 0; i < RANDOM_DATES; i++) {
		int place = 1 + rand() % (o->count - 2), second = rand() % 86400;
		int32_t date = place - o->epoch;
		int64_t clock = (int64_t)date * 24 * HOUR + second * SECOND + rand() % SECOND, back;
		char text[TIME_TEXT_SIZE], expected[64];
		const struct day *d = &o->days[place];

		assert_int_equal(date_in_istanbul(clock - 3 * HOUR), date);
		assert_true(date_start_in_istanbul(date) == (int64_t)date * 24 * HOUR - 3 * HOUR);
		time_text_istanbul(clock - 3 * HOUR, text);
		snprintf(expected, sizeof expected, "%04d-%02d-%02dT%02d:%02d:%02d+03:00", d->year, d->month, d->day,
		    second / 3600, second / 60 % 60, second % 60);
		assert_string_equal(text, expected);
		assert_true(time_parse(text, &back));
		assert_true(back == (clock - 3 * HOUR) - (((clock - 3 * HOUR) % SECOND) + SECOND) % SECOND);
	}
}

static void
days_that_do_not_exist_are_refused(void **state)
{
	static const int rows[][3] = {{2026, 2, 29}, {2100, 2, 29}, {2026, 4, 31}, {2026, 0, 1}, {2026, 13, 1},
	    {2026, 1, 0}, {2026, 1, 32}, {1899, 12, 31}, {2201, 1, 1}, {2026, -1, 1}, {2026, 1, -1}};
	static const char *const texts[] = {"", "2026", "2026-1-01", "2026-02-29", "2026-11-23 ", " 2026-11-23",
	    "2026/11/23", "20261123", "2026-11-2x", "+026-11-23", "2026-11-233", "2026-11-23T"};
	int32_t date = 42;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		assert_false(date_from_civil(rows[i][0], rows[i][1], rows[i][2], &date));
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
		assert_false(date_parse(texts[i], &date));
	assert_int_equal(date, 42);
}

static void
broken_dates_do_no_harm(void **state)
{
	static const int32_t dates[] = {INT32_MIN, INT32_MIN + 1, -800000, 3000000, INT32_MAX - 1, INT32_MAX};
	static const int64_t times[] = {INT64_MIN, INT64_MIN + 1, INT64_MAX - 1, INT64_MAX};
	char text[TIME_TEXT_SIZE];

	(void)state;
	for (size_t i = 0; i < sizeof dates / sizeof dates[0]; i++) {
		int weekday = date_weekday(dates[i]);

		date_text(dates[i], text);
		assert_int_equal(strlen(text), DATE_TEXT_SIZE - 1);
		assert_true(weekday >= 0 && weekday < 7);
		date_start_in_istanbul(dates[i]);
	}
	for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
		time_text_istanbul(times[i], text);
		assert_int_equal(strlen(text), strlen("2026-11-23T12:34:56+03:00"));
	}
}

static void
istanbul_is_three_hours_ahead(void **state)
{
	char text[TIME_TEXT_SIZE];
	int64_t time;
	int32_t date;

	(void)state;
	assert_true(time_parse("2026-11-23T20:59:59.999999Z", &time));
	assert_true(date_parse("2026-11-23", &date));
	assert_int_equal(date_in_istanbul(time), date);
	assert_int_equal(date_in_istanbul(time + 1), date + 1);
	assert_true(date_start_in_istanbul(date + 1) == time + 1);
	time_text_istanbul(time + 1, text);
	assert_string_equal(text, "2026-11-24T00:00:00+03:00");
}

static void
time_is_read_as_rfc_3339_writes_it(void **state)
{
	static const struct {
		const char *text;
		int64_t time;
	} rows[] = {
	    {"1970-01-01T00:00:00Z", 0},
	    {"1970-01-01t00:00:00z", 0},
	    {"1970-01-01T03:00:00+03:00", 0},
	    {"1969-12-31T23:59:59.5-00:00", -500000},
	    {"1970-01-01T00:00:00.000001Z", 1},
	    {"1970-01-01T00:00:00.1234567899Z", 123456},
	    {"1985-04-12T23:20:50.52Z", 482196050520000},
	    {"1996-12-19T16:39:57-08:00", 851042397000000},
	    {"2026-11-23T12:34:56.123456+03:00", 1795426496123456},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		int64_t time;

		assert_true(time_parse(rows[i].text, &time));
		assert_true(time == rows[i].time);
	}
}

static void
malformed_times_are_refused(void **state)
{
	static const char *const texts[] = {"", "2026-11-23", "2026-11-23T", "2026-11-23T12:34:56",
	    "2026-11-23 12:34:56Z", "2026-11-23T24:00:00Z", "2026-11-23T12:60:00Z", "2026-11-23T12:34:60Z",
	    "2026-11-23T12:34:56.Z", "2026-11-23T12:34:56+3:00", "2026-11-23T12:34:56+0300",
	    "2026-11-23T12:34:56+24:00", "2026-11-23T12:34:56+03:60", "2026-02-30T12:34:56Z", "2026-11-23T12:34:56Zx",
	    "2026-11-23T12:34:56,5Z", "2026-11-23T12:34Z", "2026-11-23T12:34:56.5", "9999-01-01T00:00:00Z"};
	int64_t time = 42;

	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
		assert_false(time_parse(texts[i], &time));
	assert_true(time == 42);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_day_of_three_centuries_is_right),
	    cmocka_unit_test(random_instants_fall_on_the_right_day),
	    cmocka_unit_test(days_that_do_not_exist_are_refused),
	    cmocka_unit_test(broken_dates_do_no_harm),
	    cmocka_unit_test(istanbul_is_three_hours_ahead),
	    cmocka_unit_test(time_is_read_as_rfc_3339_writes_it),
	    cmocka_unit_test(malformed_times_are_refused),
	};

	return cmocka_run_group_tests(tests, oracle_make, oracle_free);
}
