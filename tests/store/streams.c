/* streams: what feed.append, feed.advance and their rights promise, with several real sessions at once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <pthread.h>

#include "tests/harness/scratch.h"
#include "tests/harness/session.h"

#define WRITERS 8
#define ROUNDS 60

/* put(streams) appends one event to each; owners call feed.append as themselves. */
static const char preparation[] =
    "INSERT INTO feed.stream VALUES ('department/AA', 'router'), ('department/BB', 'router') ON CONFLICT DO NOTHING;"
    "CREATE FUNCTION public.put(p text[]) RETURNS text LANGUAGE sql AS $$"
    " SELECT string_agg(a.stream || ':' || a.seq, ',') FROM feed.append(p,"
    " (SELECT array_agg(gen_random_uuid()) FROM unnest(p)), (SELECT array_agg(gen_random_uuid()) FROM unnest(p)),"
    " (SELECT array_agg('test'::text) FROM unnest(p)), (SELECT array_agg(now()) FROM unnest(p)),"
    " (SELECT array_agg('x'::bytea) FROM unnest(p))) AS a $$;"
    "GRANT EXECUTE ON FUNCTION public.put(text[]) TO PUBLIC;";

static int
setup(void **state)
{
	struct err e;
	struct scratch *s = scratch_new(&e);

	if (!s || scratch_sql(s, preparation, NULL, 0) < 0) {
		print_error("%s\n", s ? "preparation was refused" : e.text);
		scratch_free(s);
		return -1;
	}
	*state = s;
	return 0;
}

static int
teardown(void **state)
{
	scratch_free(*state);
	return 0;
}

struct writer {
	pthread_t thread;
	const char *conninfo;
	const char *sql; /* one transaction */
	const char *other; /* every third time; may be NULL */
	int failures;
	char state[6];
};

static void *
write_rounds(void *arg)
{
	struct writer *w = arg;
	struct session *s = session_open(w->conninfo);

	for (int i = 0; i < ROUNDS; i++) {
		const char *state = session_run(s, w->other && i % 3 == 0 ? w->other : w->sql, NULL, 0);

		if (state[0] == '\0')
			continue;
		w->failures++;
		snprintf(w->state, sizeof(w->state), "%s", state);
	}
	session_close(s);
	return NULL;
}

static void
writers_start(struct writer *writers, size_t count, const char *conninfo)
{
	for (size_t i = 0; i < count; i++) {
		writers[i].conninfo = conninfo;
		assert_int_equal(pthread_create(&writers[i].thread, NULL, write_rounds, &writers[i]), 0);
	}
}

static void
writers_join(struct writer *writers, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		pthread_join(writers[i].thread, NULL);
		if (writers[i].failures > 0)
			fail_msg("writer %zu failed %d times, the last time with %s", i, writers[i].failures,
			    writers[i].state);
	}
}

static void
assert_dense(struct scratch *s, const char *stream, long long expected)
{
	char sql[200];

	snprintf(sql, sizeof(sql), "SELECT count(*) FROM feed.event WHERE stream = '%s'", stream);
	assert_int_equal(scratch_number(s, sql), expected);
	snprintf(sql, sizeof(sql), "SELECT max(seq) FROM feed.event WHERE stream = '%s'", stream);
	assert_int_equal(scratch_number(s, sql), expected);
}

static void
test_append_two_writers_in_opposite_order_do_not_deadlock(void **state)
{
	struct scratch *s = *state;
	struct writer writers[2] = {
	    {.sql = "BEGIN; SELECT put(ARRAY['case', 'department/AA', 'department/BB']); COMMIT"},
	    {.sql = "BEGIN; SELECT put(ARRAY['department/BB', 'department/AA', 'case']); COMMIT"},
	};

	writers_start(writers, 2, scratch_conninfo(s, "router"));
	writers_join(writers, 2);
	assert_dense(s, "case", 2 * ROUNDS);
	assert_dense(s, "department/AA", 2 * ROUNDS);
	assert_dense(s, "department/BB", 2 * ROUNDS);
}

static void
test_append_leaves_no_gaps_after_rollbacks(void **state)
{
	struct scratch *s = *state;
	struct writer writers[4] = {0};

	for (size_t i = 0; i < 4; i++) {
		writers[i].sql = "BEGIN; SELECT put(ARRAY['case', 'case', 'department/AA']); COMMIT";
		writers[i].other = "BEGIN; SELECT put(ARRAY['department/AA', 'case']); ROLLBACK";
	}
	writers_start(writers, 4, scratch_conninfo(s, "router"));
	writers_join(writers, 4);
	assert_dense(s, "case", (long long)2 * 4 * ROUNDS * 2 / 3);
	assert_dense(s, "department/AA", (long long)4 * ROUNDS * 2 / 3);
}

