/* Reporting's tallies: whatever order and batches the events of random lives come in, they are what a count from scratch
 * gives, the same read model comes out, and the backlog is what the lives say. limit: 300 s */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/domain/number.h"
#include "common/feed/feed.sql.h"
#include "services/reporting/figures.sql.h"
#include "services/reporting/figures_internal.h"
#include "services/reporting/ledger.sql.h"
#include "services/reporting/likeness.sql.h"
#include "services/reporting/record.h"
#include "services/reporting/reporting.sql.h"
#include "services/reporting/requests.sql.h"
#include "services/reporting/routed.sql.h"
#include "services/reporting/store.h"
#include "services/reporting/store_figures.h"
#include "tests/harness/database.h"

#define LIVES 70
#define EVENTS_MAX 14
#define DAY INT64_C(86400000000)
#define FIRST_DAY 18627 /* 2020-12-31: lives cross months and a year */
#define TODAY (FIRST_DAY + 60)

static const struct db_statement *const tables[] = {feed_statements, reporting_statements, figures_statements,
    requests_statements, likeness_statements, routed_statements, ledger_statements, NULL};

struct life {
	uint8_t id[16], hash[32];
	char number[NUMBER_TEXT_SIZE];
	Kopru__V1__Event *events[EVENTS_MAX];
	size_t count, next; /* next: to be given to reporting, of the case's (from 1) */
};

struct fixture {
	struct database one, two;
	struct arena *arena;
	struct calendar *calendar;
	struct life lives[LIVES];
	uint32_t random;
};

static uint32_t
pick(struct fixture *f, uint32_t count)
{
	f->random = f->random * 1664525U + 1013904223U;
	return (f->random >> 8) % count;
}

static int
set_up(void **state)
{
	static struct fixture f;
	struct err e;

	f = (struct fixture){.arena = arena_new(0), .random = 20};
	f.calendar = calendar_new("date,name,kind\n2021-01-01,a,tam\n2021-01-15,b,yarim\n", &e);
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
	calendar_free(f->calendar);
	arena_free(f->arena);
	return 0;
}

#define BODY(NAME) KOPRU__V1__EVENT__BODY_##NAME
#define STATE(NAME) KOPRU__V1__STATE__STATE_##NAME

/* What may happen where; state 0: it stays. */
static const struct {
	unsigned from; /* bits of states */
	Kopru__V1__Event__BodyCase body;
	Kopru__V1__State to;
} moves[] = {
    {1U << STATE(RECEIVED) | 1U << STATE(REOPENED), BODY(CASE_ASSIGNED), STATE(ASSIGNED)},
    {1U << STATE(ASSIGNED) | 1U << STATE(REOPENED), BODY(CASE_ACCEPTED), STATE(IN_PROGRESS)},
    {1U << STATE(ASSIGNED), BODY(CASE_HANDED_BACK), STATE(RECEIVED)},
    {1U << STATE(ASSIGNED) | 1U << STATE(IN_PROGRESS), BODY(CASE_TRANSFERRED), STATE(ASSIGNED)},
    {1U << STATE(IN_PROGRESS), BODY(CITIZEN_ASKED), STATE(WAITING_FOR_CITIZEN)},
    {1U << STATE(WAITING_FOR_CITIZEN), BODY(CITIZEN_REPLIED), STATE(IN_PROGRESS)},
    {1U << STATE(WAITING_FOR_CITIZEN), BODY(QUESTION_EXPIRED), STATE(IN_PROGRESS)},
    {1U << STATE(IN_PROGRESS) | 1U << STATE(ASSIGNED), BODY(NOTE_ADDED), STATE(UNSPECIFIED)},
    {1U << STATE(IN_PROGRESS), BODY(INTERIM_ANSWER_GIVEN), STATE(UNSPECIFIED)},
    {1U << STATE(IN_PROGRESS) | 1U << STATE(MERGED) | 1U << STATE(REOPENED), BODY(CASE_ANSWERED), STATE(ANSWERED)},
    {1U << STATE(ASSIGNED), BODY(CASE_FORWARDED), STATE(FORWARDED)},
    {1U << STATE(RECEIVED), BODY(CASE_REJECTED), STATE(REJECTED)},
    {1U << STATE(IN_PROGRESS), BODY(CASE_MERGED), STATE(MERGED)},
    {1U << STATE(MERGED), BODY(CASE_UNMERGED), STATE(ASSIGNED)},
    {1U << STATE(RECEIVED), BODY(CASE_WITHDRAWN), STATE(WITHDRAWN)},
    {1U << STATE(ANSWERED), BODY(CASE_CLOSED), STATE(CLOSED)},
    {1U << STATE(ANSWERED) | 1U << STATE(CLOSED) | 1U << STATE(FORWARDED) | 1U << STATE(REJECTED) |
	    1U << STATE(WITHDRAWN),
	BODY(CASE_REOPENED), STATE(REOPENED)},
};

