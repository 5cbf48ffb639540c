/* router_learning: the statements of learning: one lease, the last word, what a corpus is made of, one active model; and the
 * views of rates and drift. */
#include "services/router/learning_store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "services/router/learning.sql.h"
#include "services/router/models.sql.h"
#include "services/router/store.h"
#include "tests/harness/database.h"

#define LEASE 60

static int
setup(void **state)
{
	struct database *b = calloc(1, sizeof(*b));

	assert_non_null(b);
	ids_start();
	database_start(b);
	database_open(b, "router", "", router_tables);
	database_wait_up(b);
	*state = b;
	return 0;
}

static int
teardown(void **state)
{
	database_end(*state);
	free(*state);
	return 0;
}

static void
sql(struct database *b, const char *text)
{
	assert_int_equal(scratch_sql(b->scratch, text, NULL, 0), 0);
}

static void
forget(struct database *b)
{
	sql(b,
	    "DELETE FROM router.example; DELETE FROM router.model; DELETE FROM router.decision;"
	    "UPDATE router.learning SET wanted_at = NULL, holder = NULL, until = NULL, began_at = NULL, attempts = 0,"
	    " ended_at = NULL, outcome = NULL, reason = NULL, figures = NULL");
}

struct taken {
	bool ours;
	int32_t active;
};

static void
look_taken(void *arg, const struct db_results *results)
{
	struct taken *t = arg;

	t->ours = learning_store_taken(results, &t->active);
}

static struct taken
take(struct database *b, struct uuid *holder, int32_t in_force)
{
	struct learning_taking taking = {.holder = uuid_new(),
	    .lease_seconds = LEASE,
	    .days = 7,
	    .examples = 3,
	    .in_force = in_force,
	    .refused = -1};
	struct db_tx *tx = db_begin(b->db);
	struct taken t = {0};

	*holder = taking.holder;
	learning_store_take(tx, &taking);
	assert_int_equal(database_commit(b, tx, look_taken, &t), DB_COMMITTED);
	return t;
}

static void
look_rows(void *arg, const struct db_results *results)
{
	size_t *rows = arg;

	*rows = db_rows(results, 0);
}

static bool
renew(struct database *b, const struct uuid *holder)
{
	struct db_tx *tx = db_begin(b->db);
	size_t rows = 0;

	learning_store_renew(tx, holder, LEASE);
	assert_int_equal(database_commit(b, tx, look_rows, &rows), DB_COMMITTED);
	return rows == 1;
}

static enum db_outcome
end(struct database *b, const struct uuid *holder)
{
	struct db_tx *tx = db_begin(b->db);

	learning_store_end(tx, holder, "refused", "worse", "{}");
	return database_commit(b, tx, NULL, NULL);
}

static void
test_the_lease_is_one_routers_until_it_ends(void **state)
{
	struct database *b = *state;
	struct uuid one, two;

	forget(b);
	assert_false(take(b, &one, 0).ours); /* nobody asked, and there is nothing to learn from */
	sql(b, "UPDATE router.learning SET wanted_at = now(), wanted_by = 'test'");
	assert_true(take(b, &one, 0).ours);
	assert_false(take(b, &two, 0).ours);
	assert_true(renew(b, &one));
	assert_false(renew(b, &two));
	sql(b, "UPDATE router.learning SET until = clock_timestamp()"); /* it was killed */
	assert_true(take(b, &two, 0).ours);
	assert_false(renew(b, &one));
	assert_int_equal(end(b, &one), DB_RETRY); /* what it still says does not count */
	assert_int_equal(end(b, &two), DB_COMMITTED);
	assert_int_equal(end(b, &two), DB_RETRY);
	assert_false(take(b, &one, 0).ours); /* what was asked for has been done */
	assert_int_equal(scratch_number(b->scratch, "SELECT attempts FROM router.learning"), 0);
}

static void
test_one_that_dies_each_time_is_begun_five_times_then_once_an_hour(void **state)
{
	struct database *b = *state;
	struct uuid holder;

	forget(b);
	sql(b, "UPDATE router.learning SET wanted_at = now(), wanted_by = 'test'");
	for (int i = 0; i < 5; i++) {
		assert_true(take(b, &holder, 0).ours);
		sql(b, "UPDATE router.learning SET until = clock_timestamp()");
	}
	assert_false(take(b, &holder, 0).ours);
	sql(b, "UPDATE router.learning SET began_at = began_at - interval '61 minutes'");
	assert_true(take(b, &holder, 0).ours);
}

