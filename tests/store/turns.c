/* turns: exactly once through kills, fences and frozen peers; guilty and unknown events are parked and their
 * applications wait, all others go on. Owner and consumer are the real ones, over ipc:// and PostgreSQL. limit: 240 s */
#include "common/feed/turns.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <event2/event.h>

#include "common/base/wire.h"
#include "common/feed/feed.sql.h"
#include "common/feed/source.h"
#include "tests/harness/scratch.h"
#include "tests/harness/session.h"

#define WAIT_MS 20000

static const struct db_statement effect_statements[] = {
    {"effects_add", "INSERT INTO public.effect (seq) SELECT unnest($1::bigint[])"},
    {NULL, NULL},
};
static const struct db_statement *const tables[] = {feed_statements, effect_statements, NULL};

/* One consuming process, as far as turns can tell. */
struct instance {
	struct db *db;
	struct turns *turns;
	uint64_t recorded;
	bool newer; /* knows one more type of event */
};

struct world {
	struct scratch *scratch;
	struct loop *loop;
	struct metrics *metrics;
	struct bus *bus;
	struct db *writer, *reader;
	struct source *source;
	struct instance instances[2];
	struct arena *arena;
	char folder[40], endpoint[80];
};

static void
record(void *arg, struct db_tx *tx, const struct turn_event *events, size_t count, void **note)
{
	(void)arg;
	db_call(tx, &effect_statements[0]);
	db_bind_array(tx, DB_INT8S, count);
	for (size_t i = 0; i < count; i++)
		db_put_int8(tx, (int64_t)events[i].seq);
	*note = arena_copy(db_tx_arena(tx), &count, sizeof(count));
}

static void
recorded(void *arg, void *note, const struct db_results *results)
{
	struct instance *instance = arg;
	const size_t *count = note;

	assert_non_null(results);
	instance->recorded += *count;
}

static bool
knows(int body_case)
{
	return body_case == KOPRU__V1__EVENT__BODY_APPLICATION_RECEIVED;
}

static bool
knows_closing(int body_case)
{
	return knows(body_case) || body_case == KOPRU__V1__EVENT__BODY_CASE_CLOSED;
}

static void
on_source_up(void *arg)
{
	struct world *w = arg;

	source_up(w->source);
}

static void
on_source_down(void *arg)
{
	struct world *w = arg;

	source_down(w->source);
}

static void
on_instance_up(void *arg)
{
	struct instance *instance = arg;

	turns_up(instance->turns);
}

static void
on_instance_down(void *arg)
{
	struct instance *instance = arg;

	turns_down(instance->turns);
}

static void
must(const void *pointer, const struct err *e)
{
	if (!pointer)
		fail_msg("%s", e->text);
}

static void
instance_open(struct world *w, struct instance *instance)
{
	struct db_conf db = {.conninfo = scratch_conninfo(w->scratch, "router"), .name = "turns", .tables = tables};
	struct turns_conf conf = {
	    .feed = {.endpoints = w->endpoint, .consumer = "router", .stream = "intake", .window = 100},
	    .limit = 20,
	};
	struct turns_service service = {
	    .record = record, .recorded = recorded, .knows = instance->newer ? knows_closing : knows, .arg = instance};
	struct err e;

	instance->db = db_open(w->loop, &db, w->metrics, on_instance_up, on_instance_down, instance, &e);
	must(instance->db, &e);
	instance->turns = turns_new(w->bus, w->loop, instance->db, &conf, &service, w->metrics, &e);
	must(instance->turns, &e);
}

static void
owner_open(struct world *w)
{
	static const char *const streams[] = {"intake", NULL};
	struct db_conf db = {.conninfo = scratch_conninfo(w->scratch, "intake"), .name = "owner", .tables = tables};
	struct source_conf conf = {
	    .feed = {.endpoints = w->endpoint, .window_max = 1000, .subscriptions_max = 10},
	    .streams = streams,
	};
	struct err e;

	w->writer = db_open(w->loop, &db, w->metrics, on_source_up, on_source_down, w, &e);
	must(w->writer, &e);
	w->reader = db_open(w->loop, &db, w->metrics, NULL, NULL, NULL, &e);
	must(w->reader, &e);
	w->source = source_new(w->bus, w->loop, w->writer, w->reader, &conf, w->metrics, &e);
	must(w->source, &e);
}