/* Whoever reads while others write never sees a seq before all that stand in front of it. */
static void
test_append_commits_in_order_of_seq(void **state)
{
	struct scratch *s = *state;
	struct writer writers[WRITERS] = {0};
	struct session *reader = session_open(scratch_conninfo(s, "router"));
	long long seen = 0;

	for (size_t i = 0; i < WRITERS; i++) {
		writers[i].sql = "BEGIN; SELECT put(ARRAY['case', 'department/AA', 'case']); COMMIT";
		writers[i].other = "BEGIN; SELECT put(ARRAY['case']); SELECT pg_sleep(0.001); ROLLBACK";
	}
	writers_start(writers, WRITERS, scratch_conninfo(s, "router"));
	while (seen < (long long)2 * WRITERS * ROUNDS * 2 / 3) {
		char sql[200], out[100];

		/* -1 when what is new is not exactly what follows */
		snprintf(sql, sizeof(sql),
		    "SELECT CASE WHEN count(*) = 0 THEN %lld WHEN count(*) = max(seq) - %lld THEN max(seq) ELSE -1 END"
		    " FROM feed.event WHERE stream = 'case' AND seq > %lld",
		    seen, seen, seen);
		assert_string_equal(session_run(reader, sql, out, sizeof(out)), "");
		seen = strtoll(out, NULL, 10);
		assert_true(seen >= 0);
	}
	writers_join(writers, WRITERS);
	session_close(reader);
}

static void
test_append_answers_in_the_order_given(void **state)
{
	struct scratch *s = *state;
	struct session *router = session_open(scratch_conninfo(s, "router"));
	char out[200];

	assert_string_equal(session_run(router, "SELECT put(ARRAY['department/BB', 'case', 'department/AA', 'case'])",
				out, sizeof(out)),
	    "");
	assert_string_equal(out, "department/BB:1,case:1,department/AA:1,case:2");
	assert_string_equal(session_run(router, "SELECT put(ARRAY[]::text[])", out, sizeof(out)), "");
	assert_string_equal(
	    session_run(router, "SELECT put(array_fill('department/AA'::text, ARRAY[9]))", out, sizeof(out)), "");
	assert_string_equal(out, "department/AA:2,department/AA:3,department/AA:4,department/AA:5,department/AA:6,"
				 "department/AA:7,department/AA:8,department/AA:9,department/AA:10");
	session_close(router);
}

static void
test_advance_fences_the_loser(void **state)
{
	struct scratch *s = *state;
	struct session *a = session_open(scratch_conninfo(s, "router")),
		       *b = session_open(scratch_conninfo(s, "router"));
	static const char advance[] = "BEGIN; SELECT feed.advance('router', 'intake', 0, 3, gen_random_uuid());"
				      "SELECT put(ARRAY['case']);";

	assert_string_equal(session_run(a, advance, NULL, 0), "");
	session_send(b, advance);
	assert_true(session_busy(b, 200));
	assert_string_equal(session_run(a, "COMMIT", NULL, 0), "");
	assert_string_equal(session_answer(b, NULL, 0), "KF001");
	assert_string_equal(session_run(b, "COMMIT", NULL, 0), "");
	assert_dense(s, "case", 1);
	assert_string_equal(
	    session_run(b, "SELECT feed.advance('router', 'intake', 3, 3, gen_random_uuid())", NULL, 0), "KF001");
	assert_string_equal(
	    session_run(b, "SELECT feed.advance('router', 'intake', 3, 2, gen_random_uuid())", NULL, 0), "KF001");
	assert_string_equal(
	    session_run(b, "SELECT feed.advance('reporting', 'intake', 0, 1, gen_random_uuid())", NULL, 0), "KF001");
	assert_int_equal(scratch_number(s, "SELECT seq FROM feed.cursor WHERE consumer = 'router'"), 3);
	session_close(b);
	session_close(a);
}

/* A session took the lock and stopped. */
static void
test_release_frozen_ends_who_waits_for_its_client(void **state)
{
	struct scratch *s = *state;
	struct session *frozen = session_open(scratch_conninfo(s, "router")),
		       *other = session_open(scratch_conninfo(s, "router"));
	char out[200];

	assert_string_equal(session_run(frozen, "BEGIN; SELECT put(ARRAY['case'])", NULL, 0), "");
	assert_string_equal(session_run(other, "SELECT feed.release_frozen()", out, sizeof(out)), "");
	assert_string_equal(out, "0");
	assert_string_equal(session_run(other, "SELECT put(ARRAY['case'])", NULL, 0), "55P03");
	assert_string_equal(session_run(other, "SELECT feed.release_frozen()", out, sizeof(out)), "");
	assert_string_equal(out, "1");
	assert_string_equal(session_run(other, "SELECT put(ARRAY['case'])", out, sizeof(out)), "");
	assert_string_equal(out, "case:1");
	assert_string_not_equal(session_run(frozen, "COMMIT", NULL, 0), "");
	session_close(other);
	session_close(frozen);
}