static void
test_it_is_due_when_there_is_enough_and_something_new(void **state)
{
	static const char examples[] =
	    "INSERT INTO router.example (source, topic, application_id) SELECT 'assign', 'TEM-01', gen_random_uuid()"
	    " FROM generate_series(1, %d)";
	struct database *b = *state;
	struct uuid holder;
	char text[200];

	forget(b);
	(void)snprintf(text, sizeof(text), examples, 2);
	sql(b, text);
	assert_false(take(b, &holder, 0).ours);
	(void)snprintf(text, sizeof(text), examples, 1);
	sql(b, text);
	assert_true(take(b, &holder, 0).ours);
	assert_int_equal(end(b, &holder), DB_COMMITTED);
	assert_false(take(b, &holder, 0).ours); /* a week has not passed */
	sql(b, "UPDATE router.learning SET ended_at = ended_at - interval '8 days'");
	assert_false(take(b, &holder, 0).ours); /* nothing is new */
	sql(b, text);
	assert_true(take(b, &holder, 0).ours);
}

static void
test_who_does_not_have_the_active_model_does_not_learn(void **state)
{
	struct database *b = *state;
	struct uuid holder;
	struct taken t;
	int32_t version = 0;

	forget(b);
	sql(b,
	    "INSERT INTO router.model (name, bytes, figures, state, made_by) VALUES ('a', 'x', '{}', 'active', 'test');"
	    "UPDATE router.learning SET wanted_at = now(), wanted_by = 'test'");
	version = (int32_t)scratch_number(b->scratch, "SELECT version FROM router.model");
	assert_false(take(b, &holder, 0).ours);
	t = take(b, &holder, version);
	assert_true(t.ours);
	assert_int_equal(t.active, version);
}

static enum db_outcome
publish(struct database *b, bool better, int32_t active)
{
	static const uint8_t bytes[] = "model";
	const struct trial trial = {.trained = true,
	    .better = better,
	    .reason = "why",
	    .name = "2026-11-26-00000000",
	    .bytes = bytes,
	    .size = sizeof(bytes),
	    .figures = "{\"new\": {}}"};
	struct db_tx *tx = db_begin(b->db);

	learning_store_model(tx, &trial, active);
	return database_commit(b, tx, NULL, NULL);
}

static void
test_one_model_is_active_and_only_instead_of_the_compared_one(void **state)
{
	struct database *b = *state;
	int32_t first = 0;

	forget(b);
	assert_int_equal(publish(b, true, 0), DB_COMMITTED);
	first = (int32_t)scratch_number(b->scratch, "SELECT version FROM router.model WHERE state = 'active'");
	assert_int_equal(publish(b, true, 0), DB_RETRY); /* compared with none, while there is one now */
	assert_int_equal(publish(b, true, first), DB_COMMITTED);
	assert_int_equal(publish(b, true, first), DB_RETRY);
	assert_int_equal(publish(b, false, first), DB_COMMITTED);
	assert_int_equal(scratch_number(b->scratch, "SELECT count(*) FROM router.model WHERE state = 'active'"), 1);
	assert_int_equal(scratch_number(b->scratch, "SELECT count(*) FROM router.model WHERE state = 'retired'"), 1);
	assert_int_equal(scratch_number(b->scratch, "SELECT count(*) FROM router.model WHERE state = 'refused'"), 1);
}

static void
put(struct database *b, const struct uuid *id, const char *source, const char *topic)
{
	struct db_tx *tx = db_begin(b->db);

	db_call(tx, &learning_statements[EXAMPLES_PUT]);
	db_bind_array(tx, DB_UUIDS, 1);
	db_put_uuid(tx, id);
	db_bind_array(tx, DB_TEXTS, 1);
	db_put_text(tx, source);
	db_bind_array(tx, DB_TEXTS, 1);
	db_put_text(tx, topic);
	db_bind_array(tx, DB_TEXTS, 1);
	db_put_text(tx, "TEM-01");
	db_bind_array(tx, DB_INT4S, 1);
	db_put_null(tx);
	assert_int_equal(database_commit(b, tx, NULL, NULL), DB_COMMITTED);
}

