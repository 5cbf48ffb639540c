/* The ledger of promises and the inbox: however events fall into turns, the rows end the same; and a turn reads by key, also by
 * a plan that was made while the tables were small. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "services/reporting/ledger.h"
#include "services/reporting/ledger.sql.h"
#include "services/reporting/likeness.sql.h"
#include "services/reporting/requests.sql.h"
#include "tests/harness/database.h"

#define BODY(name) KOPRU__V1__EVENT__BODY_##name
#define DAY_US INT64_C(86400000000)
#define FIRST_DAY 20000
#define DUMP_SIZE 16384
#define EVENTS_MAX 64
#define ROWS "30000"
#define ASKED "100"
#define BLOCKS_MAX                                                                                                     \
	6000 /* of 100 rows found and changed, with their indexes; read from end to end it would be 30,000 and more */

static const struct db_statement *const tables[] = {ledger_statements, NULL};

/* One event: of application, on a day, by which department's case. on: the day that it promises. */
struct told {
	int application, body, day;
	int32_t on;
	const char *department;
};

/* A: told, moved, moved to another department, kept. B: broken. C: withdrawn. D: final answer instead of a plan, and kept late. */
static const struct told story[] = {
    {'A', BODY(APPLICATION_ROUTED), 0, 30, "TEM"},
    {'B', BODY(APPLICATION_ROUTED), 0, 30, "TEM"},
    {'A', BODY(DATE_PROMISED), 1, 10, "TEM"},
    {'C', BODY(APPLICATION_ROUTED), 1, 31, "FEN"},
    {'A', BODY(DATE_PROMISED), 2, 12, "TEM"},
    {'A', BODY(CASE_ESCALATED), 3, 0, "TEM"},
    {'B', BODY(CASE_ESCALATED), 3, 0, "TEM"},
    {'A', BODY(CASE_TRANSFERRED), 4, 0, "FEN"},
    {'D', BODY(APPLICATION_ROUTED), 4, 34, ""},
    {'A', BODY(CASE_ESCALATED), 5, 0, "FEN"},
    {'C', BODY(CASE_WITHDRAWN), 5, 0, "FEN"},
    {'D', BODY(CASE_ASSIGNED), 5, 0, "TEM"},
    {'A', BODY(CASE_ANSWERED), 12, 0, "FEN"},
    {'D', BODY(DATE_PROMISED), 12, 20, "TEM"},
    {'D', BODY(INTERIM_ANSWER_GIVEN), 13, 25, "TEM"},
    {'B', BODY(CASE_TRANSFERRED), 14, 0, "FEN"},
    {'B', BODY(CASE_ANSWERED), 40, 0, "FEN"},
    {'B', BODY(CASE_REOPENED), 41, 71, "FEN"},
    {'D', BODY(CASE_ANSWERED), 41, 0, "TEM"},
};
#define STORY (sizeof(story) / sizeof(story[0]))

static const char expected[] = "A law +30 FEN kept +12\n"
			       "A planned +10 TEM moved +2\n"
			       "A planned +12 FEN kept +12\n"
			       "B law +30 FEN broken +40\n"
			       "B law +71 FEN open\n"
			       "C law +31 FEN void +5\n"
			       "D final_answer +25 TEM broken +41\n"
			       "D law +34 TEM broken +41\n"
			       "D planned +20 TEM moved +13\n"
			       "A escalation +3 FEN officer +5\n"
			       "A escalation +5 FEN officer +12\n"
			       "B escalation +3 FEN officer +40";

struct fixture {
	struct database database;
	struct arena *arena;
	struct turn_event events[EVENTS_MAX];
};

