/* Intake's statements for Open311: each twice and from two connections; a file is claimed by one at a time, and recorded only by
 * who still holds it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "services/intake/open311.sql.h"
#include "tests/harness/database.h"

#define NUMBER "HM-2026-0000001-5"

static const struct db_statement *const tables[] = {open311_statements, NULL};
static const uint8_t hash[32] = {7};
static const struct uuid application = {{1}}, file = {{2}};

struct fixture {
	struct database one, two;
	int64_t inbound, orphan;
};

static void
put_rows(struct fixture *f)
{
	struct scratch *s = f->one.scratch;

	f->inbound = scratch_number(s, "INSERT INTO intake.inbound (source, source_id, state, verdict) VALUES "
				       "('open311', 'a', 'done', 'application') RETURNING id");
	f->orphan = scratch_number(s, "INSERT INTO intake.inbound (source, source_id, state, verdict) VALUES "
				      "('open311', 'b', 'done', 'application') RETURNING id");
	assert_int_equal(
	    scratch_sql(s,
		"INSERT INTO intake.application (id, number, key_scope, key, body_hash, kind, channel, received_at, "
		"legal_basis, "
		"due_on, body, anonymous, hide_identity, language, prefers, inbound_id) "
		"SELECT '01000000-0000-0000-0000-000000000000', '" NUMBER
		"', 'open311/k', 'a-1', decode(repeat('00', 32), 'hex'), "
		"1, 13, now(), 1, current_date, 'Çukur', true, false, 'tr', 0, min(id) FROM intake.inbound",
		NULL, 0),
	    0);
}

static int
set_up(void **state)
{
	static struct fixture f;

	f = (struct fixture){.inbound = 0};
	database_start(&f.one);
	f.two.scratch = f.one.scratch;
	f.two.loop = f.one.loop;
	database_open(&f.one, "intake", "", tables);
	database_open(&f.two, "intake", "", tables);
	database_wait_up(&f.one);
	database_wait_up(&f.two);
	put_rows(&f);
	*state = &f;
	return 0;
}

static int
tear_down(void **state)
{
	struct fixture *f = *state;

	database_close(&f->two);
	database_end(&f->one);
	return 0;
}

/* Rows of the first call, and the second column of the first row where that is a number. */
struct seen {
	size_t rows;
	bool number;
	int64_t second;
};

static void
on_seen(void *arg, const struct db_results *results)
{
	struct seen *s = arg;

	s->rows = db_rows(results, 0);
	if (s->number && s->rows > 0)
		s->second = db_int8(results, 0, 0, 1);
}

static struct seen
commit(struct database *b, struct db_tx *tx, bool number)
{
	struct seen s = {.number = number};

	if (database_commit(b, tx, on_seen, &s) != DB_COMMITTED)
		fail_msg("%s", b->reason.text);
	return s;
}

static void
want(struct database *b, int64_t inbound)
{
	struct db_tx *tx = db_begin(b->db);

	db_call(tx, &open311_statements[OPEN311_MEDIA_WANT]);
	db_bind_int8(tx, inbound);
	db_bind_text(tx, "http://example.org/a.png");
	commit(b, tx, false);
}

static struct seen
claim(struct database *b)
{
	struct db_tx *tx = db_begin(b->db);

	db_call(tx, &open311_statements[OPEN311_MEDIA_CLAIM]);
	db_bind_int4(tx, 60);
	db_bind_array(tx, DB_TEXTS, 0);
	return commit(b, tx, true);
}

static void
keep(struct database *b, int64_t inbound, int64_t token)
{
	struct db_tx *tx = db_begin(b->db);

	db_call(tx, &open311_statements[OPEN311_MEDIA_KEEP]);
	db_bind_int8(tx, inbound);
	db_bind_int8(tx, token);
	db_bind_uuid(tx, &file);
	db_bind_bytes(tx, hash, sizeof(hash));
	db_bind_bytes(tx, hash, sizeof(hash));
	db_bind_int8(tx, 5);
	db_bind_text(tx, "image/png");
	db_bind_text(tx, "clean");
	db_bind_uuid(tx, &application);
	commit(b, tx, false);
}

static void
end(struct database *b, int64_t inbound, int64_t token, const char *state, const char *verdict)
{
	struct db_tx *tx = db_begin(b->db);

	db_call(tx, &open311_statements[OPEN311_MEDIA_END]);
	db_bind_int8(tx, inbound);
	db_bind_int8(tx, token);
	db_bind_text(tx, state);
	db_bind_text(tx, verdict);
	db_bind_int4(tx, 0);
	commit(b, tx, false);
}

