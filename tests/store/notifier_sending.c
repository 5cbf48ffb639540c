/* The notifier's statements of sending: each twice, and from two connections. */
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

static void
claim_gives_back_what_was_stored(void **state)
{
	struct notices_fixture *f = *state;
	struct notices_taken t;
	const struct notice *n = &t.list[0].notice;

	notices_insert(&f->one, 9, 1, true);
	notices_insert(&f->one, 10, 1, false);
	t = notices_claim(f, &f->one, NOTICES_CLAIMED_MAX);
	assert_int_equal(t.count, 1);
	assert_int_equal(t.list[0].attempts, 1);
	assert_int_equal(t.list[0].token, 1);
	assert_int_equal(n->application_id.bytes[0], 9);
	assert_string_equal(n->number, "HM-2026-0000123-4");
	assert_string_equal(n->channel, "email");
	assert_string_equal(n->template, "received");
	assert_string_equal(n->language, "tr");
	assert_string_equal(n->address, "ayse@example.org");
	assert_int_equal(n->fields.received_on, 20780);
	assert_int_equal(n->fields.due_on, 20810);
	assert_int_equal(n->fields.legal_basis, 1);
	assert_string_equal(n->fields.department_name, "Temizlik İşleri Müdürlüğü");
	assert_true(n->fields.triage);
	assert_int_equal(n->fields.access_code_generation, 7);
	assert_string_equal(n->fields.text, "İki satır:\n\"ikinci\"");
	assert_string_equal(n->fields.reason, "");
	assert_int_equal(n->fields.reject_reason, 3);
	assert_int_equal(n->fields.answer_by, 20800);
	assert_int_equal(n->fields.final_by, 20801);
	assert_int_equal(n->fields.old_due_on, 20802);
	assert_string_equal(n->fields.institution, "KOSKİ");
	assert_int_equal(n->fields.letter_on, 20803);
	assert_string_equal(n->fields.letter_number, "E-1");
	assert_true(n->fields.joint);
	assert_true(t.list[0].verified && !t.list[0].opted_out && !t.list[0].resend);
	assert_true(t.list[0].now >= t.list[0].created_at);
	assert_true(clock_now() - t.list[0].created_at < 60 * 1000000);
	assert_int_equal(notices_claim(f, &f->one, NOTICES_CLAIMED_MAX).count, 0);
	assert_int_equal(notices_claim(f, &f->two, NOTICES_CLAIMED_MAX).count, 0);
}

static void
claim_from_two_connections_gives_each_notice_once(void **state)
{
	struct notices_fixture *f = *state;
	struct session *other = session_open(scratch_conninfo(f->one.scratch, "notifier"));
	struct notices_taken first, second;

	notices_insert(&f->one, 1, 10, true);
	assert_string_equal(
	    session_run(other,
		"BEGIN; SELECT id FROM notifier.notice WHERE application_id < '05000000-0000-0000-0000-000000000000' "
		"FOR UPDATE",
		NULL, 0),
	    "");
	first = notices_claim(f, &f->one, 4);
	second = notices_claim(f, &f->two, NOTICES_CLAIMED_MAX);
	assert_int_equal(first.count, 4);
	assert_int_equal(second.count, 2);
	session_run(other, "ROLLBACK", NULL, 0);
	assert_int_equal(notices_claim(f, &f->two, NOTICES_CLAIMED_MAX).count, 4);
	session_close(other);
}

static void
finish_counts_only_with_the_newest_lease(void **state)
{
	struct notices_fixture *f = *state;
	struct notices_taken old, new;

	notices_insert(&f->one, 1, 1, true);
	old = notices_claim(f, &f->one, 1);
	scratch_sql(
	    f->one.scratch, "UPDATE notifier.notice SET next_at = now() - interval '1 s', state = 'pending'", NULL, 0);
	new = notices_claim(f, &f->two, 1);
	assert_int_equal(new.count, 1);
	assert_int_equal(new.list[0].attempts, 2);
	assert_true(new.list[0].token > old.list[0].token);
	assert_int_equal(notices_finish(&f->one, &old.list[0], "sent", 0), 0);
	assert_int_equal(notices_finish(&f->two, &new.list[0], "sent", 0), 1);
	assert_int_equal(notices_finish(&f->two, &new.list[0], "sent", 0), 0);
	assert_int_equal(scratch_number(f->one.scratch, "SELECT count(*) FROM notifier.notice WHERE state = 'sent' AND "
							"finished_at IS NOT NULL AND lease_until IS NULL"),
	    1);
	scratch_sql(f->one.scratch, "UPDATE notifier.notice SET next_at = now() - interval '1 s'", NULL, 0);
	assert_int_equal(notices_claim(f, &f->one, 1).count, 0);
}