static int
setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	struct err e;

	assert_non_null(w);
	ids_start();
	w->scratch = scratch_new(&e);
	must(w->scratch, &e);
	scratch_sql(w->scratch,
	    "CREATE TABLE public.effect (seq bigint PRIMARY KEY, at timestamptz NOT NULL DEFAULT clock_timestamp(),"
	    " CONSTRAINT poison CHECK (seq NOT IN (1007, 1023)));"
	    "GRANT INSERT ON public.effect TO router;",
	    NULL, 0);
	snprintf(w->folder, sizeof(w->folder), "/tmp/kopru-turns.XXXXXX");
	assert_non_null(mkdtemp(w->folder));
	snprintf(w->endpoint, sizeof(w->endpoint), "ipc://%s/feed.sock", w->folder);
	w->arena = arena_new(0);
	w->metrics = metrics_new();
	w->loop = loop_new(&e);
	must(w->loop, &e);
	w->bus = bus_new(w->loop, w->metrics, &e);
	must(w->bus, &e);
	owner_open(w);
	*state = w;
	return 0;
}

static int
teardown(void **state)
{
	struct world *w = *state;
	char path[80];

	for (size_t i = 0; i < 2; i++) {
		db_close(w->instances[i].db);
		turns_free(w->instances[i].turns);
	}
	db_close(w->reader);
	db_close(w->writer);
	source_free(w->source);
	bus_free(w->bus);
	loop_free(w->loop);
	metrics_free(w->metrics);
	arena_free(w->arena);
	scratch_free(w->scratch);
	snprintf(path, sizeof(path), "%s/feed.sock", w->folder);
	unlink(path);
	rmdir(w->folder);
	free(w);
	return 0;
}

/* Turns the loop until the number that sql gives is so; the database is asked at most every 20 ms. */
static void
wait_for(struct world *w, const char *sql, long long expected)
{
	int64_t until = clock_monotonic() + WAIT_MS * 1000, next = 0;
	long long got = -1;

	while (clock_monotonic() < until) {
		event_base_loop(loop_base(w->loop), EVLOOP_NONBLOCK);
		if (clock_monotonic() < next) {
			usleep(500);
			continue;
		}
		got = scratch_number(w->scratch, sql);
		if (got == expected)
			return;
		next = clock_monotonic() + 20000;
	}
	fail_msg("%s is %lld, not %lld", sql, got, expected);
}

static void
turn_for(struct world *w, int milliseconds)
{
	int64_t until = clock_monotonic() + (int64_t)milliseconds * 1000;

	while (clock_monotonic() < until) {
		event_base_loop(loop_base(w->loop), EVLOOP_NONBLOCK);
		usleep(500);
	}
}

static const char *
hex(struct arena *a, const uint8_t *data, size_t size)
{
	char *text = arena_alloc(a, 2 * size + 1);

	for (size_t i = 0; i < size; i++)
		snprintf(text + 2 * i, 3, "%02x", data[i]);
	return text;
}

/* Appends an event of that application; bytes NULL: a proper ApplicationReceived. */
static void
append(struct world *w, const struct uuid *application, const uint8_t *bytes, size_t size)
{
	struct uuid id = uuid_new();
	char id_text[UUID_TEXT_SIZE], application_text[UUID_TEXT_SIZE];
	Kopru__V1__Event event;
	Kopru__V1__ApplicationReceived received;

	uuid_text(&id, id_text);
	uuid_text(application, application_text);
	kopru__v1__event__init(&event);
	kopru__v1__application_received__init(&received);
	event.id = (ProtobufCBinaryData){.len = UUID_SIZE, .data = id.bytes};
	event.application_id =
	    (ProtobufCBinaryData){.len = UUID_SIZE, .data = arena_copy(w->arena, application->bytes, UUID_SIZE)};
	event.version = 1;
	if (!bytes) {
		event.body_case = KOPRU__V1__EVENT__BODY_APPLICATION_RECEIVED;
		event.application_received = &received;
	}
	uint8_t *packed = wire_pack(w->arena, &event.base, &size);

	if (bytes) {
		uint8_t *longer = arena_alloc(w->arena, size + 3);

		memcpy(longer, packed, size);
		memcpy(longer + size, bytes, 3);
		packed = longer;
		size += 3;
	}
	assert_int_equal(
	    scratch_sql(w->scratch,
		arena_printf(w->arena,
		    "SET SESSION AUTHORIZATION intake;"
		    "SELECT feed.append(ARRAY['intake'], ARRAY['%s']::uuid[], ARRAY['%s']::uuid[], ARRAY['x'],"
		    " ARRAY[now()], ARRAY['\\x%s']::bytea[]); RESET SESSION AUTHORIZATION",
		    id_text, application_text, hex(w->arena, packed, size)),
		NULL, 0),
	    0);
}

