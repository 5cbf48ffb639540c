/* The notifier's statements: each twice, and from two connections. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "services/notifier/notifier.sql.h"
#include "services/notifier/store.h"
#include "tests/harness/database.h"
#include "tests/harness/session.h"

#define CLAIMED_MAX 50

static const struct db_statement *const tables[] = {notifier_statements, NULL};

struct fixture {
	struct database one, two;
	struct arena *arena;
};

struct taken {
	struct arena *arena;
	struct claimed list[CLAIMED_MAX];
	size_t count;
};

static int
set_up(void **state)
{
	static struct fixture f;

	f = (struct fixture){.arena = arena_new(0)};
	database_start(&f.one);
	f.two.scratch = f.one.scratch;
	f.two.loop = f.one.loop;
	database_open(&f.one, "notifier", "", tables);
	database_open(&f.two, "notifier", "", tables);
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

static struct notice
sample(uint8_t number, bool pending)
{
	struct notice n = {
	    .id = uuid_new(),
	    .event_id = {{number, 1}},
	    .application_id = {{number, 2}},
	    .number = "HM-2026-0000123-4",
	    .channel = pending ? "email" : "none",
	    .template = "received",
	    .language = "tr",
	    .address = pending ? "ayse@example.org" : NULL,
	    .state = pending ? "pending" : "none",
	    .reason = pending ? NULL : "anonymous",
	    .fields =
		{
		    .received_on = 20780,
		    .due_on = 20810,
		    .legal_basis = 1,
		    .department_name = "Temizlik İşleri Müdürlüğü",
		    .triage = true,
		    .access_code_generation = 7,
		},
	};

	return n;
}

static void
look_at_rows(void *arg, const struct db_results *r)
{
	*(size_t *)arg = db_rows(r, 0);
}

static void
look_at_claimed(void *arg, const struct db_results *r)
{
	struct taken *t = arg;

	t->count = db_rows(r, 0);
	assert_true(t->count <= CLAIMED_MAX);
	for (size_t row = 0; row < t->count; row++)
		store_get_claimed_notice(r, 0, row, t->arena, &t->list[row]);
}

/* One notice each, with the first bytes of its ids from first on. How many were new. */
static size_t
insert(struct database *b, uint8_t first, size_t count, bool pending)
{
	struct db_tx *tx = db_begin(b->db);
	struct notice list[CLAIMED_MAX];
	size_t new_ones = 0;

	for (size_t i = 0; i < count; i++)
		list[i] = sample((uint8_t)(first + count - 1 - i), pending);
	store_notices_insert(tx, list, count);
	assert_int_equal(database_commit(b, tx, look_at_rows, &new_ones), DB_COMMITTED);
	return new_ones;
}

static struct taken
claim(struct fixture *f, struct database *b, int limit)
{
	struct db_tx *tx = db_begin(b->db);
	struct taken t = {.arena = f->arena};

	store_notices_claim(tx, limit, 30);
	assert_int_equal(database_commit(b, tx, look_at_claimed, &t), DB_COMMITTED);
	return t;
}

static size_t
finish(struct database *b, const struct claimed *c, const char *to, int wait_seconds)
{
	struct finish finish = {.id = c->notice.id,
	    .token = c->token,
	    .state = to,
	    .reason = strcmp(to, "sent") == 0 ? NULL : "disk full",
	    .wait_seconds = wait_seconds};
	struct db_tx *tx = db_begin(b->db);
	size_t rows = 0;

	store_notices_finish(tx, &finish, 1);
	assert_int_equal(database_commit(b, tx, look_at_rows, &rows), DB_COMMITTED);
	return rows;
}

static size_t
erase(struct database *b, uint8_t first)
{
	struct uuid application = {{first, 2}};
	struct db_tx *tx = db_begin(b->db);
	size_t rows = 0;

	store_notices_erase(tx, &application, 1);
	assert_int_equal(database_commit(b, tx, look_at_rows, &rows), DB_COMMITTED);
	return rows;
}

