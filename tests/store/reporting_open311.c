/* What the public sees over Open311: each statement of requests.sql twice and from two connections, what is shown and what
 * is not, and that lists are read by their indexes however much there is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "services/reporting/requests.sql.h"
#include "services/reporting/store_requests.h"
#include "tests/harness/database.h"

#define RECEIVED INT64_C(1795424400000000)
#define SECOND INT64_C(1000000)
#define DAY (86400 * SECOND)
#define PLAN_SIZE (256 * 1024)
#define MANY "200000"

static const struct db_statement *const tables[] = {requests_statements, NULL};

struct fixture {
	struct database one, two;
	struct arena *arena;
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

	database_close(&f->two);
	database_end(&f->one);
	arena_free(f->arena);
	return 0;
}

static struct request
request(struct fixture *f, uint8_t first)
{
	return (struct request){
	    .id = {{first}},
	    .number = arena_printf(f->arena, "HM-2026-%07d-0", first),
	    .topic = "YOL-01",
	    .department = "FEN",
	    .neighbourhood = "Fetih",
	    .version = 2,
	    .state = KOPRU__V1__STATE__STATE_ASSIGNED,
	    .status = REQUEST_OPEN,
	    .received_at = RECEIVED + first * SECOND,
	    .at = RECEIVED + first * SECOND,
	    .expected_on = 20800,
	    .has_point = true,
	    .latitude_e7 = 378700000 + first * 1000,
	    .longitude_e7 = 324900000,
	};
}

static void
commit(struct database *b, struct db_tx *tx)
{
	if (database_commit(b, tx, NULL, NULL) != DB_COMMITTED)
		fail_msg("%s", b->reason.text);
}

static void
put(struct database *b, struct request first)
{
	struct db_tx *tx = db_begin(b->db);

	store_requests_first(tx, &first, 1);
	commit(b, tx);
}

static void
move(struct database *b, struct request later, int32_t version, int32_t state, int64_t at)
{
	struct db_tx *tx = db_begin(b->db);

	later.version = version;
	later.state = state;
	later.status = (int32_t)request_status(state);
	later.at = at;
	store_requests_later(tx, &later, 1);
	commit(b, tx);
}

/* What a list holds: numbers with blanks between, and the last row. */
struct seen {
	struct fixture *f;
	size_t call;
	bool updates;
	const char *numbers;
	struct shown last;
	struct shown_update last_update;
};

static void
on_seen(void *arg, const struct db_results *results)
{
	struct seen *s = arg;

	s->numbers = "";
	for (size_t row = 0; row < db_rows(results, s->call); row++) {
		if (s->updates)
			store_get_shown_update(results, s->call, row, &s->last_update);
		else
			store_get_shown(results, s->call, row, &s->last);
		s->numbers = arena_printf(s->f->arena, "%s%s%.3s", s->numbers, *s->numbers ? " " : "",
		    (s->updates ? s->last_update.number : s->last.number) + 12);
	}
	s->last.neighbourhood = arena_string(s->f->arena, s->last.neighbourhood);
	s->last.moves = arena_string(s->f->arena, s->last.moves);
	s->last.topic_en = arena_string(s->f->arena, s->last.topic_en);
}

static struct open311_query
everything(void)
{
	return (struct open311_query){.status = {REQUEST_OPEN, REQUEST_CLOSED},
	    .status_count = 2,
	    .from = RECEIVED - DAY,
	    .to = RECEIVED + DAY,
	    .changed_from = RECEIVED - DAY,
	    .changed_to = RECEIVED + DAY,
	    .count = 100};
}

static struct seen
look(struct fixture *f, const struct open311_query *q, bool updates)
{
	struct db_tx *tx = db_begin(f->one.db);
	struct seen s = {.f = f, .updates = updates};

	s.call = updates ? store_updates_shown(tx, q) : store_requests_shown(tx, q);
	if (database_read(&f->one, tx, on_seen, &s) != DB_COMMITTED)
		fail_msg("%s", f->one.reason.text);
	return s;
}

