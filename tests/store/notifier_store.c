/* The notifier's statements: each twice, and from two connections. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/harness/notices.h"
#include "tests/harness/session.h"

/* I-10 */
static void
insert_makes_one_notice_per_event_person_channel_and_template(void **state)
{
	struct notices_fixture *f = *state;

	assert_int_equal(notices_insert(&f->one, 1, 5, true), 5);
	assert_int_equal(notices_insert(&f->one, 1, 5, true), 0);
	assert_int_equal(notices_insert(&f->two, 3, 5, true), 2);
	assert_int_equal(scratch_number(f->one.scratch, "SELECT count(*) FROM notifier.notice"), 7);
}

static void
on_both_inserted(void *arg, enum db_outcome outcome, const struct db_results *r, const struct err *e)
{
	size_t *sum = arg;

	(void)e;
	assert_int_equal(outcome, DB_COMMITTED);
	sum[0] += db_rows(r, 1);
	sum[1]++;
}

static bool
both_done(void *arg)
{
	return ((size_t *)arg)[1] == 2;
}

static void
insert_from_two_connections_at_once_makes_one_each(void **state)
{
	struct notices_fixture *f = *state;
	struct db_tx *tx[2] = {db_begin(f->one.db), db_begin(f->two.db)};
	struct notice list[2][20];
	size_t sum[2] = {0, 0};

	for (size_t i = 0; i < 20; i++) {
		list[0][i] = notice_sample((uint8_t)(i + 1), true);
		list[1][i] = notice_sample((uint8_t)(20 - i), true);
	}
	for (size_t i = 0; i < 2; i++) {
		store_addresses_learn(tx[i], list[i], 20);
		store_notices_insert(tx[i], list[i], 20);
		db_commit(tx[i], on_both_inserted, sum);
	}
	assert_true(database_wait(&f->one, both_done, sum, 10000));
	assert_int_equal(sum[0], 20);
}

static void
look_at_erased(void *arg, const struct db_results *r)
{
	struct delivered delivered;

	*(size_t *)arg = db_rows(r, 0);
	for (size_t row = 0; row < db_rows(r, 0); row++) {
		store_get_delivered_notice(r, 0, row, &delivered);
		assert_string_equal(delivered.number, "HM-2026-0000123-4");
	}
}

static void
erase_forgets_and_takes_the_lease(void **state)
{
	struct notices_fixture *f = *state;
	struct finish finishes[1];
	struct db_tx *tx;
	struct notices_taken t;
	size_t rows = 0;

	notices_insert(&f->one, 1, 3, true);
	t = notices_claim(f, &f->one, 1);
	assert_int_equal(scratch_sql(f->one.scratch,
			     "UPDATE notifier.attempt SET reason = 'may quote a server that quotes'", NULL, 0),
	    0);
	assert_int_equal(notices_erase(&f->two, t.list[0].notice.application_id.bytes[0]), 1);
	assert_int_equal(
	    scratch_number(f->one.scratch, "SELECT count(*) FROM notifier.attempt WHERE reason IS NOT NULL"), 0);
	assert_int_equal(notices_erase(&f->one, t.list[0].notice.application_id.bytes[0]), 1);
	assert_int_equal(notices_finish(&f->one, &t.list[0], "sent", 0), 0);
	finishes[0] = (struct finish){.id = t.list[0].notice.id};
	for (int i = 0; i < 2; i++) {
		tx = db_begin(f->one.db);
		store_notices_erased(tx, finishes, 1);
		assert_int_equal(database_read(&f->one, tx, look_at_erased, &rows), DB_COMMITTED);
		assert_int_equal(rows, 1);
	}
	assert_int_equal(scratch_number(f->one.scratch, "SELECT count(*) FROM notifier.notice WHERE state = 'none' AND "
							"reason = 'erased' AND address IS NULL AND fields = '{}'"),
	    1);
	t = notices_claim(f, &f->one, NOTICES_CLAIMED_MAX);
	assert_int_equal(t.count, 2);
	assert_int_equal(notices_finish(&f->one, &t.list[0], "sent", 0), 1);
	notices_erase(&f->one, t.list[0].notice.application_id.bytes[0]);
	assert_int_equal(scratch_number(f->one.scratch,
			     "SELECT count(*) FROM notifier.notice WHERE state = 'sent' AND address IS NULL"),
	    1);
}

static void
look_at_waiting(void *arg, const struct db_results *r)
{
	store_get_waiting_notices(r, 0, arg);
}

