/* rules_set: a file of rules is read, and each thing that is wrong with a set is refused with its reason. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/domain/calendar.h"
#include "common/rules/rules_set.h"

#define SQUARE(x1, y1, x2, y2)                                                                                         \
	"{\"type\":\"Polygon\",\"coordinates\":[[[" #x1 "," #y1 "],[" #x2 "," #y1 "],[" #x2 "," #y2 "],[" #x1 "," #y2  \
	"],[" #x1 "," #y1 "]]]}"

static const struct rules_department departments[] = {{"KBB", 1, 0}, {"FEN", 1, 0}, {"HM", 1, 0}, {"OLD", 1, 20600}};
static const struct rules_topic topics[] = {{"YOL-01", "FEN", 1, 0}, {"YOL-02", "FEN", 1, 0}, {"DIS-12", "KBB", 1, 0},
    {"OLD-01", "FEN", 1, 20600}, {"OLD-02", "OLD", 1, 0}};
static const struct rules_area areas[] = {
    {"merkez", "merkez", SQUARE(0, 0, 10, 10), false, 1, 0},
    {"kuzey", "kuzey", SQUARE(0, 10, 10, 20), false, 1, 0},
    {"genis", "genis", SQUARE(-5, -5, 30, 30), false, 1, 0},
    {"bos", "bos", NULL, false, 1, 0},
    {"fetih", "fetih\nfetih mahallesi", SQUARE(2, 2, 4, 4), true, 1, 0},
    {"sariyakup", "sariyakup", SQUARE(2, 12, 4, 14), true, 1, 0},
    {"yarma", "yarma", NULL, true, 1, 0},
    {"ova-1", "ova", NULL, true, 1, 0},
    {"ova-2", "ova", NULL, true, 1, 0},
    {"eski", "eski", NULL, true, 1, 20600},
};

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

static const struct rules_known known = {
    departments, COUNT(departments), topics, COUNT(topics), areas, COUNT(areas), 20500};

static int
check(struct arena *a, const char *text, struct rules_set *set, struct err *e)
{
	return rules_set_read(a, text, strlen(text), set, e) < 0 ? -1 : rules_set_check(a, set, &known, e);
}

static void
assert_refused(const char *text, const char *const *parts)
{
	struct arena *a = arena_new(0);
	struct rules_set set;
	struct err e = {""};

	if (check(a, text, &set, &e) == 0)
		fail_msg("taken: %s", text);
	for (size_t i = 0; i < 3 && parts[i]; i++)
		if (!strstr(e.text, parts[i]))
			fail_msg("%s\nis refused with: %s\nwhich lacks: %s", text, e.text, parts[i]);
	arena_free(a);
}

static void
assert_taken(const char *text)
{
	struct arena *a = arena_new(0);
	struct rules_set set;
	struct err e = {""};

	if (check(a, text, &set, &e) < 0)
		fail_msg("%s: %s", text, e.text);
	arena_free(a);
}

/* One rule "it" with these members besides its code. */
static const char *
rule_text(struct arena *a, const char *members)
{
	return arena_printf(a, "{\"rules\":[{\"code\":\"it\",%s}]}", members);
}

#define HEAD "\"owner\":\"Fen\",\"reason\":\"r\",\"valid_from\":\"2026-01-01\","
#define TRIAGE ",\"then\":{\"triage\":true}"

