/* batch: group commit; a guilty item harms only itself, what is unknown is never repeated. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/db/batch.h"
#include "tests/harness/database.h"

#define ITEMS_MAX 5000
#define BACKENDS "FROM pg_stat_activity WHERE application_name = 'test' AND datname = current_database()"

enum { ADD, FIND, WAIT };

static const struct db_statement statements[] = {
    {"add", "INSERT INTO public.item (key, value) SELECT * FROM unnest($1::text[], $2::int[])"
	    " ON CONFLICT (key) DO NOTHING RETURNING key, value"},
    {"find", "SELECT key, value FROM public.item WHERE key = ANY ($1::text[])"},
    {"wait", "SELECT pg_sleep($1::int / 1000.0)::text"},
    {NULL, NULL},
};
static const struct db_statement *const tables[] = {statements, NULL};

static const char schema[] = "CREATE TABLE public.item (key text PRIMARY KEY, value int CHECK (value >= 0))";

struct item {
	char key[24];
	int value;
	int ms; /* the batch sleeps for so long */
	bool added, found, ended;
	int stored; /* the value that stands under the key */
	enum db_outcome outcome;
};

struct fixture {
	struct database database;
	struct batch *batch;
	struct item items[ITEMS_MAX];
	size_t ended, built, stuck, again;
	size_t largest, smallest;
	bool free_when_done;
};

static void
build(void *arg, struct db_tx *tx, void *const *items, size_t count)
{
	struct fixture *f = arg;
	int ms = 0;

	f->built++;
	f->largest = count > f->largest ? count : f->largest;
	db_call(tx, &statements[ADD]);
	db_bind_array(tx, DB_TEXTS, count);
	for (size_t i = 0; i < count; i++)
		db_put_text(tx, ((struct item *)items[i])->key);
	db_bind_array(tx, DB_INT4S, count);
	for (size_t i = 0; i < count; i++)
		db_put_int4(tx, ((struct item *)items[i])->value);
	db_call(tx, &statements[FIND]); /* a statement of its own: it sees what a rival has committed */
	db_bind_array(tx, DB_TEXTS, count);
	for (size_t i = 0; i < count; i++)
		db_put_text(tx, ((struct item *)items[i])->key);
	for (size_t i = 0; i < count; i++)
		ms += ((struct item *)items[i])->ms;
	db_call(tx, &statements[WAIT]);
	db_bind_int4(tx, ms);
}

static void
find(struct item *item, const struct db_results *r)
{
	for (size_t row = 0; row < db_rows(r, 1) && !item->found; row++) {
		if (strcmp(db_text(r, 1, row, 0), item->key) == 0) {
			item->found = true;
			item->stored = db_int4(r, 1, row, 1);
		}
	}
	for (size_t row = 0; row < db_rows(r, 0); row++) {
		if (strcmp(db_text(r, 0, row, 0), item->key) == 0)
			item->added = true;
	}
}

static void
done(void *arg, void *const *items, size_t count, enum db_outcome outcome, const struct db_results *results,
    const struct err *e)
{
	struct fixture *f = arg;

	for (size_t i = 0; i < count; i++) {
		struct item *item = items[i];

		if (item->ended)
			f->again++;
		item->ended = true;
		item->outcome = outcome;
		f->ended++;
		if (results && count <= 200)
			find(item, results);
	}
	if (!results)
		f->database.reason = *e;
	if (f->free_when_done) {
		batch_free(f->batch);
		f->batch = NULL;
	}
}

static void
on_stuck(void *arg)
{
	struct fixture *f = arg;

	f->stuck++;
	scratch_sql(f->database.scratch, "COMMIT", NULL, 0);
}

static int
set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	database_start(&f->database);
	assert_int_equal(scratch_sql(f->database.scratch, schema, NULL, 0), 0);
	for (int i = 0; i < ITEMS_MAX; i++) {
		snprintf(f->items[i].key, sizeof(f->items[i].key), "key %d", i);
		f->items[i].value = i;
	}
	*state = f;
	return 0;
}

static int
tear_down(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(f->again, 0);
	batch_free(f->batch);
	database_end(&f->database);
	free(f);
	return 0;
}

static void
start(struct fixture *f, const char *more, const struct batch_conf *conf)
{
	database_open(&f->database, "kopru", more, tables);
	database_wait_up(&f->database);
	f->batch = batch_new(f->database.loop, f->database.db, conf, build, done, f);
}

static const struct batch_conf usual = {.limit = 200, .waiting = ITEMS_MAX, .flights = 1, .wait_ms = 10000};

struct goal {
	const struct fixture *f;
	size_t ended;
};

static bool
reached(void *arg)
{
	const struct goal *g = arg;

	return g->f->ended >= g->ended;
}

static void
wait_ended(struct fixture *f, size_t ended)
{
	assert_true(database_wait(&f->database, reached, &(struct goal){f, ended}, 40000));
	assert_int_equal(f->ended, ended);
}

