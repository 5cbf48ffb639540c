/* intake_call_form: what the exchange and the desk may say of calls and callers; every fault in both languages. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "common/domain/calendar.h"
#include "services/intake/call_form.h"

#define GOOD "\"call_id\":\"1.2\",\"caller\":\"0500 000 00 00\",\"started_at\":\"2026-11-23T09:00:00Z\""

static const char now_text[] = "2026-11-23T12:00:00+03:00";

struct world {
	struct arena *arena;
	struct form_faults faults;
	struct call_form call;
	struct call_back_form back;
	struct search_form search;
	json_t *json;
};

static int
start(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	if (!w)
		return -1;
	w->arena = arena_new(0);
	*state = w;
	return 0;
}

static int
stop(void **state)
{
	struct world *w = *state;

	json_decref(w->json);
	arena_free(w->arena);
	free(w);
	return 0;
}

static void
load(struct world *w, const char *body)
{
	json_decref(w->json);
	w->json = json_loads(body, JSON_REJECT_DUPLICATES, NULL);
	if (!w->json)
		fail_msg("the test's own JSON is malformed: %s", body);
}

static int
read_call(struct world *w, const char *body)
{
	struct form_rules rules = {.trusted = true};

	if (!time_parse(now_text, &rules.now))
		abort();
	load(w, body);
	return call_form_read(w->arena, w->json, &rules, &w->call, &w->faults);
}

static int
read_back(struct world *w, const char *body)
{
	load(w, body);
	return call_back_form_read(w->arena, w->json, &w->back, &w->faults);
}

static int
read_search(struct world *w, const char *body)
{
	load(w, body);
	return search_form_read(w->arena, w->json, &w->search, &w->faults);
}

struct bad {
	const char *body, *field, *text;
};

static void
assert_faults(struct world *w, int (*read)(struct world *w, const char *body), const struct bad *bad, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct form_fault *fault = &w->faults.list[0];

		if (read(w, bad[i].body) == 0)
			fail_msg("%s was taken", bad[i].body);
		if (strcmp(fault->field, bad[i].field) != 0 || !strstr(fault->text_en, bad[i].text))
			fail_msg("%s: not %s \"%s\" but %s \"%s\"", bad[i].body, bad[i].field, bad[i].text,
			    fault->field, fault->text_en);
		assert_string_not_equal(fault->text_tr, fault->text_en);
	}
}

static void
test_bad_calls_name_their_field(void **state)
{
	static const struct bad bad[] = {
	    {"{}", "call_id", "required"},
	    {"{\"caller\":\"withheld\",\"started_at\":\"2026-11-23T09:00:00Z\"}", "call_id", "required"},
	    {"{\"call_id\":\"1\",\"started_at\":\"2026-11-23T09:00:00Z\"}", "caller", "required"},
	    {"{\"call_id\":\"1\",\"caller\":\"withheld\"}", "started_at", "required"},
	    {"{\"call_id\":\"\",\"caller\":\"withheld\",\"started_at\":\"2026-11-23T09:00:00Z\"}", "call_id", "blank"},
	    {"{\"call_id\":1,\"caller\":\"withheld\",\"started_at\":\"2026-11-23T09:00:00Z\"}", "call_id", "string"},
	    {"{\"call_id\":\"1\",\"caller\":\"101\",\"started_at\":\"2026-11-23T09:00:00Z\"}", "caller", "withheld"},
	    {"{\"call_id\":\"1\",\"caller\":\"Withheld\",\"started_at\":\"2026-11-23T09:00:00Z\"}", "caller",
		"withheld"},
	    {"{\"call_id\":\"1\",\"caller\":null,\"started_at\":\"2026-11-23T09:00:00Z\"}", "caller", "withheld"},
	    {"{\"call_id\":\"1\",\"caller\":\"withheld\",\"started_at\":\"2026-11-23T09:02:00Z\"}", "started_at",
		"future"},
	    {"{\"call_id\":\"1\",\"caller\":\"withheld\",\"started_at\":\"2019-11-23T09:02:00Z\"}", "started_at",
		"2020"},
	    {"{\"call_id\":\"1\",\"caller\":\"withheld\",\"started_at\":\"23.11.2026\"}", "started_at", "RFC 3339"},
	    {"{\"call_id\":\"1\",\"caller\":\"withheld\",\"started_at\":1795424400}", "started_at", "string"},
	    {"{" GOOD ",\"ended_at\":\"2026-11-23T08:59:59Z\"}", "ended_at", "before started_at"},
	    {"{" GOOD ",\"ended_at\":\"2026-11-23T09:05:00Z\"}", "ended_at", "future"},
	    {"{" GOOD ",\"answered_by\":\"Deneme Şahıs\"}", "answered_by", "person's name"},
	    {"{" GOOD ",\"missed\":1}", "missed", "true or false"},
	    {"{" GOOD ",\"missed\":true,\"answered_by\":\"101\"}", "missed", "answered"},
	    {"{" GOOD ",\"recording\":\"a\\nb\"}", "recording", "one line"},
	    {"{" GOOD ",\"name\":\"Deneme\"}", "name", "allowed are: call_id, caller"},
	};

	assert_faults(*state, read_call, bad, sizeof(bad) / sizeof(bad[0]));
}

static void
test_good_calls_fill_the_form(void **state)
{
	struct world *w = *state;
	int64_t expected = 0;

	assert_int_equal(read_call(w, "{" GOOD "}"), 0);
	assert_true(time_parse("2026-11-23T09:00:00Z", &expected));
	assert_string_equal(w->call.call_id, "1.2");
	assert_string_equal(w->call.caller, "+905000000000");
	assert_int_equal(w->call.started_at, expected);
	assert_int_equal(w->call.ended_at, 0);
	assert_null(w->call.answered_by);
	assert_false(w->call.missed);
	assert_int_equal(
	    read_call(
		w, "{" GOOD ",\"ended_at\":\"2026-11-23T09:00:00Z\",\"answered_by\":\"101\",\"recording\":\"r\"}"),
	    0);
	assert_int_equal(w->call.ended_at, expected);
	assert_string_equal(w->call.answered_by, "101");
	assert_string_equal(w->call.recording, "r");
	assert_int_equal(
	    read_call(w, "{\"call_id\":\"1\",\"caller\":\"withheld\",\"started_at\":\"2026-11-23T08:00:00Z\","
			 "\"missed\":true}"),
	    0);
	assert_null(w->call.caller);
	assert_true(w->call.missed);
}

static void
test_call_backs(void **state)
{
	static const struct bad bad[] = {
	    {"{}", "call_id", "required"},
	    {"{\"call_id\":\" \"}", "call_id", "blank"},
	    {"{\"call_id\":\"1\",\"scope\":\"123456789012345678901\"}", "scope", "at most 20"},
	    {"{\"call_id\":\"1\",\"entered_by\":\"Deneme\"}", "entered_by", "person's name"},
	    {"{\"call_id\":\"1\",\"caller\":\"+905000000000\"}", "caller", "allowed are: scope, call_id, entered_by"},
	};
	struct world *w = *state;

	assert_faults(w, read_back, bad, sizeof(bad) / sizeof(bad[0]));
	assert_int_equal(read_back(w, "{\"call_id\":\"1\",\"scope\":\"exchange0001\",\"entered_by\":\"masa-3\"}"), 0);
	assert_string_equal(w->back.scope, "exchange0001");
	assert_string_equal(w->back.entered_by, "masa-3");
	assert_int_equal(read_back(w, "{\"call_id\":\"1\"}"), 0);
	assert_null(w->back.scope);
}

static void
test_searches_are_for_one_thing(void **state)
{
	static const struct bad bad[] = {
	    {"{}", "phone", "exactly one"},
	    {"{\"phone\":\"05000000000\",\"email\":\"a@example.org\"}", "phone", "exactly one"},
	    {"{\"phone\":\"1\"}", "phone", "telephone"},
	    {"{\"phone\":\"\"}", "phone", "blank"},
	    {"{\"national_id\":\"11111111111\"}", "national_id", "11 digits"},
	    {"{\"email\":\"a\"}", "email", "e-mail"},
	    {"{\"email\":null}", "email", "string"},
	    {"{\"name\":\"Deneme\"}", "name", "allowed are: phone, national_id, email"},
	};
	struct world *w = *state;

	assert_faults(w, read_search, bad, sizeof(bad) / sizeof(bad[0]));
	assert_int_equal(read_search(w, "{\"phone\":\"+90 (500) 000 00 00\"}"), 0);
	assert_string_equal(w->search.phone, "+905000000000");
	assert_null(w->search.email);
	assert_int_equal(read_search(w, "{\"national_id\":\"11111111110\"}"), 0);
	assert_string_equal(w->search.national_id, "11111111110");
	assert_int_equal(read_search(w, "{\"email\":\"a@example.org\"}"), 0);
	assert_string_equal(w->search.email, "a@example.org");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_bad_calls_name_their_field),
	    cmocka_unit_test(test_good_calls_fill_the_form),
	    cmocka_unit_test(test_call_backs),
	    cmocka_unit_test(test_searches_are_for_one_thing),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