static void
waiting_tells_how_many_and_how_long(void **state)
{
	struct notices_fixture *f = *state;
	struct notice held;
	struct waiting w = {.count = -1};

	for (int i = 0; i < 2; i++) {
		struct db_tx *tx = db_begin(f->one.db);

		store_notices_waiting(tx);
		assert_int_equal(database_read(&f->one, tx, look_at_waiting, &w), DB_COMMITTED);
		assert_int_equal(w.count, i ? 2 : 0);
		assert_true(i ? w.age_seconds >= 60 && w.age_seconds < 600 : w.age_seconds == 0);
		assert_int_equal(w.held, i);
		assert_int_equal(w.unknown, i);
		notices_insert(&f->two, 1, 2, true);
		held = notice_later(9, 3, "answered", false);
		notices_store(&f->two, &held, 1);
		notices_insert(&f->two, 10, 1, true);
		scratch_sql(f->one.scratch,
		    "UPDATE notifier.notice SET state = 'unknown' WHERE application_id = "
		    "'0a020000-0000-0000-0000-000000000000'",
		    NULL, 0);
		notices_insert(&f->two, 5, 2, false);
		scratch_sql(f->one.scratch, "UPDATE notifier.notice SET created_at = now() - interval '60 s'", NULL, 0);
	}
}

static void
refuse_carries_its_reason(void **state)
{
	struct notices_fixture *f = *state;

	for (int i = 0; i < 2; i++) {
		struct db_tx *tx = db_begin(f->one.db);

		store_notices_refuse(tx, "the event holds no applicant");
		assert_int_equal(database_commit(&f->one, tx, NULL, NULL), DB_REFUSED);
		assert_non_null(strstr(f->one.reason.text, "the event holds no applicant"));
	}
}

static size_t
confirms(struct database *b, uint8_t first)
{
	struct uuid application = {{first, 2}};
	struct db_tx *tx = db_begin(b->db);
	size_t rows = 0;

	store_confirms_ensure(tx, &application, 1);
	assert_int_equal(database_commit(b, tx, notices_look_at_rows, &rows), DB_COMMITTED);
	return rows;
}

/* S-26 */
static void
unverified_address_gets_one_neutral_message(void **state)
{
	struct notices_fixture *f = *state;
	struct notice n = notice_later(1, 2, "received", false);
	struct notices_taken t;

	assert_int_equal(notices_store(&f->one, &n, 1), 1);
	assert_int_equal(notices_count(f, "state = 'held' AND reason = 'address not verified'"), 1);
	assert_int_equal(confirms(&f->one, 1), 1);
	assert_int_equal(confirms(&f->one, 1), 0);
	assert_int_equal(confirms(&f->two, 1), 0);
	n = notice_later(1, 3, "answered", false);
	assert_int_equal(notices_store(&f->two, &n, 1), 1);
	assert_int_equal(confirms(&f->two, 1), 0);
	t = notices_claim(f, &f->one, NOTICES_CLAIMED_MAX);
	assert_int_equal(t.count, 1);
	assert_string_equal(t.list[0].notice.template, "confirm");
	assert_int_equal(t.list[0].notice.fields.received_on, 20780);
	assert_null(strchr(t.list[0].notice.fields.text, 'k'));
	assert_false(t.list[0].verified);
	assert_int_equal(notices_finish(&f->one, &t.list[0], "sent", 0), 1);
	assert_int_equal(notices_claim(f, &f->one, NOTICES_CLAIMED_MAX).count, 0);
	/* Another address of the same application gets its own. */
	n = notice_later(1, 4, "closed", false);
	n.address = "baska@example.org";
	notices_store(&f->one, &n, 1);
	assert_int_equal(confirms(&f->one, 1), 1);
}

static void
on_confirms_made(void *arg, enum db_outcome outcome, const struct db_results *r, const struct err *e)
{
	size_t *sum = arg;

	(void)e;
	assert_int_equal(outcome, DB_COMMITTED);
	sum[0] += db_rows(r, 0);
	sum[1]++;
}

static void
neutral_message_from_two_connections_is_one(void **state)
{
	struct notices_fixture *f = *state;
	struct notice n = notice_later(1, 2, "received", false);
	struct uuid application = {{1, 2}};
	size_t sum[2] = {0, 0};
	struct db_tx *tx[2];

	notices_store(&f->one, &n, 1);
	tx[0] = db_begin(f->one.db);
	tx[1] = db_begin(f->two.db);
	for (size_t i = 0; i < 2; i++) {
		store_confirms_ensure(tx[i], &application, 1);
		db_commit(tx[i], on_confirms_made, sum);
	}
	assert_true(database_wait(&f->one, both_done, sum, 10000));
	assert_int_equal(sum[0], 1);
}