static void
append_many(struct world *w, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct uuid application = uuid_new();

		append(w, &application, NULL, 0);
	}
	feed_owner_hint(source_owner(w->source), "intake");
}

static void
test_turns_bring_every_event_once(void **state)
{
	struct world *w = *state;

	append_many(w, 150);
	instance_open(w, &w->instances[0]);
	wait_for(w, "SELECT count(*) FROM public.effect", 150);
	append_many(w, 30);
	wait_for(w, "SELECT count(*) FROM public.effect", 180);
	assert_int_equal(scratch_number(w->scratch, "SELECT seq FROM feed.cursor WHERE consumer = 'router'"), 180);
	turn_for(w, 50);
	assert_int_equal(turns_seq(w->instances[0].turns), 180);
	assert_int_equal(w->instances[0].recorded, 180);
	assert_int_equal(scratch_number(w->scratch, "SELECT count(*) FROM feed.parked"), 0);
}

/* I-07: an acknowledgement is credit, so a window of events comes and no more while the commit is not known. */
static void
test_turns_acknowledge_nothing_before_its_commit(void **state)
{
	struct world *w = *state;
	struct session *holder = session_open(scratch_conninfo(w->scratch, "kopru"));
	struct metric *received = metrics_counter(w->metrics, "kopru_feed_received_total", "stream=\"intake\"", "");
	int64_t until = clock_monotonic() + WAIT_MS * 1000;

	session_run(holder, "BEGIN; SELECT FROM feed.cursor WHERE consumer = 'router' FOR UPDATE", NULL, 0);
	append_many(w, 150);
	instance_open(w, &w->instances[0]);
	while (metric_value(received) < 100 && clock_monotonic() < until)
		turn_for(w, 10);
	turn_for(w, 300);
	assert_int_equal(metric_value(received), 100);
	session_close(holder);
	wait_for(w, "SELECT count(*) FROM public.effect", 150);
}

/* I-12: the guilty are parked, their applications wait, the others go on. */
static void
test_turns_park_the_guilty_and_what_waits_for_them(void **state)
{
	struct world *w = *state;
	struct uuid guilty = uuid_new();
	char out[600];

	scratch_sql(w->scratch, "ALTER TABLE public.effect ADD CHECK (seq NOT IN (7, 33))", NULL, 0);
	append_many(w, 6);
	append(w, &guilty, NULL, 0);
	append_many(w, 40);
	append(w, &guilty, NULL, 0);
	append_many(w, 10);
	instance_open(w, &w->instances[0]);
	wait_for(w, "SELECT seq FROM feed.cursor WHERE consumer = 'router'", 58);
	assert_int_equal(scratch_number(w->scratch, "SELECT count(*) FROM public.effect"), 55);
	scratch_sql(w->scratch, "SELECT string_agg(seq::text, ' ' ORDER BY seq) FROM feed.parked", out, sizeof(out));
	assert_string_equal(out, "7 33 48");
	scratch_sql(w->scratch, "SELECT reason FROM feed.parked WHERE seq = 7", out, sizeof(out));
	assert_non_null(strstr(out, "23514"));
	scratch_sql(w->scratch, "SELECT reason FROM feed.parked WHERE seq = 48", out, sizeof(out));
	assert_non_null(strstr(out, "waits for"));
	turn_for(w, 50);
	assert_int_equal(w->instances[0].recorded, 55);

	/* A new process knows who waits. */
	db_close(w->instances[0].db);
	turns_free(w->instances[0].turns);
	w->instances[0] = (struct instance){0};
	append(w, &guilty, NULL, 0);
	append_many(w, 1);
	instance_open(w, &w->instances[0]);
	wait_for(w, "SELECT seq FROM feed.cursor WHERE consumer = 'router'", 60);
	assert_int_equal(scratch_number(w->scratch, "SELECT count(*) FROM feed.parked"), 4);
	assert_int_equal(scratch_number(w->scratch, "SELECT count(*) FROM public.effect"), 56);
}

