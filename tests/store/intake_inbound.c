/* Arrivals: stored once, whoever brings them how often, and told only when durable. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/feed/feed.sql.h"
#include "services/intake/inbound.h"
#include "services/intake/inbound.sql.h"
#include "tests/harness/database.h"
#include "tests/harness/session.h"

#define MANY 600
#define WAIT_MS 20000

struct told {
	struct inbound_arrival arrival;
	char id_text[16];
	enum inbound_end end;
	int64_t id;
	unsigned times;
};

struct fixture {
	struct database one, two;
	struct metrics *metrics;
	struct inbound *inbound, *inbound_two;
	struct told told[MANY];
	size_t count, ended;
	unsigned woken;
};

static const struct db_statement *const tables[] = {inbound_statements, feed_statements, NULL};

static void
on_wake(void *arg)
{
	struct fixture *f = arg;

	f->woken++;
}

static int
set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	if (!f)
		return -1;
	f->metrics = metrics_new();
	database_start(&f->one);
	f->two.scratch = f->one.scratch;
	f->two.loop = f->one.loop;
	database_open(&f->one, "intake", "", tables);
	database_open(&f->two, "intake", "", tables);
	database_wait_up(&f->one);
	database_wait_up(&f->two);
	f->inbound = inbound_new(f->one.loop, f->one.db, on_wake, f, f->metrics);
	f->inbound_two = inbound_new(f->one.loop, f->two.db, NULL, NULL, f->metrics);
	*state = f;
	return 0;
}

static int
tear_down(void **state)
{
	struct fixture *f = *state;

	inbound_stop(f->inbound);
	inbound_stop(f->inbound_two);
	database_close(&f->two);
	database_close(&f->one);
	inbound_free(f->inbound);
	inbound_free(f->inbound_two);
	database_end(&f->one);
	metrics_free(f->metrics);
	free(f);
	return 0;
}

static void
on_end(struct inbound_arrival *arrival, enum inbound_end end, int64_t id)
{
	struct fixture *f = arrival->arg;
	struct told *t = (struct told *)((char *)arrival - offsetof(struct told, arrival));

	t->end = end;
	t->id = id;
	t->times++;
	f->ended++;
}

static bool
all_ended(void *arg)
{
	const struct fixture *f = arg;

	return f->ended >= f->count;
}

static void
wait_all(struct fixture *f)
{
	assert_true(database_wait(&f->one, all_ended, f, WAIT_MS));
	for (size_t i = 0; i < f->count; i++)
		assert_int_equal(f->told[i].times, 1);
}

static struct told *
receive(struct fixture *f, struct inbound *i, const char *source_id, const char *raw)
{
	struct told *t = &f->told[f->count++];

	if (source_id)
		snprintf(t->id_text, sizeof(t->id_text), "%s", source_id);
	t->arrival = (struct inbound_arrival){.source = "whatsapp",
	    .source_id = source_id ? t->id_text : NULL,
	    .content_type = "application/json",
	    .raw = raw,
	    .size = strlen(raw),
	    .state = "stored",
	    .on_end = on_end,
	    .arg = f};
	assert_int_equal(inbound_receive(i, &t->arrival), 0);
	return t;
}

static void
test_an_arrival_is_stored_as_it_came(void **state)
{
	struct fixture *f = *state;
	struct told *t = receive(f, f->inbound, NULL, "{\"a\": \"ç\"}");

	wait_all(f);
	assert_int_equal(t->end, INBOUND_STORED);
	assert_int_equal(f->woken, 1);
	assert_int_equal(
	    scratch_number(f->one.scratch,
		"SELECT count(*) FROM intake.inbound WHERE source = 'whatsapp' AND state = 'stored' "
		"AND raw = convert_to('{\"a\": \"ç\"}', 'UTF8') AND source_id = encode(sha256(raw), 'hex') "
		"AND raw_size = length(raw) AND content_type = 'application/json' AND verdict IS NULL"),
	    1);
	assert_int_equal(scratch_number(f->one.scratch, "SELECT id FROM intake.inbound"), t->id);
}

/* Its file's hash is known: what may be 25 MiB is not read again on the loop. */
static void
test_an_arrival_that_is_a_file_goes_by_the_hash_of_the_file(void **state)
{
	static const uint8_t hash[32] = {0xab, 0xcd, 0xef};
	struct fixture *f = *state;

	for (int i = 0; i < 2; i++) {
		struct told *t = &f->told[f->count++];

		t->arrival = (struct inbound_arrival){.source = "email/a",
		    .raw = "x",
		    .size = 1,
		    .raw_file = hash,
		    .state = "stored",
		    .on_end = on_end,
		    .arg = f};
		assert_int_equal(inbound_receive(f->inbound, &t->arrival), 0);
		wait_all(f);
		assert_int_equal(t->end, i == 0 ? INBOUND_STORED : INBOUND_REPEATED);
	}
	assert_int_equal(
	    scratch_number(f->one.scratch, "SELECT count(*) FROM intake.inbound WHERE raw IS NULL AND "
					   "source_id = encode(raw_file, 'hex') AND source_id LIKE 'abcdef00%'"),
	    1);
}

