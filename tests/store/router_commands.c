/* router_commands: commands against the database: compare and set, one id twice and at once, two routers, a lost commit, a
 * guilty one in a crowd. */
#include "services/router/orders.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <event2/event.h>

#include "services/router/timers.h"
#include "tests/harness/scratch.h"
#include "tests/harness/session.h"

#define WAIT_MS 20000
#define CASES 20
#define COMMANDS_MAX 64
#define CODE(name) KOPRU__V1__REPLY__CODE__CODE_##name

static const char demo[] =
    "SET client_min_messages = warning; TRUNCATE router.department, router.topic, router.holiday CASCADE;"
    "INSERT INTO router.department (code, name_tr, name_en, outside) VALUES"
    " ('HM', 'Hizmet Masası', 'Service Desk', false), ('TEM', 'Temizlik', 'Cleaning', false),"
    " ('FEN', 'Fen İşleri', 'Works', false);"
    "INSERT INTO router.holiday VALUES ('2026-05-19', 'Gençlik', false), ('2030-01-01', 'Yılbaşı', false);"
    "INSERT INTO feed.stream VALUES ('department/HM', 'router'), ('department/TEM', 'router'),"
    " ('department/FEN', 'router') ON CONFLICT DO NOTHING;"
    "INSERT INTO router.case (application_id, number, version, state, department, triage, received_at, due_on, "
    "intake_seq)"
    " SELECT ('00000000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, 'HM-2026-' || n, 2, 2, 'TEM', false,"
    "        '2026-05-18', '2026-06-17', n FROM generate_series(1, 20) AS n;";

/* One router: two connections and its commands. */
struct instance {
	struct db *writer, *reader;
	struct orders *orders;
	struct command_server *server;
	struct command_client *client;
	char endpoint[128];
};

struct world {
	struct scratch *scratch;
	struct loop *loop;
	struct metrics *metrics;
	struct bus *bus;
	struct catalogue *catalogue;
	struct instance routers[2];
	char folder[64];
	struct arena *arena;
	size_t asked, answered;
	struct {
		int code;
		uint32_t version;
		uint64_t seq;
		char text[400];
	} replies[COMMANDS_MAX];
	/* of a transaction of the test itself */
	bool done;
	enum db_outcome outcome;
};

static void
turn_until(struct world *w, bool (*is_true)(struct world *w))
{
	int64_t until = clock_monotonic() + WAIT_MS * 1000;

	while (!is_true(w) && clock_monotonic() < until) {
		event_base_loop(loop_base(w->loop), EVLOOP_NONBLOCK);
		usleep(200);
	}
	assert_true(is_true(w));
}

static bool
is_up(struct world *w)
{
	return db_is_up(w->routers[0].writer) && db_is_up(w->routers[0].reader) && db_is_up(w->routers[1].writer) &&
	       db_is_up(w->routers[1].reader);
}

static bool
is_answered(struct world *w)
{
	return w->answered == w->asked;
}

static bool
is_done(struct world *w)
{
	return w->done;
}

static const struct catalogue *
catalogue_of(void *arg)
{
	const struct world *w = arg;

	return w->catalogue;
}

static uint64_t
intake_seq(void *arg)
{
	(void)arg;
	return 100;
}

static void
on_appended(void *arg, const struct store_appended *appended)
{
	(void)arg;
	assert_true(appended->count > 0);
}

static void
on_decided(void *arg, const struct cases *cases)
{
	(void)arg;
	assert_true(cases->record_count > 0 || cases->entry_count == 0);
}

static void
on_command(void *arg, struct command_request *request, const char *peer, const Kopru__V1__Command *command)
{
	struct instance *router = arg;

	orders_take(router->orders, request, peer, command);
}

static int64_t
now(void *arg)
{
	(void)arg;
	return clock_now();
}