static size_t
verify(struct database *b, uint8_t first)
{
	struct proof proof = {.application_id = {{first, 2}}, .address = "ayse@example.org"};
	struct db_tx *tx = db_begin(b->db);
	size_t rows[2] = {0, 0};

	rows[1] = store_address_verify(tx, &proof);
	assert_int_equal(database_commit(b, tx, notices_look_at_call, rows), DB_COMMITTED);
	return rows[0];
}

static void
look_at_proofs(void *arg, const struct db_results *r)
{
	struct notices_fixture *f = arg;
	struct proof proof;

	assert_int_equal(db_rows(r, 0), 1);
	store_get_proof(r, 0, 0, f->arena, &proof);
	assert_string_equal(proof.address, "ayse@example.org");
	assert_int_equal(proof.application_id.bytes[0], 1);
}

static void
proof_releases_what_was_held(void **state)
{
	struct notices_fixture *f = *state;
	struct notice list[2] = {notice_later(1, 2, "received", false), notice_later(1, 3, "answered", false)};
	size_t rows = 1;
	struct db_tx *tx;
	struct notices_taken t;

	notices_store(&f->one, list, 2);
	notices_store(&f->one, &(struct notice){0}, 0);
	for (int i = 0; i < 2; i++) {
		tx = db_begin(i ? f->two.db : f->one.db);
		store_addresses_find(tx, "HM-2026-0000123-4");
		assert_int_equal(database_read(i ? &f->two : &f->one, tx, look_at_proofs, f), DB_COMMITTED);
	}
	tx = db_begin(f->one.db);
	store_addresses_find(tx, "HM-2026-0000124-2");
	assert_int_equal(database_read(&f->one, tx, notices_look_at_rows, &rows), DB_COMMITTED);
	assert_int_equal(rows, 0);
	assert_int_equal(verify(&f->two, 2), 0);
	assert_int_equal(notices_claim(f, &f->one, NOTICES_CLAIMED_MAX).count, 0);
	assert_int_equal(verify(&f->two, 1), 2);
	assert_int_equal(verify(&f->one, 1), 0);
	t = notices_claim(f, &f->one, NOTICES_CLAIMED_MAX);
	assert_int_equal(t.count, 1);
	assert_string_equal(t.list[0].notice.template, "received");
	assert_true(t.list[0].verified);
	/* From now on nothing is held, whatever the events say. */
	list[0] = notice_later(1, 4, "closed", false);
	notices_store(&f->one, list, 1);
	assert_int_equal(notices_count(f, "state = 'held'"), 0);
}

/* A proof that comes while an event is stored: one waits for the other, and nothing stays held. */
static void
proof_and_event_at_once_leave_nothing_held(void **state)
{
	struct notices_fixture *f = *state;
	struct session *other = session_open(scratch_conninfo(f->one.scratch, "notifier"));
	struct notice n = notice_later(1, 2, "received", false);
	struct proof proof = {.application_id = {{1, 2}}, .address = "ayse@example.org"};
	struct db_tx *tx;
	size_t sum[2] = {0, 0};

	notices_store(&f->one, &n, 1);
	/* Half of a turn: the address is locked, the notice not yet stored. */
	session_run(other,
	    "BEGIN; UPDATE notifier.address SET verified_at = verified_at; INSERT INTO notifier.notice (id, event_id, "
	    "application_id, number, person, channel, template, language, address, fields, state) SELECT "
	    "gen_random_uuid(), "
	    "gen_random_uuid(), application_id, number, person, channel, 'answered', language, address, fields, 'held' "
	    "FROM "
	    "notifier.notice",
	    NULL, 0);
	tx = db_begin(f->two.db);
	store_address_verify(tx, &proof);
	db_commit(tx, on_confirms_made, sum);
	assert_false(database_wait(&f->two, both_done, sum, 300));
	session_run(other, "COMMIT", NULL, 0);
	sum[1] = sum[1] == 1 ? 2 : 1;
	assert_true(database_wait(&f->two, both_done, sum, 10000));
	assert_int_equal(notices_count(f, "state = 'pending'"), 2);
	session_close(other);
}

