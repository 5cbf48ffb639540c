/* Terms of the laws, targets, and the stages of clocks; the calendar's kinds of days (common/domain/deadlines.h). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "common/base/file.h"
#include "common/domain/deadlines.h"
#include "kopru/v1/application.pb-c.h"

#define HOLIDAYS "deploy/data/holidays_tr_2020_2030.csv"
#define BASIS(name) KOPRU__V1__LEGAL_BASIS__LEGAL_BASIS_##name
#define HOUR INT64_C(3600000000)

static struct calendar *plain; /* the public holidays and nothing else */

/* The same with more rows, to be freed. */
static struct calendar *
calendar_with(const struct calendar_row *more, size_t count)
{
	struct arena *a = arena_new(0);
	struct calendar_rows rows;
	struct calendar *c = NULL;
	struct err e = {""};
	char *csv = NULL;
	size_t size = 0;

	if (file_read(a, HOLIDAYS, 1 << 20, &csv, &size, &e) < 0 || calendar_rows_read(a, csv, &rows, &e) < 0)
		fail_msg("%s", e.text);
	for (size_t i = 0; i < count; i++)
		rows.list[rows.count++] = more[i];
	if (calendar_rows_check(a, &rows, &e) < 0 || !(c = calendar_make(&rows, &e)))
		fail_msg("%s", e.text);
	arena_free(a);
	return c;
}

static int
setup(void **state)
{
	(void)state;
	plain = calendar_with(NULL, 0);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	calendar_free(plain);
	return 0;
}

static int32_t
day(const char *text)
{
	int32_t date;

	if (!date_parse(text, &date))
		fail_msg("%s", text);
	return date;
}

static int64_t
at(const char *text)
{
	int64_t time;

	if (!time_parse(text, &time))
		fail_msg("%s", text);
	return time;
}

static void
assert_time(int64_t time, const char *expected)
{
	char text[TIME_TEXT_SIZE];

	time_text_istanbul(time, text);
	assert_string_equal(text, expected);
}

static void
assert_due(const struct calendar *c, int legal_basis, const char *from, bool extended, const char *expected)
{
	struct deadline due = deadline_legal(c, legal_basis, day(from), extended);
	char text[DATE_TEXT_SIZE];

	date_text(due.on, text);
	assert_string_equal(text, expected);
	assert_true(due.at == date_start_in_istanbul(due.on + 1));
}

static void
each_legal_basis_has_its_term(void **state)
{
	(void)state;
	assert_due(plain, BASIS(3071), "2026-03-16", false, "2026-04-15");
	assert_due(plain, BASIS(3071), "2026-03-16", true, "2026-04-15"); /* nothing to extend */
	assert_due(plain, BASIS(6698), "2026-03-16", false, "2026-04-15");
	assert_due(plain, BASIS(4982), "2026-03-16", false, "2026-04-07");
	assert_due(plain, BASIS(4982), "2026-03-16", true, "2026-04-29");
	assert_int_equal(deadline_legal(plain, BASIS(NONE), day("2026-03-16"), false).on, 0);
	assert_int_equal(deadline_legal(plain, BASIS(UNSPECIFIED), day("2026-03-16"), false).at, 0);
	assert_int_equal(deadline_legal(plain, 99, day("2026-03-16"), true).on, 0);
	assert_int_equal(deadline_legal_basis(KOPRU__V1__KIND__KIND_INFORMATION_REQUEST), BASIS(4982));
	assert_int_equal(deadline_legal_basis(KOPRU__V1__KIND__KIND_TIP_OFF), BASIS(3071));
}

static void
last_day_moves_off_holidays_and_stays_on_half_days(void **state)
{
	(void)state;
	assert_due(plain, BASIS(3071), "2026-09-28", false, "2026-10-28"); /* half */
	assert_due(plain, BASIS(3071), "2026-09-29", false, "2026-10-30"); /* from the 29th */
	assert_due(plain, BASIS(3071), "2026-10-22", false, "2026-11-23"); /* from a Saturday */
	assert_due(
	    plain, BASIS(3071), "2026-04-27", false, "2026-06-01"); /* from the feast, which ends on a Saturday */
	assert_due(plain, BASIS(4982), "2026-10-29", false, "2026-11-19"); /* received on a holiday */
}

