/* Where what was sent belongs: an answer belongs to its sender's own case, whatever he answers; what he names counts only from
 * who has to do with it, by a word that is believed. Drafts and their senders are written with SQL. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "services/intake/draft.h"
#include "services/intake/drafts.sql.h"
#include "tests/harness/database.h"

#define NUMBER "HM-2026-0000001-0"
#define ROWS_MAX 10

struct fixture {
	struct database database;
	struct arena *arena;
	size_t count;
	struct {
		int how;
		char application[UUID_TEXT_SIZE];
	} rows[ROWS_MAX];
};

static const struct db_statement *const tables[] = {drafts_statements, NULL};

/* Of e-mail: a vouched for sender (1) with an application, another (2), and one of whom nobody says who he is (3). */
static const char people[] =
    "INSERT INTO intake.inbound (source, source_id, raw, state) VALUES ('email/a', '1', '', 'done');"
    "INSERT INTO intake.application (id, number, body_hash, kind, channel, received_at, legal_basis, due_on, body, "
    "language, "
    "anonymous, hide_identity, prefers, applicant_email) SELECT ('00000000-0000-7000-8000-0000000000a' || n)::uuid, "
    "'HM-2026-000000' || n || '-0', decode(repeat('00', 32), 'hex'), 1, 5, now(), 1, current_date, 'Words', 'tr', "
    "false, "
    "false, 1, 'person' || n || '@example.org' FROM generate_series(1, 3) AS n;"
    "INSERT INTO intake.contact (id, channel, email) SELECT ('00000000-0000-7000-8000-0000000000c' || n)::uuid, 5, "
    "'person' || n || '@example.org' FROM generate_series(1, 3) AS n;"
    "INSERT INTO intake.contact_key (channel, external_id, contact_id) SELECT 5, CASE n WHEN 3 THEN 'unproven:' ELSE "
    "'' END "
    "|| 'person' || n || '@example.org', ('00000000-0000-7000-8000-0000000000c' || n)::uuid FROM generate_series(1, 3) "
    "AS n;";

static int
set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	if (!f)
		return -1;
	f->arena = arena_new(0);
	database_start(&f->database);
	database_open(&f->database, "intake", "", tables);
	database_wait_up(&f->database);
	assert_int_equal(scratch_sql(f->database.scratch, people, NULL, 0), 0);
	*state = f;
	return 0;
}

static int
tear_down(void **state)
{
	struct fixture *f = *state;

	database_close(&f->database);
	database_end(&f->database);
	arena_free(f->arena);
	free(f);
	return 0;
}

static void
run(struct fixture *f, const char *sql)
{
	assert_int_equal(scratch_sql(f->database.scratch, sql, NULL, 0), 0);
}

/* A mail of the person, with a draft of its own; application 0: none yet. */
static void
mail(struct fixture *f, const char *draft, int person, const char *id, int application)
{
	run(f, arena_printf(f->arena,
		   "INSERT INTO intake.draft (id, channel, contact_id, state, next_at, ended_as, application_id) "
		   "SELECT '%s', 5, "
		   "('00000000-0000-7000-8000-0000000000c' || %d)::uuid, CASE WHEN %d > 0 THEN 'done' ELSE 'closing' "
		   "END, now(), "
		   "CASE WHEN %d > 0 THEN 'application' END, CASE WHEN %d > 0 THEN "
		   "('00000000-0000-7000-8000-0000000000a' || "
		   "%d)::uuid END; INSERT INTO intake.message (channel, external_id, inbound_id, draft_id, contact_id, "
		   "sent_at, type, "
		   "body, email_verified) SELECT 5, '%s', max(id), '%s', ('00000000-0000-7000-8000-0000000000c' || "
		   "%d)::uuid, now(), "
		   "'mail', 'Words', %s FROM intake.inbound",
		   draft, person, application, application, application, application, id, draft, person,
		   person == 3 ? "false" : "true"));
}

static void
on_targets(void *arg, const struct db_results *results)
{
	struct fixture *f = arg;

	f->count = db_rows(results, 0);
	assert_true(f->count <= ROWS_MAX);
	for (size_t i = 0; i < f->count; i++) {
		struct uuid id = db_uuid(results, 0, i, 2);

		f->rows[i].how = db_int4(results, 0, i, 1);
		uuid_text(&id, f->rows[i].application);
	}
}

#define DRAFT "00000000-0000-7000-8000-0000000000d1"
#define EARLIER "00000000-0000-7000-8000-0000000000d2"
#define ANOTHERS "00000000-0000-7000-8000-0000000000d3"