/* Every body of a case event begins like a CaseAccepted: initialised memory is enough for all of them. */
static void
body_make(struct fixture *f, Kopru__V1__Event *event, Kopru__V1__Event__BodyCase body)
{
	const ProtobufCFieldDescriptor *field =
	    protobuf_c_message_descriptor_get_field(&kopru__v1__event__descriptor, (unsigned)body);
	const ProtobufCMessageDescriptor *type = field->descriptor;
	ProtobufCMessage *message = arena_alloc(f->arena, type->sizeof_message);

	protobuf_c_message_init(type, message);
	event->body_case = body;
	event->case_accepted = (Kopru__V1__CaseAccepted *)message;
}

static Kopru__V1__Event *
event_make(struct fixture *f, struct life *life, int64_t at)
{
	Kopru__V1__Event *event = arena_alloc(f->arena, sizeof(*event));
	Kopru__V1__Actor *actor = arena_alloc(f->arena, sizeof(*actor));

	kopru__v1__event__init(event);
	kopru__v1__actor__init(actor);
	actor->type = pick(f, 4) ? KOPRU__V1__ACTOR__TYPE__TYPE_DEPARTMENT : KOPRU__V1__ACTOR__TYPE__TYPE_SERVICE;
	event->actor = actor;
	event->application_id.data = life->id;
	event->application_id.len = 16;
	event->number = life->number;
	event->version = (uint32_t)life->count + 1;
	event->at = at;
	life->events[life->count++] = event;
	return event;
}

static Kopru__V1__Application *
application_make(struct fixture *f, struct life *life, int64_t received_at)
{
	static const char *const places[] = {"Fetih", "FETİH", "  ışık mah.", ""};
	Kopru__V1__Application *a = arena_alloc(f->arena, sizeof(*a));
	Kopru__V1__Location *location = arena_alloc(f->arena, sizeof(*location));

	kopru__v1__application__init(a);
	kopru__v1__location__init(location);
	location->neighbourhood = arena_string(f->arena, places[pick(f, 4)]);
	a->location = location;
	a->id.data = life->id;
	a->id.len = 16;
	a->number = life->number;
	a->kind = (Kopru__V1__Kind)(1 + pick(f, 6));
	a->channel = (Kopru__V1__Channel)(1 + pick(f, 13));
	a->text = arena_string(f->arena, "Konteyner taştı.");
	a->received_at = received_at;
	a->due_on = FIRST_DAY + 1 + (int32_t)pick(f, 80);
	return a;
}

static char *
department(struct fixture *f)
{
	static const char *const codes[] = {"TEM", "FEN", "HM"};

	return arena_string(f->arena, codes[pick(f, 3)]);
}

static void
live_on(struct fixture *f, struct life *life, const Kopru__V1__Application *a, Kopru__V1__State state)
{
	int64_t at = life->events[life->count - 1]->at;

	for (size_t tries = pick(f, 40); tries > 0 && life->count < EVENTS_MAX; tries--) {
		size_t move = pick(f, sizeof(moves) / sizeof(moves[0]));
		Kopru__V1__Standing *standing;
		Kopru__V1__Event *event;

		if (!(moves[move].from & 1U << state))
			continue;
		state = moves[move].to ? moves[move].to : state;
		at += (int64_t)pick(f, 1000) * 500000000;
		event = event_make(f, life, at);
		body_make(f, event, moves[move].body);
		standing = arena_alloc(f->arena, sizeof(*standing));
		kopru__v1__standing__init(standing);
		standing->state = state;
		standing->department = department(f);
		standing->department_name = standing->department;
		standing->topic = arena_string(f->arena, pick(f, 3) ? "TEM-01" : "");
		standing->due_on = a->due_on;
		standing->kind = a->kind;
		standing->channel = a->channel;
		standing->received_at = a->received_at;
		event->standing = standing;
	}
}