static void
event_that_proves_releases(void **state)
{
	struct notices_fixture *f = *state;
	struct notice list[2] = {notice_later(1, 2, "received", false), notice_later(1, 3, "answered", true)};
	struct uuid application = {{1, 2}};

	notices_store(&f->one, &list[0], 1);
	notices_store(&f->one, &list[1], 1);
	for (size_t i = 0; i < 2; i++) {
		struct db_tx *tx = db_begin(f->two.db);
		size_t rows = 0;

		store_notices_release(tx, &application, 1);
		assert_int_equal(database_commit(&f->two, tx, notices_look_at_rows, &rows), DB_COMMITTED);
		assert_int_equal(rows, i ? 0 : 1);
	}
	assert_int_equal(notices_count(f, "state = 'pending'"), 2);
}

static size_t
opt_out(struct database *b, uint8_t first)
{
	struct proof proof = {.application_id = {{first, 2}}, .address = "ayse@example.org"};
	struct db_tx *tx = db_begin(b->db);
	size_t rows[2] = {0, 0};

	rows[1] = store_address_opt_out(tx, &proof);
	assert_int_equal(database_commit(b, tx, notices_look_at_call, rows), DB_COMMITTED);
	return rows[0];
}

static void
opting_out_ends_what_waits_and_what_comes(void **state)
{
	struct notices_fixture *f = *state;
	struct notice list[3] = {notice_later(1, 2, "received", true), notice_later(1, 3, "answered", true),
	    notice_later(1, 4, "closed", true)};
	struct notices_taken t;

	notices_store(&f->one, list, 2);
	t = notices_claim(f, &f->one, 1);
	assert_int_equal(opt_out(&f->two, 1), 1);
	assert_int_equal(opt_out(&f->one, 1), 0);
	assert_int_equal(notices_count(f, "state = 'none' AND reason = 'opted out'"), 1);
	/* What is under way is told at its next claim. */
	assert_int_equal(notices_finish(&f->one, &t.list[0], "pending", 0), 1);
	t = notices_claim(f, &f->one, 1);
	assert_int_equal(t.count, 1);
	assert_true(t.list[0].opted_out);
	notices_store(&f->one, &list[2], 1);
	assert_int_equal(notices_count(f, "state = 'none' AND reason = 'opted out'"), 2);
}

/* How many were not known to have come back. */
static size_t
come_back(struct database *b, const struct uuid *id, uint8_t application, const char *status, bool permanent)
{
	struct returned_letter letter = {
	    .id = *id, .application_id = {{application, 2}}, .status = status, .permanent = permanent};
	struct db_tx *tx = db_begin(b->db);
	size_t rows[2] = {0, 0};

	rows[1] = store_notices_return(tx, &letter, 1);
	assert_int_equal(database_commit(b, tx, notices_look_at_call, rows), DB_COMMITTED);
	return rows[0];
}

static void
letter_that_came_back_ends_what_waits_and_what_comes(void **state)
{
	struct notices_fixture *f = *state;
	struct notice list[4] = {notice_later(1, 2, "received", true), notice_later(1, 3, "answered", true),
	    notice_later(2, 2, "received", true), notice_later(1, 4, "closed", true)};
	struct notices_taken t;
	struct uuid id;

	notices_store(&f->one, list, 3);
	t = notices_claim(f, &f->one, 1);
	id = t.list[0].notice.id;
	assert_int_equal(t.list[0].notice.application_id.bytes[0], 1);
	assert_int_equal(notices_finish(&f->one, &t.list[0], "sent", 0), 1);
	assert_int_equal(come_back(&f->two, &id, 2, "5.1.1", true), 0); /* of another application */
	assert_int_equal(notices_count(f, "returned_at IS NOT NULL"), 0);
	assert_int_equal(come_back(&f->two, &id, 1, "5.1.1", true), 1);
	assert_int_equal(come_back(&f->one, &id, 1, "5.1.1", true), 0);
	assert_int_equal(notices_count(f, "state = 'failed' AND reason = 'the letter came back (5.1.1)'"), 1);
	assert_int_equal(notices_count(f, "state = 'none' AND reason = 'address bounced'"), 1);
	notices_store(&f->two, &list[3], 1);
	assert_int_equal(notices_count(f, "state = 'none' AND reason = 'address bounced'"), 2);
	/* The same address in another application is that one's own affair. */
	assert_int_equal(notices_count(f, "state = 'pending'"), 1);
}

