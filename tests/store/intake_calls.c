/* Calls in the database: posts in any order say the same at the end, whom a missed call waits for, who called back, pages that
 * leave nobody out, and what the caller applied for before, found by indexes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "services/intake/calls.sql.h"
#include "services/intake/earlier.h"
#include "services/intake/store.h"
#include "tests/harness/database.h"

#define MINUTE INT64_C(60000000)
#define NINE INT64_C(1795413600000000) /* 2026-11-23T09:00:00+03:00 */
#define CALLER "+905000000001"
#define OTHER "+905000000002"

struct call {
	const char *id, *caller;
	int64_t at, ended_at; /* minutes after nine; ended_at 0: not yet */
	const char *answered_by;
	bool missed;
};

static int
set_up(void **state)
{
	struct database *b = calloc(1, sizeof(*b));

	if (!b)
		return -1;
	database_start(b);
	database_open(b, "intake", "", store_tables);
	database_wait_up(b);
	*state = b;
	return 0;
}

static int
tear_down(void **state)
{
	database_close(*state);
	database_end(*state);
	free(*state);
	return 0;
}

static int
empty(void **state)
{
	const struct database *b = *state;

	return scratch_sql(b->scratch, "DELETE FROM intake.call; DELETE FROM intake.application", NULL, 0);
}

static void
store(struct database *b, const char *scope, const struct call *call)
{
	static int raw;
	struct db_tx *tx = db_begin(b->db);
	char *text = arena_printf(db_tx_arena(tx), "{\"place\": %d}", ++raw);

	db_call(tx, &calls_statements[CALLS_STORE]);
	db_bind_text(tx, scope);
	db_bind_bytes(tx, text, strlen(text));
	db_bind_text(tx, text);
	db_bind_text(tx, "application/json");
	db_bind_text(tx, call->id);
	db_bind_text(tx, call->caller);
	db_bind_time(tx, NINE + call->at * MINUTE);
	if (call->ended_at != 0)
		db_bind_time(tx, NINE + call->ended_at * MINUTE);
	else
		db_bind_null(tx);
	db_bind_text(tx, call->answered_by);
	db_bind_bool(tx, call->missed);
	db_bind_text(tx, NULL);
	assert_int_equal(database_commit(b, tx, NULL, NULL), DB_COMMITTED);
}

/* days: after nine. */
static void
apply_later(const struct database *b, const char *number, const char *phone, const char *call_id, int days)
{
	char sql[1024];

	snprintf(sql, sizeof(sql),
	    "INSERT INTO intake.application (id, number, body_hash, kind, channel, received_at, legal_basis, due_on, "
	    "body, "
	    "anonymous, hide_identity, language, prefers, applicant_phone, call_id) VALUES (gen_random_uuid(), '%s', "
	    "decode(repeat('00', 32), 'hex'), 1, 4, '2026-11-23 09:00+03'::timestamptz + %d * interval '1 day', 1, "
	    "'2026-12-23', 'x', false, false, 'tr', 0, %s%s%s, %s%s%s)",
	    number, days, phone ? "'" : "", phone ? phone : "NULL", phone ? "'" : "", call_id ? "'" : "",
	    call_id ? call_id : "NULL", call_id ? "'" : "");
	assert_int_equal(scratch_sql(b->scratch, sql, NULL, 0), 0);
}

static void
apply(const struct database *b, const char *number, const char *phone, const char *call_id)
{
	apply_later(b, number, phone, call_id, 0);
}

/* "caller:calls:newest call id" of each row, with spaces between; and the page that follows. */
struct listed {
	char text[4096];
	size_t rows;
	int64_t first_at;
	char scope[32], call_id[64];
};