static void
life_make(struct fixture *f, struct life *life, int32_t serial)
{
	int64_t received_at = (int64_t)FIRST_DAY * DAY + (int64_t)pick(f, 40 * 24 * 60) * 60000000;
	Kopru__V1__Application *a;
	Kopru__V1__Event *event;

	*life = (struct life){.id = {(uint8_t)pick(f, 256), (uint8_t)serial}, .hash = {(uint8_t)serial, 9}};
	assert_true(number_format(2020, serial + 1, life->number));
	a = application_make(f, life, received_at);
	event = event_make(f, life, received_at + 1000000);
	body_make(f, event, BODY(APPLICATION_RECEIVED));
	event->application_received->application = a;
	event->application_received->access_code_hash.data = life->hash;
	event->application_received->access_code_hash.len = 32;
	event = event_make(f, life, received_at + 2000000);
	body_make(f, event, BODY(APPLICATION_ROUTED));
	event->application_routed->application = a;
	event->application_routed->department = department(f);
	event->application_routed->state = pick(f, 3) ? STATE(ASSIGNED) : STATE(RECEIVED);
	live_on(f, life, a, event->application_routed->state);
}

static void
give(struct fixture *f, struct database *b, struct turn_event *events, size_t count)
{
	struct db_tx *tx;

	if (count == 0)
		return;
	tx = db_begin(b->db);
	record_events(tx, events, count, &(struct record_lists){.calendar = f->calendar}, TODAY);
	if (database_commit(b, tx, NULL, NULL) != DB_COMMITTED)
		fail_msg("%s", b->reason.text);
}

static struct turn_event
turn_event_of(const struct life *life, size_t i)
{
	struct turn_event event = {.event = life->events[i]};

	memcpy(event.application_id.bytes, life->id, 16);
	return event;
}

/* Both streams, in batches of random sizes, turn by turn; order 0: all of intake first; 1: all of case first. */
static void
give_all(struct fixture *f, unsigned order, uint32_t batch_max)
{
	size_t received = 0, left = 0;

	for (size_t i = 0; i < LIVES; i++) {
		f->lives[i].next = 1;
		left += f->lives[i].count - 1;
	}
	while (received < LIVES || left > 0) {
		struct turn_event events[512];
		size_t size = 1 + pick(f, batch_max), count = 0;
		bool intake = received < LIVES && (left == 0 || order == 0 || (order != 1 && pick(f, 2)));

		while (count < size && (intake ? received < LIVES : left > 0)) {
			struct life *life = &f->lives[intake ? received++ : pick(f, LIVES)];

			if (!intake && life->next == life->count)
				continue;
			events[count++] = turn_event_of(life, intake ? 0 : life->next++);
			left -= !intake;
		}
		give(f, pick(f, 2) ? &f->one : &f->two, events, count);
	}
}

static void
lives_make(struct fixture *f)
{
	for (int32_t i = 0; i < LIVES; i++)
		life_make(f, &f->lives[i], i);
}

static const char *
dump(struct fixture *f, const char *sql)
{
	char *text = arena_alloc(f->arena, 64);

	assert_int_equal(
	    scratch_sql(f->one.scratch,
		arena_printf(f->arena,
		    "SELECT md5(coalesce(string_agg(t::text, E'\\n' ORDER BY t::text), '')) FROM (%s) AS t", sql),
		text, 64),
	    0);
	return text;
}

static const char *const models[] = {
    "SELECT * FROM reporting.application",
    "SELECT * FROM reporting.history",
    "SELECT * FROM reporting.part",
    "SELECT * FROM reporting.earlier_span",
    "SELECT * FROM reporting.tally WHERE received <> 0",
    "SELECT * FROM reporting.spread WHERE buckets <> decode(repeat('00', 1536), 'hex')",
    "SELECT * FROM reporting.backlog WHERE growth <> 0",
};
#define MODELS (sizeof(models) / sizeof(models[0]))