static void
instance_open(struct world *w, struct instance *router, size_t number)
{
	struct db_conf db = {
	    .conninfo = scratch_conninfo(w->scratch, "router"), .name = "writer", .tables = router_tables};
	struct orders_conf conf = {.settings = {10, 2},
	    .waiting_max = 100,
	    .catalogue = catalogue_of,
	    .now = now,
	    .intake_seq = intake_seq,
	    .on_appended = on_appended,
	    .on_decided = on_decided,
	    .arg = w};
	struct command_server_conf server = {.waiting_max = 100, .on_received = on_command, .arg = router};
	struct err e;

	router->writer = conf.writer = db_open(w->loop, &db, w->metrics, NULL, NULL, NULL, &e);
	db.name = "reader";
	router->reader = conf.reader = db_open(w->loop, &db, w->metrics, NULL, NULL, NULL, &e);
	router->orders = orders_new(w->loop, &conf, w->metrics);
	(void)snprintf(router->endpoint, sizeof(router->endpoint), "ipc://%s/%zu.sock", w->folder, number);
	server.endpoints = router->endpoint;
	router->server = command_server_new(w->bus, &server, NULL, &e);
	assert_non_null(router->server);
	router->client = command_client_new(w->bus, w->loop, router->endpoint, NULL, NULL, NULL, &e);
	assert_non_null(router->client);
}

static void
instance_close(struct instance *router)
{
	command_client_free(router->client);
	orders_stop(router->orders);
	db_close(router->reader);
	db_close(router->writer);
	orders_free(router->orders);
	command_server_free(router->server);
}

static void
on_catalogue(void *arg, enum db_outcome outcome, const struct db_results *results, const struct err *e)
{
	struct world *w = arg;
	struct err reason;

	(void)e;
	assert_int_equal(outcome, DB_COMMITTED);
	w->catalogue = store_catalogue(results, NULL, &reason);
	w->done = true;
}

static int
setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	struct db_tx *tx = NULL;
	struct err e;

	assert_non_null(w);
	ids_start();
	w->scratch = scratch_new(&e);
	if (!w->scratch)
		fail_msg("%s", e.text);
	assert_int_equal(scratch_sql(w->scratch, demo, NULL, 0), 0);
	(void)snprintf(w->folder, sizeof(w->folder), "/tmp/kopru-commands.XXXXXX");
	assert_non_null(mkdtemp(w->folder));
	w->arena = arena_new(0);
	w->metrics = metrics_new();
	w->loop = loop_new(&e);
	w->bus = bus_new(w->loop, w->metrics, &e);
	for (size_t i = 0; i < 2; i++)
		instance_open(w, &w->routers[i], i);
	turn_until(w, is_up);
	tx = db_begin(w->routers[0].reader);
	store_catalogue_read(tx, date_in_istanbul(clock_now()));
	db_read(tx, on_catalogue, w);
	turn_until(w, is_done);
	assert_non_null(w->catalogue);
	*state = w;
	return 0;
}

static int
teardown(void **state)
{
	struct world *w = *state;
	char path[sizeof(w->folder) + sizeof("/0.sock")];

	for (size_t i = 0; i < 2; i++)
		instance_close(&w->routers[i]);
	bus_free(w->bus);
	catalogue_free(w->catalogue);
	loop_free(w->loop);
	metrics_free(w->metrics);
	arena_free(w->arena);
	scratch_free(w->scratch);
	for (size_t i = 0; i < 2; i++) { /* libzmq leaves them */
		(void)snprintf(path, sizeof(path), "%s/%zu.sock", w->folder, i);
		(void)unlink(path);
	}
	assert_int_equal(rmdir(w->folder), 0);
	free(w);
	return 0;
}

static struct uuid
case_id(unsigned number)
{
	struct uuid id = {{0}};

	id.bytes[6] = 0x70;
	id.bytes[8] = 0x80;
	id.bytes[15] = (uint8_t)number;
	return id;
}

/* A reply goes to the place that its command got. */
struct asked {
	struct world *world;
	size_t place;
};

static void
on_replied(void *arg, const Kopru__V1__Reply *reply)
{
	const struct asked *asked = arg;
	struct world *w = asked->world;

	w->answered++;
	if (!reply)
		return; /* code 0: no answer in time */
	w->replies[asked->place].code = (int)reply->code;
	w->replies[asked->place].version = reply->version;
	w->replies[asked->place].seq = reply->seq;
	(void)snprintf(w->replies[asked->place].text, sizeof(w->replies[asked->place].text), "%s", reply->text);
}