static void
take_list(void *arg, const struct db_results *results)
{
	struct listed *list = arg;
	size_t size = 0;

	memset(list, 0, sizeof(*list));
	list->rows = db_rows(results, 0);
	for (size_t row = 0; row < list->rows; row++) {
		size += (size_t)snprintf(list->text + size, sizeof(list->text) - size, "%s%s:%d:%s", row > 0 ? " " : "",
		    db_text(results, 0, row, 0), (int)db_int8(results, 0, row, 1), db_text(results, 0, row, 5));
		list->first_at = db_time(results, 0, row, 2);
		snprintf(list->scope, sizeof(list->scope), "%s", db_text(results, 0, row, 4));
		snprintf(list->call_id, sizeof(list->call_id), "%s", db_text(results, 0, row, 5));
	}
}

/* The page after the one in list; the first when that has no rows. */
static void
next_page(struct database *b, struct listed *list, int rows)
{
	struct db_tx *tx = db_begin(b->db);

	db_call(tx, &calls_statements[CALLS_MISSED]);
	if (list->rows > 0)
		db_bind_time(tx, list->first_at);
	else
		db_bind_null(tx);
	db_bind_text(tx, list->rows > 0 ? list->scope : NULL);
	db_bind_text(tx, list->rows > 0 ? list->call_id : NULL);
	db_bind_int4(tx, rows);
	assert_int_equal(database_read(b, tx, take_list, list), DB_COMMITTED);
}

static void
take_number(void *arg, const struct db_results *results)
{
	*(long long *)arg = db_int8(results, 0, 0, 0);
}

/* The list, and the figure that must be its length. */
static void
assert_waiting(struct database *b, const char *expected)
{
	struct listed list = {.rows = 0};
	struct db_tx *tx;
	long long count = -1;

	next_page(b, &list, 100);
	assert_string_equal(list.text, expected);
	tx = db_begin(b->db);
	db_call(tx, &calls_statements[CALLS_WAITING]);
	assert_int_equal(database_read(b, tx, take_number, &count), DB_COMMITTED);
	assert_int_equal(count, list.rows);
}

static void
settle(struct database *b)
{
	struct db_tx *tx = db_begin(b->db);

	db_call(tx, &calls_statements[CALLS_SETTLE]);
	assert_int_equal(database_commit(b, tx, NULL, NULL), DB_COMMITTED);
}