/* I-16: what this version does not know, and what cannot be unpacked. */
static void
test_turns_park_unknown_and_malformed_events(void **state)
{
	static const uint8_t unknown_type[] = {0xfa, 0x06, 0x00}; /* field 111, empty */
	static const uint8_t cut_short[] = {0x52, 0x7f, 0x00}; /* a body of 127 bytes that are not there */
	struct world *w = *state;
	struct uuid a = uuid_new(), b = uuid_new();
	char out[200];

	append_many(w, 3);
	append(w, &a, unknown_type, sizeof(unknown_type));
	append(w, &b, cut_short, sizeof(cut_short));
	append_many(w, 3);
	append(w, &b, NULL, 0);
	append(w, &a, NULL, 0);
	instance_open(w, &w->instances[0]);
	wait_for(w, "SELECT seq FROM feed.cursor WHERE consumer = 'router'", 10);
	assert_int_equal(scratch_number(w->scratch, "SELECT count(*) FROM public.effect"), 6);
	scratch_sql(w->scratch, "SELECT string_agg(seq::text, ' ' ORDER BY seq) FROM feed.parked", out, sizeof(out));
	assert_string_equal(out, "4 5 9 10");
	assert_int_equal(scratch_number(w->scratch, "SELECT count(DISTINCT application_id) FROM feed.parked"), 2);
}

/* What the database says may be long, in Turkish, and of other classes than 22 and 23: none of it stops a stream. */
static void
test_turns_park_whatever_the_database_says_of_the_data(void **state)
{
	struct world *w = *state;
	char out[600];

	scratch_sql(w->scratch,
	    "CREATE FUNCTION public.refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
	    " RAISE EXCEPTION '%', repeat('x', NEW.seq::int) || repeat('ğ', 400)"
	    " USING ERRCODE = (ARRAY['22023', '22023', '54000', '21000'])[NEW.seq]; END $$;"
	    "CREATE TRIGGER refuse BEFORE INSERT ON public.effect FOR EACH ROW WHEN (NEW.seq < 5)"
	    " EXECUTE FUNCTION public.refuse();",
	    NULL, 0);
	append_many(w, 10);
	instance_open(w, &w->instances[0]);
	wait_for(w, "SELECT seq FROM feed.cursor WHERE consumer = 'router'", 10);
	scratch_sql(w->scratch, "SELECT string_agg(seq::text, ' ' ORDER BY seq) FROM feed.parked", out, sizeof(out));
	assert_string_equal(out, "1 2 3 4");
	assert_int_equal(
	    scratch_number(w->scratch, "SELECT count(*) FROM feed.parked WHERE reason LIKE '%xğğğ%(2_0__)'"), 3);
	assert_int_equal(scratch_number(w->scratch, "SELECT count(*) FROM public.effect"), 6);
}

/* Bytes that nobody can read still have an id in the table: they are parked, and do not stop the stream. */
static void
test_turns_park_bytes_without_an_id(void **state)
{
	struct world *w = *state;

	append_many(w, 2);
	assert_int_equal(scratch_sql(w->scratch,
			     "SET SESSION AUTHORIZATION intake;"
			     "SELECT feed.append(ARRAY['intake'], ARRAY[gen_random_uuid()], ARRAY[gen_random_uuid()],"
			     " ARRAY['x'], ARRAY[now()], ARRAY['\\xdeadbeef']::bytea[]); RESET SESSION AUTHORIZATION",
			     NULL, 0),
	    0);
	append_many(w, 2);
	instance_open(w, &w->instances[0]);
	wait_for(w, "SELECT seq FROM feed.cursor WHERE consumer = 'router'", 5);
	assert_int_equal(scratch_number(w->scratch, "SELECT count(*) FROM public.effect"), 4);
	assert_int_equal(scratch_number(w->scratch, "SELECT count(*) FROM feed.parked WHERE seq = 3"), 1);
}