static void
test_a_repetition_is_told_the_first_id(void **state)
{
	struct fixture *f = *state;
	struct told *first = receive(f, f->inbound, "a", "1"), *second;

	wait_all(f);
	second = receive(f, f->inbound, "a", "1");
	wait_all(f);
	assert_int_equal(second->end, INBOUND_REPEATED);
	assert_true(second->id == first->id);
	assert_int_equal(scratch_number(f->one.scratch, "SELECT count(*) FROM intake.inbound"), 1);
	assert_int_equal(f->woken, 1);
}

static void
test_the_same_in_one_batch_is_one(void **state)
{
	struct fixture *f = *state;
	size_t stored = 0;

	for (size_t i = 0; i < 10; i++)
		receive(f, f->inbound, "a", "1");
	receive(f, f->inbound, "b", "2");
	wait_all(f);
	for (size_t i = 0; i < 10; i++) {
		stored += f->told[i].end == INBOUND_STORED;
		assert_true(f->told[i].id == f->told[0].id);
	}
	assert_int_equal(stored, 1);
	assert_int_equal(f->told[10].end, INBOUND_STORED);
	assert_true(f->told[10].id != f->told[0].id);
}

static void
test_two_instances_store_each_once(void **state)
{
	struct fixture *f = *state;
	size_t stored = 0;
	char id[16];

	for (int i = 0; i < MANY / 2; i++) {
		snprintf(id, sizeof(id), "m%d", i);
		receive(f, f->inbound, id, "x");
		snprintf(id, sizeof(id), "m%d", MANY / 2 - 1 - i);
		receive(f, f->inbound_two, id, "x");
	}
	wait_all(f);
	for (size_t i = 0; i < f->count; i++) {
		assert_true(f->told[i].end == INBOUND_STORED || f->told[i].end == INBOUND_REPEATED);
		stored += f->told[i].end == INBOUND_STORED;
	}
	assert_int_equal(stored, MANY / 2);
	assert_int_equal(scratch_number(f->one.scratch, "SELECT count(*) FROM intake.inbound"), MANY / 2);
}