/* I-10 */
static void
insert_makes_one_notice_per_event_person_channel_and_template(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(insert(&f->one, 1, 5, true), 5);
	assert_int_equal(insert(&f->one, 1, 5, true), 0);
	assert_int_equal(insert(&f->two, 3, 5, true), 2);
	assert_int_equal(scratch_number(f->one.scratch, "SELECT count(*) FROM notifier.notice"), 7);
}

static void
on_both_inserted(void *arg, enum db_outcome outcome, const struct db_results *r, const struct err *e)
{
	size_t *sum = arg;

	(void)e;
	assert_int_equal(outcome, DB_COMMITTED);
	sum[0] += db_rows(r, 0);
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
	struct fixture *f = *state;
	struct db_tx *tx[2] = {db_begin(f->one.db), db_begin(f->two.db)};
	struct notice list[2][20];
	size_t sum[2] = {0, 0};

	for (size_t i = 0; i < 20; i++) {
		list[0][i] = sample((uint8_t)(i + 1), true);
		list[1][i] = sample((uint8_t)(20 - i), true);
	}
	for (size_t i = 0; i < 2; i++) {
		store_notices_insert(tx[i], list[i], 20);
		db_commit(tx[i], on_both_inserted, sum);
	}
	assert_true(database_wait(&f->one, both_done, sum, 10000));
	assert_int_equal(sum[0], 20);
}

static void
claim_gives_back_what_was_stored(void **state)
{
	struct fixture *f = *state;
	struct taken t;
	const struct notice *n = &t.list[0].notice;

	insert(&f->one, 9, 1, true);
	insert(&f->one, 10, 1, false);
	t = claim(f, &f->one, CLAIMED_MAX);
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
	assert_true(clock_now() - t.list[0].created_at < 60 * 1000000);
	assert_int_equal(claim(f, &f->one, CLAIMED_MAX).count, 0);
	assert_int_equal(claim(f, &f->two, CLAIMED_MAX).count, 0);
}

static void
claim_from_two_connections_gives_each_notice_once(void **state)
{
	struct fixture *f = *state;
	struct session *other = session_open(scratch_conninfo(f->one.scratch, "notifier"));
	struct taken first, second;

	insert(&f->one, 1, 10, true);
	assert_string_equal(
	    session_run(other,
		"BEGIN; SELECT id FROM notifier.notice WHERE application_id < '05000000-0000-0000-0000-000000000000' "
		"FOR UPDATE",
		NULL, 0),
	    "");
	first = claim(f, &f->one, 4);
	second = claim(f, &f->two, CLAIMED_MAX);
	assert_int_equal(first.count, 4);
	assert_int_equal(second.count, 2);
	session_run(other, "ROLLBACK", NULL, 0);
	assert_int_equal(claim(f, &f->two, CLAIMED_MAX).count, 4);
	session_close(other);
}

static void
finish_counts_only_with_the_newest_lease(void **state)
{
	struct fixture *f = *state;
	struct taken old, new;

	insert(&f->one, 1, 1, true);
	old = claim(f, &f->one, 1);
	scratch_sql(f->one.scratch, "UPDATE notifier.notice SET next_at = now() - interval '1 s'", NULL, 0);
	new = claim(f, &f->two, 1);
	assert_int_equal(new.count, 1);
	assert_int_equal(new.list[0].attempts, 2);
	assert_true(new.list[0].token > old.list[0].token);
	assert_int_equal(finish(&f->one, &old.list[0], "sent", 0), 0);
	assert_int_equal(finish(&f->two, &new.list[0], "sent", 0), 1);
	assert_int_equal(finish(&f->two, &new.list[0], "sent", 0), 0);
	assert_int_equal(scratch_number(f->one.scratch, "SELECT count(*) FROM notifier.notice WHERE state = 'sent' AND "
							"finished_at IS NOT NULL AND lease_until IS NULL"),
	    1);
	scratch_sql(f->one.scratch, "UPDATE notifier.notice SET next_at = now() - interval '1 s'", NULL, 0);
	assert_int_equal(claim(f, &f->one, 1).count, 0);
}

