/* figures: sums, names, order, lists, percentiles; and what is read from events for them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "common/base/ids.h"
#include "common/domain/calendar.h"
#include "common/domain/number.h"
#include "services/reporting/after.h"
#include "services/reporting/application.h"
#include "services/reporting/duration.h"
#include "services/reporting/figures.h"

static struct arena *arena;
static struct calendar *calendar;

static int
arena_start(void **state)
{
	struct err e;

	(void)state;
	ids_start();
	arena = arena_new(0);
	calendar = calendar_new("date,name,kind\n2026-10-28,a,yarim\n2026-10-29,b,tam\n", &e);
	return calendar ? 0 : -1;
}

static int
arena_end(void **state)
{
	(void)state;
	calendar_free(calendar);
	arena_free(arena);
	return 0;
}

static int32_t
day(const char *text)
{
	int32_t date = 0;

	assert_true(date_parse(text, &date));
	return date;
}

static struct figures_counts
counts(int64_t received)
{
	return (struct figures_counts){.received = received};
}

static void
put(struct figures *f, int table, const char *key, const char *name, int64_t received)
{
	struct figures_counts c = counts(received);

	figures_add(f, table, key, name, &c);
}

static void
put_day(struct figures *f, const char *on, int64_t received)
{
	struct figures_counts c = counts(received);

	figures_add_day(f, day(on), &c);
}

static struct figures *
sample(bool english)
{
	struct figures *f = figures_new(arena, day("2026-11-01"), day("2026-11-30"), english);
	struct err e = {""};

	put(f, FIGURES_BY_CHANNEL, "12", NULL, 1);
	put(f, FIGURES_BY_CHANNEL, "4", NULL, 4);
	put(f, FIGURES_BY_KIND, "1", NULL, 2);
	put(f, FIGURES_BY_KIND, "1", NULL, 2);
	put(f, FIGURES_BY_KIND, "99", NULL, 1);
	put(f, FIGURES_BY_TOPIC, "TEM-01", "Çöp, \"atık\"", 2);
	put(f, FIGURES_BY_TOPIC, "", NULL, 3);
	put(f, FIGURES_BY_DEPARTMENT, "TEM", "=HYPERLINK(1)", 5);
	put(f, FIGURES_BY_STATUS, "2", NULL, 5);
	put(f, FIGURES_BY_NEIGHBOURHOOD, "Işık & Su", NULL, 5);
	put_day(f, "2026-11-23", 4);
	put_day(f, "2026-11-02", 1);
	put_day(f, "2026-12-02", 7); /* not in the period */
	figures_backlog(f, 0, 3);
	figures_backlog(f, day("2026-11-02"), 2);
	figures_backlog(f, day("2026-11-04"), -4);
	if (figures_finish(f, day("2026-11-05"), &e) < 0)
		fail_msg("%s", e.text);
	return f;
}

static json_t *
parsed(const struct figures *f)
{
	json_error_t error;
	size_t size;
	const char *text = figures_json(f, &(struct figures_told){1795424400000000, "[]"}, &size);
	json_t *json = json_loads(text, JSON_REJECT_DUPLICATES, &error);

	if (!json)
		fail_msg("%s", error.text);
	assert_int_equal(strlen(text), size);
	return json;
}

static const char *
cell(json_t *json, const char *table, size_t row, const char *column)
{
	return json_string_value(json_object_get(json_array_get(json_object_get(json, table), row), column));
}

static void
json_names_and_sorts(void **state)
{
	json_t *json = parsed(sample(false));

	(void)state;
	assert_string_equal(json_string_value(json_object_get(json, "from")), "2026-11-01");
	assert_string_equal(json_string_value(json_object_get(json, "to")), "2026-11-30");
	assert_int_equal(json_integer_value(json_object_get(json, "total")), 5);
	assert_int_equal(json_integer_value(json_object_get(json, "definition_version")), FIGURES_VERSION);
	assert_string_equal(cell(json, "by_channel", 0, "key"), "phone");
	assert_string_equal(cell(json, "by_channel", 0, "name"), "Telefon");
	assert_string_equal(
	    cell(json, "by_channel", 0, "list"), "/api/v1/reports/list?from=2026-11-01&to=2026-11-30&channel=phone");
	assert_string_equal(cell(json, "by_kind", 1, "key"), "unknown-99");
	assert_string_equal(cell(json, "by_topic", 0, "key"), "");
	assert_non_null(strstr(cell(json, "by_topic", 0, "list"), "&topic=none"));
	assert_string_equal(cell(json, "by_topic", 1, "name"), "Çöp, \"atık\"");
	assert_string_equal(cell(json, "by_status", 0, "key"), "assigned");
	assert_non_null(strstr(cell(json, "by_neighbourhood", 0, "list"), "&neighbourhood=I%C5%9F%C4%B1k%20%26%20Su"));
	assert_string_equal(cell(json, "by_day", 0, "key"), "2026-11-02");
	assert_string_equal(cell(json, "by_day", 0, "name"), "02.11.2026");
	assert_string_equal(cell(json, "by_week", 0, "key"), "2026-W45");
	assert_string_equal(cell(json, "by_week", 0, "name"), "2026 yılının 45. haftası");
	assert_string_equal(cell(json, "by_month", 0, "name"), "Kasım 2026");
	assert_int_equal(json_array_size(json_object_get(json, "by_month")), 1);
	json_decref(json);
	json = parsed(sample(true));
	assert_string_equal(cell(json, "by_channel", 0, "name"), "Phone");
	json_decref(json);
}