static Kopru__V1__Command *
command_make(struct world *w, const struct uuid *id, unsigned number, uint32_t version)
{
	Kopru__V1__Command *command = arena_alloc(w->arena, sizeof(*command));
	Kopru__V1__Actor *actor = arena_alloc(w->arena, sizeof(*actor));
	struct uuid application = case_id(number);

	kopru__v1__actor__init(actor);
	actor->type = KOPRU__V1__ACTOR__TYPE__TYPE_SYSTEM;
	actor->id = arena_string(w->arena, "key1");
	actor->role = KOPRU__V1__ACTOR__ROLE__ROLE_MANAGER;
	actor->department = arena_string(w->arena, "TEM");
	kopru__v1__command__init(command);
	command->id = (ProtobufCBinaryData){UUID_SIZE, arena_copy(w->arena, id->bytes, UUID_SIZE)};
	command->application_id = (ProtobufCBinaryData){UUID_SIZE, arena_copy(w->arena, application.bytes, UUID_SIZE)};
	command->actor = actor;
	command->expected_version = version;
	command->language = arena_string(w->arena, "en");
	return command;
}

/* Gives the place of its reply. */
static size_t
ask(struct world *w, struct instance *router, const Kopru__V1__Command *command)
{
	struct asked *asked = arena_alloc(w->arena, sizeof(*asked));
	struct err e;

	assert_true(w->asked < COMMANDS_MAX);
	*asked = (struct asked){w, w->asked++};
	w->replies[asked->place].code = 0;
	assert_int_equal(command_send(router->client, command, WAIT_MS, on_replied, asked, &e), 0);
	return asked->place;
}

static void
begin(struct world *w)
{
	w->asked = w->answered = 0;
	memset(w->replies, 0, sizeof(w->replies));
}

static size_t
ask_accept(struct world *w, struct instance *router, const struct uuid *id, unsigned number, uint32_t version)
{
	Kopru__V1__Command *command = command_make(w, id, number, version);

	command->action_case = KOPRU__V1__COMMAND__ACTION_ACCEPT;
	command->accept = arena_alloc(w->arena, sizeof(*command->accept));
	kopru__v1__accept__init(command->accept);
	return ask(w, router, command);
}

static size_t
ask_transfer(struct world *w, const struct uuid *id, unsigned number, const char *department)
{
	Kopru__V1__Command *command = command_make(w, id, number, 2);

	command->action_case = KOPRU__V1__COMMAND__ACTION_TRANSFER;
	command->transfer = arena_alloc(w->arena, sizeof(*command->transfer));
	kopru__v1__transfer__init(command->transfer);
	command->transfer->department = arena_string(w->arena, department);
	command->transfer->reason = arena_string(w->arena, "Bizim değil");
	return ask(w, &w->routers[0], command);
}

static void
assert_sql(struct world *w, const char *sql, const char *expected)
{
	char out[2000];

	assert_int_equal(scratch_sql(w->scratch, sql, out, sizeof(out)), 0);
	if (strcmp(out, expected) != 0)
		fail_msg("%s gives \"%s\", not \"%s\"", sql, out, expected);
}

static void
test_a_crowd_is_stored_with_its_seqs(void **state)
{
	struct world *w = *state;

	begin(w);
	for (unsigned i = 1; i <= CASES; i++) {
		struct uuid id = uuid_new();

		(void)ask_accept(w, &w->routers[0], &id, i, i == 5 ? 9 : 2);
	}
	turn_until(w, is_answered);
	for (unsigned i = 1; i <= CASES; i++)
		assert_int_equal(w->replies[i - 1].code, i == 5 ? CODE(CONFLICT) : CODE(OK));
	assert_int_equal(w->replies[4].seq, 0);
	assert_sql(w,
	    "SELECT count(*)::text FROM router.command AS c JOIN feed.event AS e ON e.stream = 'case' AND e.seq = c.seq"
	    " AND e.application_id = c.application_id AND e.kind = 'case.accepted'",
	    "19");
	assert_sql(w,
	    "SELECT string_agg(version || ' ' || state || ' ' || n, ',') FROM (SELECT version, state, count(*) AS n"
	    " FROM router.case GROUP BY 1, 2 ORDER BY 1) AS x",
	    "2 2 1,3 3 19");
	assert_sql(w,
	    "SELECT string_agg(stream || ':' || n, ' ' ORDER BY stream) FROM"
	    " (SELECT stream, count(*) AS n FROM feed.event GROUP BY stream) AS x",
	    "case:19 department/TEM:19");
}