static void
leave_and_closures_are_for_targets_only(void **state)
{
	/* 2024-04-08 and the morning of the 9th were given as leave. */
	const struct calendar_row leave[] = {{day("2024-04-08"), CALENDAR_LEAVE, "İdari izin"},
	    {day("2024-04-09"), CALENDAR_LEAVE, "İdari izin"}, {day("2024-04-16"), CALENDAR_CLOSURE, "Kar"},
	    {day("2024-04-17"), CALENDAR_HALF_LEAVE, "İdari izin"}};
	struct calendar *c = calendar_with(leave, 4);
	const struct deadline_target three = {.working_days = 3}, four = {.working_days = 4};

	(void)state;
	assert_due(c, BASIS(4982), "2024-04-05", false, "2024-05-03");
	assert_due(c, BASIS(3071), "2024-04-05", false, "2024-05-06");
	assert_time(deadline_target(plain, at("2024-04-05T10:00:00+03:00"), &three).at, "2024-04-15T17:30:00+03:00");
	assert_time(deadline_target(c, at("2024-04-05T10:00:00+03:00"), &three).at, "2024-04-18T17:30:00+03:00");
	assert_time(deadline_target(c, at("2024-04-12T10:00:00+03:00"), &three).at, "2024-04-18T17:30:00+03:00");
	assert_time(deadline_target(c, at("2024-04-12T10:00:00+03:00"), &four).at, "2024-04-19T17:30:00+03:00");
	assert_true(calendar_is_working_day(c, day("2024-04-08")) && !calendar_is_office_day(c, day("2024-04-08")));
	assert_true(calendar_is_office_morning(c, day("2024-04-17")) && !calendar_is_half_day(c, day("2024-04-17")));
	assert_false(calendar_is_office_morning(c, day("2024-04-09"))); /* half holiday, and leave before it */
	calendar_free(c);
}

/* Law 7226: from 13 March to 15 June 2020 terms stood. */
static struct calendar *
calendar_of_2020(void)
{
	struct calendar_row rows[95];

	for (int i = 0; i < 95; i++)
		rows[i] = (struct calendar_row){day("2020-03-13") + i, CALENDAR_SUSPENSION, "7226"};
	return calendar_with(rows, 95);
}

static void
terms_of_law_stand_in_a_suspension(void **state)
{
	struct calendar *c = calendar_of_2020();
	const struct deadline_target five = {.working_days = 5};

	(void)state;
	assert_due(plain, BASIS(3071), "2020-03-02", false, "2020-04-01");
	assert_due(c, BASIS(3071), "2020-03-02", false, "2020-07-06"); /* 10 before, 20 after: a Sunday */
	assert_due(c, BASIS(3071), "2020-02-11", false, "2020-03-12"); /* the day before */
	assert_due(c, BASIS(3071), "2020-02-12", false, "2020-06-16"); /* one day was left */
	assert_due(c, BASIS(3071), "2020-04-20", false, "2020-07-16"); /* received in it; the 15th is a holiday */
	assert_due(c, BASIS(4982), "2020-03-10", false, "2020-07-02"); /* 2 before, 13 after */
	assert_int_equal(deadline_day(c, BASIS(3071), day("2020-03-14")), DEADLINE_STANDS);
	assert_int_equal(deadline_day(c, BASIS(4982), day("2020-06-20")), DEADLINE_WEEKEND);
	assert_int_equal(deadline_day(c, BASIS(4982), day("2020-07-15")), DEADLINE_HOLIDAY);
	assert_int_equal(deadline_day(c, BASIS(3071), day("2020-07-15")), DEADLINE_COUNTED);
	assert_time(deadline_target(c, at("2020-03-16T09:00:00+03:00"), &five).at, "2020-03-23T17:30:00+03:00");
	calendar_free(c);
}

