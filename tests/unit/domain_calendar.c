/* calendar: working days and dates of the laws, with the table that ships and against a slow count. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/base/file.h"
#include "common/domain/deadlines.h"
#include "kopru/v1/application.pb-c.h"

#define BASIS(name) KOPRU__V1__LEGAL_BASIS__LEGAL_BASIS_##name
#define HOLIDAYS "deploy/data/holidays_tr_2020_2030.csv"
#define RANDOM_DATES 100000

struct fixture {
	struct arena *arena;
	char *csv;
	struct calendar *calendar;
};

static int
setup(void **state)
{
	struct fixture *f = calloc(1, sizeof *f);
	struct err e;
	size_t size;

	if (!f)
		abort();
	f->arena = arena_new(0);
	if (file_read(f->arena, HOLIDAYS, 1 << 20, &f->csv, &size, &e) != 0 ||
	    !(f->calendar = calendar_new(f->csv, &e)))
		fail_msg("%s", e.text);
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;

	calendar_free(f->calendar);
	arena_free(f->arena);
	free(f);
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

static void
assert_day(int32_t date, const char *expected)
{
	char text[DATE_TEXT_SIZE];

	date_text(date, text);
	assert_string_equal(text, expected);
}

/* The vectors of the law: received, 15 working days, 30 working days, 30 days moved to a working day. */
static void
due_dates_are_those_of_the_laws(void **state)
{
	static const char *const rows[][4] = {
	    {"2025-05-30", "2025-06-24", "2025-07-16", "2025-06-30"},
	    {"2026-03-16", "2026-04-07", "2026-04-29", "2026-04-15"},
	    {"2026-05-18", "2026-06-12", "2026-07-03", "2026-06-17"},
	    {"2024-04-05", "2024-05-03", "2024-05-24", "2024-05-06"},
	    {"2023-04-17", "2023-05-10", "2023-06-01", "2023-05-17"},
	    {"2025-07-10", "2025-08-01", "2025-08-22", "2025-08-11"},
	    {"2025-06-08", "2025-06-30", "2025-07-22", "2025-07-08"},
	    {"2029-04-13", "2029-05-14", "2029-06-04", "2029-05-14"},
	};
	const struct calendar *c = ((struct fixture *)*state)->calendar;

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		assert_day(deadline_legal(c, BASIS(4982), day(rows[i][0]), false).on, rows[i][1]);
		assert_day(deadline_legal(c, BASIS(4982), day(rows[i][0]), true).on, rows[i][2]);
		assert_day(deadline_legal(c, BASIS(3071), day(rows[i][0]), false).on, rows[i][3]);
		assert_day(deadline_legal(c, BASIS(6698), day(rows[i][0]), false).on, rows[i][3]);
	}
}

static void
years_have_their_working_days(void **state)
{
	static const int counts[] = {252, 249, 252, 253, 250, 251, 251, 250, 254, 249, 250};
	const struct calendar *c = ((struct fixture *)*state)->calendar;

	for (int i = 0; i < 11; i++) {
		int32_t first, last;
		int count = 0;

		assert_true(date_from_civil(2020 + i, 1, 1, &first));
		assert_true(date_from_civil(2020 + i, 12, 31, &last));
		for (int32_t date = first; date <= last; date++)
			count += calendar_is_working_day(c, date);
		assert_int_equal(count, counts[i]);
	}
}

static void
a_full_day_beats_a_half_day(void **state)
{
	const struct calendar *c = ((struct fixture *)*state)->calendar;

	assert_false(calendar_is_working_day(c, day("2029-04-23"))); /* eve of the feast on a national day */
	assert_true(calendar_is_working_day(c, day("2026-10-28"))); /* half */
	assert_false(calendar_is_working_day(c, day("2026-10-29")));
	assert_false(calendar_is_working_day(c, day("2026-11-22"))); /* Sunday */
	assert_true(calendar_is_half_day(c, day("2026-10-28")));
	assert_false(calendar_is_half_day(c, day("2026-10-29")));
	assert_false(calendar_is_half_day(c, day("2029-04-23")));
	assert_false(calendar_is_half_day(c, day("2026-10-27")));
}

