/* rules: which rule holds, in which order they are asked, and what each condition means. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "common/base/text.h"
#include "common/rules/rules.h"

#define LARGE 1000 /* rules */
#define ROUNDS 2000
#define HOUR (INT64_C(3600) * 1000000)

/* Of each rule: code, conditions, outcome. */
struct given {
	const char *code, *when, *then;
};

static struct rules *
make(const struct given *given, size_t count)
{
	struct rules_row rows[16] = {{0}};
	struct err e = {""};
	struct rules *r;

	for (size_t i = 0; i < count; i++)
		rows[i] = (struct rules_row){
		    given[i].code, 1, 0, given[i].when, given[i].then ? given[i].then : "{\"triage\":true}"};
	r = rules_new(rows, count, 7, &e);
	if (!r)
		fail_msg("%s", e.text);
	return r;
}

static struct rules_facts
facts_new(void)
{
	struct rules_facts facts = {.on = 20000, .topic = "", .neighbourhood = "", .street_owner = "", .folded = ""};

	facts.received_at = date_start_in_istanbul(19999) + 10 * HOUR; /* Thursday 2024-10-03 */
	return facts;
}

static void
assert_pick(const struct rules *r, const struct rules_facts *facts, const char *expected)
{
	struct arena *a = arena_new(0);
	struct rules_outcome outcome = {0};
	bool found = rules_pick(r, a, facts, &outcome);

	if (!expected)
		assert_false(found);
	else if (!found || strcmp(outcome.rule, expected) != 0)
		fail_msg("rule %s, not %s", found ? outcome.rule : "none", expected);
	arena_free(a);
}

/* One rule with this condition: does it hold? */
static void
assert_holds(const char *when, const struct rules_facts *facts, bool expected)
{
	const struct given given[] = {{"it", when, NULL}};
	struct rules *r = make(given, 1);
	struct arena *a = arena_new(0);
	struct rules_outcome outcome;

	if (rules_pick(r, a, facts, &outcome) != expected)
		fail_msg("%s %s", when, expected ? "does not hold" : "holds");
	arena_free(a);
	rules_free(r);
}

static void
places_and_topics(void **state)
{
	static const char *const areas[] = {"merkez", "sanayi"};
	struct rules_facts facts = facts_new();

	(void)state;
	assert_holds("{\"topics\":[\"YOL\"]}", &facts, false);
	facts.topic = "YOL-01";
	assert_holds("{\"topics\":[\"YOL-02\",\"YOL-01\"]}", &facts, true);
	assert_holds("{\"topics\":[\"YOL\"]}", &facts, true);
	assert_holds("{\"topics\":[\"YO\"]}", &facts, false);
	assert_holds("{\"topics\":[\"YOL-0\"]}", &facts, false);
	assert_holds("{\"neighbourhoods\":[\"fetih\"]}", &facts, false);
	facts.neighbourhood = "fetih";
	assert_holds("{\"neighbourhoods\":[\"akabe\",\"fetih\"]}", &facts, true);
	assert_holds("{\"neighbourhoods\":[\"akabe\"]}", &facts, false);
	assert_holds("{\"street_owners\":[\"KBB\"]}", &facts, false);
	facts.street_owner = "KBB";
	assert_holds("{\"street_owners\":[\"KBB\",\"KGM\"]}", &facts, true);
	assert_holds("{\"areas\":[\"sanayi\"]}", &facts, false);
	facts.areas = areas;
	facts.area_count = 2;
	assert_holds("{\"areas\":[\"sanayi\"]}", &facts, true);
	assert_holds("{\"areas\":[\"liman\"]}", &facts, false);
	assert_holds("{\"topics\":[\"YOL\"],\"areas\":[\"liman\"]}", &facts, false);
}

