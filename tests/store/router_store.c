/* router_store: the catalogue as the router reads it, and one turn's rows and events in one transaction. */
#include "services/router/store.h"

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
#include "tests/harness/scratch.h"

#define WAIT_MS 10000
#define RECEIVED_AT INT64_C(1779094800000000) /* Monday 2026-05-18 12:00 in Istanbul */

static const char demo[] =
    "SET client_min_messages = warning; TRUNCATE router.department, router.topic, router.holiday CASCADE;"
    "INSERT INTO router.department (code, name_tr, name_en, outside, valid_to) VALUES"
    " ('HM', 'Hizmet Masası', 'Service Desk', false, NULL), ('TEM', 'Temizlik İşleri Müdürlüğü', 'Cleaning', false, "
    "NULL),"
    " ('KOSKI', 'KOSKİ', 'Water', true, NULL), ('OLD', 'Eski', 'Old', false, '2020-01-01'),"
    " ('NOS', 'Akışsız', 'Without a stream', false, NULL);"
    "INSERT INTO router.topic (code, name_tr, name_en, category_tr, department, competence, target_working_days, "
    "priority,"
    " keywords) VALUES"
    " ('TEM-01', 'Çöpün toplanmaması', 'Refuse', 'Temizlik', 'TEM', 'own', 3, 'normal', '{cop alinmiyor,cop}'),"
    " ('DIS-01', 'Su kesintisi', 'Water cut', 'Su', 'KOSKI', 'forward', 0, 'normal', '{su kesik}'),"
    " ('OLD-01', 'Eski', 'Old', 'Eski', 'OLD', 'own', 1, 'normal', '{eskikonu}'),"
    " ('NOS-01', 'Akışsız', 'No stream', 'Eski', 'NOS', 'own', 1, 'normal', '{akissiz}');"
    "INSERT INTO router.holiday VALUES ('2026-05-19', 'Gençlik, \"Spor\"', false), ('2026-05-26', 'Arife', true),"
    " ('2026-05-27', 'Bayram', false), ('2026-05-28', 'Bayram', false);"
    "INSERT INTO feed.stream VALUES ('department/HM', 'router'), ('department/TEM', 'router'), ('department/KOSKI', "
    "'router'),"
    " ('department/OLD', 'router') ON CONFLICT DO NOTHING;";

struct world {
	struct scratch *scratch;
	struct loop *loop;
	struct metrics *metrics;
	struct db *db;
	struct arena *arena;
	struct catalogue *catalogue;
	/* of the last transaction */
	bool done;
	enum db_outcome outcome;
	struct store_appended *appended; /* until it is done */
	size_t appended_count;
	uint64_t last_seq;
	char last_stream[40];
	char reason[ERR_TEXT_SIZE];
};

static void
turn_until(struct world *w, bool (*is_true)(struct world *w))
{
	int64_t until = clock_monotonic() + WAIT_MS * 1000;

	while (!is_true(w) && clock_monotonic() < until) {
		event_base_loop(loop_base(w->loop), EVLOOP_NONBLOCK);
		usleep(500);
	}
	assert_true(is_true(w));
}

static bool
is_up(struct world *w)
{
	return db_is_up(w->db);
}

static bool
is_done(struct world *w)
{
	return w->done;
}

static void
on_done(void *arg, enum db_outcome outcome, const struct db_results *results, const struct err *e)
{
	struct world *w = arg;

	w->done = true;
	w->outcome = outcome;
	if (outcome != DB_COMMITTED) {
		snprintf(w->reason, sizeof(w->reason), "%s", e->text);
		return;
	}
	store_appended_read(w->appended, results);
	w->appended_count = w->appended->count;
	w->last_seq = w->appended->items[w->appended_count - 1].seq;
	snprintf(w->last_stream, sizeof(w->last_stream), "%s", w->appended->streams[w->appended_count - 1]);
}

static void
on_catalogue(void *arg, enum db_outcome outcome, const struct db_results *results, const struct err *e)
{
	struct world *w = arg;
	struct err reason = {""};
	struct catalogue *c = NULL;

	(void)e;
	w->done = true;
	w->outcome = outcome;
	c = outcome == DB_COMMITTED ? store_catalogue(results, w->catalogue, &reason) : NULL;
	snprintf(w->reason, sizeof(w->reason), "%s", reason.text);
	if (c == w->catalogue)
		return;
	catalogue_free(w->catalogue);
	w->catalogue = c;
}

