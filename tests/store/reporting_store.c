/* Reporting's statements: each twice, and from two connections; the read model does not depend on which stream
 * comes first. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/feed/feed.sql.h"
#include "services/reporting/ledger.sql.h"
#include "services/reporting/reporting.sql.h"
#include "services/reporting/store.h"
#include "tests/harness/database.h"
#include "tests/harness/session.h"

#define MANY 20
#define TODAY 20790

static const struct db_statement *const tables[] = {feed_statements, reporting_statements, ledger_statements, NULL};
static const uint8_t dummy[32];
static const uint8_t hash[32] = {1, 2, 3};
static const uint8_t other_hash[32] = {1, 2, 4};

struct fixture {
	struct database one, two;
	struct arena *arena;
};

static int
set_up(void **state)
{
	static struct fixture f;

	f = (struct fixture){.arena = arena_new(0)};
	database_start(&f.one);
	f.two.scratch = f.one.scratch;
	f.two.loop = f.one.loop;
	database_open(&f.one, "reporting", "", tables);
	database_open(&f.two, "reporting", "", tables);
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

static struct application
received(struct fixture *f, uint8_t first)
{
	return (struct application){
	    .id = {{first}},
	    .number = arena_printf(f->arena, "HM-2026-%07d-0", first),
	    .kind = 1,
	    .channel = 12,
	    .state = 1,
	    .received_at = INT64_C(1795424400000000) + first,
	    .received_on = 20780 + first % 3,
	    .due_on = 20810,
	    .subject = "Çöp",
	    .text = "Konteyner taştı.",
	    .access_code_hash = hash,
	    .version = 1,
	    .first_version = 1,
	    .first_on = 20780,
	    .at = INT64_C(1795424400000000) + first,
	};
}

static struct application
routed(struct fixture *f, uint8_t first, int32_t version)
{
	struct application a = received(f, first);

	a.access_code_hash = NULL;
	a.version = a.first_version = version;
	a.state = version == 5 ? 11 : version;
	a.department = version % 2 ? "FEN" : "TEM";
	a.department_name = "Müdürlük";
	a.topic = version % 2 ? NULL : "TEM-01";
	a.topic_name = version % 2 ? NULL : "Çöp toplama";
	a.triage = version % 2 == 1;
	a.at += version;
	return a;
}

static void
commit(struct database *b, struct db_tx *tx)
{
	if (database_commit(b, tx, NULL, NULL) != DB_COMMITTED)
		fail_msg("%s", b->reason.text);
}

static void
put_received(struct fixture *f, struct database *b, uint8_t first, size_t count)
{
	struct db_tx *tx = db_begin(b->db);
	struct application list[MANY];

	for (size_t i = 0; i < count; i++)
		list[i] = received(f, (uint8_t)(first + i));
	store_applications_received(tx, list, applications_fold(list, count), TODAY);
	commit(b, tx);
}

static void
put_routed(struct fixture *f, struct database *b, uint8_t first, size_t count, int32_t version)
{
	struct db_tx *tx = db_begin(b->db);
	struct application list[MANY];

	for (size_t i = 0; i < count; i++)
		list[i] = routed(f, (uint8_t)(first + i), version);
	store_applications_moved(tx, list, applications_fold(list, count), TODAY);
	commit(b, tx);
}

static void
erase(struct database *b, uint8_t first)
{
	struct db_tx *tx = db_begin(b->db);
	struct uuid ids[2] = {{{first}}, {{200}}};

	store_applications_erase(tx, ids, 2);
	commit(b, tx);
}

/* The whole of an application's row as one text. */
static void
row_text(struct fixture *f, uint8_t first, char *text, size_t size)
{
	const char *sql = arena_printf(
	    f->arena, "SELECT a::text FROM reporting.application AS a WHERE number = 'HM-2026-%07d-0'", first);

	assert_int_equal(scratch_sql(f->one.scratch, sql, text, size), 0);
}