static void
test_a_row_only_moves_forward_and_tells_when_it_changed(void **state)
{
	struct fixture *f = *state;
	struct request r = request(f, 1);
	struct open311_query q = everything();
	struct seen s;

	put(&f->one, r);
	put(&f->two, r);
	move(&f->one, r, 3, KOPRU__V1__STATE__STATE_IN_PROGRESS, RECEIVED + 100 * SECOND);
	move(&f->two, r, 3, KOPRU__V1__STATE__STATE_IN_PROGRESS, RECEIVED + 500 * SECOND);
	s = look(f, &q, false);
	assert_string_equal(s.numbers, "001");
	assert_int_equal(s.last.updated_at, RECEIVED + 100 * SECOND);
	/* A note moves nothing that the public sees. */
	move(&f->one, r, 4, KOPRU__V1__STATE__STATE_IN_PROGRESS, RECEIVED + 200 * SECOND);
	assert_int_equal(look(f, &q, false).last.updated_at, RECEIVED + 100 * SECOND);
	/* Of a closed one: when it was closed. */
	move(&f->one, r, 5, KOPRU__V1__STATE__STATE_ANSWERED, RECEIVED + 300 * SECOND);
	move(&f->one, r, 6, KOPRU__V1__STATE__STATE_CLOSED, RECEIVED + 400 * SECOND);
	s = look(f, &q, false);
	assert_int_equal(s.last.updated_at, RECEIVED + 300 * SECOND);
	assert_int_equal(s.last.state, KOPRU__V1__STATE__STATE_CLOSED);
	assert_int_equal(s.last.status, REQUEST_CLOSED);
	move(&f->one, r, 5, KOPRU__V1__STATE__STATE_ASSIGNED, RECEIVED + 900 * SECOND);
	assert_int_equal(look(f, &q, false).last.state, KOPRU__V1__STATE__STATE_CLOSED);
}

/* However events fall into turns, the rows are the same: they go out one after the other. */
static void
test_several_events_of_one_turn_are_as_one_after_the_other(void **state)
{
	struct fixture *f = *state;
	struct request r = request(f, 1), list[4];
	struct open311_query q = everything();
	struct db_tx *tx = db_begin(f->one.db);
	static const int32_t states[] = {KOPRU__V1__STATE__STATE_CLOSED, KOPRU__V1__STATE__STATE_IN_PROGRESS,
	    KOPRU__V1__STATE__STATE_ANSWERED, KOPRU__V1__STATE__STATE_ASSIGNED};
	static const int32_t versions[] = {5, 3, 4, 3};

	put(&f->one, r);
	put(&f->one, request(f, 2));
	for (size_t i = 0; i < 4; i++) {
		list[i] = i < 3 ? r : request(f, 2);
		list[i].version = versions[i];
		list[i].state = states[i];
		list[i].status = (int32_t)request_status(states[i]);
		list[i].at = RECEIVED + versions[i] * 100 * SECOND;
	}
	store_requests_later(tx, list, 4);
	commit(&f->one, tx);
	q.topics = (const char *[]){"YOL-01"};
	q.topic_count = 1;
	assert_string_equal(look(f, &q, false).numbers, "002 001");
	assert_int_equal(look(f, &q, false).last.updated_at, RECEIVED + 400 * SECOND);
	assert_int_equal(look(f, &q, false).last.state, KOPRU__V1__STATE__STATE_CLOSED);
}

static void
test_what_is_erased_withdrawn_or_of_other_topics_is_not_shown(void **state)
{
	struct fixture *f = *state;
	struct open311_query q = everything();
	struct request erased = request(f, 1), other = request(f, 3), triage = request(f, 4);
	struct db_tx *tx;

	put(&f->one, erased);
	put(&f->one, request(f, 2));
	other.topic = "SOS-01";
	triage.topic = NULL;
	put(&f->one, other);
	put(&f->one, triage);
	put(&f->one, request(f, 5));
	move(&f->one, request(f, 5), 3, KOPRU__V1__STATE__STATE_WITHDRAWN, RECEIVED);
	assert_string_equal(look(f, &q, false).numbers, "002 001");
	assert_int_equal(scratch_sql(f->one.scratch,
			     "INSERT INTO reporting.erasure (application_id) "
			     "VALUES ('01000000-0000-0000-0000-000000000000')",
			     NULL, 0),
	    0);
	for (int twice = 0; twice < 2; twice++) {
		tx = db_begin(f->one.db);
		store_requests_erase(tx, &erased.id, 1);
		commit(&f->one, tx);
	}
	put(&f->two, erased);
	assert_string_equal(look(f, &q, false).numbers, "002");
	/* Asked for by number they are not there either. */
	q.by_number = true;
	q.numbers =
	    (const char *[]){erased.number, request(f, 2).number, other.number, triage.number, request(f, 5).number};
	q.number_count = 5;
	assert_string_equal(look(f, &q, false).numbers, "002");
}