static void
finish_pending_waits_for_the_next_attempt(void **state)
{
	struct notices_fixture *f = *state;
	struct notices_taken t;

	notices_insert(&f->one, 1, 1, true);
	t = notices_claim(f, &f->one, 1);
	assert_int_equal(notices_finish(&f->one, &t.list[0], "pending", 20), 1);
	assert_int_equal(notices_claim(f, &f->one, 1).count, 0);
	assert_int_equal(
	    scratch_number(f->one.scratch,
		"SELECT extract(epoch FROM next_at - now())::int FROM notifier.notice WHERE reason = 'disk full'"),
	    20);
	scratch_sql(f->one.scratch, "UPDATE notifier.notice SET next_at = now() - interval '1 s'", NULL, 0);
	t = notices_claim(f, &f->one, 1);
	assert_int_equal(t.count, 1);
	assert_int_equal(notices_finish(&f->one, &t.list[0], "failed", 0), 1);
	assert_int_equal(
	    scratch_number(f->one.scratch, "SELECT count(*) FROM notifier.notice WHERE state = 'failed'"), 1);
}

/* */
static void
claim_keeps_the_order_of_an_application(void **state)
{
	struct notices_fixture *f = *state;
	struct notice list[4] = {notice_later(1, 2, "received", true), notice_later(1, 3, "question", true),
	    notice_later(1, 4, "answered", true), notice_later(2, 2, "received", true)};
	struct notices_taken t;

	notices_store(&f->one, list, 4);
	t = notices_claim(f, &f->one, NOTICES_CLAIMED_MAX);
	assert_int_equal(t.count, 2);
	assert_string_equal(t.list[0].notice.template, "received");
	assert_string_equal(t.list[1].notice.template, "received");
	assert_int_equal(notices_claim(f, &f->two, NOTICES_CLAIMED_MAX).count, 0);
	/* A delayed one holds up its own application only. */
	for (size_t i = 0; i < 2; i++)
		notices_finish(
		    &f->one, &t.list[i], t.list[i].notice.application_id.bytes[0] == 1 ? "pending" : "sent", 60);
	assert_int_equal(notices_claim(f, &f->two, NOTICES_CLAIMED_MAX).count, 0);
	scratch_sql(f->one.scratch, "UPDATE notifier.notice SET next_at = now() WHERE state = 'pending'", NULL, 0);
	t = notices_claim(f, &f->two, NOTICES_CLAIMED_MAX);
	assert_int_equal(t.count, 1);
	notices_finish(&f->two, &t.list[0], "failed", 0);
	t = notices_claim(f, &f->two, NOTICES_CLAIMED_MAX);
	assert_int_equal(t.count, 1);
	assert_string_equal(t.list[0].notice.template, "question");
	/* What is unknown and will be repeated goes first, too. */
	notices_finish(&f->two, &t.list[0], "unknown", 0);
	assert_int_equal(notices_claim(f, &f->two, NOTICES_CLAIMED_MAX).count, 0);
	scratch_sql(f->one.scratch, "UPDATE notifier.notice SET next_at = now() WHERE state = 'unknown'", NULL, 0);
	t = notices_claim(f, &f->one, NOTICES_CLAIMED_MAX);
	assert_int_equal(t.count, 1);
	assert_true(t.list[0].resend);
	notices_finish(&f->one, &t.list[0], "unknown", 0);
	assert_int_equal(notices_count(f, "state = 'unknown' AND next_at = 'infinity'"), 1);
	t = notices_claim(f, &f->one, NOTICES_CLAIMED_MAX);
	assert_int_equal(t.count, 1);
	assert_string_equal(t.list[0].notice.template, "answered");
}