static void
order_of_streams_does_not_matter(void **state)
{
	struct fixture *f = *state;
	char one[1000], two[1000];

	put_received(f, &f->one, 1, 1);
	put_routed(f, &f->two, 1, 1, 2);
	row_text(f, 1, one, sizeof(one));
	scratch_sql(f->one.scratch, "DELETE FROM reporting.application", NULL, 0);
	put_routed(f, &f->one, 1, 1, 2);
	put_received(f, &f->two, 1, 1);
	row_text(f, 1, two, sizeof(two));
	assert_string_equal(one, two);
	assert_non_null(strstr(one, "Konteyner"));
	assert_non_null(strstr(one, "TEM-01"));
	put_received(f, &f->one, 1, 1);
	put_routed(f, &f->one, 1, 1, 2);
	row_text(f, 1, two, sizeof(two));
	assert_string_equal(one, two);
}

static void
version_only_moves_forward(void **state)
{
	struct fixture *f = *state;
	char one[1000], two[1000];

	put_routed(f, &f->one, 1, 1, 4);
	row_text(f, 1, one, sizeof(one));
	put_routed(f, &f->two, 1, 1, 3);
	put_routed(f, &f->one, 1, 1, 2);
	row_text(f, 1, two, sizeof(two));
	assert_string_equal(one, two);
	put_routed(f, &f->one, 1, 1, 5);
	assert_int_equal(
	    scratch_number(f->one.scratch, "SELECT count(*) FROM reporting.application WHERE version = 5 AND "
					   "state = 11 AND triage AND topic IS NULL AND department = 'FEN'"),
	    1);
}

static void
on_one_done(void *arg, enum db_outcome outcome, const struct db_results *r, const struct err *e)
{
	(void)r;
	(void)e;
	assert_int_equal(outcome, DB_COMMITTED);
	++*(int *)arg;
}

static bool
both_done(void *arg)
{
	return *(int *)arg == 2;
}

static void
both_streams_at_once_make_one_row_each(void **state)
{
	struct fixture *f = *state;
	struct db_tx *tx[2] = {db_begin(f->one.db), db_begin(f->two.db)};
	struct application in[MANY], out[MANY];
	int done = 0;

	for (uint8_t i = 0; i < MANY; i++) {
		in[i] = received(f, (uint8_t)(i + 1));
		out[i] = routed(f, (uint8_t)(MANY - i), 2);
	}
	store_applications_received(tx[0], in, applications_fold(in, MANY), TODAY);
	store_applications_moved(tx[1], out, applications_fold(out, MANY), TODAY);
	db_commit(tx[0], on_one_done, &done);
	db_commit(tx[1], on_one_done, &done);
	assert_true(database_wait(&f->one, both_done, &done, 10000));
	assert_int_equal(
	    scratch_number(f->one.scratch, "SELECT count(*) FROM reporting.application WHERE version = 2 AND "
					   "access_code_hash IS NOT NULL AND department = 'TEM'"),
	    MANY);
}

static const char forgotten[] =
    "SELECT count(*) FROM reporting.application WHERE erased AND body IS NULL AND subject IS NULL AND "
    "neighbourhood IS NULL";

static void
erased_stays_erased(void **state)
{
	struct fixture *f = *state;

	put_received(f, &f->one, 1, 2);
	erase(&f->one, 1);
	erase(&f->two, 1);
	assert_int_equal(scratch_number(f->one.scratch, forgotten), 1);
	put_routed(f, &f->one, 1, 2, 2);
	assert_int_equal(scratch_number(f->one.scratch, forgotten), 1);
	erase(&f->one, 3);
	put_received(f, &f->one, 3, 1);
	put_routed(f, &f->one, 3, 1, 2);
	erase(&f->one, 4);
	put_routed(f, &f->one, 4, 1, 2);
	put_received(f, &f->one, 4, 1);
	assert_int_equal(scratch_number(f->one.scratch, forgotten), 3);
	assert_int_equal(scratch_number(f->one.scratch, "SELECT count(*) FROM reporting.application"), 4);
}