static void
add(struct fixture *f, size_t first, size_t count)
{
	for (size_t i = first; i < first + count; i++)
		assert_int_equal(batch_add(f->batch, &f->items[i]), 0);
}

static size_t
count_outcome(const struct fixture *f, enum db_outcome outcome)
{
	size_t count = 0;

	for (size_t i = 0; i < ITEMS_MAX; i++)
		count += f->items[i].ended && f->items[i].outcome == outcome;
	return count;
}

static long long
stored(struct fixture *f)
{
	return scratch_number(f->database.scratch, "SELECT count(*) FROM item");
}

static void
test_what_arrives_in_one_turn_goes_together(void **state)
{
	struct fixture *f = *state;

	start(f, "", &usual);
	add(f, 0, 150);
	assert_int_equal(f->built, 0); /* not from inside the call */
	wait_ended(f, 150);
	assert_int_equal(f->built, 1);
	assert_int_equal(count_outcome(f, DB_COMMITTED), 150);
	assert_true(f->items[149].added);
	add(f, 150, 1000);
	wait_ended(f, 1150);
	assert_int_equal(f->built, 6);
	assert_int_equal(f->largest, 200);
	assert_int_equal(stored(f), 1150);
}

static void
test_guilty_item_harms_only_itself(void **state)
{
	struct fixture *f = *state;

	start(f, "", &usual);
	f->items[77].value = -1;
	add(f, 0, 200);
	wait_ended(f, 200);
	assert_int_equal(f->items[77].outcome, DB_REFUSED);
	assert_int_equal(count_outcome(f, DB_COMMITTED), 199);
	assert_int_equal(stored(f), 199);
	assert_non_null(strstr(f->database.reason.text, "23514"));
	assert_in_range(f->built, 8, 17);
}

static void
test_many_guilty_items_are_all_found(void **state)
{
	struct fixture *f = *state;
	struct batch_conf conf = usual;

	conf.flights = 2;
	conf.wait_ms = 60000; /* finding them takes its time, in which the others wait */
	start(f, "", &conf);
	for (size_t i = 0; i < 1000; i += 13)
		f->items[i].value = -1;
	add(f, 0, 1000);
	wait_ended(f, 1000);
	assert_int_equal(count_outcome(f, DB_REFUSED), 77);
	assert_int_equal(count_outcome(f, DB_COMMITTED), 923);
	for (size_t i = 0; i < 1000; i++)
		assert_int_equal(f->items[i].outcome, i % 13 == 0 ? DB_REFUSED : DB_COMMITTED);
	assert_int_equal(stored(f), 923);
}

static void
test_one_key_twice_in_a_batch_is_stored_once_and_the_loser_reads_it(void **state)
{
	struct fixture *f = *state;

	start(f, "", &usual);
	snprintf(f->items[5].key, sizeof(f->items[5].key), "key 4");
	snprintf(f->items[6].key, sizeof(f->items[6].key), "key 4");
	add(f, 0, 10);
	wait_ended(f, 10);
	assert_int_equal(count_outcome(f, DB_COMMITTED), 10);
	assert_int_equal(stored(f), 8);
	for (size_t i = 4; i <= 6; i++) {
		assert_true(f->items[i].found);
		assert_int_equal(f->items[i].stored, 4);
	}
	f->items[10].value = 999;
	snprintf(f->items[10].key, sizeof(f->items[10].key), "key 3");
	add(f, 10, 1);
	wait_ended(f, 11);
	assert_false(f->items[10].added);
	assert_int_equal(f->items[10].stored, 3);
}

static bool
backend_sleeps(void *arg)
{
	return scratch_number(arg, "SELECT count(*) " BACKENDS " AND wait_event = 'PgSleep'") == 1;
}

static void
test_unknown_is_told_and_not_repeated_and_the_rest_waits_for_the_database(void **state)
{
	struct fixture *f = *state;
	struct batch_conf conf = usual;

	conf.wait_ms = 10000;
	start(f, "", &conf);
	f->items[0].ms = 20000;
	add(f, 0, 1);
	assert_true(database_wait(&f->database, backend_sleeps, f->database.scratch, 5000));
	add(f, 1, 300);
	assert_int_equal(batch_waiting(f->batch), 300);
	scratch_number(f->database.scratch, "SELECT count(pg_terminate_backend(pid)) " BACKENDS);
	wait_ended(f, 301);
	assert_int_equal(f->items[0].outcome, DB_UNKNOWN);
	assert_int_equal(count_outcome(f, DB_COMMITTED), 300);
	assert_int_equal(f->built, 3);
	assert_int_equal(stored(f), 300);
}

static void
test_what_waits_too_long_is_unavailable(void **state)
{
	struct fixture *f = *state;
	struct batch_conf conf = usual;

	conf.wait_ms = 400;
	conf.waiting = 250;
	database_open(&f->database, "kopru", "host=/tmp/kopru-nowhere", tables);
	f->batch = batch_new(f->database.loop, f->database.db, &conf, build, done, f);
	add(f, 0, 250);
	assert_int_equal(batch_add(f->batch, &f->items[250]), -1); /* full */
	wait_ended(f, 250);
	assert_int_equal(count_outcome(f, DB_UNAVAILABLE), 250);
	assert_int_equal(f->built, 0);
	assert_int_equal(batch_add(f->batch, &f->items[250]), -1); /* down for too long */
}