static void
test_one_id_has_one_effect(void **state)
{
	struct world *w = *state;
	struct uuid id = uuid_new();

	begin(w);
	for (unsigned i = 0; i < 20; i++) /* at once, on two routers */
		(void)ask_accept(w, &w->routers[i % 2], &id, 1, 2);
	turn_until(w, is_answered);
	(void)ask_accept(w, &w->routers[1], &id, 1, 2); /* and later */
	turn_until(w, is_answered);
	for (size_t i = 0; i < 21; i++) {
		assert_int_equal(w->replies[i].code, CODE(OK));
		assert_int_equal(w->replies[i].version, 3);
		assert_int_equal(w->replies[i].seq, 1);
	}
	(void)ask_accept(w, &w->routers[0], &id, 2, 2); /* for another case: another meaning */
	turn_until(w, is_answered);
	assert_int_equal(w->replies[21].code, CODE(INVALID));
	assert_sql(w, "SELECT count(*)::text FROM feed.event WHERE stream = 'case'", "1");
	assert_sql(w, "SELECT count(*)::text FROM router.command", "1");
}

static void
test_two_routers_have_one_winner(void **state)
{
	struct world *w = *state;

	begin(w);
	for (unsigned i = 1; i <= CASES; i++) {
		for (size_t k = 0; k < 2; k++) {
			struct uuid id = uuid_new();

			(void)ask_accept(w, &w->routers[k], &id, i, 2);
		}
	}
	turn_until(w, is_answered);
	for (unsigned i = 0; i < CASES; i++) {
		int one = w->replies[2 * i].code, other = w->replies[2 * i + 1].code;

		assert_true(
		    (one == CODE(OK) && other == CODE(CONFLICT)) || (one == CODE(CONFLICT) && other == CODE(OK)));
	}
	assert_sql(w, "SELECT count(*)::text FROM feed.event WHERE stream = 'case'", "20");
	assert_sql(w, "SELECT count(*)::text FROM router.command", "40");
}

/* I-05: what was decided on a version that is no more leaves nothing. */
static void
on_written(void *arg, enum db_outcome outcome, const struct db_results *results, const struct err *e)
{
	struct world *w = arg;

	(void)results;
	(void)e;
	w->outcome = outcome;
	w->done = true;
}

static void
test_a_stale_write_leaves_nothing(void **state)
{
	struct world *w = *state;
	static const struct cases_settings settings = {10, 2};
	struct case_record record = {.application_id = case_id(1),
	    .number = "HM-2026-1",
	    .version = 2,
	    .stored_version = 2,
	    .state = 2,
	    .department = "TEM",
	    .due_on = 20621};
	struct case_record *records[] = {&record};
	struct cases cases = {.arena = w->arena,
	    .catalogue = w->catalogue,
	    .settings = &settings,
	    .now = clock_now(),
	    .new_id = uuid_new,
	    .records = records,
	    .record_count = 1};
	const Kopru__V1__Command *command = NULL;
	struct uuid id = uuid_new();
	struct order order;
	struct verdict verdict;
	struct db_tx *tx = NULL;
	Kopru__V1__Command *note = command_make(w, &id, 1, 0);

	note->action_case = KOPRU__V1__COMMAND__ACTION_NOTE;
	note->note = arena_alloc(w->arena, sizeof(*note->note));
	kopru__v1__note__init(note->note);
	note->note->text = arena_string(w->arena, "not");
	command = note;
	assert_int_equal(order_read(w->arena, "", command, &order).code, 0);
	verdict = actions_decide(&cases, &order);
	assert_int_equal(verdict.code, CODE(OK));
	assert_int_equal(
	    scratch_sql(w->scratch, "UPDATE router.case SET version = 3 WHERE number = 'HM-2026-1'", NULL, 0), 0);
	tx = db_begin(w->routers[0].writer);
	(void)store_cases_write(tx, &cases, &(struct store_decided){&order, &verdict}, 1);
	w->done = false;
	db_commit(tx, on_written, w);
	turn_until(w, is_done);
	assert_int_equal(w->outcome, DB_RETRY);
	assert_sql(w, "SELECT count(*)::text FROM feed.event", "0");
	assert_sql(w, "SELECT count(*)::text FROM router.command", "0");
}