static void
only_years_of_the_table_are_known(void **state)
{
	const struct calendar *c = ((struct fixture *)*state)->calendar;

	assert_false(calendar_knows(c, day("2019-12-31")));
	assert_true(calendar_knows(c, day("2020-01-01")));
	assert_true(calendar_knows(c, day("2030-12-31")));
	assert_false(calendar_knows(c, day("2031-01-01")));
	assert_true(calendar_is_working_day(c, day("2031-01-01"))); /* a Wednesday; nothing is known about it */
}

/* The slow count: a holiday is a line of the file that begins with the date and ends with ",tam". */
static bool
slow_is_working(const char *csv, int32_t date, int weekday)
{
	char text[DATE_TEXT_SIZE];

	if (weekday >= 5)
		return false;
	date_text(date, text);
	for (const char *line = strstr(csv, text); line; line = strstr(line + 1, text)) {
		size_t length = strcspn(line, "\r\n");

		if (length > 4 && strncmp(line + length - 4, ",tam", 4) == 0)
			return false;
	}
	return true;
}

static bool *
slow_table(const char *csv, int32_t first, int32_t last)
{
	bool *working = calloc((size_t)(last - first) + 1, sizeof *working);
	int weekday = 1; /* 2019-01-01 was a Tuesday */

	if (!working)
		abort();
	for (int32_t date = first; date <= last; date++, weekday = (weekday + 1) % 7)
		working[date - first] = slow_is_working(csv, date, weekday);
	return working;
}

static int32_t
slow_add(const bool *working, int32_t first, int32_t date, int count)
{
	while (count > 0) {
		date++;
		if (working[date - first])
			count--;
	}
	return date;
}

static void
random_dates_agree_with_a_slow_count(void **state)
{
	const struct fixture *f = *state;
	int32_t first = day("2019-01-01"), last = day("2031-12-31");
	bool *working = slow_table(f->csv, first, last);

	srand(3);
	for (int i = 0; i < RANDOM_DATES; i++) {
		int32_t date = first + rand() % (last - first - 200), next = date, law = date + 30;
		int count = rand() % 61;

		while (!working[next - first])
			next++;
		while (!working[law - first])
			law++;
		assert_int_equal(calendar_is_working_day(f->calendar, date), working[date - first]);
		assert_int_equal(calendar_next_working_day(f->calendar, date), next);
		assert_int_equal(
		    calendar_add_working_days(f->calendar, date, count), slow_add(working, first, date, count));
		assert_int_equal(deadline_legal(f->calendar, BASIS(3071), date, false).on, law);
		assert_int_equal(
		    deadline_legal(f->calendar, BASIS(4982), date, true).on, slow_add(working, first, date, 30));
	}
	free(working);
}