static void
backlog_goes_on_from_day_to_day(void **state)
{
	static const int open[] = {3, 5, 5, 1, 1};
	json_t *json = parsed(sample(false)), *list = json_object_get(json, "backlog");

	(void)state;
	assert_int_equal(json_array_size(list), 5);
	for (size_t i = 0; i < 5; i++)
		assert_int_equal(json_integer_value(json_object_get(json_array_get(list, i), "open")), open[i]);
	assert_string_equal(cell(json, "backlog", 1, "list"), "/api/v1/reports/list?backlog=2026-11-02");
	json_decref(json);
}

static void
week_at_the_turn_of_a_year_is_cut_to_the_period(void **state)
{
	struct figures *f = figures_new(arena, day("2020-12-30"), day("2021-01-01"), true);
	struct err e;
	json_t *json;

	(void)state;
	put_day(f, "2020-12-30", 1);
	put_day(f, "2021-01-01", 1);
	for (int table = FIGURES_BY_CHANNEL; table < FIGURES_BY_DAY; table++)
		put(f, table, "1", NULL, 2);
	assert_int_equal(figures_finish(f, 0, &e), 0);
	json = parsed(f);
	assert_string_equal(cell(json, "by_week", 0, "key"), "2020-W53");
	assert_string_equal(cell(json, "by_week", 0, "list"), "/api/v1/reports/list?from=2020-12-30&to=2021-01-01");
	assert_string_equal(cell(json, "by_month", 0, "list"), "/api/v1/reports/list?from=2020-12-30&to=2020-12-31");
	assert_string_equal(cell(json, "by_month", 1, "name"), "January 2021");
	json_decref(json);
}

struct rows {
	size_t count;
	const char *first[64], *name[64], *number[64];
};

static void
on_row(void *arg, const char *const *cells)
{
	struct rows *rows = arg;

	rows->first[rows->count] = cells[0];
	rows->name[rows->count] = cells[2];
	rows->number[rows->count++] = cells[3];
}

static void
rows_are_all_figures(void **state)
{
	struct rows rows = {.count = 0};

	(void)state;
	figures_rows(sample(false), on_row, &rows);
	assert_string_equal(rows.first[0], "total");
	assert_string_equal(rows.name[0], "Tüm başvurular");
	assert_string_equal(rows.number[0], "5");
	assert_int_equal(rows.count, 1 + 2 + 2 + 2 + 1 + 1 + 1 + 2 + 2 + 1 + 5);
	assert_string_equal(rows.first[rows.count - 1], "backlog");
	assert_string_equal(rows.number[rows.count - 1], "1");
	assert_string_equal(figures_columns[FIGURES_COLUMNS - 1], "list");
}

/* I-17 */
static void
finish_refuses_what_does_not_sum(void **state)
{
	struct figures *f = figures_new(arena, 0, 1, false);
	struct figures_counts two = counts(2);
	struct err e;

	(void)state;
	figures_add_day(f, 1, &two);
	put(f, FIGURES_BY_CHANNEL, "1", NULL, 1);
	assert_int_equal(figures_finish(f, 1, &e), -1);
	assert_non_null(strstr(e.text, "by_channel sums to 1, the total is 2"));
	f = figures_new(arena, 0, 1, false);
	assert_int_equal(figures_finish(f, 1, &e), 0);
}