static void
letter_that_came_back_for_now_ends_alone(void **state)
{
	struct notices_fixture *f = *state;
	struct notice list[2] = {notice_later(1, 2, "received", true), notice_later(1, 3, "answered", true)};
	struct notices_taken t;

	notices_store(&f->one, list, 2);
	t = notices_claim(f, &f->one, 1);
	/* The report may be faster than the server's answer, which then changes nothing. */
	assert_int_equal(come_back(&f->two, &t.list[0].notice.id, 1, NULL, false), 1);
	assert_int_equal(notices_finish(&f->one, &t.list[0], "sent", 0), 0);
	assert_int_equal(notices_count(f, "state = 'failed' AND reason = 'the letter came back'"), 1);
	assert_int_equal(notices_count(f, "state = 'pending'"), 1);
	assert_int_equal(
	    scratch_number(f->one.scratch, "SELECT count(*) FROM notifier.address WHERE bounced_at IS NOT NULL"), 0);
}

static void
waiting_for_a_proof_ends(void **state)
{
	struct notices_fixture *f = *state;
	struct notice list[2] = {notice_later(1, 2, "received", false), notice_later(2, 2, "received", false)};

	notices_store(&f->one, list, 2);
	scratch_sql(f->one.scratch,
	    "UPDATE notifier.notice SET created_at = now() - interval '15 d' WHERE application_id < "
	    "'02000000-0000-0000-0000-000000000000'",
	    NULL, 0);
	for (size_t i = 0; i < 2; i++) {
		struct db_tx *tx = db_begin(i ? f->one.db : f->two.db);
		size_t rows = 5;

		store_notices_give_up(tx, 14);
		assert_int_equal(database_commit(i ? &f->one : &f->two, tx, notices_look_at_rows, &rows), DB_COMMITTED);
		assert_int_equal(rows, i ? 0 : 1);
	}
	assert_int_equal(notices_count(f, "state = 'none' AND reason = 'address was not verified in time'"), 1);
	assert_int_equal(notices_count(f, "state = 'held'"), 1);
}

static void
role_reaches_nothing_else(void **state)
{
	static const char *const forbidden[] = {"SELECT * FROM intake.application", "SELECT * FROM feed.event",
	    "SELECT * FROM router.case", "SELECT * FROM auth.api_key", "DELETE FROM notifier.notice",
	    "SELECT * FROM reporting.application"};
	struct notices_fixture *f = *state;
	struct session *s = session_open(scratch_conninfo(f->one.scratch, "notifier"));

	for (size_t i = 0; i < sizeof(forbidden) / sizeof(forbidden[0]); i++)
		assert_string_equal(session_run(s, forbidden[i], NULL, 0), "42501");
	session_close(s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(
		insert_makes_one_notice_per_event_person_channel_and_template, notices_start, notices_end),
	    cmocka_unit_test_setup_teardown(
		insert_from_two_connections_at_once_makes_one_each, notices_start, notices_end),
	    cmocka_unit_test_setup_teardown(erase_forgets_and_takes_the_lease, notices_start, notices_end),
	    cmocka_unit_test_setup_teardown(waiting_tells_how_many_and_how_long, notices_start, notices_end),
	    cmocka_unit_test_setup_teardown(refuse_carries_its_reason, notices_start, notices_end),
	    cmocka_unit_test_setup_teardown(unverified_address_gets_one_neutral_message, notices_start, notices_end),
	    cmocka_unit_test_setup_teardown(neutral_message_from_two_connections_is_one, notices_start, notices_end),
	    cmocka_unit_test_setup_teardown(proof_releases_what_was_held, notices_start, notices_end),
	    cmocka_unit_test_setup_teardown(proof_and_event_at_once_leave_nothing_held, notices_start, notices_end),
	    cmocka_unit_test_setup_teardown(event_that_proves_releases, notices_start, notices_end),
	    cmocka_unit_test_setup_teardown(opting_out_ends_what_waits_and_what_comes, notices_start, notices_end),
	    cmocka_unit_test_setup_teardown(
		letter_that_came_back_ends_what_waits_and_what_comes, notices_start, notices_end),
	    cmocka_unit_test_setup_teardown(letter_that_came_back_for_now_ends_alone, notices_start, notices_end),
	    cmocka_unit_test_setup_teardown(waiting_for_a_proof_ends, notices_start, notices_end),
	    cmocka_unit_test_setup_teardown(role_reaches_nothing_else, notices_start, notices_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