static void
channels_and_kinds(void **state)
{
	struct rules_facts facts = facts_new();

	(void)state;
	assert_holds("{\"kinds\":[\"complaint\"]}", &facts, false);
	facts.kind = 2;
	facts.channel = 8;
	assert_holds("{\"kinds\":[\"complaint\",\"request\"]}", &facts, true);
	assert_holds("{\"kinds\":[\"thanks\"]}", &facts, false);
	assert_holds("{\"channels\":[\"whatsapp\"]}", &facts, true);
	assert_holds("{\"channels\":[\"web\",\"telegram\"]}", &facts, false);
	facts.kind = 1000;
	facts.channel = -1;
	assert_holds("{\"kinds\":[\"complaint\"]}", &facts, false);
	assert_holds("{\"channels\":[\"whatsapp\"]}", &facts, false);
}

static void
assert_at(const char *when, const char *time, bool expected)
{
	struct rules_facts facts = facts_new();

	assert_true(time_parse(time, &facts.received_at));
	assert_holds(when, &facts, expected);
}

static void
time_of_receipt(void **state)
{
	static const char night[] = "{\"hours\":{\"from\":\"22:00\",\"to\":\"06:00\"}}";
	static const char winter[] = "{\"dates\":{\"from\":\"11-15\",\"to\":\"03-15\"}}";
	static const char last_day[] = "{\"dates\":{\"from\":\"12-31\",\"to\":\"12-31\"}}";

	(void)state;
	assert_at(night, "2026-11-24T22:00:00+03:00", true);
	assert_at(night, "2026-11-24T05:59:59+03:00", true);
	assert_at(night, "2026-11-24T06:00:00+03:00", false);
	assert_at(night, "2026-11-24T19:00:00Z", true);
	assert_at(night, "2026-11-24T21:59:59+03:00", false);
	assert_at("{\"hours\":{\"from\":\"00:00\",\"to\":\"12:00\"}}", "2026-11-24T00:00:00+03:00", true);
	assert_at("{\"hours\":{\"from\":\"12:00\",\"to\":\"24:00\"}}", "2026-11-24T23:59:59+03:00", true);
	assert_at("{\"hours\":{\"from\":\"12:00\",\"to\":\"24:00\"}}", "2026-11-24T00:00:00+03:00", false);
	assert_at(winter, "2026-11-15T00:00:00+03:00", true);
	assert_at(winter, "2026-11-14T23:59:59+03:00", false);
	assert_at(winter, "2026-03-15T23:59:59+03:00", true);
	assert_at(winter, "2026-03-16T00:00:00+03:00", false);
	assert_at(last_day, "2026-12-31T12:00:00+03:00", true);
	assert_at(last_day, "2027-01-01T12:00:00+03:00", false);
	assert_at("{\"dates\":{\"from\":\"02-29\",\"to\":\"02-29\"}}", "2028-02-29T12:00:00+03:00", true);
	assert_at("{\"weekdays\":[\"tue\",\"sun\"]}", "2026-11-24T12:00:00+03:00", true);
	assert_at("{\"weekdays\":[\"wed\"]}", "2026-11-24T12:00:00+03:00", false);
}

static void
working_time(void **state)
{
	static const char open[] = "{\"working_time\":true}", closed[] = "{\"working_time\":false}";
	struct err e;
	struct calendar *c =
	    calendar_new("date,weekday,name,kind\n2026-10-28,,arife,yarim\n2026-10-29,,bayram,tam\n", &e);
	struct rules_facts facts = facts_new();

	(void)state;
	assert_at(open, "2026-11-24T08:30:00+03:00", true);
	assert_at(open, "2026-11-24T08:29:59+03:00", false);
	assert_at(open, "2026-11-24T12:30:00+03:00", false);
	assert_at(open, "2026-11-24T17:29:59+03:00", true);
	assert_at(open, "2026-11-22T10:00:00+03:00", false);
	assert_at(closed, "2026-11-22T10:00:00+03:00", true);
	assert_at(open, "2026-10-29T10:00:00+03:00", true); /* who knows no calendar */
	facts.calendar = c;
	assert_true(time_parse("2026-10-29T10:00:00+03:00", &facts.received_at));
	assert_holds(open, &facts, false);
	assert_true(time_parse("2026-10-28T14:00:00+03:00", &facts.received_at));
	assert_holds(open, &facts, false);
	assert_true(time_parse("2026-10-28T10:00:00+03:00", &facts.received_at));
	assert_holds(open, &facts, true);
	calendar_free(c);
}