/* What should not be there: tallies and spreads that a count of the applications does not give, or the other way round. */
static const char tallies_wrong[] =
    "WITH g AS (SELECT a.*, x.* FROM reporting.application AS a CROSS JOIN LATERAL "
    "(SELECT date_trunc('month', a.received_on::timestamp)::date AS month) AS m CROSS JOIN LATERAL "
    "(VALUES (1, a.received_on, 0, ''), (2, m.month, 1, a.channel::text), (2, m.month, 2, a.kind::text), "
    "(2, m.month, 3, coalesce(a.topic, '')), (2, m.month, 4, coalesce(a.department, '')), (2, m.month, 5, "
    "a.state::text), "
    "(2, m.month, 6, coalesce(a.neighbourhood, ''))) AS x(span, starts_on, dimension, key)), "
    "c AS (SELECT span, starts_on, dimension, key, count(*) AS received, count(answered_at) AS answered, "
    "count(*) FILTER (WHERE ended_on IS NULL) AS open, count(*) FILTER (WHERE overdue) AS overdue, "
    "count(*) FILTER (WHERE forwarded) AS forwarded, count(*) FILTER (WHERE handed_back) AS handed_back, "
    "count(*) FILTER (WHERE reopened) AS reopened, count(reaction_at) AS reacted, coalesce(sum(reaction_minutes), 0), "
    "coalesce(sum(reaction_working_minutes), 0), coalesce(sum(answer_minutes), 0), "
    "coalesce(sum(answer_working_minutes), 0) "
    "FROM g GROUP BY span, starts_on, dimension, key), "
    "t AS (SELECT span::int, starts_on, dimension::int, key, received, answered, open, overdue, forwarded, "
    "handed_back, "
    "reopened, reacted, reaction_minutes, reaction_working_minutes, answer_minutes, answer_working_minutes "
    "FROM reporting.tally WHERE received <> 0) "
    "SELECT (SELECT count(*) FROM (SELECT * FROM t EXCEPT SELECT * FROM c) AS x) + "
    "(SELECT count(*) FROM (SELECT * FROM c EXCEPT SELECT * FROM t) AS x) + "
    "(SELECT count(*) FROM reporting.tally WHERE received = 0 AND (answered, open, overdue, forwarded, handed_back, "
    "reopened, "
    "reacted, reaction_minutes, answer_minutes) <> (0, 0, 0, 0, 0, 0, 0, 0, 0))";
static const char spreads_wrong[] =
    "WITH c AS (SELECT x.span, x.starts_on, x.dimension, x.key, b.what, b.bucket::int, count(*) "
    "FROM reporting.application AS a CROSS JOIN LATERAL "
    "(SELECT date_trunc('month', a.received_on::timestamp)::date, date_trunc('year', a.received_on::timestamp)::date) "
    "AS m(month, year) CROSS JOIN LATERAL "
    "(VALUES (0, a.reaction_bucket), (1, a.reaction_working_bucket), (2, a.answer_bucket), (3, "
    "a.answer_working_bucket)) "
    "AS b(what, bucket) CROSS JOIN LATERAL "
    "(VALUES (1, a.channel::text), (2, a.kind::text), (3, coalesce(a.topic, '')), (4, coalesce(a.department, '')), "
    "(5, a.state::text), (6, coalesce(a.neighbourhood, ''))) AS k(dimension, key) CROSS JOIN LATERAL "
    "(SELECT 2, m.month, k.dimension, k.key UNION ALL SELECT 3, m.year, k.dimension, k.key UNION ALL "
    "SELECT 1, a.received_on, 0, '' WHERE k.dimension = 1) AS x(span, starts_on, dimension, key) WHERE b.bucket IS NOT "
    "NULL "
    "GROUP BY 1, 2, 3, 4, 5, 6), "
    "t AS (SELECT s.span::int, s.starts_on, s.dimension::int, s.key, s.what::int, i AS bucket, "
    "('x' || encode(substring(s.buckets FROM 4 * i + 1 FOR 4), 'hex'))::bit(32)::int::bigint AS n "
    "FROM reporting.spread AS s CROSS JOIN generate_series(0, 383) AS i "
    "WHERE substring(s.buckets FROM 4 * i + 1 FOR 4) <> '\\x00000000') "
    "SELECT (SELECT count(*) FROM (SELECT * FROM t EXCEPT SELECT * FROM c) AS x) + "
    "(SELECT count(*) FROM (SELECT * FROM c EXCEPT SELECT * FROM t) AS x)";