static void
finish_pending_waits_for_the_next_attempt(void **state)
{
	struct fixture *f = *state;
	struct taken t;

	insert(&f->one, 1, 1, true);
	t = claim(f, &f->one, 1);
	assert_int_equal(finish(&f->one, &t.list[0], "pending", 20), 1);
	assert_int_equal(claim(f, &f->one, 1).count, 0);
	assert_int_equal(
	    scratch_number(f->one.scratch,
		"SELECT extract(epoch FROM next_at - now())::int FROM notifier.notice WHERE reason = 'disk full'"),
	    20);
	scratch_sql(f->one.scratch, "UPDATE notifier.notice SET next_at = now() - interval '1 s'", NULL, 0);
	t = claim(f, &f->one, 1);
	assert_int_equal(t.count, 1);
	assert_int_equal(finish(&f->one, &t.list[0], "failed", 0), 1);
	assert_int_equal(
	    scratch_number(f->one.scratch, "SELECT count(*) FROM notifier.notice WHERE state = 'failed'"), 1);
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
	struct fixture *f = *state;
	struct finish finishes[1];
	struct db_tx *tx;
	struct taken t;
	size_t rows = 0;

	insert(&f->one, 1, 3, true);
	t = claim(f, &f->one, 1);
	assert_int_equal(erase(&f->two, t.list[0].notice.application_id.bytes[0]), 1);
	assert_int_equal(erase(&f->one, t.list[0].notice.application_id.bytes[0]), 1);
	assert_int_equal(finish(&f->one, &t.list[0], "sent", 0), 0);
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
	t = claim(f, &f->one, CLAIMED_MAX);
	assert_int_equal(t.count, 2);
	assert_int_equal(finish(&f->one, &t.list[0], "sent", 0), 1);
	erase(&f->one, t.list[0].notice.application_id.bytes[0]);
	assert_int_equal(scratch_number(f->one.scratch,
			     "SELECT count(*) FROM notifier.notice WHERE state = 'sent' AND address IS NULL"),
	    1);
}

struct waiting {
	int64_t count, age;
};

static void
look_at_waiting(void *arg, const struct db_results *r)
{
	struct waiting *w = arg;

	store_get_waiting_notices(r, 0, &w->count, &w->age);
}

static void
waiting_tells_how_many_and_how_long(void **state)
{
	struct fixture *f = *state;
	struct waiting w = {-1, -1};

	for (int i = 0; i < 2; i++) {
		struct db_tx *tx = db_begin(f->one.db);

		store_notices_waiting(tx);
		assert_int_equal(database_read(&f->one, tx, look_at_waiting, &w), DB_COMMITTED);
		assert_int_equal(w.count, i ? 2 : 0);
		assert_true(i ? w.age >= 60 && w.age < 70 : w.age == 0);
		insert(&f->two, 1, 2, true);
		insert(&f->two, 5, 2, false);
		scratch_sql(f->one.scratch, "UPDATE notifier.notice SET created_at = now() - interval '60 s'", NULL, 0);
	}
}

static void
refuse_carries_its_reason(void **state)
{
	struct fixture *f = *state;

	for (int i = 0; i < 2; i++) {
		struct db_tx *tx = db_begin(f->one.db);

		store_notices_refuse(tx, "the event holds no applicant");
		assert_int_equal(database_commit(&f->one, tx, NULL, NULL), DB_REFUSED);
		assert_non_null(strstr(f->one.reason.text, "the event holds no applicant"));
	}
}

static void
role_reaches_nothing_else(void **state)
{
	static const char *const forbidden[] = {"SELECT * FROM intake.application", "SELECT * FROM feed.event",
	    "SELECT * FROM router.case", "SELECT * FROM auth.api_key", "DELETE FROM notifier.notice",
	    "SELECT * FROM reporting.application"};
	struct fixture *f = *state;
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
		insert_makes_one_notice_per_event_person_channel_and_template, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(insert_from_two_connections_at_once_makes_one_each, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(claim_gives_back_what_was_stored, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(claim_from_two_connections_gives_each_notice_once, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(finish_counts_only_with_the_newest_lease, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(finish_pending_waits_for_the_next_attempt, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(erase_forgets_and_takes_the_lease, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(waiting_tells_how_many_and_how_long, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(refuse_carries_its_reason, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(role_reaches_nothing_else, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