static void
assert_text(const char *when, const char *text, bool expected)
{
	struct arena *a = arena_new(0);
	struct rules_facts facts = facts_new();

	facts.folded = text_fold_tr(a, text);
	assert_holds(when, &facts, expected);
	arena_free(a);
}

static void
words(void **state)
{
	static const char pests[] = "{\"words\":{\"any\":[\"Sivrisinek\",\"kara sinek\"]}}";

	(void)state;
	assert_text(pests, "Bu yaz SİVRİSİNEKLERDEN uyuyamadık", true);
	assert_text(pests, "Kara sineği kovdum", true);
	assert_text(pests, "kara bir sinek", false);
	assert_text(pests, "", false);
	assert_text("{\"words\":{\"all\":[\"köpek\",\"okul\"]}}", "Okulun önünde köpeği gördüm", true);
	assert_text("{\"words\":{\"all\":[\"köpek\",\"okul\"]}}", "Okulun önünde", false);
	assert_text("{\"words\":{\"any\":[\"köpek\"],\"none\":[\"ölü köpek\"]}}", "Ölü köpeği alın", false);
	assert_text("{\"words\":{\"any\":[\"köpek\"],\"none\":[\"ölü köpek\"]}}", "Köpek ölü", true);
	assert_text("{\"words\":{\"any\":[\"su\"]}}", "Suyumuz yok", true);
	assert_text("{\"words\":{\"any\":[\"su\"]}}", "Suç", false);
	assert_text("{\"words\":{\"none\":[\"su\"]}}", "", true);
}

static void
dates_of_rules(void **state)
{
	const struct rules_row rows[] = {{"then", 100, 200, "{\"kinds\":[\"thanks\"]}", "{\"department\":\"A1\"}"},
	    {"later", 200, 0, "{\"kinds\":[\"thanks\"]}", "{\"department\":\"A2\"}"}};
	struct rules_facts facts = facts_new();
	struct err e;
	struct rules *r = rules_new(rows, 2, 3, &e);

	(void)state;
	assert_non_null(r);
	assert_int_equal(rules_version(r), 3);
	assert_int_equal(rules_count(r), 2);
	facts.kind = 6;
	facts.on = 99;
	assert_pick(r, &facts, NULL);
	facts.on = 199;
	assert_pick(r, &facts, "then");
	facts.on = 200;
	assert_pick(r, &facts, "later");
	rules_free(r);
}