static void
put_origin(struct database *b, uint8_t first)
{
	const struct origin origin = {.application_id = {{first}},
	    .entered_by = "m.ornek",
	    .registry_number = "E-1",
	    .registry_on = 20780,
	    .reply_by = 20790};
	const struct file file = {.application_id = {{first}},
	    .id = {{9}},
	    .version = 1,
	    .place = 1,
	    .name = "a.jpg",
	    .media_type = "image/jpeg",
	    .size = 7};
	struct db_tx *tx = db_begin(b->db);

	store_origin(tx, &origin);
	store_file(tx, &file);
	commit(b, tx);
}

/* Twice, from two connections; and nothing comes back of what was erased. */
static void
how_it_came_in_is_kept_until_it_is_erased(void **state)
{
	static const char kept[] =
	    "SELECT count(*) FROM reporting.origin AS o JOIN reporting.file AS f USING (application_id) WHERE "
	    "entered_by = "
	    "'m.ornek' AND registry_number = 'E-1' AND registry_on = '2026-11-23' AND sender_institution IS NULL AND "
	    "reply_by = '2026-12-03' AND f.name = 'a.jpg' AND f.media_type = 'image/jpeg' AND f.size = 7";
	struct fixture *f = *state;

	put_received(f, &f->one, 1, 2);
	for (uint8_t i = 0; i < 4; i++)
		put_origin(i % 2 ? &f->one : &f->two, (uint8_t)(1 + i / 2));
	assert_int_equal(scratch_number(f->one.scratch, kept), 2);
	erase(&f->one, 1);
	assert_int_equal(scratch_number(f->one.scratch, kept), 1);
	put_origin(&f->two, 1);
	assert_int_equal(scratch_number(f->one.scratch, kept), 1);
	scratch_number(f->one.scratch, "SELECT count(reporting.rebuild())");
	assert_int_equal(scratch_number(f->one.scratch, kept), 0);
}

static void
what_others_wrote_of_it_is_erased_too(void **state)
{
	static const char write[] =
	    "INSERT INTO reporting.history (application_id, version, at, event, visible, state, actor_type, "
	    "actor_role, body,"
	    " internal, name, reference, code) SELECT application_id, 3, now(), 'note_added', false, 3, 1, 1, 'b', "
	    "'i', 'n', 'r', 0"
	    " FROM reporting.application;"
	    "INSERT INTO reporting.part (application_id, number, version, department, department_name, task, answer)"
	    " SELECT application_id, 1, 3, 'TEM', 'Temizlik', 't', 'a' FROM reporting.application";
	static const char left[] =
	    "SELECT (SELECT sum(num_nonnulls(body, internal, name, reference)) FROM reporting.history)"
	    " + (SELECT sum(num_nonnulls(task, answer)) FROM reporting.part)";
	struct fixture *f = *state;

	put_received(f, &f->one, 1, 2);
	assert_int_equal(scratch_sql(f->one.scratch, write, NULL, 0), 0);
	assert_int_equal(scratch_number(f->one.scratch, left), 12);
	erase(&f->one, 1);
	assert_int_equal(scratch_number(f->one.scratch, left), 6);
}

struct look {
	struct store_track_calls calls;
	uint8_t hash[32];
	bool found;
	int version;
	char text[64];
	uint64_t cursor;
};

static void
look_at_track(void *arg, const struct db_results *r)
{
	struct look *l = arg;
	struct tracked tracked;
	const uint8_t *found = store_get_access_code_hash(r, l->calls.hash);

	assert_non_null(found);
	memcpy(l->hash, found, sizeof(l->hash));
	l->cursor = store_get_reporting_cursor(r, l->calls.cursor);
	l->found = store_get_tracked_application(r, l->calls.track, &tracked);
	if (l->found)
		snprintf(l->text, sizeof(l->text), "%s", tracked.text ? tracked.text : "");
	if (l->found)
		l->version = tracked.version;
}