static void
test_posts_in_any_order_say_the_same(void **state)
{
	static const int orders[6][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
	struct database *b = *state;
	struct call posts[3] = {{.caller = CALLER, .at = 1},
	    {.caller = CALLER, .at = 0, .answered_by = "101", .missed = false},
	    {.at = 1, .ended_at = 5, .answered_by = "102"}};
	char id[16], said[256], sql[512];

	for (size_t i = 0; i < 6; i++) {
		snprintf(id, sizeof(id), "order.%zu", i);
		for (size_t j = 0; j < 4; j++) { /* the first comes twice */
			posts[orders[i][j % 3]].id = id;
			store(b, "exchange0001", &posts[orders[i][j % 3]]);
		}
		snprintf(sql, sizeof(sql),
		    "SELECT concat_ws(' ', caller, answered_by, missed, extract(minute FROM started_at)::int, "
		    "extract(minute FROM ended_at)::int) FROM intake.call WHERE call_id = '%s'",
		    id);
		assert_int_equal(scratch_sql(b->scratch, sql, said, sizeof(said)), 0);
		assert_string_equal(said, CALLER " 102 f 0 5");
	}
	assert_int_equal(
	    scratch_number(b->scratch,
		"SELECT count(*) FROM intake.inbound WHERE source = 'calls/exchange0001' AND state = 'done' "
		"AND raw_size = length(raw)"),
	    24);
	assert_int_equal(scratch_number(b->scratch,
			     "SELECT count(*) FROM intake.call AS c JOIN intake.inbound AS i ON i.id = c.inbound_id"),
	    6);
}

static void
test_an_answered_call_was_never_missed(void **state)
{
	struct database *b = *state;
	const struct call missed = {.id = "1", .caller = CALLER, .missed = true},
			  answered = {.id = "1", .caller = CALLER, .answered_by = "101"};

	store(b, "a", &missed);
	assert_waiting(b, CALLER ":1:1");
	store(b, "a", &answered);
	assert_waiting(b, "");
	store(b, "a", &missed);
	assert_waiting(b, "");
	store(b, "b", &(struct call){.id = "1", .caller = CALLER, .at = 1, .missed = true}); /* another exchange's */
	store(b, "c", &(struct call){.id = "1", .missed = true}); /* nobody can be called back */
	assert_waiting(b, CALLER ":1:1");
}

static void
test_a_missed_call_waits_for_an_answer_or_an_application(void **state)
{
	struct database *b = *state;

	store(b, "a", &(struct call){.id = "1", .caller = CALLER, .at = 10, .missed = true});
	store(b, "a", &(struct call){.id = "2", .caller = CALLER, .at = 20, .missed = true});
	store(b, "a", &(struct call){.id = "3", .caller = OTHER, .at = 5, .missed = true});
	store(b, "a", &(struct call){.id = "4", .caller = CALLER, .at = 0, .answered_by = "101"});
	assert_waiting(b, OTHER ":1:3 " CALLER ":2:2");
	store(b, "a", &(struct call){.id = "5", .caller = CALLER, .at = 15, .answered_by = "102"});
	assert_waiting(b, OTHER ":1:3 " CALLER ":1:2");
	settle(b);
	assert_waiting(b, OTHER ":1:3 " CALLER ":1:2");
	assert_int_equal(
	    scratch_number(b->scratch, "SELECT count(*) FROM intake.call WHERE called_back_by = '102'"), 1);
	apply(b, "HM-2026-0000001-5", NULL, "3");
	assert_waiting(b, CALLER ":1:2");
	store(b, "a", &(struct call){.id = "6", .caller = CALLER, .at = 30});
	apply(b, "HM-2026-0000002-3", NULL, "6"); /* a later call, entered as an application */
	assert_waiting(b, "");
	settle(b);
	settle(b);
	assert_int_equal(
	    scratch_number(b->scratch, "SELECT count(*) FROM intake.call WHERE called_back_by = 'application'"), 2);
	assert_int_equal(
	    scratch_number(b->scratch, "SELECT count(*) FROM intake.call WHERE missed AND called_back_at IS NULL"), 0);
}

static void
take_found(void *arg, const struct db_results *results)
{
	snprintf(arg, 64, "%s", db_null(results, 0, 0, 9) ? "-" : db_text(results, 0, 0, 9));
}

/* An exchange that was reset counts its ids from 1 again. */
static void
test_an_application_ends_no_call_but_its_own(void **state)
{
	struct database *b = *state;
	struct db_tx *tx;
	char number[64];

	apply_later(b, "HM-2026-0000001-5", CALLER, "1", -200);
	apply_later(b, "HM-2026-0000002-3", OTHER, "1", 0);
	apply_later(b, "HM-2026-0000003-1", NULL, "2", 200);
	store(b, "a", &(struct call){.id = "1", .caller = CALLER, .missed = true});
	store(b, "a", &(struct call){.id = "2", .caller = CALLER, .at = 1, .missed = true});
	assert_waiting(b, CALLER ":2:2");
	settle(b);
	assert_waiting(b, CALLER ":2:2");
	tx = db_begin(b->db);
	db_call(tx, &calls_statements[CALLS_FIND]);
	db_bind_text(tx, "2");
	db_bind_text(tx, NULL);
	assert_int_equal(database_read(b, tx, take_found, number), DB_COMMITTED);
	assert_string_equal(number, "-");
	apply_later(b, "HM-2026-0000004-0", CALLER, "2", 3);
	assert_waiting(b, "");
}

/* Calls of the id, missed, by whom before, how many wait no more. */
static void
take_called_back(void *arg, const struct db_results *results)
{
	char *said = arg;

	if (db_rows(results, 0) == 0)
		snprintf(said, 128, "none");
	else
		snprintf(said, 128, "%d %s %s %d", (int)db_int8(results, 0, 0, 0),
		    db_bool(results, 0, 0, 1) ? "missed" : "-",
		    db_null(results, 0, 0, 2) ? "-" : db_text(results, 0, 0, 2), (int)db_int8(results, 0, 0, 3));
}

static void
assert_called_back(struct database *b, const char *id, const char *scope, const char *expected)
{
	struct db_tx *tx = db_begin(b->db);
	char said[128];

	db_call(tx, &calls_statements[CALLS_CALLED_BACK]);
	db_bind_text(tx, id);
	db_bind_text(tx, scope);
	db_bind_text(tx, "masa-3");
	assert_int_equal(database_commit(b, tx, take_called_back, said), DB_COMMITTED);
	assert_string_equal(said, expected);
}

static void
test_a_caller_is_called_back_once(void **state)
{
	struct database *b = *state;

	store(b, "a", &(struct call){.id = "1", .caller = CALLER, .at = 10, .missed = true});
	store(b, "a", &(struct call){.id = "2", .caller = CALLER, .at = 20, .missed = true});
	store(b, "a", &(struct call){.id = "3", .caller = CALLER, .at = 30, .missed = true});
	store(b, "b", &(struct call){.id = "3", .caller = OTHER, .at = 30, .answered_by = "101"});
	assert_called_back(b, "9", NULL, "none");
	assert_called_back(b, "3", NULL, "2 missed - 0"); /* which one? */
	assert_called_back(b, "3", "b", "1 - - 0");
	assert_called_back(b, "2", NULL, "1 missed - 2");
	assert_waiting(b, CALLER ":1:3");
	assert_called_back(b, "2", NULL, "1 missed masa-3 0");
	assert_called_back(b, "1", "a", "1 missed masa-3 0");
	assert_called_back(b, "3", "a", "1 missed - 1");
	assert_waiting(b, "");
}

static void
test_pages_leave_nobody_out(void **state)
{
	struct database *b = *state;
	struct listed list = {.rows = 0};
	char id[16], caller[32];
	size_t seen = 0, pages = 0;

	for (int i = 0; i < 25; i++) {
		snprintf(id, sizeof(id), "%d.x", i);
		snprintf(caller, sizeof(caller), "+9050000%05d", i);
		store(b, i % 2 ? "a" : "b", &(struct call){.id = id, .caller = caller, .at = i / 10, .missed = true});
	}
	do {
		next_page(b, &list, 7);
		seen += list.rows;
		pages++;
	} while (list.rows == 7);
	assert_int_equal(seen, 25);
	assert_int_equal(pages, 4);
}

static void
take_earlier(void *arg, const struct db_results *results)
{
	json_t **json = arg;

	*json = earlier_json(results, 0, true);
}

static json_t *
earlier(struct database *b, const struct earlier_person *person)
{
	struct db_tx *tx = db_begin(b->db);
	json_t *json = NULL;

	assert_int_equal(earlier_ask(tx, person), 0);
	assert_int_equal(database_read(b, tx, take_earlier, &json), DB_COMMITTED);
	return json;
}

static void
test_earlier_applications_are_the_persons(void **state)
{
	static const uint8_t hash[32] = {1}, other[32] = {2};
	const struct {
		struct earlier_person person;
		int count;
	} cases[] = {{{.phone = CALLER}, 1000}, {{.phone = OTHER}, 1}, {{.phone = "+905000000009"}, 0},
	    {{.national_id_hash = hash}, 2}, {{.national_id_hash = other}, 0}, {{.email = "info@EXAMPLE.org"}, 1},
	    {{.email = "INFO@example.org"}, 1}, {{.email = "nfo@example.org"}, 0}, {{0}, 0}};
	struct database *b = *state;
	json_t *json, *list;

	assert_int_equal(
	    scratch_sql(b->scratch,
		"INSERT INTO intake.application (id, number, body_hash, kind, channel, received_at, legal_basis, "
		"due_on, body, anonymous, hide_identity, language, prefers, applicant_phone) SELECT gen_random_uuid(), "
		"'N' || lpad(n::text, 4, '0'), decode(repeat('00', 32), 'hex'), 2, 4, '2026-01-01'::timestamptz + n * "
		"interval '1 hour', 1, '2026-12-23', 'x', false, false, 'tr', 0, '" CALLER
		"' FROM generate_series(1, 1200) AS n",
		NULL, 0),
	    0);
	apply(b, "HM-2026-0000001-5", OTHER, NULL);
	apply(b, "HM-2026-0000002-3", NULL, NULL);
	assert_int_equal(
	    scratch_sql(b->scratch,
		"UPDATE intake.application SET national_id_hash = decode(rpad('01', 64, '0'), 'hex') WHERE number LIKE "
		"'HM-%'; UPDATE intake.application SET applicant_email = 'Info@Example.org', subject = 'Çöp', topic = "
		"'TEM-01' WHERE number LIKE '%-3'",
		NULL, 0),
	    0);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		json = earlier(b, &cases[i].person);
		assert_int_equal(json_integer_value(json_object_get(json, "count")), cases[i].count);
		json_decref(json);
	}
	json = earlier(b, &cases[0].person);
	list = json_object_get(json, "list");
	assert_int_equal(json_array_size(list), EARLIER_SHOWN);
	for (size_t i = 0; i < EARLIER_SHOWN; i++) {
		char number[8];

		snprintf(number, sizeof(number), "N%04zu", 1200 - i);
		assert_string_equal(json_string_value(json_object_get(json_array_get(list, i), "number")), number);
	}
	json_decref(json);
}

