/* Senders are told once: what is lost is unknown and never repeated, what was certainly not sent is tried again, what the
 * provider said first stands. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/feed/feed.sql.h"
#include "services/intake/told.h"
#include "services/intake/told.sql.h"
#include "tests/harness/database.h"

#define WAIT_MS 20000
#define SEEN_MAX 64

struct fixture {
	struct database database;
	struct metrics *metrics;
	struct told *told, *told_two;
	enum tell_end end;
	bool silent;
	size_t sent;
	char text[1024], source[32], reply_to[64], id[64];
	const char *before_end; /* SQL */
};

static const struct db_statement *const tables[] = {told_statements, feed_statements, NULL};
static const uint8_t key[32] = {1, 2, 3};

static void
on_send(void *arg, struct tell *t)
{
	struct fixture *f = arg;

	f->sent++;
	snprintf(f->text, sizeof(f->text), "%s", t->text);
	snprintf(f->source, sizeof(f->source), "%s", t->source);
	snprintf(f->reply_to, sizeof(f->reply_to), "%s", t->reply_to);
	snprintf(f->id, sizeof(f->id), "%s", t->id);
	if (f->before_end)
		scratch_sql(f->database.scratch, f->before_end, NULL, 0);
	t->message_id = f->end == TELL_SENT ? "wamid.TOLD" : NULL;
	if (!f->silent)
		t->on_end(t, f->end, f->end == TELL_SENT ? NULL : "a reason");
}

static int
set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	if (!f)
		return -1;
	f->metrics = metrics_new();
	database_start(&f->database);
	database_open(&f->database, "intake", "", tables);
	database_wait_up(&f->database);
	*state = f;
	return 0;
}

static int
tear_down(void **state)
{
	struct fixture *f = *state;

	told_stop(f->told);
	told_stop(f->told_two);
	database_close(&f->database);
	told_free(f->told);
	told_free(f->told_two);
	database_end(&f->database);
	metrics_free(f->metrics);
	free(f);
	return 0;
}

static struct told *
start(struct fixture *f)
{
	const struct told_conf conf = {.loop = f->database.loop,
	    .db = f->database.db,
	    .send = on_send,
	    .arg = f,
	    .access_code_key = key,
	    .access_code_key_size = sizeof(key),
	    .public_url = "https://example.org"};
	struct told *t = told_new(&conf, f->metrics);

	told_wake(t);
	return t;
}

/* One draft that has become an application; more drafts of the same kind with other serials. */
static void
put_drafts(struct fixture *f, int count, const char *type)
{
	char sql[2048];

	snprintf(sql, sizeof(sql),
	    "WITH i AS (INSERT INTO intake.inbound (source, source_id, raw, state) SELECT 'whatsapp', n::text, '', "
	    "'done' "
	    "FROM generate_series(1, %d) AS n RETURNING id, source_id), "
	    "a AS (INSERT INTO intake.application (id, number, body_hash, kind, channel, received_at, legal_basis, "
	    "due_on, body, "
	    "language, anonymous, hide_identity, prefers) SELECT gen_random_uuid(), format('HM-2026-%%s-0', "
	    "lpad(source_id, 7, "
	    "'0')), sha256(''), 1, 8, "
	    "now(), 1, "
	    "'2026-12-30', 'x', 'tr', false, false, 0 FROM i RETURNING id, number), "
	    "d AS (INSERT INTO intake.draft (id, channel, state, next_at, ended_as, application_id, reply_to) "
	    "SELECT gen_random_uuid(), 8, 'done', now(), 'application', id, '{\"to\": \"905\"}' FROM a "
	    "RETURNING id, application_id) "
	    "INSERT INTO intake.message (channel, external_id, inbound_id, draft_id, sent_at, type) "
	    "SELECT 8, i.source_id, i.id, d.id, now(), '%s' FROM i JOIN a ON a.number LIKE 'HM-2026-' || "
	    "lpad(i.source_id, 7, "
	    "'0') || '-_' JOIN d ON d.application_id = a.id",
	    count, type);
	assert_int_equal(scratch_sql(f->database.scratch, sql, NULL, 0), 0);
}

static bool
is_settled(void *arg)
{
	struct fixture *f = arg;

	return scratch_number(f->database.scratch, "SELECT count(*) FROM intake.draft WHERE told = 'sending'") == 0 &&
	       f->sent > 0;
}

static const char *
told_as(struct fixture *f)
{
	static char out[32];

	assert_int_equal(scratch_sql(f->database.scratch, "SELECT min(told) FROM intake.draft", out, sizeof(out)), 0);
	return out;
}

static bool
never(void *arg)
{
	(void)arg;
	return false;
}