static void
test_turns_of_two_instances_have_every_effect_once(void **state)
{
	struct world *w = *state;

	instance_open(w, &w->instances[0]);
	instance_open(w, &w->instances[1]);
	for (size_t i = 0; i < 10; i++) {
		append_many(w, 20);
		turn_for(w, 20);
	}
	wait_for(w, "SELECT count(*) FROM public.effect", 200);
	turn_for(w, 50);
	assert_int_equal(w->instances[0].recorded + w->instances[1].recorded, 200);
	assert_int_equal(scratch_number(w->scratch, "SELECT count(*) FROM feed.parked"), 0);
}

static void
test_turns_go_on_when_sessions_are_killed(void **state)
{
	struct world *w = *state;

	instance_open(w, &w->instances[0]);
	for (size_t i = 0; i < 12; i++) {
		append_many(w, 25);
		turn_for(w, 15);
		scratch_sql(w->scratch,
		    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND "
		    "usename = 'router'",
		    NULL, 0);
		turn_for(w, 30);
	}
	wait_for(w, "SELECT count(*) FROM public.effect", 300);
	assert_int_equal(scratch_number(w->scratch, "SELECT count(*) FROM feed.parked"), 0);
}

static void
test_turns_end_a_frozen_peer(void **state)
{
	struct world *w = *state;
	struct session *frozen = session_open(scratch_conninfo(w->scratch, "router"));

	assert_string_equal(
	    session_run(frozen, "BEGIN; SELECT feed.advance('router', 'intake', 0, 5, gen_random_uuid())", NULL, 0),
	    "");
	append_many(w, 10);
	instance_open(w, &w->instances[0]);
	wait_for(w, "SELECT count(*) FROM public.effect", 10);
	assert_string_not_equal(session_run(frozen, "COMMIT", NULL, 0), "");
	session_close(frozen);
}

/* A missing right is nobody's data: nothing is parked, and all comes once it is there. */
static void
test_turns_wait_when_the_schema_is_at_fault(void **state)
{
	struct world *w = *state;

	append_many(w, 10);
	scratch_sql(w->scratch, "REVOKE INSERT ON public.effect FROM router", NULL, 0);
	instance_open(w, &w->instances[0]);
	turn_for(w, 1000);
	assert_int_equal(scratch_number(w->scratch, "SELECT count(*) FROM feed.parked"), 0);
	assert_int_equal(scratch_number(w->scratch, "SELECT seq FROM feed.cursor WHERE consumer = 'router'"), 0);
	scratch_sql(w->scratch, "GRANT INSERT ON public.effect TO router", NULL, 0);
	wait_for(w, "SELECT count(*) FROM public.effect", 10);
}

/* I-08: a restarted primary may show rows that no standby ever got. */
static void
test_source_publishes_nothing_before_its_proof(void **state)
{
	struct world *w = *state;

	append_many(w, 5);
	scratch_sql(w->scratch, "REVOKE EXECUTE ON FUNCTION feed.prove() FROM intake", NULL, 0);
	instance_open(w, &w->instances[0]);
	turn_for(w, 1500);
	assert_int_equal(scratch_number(w->scratch, "SELECT count(*) FROM public.effect"), 0);
	scratch_sql(w->scratch, "GRANT EXECUTE ON FUNCTION feed.prove() TO intake", NULL, 0);
	wait_for(w, "SELECT count(*) FROM public.effect", 5);
}

static void
instance_close(struct instance *instance)
{
	db_close(instance->db);
	turns_free(instance->turns);
	*instance = (struct instance){0};
}

/* What `kopru parked release` does. */
static void
want(struct world *w, const char *where)
{
	assert_int_equal(scratch_sql(w->scratch,
			     arena_printf(w->arena,
				 "SELECT FROM feed.cursor WHERE consumer = 'router' FOR UPDATE;"
				 "UPDATE feed.parked SET wanted_at = now() WHERE released_at IS NULL AND %s",
				 where),
			     NULL, 0),
	    0);
}