static void
test_release_frozen_ends_who_holds_a_cursor(void **state)
{
	struct scratch *s = *state;
	struct session *frozen = session_open(scratch_conninfo(s, "notifier")),
		       *other = session_open(scratch_conninfo(s, "notifier"));
	static const char advance[] = "BEGIN; SELECT feed.advance('notifier', 'case', 0, 1, gen_random_uuid())";
	char out[200];

	assert_string_equal(session_run(frozen, advance, NULL, 0), "");
	assert_string_equal(session_run(other, advance, NULL, 0), "55P03");
	assert_string_equal(session_run(other, "ROLLBACK; SELECT feed.release_frozen()", out, sizeof(out)), "");
	assert_string_equal(out, "1");
	assert_string_equal(session_run(other, advance, NULL, 0), "");
	session_close(other);
	session_close(frozen);
}

/* As one that waits for a standby does: it works, it does not wait for its client. */
static void
test_release_frozen_spares_who_waits_for_something_else(void **state)
{
	struct scratch *s = *state;
	struct session *slow = session_open(scratch_conninfo(s, "router")),
		       *other = session_open(scratch_conninfo(s, "router"));
	struct session *stranger = session_open(scratch_conninfo(s, "intake"));
	char out[200];

	session_send(slow, "BEGIN; SELECT put(ARRAY['case']); SELECT pg_sleep(3.5); COMMIT");
	assert_true(session_busy(slow, 200));
	assert_string_equal(session_run(stranger, "BEGIN; SELECT put(ARRAY['intake'])", NULL, 0), "");
	assert_string_equal(session_run(other, "SELECT put(ARRAY['case'])", NULL, 0), "55P03");
	assert_string_equal(session_run(other, "SELECT feed.release_frozen()", out, sizeof(out)), "");
	assert_string_equal(out, "0");
	assert_string_equal(session_answer(slow, NULL, 0), "");
	assert_string_equal(session_run(stranger, "COMMIT", NULL, 0), "");
	assert_dense(s, "case", 1);
	assert_dense(s, "intake", 1);
	session_close(stranger);
	session_close(other);
	session_close(slow);
}

struct refusal {
	const char *role, *sql, *state;
};

static void
test_rights_are_each_roles_own(void **state)
{
	static const struct refusal refusals[] = {
	    {"intake", "SELECT put(ARRAY['case'])", "KF002"},
	    {"intake", "SELECT put(ARRAY['intake', 'case'])", "KF002"},
	    {"router", "SELECT put(ARRAY['intake'])", "KF002"},
	    {"router", "SELECT put(ARRAY['case', 'department/ZZ'])", "KF002"},
	    {"notifier", "SELECT put(ARRAY['case'])", "42501"},
	    {"reporting", "SELECT put(ARRAY['case'])", "42501"},
	    {"intake",
		"INSERT INTO feed.event VALUES ('intake', 9, gen_random_uuid(), gen_random_uuid(), 'x', now(), 'x')",
		"42501"},
	    {"router",
		"INSERT INTO feed.event VALUES ('case', 9, gen_random_uuid(), gen_random_uuid(), 'x', now(), 'x')",
		"42501"},
	    {"intake", "UPDATE feed.event SET payload = 'y'", "42501"},
	    {"router", "DELETE FROM feed.event", "42501"},
	    {"intake", "TRUNCATE feed.event", "42501"},
	    {"notifier", "SELECT * FROM feed.event", "42501"},
	    {"reporting", "SELECT * FROM feed.event", "42501"},
	    {"router", "UPDATE feed.cursor SET seq = 9", "42501"},
	    {"router", "UPDATE feed.stream SET writer = 'router'", "42501"},
	    {"router", "SELECT * FROM feed.stream FOR UPDATE", "42501"},
	    {"router", "INSERT INTO feed.peer VALUES (repeat('x', 40), 'department/AA')", "42501"},
	    {"router", "SELECT feed.erase('case', 1, 'y', 'x')", "42501"},
	    {"intake", "SELECT feed.advance('router', 'intake', 0, 1, gen_random_uuid())", "42501"},
	    {"notifier", "SELECT feed.park('router', 'case', 1, gen_random_uuid(), gen_random_uuid(), 'x', 'x')",
		"KF002"},
	    {"router", "SELECT * FROM intake.application", "42501"},
	    {"router", "CREATE TABLE public.x ()", "42501"},
	};
	struct scratch *s = *state;
	char out[200];

	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
		struct session *session = session_open(scratch_conninfo(s, refusals[i].role));
		const char *got = session_run(session, refusals[i].sql, NULL, 0);

		if (strcmp(got, refusals[i].state) != 0)
			fail_msg("%s: %s gives \"%s\"", refusals[i].role, refusals[i].sql, got);
		session_close(session);
	}
	assert_int_equal(scratch_number(s, "SELECT count(*) FROM feed.event"), 0);

	struct session *intake = session_open(scratch_conninfo(s, "intake")),
		       *router = session_open(scratch_conninfo(s, "router"));

	assert_string_equal(session_run(intake, "SELECT put(ARRAY['intake', 'intake'])", NULL, 0), "");
	assert_string_equal(session_run(router, "SELECT put(ARRAY['case', 'department/AA', 'case'])", NULL, 0), "");
	assert_string_equal(session_run(intake, "SELECT count(*) FROM feed.event", out, sizeof(out)), "");
	assert_string_equal(out, "2");
	assert_string_equal(session_run(router, "SELECT count(*) FROM feed.event", out, sizeof(out)), "");
	assert_string_equal(out, "3");
	session_close(router);
	session_close(intake);
}