static void
spread_is_read_and_ranked(void **state)
{
	struct figures *f = figures_new(arena, 0, 1, false);
	struct figures_counts c = {.received = 8, .reacted = 8, .minutes = {66, 0, 0, 0}};
	static uint8_t spread[4 * DURATION_BUCKETS];
	struct err e = {""};
	json_t *json, *hours;

	(void)state;
	spread[4 * 7 + 3] = 3;
	spread[4 * 9 + 3] = 5;
	figures_add_day(f, 1, &c);
	for (int table = FIGURES_BY_CHANNEL; table < FIGURES_BY_DAY; table++)
		figures_add(f, table, "1", NULL, &c);
	assert_int_equal(figures_spread_day(f, 1, FIGURES_REACTION, spread, sizeof(spread), &e), 0);
	assert_int_equal(
	    figures_spread_stored(f, FIGURES_BY_KIND, "1", FIGURES_REACTION, spread, sizeof(spread), &e), 0);
	for (size_t size = 1; size < sizeof(spread); size++)
		assert_int_equal(figures_spread_stored(f, FIGURES_BY_TOPIC, "2", FIGURES_ANSWER, spread, size, &e), -1);
	assert_int_equal(figures_finish(f, 1, &e), 0);
	json = parsed(f);
	hours = json_object_get(json_object_get(json_object_get(json, "all"), "first_reaction"), "calendar_hours");
	assert_true(json_real_value(json_object_get(hours, "median")) == 0.15); /* 9 minutes */
	assert_true(json_real_value(json_object_get(hours, "p90")) == 0.15);
	assert_true(json_real_value(json_object_get(hours, "mean")) == 0.14);
	assert_true(json_is_null(json_object_get(
	    json_object_get(json_object_get(json_object_get(json, "all"), "final_answer"), "working_hours"),
	    "median")));
	json_decref(json);
}

static void
after_is_parsed_strictly(void **state)
{
	static const char *const bad[] = {"", "intake", "intake:", ":1", "intake:-1", "intake:1x", "intake: 1",
	    "other:1", "department/TEM:1", "case:99999999999999999999"};
	struct after_place place = {0};

	(void)state;
	assert_true(after_parse("intake:123", &place));
	assert_string_equal(place.stream, "intake");
	assert_int_equal(place.seq, 123);
	assert_true(after_parse("case:0", &place));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(after_parse(bad[i], &place));
}

static void
applications_keep_the_highest_version(void **state)
{
	struct application list[5];

	(void)state;
	memset(list, 0, sizeof(list));
	for (int i = 0; i < 5; i++) {
		list[i].id.bytes[15] = (uint8_t)(i % 2);
		list[i].version = i + 2;
	}
	assert_int_equal(applications_fold(list, 5), 2);
	assert_int_equal(list[0].id.bytes[15], 0);
	assert_int_equal(list[0].version, 6);
	assert_int_equal(list[1].version, 5);
	assert_int_equal(applications_fold(list, 0), 0);
	assert_int_equal(applications_fold(list, 1), 1);
}

static void
event_is_read_and_checked(void **state)
{
	char number[NUMBER_TEXT_SIZE];
	uint8_t id[16] = {1}, hash[32] = {2};
	Kopru__V1__Event event;
	Kopru__V1__ApplicationReceived received;
	Kopru__V1__Application from;
	struct application a;
	struct err e = {""};

	(void)state;
	assert_true(number_format(2026, 1, number));
	kopru__v1__event__init(&event);
	kopru__v1__application_received__init(&received);
	kopru__v1__application__init(&from);
	event.body_case = KOPRU__V1__EVENT__BODY_APPLICATION_RECEIVED;
	event.application_received = &received;
	event.version = 1;
	event.at = 1795424400000000;
	received.application = &from;
	received.access_code_hash.data = hash;
	received.access_code_hash.len = sizeof(hash);
	from.due_on = 20800;
	from.id.data = id;
	from.id.len = sizeof(id);
	from.number = number;
	from.received_at = 1795471200000000 - 1; /* 2026-11-24 00:59:59.999999 in Istanbul */
	assert_int_equal(application_read_event(&event, calendar, arena, &a, &e), 0);
	assert_int_equal(a.received_on, day("2026-11-24"));
	assert_null(a.subject);
	assert_ptr_equal(a.access_code_hash, hash);

	received.access_code_hash.len = 31;
	assert_int_equal(application_read_event(&event, calendar, arena, &a, &e), -1);
	received.access_code_hash.len = 32;
	from.received_at = INT64_MAX;
	assert_int_equal(application_read_event(&event, calendar, arena, &a, &e), -1);
	from.received_at = 1;
	event.version = 0;
	assert_int_equal(application_read_event(&event, calendar, arena, &a, &e), -1);
	event.version = 1;
	received.application = NULL;
	assert_int_equal(application_read_event(&event, calendar, arena, &a, &e), -1);
	event.body_case = KOPRU__V1__EVENT__BODY__NOT_SET;
	assert_int_equal(application_read_event(&event, calendar, arena, &a, &e), -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(json_names_and_sorts),
	    cmocka_unit_test(backlog_goes_on_from_day_to_day),
	    cmocka_unit_test(week_at_the_turn_of_a_year_is_cut_to_the_period),
	    cmocka_unit_test(rows_are_all_figures),
	    cmocka_unit_test(spread_is_read_and_ranked),
	    cmocka_unit_test(finish_refuses_what_does_not_sum),
	    cmocka_unit_test(after_is_parsed_strictly),
	    cmocka_unit_test(applications_keep_the_highest_version),
	    cmocka_unit_test(event_is_read_and_checked),
	};

	return cmocka_run_group_tests(tests, arena_start, arena_end);
}