static void
insert_at(struct notices_fixture *f, uint8_t first, size_t number, const char *domain)
{
	struct notice list[NOTICES_CLAIMED_MAX];

	for (size_t i = 0; i < number; i++) {
		list[i] = notice_sample((uint8_t)(first + i), true);
		list[i].address = arena_printf(f->arena, "a%zu@%s", i, domain);
	}
	notices_store(&f->one, list, number);
}

/* I-11 */
static void
claim_keeps_domains_apart(void **state)
{
	static const char *const limited[] = {"a.example", "b.example"};
	static const char *const routed[] = {"b.example", "z.example"};
	static const int limits[] = {0, 2};
	struct notices_fixture *f = *state;
	struct claim c = notices_claim_sample(NOTICES_CLAIMED_MAX);
	struct notices_taken t;

	insert_at(f, 10, 6, "a.example");
	insert_at(f, 20, 6, "B.example");
	insert_at(f, 30, 6, "c.example");
	c.limited = limited;
	c.limits = limits;
	c.limited_count = 2;
	c.limit_a_domain = 3;
	t = notices_claim_as(f, &f->one, &c);
	assert_int_equal(t.count, 5);
	c.domains = routed;
	c.domain_count = 2;
	c.only_these = true;
	assert_int_equal(notices_claim_as(f, &f->two, &c).count, 2);
	c.only_these = false;
	t = notices_claim_as(f, &f->one, &c);
	assert_int_equal(t.count, 3);
	assert_non_null(strstr(t.list[0].notice.address, "@c.example"));
	c.limited_count = 0;
	assert_int_equal(notices_claim_as(f, &f->one, &c).count, 3);
	assert_int_equal(notices_claim_as(f, &f->one, &c).count, 3);
	c.only_these = true;
	assert_int_equal(notices_claim_as(f, &f->one, &c).count, 2);
	assert_int_equal(notices_claim_as(f, &f->one, &c).count, 0);
}

/* The round goes on after the domain where it stopped. */
static void
claim_begins_after_a_domain(void **state)
{
	struct notices_fixture *f = *state;
	struct claim c = notices_claim_sample(2);
	struct notices_taken t;

	insert_at(f, 10, 4, "a.example");
	insert_at(f, 20, 4, "b.example");
	c.begin_after = "a.example";
	t = notices_claim_as(f, &f->one, &c);
	assert_int_equal(t.count, 2);
	assert_non_null(strstr(t.list[0].notice.address, "@b.example"));
	c.begin_after = "b.example";
	t = notices_claim_as(f, &f->two, &c);
	assert_int_equal(t.count, 2);
	assert_non_null(strstr(t.list[0].notice.address, "@a.example"));
}

static void
claim_counts_what_an_address_got_today(void **state)
{
	struct notices_fixture *f = *state;
	struct notice list[4] = {
	    notice_sample(1, true), notice_sample(2, true), notice_sample(3, true), notice_sample(4, true)};
	struct claim c = notices_claim_sample(1);
	struct notices_taken t;

	list[1].address = "AYSE@example.org";
	list[3].address = "baska@example.org";
	notices_store(&f->one, list, 4);
	for (int i = 0; i < 3; i++) {
		scratch_sql(f->one.scratch,
		    arena_printf(f->arena,
			"UPDATE notifier.notice SET next_at = 'yesterday' WHERE application_id = "
			"'0%d020000-0000-0000-0000-000000000000'",
			i + 1),
		    NULL, 0);
		t = notices_claim_as(f, i % 2 ? &f->one : &f->two, &c);
		assert_int_equal(t.count, 1);
		assert_int_equal(t.list[0].letters_today, i);
		assert_int_equal(t.list[0].confirms_today, 0);
		notices_finish(&f->one, &t.list[0], i == 1 ? "unknown" : "sent", 0);
	}
	scratch_sql(f->one.scratch,
	    "UPDATE notifier.notice SET template = 'confirm' WHERE id IN (SELECT id FROM notifier.notice WHERE state = "
	    "'sent' LIMIT "
	    "1); UPDATE notifier.notice SET attempted_at = attempted_at - interval '25 h' WHERE state = 'unknown'; "
	    "UPDATE "
	    "notifier.notice SET address = 'ayse@example.org' WHERE state = 'pending'",
	    NULL, 0);
	t = notices_claim_as(f, &f->one, &c);
	assert_int_equal(t.count, 1);
	assert_int_equal(t.list[0].letters_today, 2);
	assert_int_equal(t.list[0].confirms_today, 1);
	c.count_today_to = 0;
	notices_finish(&f->one, &t.list[0], "pending", 0);
	t = notices_claim_as(f, &f->one, &c);
	assert_int_equal(t.count, 1);
	assert_int_equal(t.list[0].letters_today, 0);
}