static struct look
track(struct database *b, const char *number, const uint8_t *code)
{
	struct look l = {.cursor = 99};
	struct db_tx *tx = db_begin(b->db);

	l.calls = store_application_track(tx, number, code, dummy, "intake");
	assert_int_equal(database_read(b, tx, look_at_track, &l), DB_COMMITTED);
	return l;
}

static void
track_opens_only_with_the_code(void **state)
{
	struct fixture *f = *state;
	struct look l;

	put_received(f, &f->one, 1, 1);
	put_routed(f, &f->one, 2, 1, 2); /* its code is not known yet */
	for (int i = 0; i < 2; i++) {
		l = track(i ? &f->two : &f->one, "HM-2026-0000001-0", hash);
		assert_true(l.found);
		assert_memory_equal(l.hash, hash, 32);
		assert_string_equal(l.text, "Konteyner taştı.");
		assert_int_equal(l.version, 1);
		assert_int_equal(l.cursor, 0);
		l = track(&f->one, "HM-2026-0000001-0", other_hash);
		assert_false(l.found);
		assert_memory_equal(l.hash, hash, 32);
		l = track(&f->one, "HM-2026-0000009-0", hash);
		assert_false(l.found);
		assert_memory_equal(l.hash, dummy, 32);
		l = track(&f->one, "HM-2026-0000002-0", dummy);
		assert_false(l.found);
	}
}

static void
refuse_carries_its_reason(void **state)
{
	struct fixture *f = *state;

	for (int i = 0; i < 2; i++) {
		struct db_tx *tx = db_begin(f->one.db);

		store_applications_refuse(tx, "a time is not valid");
		assert_int_equal(database_commit(&f->one, tx, NULL, NULL), DB_REFUSED);
		assert_non_null(strstr(f->one.reason.text, "a time is not valid"));
	}
}

static void
look_at_keys(void *arg, const struct db_results *r)
{
	assert_int_equal(db_rows(r, 0), *(size_t *)arg);
	if (db_rows(r, 0) == 1)
		assert_string_equal(db_text(r, 0, 0, 3), "applications reports");
}

static void
keys_are_those_in_force(void **state)
{
	struct fixture *f = *state;
	size_t expected = 0;
	struct db_tx *tx;

	for (int i = 0; i < 2; i++) {
		scratch_sql(f->one.scratch,
		    i ? "INSERT INTO auth.api_key VALUES ('aaaaaaaaaaaa', 'k', sha256('x'), '{applications,reports}', "
			"now(), NULL),"
			"('bbbbbbbbbbbb', 'k', sha256('x'), '{}', now(), now())"
		      : "DELETE FROM auth.api_key",
		    NULL, 0);
		tx = db_begin(f->one.db);
		db_call(tx, &reporting_statements[REPORTING_API_KEYS]);
		assert_int_equal(database_read(&f->one, tx, look_at_keys, &expected), DB_COMMITTED);
		expected++;
	}
}

static void
role_reaches_nothing_else(void **state)
{
	static const char *const forbidden[] = {"SELECT * FROM intake.application", "SELECT * FROM feed.event",
	    "SELECT * FROM router.case", "DELETE FROM auth.api_key", "DELETE FROM reporting.application",
	    "SELECT * FROM notifier.notice"};
	struct fixture *f = *state;
	struct session *s = session_open(scratch_conninfo(f->one.scratch, "reporting"));

	for (size_t i = 0; i < sizeof(forbidden) / sizeof(forbidden[0]); i++)
		assert_string_equal(session_run(s, forbidden[i], NULL, 0), "42501");
	session_close(s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(order_of_streams_does_not_matter, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(version_only_moves_forward, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(both_streams_at_once_make_one_row_each, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(erased_stays_erased, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(how_it_came_in_is_kept_until_it_is_erased, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(what_others_wrote_of_it_is_erased_too, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(track_opens_only_with_the_code, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(refuse_carries_its_reason, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(keys_are_those_in_force, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(role_reaches_nothing_else, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