static void
test_filters_and_pages(void **state)
{
	struct fixture *f = *state;
	struct open311_query q = everything();
	struct request nowhere = request(f, 6);

	for (uint8_t i = 1; i <= 5; i++)
		put(&f->one, request(f, i));
	nowhere.has_point = false;
	nowhere.topic = "TEM-01";
	put(&f->one, nowhere);
	move(&f->one, request(f, 2), 3, KOPRU__V1__STATE__STATE_ANSWERED, RECEIVED + 1000 * SECOND);
	assert_string_equal(look(f, &q, false).numbers, "006 005 004 003 002 001");
	q.count = 2;
	q.offset = 2;
	assert_string_equal(look(f, &q, false).numbers, "004 003");
	q = everything();
	q.status_count = 1;
	q.status[0] = REQUEST_CLOSED;
	assert_string_equal(look(f, &q, false).numbers, "002");
	q = everything();
	q.topics = (const char *[]){"TEM-01", "NEW-99"};
	q.topic_count = 2;
	assert_string_equal(look(f, &q, false).numbers, "006");
	q = everything();
	q.from = RECEIVED + 2 * SECOND;
	q.to = RECEIVED + 4 * SECOND;
	assert_string_equal(look(f, &q, false).numbers, "003 002");
	q = everything();
	q.has_box = true;
	memcpy(q.box, (int32_t[]){378702000, 378704000, 324000000, 325000000}, sizeof(q.box));
	assert_string_equal(look(f, &q, false).numbers, "004 003 002");
	/* 1,500 of 10^-7 degrees around the third: its neighbours lie 1,000 away. */
	q.has_circle = true;
	memcpy(q.box, (int32_t[]){378000000, 379000000, 324000000, 325000000}, sizeof(q.box));
	memcpy(q.circle, (int64_t[]){378703000, 324900000, 789, 1500 * 1500}, sizeof(q.circle));
	assert_string_equal(look(f, &q, false).numbers, "004 003 002");
	q = everything();
	q.by_change = true;
	assert_string_equal(look(f, &q, false).numbers, "001 003 004 005 006 002");
	q.changed_from = RECEIVED + 100 * SECOND;
	assert_string_equal(look(f, &q, false).numbers, "002");
	q.to = RECEIVED + 2 * SECOND;
	assert_string_equal(look(f, &q, false).numbers, "");
}

static void
test_updates_are_the_moves_of_what_is_shown(void **state)
{
	struct fixture *f = *state;
	struct open311_query q = everything();
	struct request hidden = request(f, 2);
	struct seen s;

	put(&f->one, request(f, 1));
	hidden.topic = "SOS-01";
	put(&f->one, hidden);
	assert_int_equal(
	    scratch_sql(f->one.scratch,
		"INSERT INTO reporting.history (application_id, version, at, event, visible, state, actor_type, "
		"actor_role, code) "
		"SELECT x.id::uuid, n.version, to_timestamp(1795424400 + n.version), n.event, n.visible, n.state, 1, "
		"1, 0 "
		"FROM unnest('{01000000-0000-0000-0000-000000000000,02000000-0000-0000-0000-000000000000}'::text[]) "
		"x(id), "
		"(VALUES (1, 'application.received', true, 1), (2, 'application.routed', true, 2), "
		"(3, 'note.added', false, 2), (4, 'case.accepted', true, 3), "
		"(5, 'case.interim_answered', true, 3), (6, 'case.answered', true, 5)) n(version, event, visible, "
		"state)",
		NULL, 0),
	    0);
	s = look(f, &q, true);
	assert_string_equal(s.numbers, "001 001 001");
	assert_int_equal(s.last_update.version, 6);
	assert_int_equal(s.last_update.state, KOPRU__V1__STATE__STATE_ANSWERED);
	assert_int_equal(s.last_update.at, RECEIVED + 6 * SECOND);
	q.offset = 1;
	q.count = 1;
	assert_int_equal(look(f, &q, true).last_update.version, 4);
	q = everything();
	q.extensions = true;
	assert_string_equal(look(f, &q, false).last.moves, "1795424402000000 2,1795424404000000 3,1795424406000000 5");
	q.by_number = true;
	q.numbers = (const char *[]){request(f, 1).number, hidden.number};
	q.number_count = 2;
	assert_string_equal(look(f, &q, true).numbers, "001 001 001");
}

/* The plan as the service gets it, with what was read: rows come from the index, and no more of them than a page needs. */
static const char *
plan(struct fixture *f, int statement, const char *types, const char *values)
{
	static char out[PLAN_SIZE];
	const char *sql = arena_printf(f->arena,
	    "SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off; DEALLOCATE ALL; PREPARE asked(%s) AS "
	    "%s; "
	    "EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) EXECUTE asked(%s)",
	    types, requests_statements[statement].text, values);

	assert_int_equal(scratch_sql(f->one.scratch, sql, out, sizeof(out)), 0);
	return out;
}