static Kopru__V1__Event *
body_make(struct arena *a, const struct told *told)
{
	Kopru__V1__Event *event = arena_alloc(a, sizeof(*event));

	kopru__v1__event__init(event);
	event->body_case = (Kopru__V1__Event__BodyCase)told->body;
#define MAKE(field, init)                                                                                              \
	do {                                                                                                           \
		(field) = arena_alloc(a, sizeof(*(field)));                                                            \
		init(field);                                                                                           \
	} while (0)
	if (told->body == BODY(APPLICATION_ROUTED)) {
		MAKE(event->application_routed, kopru__v1__application_routed__init);
		MAKE(event->application_routed->application, kopru__v1__application__init);
		event->application_routed->department = arena_string(a, told->department);
		event->application_routed->application->number = arena_printf(a, "HM-%c", told->application);
		event->application_routed->application->due_on = FIRST_DAY + told->on;
		event->application_routed->application->legal_basis = KOPRU__V1__LEGAL_BASIS__LEGAL_BASIS_3071;
		return event;
	}
	MAKE(event->standing, kopru__v1__standing__init);
	event->standing->department = arena_string(a, told->department);
	event->standing->legal_basis = KOPRU__V1__LEGAL_BASIS__LEGAL_BASIS_3071;
	event->standing->due_on = FIRST_DAY + told->on;
	if (told->body == BODY(CASE_ESCALATED)) {
		MAKE(event->case_escalated, kopru__v1__case_escalated__init);
		event->case_escalated->clock = KOPRU__V1__CLOCK__CLOCK_LAW;
		event->case_escalated->stage = 50;
		event->case_escalated->due_at = (FIRST_DAY + 31) * DAY_US;
		event->case_escalated->to = KOPRU__V1__ACTOR__ROLE__ROLE_OFFICER;
	} else if (told->body == BODY(DATE_PROMISED)) {
		MAKE(event->date_promised, kopru__v1__date_promised__init);
		event->date_promised->promised_on = FIRST_DAY + told->on;
	} else if (told->body == BODY(INTERIM_ANSWER_GIVEN)) {
		MAKE(event->interim_answer_given, kopru__v1__interim_answer_given__init);
		event->interim_answer_given->final_by = FIRST_DAY + told->on;
	}
#undef MAKE
	return event;
}

static void
events_make(struct fixture *f)
{
	for (size_t i = 0; i < STORY; i++) {
		struct uuid *id = arena_alloc(f->arena, sizeof(*id));
		Kopru__V1__Event *event = body_make(f->arena, &story[i]);

		*id = (struct uuid){{(uint8_t)(i + 1)}};
		event->id.data = id->bytes;
		event->id.len = UUID_SIZE;
		event->number = arena_printf(f->arena, "HM-%c", story[i].application);
		event->at = (FIRST_DAY + story[i].day) * DAY_US + DAY_US / 2;
		f->events[i] = (struct turn_event){
		    .seq = i + 1, .event_id = *id, .application_id = {{(uint8_t)story[i].application}}, .event = event};
	}
}

static int
set_up(void **state)
{
	static struct fixture f;

	f = (struct fixture){.arena = arena_new(0)};
	database_start(&f.database);
	database_open(&f.database, "reporting", "", tables);
	database_wait_up(&f.database);
	events_make(&f);
	*state = &f;
	return 0;
}

static int
tear_down(void **state)
{
	struct fixture *f = *state;

	database_end(&f->database);
	arena_free(f->arena);
	return 0;
}

static void
turn(struct fixture *f, size_t first, size_t count)
{
	struct db_tx *tx = db_begin(f->database.db);

	ledger_record(tx, f->events + first, count);
	if (database_commit(&f->database, tx, NULL, NULL) != DB_COMMITTED)
		fail_msg("%s", f->database.reason.text);
}

/* All rows that the story leaves when turns are of so many events. */
static const char *
told_in_turns_of(struct fixture *f, size_t size)
{
	static char dump[DUMP_SIZE];

	scratch_sql(f->database.scratch, "TRUNCATE reporting.promise, reporting.inbox", NULL, 0);
	for (size_t first = 0; first < STORY; first += size)
		turn(f, first, first + size < STORY ? size : STORY - first);
	assert_int_equal(scratch_sql(f->database.scratch,
			     "WITH day AS (SELECT date '1970-01-01' + 20000 AS first) "
			     "SELECT string_agg(x.line, E'\\n' ORDER BY x.part, x.line) FROM ("
			     "SELECT 1 AS part, concat_ws(' ', right(p.number, 1), p.what, '+' || p.promised_on - "
			     "d.first, p.department, "
			     "p.outcome, '+' || (p.ended_at AT TIME ZONE 'UTC')::date - d.first) AS line FROM "
			     "reporting.promise AS p, day AS d "
			     "UNION ALL "
			     "SELECT 2, concat_ws(' ', right(i.number, 1), i.what, '+' || (i.at AT TIME ZONE "
			     "'UTC')::date - d.first, "
			     "i.department, i.role, '+' || (i.ended_at AT TIME ZONE 'UTC')::date - d.first) FROM "
			     "reporting.inbox AS i, "
			     "day AS d) AS x",
			     dump, sizeof(dump)),
	    0);
	return dump;
}

static void
test_however_events_fall_into_turns_rows_end_the_same(void **state)
{
	struct fixture *f = *state;

	for (size_t size = 1; size <= STORY; size++) {
		const char *dump = told_in_turns_of(f, size);

		if (strcmp(dump, expected) != 0)
			fail_msg("in turns of %zu:\n%s\nnot:\n%s", size, dump, expected);
	}
}