/* Each pair: the first one before the second, both hold. */
static void
specificity(void **state)
{
	static const char *const pairs[][2] = {
	    {"{\"kinds\":[\"complaint\"],\"channels\":[\"web\"]}", "{\"words\":{\"any\":[\"cop\"]}}"},
	    {"{\"words\":{\"any\":[\"cop\",\"kar\",\"buz\"]}}", "{\"neighbourhoods\":[\"fetih\"]}"},
	    {"{\"neighbourhoods\":[\"fetih\",\"akabe\"]}", "{\"areas\":[\"merkez\"]}"},
	    {"{\"areas\":[\"merkez\"]}", "{\"street_owners\":[\"KBB\"]}"},
	    {"{\"street_owners\":[\"KBB\"]}", "{\"topics\":[\"YOL-01\"]}"},
	    {"{\"topics\":[\"YOL\"]}", "{\"dates\":{\"from\":\"10-03\",\"to\":\"10-03\"}}"},
	    {"{\"dates\":{\"from\":\"10-01\",\"to\":\"10-31\"}}", "{\"hours\":{\"from\":\"09:00\",\"to\":\"11:00\"}}"},
	    {"{\"hours\":{\"from\":\"09:00\",\"to\":\"11:00\"}}", "{\"weekdays\":[\"thu\"]}"},
	    {"{\"weekdays\":[\"thu\"]}", "{\"working_time\":true}"},
	    {"{\"working_time\":true}", "{\"channels\":[\"web\"]}"},
	    {"{\"channels\":[\"web\"]}", "{\"kinds\":[\"complaint\"]}"},
	    {"{\"topics\":[\"YOL-01\",\"YOL-02\"]}", "{\"topics\":[\"YOL\"]}"},
	    {"{\"topics\":[\"YOL-01\"]}", "{\"topics\":[\"YOL-01\",\"YOL-02\"]}"},
	    {"{\"words\":{\"all\":[\"cop\",\"sokak\"]}}", "{\"words\":{\"all\":[\"cop\"],\"any\":[\"sokak\"]}}"},
	    {"{\"words\":{\"any\":[\"cop\"]}}", "{\"words\":{\"any\":[\"cop\",\"kar\"]}}"},
	    {"{\"words\":{\"any\":[\"cop\"],\"none\":[\"kar\"]}}", "{\"words\":{\"any\":[\"cop\"]}}"},
	    {"{\"hours\":{\"from\":\"09:00\",\"to\":\"11:00\"}}", "{\"hours\":{\"from\":\"22:00\",\"to\":\"12:00\"}}"},
	    {"{\"dates\":{\"from\":\"10-01\",\"to\":\"10-31\"}}", "{\"dates\":{\"from\":\"09-01\",\"to\":\"01-31\"}}"},
	    {"{\"topics\":[\"YOL\"],\"channels\":[\"web\"]}", "{\"topics\":[\"YOL\"],\"channels\":[\"web\",\"desk\"]}"},
	};
	static const char *const areas[] = {"merkez"};
	struct rules_facts facts = facts_new();

	(void)state;
	facts.topic = "YOL-01";
	facts.neighbourhood = "fetih";
	facts.street_owner = "KBB";
	facts.areas = areas;
	facts.area_count = 1;
	facts.kind = 2;
	facts.channel = 12;
	facts.folded = "sokak cop";
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		const struct given given[] = {{"a", pairs[i][1], NULL}, {"b", pairs[i][0], NULL}};
		struct rules *r = make(given, 2);

		assert_pick(r, &facts, "b");
		rules_free(r);
	}
}

static void
outcomes(void **state)
{
	const struct given given[] = {
	    {"move", "{\"kinds\":[\"thanks\"]}", "{\"topic\":\"YOL-01\",\"department\":\"KBB\"}"},
	    {"desk", "{\"kinds\":[\"request\"]}", "{\"triage\":true}"}};
	struct rules_facts facts = facts_new();
	struct rules *r = make(given, 2);
	struct rules_outcome outcome;
	struct arena *a = arena_new(0);

	(void)state;
	facts.kind = 6;
	assert_true(rules_pick(r, a, &facts, &outcome));
	assert_string_equal(outcome.topic, "YOL-01");
	assert_string_equal(outcome.department, "KBB");
	assert_false(outcome.triage);
	facts.kind = 1;
	assert_true(rules_pick(r, a, &facts, &outcome));
	assert_true(outcome.triage && !outcome.topic && !outcome.department);
	assert_false(rules_pick(NULL, a, &facts, &outcome));
	assert_int_equal(rules_version(NULL), 0);
	arena_free(a);
	rules_free(r);
}

static void
areas_that_are_asked_for(void **state)
{
	const struct given given[] = {
	    {"a", "{\"areas\":[\"sanayi\",\"merkez\"]}", NULL}, {"b", "{\"areas\":[\"merkez\"]}", NULL}};
	struct rules *r = make(given, 2);
	size_t count;
	const char *const *areas = rules_areas(r, &count);

	(void)state;
	assert_int_equal(count, 2);
	assert_string_equal(areas[0], "merkez");
	assert_string_equal(areas[1], "sanayi");
	rules_areas(NULL, &count);
	assert_int_equal(count, 0);
	rules_free(r);
}