/* Was it open at the end of the day? By its life, not by what reporting made of it. */
static bool
life_open(const struct life *life, int32_t day)
{
	bool open = false;

	for (size_t i = 0; i < life->count; i++) {
		const Kopru__V1__Event *event = life->events[i];
		int64_t at = i == 0 ? event->application_received->application->received_at : event->at;

		if (date_in_istanbul(at) <= day)
			open = i < 2 || application_is_open((int32_t)event->standing->state);
	}
	return open;
}

static void
backlog_check(struct fixture *f)
{
	for (int32_t day = FIRST_DAY - 1; day <= TODAY; day++) {
		int64_t open = 0;

		for (size_t i = 0; i < LIVES; i++)
			open += life_open(&f->lives[i], day);
		assert_int_equal(
		    open, scratch_number(f->one.scratch, arena_printf(f->arena,
							     "SELECT coalesce(sum(growth), 0) FROM reporting.backlog "
							     "WHERE day <= '1970-01-01'::date + %d",
							     day)));
	}
}

static void
check_all(struct fixture *f)
{
	assert_int_equal(scratch_number(f->one.scratch, "SELECT count(*) FROM reporting.application"), LIVES);
	assert_int_equal(scratch_number(f->one.scratch, tallies_wrong), 0);
	assert_int_equal(scratch_number(f->one.scratch, spreads_wrong), 0);
	backlog_check(f);
}

static void
rebuild(struct fixture *f)
{
	assert_int_equal(scratch_sql(f->one.scratch, "SELECT reporting.rebuild()", NULL, 0), 0);
	assert_int_equal(scratch_number(f->one.scratch, "SELECT count(*) FROM reporting.application"), 0);
}

static void
rebuilt_in_any_order_it_is_the_same(void **state)
{
	static const struct {
		unsigned order;
		uint32_t batch;
	} ways[] = {{0, 1}, {1, 200}, {2, 40}, {2, 7}, {0, 400}};
	struct fixture *f = *state;
	const char *first[MODELS];

	lives_make(f);
	for (size_t way = 0; way < sizeof(ways) / sizeof(ways[0]); way++) {
		if (way > 0)
			rebuild(f);
		give_all(f, ways[way].order, ways[way].batch);
		check_all(f);
		for (size_t i = 0; i < MODELS; i++) {
			const char *now = dump(f, models[i]);

			if (way == 0)
				first[i] = now;
			else if (strcmp(first[i], now) != 0)
				fail_msg("way %zu gives another \"%s\"", way, models[i]);
		}
	}
	/* The same once more changes nothing: an event that comes twice counts once. */
	give_all(f, 2, 30);
	for (size_t i = 0; i < MODELS; i++)
		assert_string_equal(first[i], dump(f, models[i]));
}

struct summary_look {
	struct fixture *fixture;
	struct store_summary_calls calls;
	struct figures *figures;
};

static void
look_at_summary(void *arg, const struct db_results *r)
{
	struct summary_look *look = arg;
	struct err e;

	if (store_get_summary(r, &look->calls, look->figures, &e) < 0 || figures_finish(look->figures, TODAY, &e) < 0)
		fail_msg("%s", e.text);
}

static struct figures *
summarize(struct fixture *f, struct database *b, int32_t from, int32_t to)
{
	struct summary_look look = {.fixture = f, .figures = figures_new(f->arena, from, to, true)};
	struct db_tx *tx = db_begin(b->db);

	look.calls = store_summary(tx, from, to);
	if (database_commit(b, tx, look_at_summary, &look) != DB_COMMITTED)
		fail_msg("%s", b->reason.text);
	return look.figures;
}

