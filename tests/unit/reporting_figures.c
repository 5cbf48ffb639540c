/* figures: sums, names, order, CSV; and what is read from events for them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/base/ids.h"
#include "common/domain/calendar.h"
#include "common/domain/number.h"
#include "services/reporting/after.h"
#include "services/reporting/application.h"
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

static struct figures *
sample(bool english)
{
	const struct figures_group groups[] = {
	    {.table = FIGURES_TOTAL, .count = 5},
	    {.table = FIGURES_BY_CHANNEL, .value = KOPRU__V1__CHANNEL__CHANNEL_WEB, .count = 1},
	    {.table = FIGURES_BY_CHANNEL, .value = KOPRU__V1__CHANNEL__CHANNEL_PHONE, .count = 4},
	    {.table = FIGURES_BY_KIND, .value = KOPRU__V1__KIND__KIND_REQUEST, .count = 4},
	    {.table = FIGURES_BY_KIND, .value = 99, .count = 1},
	    {.table = FIGURES_BY_TOPIC, .code = "TEM-01", .name = "Çöp, \"atık\"", .count = 2},
	    {.table = FIGURES_BY_TOPIC, .code = NULL, .count = 3},
	    {.table = FIGURES_BY_DEPARTMENT, .code = "TEM", .name = "=HYPERLINK(1)", .count = 5},
	    {.table = FIGURES_BY_STATUS, .value = KOPRU__V1__STATE__STATE_ASSIGNED, .count = 5},
	    {.table = FIGURES_BY_DAY, .day = day("2026-11-23"), .count = 4},
	    {.table = FIGURES_BY_DAY, .day = day("2026-11-02"), .count = 1},
	};
	struct figures *f = figures_new(arena, day("2026-11-01"), day("2026-11-30"), english, 11);
	struct err e = {""};

	for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++)
		figures_add(f, &groups[i]);
	if (figures_finish(f, &e) < 0)
		fail_msg("%s", e.text);
	return f;
}

static const char *
cell(json_t *json, const char *table, size_t row, const char *column)
{
	return json_string_value(json_object_get(json_array_get(json_object_get(json, table), row), column));
}

static void
json_names_and_sorts(void **state)
{
	json_t *json = figures_json(sample(false), 1795424400000000);

	(void)state;
	assert_string_equal(json_string_value(json_object_get(json, "from")), "2026-11-01");
	assert_string_equal(json_string_value(json_object_get(json, "to")), "2026-11-30");
	assert_int_equal(json_integer_value(json_object_get(json, "total")), 5);
	assert_string_equal(cell(json, "by_channel", 0, "key"), "phone");
	assert_string_equal(cell(json, "by_channel", 0, "name"), "Telefon");
	assert_string_equal(cell(json, "by_kind", 1, "key"), "unknown");
	assert_string_equal(cell(json, "by_topic", 0, "key"), "");
	assert_string_equal(cell(json, "by_topic", 1, "name"), "Çöp, \"atık\"");
	assert_string_equal(cell(json, "by_status", 0, "key"), "assigned");
	assert_string_equal(cell(json, "by_day", 0, "key"), "2026-11-02");
	assert_string_equal(cell(json, "by_day", 0, "name"), "02.11.2026");
	json_decref(json);
	json = figures_json(sample(true), 1795424400000000);
	assert_string_equal(cell(json, "by_channel", 0, "name"), "Phone");
	json_decref(json);
}

static void
csv_is_quoted_and_guarded(void **state)
{
	size_t size;
	char *csv = figures_csv(sample(false), &size);

	(void)state;
	assert_int_equal(strlen(csv), size);
	assert_int_equal(strncmp(csv, "\xef\xbb\xbftable,key,name,count\r\n", 25), 0);
	assert_non_null(strstr(csv, "\r\ntotal,,Tüm başvurular,5\r\n"));
	assert_non_null(strstr(csv, "\r\nby_topic,TEM-01,\"Çöp, \"\"atık\"\"\",2\r\n"));
	assert_null(strstr(csv, ",=HYPERLINK"));
	assert_non_null(strstr(csv, "'=HYPERLINK(1)"));
	assert_non_null(strstr(csv, "\r\nby_day,2026-11-02,02.11.2026,1\r\nby_day,2026-11-23,23.11.2026,4\r\n"));
}

/* I-17 */
static void
finish_refuses_what_does_not_sum(void **state)
{
	struct figures *f = figures_new(arena, 0, 1, false, 2);
	struct err e;

	(void)state;
	figures_add(f, &(struct figures_group){.table = FIGURES_TOTAL, .count = 2});
	figures_add(f, &(struct figures_group){.table = FIGURES_BY_CHANNEL, .value = 1, .count = 1});
	assert_int_equal(figures_finish(f, &e), -1);
	f = figures_new(arena, 0, 1, false, 0);
	assert_int_equal(figures_finish(f, &e), 0);
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
	    cmocka_unit_test(csv_is_quoted_and_guarded),
	    cmocka_unit_test(finish_refuses_what_does_not_sum),
	    cmocka_unit_test(after_is_parsed_strictly),
	    cmocka_unit_test(applications_keep_the_highest_version),
	    cmocka_unit_test(event_is_read_and_checked),
	};

	return cmocka_run_group_tests(tests, arena_start, arena_end);
}