static void
test_a_file_is_claimed_by_one_and_recorded_by_who_holds_it(void **state)
{
	struct fixture *f = *state;
	struct scratch *s = f->one.scratch;

	want(&f->one, f->inbound);
	want(&f->two, f->inbound);
	want(&f->one, f->orphan); /* no application yet: nobody gets it */
	assert_int_equal(scratch_number(s, "SELECT count(*) FROM intake.open311_media"), 2);
	assert_int_equal(claim(&f->one).second, 1);
	assert_int_equal(claim(&f->two).rows, 0);
	/* The lease ends: another one has it, and the first one's end does not count. */
	scratch_sql(s, "UPDATE intake.open311_media SET next_at = now()", NULL, 0);
	assert_int_equal(claim(&f->two).second, 2);
	keep(&f->one, f->inbound, 1);
	end(&f->one, f->inbound, 1, "failed", "late");
	assert_int_equal(scratch_number(s, "SELECT count(*) FROM intake.attachment"), 0);
	keep(&f->two, f->inbound, 2);
	assert_int_equal(
	    scratch_number(s, "SELECT count(*) FROM intake.attachment WHERE application_id IS NOT NULL"), 1);
	assert_int_equal(claim(&f->one).second, 3);
	end(&f->two, f->inbound, 2, "failed", "late");
	end(&f->one, f->inbound, 3, "added", "application; media_url added");
	end(&f->one, f->inbound, 3, "failed", "twice");
	assert_int_equal(scratch_number(s, "SELECT count(*) FROM intake.open311_media WHERE state = 'added'"), 1);
	assert_int_equal(
	    scratch_number(s, "SELECT count(*) FROM intake.inbound WHERE verdict = 'application; media_url added'"), 1);
	assert_int_equal(claim(&f->two).rows, 0);
}

static void
test_what_no_application_came_for_is_given_up_after_a_day(void **state)
{
	struct fixture *f = *state;
	struct scratch *s = f->one.scratch;

	want(&f->one, f->inbound);
	want(&f->one, f->orphan);
	scratch_sql(s, "UPDATE intake.open311_media SET next_at = now() - interval '25 hours'", NULL, 0);
	for (int twice = 0; twice < 2; twice++) {
		struct db_tx *tx = db_begin(f->two.db);

		db_call(tx, &open311_statements[OPEN311_MEDIA_BACKLOG]);
		assert_int_equal(commit(&f->two, tx, true).rows, 1);
	}
	assert_int_equal(scratch_number(s, "SELECT count(*) FROM intake.open311_media WHERE state = 'failed'"), 1);
	assert_int_equal(claim(&f->one).rows, 1);
}

static void
test_topics_tokens_and_what_was_posted_just_now(void **state)
{
	struct fixture *f = *state;
	struct scratch *s = f->one.scratch;
	static const struct {
		const char *scope, *key;
		int64_t within;
		size_t rows;
	} recent[] = {{"open311/k", "a-1", 60000000, 1}, {"open311/k", "a-2", 60000000, 0},
	    {"open311/l", "a-1", 60000000, 0}, {"open311/k", "a-1", 0, 0}};

	for (int twice = 0; twice < 2; twice++) {
		struct db_tx *tx = db_begin(f->two.db);

		db_call(tx, &open311_statements[OPEN311_TOPICS]);
		assert_int_equal(commit(&f->two, tx, false).rows,
		    scratch_number(s, "SELECT count(*) FROM router.topic WHERE open311"));
		tx = db_begin(f->one.db);
		db_call(tx, &open311_statements[OPEN311_TOKEN]);
		db_bind_text(tx, NUMBER);
		assert_int_equal(commit(&f->one, tx, false).rows, 1 - (size_t)twice);
		scratch_sql(s, "UPDATE intake.application SET channel = 12", NULL, 0);
	}
	for (size_t i = 0; i < sizeof(recent) / sizeof(recent[0]); i++) {
		struct db_tx *tx = db_begin(f->one.db);

		db_call(tx, &open311_statements[OPEN311_RECENT]);
		db_bind_text(tx, recent[i].scope);
		db_bind_text(tx, recent[i].key);
		db_bind_int8(tx, recent[i].within);
		assert_int_equal(commit(&f->one, tx, false).rows, recent[i].rows);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(
		test_a_file_is_claimed_by_one_and_recorded_by_who_holds_it, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(
		test_what_no_application_came_for_is_given_up_after_a_day, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_topics_tokens_and_what_was_posted_just_now, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