static void
test_parked_events_are_their_consumers_own(void **state)
{
	static const char park[] =
	    "SELECT feed.park('%s', 'intake', 1, gen_random_uuid(), gen_random_uuid(), repeat('r', 5000), 'secret')";
	struct scratch *s = *state;
	struct session *router = session_open(scratch_conninfo(s, "router"));
	struct session *reporting = session_open(scratch_conninfo(s, "reporting"));
	char sql[300], out[200];

	snprintf(sql, sizeof(sql), park, "router");
	assert_string_equal(session_run(router, sql, NULL, 0), "");
	snprintf(sql, sizeof(sql), park, "reporting");
	assert_string_equal(session_run(reporting, sql, NULL, 0), "");
	assert_string_equal(
	    session_run(router, "SELECT count(*) || ' ' || max(consumer) FROM feed.parked", out, sizeof(out)), "");
	assert_string_equal(out, "1 router");
	session_close(reporting);
	session_close(router);
}

static void
test_erase_replaces_the_payload_and_nothing_else(void **state)
{
	struct scratch *s = *state;
	struct session *intake = session_open(scratch_conninfo(s, "intake"));
	char out[200];

	assert_string_equal(session_run(intake, "SELECT put(ARRAY['intake', 'intake', 'intake'])", NULL, 0), "");
	assert_int_equal(
	    scratch_sql(s,
		"CREATE TABLE before AS SELECT * FROM feed.event;"
		"INSERT INTO feed.parked SELECT 'router', stream, seq, event_id, application_id, 'name Ayşe', payload"
		" FROM feed.event WHERE seq = 2;"
		"SELECT feed.erase('intake', 2, 'erased', 'KVKK 7')",
		NULL, 0),
	    0);
	assert_int_equal(
	    scratch_number(s, "SELECT count(*) FROM feed.event AS e JOIN before AS b USING (stream, seq, event_id,"
			      " application_id, at) WHERE (e.payload = b.payload) = (seq <> 2)"),
	    3);
	scratch_sql(
	    s, "SELECT kind || ' ' || convert_from(payload, 'UTF8') FROM feed.event WHERE seq = 2", out, sizeof(out));
	assert_string_equal(out, "erased erased");
	scratch_sql(s, "SELECT reason || ' ' || convert_from(payload, 'UTF8') FROM feed.parked", out, sizeof(out));
	assert_string_equal(out, "erased erased");
	assert_int_equal(scratch_number(s, "SELECT count(*) FROM feed.erasure WHERE seq = 2 AND reason = 'KVKK 7'"), 1);
	assert_string_equal(session_run(intake, "SELECT put(ARRAY['intake'])", out, sizeof(out)), "");
	assert_string_equal(out, "intake:4");
	session_close(intake);
}

int
main(void)
{
#define STREAM_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
	    STREAM_TEST(test_append_two_writers_in_opposite_order_do_not_deadlock),
	    STREAM_TEST(test_append_leaves_no_gaps_after_rollbacks),
	    STREAM_TEST(test_append_commits_in_order_of_seq),
	    STREAM_TEST(test_append_answers_in_the_order_given),
	    STREAM_TEST(test_advance_fences_the_loser),
	    STREAM_TEST(test_release_frozen_ends_who_waits_for_its_client),
	    STREAM_TEST(test_release_frozen_ends_who_holds_a_cursor),
	    STREAM_TEST(test_release_frozen_spares_who_waits_for_something_else),
	    STREAM_TEST(test_rights_are_each_roles_own),
	    STREAM_TEST(test_parked_events_are_their_consumers_own),
	    STREAM_TEST(test_erase_replaces_the_payload_and_nothing_else),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
