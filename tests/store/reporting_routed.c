/* How applications were routed: written twice and from two connections, read by number, listed by outcome, erased. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/feed/feed.sql.h"
#include "services/reporting/case_routing.h"
#include "services/reporting/figures.sql.h"
#include "services/reporting/reporting.sql.h"
#include "services/reporting/routed.sql.h"
#include "services/reporting/store.h"
#include "services/reporting/store_figures.h"
#include "services/reporting/store_routed.h"
#include "tests/harness/database.h"

#define COUNT 4
#define FIRST_DAY 18262 /* 2020-01-01 */
#define NUMBER "HM-2020-0000001-0"

static const struct db_statement *const tables[] = {
    feed_statements, reporting_statements, figures_statements, routed_statements, NULL};
static const uint8_t hash[32] = {7};

struct fixture {
	struct database one, two;
	struct arena *arena;
	struct store_routed_calls calls;
	size_t list, listed;
	json_t *json;
	bool whole, english;
};

static int
set_up(void **state)
{
	static struct fixture f;

	f = (struct fixture){.arena = arena_new(0)};
	database_start(&f.one);
	f.two.scratch = f.one.scratch;
	f.two.loop = f.one.loop;
	database_open(&f.one, "reporting", "", tables);
	database_open(&f.two, "reporting", "", tables);
	database_wait_up(&f.one);
	database_wait_up(&f.two);
	*state = &f;
	return 0;
}

static int
tear_down(void **state)
{
	struct fixture *f = *state;

	json_decref(f->json);
	database_close(&f->two);
	database_end(&f->one);
	arena_free(f->arena);
	return 0;
}

static void
commit(struct database *b, struct db_tx *tx)
{
	if (database_commit(b, tx, NULL, NULL) != DB_COMMITTED)
		fail_msg("%s", b->reason.text);
}

static const struct routed routings[COUNT] = {
    {.application_id = {{0}},
	.outcome = "unsure",
	.basket = "",
	.rule = "",
	.model = "m",
	.reason_tr = "Konu kesin değil.",
	.reason_en = "Not sure.",
	.emergency = "",
	.phone = "",
	.candidates = "[]",
	.matters = "[]"},
    {.application_id = {{1}},
	.outcome = "sure",
	.basket = "",
	.urgent = true,
	.confidence = 930,
	.rules_version = 12,
	.rule = "",
	.model = "2026-11-26-ab12",
	.reason_tr = "“çöp”, “koku” sözcükleri nedeniyle yönlendirildi.",
	.reason_en = "Routed because of “çöp”.",
	.emergency = "112",
	.phone = "185",
	.candidates = "[{\"topic\":\"TEM-01\",\"department\":\"TEM\",\"score\":930,\"words\":[\"çöp\",\"koku\"]},"
		      "{\"topic\":\"XYZ-01\",\"department\":\"XYZ\",\"score\":20,\"words\":[]}]",
	.matters = "[{\"topic\":\"TEM-01\",\"department\":\"TEM\",\"score\":930,\"words\":[\"çöp\"]}]"},
    {.application_id = {{2}},
	.outcome = "basket",
	.basket = "thanks",
	.rule = "",
	.model = "",
	.reason_tr = "",
	.reason_en = "",
	.emergency = "",
	.phone = "",
	.candidates = "[]",
	.matters = "[]"},
    {.application_id = {{3}},
	.outcome = "rule",
	.basket = "",
	.rule = "yol-kbb",
	.model = "",
	.reason_tr = "",
	.reason_en = "",
	.emergency = "",
	.phone = "",
	.candidates = "[]",
	.matters = "[]"},
};

static void
fill(struct fixture *f, struct database *b)
{
	struct application in[COUNT];
	struct db_tx *tx = db_begin(b->db);

	for (uint8_t i = 0; i < COUNT; i++)
		in[i] = (struct application){.id = {{i}},
		    .number = arena_printf(f->arena, "HM-2020-%07d-0", i),
		    .kind = 1,
		    .channel = 1,
		    .state = 1,
		    .received_at = (FIRST_DAY + i) * INT64_C(86400000000),
		    .received_on = FIRST_DAY + i,
		    .due_on = FIRST_DAY + i + 30,
		    .access_code_hash = hash,
		    .version = 1,
		    .first_version = 1,
		    .at = (FIRST_DAY + i) * INT64_C(86400000000)};
	store_applications_received(tx, in, COUNT, FIRST_DAY);
	store_routings(tx, routings, COUNT);
	commit(b, tx);
}

static void
on_read(void *arg, const struct db_results *results)
{
	struct fixture *f = arg;

	json_decref(f->json);
	f->json = case_routing_json(f->arena, results, &f->calls, f->whole, f->english);
}

