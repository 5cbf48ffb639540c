/* Deadlines that an earlier version of the calendar gave, under the newest one (common/domain/calendars.h). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/domain/calendars.h"
#include "kopru/v1/event.pb-c.h"

#define BASIS(name) KOPRU__V1__LEGAL_BASIS__LEGAL_BASIS_##name
#define LAW KOPRU__V1__CLOCK__CLOCK_LAW
#define TARGET KOPRU__V1__CLOCK__CLOCK_TARGET

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

/* Version 1: one holiday. 2: leave on 2 December 2026. 3: the same day is a holiday. 4: a suspension in November. 5: all
 * of it is taken back. */
static struct calendars *
calendars_up_to(int32_t newest)
{
	struct calendars_day days[] = {
	    {1, 0, day("2026-10-29"), CALENDAR_HOLIDAY},
	    {2, 3, day("2026-12-02"), CALENDAR_LEAVE},
	    {3, 5, day("2026-12-02"), CALENDAR_HOLIDAY},
	    {4, 5, day("2026-11-16"), CALENDAR_SUSPENSION},
	};
	struct calendars *c = NULL;
	size_t count = 0;
	struct err e;

	while (count < 4 && days[count].version_from <= newest)
		count++;
	for (size_t i = 0; i < count; i++)
		days[i].version_to = days[i].version_to > newest ? 0 : days[i].version_to;
	c = calendars_new(days, count, newest, &e);
	if (!c)
		fail_msg("%s", e.text);
	return c;
}

static void
assert_due(int32_t newest, const struct calendars_group *g, const char *expected)
{
	struct calendars *c = calendars_up_to(newest);
	char text[TIME_TEXT_SIZE];

	time_text_istanbul(calendars_due(c, g), text);
	if (strncmp(text, expected, strlen(expected)) != 0)
		fail_msg("version %d: %s, expected %s", newest, text, expected);
	calendars_free(c);
}

static void
law_follows_each_version(void **state)
{
	struct calendars_group g = {
	    .clock = LAW, .legal_basis = BASIS(3071), .started_on = day("2026-11-02"), .version = 1};

	(void)state;
	g.due_at = at("2026-12-03T00:00:00+03:00");
	assert_due(1, &g, "2026-12-03T00:00:00");
	assert_due(2, &g, "2026-12-03T00:00:00"); /* leave is nothing to a law */
	assert_due(3, &g, "2026-12-04T00:00:00");
	assert_due(4, &g, "2026-12-04T00:00:00"); /* one day stands: the third of December */
	assert_due(5, &g, "2026-12-03T00:00:00");
	g.due_at = at("2026-12-04T00:00:00+03:00"); /* moved by 3, and back by 5 */
	g.version = 3;
	assert_due(5, &g, "2026-12-03T00:00:00");
	g.version = 2; /* told by intake, which knew 3 before the router did */
	assert_due(5, &g, "2026-12-03T00:00:00");
}

static void
law_that_nobody_computed_stays(void **state)
{
	struct calendars_group g = {.clock = LAW,
	    .legal_basis = BASIS(3071),
	    .started_on = day("2026-11-02"),
	    .version = 1,
	    .due_at = at("2026-11-28T00:00:00+03:00")};

	(void)state;
	assert_due(4, &g, "2026-11-28T00:00:00");
	g.legal_basis = BASIS(NONE);
	assert_due(4, &g, "2026-11-28T00:00:00");
	g.clock = KOPRU__V1__CLOCK__CLOCK_PROMISE;
	assert_due(4, &g, "2026-11-28T00:00:00");
}

static void
targets_of_days_follow_leave_and_holidays(void **state)
{
	struct calendars_group g = {
	    .clock = TARGET, .started_on = day("2026-11-30"), .version = 1, .due_at = at("2026-12-03T17:30:00+03:00")};

	(void)state;
	assert_due(1, &g, "2026-12-03T17:30:00");
	assert_due(2, &g, "2026-12-04T17:30:00");
	assert_due(3, &g, "2026-12-04T17:30:00");
	assert_due(5, &g, "2026-12-03T17:30:00");
	g.version = 2;
	g.due_at = at("2026-12-04T17:30:00+03:00");
	assert_due(5, &g, "2026-12-03T17:30:00");
	g.version = 0; /* of before there were versions */
	assert_due(1, &g, "2026-12-04T17:30:00");
	g.version = 1; /* on the day itself, which is given as leave meanwhile */
	g.started_on = day("2026-12-02");
	g.due_at = at("2026-12-02T17:30:00+03:00");
	assert_due(2, &g, "2026-12-03T17:30:00");
	g.due_at = at("2026-12-03T00:00:00+03:00"); /* a day that was asked for */
	assert_due(2, &g, "2026-12-03T00:00:00");
}

static void
targets_of_hours_go_on_where_the_offices_do(void **state)
{
	struct calendars_group g = {.clock = TARGET,
	    .started_on = day("2026-12-01"),
	    .started_at = at("2026-12-01T16:30:00+03:00"),
	    .version = 1,
	    .due_at = at("2026-12-02T09:30:00+03:00")};
	struct calendars *same = calendars_up_to(1), *c = calendars_up_to(2);

	(void)state;
	assert_false(calendars_needs_start(same, &g)); /* nothing has changed */
	assert_true(calendars_needs_start(c, &g));
	g.version = 2;
	assert_false(calendars_needs_start(c, &g)); /* computed by the newest */
	g.version = 1;
	assert_due(1, &g, "2026-12-02T09:30:00");
	assert_due(2, &g, "2026-12-03T09:30:00");
	g.due_at = at("2026-12-02T17:30:00+03:00");
	assert_false(calendars_needs_start(c, &g));
	g.due_at = at("2026-12-02T00:00:00+03:00");
	assert_false(calendars_needs_start(c, &g));
	g.clock = LAW;
	assert_false(calendars_needs_start(c, &g));
	calendars_free(same);
	calendars_free(c);
}

static void
versions_without_holidays_are_refused(void **state)
{
	const struct calendars_day days[] = {{1, 2, 20000, CALENDAR_HOLIDAY}, {2, 0, 20000, CALENDAR_LEAVE}};
	struct calendars *c = NULL;
	struct err e;

	(void)state;
	assert_null(calendars_new(days, 2, 2, &e));
	assert_string_equal(e.text, "version 2 of the calendar: there is no public holiday");
	assert_null(calendars_new(days, 2, 0, &e));
	assert_null(calendars_new(days, 2, CALENDARS_MAX + 1, &e));
	c = calendars_new(days, 2, 1, &e);
	assert_non_null(c);
	assert_int_equal(calendars_newest(c), 1);
	assert_non_null(calendars_version(c, 1));
	assert_null(calendars_version(c, 0));
	assert_null(calendars_version(c, 2));
	calendars_free(c);
	calendars_free(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(law_follows_each_version),
	    cmocka_unit_test(law_that_nobody_computed_stays),
	    cmocka_unit_test(targets_of_days_follow_leave_and_holidays),
	    cmocka_unit_test(targets_of_hours_go_on_where_the_offices_do),
	    cmocka_unit_test(versions_without_holidays_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