static void
assert_example(struct database *b, const char *expected)
{
	char said[100];

	assert_int_equal(scratch_sql(b->scratch, "SELECT source || ' ' || coalesce(topic, '-') FROM router.example",
			     said, sizeof(said)),
	    0);
	assert_string_equal(said, expected);
}

static void
test_the_last_word_counts(void **state)
{
	struct database *b = *state;
	struct uuid id = uuid_new();

	forget(b);
	put(b, &id, "kept", "TEM-01");
	put(b, &id, "transfer", "FEN-01");
	assert_example(b, "transfer FEN-01");
	put(b, &id, "kept", "TEM-01"); /* nobody's word */
	assert_example(b, "transfer FEN-01");
	put(b, &id, "hand_back", NULL);
	assert_example(b, "hand_back -");
	put(b, &id, "assign", "PRK-01");
	assert_example(b, "assign PRK-01");
}

static void
test_rates_and_drift(void **state)
{
	static const char decisions[] =
	    "INSERT INTO router.decision (received_event_id, application_id, department, topic, candidates, outcome, "
	    "decided_at)"
	    " SELECT gen_random_uuid(), gen_random_uuid(), 'HM', CASE WHEN n > %d THEN 'TEM-01' END,"
	    " '[{\"topic\": \"TEM-01\"}]', CASE WHEN n > %d THEN 'sure' ELSE 'unsure' END, now() - interval '%d days'"
	    " FROM generate_series(1, 200) AS n";
	struct database *b = *state;
	char text[600];

	forget(b);
	(void)snprintf(text, sizeof(text), decisions, 20, 20, 10);
	sql(b, text);
	(void)snprintf(text, sizeof(text), decisions, 28, 28, 1);
	sql(b, text);
	assert_int_equal(
	    scratch_number(b->scratch, "SELECT unsure FROM router.topic_rates WHERE topic = 'TEM-01'"), 28);
	assert_int_equal(
	    scratch_number(b->scratch, "SELECT decided FROM router.topic_rates WHERE topic = 'TEM-01'"), 200);
	assert_int_equal(
	    scratch_number(b->scratch, "SELECT count(*) FROM router.drift WHERE drifts"), 0); /* 10 %, 14 % */
	sql(b, "UPDATE router.decision SET outcome = 'unsure', topic = NULL WHERE received_event_id IN (SELECT"
	       " received_event_id FROM router.decision WHERE outcome = 'sure' AND decided_at > now() - interval '7 "
	       "days' LIMIT 32)");
	assert_int_equal(
	    scratch_number(b->scratch, "SELECT count(*) FROM router.drift WHERE drifts AND what = 'unsure'"), 1);
	sql(b, "INSERT INTO router.example (source, topic, said, application_id) SELECT 'assign', 'FEN-01', 'TEM-01',"
	       " gen_random_uuid() FROM generate_series(1, 30)");
	assert_int_equal(
	    scratch_number(b->scratch, "SELECT corrected FROM router.topic_rates WHERE topic = 'TEM-01'"), 30);
	assert_int_equal(scratch_number(b->scratch, "SELECT count(*) FROM router.drift WHERE drifts"), 2);
	sql(b, "UPDATE router.example SET topic = 'TEM-01'"); /* confirmed, not corrected */
	assert_int_equal(scratch_number(b->scratch, "SELECT count(*) FROM router.drift WHERE drifts"), 1);
	sql(b, "DELETE FROM router.decision WHERE decided_at < now() - interval '7 days' AND outcome = 'sure'");
	assert_int_equal(scratch_number(b->scratch, "SELECT count(*) FROM router.drift WHERE drifts"), 0); /* too few */
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_the_lease_is_one_routers_until_it_ends),
	    cmocka_unit_test(test_one_that_dies_each_time_is_begun_five_times_then_once_an_hour),
	    cmocka_unit_test(test_it_is_due_when_there_is_enough_and_something_new),
	    cmocka_unit_test(test_who_does_not_have_the_active_model_does_not_learn),
	    cmocka_unit_test(test_one_model_is_active_and_only_instead_of_the_compared_one),
	    cmocka_unit_test(test_the_last_word_counts),
	    cmocka_unit_test(test_rates_and_drift),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