static void
attempts_are_stored_before_and_after(void **state)
{
	struct notices_fixture *f = *state;
	struct notices_taken t;

	notices_insert(&f->one, 1, 1, true);
	t = notices_claim(f, &f->one, 1);
	assert_int_equal(
	    scratch_number(f->one.scratch,
		"SELECT count(*) FROM notifier.attempt WHERE token = 1 AND provider = 'smtp' AND outcome = "
		"'sending' AND NOT resend AND ended_at IS NULL"),
	    1);
	notices_finish(&f->one, &t.list[0], "pending", 0);
	t = notices_claim(f, &f->two, 1);
	assert_int_equal(t.list[0].attempts, 2);
	notices_finish(&f->one, &t.list[0], "sent", 0);
	assert_int_equal(
	    scratch_number(f->one.scratch,
		"SELECT count(*) FROM notifier.attempt WHERE (token, outcome, coalesce(reason, '')) IN ((1, "
		"'retried', 'disk full'), (2, 'sent', '')) AND ended_at IS NOT NULL"),
	    2);
}

static void
uncounted_attempt_leaves_the_count(void **state)
{
	struct notices_fixture *f = *state;
	struct finish end = {.state = "pending", .outcome = "delayed", .reason = "quiet hours", .uncounted = true};
	struct notices_taken t;
	struct db_tx *tx;

	notices_insert(&f->one, 1, 1, true);
	for (int i = 0; i < 2; i++) {
		t = notices_claim(f, &f->one, 1);
		assert_int_equal(t.list[0].attempts, 1);
		end.id = t.list[0].notice.id;
		end.token = t.list[0].token;
		tx = db_begin(f->two.db);
		store_notices_finish(tx, &end, 1, 600);
		assert_int_equal(database_commit(&f->two, tx, NULL, NULL), DB_COMMITTED);
		assert_int_equal(
		    notices_count(f, "attempts = 0 AND reason = 'quiet hours' AND finished_at IS NULL"), 1);
	}
}

static size_t
recover(struct database *b)
{
	struct db_tx *tx = db_begin(b->db);
	size_t rows = 0;

	store_notices_recover(tx, 600);
	assert_int_equal(database_commit(b, tx, notices_look_at_rows, &rows), DB_COMMITTED);
	return rows;
}

#define END_LEASES "UPDATE notifier.notice SET next_at = now() - interval '1 s' WHERE state = 'sending'"

static void
ended_lease_is_unknown_unless_it_was_a_file(void **state)
{
	struct notices_fixture *f = *state;
	struct notice list[2] = {notice_later(1, 2, "received", true), notice_later(2, 3, "answered", true)};
	struct claim c = notices_claim_sample(NOTICES_CLAIMED_MAX);
	struct notices_taken t;

	notices_store(&f->one, list, 2);
	t = notices_claim_as(f, &f->one, &c);
	assert_int_equal(t.count, 2);
	assert_int_equal(recover(&f->two), 0);
	scratch_sql(f->one.scratch, END_LEASES, NULL, 0);
	assert_int_equal(recover(&f->two), 2);
	assert_int_equal(recover(&f->one), 0);
	assert_int_equal(notices_count(f, "state = 'unknown' AND template = 'received' AND next_at = 'infinity'"), 1);
	assert_int_equal(
	    notices_count(f,
		"state = 'unknown' AND template = 'answered' AND next_at BETWEEN now() + interval '9 min' AND "
		"now() + interval '11 min'"),
	    1);
	assert_int_equal(notices_claim(f, &f->one, NOTICES_CLAIMED_MAX).count, 0);
	/* A late answer still settles it. */
	assert_int_equal(notices_finish(&f->one, &t.list[0], "sent", 0), 1);
	assert_int_equal(notices_count(f, "state = 'sent'"), 1);

	notices_insert(&f->one, 9, 1, true);
	c.provider = "file";
	t = notices_claim_as(f, &f->one, &c);
	scratch_sql(f->one.scratch, END_LEASES, NULL, 0);
	assert_int_equal(recover(&f->two), 1);
	assert_int_equal(notices_claim_as(f, &f->two, &c).count, 1);
	assert_int_equal(notices_finish(&f->one, &t.list[0], "sent", 0), 0);
}