#define STILL_PARKED "SELECT count(*) FROM feed.parked WHERE released_at IS NULL"
/* Effects of one application that came in another order than its events. */
#define MISORDERED                                                                                                     \
	"SELECT count(*) FROM public.effect AS a JOIN feed.event AS x ON x.seq = a.seq JOIN feed.event AS y ON"        \
	" y.application_id = x.application_id AND y.seq > x.seq JOIN public.effect AS b ON b.seq = y.seq AND b.at <= " \
	"a.at"

/* I-12: what is released is digested in order, in the transaction that marks it, and nothing waits any more. */
static void
test_turns_digest_what_is_released(void **state)
{
	struct world *w = *state;
	struct uuid guilty = uuid_new();
	char out[200];

	scratch_sql(w->scratch, "ALTER TABLE public.effect ADD CONSTRAINT seven CHECK (seq NOT IN (2, 7))", NULL, 0);
	append_many(w, 6);
	append(w, &guilty, NULL, 0);
	append_many(w, 3);
	append(w, &guilty, NULL, 0);
	append(w, &guilty, NULL, 0);
	instance_open(w, &w->instances[0]);
	wait_for(w, "SELECT seq FROM feed.cursor WHERE consumer = 'router'", 12);
	wait_for(w, STILL_PARKED, 4);

	/* A later event alone does not overtake; the cure comes, then the wish. */
	want(w, "seq = 11");
	turn_for(w, 1300);
	assert_int_equal(scratch_number(w->scratch, STILL_PARKED), 4);
	scratch_sql(w->scratch, "ALTER TABLE public.effect DROP CONSTRAINT seven", NULL, 0);
	want(w, "seq IN (7, 11, 12)");
	wait_for(w, STILL_PARKED, 1);
	assert_int_equal(scratch_number(w->scratch, "SELECT count(*) FROM public.effect"), 11);
	assert_int_equal(scratch_number(w->scratch, MISORDERED), 0);
	scratch_sql(w->scratch,
	    "SELECT string_agg(seq || ' ' || (released_at IS NULL), ', ' ORDER BY seq) FROM feed.parked", out,
	    sizeof(out));
	assert_string_equal(out, "2 true, 7 false, 11 false, 12 false");

	/* Who was released waits no more, in this process and in the next. */
	append(w, &guilty, NULL, 0);
	append_many(w, 1);
	wait_for(w, "SELECT count(*) FROM public.effect", 13);
	instance_close(&w->instances[0]);
	append(w, &guilty, NULL, 0);
	instance_open(w, &w->instances[0]);
	wait_for(w, "SELECT count(*) FROM public.effect", 14);
	assert_int_equal(scratch_number(w->scratch, "SELECT count(*) FROM feed.parked"), 4);
	assert_int_equal(scratch_number(w->scratch, MISORDERED), 0);
}

static void
test_turns_park_again_what_fails_again(void **state)
{
	struct world *w = *state;
	struct uuid guilty = uuid_new();
	char out[600];

	scratch_sql(w->scratch, "ALTER TABLE public.effect ADD CONSTRAINT first CHECK (seq NOT IN (3, 7, 9))", NULL, 0);
	append_many(w, 2);
	append(w, &guilty, NULL, 0);
	append(w, &guilty, NULL, 0);
	append_many(w, 6);
	instance_open(w, &w->instances[0]);
	wait_for(w, STILL_PARKED, 4);
	scratch_sql(w->scratch,
	    "ALTER TABLE public.effect DROP CONSTRAINT first, ADD CONSTRAINT second CHECK (seq NOT IN (3, 9))", NULL,
	    0);
	want(w, "true");
	wait_for(w, "SELECT count(*) FROM feed.parked WHERE failures = 1", 2);
	wait_for(w, STILL_PARKED, 3);
	assert_int_equal(scratch_number(w->scratch, "SELECT count(*) FROM public.effect"), 7);
	scratch_sql(w->scratch, "SELECT reason FROM feed.parked WHERE seq = 3", out, sizeof(out));
	assert_non_null(strstr(out, "second"));
	scratch_sql(w->scratch,
	    "SELECT string_agg(seq || ' ' || (wanted_at IS NOT NULL), ', ' ORDER BY seq) FROM feed.parked WHERE"
	    " released_at IS NULL",
	    out, sizeof(out));
	assert_string_equal(out, "3 false, 4 true, 9 false");

	scratch_sql(w->scratch, "ALTER TABLE public.effect DROP CONSTRAINT second", NULL, 0);
	want(w, "seq = 3");
	wait_for(w, STILL_PARKED, 1);
	assert_int_equal(scratch_number(w->scratch, "SELECT count(*) FROM public.effect WHERE seq IN (3, 4)"), 2);
	assert_int_equal(scratch_number(w->scratch, MISORDERED), 0);
}