static size_t
ask_note(struct world *w, unsigned number, const char *text)
{
	struct uuid id = uuid_new();
	Kopru__V1__Command *command = command_make(w, &id, number, 0);

	command->action_case = KOPRU__V1__COMMAND__ACTION_NOTE;
	command->note = arena_alloc(w->arena, sizeof(*command->note));
	kopru__v1__note__init(command->note);
	command->note->text = arena_string(w->arena, text);
	return ask(w, &w->routers[0], command);
}

/* I-18: a crowd that comes back while it is waited for does not wait for ever. */
static void
test_a_crowd_comes_back(void **state)
{
	struct world *w = *state;
	int64_t until = clock_monotonic() + WAIT_MS * 1000;

	for (unsigned round = 0; round < 60; round++) {
		begin(w);
		for (unsigned i = 0; i < CASES; i++)
			(void)ask_note(w, 1 + i, "not");
		while (!is_answered(w) && clock_monotonic() < until)
			event_base_loop(loop_base(w->loop), EVLOOP_NONBLOCK);
		assert_true(is_answered(w));
	}
	assert_sql(w, "SELECT count(*)::text FROM feed.event WHERE stream = 'case'", "1200");
}

/* I-15: more than one transaction should hold goes into several, in order. */
static void
test_large_ones_go_in_several_batches(void **state)
{
	struct world *w = *state;
	char *text = arena_alloc(w->arena, 4 * ORDER_TEXT_MAX + 1);

	for (size_t i = 0; i < ORDER_TEXT_MAX; i++)
		memcpy(text + 4 * i, "\xF0\x9F\x8C\x89", 4);
	begin(w);
	for (unsigned i = 0; i < 60; i++)
		(void)ask_note(w, 1 + i % CASES, text);
	turn_until(w, is_answered);
	for (unsigned i = 0; i < 60; i++) {
		assert_int_equal(w->replies[i].code, CODE(OK));
		assert_int_equal(w->replies[i].version, 3 + i / CASES);
	}
	assert_sql(w, "SELECT count(*)::text FROM feed.event WHERE stream = 'case'", "60");
	assert_sql(w, "SELECT (count(DISTINCT decided_at) > 1)::text FROM router.command", "true");
}

static void
test_cases_with_many_members_go_alone(void **state)
{
	struct world *w = *state;

	assert_int_equal(
	    scratch_sql(w->scratch,
		"INSERT INTO router.case (application_id, number, version, state, department, triage, received_at,"
		" due_on, intake_seq, merged_into, state_before)"
		" SELECT gen_random_uuid(), 'HM-2025-' || n, 3, 9, 'TEM', false, '2026-05-18', '2026-06-17', n,"
		" ('00000000-0000-7000-8000-' || lpad(to_hex(n % 6 + 1), 12, '0'))::uuid, 2"
		" FROM generate_series(1000, 2199) AS n",
		NULL, 0),
	    0);
	begin(w);
	for (unsigned i = 1; i <= 6; i++)
		(void)ask_note(w, i, "not");
	turn_until(w, is_answered);
	for (unsigned i = 0; i < 6; i++)
		assert_int_equal(w->replies[i].code, CODE(OK));
	assert_sql(w, "SELECT count(*)::text FROM feed.event WHERE stream = 'case'", "6");
}