static void
test_lock_that_does_not_come_is_waited_for_again(void **state)
{
	struct fixture *f = *state;
	struct batch_conf conf = usual;

	conf.on_stuck = on_stuck;
	start(f, "options='-c lock_timeout=100'", &conf);
	assert_int_equal(scratch_sql(f->database.scratch, "BEGIN; LOCK TABLE public.item", NULL, 0), 0);
	add(f, 0, 20);
	wait_ended(f, 20);
	assert_int_equal(count_outcome(f, DB_COMMITTED), 20);
	assert_int_equal(f->stuck, 1);
	assert_int_equal(f->built, 2);
}

/* What was to be repeated waits no longer than the rest when there is no database to write to. */
static void
test_what_cannot_be_repeated_is_unavailable(void **state)
{
	struct fixture *f = *state;
	struct batch_conf conf = usual;
	char sql[200];

	conf.wait_ms = 1000;
	start(f, "target_session_attrs=read-write", &conf);
	f->items[3].value = -1;
	f->items[0].ms = 20000;
	add(f, 0, 4);
	/* Refused as a whole; of its halves one is under way now, the other waits. */
	assert_true(database_wait(&f->database, backend_sleeps, f->database.scratch, 5000));
	snprintf(sql, sizeof(sql), "ALTER DATABASE %s SET default_transaction_read_only = on",
	    scratch_name(f->database.scratch));
	assert_int_equal(scratch_sql(f->database.scratch, sql, NULL, 0), 0);
	scratch_number(f->database.scratch, "SELECT count(pg_terminate_backend(pid)) " BACKENDS);
	wait_ended(f, 4);
	assert_int_equal(count_outcome(f, DB_UNKNOWN), 2);
	assert_int_equal(f->items[2].outcome, DB_UNAVAILABLE);
	assert_int_equal(f->items[3].outcome, DB_UNAVAILABLE);
	assert_int_equal(f->built, 2);
}

static void
test_repeating_ends(void **state)
{
	struct fixture *f = *state;

	start(f, "options='-c lock_timeout=20'", &usual);
	assert_int_equal(scratch_sql(f->database.scratch, "BEGIN; LOCK TABLE public.item", NULL, 0), 0);
	add(f, 0, 20);
	wait_ended(f, 20);
	assert_int_equal(count_outcome(f, DB_RETRY), 20);
	assert_int_equal(f->built, BATCH_TRIES);
	assert_int_equal(scratch_sql(f->database.scratch, "COMMIT", NULL, 0), 0);
}

static void
test_freeing_tells_every_item_once(void **state)
{
	struct fixture *f = *state;

	start(f, "", &usual);
	add(f, 0, 1000);
	f->free_when_done = true;
	wait_ended(f, 1000);
	assert_null(f->batch);
	assert_int_equal(count_outcome(f, DB_COMMITTED), 200);
	assert_int_equal(count_outcome(f, DB_UNAVAILABLE), 800);
}

static void
test_freeing_tells_what_is_under_way_as_unknown(void **state)
{
	struct fixture *f = *state;

	start(f, "", &usual);
	f->items[0].ms = 500;
	add(f, 0, 300);
	assert_true(database_wait(&f->database, backend_sleeps, f->database.scratch, 5000));
	batch_free(f->batch);
	f->batch = NULL;
	assert_int_equal(f->ended, 300);
	assert_int_equal(count_outcome(f, DB_UNKNOWN), 200);
	assert_int_equal(count_outcome(f, DB_UNAVAILABLE), 100);
}

static void
test_stop_finishes_what_waits(void **state)
{
	struct fixture *f = *state;
	struct err e;

	start(f, "", &usual);
	add(f, 0, 1000);
	loop_stop(f->database.loop);
	assert_int_equal(loop_run(f->database.loop, &e), 0);
	assert_int_equal(count_outcome(f, DB_COMMITTED), 1000);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_what_arrives_in_one_turn_goes_together),
	    TEST(test_guilty_item_harms_only_itself),
	    TEST(test_many_guilty_items_are_all_found),
	    TEST(test_one_key_twice_in_a_batch_is_stored_once_and_the_loser_reads_it),
	    TEST(test_unknown_is_told_and_not_repeated_and_the_rest_waits_for_the_database),
	    TEST(test_what_waits_too_long_is_unavailable),
	    TEST(test_lock_that_does_not_come_is_waited_for_again),
	    TEST(test_what_cannot_be_repeated_is_unavailable),
	    TEST(test_repeating_ends),
	    TEST(test_freeing_tells_every_item_once),
	    TEST(test_freeing_tells_what_is_under_way_as_unknown),
	    TEST(test_stop_finishes_what_waits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