static void
test_a_lost_connection_is_unknown_and_the_key_resolves_it(void **state)
{
	struct fixture *f = *state;
	struct session *s = session_open(scratch_conninfo(f->one.scratch, "kopru"));
	struct told *t;

	assert_string_equal(session_run(s, "BEGIN; LOCK TABLE intake.inbound IN EXCLUSIVE MODE", NULL, 0), "");
	t = receive(f, f->inbound, "a", "1");
	assert_false(database_wait(&f->one, all_ended, f, 300));
	assert_string_equal(session_run(s,
				"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'intake' "
				"AND wait_event_type = 'Lock'",
				NULL, 0),
	    "");
	wait_all(f);
	assert_int_equal(t->end, INBOUND_UNKNOWN);
	session_close(s);
	database_wait_up(&f->one);
	t = receive(f, f->inbound, "a", "1");
	wait_all(f);
	assert_true(t->end == INBOUND_STORED || t->end == INBOUND_REPEATED);
	assert_int_equal(scratch_number(f->one.scratch, "SELECT count(*) FROM intake.inbound"), 1);
}

static bool
some_refused(void *arg)
{
	struct fixture *f = arg;

	return scratch_number(f->one.scratch, "SELECT count(*) FROM intake.inbound WHERE state = 'refused'") == 60;
}

static void
test_what_is_refused_is_kept_within_bounds(void **state)
{
	struct fixture *f = *state;
	char raw[10000];

	for (int i = 0; i < 200; i++) {
		memset(raw, 'x', sizeof(raw));
		snprintf(raw, sizeof(raw), "%d", i);
		inbound_refuse(f->inbound, "whatsapp", "text/plain", raw, sizeof(raw), "wrong signature");
	}
	assert_true(database_wait(&f->one, some_refused, f, WAIT_MS));
	database_sleep(100);
	assert_true(some_refused(f));
	assert_int_equal(scratch_number(f->one.scratch, "SELECT max(length(raw)) FROM intake.inbound WHERE verdict = "
							"'wrong signature' AND digested_at IS NOT NULL"),
	    4096);
	assert_int_equal(f->woken, 0);
}

static bool
one_refused(void *arg)
{
	struct fixture *f = arg;

	return scratch_number(f->one.scratch, "SELECT count(*) FROM intake.inbound WHERE state = 'refused'") == 1;
}

/* A secret that was wrong and is right now: the sender sends the same bytes again. */
static void
test_what_was_refused_is_taken_when_it_comes_as_it_should(void **state)
{
	struct fixture *f = *state;
	struct told *t;

	inbound_refuse(f->inbound, "whatsapp", "application/json", "{}", 2, "wrong signature");
	assert_true(database_wait(&f->one, one_refused, f, WAIT_MS));
	t = receive(f, f->inbound, NULL, "{}");
	wait_all(f);
	assert_int_equal(t->end, INBOUND_STORED);
}

static bool
error_stored(void *arg)
{
	struct fixture *f = arg;

	return scratch_number(f->one.scratch,
		   "SELECT count(*) FROM intake.channel_error WHERE source = 'telegram' AND error = 'it is down'") == 1;
}

static void
test_the_last_error_of_a_source_is_kept(void **state)
{
	struct fixture *f = *state;

	inbound_error(f->inbound, "telegram", "it is down");
	inbound_error(f->inbound, "telegram", "not kept: within a second");
	assert_true(database_wait(&f->one, error_stored, f, WAIT_MS));
	database_sleep(1100);
	inbound_error(f->inbound, "telegram", "it is still down");
	inbound_error(f->inbound, "telegram", "it is down");
	database_sleep(1100);
	inbound_error(f->inbound, "telegram", "it is down");
	assert_true(database_wait(&f->one, error_stored, f, WAIT_MS));
	assert_int_equal(scratch_number(f->one.scratch, "SELECT count(*) FROM intake.channel_error"), 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_an_arrival_is_stored_as_it_came, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(
		test_an_arrival_that_is_a_file_goes_by_the_hash_of_the_file, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_a_repetition_is_told_the_first_id, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_the_same_in_one_batch_is_one, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_two_instances_store_each_once, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(
		test_a_lost_connection_is_unknown_and_the_key_resolves_it, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_what_is_refused_is_kept_within_bounds, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(
		test_what_was_refused_is_taken_when_it_comes_as_it_should, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_the_last_error_of_a_source_is_kept, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