static void
catalogue_read(struct world *w)
{
	struct db_tx *tx = db_begin(w->db);

	w->done = false;
	store_catalogue_read(tx, date_in_istanbul(RECEIVED_AT));
	db_read(tx, on_catalogue, w);
	turn_until(w, is_done);
	assert_int_equal(w->outcome, DB_COMMITTED);
}

static int
setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	struct db_conf conf = {.name = "router", .tables = router_tables};
	struct err e;

	assert_non_null(w);
	ids_start();
	w->scratch = scratch_new(&e);
	if (!w->scratch)
		fail_msg("%s", e.text);
	assert_int_equal(scratch_sql(w->scratch, demo, NULL, 0), 0);
	w->arena = arena_new(0);
	w->metrics = metrics_new();
	w->loop = loop_new(&e);
	conf.conninfo = scratch_conninfo(w->scratch, "router");
	w->db = db_open(w->loop, &conf, w->metrics, NULL, NULL, NULL, &e);
	assert_non_null(w->db);
	turn_until(w, is_up);
	catalogue_read(w);
	*state = w;
	return 0;
}

static int
teardown(void **state)
{
	struct world *w = *state;

	db_close(w->db);
	catalogue_free(w->catalogue);
	loop_free(w->loop);
	metrics_free(w->metrics);
	arena_free(w->arena);
	scratch_free(w->scratch);
	free(w);
	return 0;
}

struct sent {
	const char *text, *topic;
	bool anonymous, hide_identity;
};

static struct routing
decide(struct world *w, const struct sent *sent, uint64_t seq)
{
	struct arena *a = w->arena;
	Kopru__V1__Event *event = arena_alloc(a, sizeof(*event));
	Kopru__V1__ApplicationReceived *received = arena_alloc(a, sizeof(*received));
	Kopru__V1__Application *application = arena_alloc(a, sizeof(*application));
	Kopru__V1__Applicant *applicant = arena_alloc(a, sizeof(*applicant));
	struct routing_question question = {.received = event,
	    .received_id = uuid_new(),
	    .application_id = uuid_new(),
	    .event_id = uuid_new(),
	    .intake_seq = seq,
	    .now = RECEIVED_AT + 1000};
	struct routing routing;

	kopru__v1__event__init(event);
	kopru__v1__application_received__init(received);
	kopru__v1__application__init(application);
	kopru__v1__applicant__init(applicant);
	event->number = arena_printf(a, "HM-2026-000000%llu-0", (unsigned long long)seq);
	event->body_case = KOPRU__V1__EVENT__BODY_APPLICATION_RECEIVED;
	event->application_received = received;
	received->application = application;
	received->access_code_generation = 7;
	application->number = event->number;
	application->text = arena_string(a, sent->text);
	application->topic = arena_string(a, sent->topic);
	application->external_id = arena_string(a, "wamid.905550000001");
	application->received_at = RECEIVED_AT;
	application->due_on = 20621; /* 2026-06-17 */
	application->applicant = applicant;
	applicant->name = arena_string(a, "Ayşe Deneme");
	applicant->phone = arena_string(a, "+905550000001");
	applicant->email = arena_string(a, "ayse@example.org");
	applicant->address = arena_string(a, "Deneme Sokak 1");
	applicant->anonymous = sent->anonymous;
	applicant->hide_identity = sent->hide_identity;
	routing_decide(&(struct deciding){.catalogue = w->catalogue}, a, &question, &routing);
	return routing;
}