/* However large the tables are: no look-up reads one from end to end. */
static void
test_look_ups_use_indexes(void **state)
{
	static const struct {
		int statement;
		const char *arguments;
	} statements[] = {{APPLICANTS_EARLIER, "'+905000000001', NULL, NULL, 10"}, {CALLS_FIND, "'1', NULL"},
	    {CALLS_MISSED, "NULL, NULL, NULL, 100"}, {CALLS_WAITING, ""}, {CALLS_SETTLE, ""},
	    {CALLS_CALLED_BACK, "'1', NULL, 'a'"}};
	struct database *b = *state;
	char sql[8192], plan[16];

	for (size_t i = 0; i < sizeof(statements) / sizeof(statements[0]); i++) {
		const struct db_statement *statement = &calls_statements[statements[i].statement];

		snprintf(sql, sizeof(sql),
		    "DEALLOCATE ALL; DROP TABLE IF EXISTS plan; SET enable_seqscan = off; SET plan_cache_mode = "
		    "force_generic_plan; PREPARE p AS %s; CREATE TEMP "
		    "TABLE plan "
		    "(line text); DO $$ DECLARE line text; BEGIN FOR line IN EXECUTE $e$EXPLAIN EXECUTE p%s%s%s$e$ "
		    "LOOP INSERT INTO "
		    "plan VALUES (line); END LOOP; END $$; SELECT count(*) FROM plan WHERE line ~ 'Seq Scan'",
		    statement->text, *statements[i].arguments ? "(" : "", statements[i].arguments,
		    *statements[i].arguments ? ")" : "");
		assert_int_equal(scratch_sql(b->scratch, sql, plan, sizeof(plan)), 0);
		if (strcmp(plan, "0") != 0)
			fail_msg("%s reads a table from end to end", statement->name);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(test_posts_in_any_order_say_the_same, empty),
	    cmocka_unit_test_setup(test_an_answered_call_was_never_missed, empty),
	    cmocka_unit_test_setup(test_a_missed_call_waits_for_an_answer_or_an_application, empty),
	    cmocka_unit_test_setup(test_an_application_ends_no_call_but_its_own, empty),
	    cmocka_unit_test_setup(test_a_caller_is_called_back_once, empty),
	    cmocka_unit_test_setup(test_pages_leave_nobody_out, empty),
	    cmocka_unit_test_setup(test_earlier_applications_are_the_persons, empty),
	    cmocka_unit_test_setup(test_look_ups_use_indexes, empty),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