static const json_t *
read_routing(struct fixture *f, struct database *b, bool whole, bool english)
{
	struct db_tx *tx = db_begin(b->db);

	f->whole = whole;
	f->english = english;
	f->calls = store_case_routing(tx, NUMBER);
	if (database_read(b, tx, on_read, f) != DB_COMMITTED)
		fail_msg("%s", b->reason.text);
	return f->json;
}

static void
assert_text(const json_t *json, const char *key, const char *expected)
{
	const char *text = json_string_value(json_object_get(json, key));

	if (!text || strcmp(text, expected) != 0)
		fail_msg("%s is \"%s\", not \"%s\"", key, text ? text : "-", expected);
}

static void
test_a_routing_is_written_once_and_read(void **state)
{
	struct fixture *f = *state;
	const json_t *json = NULL, *candidates = NULL;

	fill(f, &f->one);
	fill(f, &f->two); /* the same again */
	json = read_routing(f, &f->two, true, false);
	assert_text(json, "outcome", "sure");
	assert_text(json, "outcome_text", "Kesin");
	assert_true(json_is_null(json_object_get(json, "basket")));
	assert_true(json_is_true(json_object_get(json, "urgent")));
	assert_text(json, "emergency", "112");
	assert_text(json, "institution_phone", "185");
	assert_text(json, "reason", "“çöp”, “koku” sözcükleri nedeniyle yönlendirildi.");
	assert_text(json, "model", "2026-11-26-ab12");
	assert_int_equal(json_integer_value(json_object_get(json, "rules_version")), 12);
	candidates = json_object_get(json, "candidates");
	assert_int_equal(json_array_size(candidates), 2);
	assert_int_equal(json_array_size(json_object_get(json_array_get(candidates, 0), "words")), 2);
	assert_text(json_array_get(candidates, 1), "topic", "XYZ-01");
	assert_true(json_is_null(json_object_get(json_array_get(candidates, 1), "topic_text"))); /* no such topic */
	assert_int_equal(json_array_size(json_object_get(json, "matters")), 1);
}

static void
test_words_are_for_those_who_may_read_the_text(void **state)
{
	struct fixture *f = *state;
	const json_t *json = NULL;
	char *dump = NULL;

	fill(f, &f->one);
	json = read_routing(f, &f->one, false, false);
	assert_text(json, "reason", "“…”, “…” sözcükleri nedeniyle yönlendirildi.");
	dump = json_dumps(json, 0);
	assert_null(strstr(dump, "koku"));
	assert_null(strstr(dump, "çöp"));
	free(dump);
	json = read_routing(f, &f->one, false, true);
	assert_text(json, "reason", "Routed because of “…”.");
	assert_text(json, "outcome_text", "Sure");
}

static void
on_listed(void *arg, const struct db_results *results)
{
	struct fixture *f = arg;
	struct listing_row row;

	f->listed = db_rows(results, f->list);
	for (size_t i = 0; i < f->listed; i++)
		store_get_list_row(results, f->list, i, &row);
}

static size_t
list(struct fixture *f, const char *outcome)
{
	const struct listing listing = {.from = FIRST_DAY, .to = FIRST_DAY + 10, .outcome = outcome};
	const struct listing_place place = {.received_on = FIRST_DAY - 1};
	struct db_tx *tx = db_begin(f->one.db);

	f->list = store_list(tx, &listing, &place, 100);
	if (database_read(&f->one, tx, on_listed, f) != DB_COMMITTED)
		fail_msg("%s", f->one.reason.text);
	return f->listed;
}

static void
test_a_list_is_asked_by_outcome(void **state)
{
	struct fixture *f = *state;

	fill(f, &f->one);
	assert_int_equal(list(f, NULL), COUNT);
	assert_int_equal(list(f, "unsure"), 1);
	assert_int_equal(list(f, "basket"), 1);
	assert_int_equal(list(f, "urgent"), 1);
	assert_int_equal(list(f, "rule"), 1);
	assert_int_equal(list(f, "chosen"), 0);
}

static void
test_what_is_erased_stays_erased(void **state)
{
	struct fixture *f = *state;
	struct uuid ids[] = {{{1}}};
	struct db_tx *tx = NULL;

	fill(f, &f->one);
	tx = db_begin(f->one.db);
	store_applications_erase(tx, ids, 1);
	store_routings_erase(tx, ids, 1);
	commit(&f->one, tx);
	assert_true(json_is_null(read_routing(f, &f->two, true, false)));
	fill(f, &f->two); /* an older event that comes later */
	assert_true(json_is_null(read_routing(f, &f->two, true, false)));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_a_routing_is_written_once_and_read, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_words_are_for_those_who_may_read_the_text, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_a_list_is_asked_by_outcome, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_what_is_erased_stays_erased, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