static void
a_broken_table_is_refused_with_its_reason(void **state)
{
	static const struct {
		const char *csv, *reason;
	} rows[] = {
	    {"", "holidays: there is no head"},
	    {"date,weekday,name,kind\n", "holidays: there is no row"},
	    {"day,kind\n2026-01-01,tam\n", "holidays: the columns date and kind are needed"},
	    {"date,kind\n2026-02-30,tam\n", "holidays: row 1: \"2026-02-30\" is no date; 2026-10-29 is one"},
	    {"date,kind\n2026-01-01,tam\n2026-10-28,half\n",
		"holidays: row 2: kind is \"half\"; allowed are holiday (tam), half_holiday (yarim), leave (izin), "
		"half_leave (yarim_izin), closure (kapali), suspension (durma)"},
	    {"date,kind\n1899-12-31,tam\n", "holidays: row 1: the year of \"1899-12-31\" is not between 1900 and 2200"},
	    {"date,kind\n2201-01-01,tam\n", "holidays: row 1: the year of \"2201-01-01\" is not between 1900 and 2200"},
	    {"date,kind\n0-01-01,tam\n", "holidays: row 1: \"0-01-01\" is no date; 2026-10-29 is one"},
	    {"date,kind,to\n2026-01-01,izin,2026-02-29\n",
		"holidays: row 1: \"2026-02-29\" is no date; 2026-10-29 is one"},
	    {"date,kind,to\n2026-01-02,izin,2026-01-01\n", "holidays: row 1: it ends on 2026-01-01, before it begins"},
	    {"date,kind,to\n2026-01-01,durma,2027-01-02\n",
		"holidays: row 1: it has 367 days; at most 366 are allowed"},
	    {"date,kind\n2026-01-02,izin\n",
		"holidays: there is no public holiday in 2026: all years from 2026 to 2026 are needed"},
	    {"date,kind\n2026-01-01,tam\n2028-01-01,tam\n",
		"holidays: there is no public holiday in 2027: all years from 2026 to 2028 are needed"},
	    {"date,kind,name\n2026-10-29,tam,A\n2026-10-29,tam,A\n",
		"holidays: 2026-10-29 stands there twice: holiday \"A\" and holiday \"A\""},
	    {"date,kind,name\n2026-10-29,yarim,B\n2026-10-29,tam,A\n",
		"holidays: 2026-10-29 stands there twice: holiday \"A\" and half_holiday \"B\""},
	    {"date,kind,name\n2026-10-29,tam,A\n2026-10-29,izin,B\n",
		"holidays: 2026-10-29 stands there twice: holiday \"A\" and leave \"B\""},
	    {"date,kind,name\n2026-10-28,yarim,A\n2026-10-28,yarim_izin,B\n",
		"holidays: 2026-10-28 stands there twice: half_holiday \"A\" and half_leave \"B\""},
	    {"date,kind,name\n2026-10-29,tam,A\n2026-11-02,kapali,B\n2026-11-02,izin,C\n",
		"holidays: 2026-11-02 stands there twice: leave \"C\" and closure \"B\""},
	    {"date,kind,name\n2026-10-29,tam,A\n2026-11-02,durma,B\n2026-11-02,durma,C\n",
		"holidays: 2026-11-02 stands there twice: suspension \"B\" and suspension \"C\""},
	    {"date,kind,to\n2026-01-01,tam,\n2026-12-01,durma,2026-12-31\n",
		"holidays: the suspension of 2026-12-01 does not end before the calendar does"},
	    {"date,kind,to\n2026-01-01,tam,\n2027-01-01,tam,\n2026-01-02,durma,2026-12-01\n2026-12-02,durma,2027-02-"
	     "01\n",
		"holidays: the suspension of 2026-01-02 does not end within 366 days"},
	    {"date,weekday,kind\n2026-01-01,Cum,tam\n", "holidays: row 1: 2026-01-01 is another day of the week"},
	    {"date,kind\n2026-01-01\n", "holidays: row 1 has 1 cells, the head has 2"},
	};
	struct err e;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		assert_null(calendar_new(rows[i].csv, &e));
		assert_string_equal(e.text, rows[i].reason);
	}
}

static void
a_table_need_not_be_sorted(void **state)
{
	struct err e;
	struct calendar *c = calendar_new(
	    "kind;date;name\r\nyarim;2027-03-08;Ramazan Bayramı arifesi\r\ntam;2026-10-29;\r\ntam;2027-03-08;x\r\n",
	    &e);

	(void)state;
	assert_non_null(c);
	assert_false(calendar_is_working_day(c, day("2026-10-29")));
	assert_false(calendar_is_working_day(c, day("2027-03-08")));
	assert_true(calendar_knows(c, day("2026-01-01")) && calendar_knows(c, day("2027-12-31")));
	assert_false(calendar_knows(c, day("2028-01-01")));
	calendar_free(c);
	calendar_free(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(due_dates_are_those_of_the_laws),
	    cmocka_unit_test(years_have_their_working_days),
	    cmocka_unit_test(a_full_day_beats_a_half_day),
	    cmocka_unit_test(only_years_of_the_table_are_known),
	    cmocka_unit_test(random_dates_agree_with_a_slow_count),
	    cmocka_unit_test(a_broken_table_is_refused_with_its_reason),
	    cmocka_unit_test(a_table_need_not_be_sorted),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