/* I-16: a version that knows the type comes later; until then a release says again that it does not. */
static void
test_turns_digest_an_unknown_type_once_it_is_known(void **state)
{
	static const uint8_t closed[] = {0x9a, 0x02, 0x00}; /* field 35, empty: CaseClosed */
	struct world *w = *state;
	struct uuid a = uuid_new();

	append(w, &a, closed, sizeof(closed));
	append(w, &a, NULL, 0);
	append_many(w, 1);
	instance_open(w, &w->instances[0]);
	wait_for(w, STILL_PARKED, 2);
	want(w, "seq = 1");
	wait_for(w, "SELECT failures FROM feed.parked WHERE seq = 1", 1);
	assert_int_equal(scratch_number(w->scratch, STILL_PARKED), 2);

	instance_close(&w->instances[0]);
	w->instances[0].newer = true;
	instance_open(w, &w->instances[0]);
	want(w, "true");
	wait_for(w, STILL_PARKED, 0);
	wait_for(w, "SELECT count(*) FROM public.effect", 3);
	assert_int_equal(scratch_number(w->scratch, MISORDERED), 0);
}

/* Two instances, killed sessions, new events of the same applications all the while: everything once, in order. */
static void
test_turns_of_two_instances_release_everything_once(void **state)
{
	struct world *w = *state;
	struct uuid applications[40];

	scratch_sql(w->scratch, "ALTER TABLE public.effect ADD CONSTRAINT forty CHECK (seq > 40)", NULL, 0);
	for (size_t i = 0; i < 120; i++) {
		if (i < 40)
			applications[i] = uuid_new();
		append(w, &applications[i % 40], NULL, 0);
	}
	feed_owner_hint(source_owner(w->source), "intake");
	instance_open(w, &w->instances[0]);
	wait_for(w, STILL_PARKED, 120);
	instance_open(w, &w->instances[1]);
	scratch_sql(w->scratch, "ALTER TABLE public.effect DROP CONSTRAINT forty", NULL, 0);
	want(w, "true");
	for (size_t round = 0; round < 8; round++) {
		for (size_t i = 0; i < 20; i++)
			append(w, &applications[(round * 20 + i) % 40], NULL, 0);
		feed_owner_hint(source_owner(w->source), "intake");
		turn_for(w, 20);
		scratch_sql(w->scratch,
		    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND "
		    "usename = 'router'",
		    NULL, 0);
		turn_for(w, 120);
	}
	wait_for(w, "SELECT count(*) FROM public.effect", 280);
	assert_int_equal(scratch_number(w->scratch, STILL_PARKED), 0);
	assert_int_equal(scratch_number(w->scratch, MISORDERED), 0);
}