static void
lease_is_made_longer_by_its_holder_only(void **state)
{
	struct notices_fixture *f = *state;
	struct finish lease;
	struct db_tx *tx;
	struct notices_taken t;

	notices_insert(&f->one, 1, 1, true);
	t = notices_claim(f, &f->one, 1);
	lease = (struct finish){.id = t.list[0].notice.id, .token = t.list[0].token};
	for (int i = 0; i < 2; i++) {
		tx = db_begin(i ? f->one.db : f->two.db);
		lease.token = t.list[0].token + i;
		store_notices_extend(tx, &lease, 1, 600 - 500 * i);
		assert_int_equal(database_commit(i ? &f->one : &f->two, tx, NULL, NULL), DB_COMMITTED);
		assert_int_equal(notices_count(f, "least(next_at, lease_until) > now() + interval '9 min'"), 1);
	}
}

static void
operator_may_retry_what_ended_badly(void **state)
{
	static const char retry[] = "SELECT count(*) FROM notifier.retry((SELECT array_agg(id) FROM notifier.notice))";
	struct notices_fixture *f = *state;
	struct notice list[5] = {notice_later(1, 2, "received", false), notice_later(2, 2, "received", true),
	    notice_later(3, 2, "received", true), notice_later(4, 2, "received", true),
	    notice_later(5, 2, "received", true)};
	struct notices_taken t;

	notices_store(&f->one, list, 5);
	t = notices_claim(f, &f->one, NOTICES_CLAIMED_MAX);
	assert_int_equal(t.count, 4);
	for (size_t i = 0; i < 3; i++)
		notices_finish(&f->one, &t.list[i], i == 0 ? "failed" : i == 1 ? "unknown" : "sent", 0);
	assert_int_equal(scratch_number(f->one.scratch, retry), 3);
	assert_int_equal(scratch_number(f->one.scratch, retry), 0);
	assert_int_equal(
	    notices_count(f, "state = 'pending' AND attempts = 0 AND reason IS NULL AND finished_at IS NULL"), 3);
	assert_int_equal(notices_count(f, "state = 'sent'"), 1);
	assert_int_equal(notices_count(f, "state = 'sending'"), 1);
	/* What the old holder says does not count any more. */
	assert_int_equal(notices_finish(&f->one, &t.list[1], "sent", 0), 0);
	assert_int_equal(notices_claim(f, &f->one, NOTICES_CLAIMED_MAX).count, 3);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(claim_gives_back_what_was_stored, notices_start, notices_end),
	    cmocka_unit_test_setup_teardown(
		claim_from_two_connections_gives_each_notice_once, notices_start, notices_end),
	    cmocka_unit_test_setup_teardown(finish_counts_only_with_the_newest_lease, notices_start, notices_end),
	    cmocka_unit_test_setup_teardown(finish_pending_waits_for_the_next_attempt, notices_start, notices_end),
	    cmocka_unit_test_setup_teardown(claim_keeps_the_order_of_an_application, notices_start, notices_end),
	    cmocka_unit_test_setup_teardown(claim_keeps_domains_apart, notices_start, notices_end),
	    cmocka_unit_test_setup_teardown(claim_begins_after_a_domain, notices_start, notices_end),
	    cmocka_unit_test_setup_teardown(claim_counts_what_an_address_got_today, notices_start, notices_end),
	    cmocka_unit_test_setup_teardown(attempts_are_stored_before_and_after, notices_start, notices_end),
	    cmocka_unit_test_setup_teardown(uncounted_attempt_leaves_the_count, notices_start, notices_end),
	    cmocka_unit_test_setup_teardown(ended_lease_is_unknown_unless_it_was_a_file, notices_start, notices_end),
	    cmocka_unit_test_setup_teardown(lease_is_made_longer_by_its_holder_only, notices_start, notices_end),
	    cmocka_unit_test_setup_teardown(operator_may_retry_what_ended_badly, notices_start, notices_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