static void
forms(void **state)
{
	static const char *const cases[][3] = {
	    {"", "line 1", NULL},
	    {"[]", "JSON object", NULL},
	    {"{\"rules\":[],\"more\":1}", "{\"rules\": [...]}", NULL},
	    {"{\"rules\":{}}", "{\"rules\": [...]}", NULL},
	    {"{\"rules\":[1]}", "rule number 1", "\"code\""},
	    {"{\"rules\":[{\"code\":\"Üç\"}]}", "rule number 1", "a-z, 0-9"},
	    {"{\"rules\":[{\"code\":\"it\",\"code\":\"it\"}]}", "twice", NULL},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		assert_refused(cases[i][0], (const char *const[]){cases[i][1], cases[i][2], NULL});
}

/* members of one rule; two parts of the reason besides its code. */
static const char *const members[][3] = {
    {HEAD "\"when\":{\"kinds\":[\"thanks\"]}" TRIAGE ",\"note\":1", "no member \"note\"", "valid_to"},
    {"\"reason\":\"r\",\"valid_from\":\"2026-01-01\"", "\"owner\"", "1 to 100"},
    {"\"owner\":\"Fen\",\"valid_from\":\"2026-01-01\"", "\"reason\"", "1 to 500"},
    {"\"owner\":\"Fen\",\"reason\":\"a\\nb\"", "\"reason\"", "one line"},
    {"\"owner\":\"Fen\",\"reason\":\"r\"", "\"valid_from\"", "YYYY-MM-DD"},
    {"\"owner\":\"Fen\",\"reason\":\"r\",\"valid_from\":\"2026-02-30\"", "\"valid_from\"", "YYYY-MM-DD"},
    {HEAD "\"valid_to\":\"2026-01-01\"", "can never hold", "valid_to"},
    {HEAD "\"valid_to\":\"2026-02-01\",\"when\":{\"kinds\":[\"thanks\"]}" TRIAGE, "can never hold", "it is over"},
    {HEAD "\"when\":{}" TRIAGE, "at least one condition", NULL},
    {HEAD "\"when\":{\"moon\":1}" TRIAGE, "no condition \"moon\"", "weekdays"},
    {HEAD "\"when\":{\"topics\":[]}" TRIAGE, "when.topics", "1 to 200"},
    {HEAD "\"when\":{\"topics\":\"YOL-01\"}" TRIAGE, "when.topics", "list"},
    {HEAD "\"when\":{\"topics\":[\"YOL-01\",\"YOL-01\"]}" TRIAGE, "when.topics", "stands twice"},
    {HEAD "\"when\":{\"topics\":[\"YOL-99\"]}" TRIAGE, "no topic \"YOL-99\"", "category"},
    {HEAD "\"when\":{\"topics\":[\"XYZ\"]}" TRIAGE, "no topic \"XYZ\"", "category"},
    {HEAD "\"when\":{\"topics\":[\"OLD-01\"]}" TRIAGE, "topic \"OLD-01\" is valid from", "to 2026-05-27"},
    {HEAD "\"when\":{\"street_owners\":[\"XXX\"]}" TRIAGE, "when.street_owners", "no department \"XXX\""},
    {HEAD "\"when\":{\"neighbourhoods\":[\"Ay\"]}" TRIAGE, "no neighbourhood \"Ay\"", "codes and names"},
    {HEAD "\"when\":{\"neighbourhoods\":[\"ova\"]}" TRIAGE, "both \"ova-1\" and \"ova-2\"", "by its code"},
    {HEAD "\"when\":{\"neighbourhoods\":[\"eski\"]}" TRIAGE, "when.neighbourhoods", "valid from"},
    {HEAD "\"when\":{\"neighbourhoods\":[\"fetih\",\"Fetih Mahallesi\"]}" TRIAGE, "when.neighbourhoods",
	"stands twice"},
    {HEAD "\"when\":{\"neighbourhoods\":[\"merkez\"]}" TRIAGE, "no neighbourhood \"merkez\"", NULL},
    {HEAD "\"when\":{\"areas\":[\"yok\"]}" TRIAGE, "no area \"yok\"", "codes"},
    {HEAD "\"when\":{\"areas\":[\"bos\"]}" TRIAGE, "shape of \"bos\"", NULL},
    {HEAD "\"when\":{\"neighbourhoods\":[\"sariyakup\"],\"areas\":[\"merkez\"]}" TRIAGE, "can never hold",
	"outside of"},
    {HEAD "\"when\":{\"channels\":[\"fax\"]}" TRIAGE, "no \"fax\"", "whatsapp"},
    {HEAD "\"when\":{\"kinds\":[\"joke\"]}" TRIAGE, "no \"joke\"", "complaint"},
    {HEAD "\"when\":{\"weekdays\":[\"monday\"]}" TRIAGE, "no \"monday\"", "mon tue"},
    {HEAD "\"when\":{\"weekdays\":[\"mon\",\"tue\",\"wed\",\"thu\",\"fri\",\"sat\",\"sun\"]}" TRIAGE, "names all",
	NULL},
    {HEAD "\"when\":{\"dates\":{\"from\":\"02-30\",\"to\":\"03-01\"}}" TRIAGE, "when.dates.from", "MM-DD"},
    {HEAD "\"when\":{\"dates\":{\"from\":\"03-01\"}}" TRIAGE, "when.dates", "nothing else"},
    {HEAD "\"when\":{\"dates\":{\"from\":\"03-01\",\"to\":\"02-29\"}}" TRIAGE, "when.dates", "whole year"},
    {HEAD "\"when\":{\"hours\":{\"from\":\"25:00\",\"to\":\"08:00\"}}" TRIAGE, "when.hours.from", "00:00 to 24:00"},
    {HEAD "\"when\":{\"hours\":{\"from\":\"08:00\",\"to\":\"08:00\"}}" TRIAGE, "when.hours", "must differ"},
    {HEAD "\"when\":{\"working_time\":1}" TRIAGE, "when.working_time", "true or false"},
    {HEAD "\"when\":{\"working_time\":true,\"weekdays\":[\"sat\",\"sun\"]}" TRIAGE, "can never hold", "when.weekdays"},
    {HEAD "\"when\":{\"working_time\":true,\"hours\":{\"from\":\"18:00\",\"to\":\"08:00\"}}" TRIAGE, "can never hold",
	"when.hours"},
    {HEAD "\"when\":{\"words\":[\"su\"]}" TRIAGE, "when.words", "nothing else"},
    {HEAD "\"when\":{\"words\":{\"some\":[\"su\"]}}" TRIAGE, "when.words", "nothing else"},
    {HEAD "\"when\":{\"words\":{\"any\":[\"...\"]}}" TRIAGE, "0 words", "1 to 4"},
    {HEAD "\"when\":{\"words\":{\"any\":[\"a b c d e\"]}}" TRIAGE, "5 words", "1 to 4"},
    {HEAD "\"when\":{\"words\":{\"any\":[\"x\"]}}" TRIAGE, "2 to 40 bytes", NULL},
    {HEAD "\"when\":{\"words\":{\"any\":[\"çöp\",\"COP\"]}}" TRIAGE, "when.words.any", "stands twice"},
    {HEAD "\"when\":{\"words\":{\"all\":[\"sivrisinek\"],\"none\":[\"sivri\"]}}" TRIAGE, "can never hold", "forbids"},
    {HEAD "\"when\":{\"words\":{\"any\":[\"kara sinek\",\"sinekler\"],\"none\":[\"sinek\"]}}" TRIAGE, "can never hold",
	"forbids"},
    {HEAD "\"when\":{\"kinds\":[\"thanks\"]}", "\"then\"", "object"},
    {HEAD "\"when\":{\"kinds\":[\"thanks\"]},\"then\":{}", "\"then\"", "nothing else"},
    {HEAD "\"when\":{\"kinds\":[\"thanks\"]},\"then\":{\"triage\":false}", "then.triage", "true"},
    {HEAD "\"when\":{\"kinds\":[\"thanks\"]},\"then\":{\"triage\":true,\"department\":\"KBB\"}", "\"then\"",
	"nothing else"},
    {HEAD "\"when\":{\"kinds\":[\"thanks\"]},\"then\":{\"department\":\"XXX\"}", "then.department",
	"no department \"XXX\""},
    {HEAD "\"when\":{\"kinds\":[\"thanks\"]},\"then\":{\"department\":\"OLD\"}", "then.department", "is valid from"},
    {HEAD "\"when\":{\"kinds\":[\"thanks\"]},\"then\":{\"topic\":\"YOL\"}", "then.topic", "no topic \"YOL\""},
    {HEAD "\"when\":{\"kinds\":[\"thanks\"]},\"then\":{\"topic\":\"OLD-02\"}", "then.topic",
	"department \"OLD\" is valid"},
};

static void
rules_that_are_wrong(void **state)
{
	struct arena *a = arena_new(0);

	(void)state;
	for (size_t i = 0; i < COUNT(members); i++)
		assert_refused(
		    rule_text(a, members[i][0]), (const char *const[]){"rule \"it\"", members[i][1], members[i][2]});
	arena_free(a);
}

static const char *
two(struct arena *a, const char *const whens[2], const char *const thens[2])
{
	return arena_printf(a,
	    "{\"rules\":[{\"code\":\"first\"," HEAD "\"when\":%s,\"then\":%s},{\"code\":\"second\"," HEAD
	    "\"when\":%s,\"then\":%s}]}",
	    whens[0], thens[0], whens[1], thens[1]);
}

static const char *const otherwise[2] = {"{\"department\":\"KBB\"}", "{\"department\":\"FEN\"}"};
static const char *const alike[2] = {"{\"department\":\"KBB\"}", "{\"department\":\"KBB\"}"};

/* Two conditions, and what of an application both hold for. */
static const char *const ties[][3] = {
    {"{\"topics\":[\"YOL-01\",\"YOL-02\"]}", "{\"topics\":[\"YOL-02\",\"DIS-12\"]}", "topic YOL-02"},
    {"{\"topics\":[\"YOL\"],\"kinds\":[\"request\"],\"channels\":[\"web\",\"x\"]}",
	"{\"topics\":[\"YOL\"],\"kinds\":[\"request\"],\"channels\":[\"x\",\"desk\"]}",
	"topic YOL-01, channel x, kind request"},
    {"{\"neighbourhoods\":[\"fetih\",\"yarma\"]}", "{\"neighbourhoods\":[\"ova-1\",\"Fetih\"]}", "neighbourhood fetih"},
    {"{\"areas\":[\"merkez\"]}", "{\"areas\":[\"genis\"]}", "a point in merkez and genis"},
    {"{\"street_owners\":[\"KBB\",\"FEN\"]}", "{\"street_owners\":[\"FEN\",\"HM\"]}", "a street of FEN"},
    {"{\"dates\":{\"from\":\"12-01\",\"to\":\"01-31\"}}", "{\"dates\":{\"from\":\"01-31\",\"to\":\"04-01\"}}",
	"on 01-31"},
    {"{\"hours\":{\"from\":\"08:00\",\"to\":\"10:00\"}}", "{\"hours\":{\"from\":\"09:30\",\"to\":\"11:30\"}}",
	"at 09:30"},
    {"{\"weekdays\":[\"mon\",\"sat\"],\"working_time\":false}",
	"{\"weekdays\":[\"sat\",\"tue\"],\"working_time\":false}", "outside of working time, on sat"},
    {"{\"words\":{\"any\":[\"çöp\",\"kar\"]}}", "{\"words\":{\"any\":[\"kar\",\"buz\"]}}", "the text \"cop"},
    {"{\"words\":{\"any\":[\"köpek\"],\"none\":[\"kedi\"]}}", "{\"words\":{\"any\":[\"kedi\"],\"none\":[\"kuş\"]}}",
	NULL},
    {"{\"words\":{\"any\":[\"köpek\",\"kuş\"],\"none\":[\"kedi\"]}}",
	"{\"words\":{\"any\":[\"kedi\",\"balık\"],\"none\":[\"köpek\"]}}", "the text \"kus zqz balik\""},
};

static void
ties_are_refused(void **state)
{
	struct arena *a = arena_new(0);

	(void)state;
	for (size_t i = 0; i < COUNT(ties); i++) {
		if (ties[i][2])
			assert_refused(
			    two(a, ties[i], otherwise), (const char *const[]){"rules \"first\" and \"second\" tie",
							    ties[i][2], "another condition"});
		else
			assert_taken(two(a, ties[i], otherwise));
		assert_taken(two(a, ties[i], alike));
	}
	arena_free(a);
}

static const char *const apart[][2] = {
    {"{\"topics\":[\"YOL-01\"]}", "{\"topics\":[\"YOL-02\"]}"},
    {"{\"topics\":[\"YOL\"]}", "{\"topics\":[\"DIS\"]}"},
    {"{\"channels\":[\"web\"]}", "{\"channels\":[\"desk\"]}"},
    {"{\"kinds\":[\"thanks\"]}", "{\"channels\":[\"desk\"]}"},
    {"{\"areas\":[\"merkez\"]}", "{\"areas\":[\"kuzey\"]}"}, /* neighbours */
    {"{\"neighbourhoods\":[\"fetih\"],\"areas\":[\"genis\"]}",
	"{\"neighbourhoods\":[\"sariyakup\"],\"areas\":[\"genis\"]}"},
    {"{\"hours\":{\"from\":\"08:00\",\"to\":\"10:00\"}}", "{\"hours\":{\"from\":\"10:00\",\"to\":\"12:00\"}}"},
    {"{\"dates\":{\"from\":\"12-01\",\"to\":\"12-31\"}}", "{\"dates\":{\"from\":\"01-01\",\"to\":\"01-31\"}}"},
    {"{\"working_time\":true}", "{\"working_time\":false}"},
    {"{\"working_time\":true,\"hours\":{\"from\":\"11:00\",\"to\":\"13:15\"}}",
	"{\"working_time\":true,\"hours\":{\"from\":\"12:45\",\"to\":\"15:00\"}}"},
};

static void
rules_apart_are_taken(void **state)
{
	struct arena *a = arena_new(0);

	(void)state;
	for (size_t i = 0; i < COUNT(apart); i++)
		assert_taken(two(a, apart[i], otherwise));
	arena_free(a);
}

/* The first hides the second. */
static const char *const hiding[][2] = {
    {"{\"topics\":[\"YOL-01\"],\"weekdays\":[\"sat\",\"sun\"],\"working_time\":false}",
	"{\"topics\":[\"YOL-01\"],\"weekdays\":[\"sun\"]}"},
    {"{\"areas\":[\"merkez\"],\"neighbourhoods\":[\"fetih\"]}", "{\"neighbourhoods\":[\"fetih\"]}"},
    {"{\"words\":{\"any\":[\"sinek\"]}}", "{\"words\":{\"any\":[\"sineklik\",\"kara sinek\"]}}"},
    {"{\"words\":{\"all\":[\"kara\",\"sinek\"]}}", "{\"words\":{\"all\":[\"kara sinek\"]}}"},
    {"{\"hours\":{\"from\":\"08:00\",\"to\":\"18:00\"},\"working_time\":true}", "{\"working_time\":true}"},
    {"{\"weekdays\":[\"mon\",\"tue\",\"wed\",\"thu\",\"fri\"],\"working_time\":true}", "{\"working_time\":true}"},
    {"{\"topics\":[\"YOL-01\"]}", "{\"topics\":[\"YOL-01\"]}"},
};

static void
hidden_rules_are_refused(void **state)
{
	struct arena *a = arena_new(0);

	(void)state;
	for (size_t i = 0; i < COUNT(hiding); i++) {
		assert_refused(two(a, hiding[i], otherwise),
		    (const char *const[]){"rule \"second\" can never decide", "\"first\"", "holds wherever it does"});
		assert_refused(
		    two(a, hiding[i], alike), (const char *const[]){"rule \"second\" can never decide", NULL, NULL});
	}
	arena_free(a);
}

/* Rules of different times neither tie nor hide. */
static void
times_apart(void **state)
{
	static const char text[] = "{\"rules\":[{\"code\":\"a\",\"owner\":\"o\",\"reason\":\"r\",\"valid_from\":\"2026-"
				   "01-01\",\"valid_to\":\"2027-01-01\","
				   "\"when\":{\"topics\":[\"YOL-01\"]},\"then\":{\"department\":\"KBB\"}},"
				   "{\"code\":\"b\",\"owner\":\"o\",\"reason\":\"r\",\"valid_from\":\"%s\","
				   "\"when\":{\"topics\":[\"YOL-01\"]},\"then\":{\"department\":\"FEN\"}}]}";
	struct arena *a = arena_new(0);
	char later[1024], sooner[1024];
	const char *place = strstr(text, "%s");
	int head = (int)(place - text);

	(void)state;
	snprintf(later, sizeof(later), "%.*s2027-01-01%s", head, text, place + 2);
	snprintf(sooner, sizeof(sooner), "%.*s2026-12-31%s", head, text, place + 2);
	assert_taken(later);
	assert_refused(sooner, (const char *const[]){"\"a\" and \"b\" tie", "topic YOL-01", NULL});
	arena_free(a);
}

static void
names_become_codes(void **state)
{
	struct arena *a = arena_new(0);
	struct rules_set set;
	struct err e = {""};
	const char *text = rule_text(a,
	    HEAD "\"when\":{\"neighbourhoods\":[\"SARIYAKUP\",\"Fetih Mahallesi\"],\"words\":{\"any\":"
		 "[\"Çöp\"]},\"hours\":{\"from\":\"12:00\",\"to\":\"24:00\"},\"dates\":{\"from\":\"12-01\","
		 "\"to\":\"02-29\"}},\"then\":{\"topic\":\"YOL-01\"}");
	json_t *json;
	char *written;

	(void)state;
	assert_int_equal(check(a, text, &set, &e), 0);
	json = rule_conditions_json(&set.list[0]);
	written = json_dumps(json, JSON_COMPACT);
	assert_string_equal(written,
	    "{\"words\":{\"any\":[\"cop\"]},\"neighbourhoods\":[\"fetih\",\"sariyakup\"],\"dates\":{\"from\":"
	    "\"12-01\",\"to\":\"02-29\"},\"hours\":{\"from\":\"12:00\",\"to\":\"24:00\"}}");
	free(written);
	json_decref(json);
	json = rule_outcome_json(&set.list[0]);
	assert_string_equal(json_string_value(json_object_get(json, "topic")), "YOL-01");
	json_decref(json);
	arena_free(a);
}

/* count rules that differ in a word. */
static char *
many(size_t count, const char *reason)
{
	size_t room = (strlen(reason) + 300) * (count + 1), used = 0;
	char *text = malloc(room);

	assert_non_null(text);
	used += (size_t)snprintf(text, room, "{\"rules\":[");
	for (size_t i = 0; i < count; i++)
		used += (size_t)snprintf(text + used, room - used,
		    "%s{\"code\":\"r%zu\",\"owner\":\"o\",\"reason\":\"%s\",\"valid_from\":\"2026-01-01\",\"when\":{"
		    "\"words\":{\"all\":["
		    "\"word%zu\"],\"none\":[\"word%zu\"]}},\"then\":{\"triage\":true}}",
		    i > 0 ? "," : "", i, reason, 10000 + i, 20000 + i);
	snprintf(text + used, room - used, "]}");
	return text;
}

static void
limits(void **state)
{
	char *most = many(RULES_MAX, "r"), *more = many(RULES_MAX + 1, "r");
	struct arena *a = arena_new(0);
	char *list = arena_alloc(a, 2 * RULES_RULE_BYTES), *big;
	size_t used = 0;

	(void)state;
	assert_taken(most);
	assert_refused(more, (const char *const[]){"2001 rules", "at most 2000", NULL});
	for (size_t i = 0; used < RULES_RULE_BYTES; i++)
		used += (size_t)snprintf(list + used, 64, "%s\"word%zu\"", i > 0 ? "," : "", i);
	big = arena_printf(
	    a, "{\"rules\":[{\"code\":\"big\"," HEAD "\"when\":{\"words\":{\"any\":[%s]}}" TRIAGE "}]}", list);
	assert_refused(big, (const char *const[]){"rule \"big\"", "larger than 65536", NULL});
	assert_taken("{\"rules\":[]}");
	free(most);
	free(more);
	arena_free(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(forms),
	    cmocka_unit_test(rules_that_are_wrong),
	    cmocka_unit_test(ties_are_refused),
	    cmocka_unit_test(rules_apart_are_taken),
	    cmocka_unit_test(hidden_rules_are_refused),
	    cmocka_unit_test(times_apart),
	    cmocka_unit_test(names_become_codes),
	    cmocka_unit_test(limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