/* What was erased while it was parked comes as Erased; the bytes that were read before it are refused. */
static void
test_release_takes_only_the_bytes_that_are_there(void **state)
{
	struct world *w = *state;
	struct uuid application = uuid_new();
	struct session *router = session_open(scratch_conninfo(w->scratch, "router"));
	struct session *notifier = session_open(scratch_conninfo(w->scratch, "notifier"));
	const char *release = "SELECT feed.release('router', 'intake', ARRAY[1::bigint], ARRAY[k.payload]) FROM "
			      "feed.parked AS k";

	scratch_sql(w->scratch, "ALTER TABLE public.effect ADD CHECK (seq > 1)", NULL, 0);
	append(w, &application, NULL, 0);
	instance_open(w, &w->instances[0]);
	wait_for(w, STILL_PARKED, 1);
	instance_close(&w->instances[0]);
	assert_string_equal(session_run(router, release, NULL, 0), "KF001"); /* nobody wants it yet */
	want(w, "true");
	assert_string_equal(
	    session_run(
		router, "SELECT feed.release('router', 'intake', ARRAY[1::bigint], ARRAY['\\x00'::bytea])", NULL, 0),
	    "KF001");
	assert_string_equal(
	    session_run(notifier, "SELECT feed.park_again('router', 'intake', 1, 'x')", NULL, 0), "KF001");
	assert_string_equal(session_run(router, "UPDATE feed.parked SET wanted_at = NULL", NULL, 0), "42501");
	assert_string_equal(session_run(router, release, NULL, 0), "");
	assert_string_equal(session_run(router, release, NULL, 0), "KF001"); /* once */

	/* I-12: nothing overtakes an earlier event of its application that stays. */
	scratch_sql(w->scratch,
	    "INSERT INTO feed.parked (consumer, stream, seq, event_id, application_id, reason, payload, wanted_at)"
	    " SELECT 'router', 'intake', n, gen_random_uuid(), application_id, 'x', '\\x00', CASE WHEN n = 3 THEN "
	    "now() END"
	    " FROM feed.parked, generate_series(2, 3) AS n",
	    NULL, 0);
	assert_string_equal(
	    session_run(
		router, "SELECT feed.release('router', 'intake', ARRAY[3::bigint], ARRAY['\\x00'::bytea])", NULL, 0),
	    "KF001");
	want(w, "seq = 2");
	assert_string_equal(
	    session_run(router,
		"SELECT feed.release('router', 'intake', ARRAY[2, 3]::bigint[], ARRAY['\\x00', '\\x00']::bytea[])",
		NULL, 0),
	    "");
	session_close(notifier);
	session_close(router);
}

/* More than a process can remember: it stands still instead of letting an application's later events overtake. */
static void
test_turns_stand_still_when_too_much_is_parked(void **state)
{
	struct world *w = *state;

	append_many(w, 5);
	scratch_sql(w->scratch,
	    "INSERT INTO feed.parked SELECT 'router', 'intake', 1000000 + n, gen_random_uuid(), gen_random_uuid(), "
	    "'x', '\\x00'"
	    " FROM generate_series(1, 100000) AS n",
	    NULL, 0);
	instance_open(w, &w->instances[0]);
	turn_for(w, 1000);
	assert_int_equal(scratch_number(w->scratch, "SELECT count(*) FROM public.effect"), 0);
	want(w, "seq <= 1000300");
	wait_for(w, "SELECT count(*) FROM feed.parked WHERE failures = 1", 300); /* it still tries what is released */
	assert_int_equal(scratch_number(w->scratch, "SELECT count(*) FROM public.effect"), 0);
	scratch_sql(w->scratch, "DELETE FROM feed.parked WHERE seq > 1000100", NULL, 0);
	wait_for(w, "SELECT count(*) FROM public.effect", 5);
	assert_int_equal(scratch_number(w->scratch, "SELECT seq FROM feed.cursor WHERE consumer = 'router'"), 5);
}

int
main(void)
{
#define TURNS_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
	    TURNS_TEST(test_turns_bring_every_event_once),
	    TURNS_TEST(test_turns_acknowledge_nothing_before_its_commit),
	    TURNS_TEST(test_turns_park_whatever_the_database_says_of_the_data),
	    TURNS_TEST(test_turns_park_the_guilty_and_what_waits_for_them),
	    TURNS_TEST(test_turns_park_unknown_and_malformed_events),
	    TURNS_TEST(test_turns_park_bytes_without_an_id),
	    TURNS_TEST(test_turns_of_two_instances_have_every_effect_once),
	    TURNS_TEST(test_turns_go_on_when_sessions_are_killed),
	    TURNS_TEST(test_turns_end_a_frozen_peer),
	    TURNS_TEST(test_turns_wait_when_the_schema_is_at_fault),
	    TURNS_TEST(test_source_publishes_nothing_before_its_proof),
	    TURNS_TEST(test_turns_digest_what_is_released),
	    TURNS_TEST(test_turns_park_again_what_fails_again),
	    TURNS_TEST(test_turns_digest_an_unknown_type_once_it_is_known),
	    TURNS_TEST(test_turns_of_two_instances_release_everything_once),
	    TURNS_TEST(test_release_takes_only_the_bytes_that_are_there),
	    TURNS_TEST(test_turns_stand_still_when_too_much_is_parked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