static void
unreadable_rows(void **state)
{
	static const char *const wrong[][3] = {
	    {"", "{}", "line 1"},
	    {"[]", "{}", "JSON object"},
	    {"{}", "{\"triage\":true}", "at least one condition"},
	    {"{\"moon\":[\"full\"]}", "{\"triage\":true}", "no condition \"moon\""},
	    {"{\"kinds\":[\"thanks\"]}", "{\"department\":1}", "then.department"},
	    {"{\"kinds\":[\"thanks\"]}", "", "line 1"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		const struct rules_row row = {"it", 1, 0, wrong[i][0], wrong[i][1]};
		struct err e = {""};

		assert_null(rules_new(&row, 1, 1, &e));
		assert_non_null(strstr(e.text, "rule \"it\""));
		if (!strstr(e.text, wrong[i][2]))
			fail_msg("%s", e.text);
	}
}

static int64_t
cpu_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* Rule number i of a large set: of all forms that a municipality would have, hardly any of which holds. */
static const char *
large_rule(struct arena *a, size_t i)
{
	switch (i % 5) {
	case 0:
		return arena_printf(a,
		    "{\"words\":{\"any\":[\"sozcuk%zu\",\"kelime%zu\",\"iki soz%zu\"]},\"kinds\":[\"complaint\"]}", i,
		    i, i);
	case 1:
		return arena_printf(a,
		    "{\"topics\":[\"YOL-%02zu\",\"TEM-%02zu\"],\"neighbourhoods\":[\"mahalle-%zu\"]}", i % 90, i % 70,
		    i % 80);
	case 2:
		return arena_printf(
		    a, "{\"topics\":[\"YOL\"],\"street_owners\":[\"KBB\"],\"areas\":[\"alan-%zu\"]}", i % 50);
	case 3:
		return arena_printf(a,
		    "{\"words\":{\"all\":[\"cop%zu\"],\"none\":[\"kar%zu\"]},\"channels\":[\"web\"],\"working_time\":"
		    "true}",
		    i, i);
	default:
		return arena_printf(a,
		    "{\"hours\":{\"from\":\"%02zu:%02zu\",\"to\":\"%02zu:00\"},\"topics\":[\"SOS-%02zu\"]}", i % 12,
		    i % 60, 12 + i % 12, i % 99);
	}
}

/* 20 us are promised for 1,000 rules and a text of 250 characters; 1 ms always holds. */
static void
speed(void **state)
{
	static const char text[] = "sokagimizda uc gundur cop toplanmadi konteyner tasiyor kopekler posetleri "
				   "dagitiyor kokudan pencere acamiyoruz "
				   "belediyeyi iki kez aradik gelen olmadi yolda da buyuk bir cukur var arabalar zarar "
				   "goruyor cocuklar okula giderken "
				   "zorlaniyor lutfen ilgilenin";
	struct arena *a = arena_new(0), *turn = arena_new(0);
	struct rules_row *rows = arena_array(a, LARGE, sizeof(*rows));
	struct rules_facts facts = facts_new();
	struct rules_outcome outcome;
	struct err e;
	struct rules *r;
	int64_t started;

	(void)state;
	for (size_t i = 0; i < LARGE; i++)
		rows[i] = (struct rules_row){arena_printf(a, "r%zu", i), 1, 0, large_rule(a, i), "{\"triage\":true}"};
	r = rules_new(rows, LARGE, 1, &e);
	assert_non_null(r);
	facts.topic = "YOL-95";
	facts.neighbourhood = "mahalle-9";
	facts.street_owner = "KBB";
	facts.kind = 2;
	facts.channel = 12;
	facts.folded = text;
	started = cpu_now();
	for (size_t i = 0; i < ROUNDS; i++) {
		assert_false(rules_pick(r, turn, &facts, &outcome));
		arena_reset(turn);
	}
	print_message("# %d rules, %zu characters, ns an application %lld\n", LARGE, sizeof(text) - 1,
	    (long long)((cpu_now() - started) / ROUNDS));
	assert_true(cpu_now() - started < (int64_t)ROUNDS * 1000000);
	rules_free(r);
	arena_free(turn);
	arena_free(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(places_and_topics),
	    cmocka_unit_test(channels_and_kinds),
	    cmocka_unit_test(time_of_receipt),
	    cmocka_unit_test(working_time),
	    cmocka_unit_test(words),
	    cmocka_unit_test(dates_of_rules),
	    cmocka_unit_test(specificity),
	    cmocka_unit_test(outcomes),
	    cmocka_unit_test(areas_that_are_asked_for),
	    cmocka_unit_test(unreadable_rows),
	    cmocka_unit_test(speed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