/* One transaction as turns makes it. */
static void
store(struct world *w, const struct routing *routings, size_t count, uint64_t old_seq)
{
	struct db_tx *tx = db_begin(w->db);

	w->done = false;
	db_call(tx, &feed_statements[FEED_ADVANCE]);
	db_bind_text(tx, "router");
	db_bind_text(tx, "intake");
	db_bind_int8(tx, (int64_t)old_seq);
	db_bind_int8(tx, (int64_t)(old_seq + count));
	db_bind_uuid(tx, &routings[count - 1].received_id);
	w->appended = store_route(tx, routings, count);
	db_commit(tx, on_done, w);
	turn_until(w, is_done);
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
test_catalogue_holds_what_is_valid_and_has_a_stream(void **state)
{
	struct world *w = *state;
	struct catalogue *before = w->catalogue;
	size_t topics = 0;

	assert_int_equal(catalogue_size(w->catalogue, &topics), 3);
	assert_int_equal(topics, 4);
	assert_true(catalogue_department(w->catalogue, "KOSKI")->outside);
	assert_null(catalogue_department(w->catalogue, "OLD"));
	assert_null(catalogue_department(w->catalogue, "NOS"));
	assert_false(calendar_is_working_day(catalogue_calendar(w->catalogue), date_in_istanbul(RECEIVED_AT) + 1));
	catalogue_read(w);
	assert_ptr_equal(w->catalogue, before); /* nothing changed */
	scratch_sql(w->scratch, "UPDATE router.topic SET keywords = '{baska}' WHERE code = 'TEM-01'", NULL, 0);
	catalogue_read(w);
	assert_string_equal(catalogue_topic(w->catalogue, "TEM-01")->keywords, "baska");
	scratch_sql(w->scratch, "UPDATE router.department SET valid_to = '2026-05-18' WHERE code = 'HM'", NULL, 0);
	catalogue_read(w);
	assert_null(w->catalogue);
	assert_non_null(strstr(w->reason, "\"HM\""));
}

static void
test_route_writes_case_decision_and_both_events(void **state)
{
	static const struct sent sent[] = {
	    {.text = "Sokağımızda çöp alınmıyor", .topic = ""},
	    {.text = "sular kesik su kesik", .topic = ""},
	    {.text = "merhaba", .topic = ""},
	    {.text = "çöp", .topic = "TEM-01", .hide_identity = true},
	    {.text = "eskikonu", .topic = ""},
	    {.text = "merhaba", .topic = "NOS-01"},
	};
	struct world *w = *state;
	struct routing routings[6];

	for (size_t i = 0; i < 6; i++)
		routings[i] = decide(w, &sent[i], i + 1);
	store(w, routings, 6, 0);
	if (w->outcome != DB_COMMITTED)
		fail_msg("%s", w->reason);
	assert_sql(w,
	    "SELECT string_agg(concat_ws(' ', department, coalesce(topic, '-'), state, triage, version, due_on,"
	    " coalesce(target_on::text, '-')), ',' ORDER BY intake_seq) FROM router.case",
	    "TEM TEM-01 2 f 2 2026-06-17 2026-05-22,KOSKI DIS-01 2 f 2 2026-06-17 2026-05-18,HM - 1 t 2 2026-06-17 -,"
	    "TEM TEM-01 2 f 2 2026-06-17 2026-05-22,HM - 1 t 2 2026-06-17 -,HM - 1 t 2 2026-06-17 -");
	assert_sql(w,
	    "SELECT string_agg(stream || ':' || n, ' ' ORDER BY stream) FROM"
	    " (SELECT stream, count(*) AS n FROM feed.event GROUP BY stream) AS x",
	    "case:6 department/HM:3 department/KOSKI:1 department/TEM:2");
	assert_sql(w,
	    "SELECT count(*)::text FROM feed.event AS c JOIN feed.event AS d USING (event_id, application_id, at, kind)"
	    " WHERE c.stream = 'case' AND d.stream LIKE 'department/%' AND c.kind = 'application.routed'",
	    "6");
	assert_sql(w,
	    "SELECT candidates #>> '{0,reasons,0}' FROM router.decision JOIN router.case USING (application_id)"
	    " WHERE intake_seq = 4",
	    "topic: TEM-01 chosen");
	assert_sql(w,
	    "SELECT candidates #>> '{0,reasons,1}' FROM router.decision JOIN router.case USING (application_id)"
	    " WHERE intake_seq = 5",
	    "department: OLD is not valid or has no stream");
	assert_sql(w, "SELECT count(*)::text FROM router.decision", "6");
	assert_sql(w,
	    "SELECT string_agg(concat_ws(' ', outcome, confidence > 0, coalesce(model_version, 0), "
	    "coalesce(rules_version, 0),"
	    " coalesce(rule, '-')), ',' ORDER BY intake_seq) FROM router.decision JOIN router.case USING "
	    "(application_id)",
	    "sure t 0 0 -,sure t 0 0 -,unsure f 0 0 -,chosen t 0 0 -,unsure t 0 0 -,chosen t 0 0 -");
	assert_sql(w,
	    "SELECT reason_tr || reason_en FROM router.decision JOIN router.case USING (application_id) WHERE "
	    "intake_seq = 3",
	    "Metinden konu anlaşılamadı, Hizmet Masası karar verir (yalnız anahtar sözcükler)."
	    "No topic was found in the text, the Service Desk decides (keywords only).");
	assert_int_equal(w->appended_count, 12);
	assert_int_equal(w->last_seq, 3);
	assert_string_equal(w->last_stream, "department/HM");
	assert_sql(w, "SELECT seq::text FROM feed.cursor WHERE consumer = 'router'", "6");
}

static void
test_the_desk_may_be_chosen(void **state)
{
	static const struct sent sent = {.text = "Sokağımızda çöp alınmıyor", .topic = "HM-00"};
	struct routing routing = decide(*state, &sent, 1);

	assert_string_equal(routing.department, "HM");
	assert_null(routing.topic);
	assert_true(routing.triage);
	assert_string_equal(routing.candidates, "[]");
}

/* I-13: by bytes, whoever looks. */
static void
test_route_hides_persons_from_departments(void **state)
{
	static const struct sent sent[] = {
	    {.text = "çöp", .topic = ""},
	    {.text = "çöp", .topic = "", .hide_identity = true},
	    {.text = "çöp", .topic = "", .anonymous = true},
	    {.text = "su kesik", .topic = ""},
	};
	struct world *w = *state;
	struct routing r[4];

	for (size_t i = 0; i < 4; i++)
		r[i] = decide(w, &sent[i], i + 1);
	for (size_t i = 0; i < 4; i++) {
		static const char *const personal[] = {"Deneme", "905550000001", "example.org"};
		Kopru__V1__Event *whole =
		    wire_unpack(&kopru__v1__event__descriptor, w->arena, r[i].case_event, r[i].case_size, NULL);
		Kopru__V1__Event *seen = wire_unpack(
		    &kopru__v1__event__descriptor, w->arena, r[i].department_event, r[i].department_size, NULL);

		assert_string_equal(whole->application_routed->application->applicant->name, "Ayşe Deneme");
		assert_int_equal(whole->application_routed->access_code_generation, 7);
		assert_int_equal(seen->application_routed->access_code_generation, 0);
		assert_int_equal(seen->application_routed->application->applicant->masked, i > 0);
		assert_string_equal(seen->application_routed->application->text, sent[i].text);
		for (size_t k = 0; k < 3; k++)
			assert_int_equal(memmem(r[i].department_event, r[i].department_size, personal[k],
					     strlen(personal[k])) != NULL,
			    i == 0);
	}
}

/* An event that was decided on cannot be decided on again, and an old cursor takes nothing with it. */
static void
test_route_twice_is_fenced_or_refused(void **state)
{
	static const struct sent sent = {.text = "çöp", .topic = ""};
	struct world *w = *state;
	struct routing r = decide(w, &sent, 1), again = {0};

	store(w, &r, 1, 0);
	assert_int_equal(w->outcome, DB_COMMITTED);
	store(w, &r, 1, 0);
	assert_int_equal(w->outcome, DB_FENCED);
	again = r;
	again.event_id = uuid_new();
	store(w, &again, 1, 1);
	assert_int_equal(w->outcome, DB_REFUSED);
	assert_sql(w, "SELECT count(*)::text FROM feed.event", "2");
	assert_sql(w, "SELECT seq::text FROM feed.cursor WHERE consumer = 'router'", "1");
}

int
main(void)
{
#define STORE_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
	    STORE_TEST(test_catalogue_holds_what_is_valid_and_has_a_stream),
	    STORE_TEST(test_route_writes_case_decision_and_both_events),
	    STORE_TEST(test_the_desk_may_be_chosen),
	    STORE_TEST(test_route_hides_persons_from_departments),
	    STORE_TEST(test_route_twice_is_fenced_or_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