static void
find(struct fixture *f)
{
	struct db_tx *tx = db_begin(f->database.db);
	struct uuid id;

	assert_true(uuid_parse(DRAFT, &id));
	db_call(tx, &drafts_statements[DRAFTS_TARGETS]);
	db_bind_array(tx, DB_UUIDS, 1);
	db_put_uuid(tx, &id);
	db_bind_int4(tx, 5);
	assert_int_equal(database_read(&f->database, tx, on_targets, f), DB_COMMITTED);
}

static void
answer(struct fixture *f, const char *ids)
{
	run(f, arena_printf(f->arena, "UPDATE intake.message SET answers = '{%s}' WHERE draft_id = '" DRAFT "'", ids));
	find(f);
}

static void
test_who_answers_his_own_mail_adds_to_it(void **state)
{
	struct fixture *f = *state;

	mail(f, EARLIER, 1, "one@example.org 00", 1);
	mail(f, DRAFT, 1, "two@example.org 00", 0);
	answer(f, "one@example.org");
	assert_true(f->count > 0);
	assert_int_equal(f->rows[0].how, DRAFT_ANSWERS);
}

static void
test_who_answers_another_is_not_that_other(void **state)
{
	struct fixture *f = *state;

	mail(f, EARLIER, 1, "one@example.org 00", 1);
	mail(f, DRAFT, 2, "two@example.org 00", 0);
	answer(f, "one@example.org");
	assert_int_equal(f->count, 1);
	assert_int_equal(f->rows[0].how, DRAFT_ANSWERS_ANOTHER);
	/* He whose address the application bears, and a server says that it is he. */
	run(f, "UPDATE intake.application SET applicant_email = 'Person2@example.org' WHERE number = '" NUMBER "'");
	find(f);
	assert_int_equal(f->rows[0].how, DRAFT_ANSWERS);
	run(f, "UPDATE intake.message SET email_verified = false");
	find(f);
	assert_int_equal(f->rows[0].how, DRAFT_ANSWERS_ANOTHER);
}

/* Whoever sends a mail under another's Message-ID takes no place of his. */
static void
test_of_two_mails_with_one_id_ones_own_is_answered(void **state)
{
	struct fixture *f = *state;

	mail(f, ANOTHERS, 1, "one@example.org 00", 1);
	mail(f, EARLIER, 2, "one@example.org 11", 2);
	mail(f, DRAFT, 2, "two@example.org 00", 0);
	answer(f, "one@example.org");
	assert_int_equal(f->rows[0].how, DRAFT_ANSWERS);
	assert_string_equal(f->rows[0].application, "00000000-0000-7000-8000-0000000000a2");
}

/* A letter of ours carries the number: who has to do with the application answers it, whatever else he answers. */
static void
test_an_answer_to_our_letter_keeps_its_rule(void **state)
{
	struct fixture *f = *state;

	mail(f, ANOTHERS, 2, "other@example.org 00", 2);
	mail(f, EARLIER, 1, "one@example.org 00", 1);
	mail(f, DRAFT, 1, "two@example.org 00", 0);
	run(f, "UPDATE intake.message SET quoted_number = '" NUMBER "' WHERE draft_id = '" DRAFT "'");
	answer(f, "letter@example.org,other@example.org");
	assert_int_equal(f->rows[0].how, DRAFT_NAMED);
	assert_string_equal(f->rows[0].application, "00000000-0000-7000-8000-0000000000a1");
}

/* Where a server vouches for senders, what it does not vouch for has to do with nothing: that it was so before proves nothing. */
static void
test_a_number_counts_only_from_who_is_vouched_for(void **state)
{
	struct fixture *f = *state;

	mail(f, EARLIER, 3, "one@example.org 00", 1);
	mail(f, DRAFT, 3, "two@example.org 00", 0);
	run(f, "UPDATE intake.message SET quoted_number = '" NUMBER "' WHERE draft_id = '" DRAFT "'");
	find(f);
	assert_int_equal(f->rows[0].how, DRAFT_NAMED_BY_OTHER);
	/* Nobody vouches for anybody: his address is all that there is. */
	run(f, "UPDATE intake.contact_key SET external_id = 'person3@example.org' WHERE external_id LIKE 'unproven:%'");
	find(f);
	assert_int_equal(f->rows[0].how, DRAFT_NAMED);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_who_answers_his_own_mail_adds_to_it, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_who_answers_another_is_not_that_other, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_of_two_mails_with_one_id_ones_own_is_answered, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_an_answer_to_our_letter_keeps_its_rule, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_a_number_counts_only_from_who_is_vouched_for, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