/* Whole months, edges, single days, days of no month: always what the applications say. */
static void
summary_of_any_period_is_the_count(void **state)
{
	struct fixture *f = *state;

	lives_make(f);
	give_all(f, 2, 50);
	for (int i = 0; i < 60; i++) {
		int32_t from = FIRST_DAY - 5 + (int32_t)pick(f, 60), to = from + (int32_t)pick(f, 80);
		struct figures *figures = summarize(f, i % 2 ? &f->one : &f->two, from, to);
		const char *where = arena_printf(
		    f->arena, "received_on BETWEEN '1970-01-01'::date + %d AND '1970-01-01'::date + %d", from, to);

		assert_int_equal(figures->total->counts.received,
		    scratch_number(f->one.scratch,
			arena_printf(f->arena, "SELECT count(*) FROM reporting.application WHERE %s", where)));
		assert_int_equal(figures->total->counts.overdue,
		    scratch_number(
			f->one.scratch, arena_printf(f->arena,
					    "SELECT count(*) FROM reporting.application WHERE overdue AND %s", where)));
		for (size_t k = 0; k < figures->counts[FIGURES_BY_STATUS]; k++) {
			const struct figure *figure = figures->sorted[FIGURES_BY_STATUS][k];
			int64_t spread = 0;

			for (int bucket = 0; figure->spread[FIGURES_ANSWER] && bucket < 384; bucket++)
				spread += figure->spread[FIGURES_ANSWER][bucket];
			assert_int_equal(spread, figure->counts.answered);
			assert_int_equal(figure->counts.answered,
			    scratch_number(f->one.scratch,
				arena_printf(f->arena,
				    "SELECT count(answered_at) FROM reporting.application WHERE state = %s AND %s",
				    figure->key, where)));
		}
	}
}

static void
look_at_number(void *arg, const struct db_results *r)
{
	*(int64_t *)arg = db_int8(r, 0, 0, 0);
}

static void
overdue_comes_with_the_day_and_goes_with_the_end(void **state)
{
	struct fixture *f = *state;
	int64_t marked = 0, again = 0;
	struct db_tx *tx;

	lives_make(f);
	give_all(f, 2, 50);
	tx = db_begin(f->one.db);
	store_overdue(tx, TODAY + 40);
	assert_int_equal(database_commit(&f->one, tx, look_at_number, &marked), DB_COMMITTED);
	assert_true(marked > 0);
	tx = db_begin(f->two.db);
	store_overdue(tx, TODAY + 40);
	assert_int_equal(database_commit(&f->two, tx, look_at_number, &again), DB_COMMITTED);
	assert_int_equal(again, 0);
	assert_int_equal(scratch_number(f->one.scratch, tallies_wrong), 0);
	assert_int_equal(scratch_number(f->one.scratch, "SELECT count(*) FROM reporting.application WHERE overdue <> "
							"(ended_on IS NULL AND due_on < '1970-01-01'::date + 18727)"),
	    0);
}

static void
an_erased_place_is_forgotten(void **state)
{
	struct fixture *f = *state;
	struct uuid ids[LIVES];
	struct db_tx *tx;

	lives_make(f);
	give_all(f, 2, 50);
	for (size_t i = 0; i < LIVES; i++)
		memcpy(ids[i].bytes, f->lives[i].id, 16);
	tx = db_begin(f->one.db);
	store_applications_erase(tx, ids, LIVES);
	assert_int_equal(database_commit(&f->one, tx, NULL, NULL), DB_COMMITTED);
	assert_int_equal(scratch_number(f->one.scratch, tallies_wrong), 0);
	assert_int_equal(
	    scratch_number(f->one.scratch, "SELECT count(*) FROM reporting.tally WHERE dimension = 6 AND key <> ''"),
	    0);
	assert_int_equal(
	    scratch_number(f->one.scratch, "SELECT count(*) FROM reporting.spread WHERE dimension = 6 AND key <> ''"),
	    0);
	assert_int_equal(
	    scratch_number(f->one.scratch,
		"SELECT count(*) FROM reporting.history WHERE num_nonnulls(body, internal, name, reference) > 0"),
	    0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(rebuilt_in_any_order_it_is_the_same, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(summary_of_any_period_is_the_count, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(overdue_comes_with_the_day_and_goes_with_the_end, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(an_erased_place_is_forgotten, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