/* The stream of FEN is gone though the catalogue still knows it: that command alone is refused. */
static void
test_a_guilty_one_harms_nobody(void **state)
{
	struct world *w = *state;
	size_t places[CASES];

	begin(w);
	assert_int_equal(scratch_sql(w->scratch, "DELETE FROM feed.stream WHERE name = 'department/FEN'", NULL, 0), 0);
	for (unsigned i = 1; i <= CASES; i++) {
		struct uuid id = uuid_new();

		places[i - 1] = ask_transfer(w, &id, i, i == 7 ? "FEN" : "HM");
	}
	turn_until(w, is_answered);
	for (unsigned i = 1; i <= CASES; i++)
		assert_int_equal(w->replies[places[i - 1]].code, i == 7 ? CODE(INVALID) : CODE(OK));
	assert_sql(w, "SELECT count(*)::text FROM router.case WHERE department = 'HM' AND version = 3", "19");
	assert_sql(w, "SELECT count(*)::text FROM feed.event WHERE stream = 'department/HM'", "19");
	assert_sql(w, "SELECT count(*)::text FROM router.command", "19");
}

static bool
writer_waits(struct world *w)
{
	return scratch_number(w->scratch, "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
					  " AND application_name = 'writer' AND wait_event_type = 'Lock'") > 0;
}

/* I-03: a commit whose end nobody knows is told as unknown; the same id settles it. */
static void
test_a_lost_commit_is_unknown_until_asked_again(void **state)
{
	struct world *w = *state;
	struct session *session = session_open(scratch_conninfo(w->scratch, "kopru"));
	struct uuid id = uuid_new();

	begin(w);
	assert_string_equal(
	    session_run(session, "BEGIN; SELECT 1 FROM feed.stream WHERE name = 'case' FOR UPDATE", NULL, 0), "");
	(void)ask_accept(w, &w->routers[0], &id, 1, 2);
	turn_until(w, writer_waits);
	assert_int_equal(scratch_sql(w->scratch,
			     "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
			     " AND application_name = 'writer' AND wait_event_type = 'Lock'",
			     NULL, 0),
	    0);
	turn_until(w, is_answered);
	assert_int_equal(w->replies[0].code, CODE(UNKNOWN));
	assert_true(w->replies[0].text[0] != '\0');
	assert_string_equal(session_run(session, "ROLLBACK", NULL, 0), "");
	session_close(session);
	turn_until(w, is_up);
	(void)ask_accept(w, &w->routers[0], &id, 1, 2);
	turn_until(w, is_answered);
	assert_int_equal(w->replies[1].code, CODE(OK));
	assert_sql(w, "SELECT count(*)::text FROM feed.event WHERE stream = 'case'", "1");
}

/* What the clock finds; two routers make the same command of it. */
static void
on_dues(void *arg, enum db_outcome outcome, const struct db_results *results, const struct err *e)
{
	struct world *w = arg;
	struct store_dues dues;

	(void)e;
	assert_int_equal(outcome, DB_COMMITTED);
	store_dues_read(results, w->arena, 20000, &dues);
	assert_int_equal(dues.count, 2);
	for (size_t i = 0; i < 2; i++) {
		struct uuid one = case_id(1);

		assert_int_equal(dues.list[i].version, 2);
		assert_true(dues.list[i].remind == (uuid_compare(&dues.list[i].application_id, &one) == 0));
	}
	assert_int_equal(dues.arbiter_overdue, 1);
	assert_int_equal(dues.arbiter_overdue_since, 19999);
	w->done = true;
}