static void
test_the_sender_is_told_once(void **state)
{
	struct fixture *f = *state;

	put_drafts(f, 1, "text");
	f->told = start(f);
	f->told_two = start(f);
	assert_true(database_wait(&f->database, is_settled, f, WAIT_MS));
	database_wait(&f->database, never, f, 2500);
	assert_int_equal(f->sent, 1);
	assert_string_equal(told_as(f), "sent");
	assert_string_equal(f->source, "whatsapp");
	assert_string_equal(f->reply_to, "{\"to\": \"905\"}");
	assert_non_null(strstr(f->text, "Başvuru numaranız: HM-2026-0000001-0"));
	assert_non_null(strstr(f->text, "https://example.org/takip#no=HM-2026-0000001-0&kod="));
	assert_int_equal(scratch_number(f->database.scratch,
			     "SELECT count(*) FROM intake.draft WHERE told_message_id = 'wamid.TOLD'"),
	    1);
	assert_null(strstr(f->text, "okuyamadık"));
	assert_true(strlen(f->text) <= 1000);
	assert_int_equal(
	    scratch_number(f->database.scratch, "SELECT count(*) FROM intake.draft WHERE id::text <> ''"), 1);
}

static void
test_of_many_each_is_told_once(void **state)
{
	struct fixture *f = *state;

	put_drafts(f, SEEN_MAX, "unsupported");
	f->told = start(f);
	f->told_two = start(f);
	while (scratch_number(f->database.scratch, "SELECT count(*) FROM intake.draft WHERE told = 'sent'") < SEEN_MAX)
		database_wait(&f->database, never, f, 200);
	assert_int_equal(f->sent, SEEN_MAX);
	assert_non_null(strstr(f->text, "okuyamadık"));
}

static void
test_a_lost_answer_is_unknown_and_never_repeated(void **state)
{
	struct fixture *f = *state;

	put_drafts(f, 1, "text");
	f->end = TELL_UNKNOWN;
	f->told = start(f);
	assert_true(database_wait(&f->database, is_settled, f, WAIT_MS));
	database_wait(&f->database, never, f, 2500);
	assert_int_equal(f->sent, 1);
	assert_string_equal(told_as(f), "unknown");
}

/* Whoever was telling died: the row says that it was being sent. */
static void
test_a_sending_without_an_end_is_unknown(void **state)
{
	struct fixture *f = *state;

	put_drafts(f, 1, "text");
	scratch_sql(
	    f->database.scratch, "UPDATE intake.draft SET told = 'sending', told_at = now() - interval '1 s'", NULL, 0);
	f->sent = 1;
	f->told = start(f);
	assert_true(database_wait(&f->database, is_settled, f, WAIT_MS));
	assert_string_equal(told_as(f), "unknown");
	assert_int_equal(f->sent, 1);
}

static void
test_what_was_not_sent_is_tried_again(void **state)
{
	struct fixture *f = *state;

	put_drafts(f, 1, "text");
	f->end = TELL_LATER;
	f->told = start(f);
	assert_true(database_wait(&f->database, is_settled, f, WAIT_MS));
	assert_string_equal(told_as(f), "no");
	assert_int_equal(scratch_number(f->database.scratch, "SELECT count(*) FROM intake.draft WHERE told_at BETWEEN "
							     "now() + interval '50 s' AND now() + interval '61 s'"),
	    1);
	f->end = TELL_SENT;
	scratch_sql(f->database.scratch, "UPDATE intake.draft SET told_at = now()", NULL, 0);
	while (strcmp(told_as(f), "sent") != 0)
		database_wait(&f->database, never, f, 200);
	assert_int_equal(f->sent, 2);
}

static void
test_after_a_day_nobody_is_told_any_more(void **state)
{
	struct fixture *f = *state;

	put_drafts(f, 1, "text");
	scratch_sql(f->database.scratch, "UPDATE intake.draft SET first_at = now() - interval '25 hours'", NULL, 0);
	f->end = TELL_LATER;
	f->told = start(f);
	assert_true(database_wait(&f->database, is_settled, f, WAIT_MS));
	assert_string_equal(told_as(f), "failed");
}

static void
test_a_status_that_was_faster_stands(void **state)
{
	struct fixture *f = *state;

	put_drafts(f, 1, "text");
	f->before_end = "UPDATE intake.draft SET told = 'read'";
	f->told = start(f);
	assert_true(database_wait(&f->database, is_settled, f, WAIT_MS));
	database_wait(&f->database, never, f, 300);
	assert_string_equal(told_as(f), "read");
	assert_int_equal(scratch_number(f->database.scratch,
			     "SELECT count(*) FROM intake.draft WHERE told_message_id = 'wamid.TOLD'"),
	    1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_the_sender_is_told_once, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_of_many_each_is_told_once, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_a_lost_answer_is_unknown_and_never_repeated, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_a_sending_without_an_end_is_unknown, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_what_was_not_sent_is_tried_again, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_after_a_day_nobody_is_told_any_more, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_a_status_that_was_faster_stands, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