static const struct {
	const struct db_statement *statement;
	const char *table, *columns, *values; /* of row i */
	const char *types, *arguments; /* beside the ids */
} changes[] = {
    {&ledger_statements[PROMISES_END], "reporting.promise",
	"application_id, event_id, number, department, what, promised_on, told_at",
	"md5(i::text)::uuid, md5(i::text)::uuid, 'N', 'TEM', 'law', current_date, now()",
	"text[], text[], date[], timestamptz[], text[]", "nothing(), nothing(), days(), times(), nothing()"},
    {&ledger_statements[PROMISES_MOVE], "reporting.promise",
	"application_id, event_id, number, department, what, promised_on, told_at",
	"md5(i::text)::uuid, md5(i::text)::uuid, 'N', 'TEM', 'law', current_date, now()", "text[]", "nothing()"},
    {&ledger_statements[INBOX_END], "reporting.inbox", "application_id, event_id, number, department, role, what, at",
	"md5(i::text)::uuid, md5(i::text)::uuid, 'N', 'TEM', 'officer', 'page', now()", "text[], int[], timestamptz[]",
	"nothing(), zeros(), times()"},
    {&ledger_statements[INBOX_MOVE], "reporting.inbox", "application_id, event_id, number, department, role, what, at",
	"md5(i::text)::uuid, md5(i::text)::uuid, 'N', 'TEM', 'officer', 'page', now()", "text[]", "nothing()"},
    {&likeness_statements[LIKENESS_MOVE], "reporting.likeness", "application_id, received_at, topic, streets, hidden",
	"md5(i::text)::uuid, now(), 'TEM-01', '{}', false", "text[]", "nothing()"},
    {&requests_statements[REQUESTS_MOVE], "reporting.public_request",
	"application_id, number, version, state, status, topic, department, received_at, updated_at, expected_on",
	"md5(i::text)::uuid, 'N' || i, -1, 1, 1, 'TEM-01', 'TEM', now(), now(), current_date",
	"int[], int[], int[], text[], text[], timestamptz[], date[]",
	"zeros(), ones(), ones(), nothing(), nothing(), times(), days()"},
};

static const char functions[] =
    "CREATE FUNCTION ids() RETURNS uuid[] LANGUAGE sql AS 'SELECT array_agg(md5((i * 7)::text)::uuid) FROM "
    "generate_series(1, " ASKED ") AS i'; "
    "CREATE FUNCTION nothing() RETURNS text[] LANGUAGE sql AS 'SELECT array_fill(''''::text, ARRAY[" ASKED "])'; "
    "CREATE FUNCTION zeros() RETURNS int[] LANGUAGE sql AS 'SELECT array_fill(0, ARRAY[" ASKED "])'; "
    "CREATE FUNCTION ones() RETURNS int[] LANGUAGE sql AS 'SELECT array_fill(1, ARRAY[" ASKED "])'; "
    "CREATE FUNCTION days() RETURNS date[] LANGUAGE sql AS 'SELECT array_fill(current_date, ARRAY[" ASKED "])'; "
    "CREATE FUNCTION times() RETURNS timestamptz[] LANGUAGE sql AS 'SELECT array_fill(now(), ARRAY[" ASKED "])'";

static void
test_a_turn_reads_by_key_whatever_the_plan_was_made_on(void **state)
{
	struct fixture *f = *state;
	static char out[DUMP_SIZE];

	assert_int_equal(scratch_sql(f->database.scratch, functions, NULL, 0), 0);
	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		const char *fill = arena_printf(f->arena, "INSERT INTO %s (%s) SELECT %s FROM generate_series",
		    changes[i].table, changes[i].columns, changes[i].values);
		const char *hit = NULL;

		assert_int_equal(
		    scratch_sql(f->database.scratch,
			arena_printf(f->arena,
			    "SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off; DEALLOCATE ALL; "
			    "TRUNCATE %s; %s(1, 5) AS i; ANALYZE %s; PREPARE change(uuid[], %s) AS %s; "
			    "EXPLAIN EXECUTE change(ids(), %s); %s(6, " ROWS ") AS i; "
			    "EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) EXECUTE change(ids(), %s)",
			    changes[i].table, fill, changes[i].table, changes[i].types, changes[i].statement->text,
			    changes[i].arguments, fill, changes[i].arguments),
			out, sizeof(out)),
		    0);
		hit = strstr(out, "\"Shared Hit Blocks\": ");
		assert_non_null(hit);
		assert_non_null(strstr(out, "\"Actual Rows\": " ASKED));
		if (strtol(hit + strlen("\"Shared Hit Blocks\": "), NULL, 10) > BLOCKS_MAX || strstr(out, "Seq Scan"))
			fail_msg("%s reads more than it changes: %s", changes[i].statement->name, out);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_however_events_fall_into_turns_rows_end_the_same, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_a_turn_reads_by_key_whatever_the_plan_was_made_on, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