static void
test_the_clock_finds_what_is_due(void **state)
{
	struct world *w = *state;
	struct db_tx *tx = db_begin(w->routers[0].reader);
	const struct uuid one = case_id(1), two = case_id(2);
	const struct timers_deed deeds[] = {{one, 2, 'r', 0, 0, 0}, {one, 2, 'r', 0, 0, 0}, {one, 3, 'r', 0, 0, 0},
	    {one, 2, 'e', 0, 0, 0}, {two, 2, 'r', 0, 0, 0}, {one, 2, 'c', 1, 50, 7}, {one, 2, 'c', 2, 50, 7},
	    {one, 2, 'c', 1, 75, 7}, {one, 2, 'c', 1, 50, 8}, {one, 2, 'f', 1, 50, 7}};

	for (size_t i = 0; i < sizeof(deeds) / sizeof(deeds[0]); i++) {
		for (size_t j = 0; j < sizeof(deeds) / sizeof(deeds[0]); j++) {
			struct uuid a = timers_id(&deeds[i]), b = timers_id(&deeds[j]);

			assert_int_equal(uuid_compare(&a, &b) == 0, i == j || (i < 2 && j < 2));
		}
	}
	assert_int_equal(
	    scratch_sql(w->scratch,
		"INSERT INTO router.question (application_id, text, answer_by, remind_on) SELECT application_id, "
		"'soru',"
		" DATE '1970-01-01' + 20000 + CASE number WHEN 'HM-2026-1' THEN 5 WHEN 'HM-2026-2' THEN -1 ELSE 9 END,"
		" CASE number WHEN 'HM-2026-1' THEN DATE '1970-01-01' + 20000 END FROM router.case"
		" WHERE number IN ('HM-2026-1', 'HM-2026-2', 'HM-2026-3');"
		"UPDATE router.case SET with_arbiter = true, arbiter_due_on = DATE '1970-01-01' + 19999"
		" WHERE number = 'HM-2026-4'",
		NULL, 0),
	    0);
	store_dues_wanted(tx, 20000, 100);
	w->done = false;
	db_read(tx, on_dues, w);
	turn_until(w, is_done);
}

static void
test_old_commands_are_forgotten(void **state)
{
	struct world *w = *state;
	struct db_tx *tx = NULL;

	assert_int_equal(
	    scratch_sql(w->scratch,
		"INSERT INTO router.command (id, application_id, action, meaning, code, text, version, seq,"
		" decided_at) SELECT gen_random_uuid(), gen_random_uuid(), 10, decode(repeat('00', 32), 'hex'),"
		" 1, '', 3, n, now() - n * interval '1 day' FROM generate_series(40, 1, -1) AS n",
		NULL, 0),
	    0);
	for (int i = 0; i < 2; i++) { /* seven at most, then the rest */
		tx = db_begin(w->routers[0].writer);
		store_commands_forget(tx, clock_now() - (INT64_C(30) * 86400 - 60) * 1000000, 7);
		w->done = false;
		db_commit(tx, on_written, w);
		turn_until(w, is_done);
		assert_int_equal(w->outcome, DB_COMMITTED);
		assert_sql(w, "SELECT count(*)::text FROM router.command", i == 0 ? "33" : "29");
	}
	assert_sql(w, "SELECT max(seq)::text FROM router.command", "29");
}

static void
test_rows_of_an_older_version_are_completed(void **state)
{
	struct world *w = *state;
	struct db_tx *tx = db_begin(w->routers[0].writer);

	assert_int_equal(
	    scratch_sql(w->scratch,
		"INSERT INTO feed.event (stream, seq, event_id, application_id, kind, at, payload)"
		" SELECT 'case', row_number() OVER (ORDER BY intake_seq), gen_random_uuid(), application_id,"
		" 'application.routed', now(), '\\x00' FROM router.case WHERE intake_seq > 10",
		NULL, 0),
	    0);
	store_cases_complete(tx);
	w->done = false;
	db_commit(tx, on_written, w);
	turn_until(w, is_done);
	assert_int_equal(w->outcome, DB_COMMITTED);
	assert_sql(w, "SELECT count(*)::text FROM router.case WHERE routed_seq = intake_seq - 10", "10");
	assert_sql(w, "SELECT count(*)::text FROM router.case WHERE routed_seq IS NULL", "10");
}

int
main(void)
{
#define STORE_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
	    STORE_TEST(test_a_crowd_is_stored_with_its_seqs),
	    STORE_TEST(test_one_id_has_one_effect),
	    STORE_TEST(test_two_routers_have_one_winner),
	    STORE_TEST(test_a_stale_write_leaves_nothing),
	    STORE_TEST(test_a_guilty_one_harms_nobody),
	    STORE_TEST(test_a_crowd_comes_back),
	    STORE_TEST(test_large_ones_go_in_several_batches),
	    STORE_TEST(test_cases_with_many_members_go_alone),
	    STORE_TEST(test_a_lost_commit_is_unknown_until_asked_again),
	    STORE_TEST(test_the_clock_finds_what_is_due),
	    STORE_TEST(test_old_commands_are_forgotten),
	    STORE_TEST(test_rows_of_an_older_version_are_completed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