static void
targets_end_when_the_offices_close(void **state)
{
	static const struct {
		const char *received;
		int days, minutes;
		const char *due;
	} rows[] = {
	    {"2026-11-23T09:00:00+03:00", 0, 0, "2026-11-23T17:30:00+03:00"},
	    {"2026-11-23T17:29:59+03:00", 0, 0, "2026-11-23T17:30:00+03:00"},
	    {"2026-11-23T17:30:00+03:00", 0, 0, "2026-11-24T17:30:00+03:00"}, /* closed */
	    {"2026-11-23T04:00:00+03:00", 0, 0, "2026-11-23T17:30:00+03:00"}, /* not yet open */
	    {"2026-10-28T12:00:00+03:00", 0, 0, "2026-10-28T12:30:00+03:00"}, /* half day */
	    {"2026-10-28T12:30:00+03:00", 0, 0, "2026-10-30T17:30:00+03:00"}, /* over the holiday */
	    {"2026-11-21T10:00:00+03:00", 0, 0, "2026-11-23T17:30:00+03:00"}, /* Saturday */
	    {"2026-11-20T23:00:00+03:00", 3, 0, "2026-11-25T17:30:00+03:00"},
	    {"2026-11-21T10:00:00+03:00", 1, 0, "2026-11-23T17:30:00+03:00"},
	    {"2026-10-27T10:00:00+03:00", 1, 0, "2026-10-28T12:30:00+03:00"},
	    {"2026-10-26T10:00:00+03:00", 3, 0, "2026-10-30T17:30:00+03:00"},
	    {"2026-11-23T09:00:00+03:00", 5, 120, "2026-11-23T11:00:00+03:00"}, /* minutes win */
	    {"2026-11-23T11:30:00+03:00", 0, 120, "2026-11-23T14:30:00+03:00"}, /* lunch */
	    {"2026-11-23T16:30:00+03:00", 0, 61, "2026-11-24T08:31:00+03:00"},
	    {"2026-10-28T12:00:00+03:00", 0, 240, "2026-10-30T12:00:00+03:00"},
	    {"2026-11-20T20:00:00+03:00", 0, 1, "2026-11-23T08:31:00+03:00"},
	    {"2026-11-23T08:30:00+03:00", 0, 480, "2026-11-23T17:30:00+03:00"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct deadline_target target = {
		    .working_days = rows[i].days, .working_minutes = rows[i].minutes};
		struct deadline due = deadline_target(plain, at(rows[i].received), &target);

		assert_time(due.at, rows[i].due);
		assert_int_equal(due.on, date_in_istanbul(due.at));
	}
}

static void
day_that_was_asked_for_counts_when_it_is_earlier(void **state)
{
	int64_t received = at("2026-11-23T09:00:00+03:00");
	struct deadline_target target = {.working_days = 3, .reply_by = day("2026-11-24")};

	(void)state;
	assert_time(deadline_target(plain, received, &target).at, "2026-11-25T00:00:00+03:00");
	target.reply_by = day("2026-11-26");
	assert_time(deadline_target(plain, received, &target).at, "2026-11-26T17:30:00+03:00");
	target.working_days = -1;
	assert_int_equal(deadline_target(plain, received, &target).on, day("2026-11-26"));
	target.reply_by = 0;
	assert_int_equal(deadline_target(plain, received, &target).at, 0);
	assert_int_equal(deadline_day_given(0).at, 0);
}

static void
stages_share_the_term(void **state)
{
	struct deadline_clock law = deadline_clock_legal(
	    BASIS(3071), day("2026-11-02"), deadline_legal(plain, BASIS(3071), day("2026-11-02"), false).at);
	struct deadline_clock information = deadline_clock_legal(
	    BASIS(4982), day("2026-11-02"), deadline_legal(plain, BASIS(4982), day("2026-11-02"), false).at);
	struct deadline_clock target = {TIME_OFFICE, at("2026-11-23T09:30:00+03:00"), at("2026-11-24T17:30:00+03:00")};

	(void)state;
	/* 3 November to 2 December are 30 days. */
	assert_time(deadline_stage(plain, &law, 50), "2026-11-18T00:00:00+03:00");
	assert_time(deadline_stage(plain, &law, 90), "2026-11-30T00:00:00+03:00");
	assert_time(deadline_stage(plain, &law, 100), "2026-12-03T00:00:00+03:00");
	assert_time(deadline_stage(plain, &law, 110), "2026-12-06T00:00:00+03:00");
	/* 3 to 23 November have 15 working days. */
	assert_time(deadline_stage(plain, &information, 100), "2026-11-24T00:00:00+03:00");
	assert_time(deadline_stage(plain, &information, 50), "2026-11-12T12:00:00+03:00");
	assert_time(deadline_stage(plain, &information, 200), "2026-12-15T00:00:00+03:00");
	/* 7 and 8 hours. */
	assert_time(deadline_stage(plain, &target, 0), "2026-11-23T09:30:00+03:00");
	assert_time(deadline_stage(plain, &target, 50), "2026-11-24T09:00:00+03:00");
	assert_time(deadline_stage(plain, &target, 110), "2026-11-25T10:00:00+03:00");
}

static void
stages_wait_for_a_suspension(void **state)
{
	struct calendar *c = calendar_of_2020();
	struct deadline_clock clock = deadline_clock_legal(
	    BASIS(3071), day("2020-03-02"), deadline_legal(c, BASIS(3071), day("2020-03-02"), false).at);

	(void)state;
	/* 10 days before it, 21 after. */
	assert_time(deadline_stage(c, &clock, 50), "2020-06-21T12:00:00+03:00");
	calendar_free(c);
}

/* Beyond any calendar nothing overflows and everything ends. */
static void
times_without_sense_do_no_harm(void **state)
{
	struct deadline_clock endless = {TIME_OFFICE, INT64_MIN, INT64_MAX},
			      never = {TIME_WORKING_DAYS, INT64_MAX, INT64_MIN};

	(void)state;
	assert_true(working_time_between(plain, TIME_OFFICE, INT64_MIN, INT64_MAX) >= 0);
	assert_true(working_time_after(plain, TIME_OFFICE, 0, INT64_MAX) > 0);
	assert_true(deadline_stage(plain, &endless, 50) >= INT64_MIN);
	assert_true(deadline_stage(plain, &never, 50) == INT64_MAX);
	assert_int_equal(working_time_after(plain, TIME_OFFICE, 5 * HOUR, 0), 5 * HOUR);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_legal_basis_has_its_term),
	    cmocka_unit_test(last_day_moves_off_holidays_and_stays_on_half_days),
	    cmocka_unit_test(leave_and_closures_are_for_targets_only),
	    cmocka_unit_test(terms_of_law_stand_in_a_suspension),
	    cmocka_unit_test(targets_end_when_the_offices_close),
	    cmocka_unit_test(day_that_was_asked_for_counts_when_it_is_earlier),
	    cmocka_unit_test(stages_share_the_term),
	    cmocka_unit_test(stages_wait_for_a_suspension),
	    cmocka_unit_test(times_without_sense_do_no_harm),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