/* Blocks that the whole statement touched: the first figure in the plan. */
static long
blocks(const char *text)
{
	const char *hit = strstr(text, "\"Shared Hit Blocks\": "), *read = strstr(text, "\"Shared Read Blocks\": ");

	assert_non_null(hit);
	assert_non_null(read);
	return strtol(hit + 21, NULL, 10) + strtol(read + 22, NULL, 10);
}

static void
assert_by_index(const char *text, const char *index, long blocks_max)
{
	const char *seq = strstr(text, "\"Seq Scan\"");

	if (!strstr(text, index))
		fail_msg("%s is not used: %s", index, text);
	/* The catalogue's hundred topics may be read from end to end. */
	for (; seq; seq = strstr(seq + 1, "\"Seq Scan\""))
		if (strstr(seq, "Relation Name") &&
		    strncmp(strstr(seq, "\"Relation Name\": ") + 17, "\"topic\"", 7) != 0)
			fail_msg("a table is read from end to end: %s", text);
	if (blocks(text) > blocks_max)
		fail_msg("%ld blocks, at most %ld: %s", blocks(text), blocks_max, text);
}

static void
test_lists_are_read_by_index_however_much_there_is(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(
	    scratch_sql(f->one.scratch,
		"INSERT INTO reporting.public_request SELECT gen_random_uuid(), 'HM-2026-' || lpad(i::text, 7, '0') || "
		"'-0', 2, "
		"1 + i % 2 * 4, 1 + i % 2, (ARRAY(SELECT code FROM router.topic ORDER BY code))[1 + i % 100], 'FEN', "
		"now() - i * interval '30 s', now() - i * interval '30 s', current_date, 'M' || i % 40, "
		"378700000 + i % 1000 * 1000, 324900000 + i % 997 * 1000 FROM generate_series(1, " MANY ") AS i",
		NULL, 0),
	    0);
	assert_int_equal(
	    scratch_sql(f->one.scratch,
		"INSERT INTO reporting.history (application_id, version, at, event, visible, state, actor_type, "
		"actor_role, code) SELECT application_id, 2, received_at, 'application.routed', true, 2, 1, 1, 0 "
		"FROM reporting.public_request",
		NULL, 0),
	    0);
	assert_int_equal(scratch_sql(f->one.scratch, "VACUUM ANALYZE reporting.public_request", NULL, 0), 0);
	assert_int_equal(scratch_sql(f->one.scratch, "VACUUM ANALYZE reporting.history", NULL, 0), 0);
	assert_by_index(
	    plan(f, REQUESTS_RECEIVED, "text[], int[], timestamptz, timestamptz, int[], bigint[], int, int, bool",
		"NULL, '{1,2}', now() - interval '90 days', now(), NULL, NULL, 0, 50, false"),
	    "public_request_received", 2000);
	assert_by_index(
	    plan(f, REQUESTS_RECEIVED, "text[], int[], timestamptz, timestamptz, int[], bigint[], int, int, bool",
		"'{YOL-02}', '{1}', now() - interval '90 days', now(), '{378700000,378800000,324900000,325000000}', "
		"NULL, "
		"0, 50, true"),
	    "public_request_received", 2000);
	assert_by_index(
	    plan(f, REQUESTS_UPDATED,
		"text[], int[], timestamptz, timestamptz, int[], bigint[], int, int, bool, timestamptz, timestamptz",
		"NULL, '{1,2}', now() - interval '1 hour', now(), NULL, NULL, 0, 50, false, '-infinity', now()"),
	    "public_request_updated", 2000);
	assert_by_index(plan(f, REQUESTS_NAMED, "text[], bool", "'{HM-2026-0000007-0,HM-2026-0000017-0}', true"),
	    "public_request_number", 100);
	assert_by_index(plan(f, UPDATES_BETWEEN, "timestamptz, timestamptz, text[], int, int",
			    "now() - interval '1 day', now(), NULL, 0, 50"),
	    "history_visible", 2000);
	/* Of a topic that hardly anybody names not all moves of the time are read. */
	assert_by_index(plan(f, UPDATES_BETWEEN, "timestamptz, timestamptz, text[], int, int",
			    "now() - interval '90 days', now(), '{NEW-99}', 0, 50"),
	    "public_request_", 100);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_a_row_only_moves_forward_and_tells_when_it_changed, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(
		test_several_events_of_one_turn_are_as_one_after_the_other, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(
		test_what_is_erased_withdrawn_or_of_other_topics_is_not_shown, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_filters_and_pages, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_updates_are_the_moves_of_what_is_shown, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_lists_are_read_by_index_however_much_there_is, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
