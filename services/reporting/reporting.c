/* reporting: a turn writes its events into the read model with the cursor; HTTP reads it on other connections. */
#include "services/reporting/reporting.h"

#include <stdlib.h>

#include "common/base/file.h"
#include "common/base/ids.h"
#include "common/feed/feed.sql.h"
#include "common/feed/turns.h"
#include "common/open311/document.h"
#include "services/reporting/case_page.h"
#include "services/reporting/figures.h"
#include "services/reporting/figures.sql.h"
#include "services/reporting/inbox.h"
#include "services/reporting/ledger.sql.h"
#include "services/reporting/likeness.sql.h"
#include "services/reporting/open311.h"
#include "services/reporting/record.h"
#include "services/reporting/reporting.sql.h"
#include "services/reporting/reports.h"
#include "services/reporting/requests.sql.h"
#include "services/reporting/routed.sql.h"
#include "services/reporting/similar.h"
#include "services/reporting/store.h"
#include "services/reporting/tending.h"
#include "services/reporting/track.h"

#define LIST_MAX (1024 * 1024)
#define TURN_LIMIT 500
#define TURN_LINGER_MS 25 /* nobody waits for it: it leaves the disk to those for whom someone does */

struct reporting {
	struct metrics *metrics;
	struct bus *bus;
	struct db *db; /* turns */
	struct db *track_db, *reports_db, *open311_db; /* the last only where Open311 is offered */
	struct turns *intake, *cases;
	struct after *after;
	struct api_keys *keys;
	struct track track;
	struct reports reports;
	struct case_page case_page;
	struct similar similar;
	struct inbox inbox;
	struct open311 open311;
	struct tending *tending;
	struct http *http;
	struct arena *arena; /* of lists */
	struct record_lists lists;
	struct feed_clock clock;
	struct bus_key key;
	char intake_public[BUS_KEY_SIZE], case_public[BUS_KEY_SIZE];
};

static const struct db_statement *const tables[] = {feed_statements, reporting_statements, requests_statements,
    likeness_statements, routed_statements, ledger_statements, NULL};
static const struct db_statement *const open311_tables[] = {requests_statements, NULL};
static const struct db_statement *const reports_tables[] = {
    feed_statements, reporting_statements, figures_statements, ledger_statements, NULL};

static void
on_record(void *arg, struct db_tx *tx, const struct turn_event *events, size_t count, void **note)
{
	const struct reporting *r = arg;

	record_events(tx, events, count, &r->lists, date_in_istanbul(feed_clock_now(&r->clock)));
	*note = NULL;
}

static void
on_recorded(void *arg, void *note, const struct db_results *results)
{
	struct reporting *r = arg;

	(void)note;
	(void)results;
	after_moved(r->after);
}

static void
on_clock_read(void *arg, enum db_outcome outcome, const struct db_results *results, const struct err *e)
{
	struct reporting *r = arg;

	(void)e;
	if (outcome == DB_COMMITTED)
		feed_clock_take(&r->clock, results, 0);
}

/* The clock first: it is known before anything comes. */
static void
on_database_up(void *arg)
{
	struct reporting *r = arg;
	struct db_tx *tx = db_begin(r->db);

	feed_clock_ask(tx);
	db_read(tx, on_clock_read, r);
	turns_up(r->intake);
	turns_up(r->cases);
}

static void
on_database_down(void *arg)
{
	struct reporting *r = arg;

	if (r->intake)
		turns_down(r->intake);
	if (r->cases)
		turns_down(r->cases);
}

static void
on_track_database_up(void *arg)
{
	struct reporting *r = arg;

	api_keys_up(r->keys);
}

static void
on_track_posted(void *arg, struct http_request *request)
{
	const struct reporting *r = arg;

	track_answer(&r->track, request);
}

static void
on_summary_asked(void *arg, struct http_request *request)
{
	struct reporting *r = arg;

	summary_answer(&r->reports, request);
}

static void
on_list_asked(void *arg, struct http_request *request)
{
	struct reporting *r = arg;

	list_answer(&r->reports, request);
}

static void
on_year_asked(void *arg, struct http_request *request)
{
	struct reporting *r = arg;

	year_answer(&r->reports, request);
}

static void
on_case_asked(void *arg, struct http_request *request)
{
	const struct reporting *r = arg;

	case_page_answer(&r->case_page, request);
}

static void
on_similar_asked(void *arg, struct http_request *request)
{
	const struct reporting *r = arg;

	similar_answer(&r->similar, request);
}

static void
on_inbox_asked(void *arg, struct http_request *request)
{
	const struct reporting *r = arg;

	inbox_answer(&r->inbox, request);
}

static void
on_open311_list_asked(void *arg, struct http_request *request)
{
	const struct reporting *r = arg;

	open311_list(&r->open311, request);
}

static void
on_open311_one_asked(void *arg, struct http_request *request)
{
	const struct reporting *r = arg;

	open311_one(&r->open311, request);
}

static void
on_open311_posted(void *arg, struct http_request *request)
{
	const struct reporting *r = arg;

	open311_posted(&r->open311, request);
}

#define ANY "*"

static const struct http_route routes[] = {
    {HTTP_POST, "/api/v1/track", "public", on_track_posted, TRACK_BODY_MAX},
    {HTTP_GET, "/api/v1/cases/" ANY, "key:cases or key:reports", on_case_asked, 0},
    {HTTP_GET, "/api/v1/cases/" ANY "/similar", "key:cases", on_similar_asked, 0},
    {HTTP_GET, "/api/v1/applications/" ANY "/similar", "key:cases", on_similar_asked, 0},
    {HTTP_GET, "/api/v1/applications/" ANY, "key:cases or key:reports", on_case_asked, 0},
    {HTTP_GET, "/api/v1/inbox", "key:cases", on_inbox_asked, 0},
    {HTTP_GET, "/api/v1/reports/summary", "key:reports", on_summary_asked, 0},
    {HTTP_GET, FIGURES_LIST, "key:reports", on_list_asked, 0},
    {HTTP_GET, "/api/v1/reports/year/" ANY, "key:reports", on_year_asked, 0},
    {HTTP_GET,
	OPEN311_PATH "requests/"
		     "*",
	"public", on_open311_one_asked, 0},
    {HTTP_GET, OPEN311_PATH "*", "public", on_open311_list_asked, 0},
    {HTTP_POST, OPEN311_PATH "*", "public", on_open311_posted, OPEN311_BODY_MAX},
    {.handler = NULL},
};

static const char *
on_asked_healthy(void *arg)
{
	const struct reporting *r = arg;

	const char *stuck = turns_stuck(r->intake);

	if (!db_is_up(r->db) || !db_is_up(r->track_db) || !db_is_up(r->reports_db) ||
	    (r->open311_db && !db_is_up(r->open311_db)))
		return "the database is not reachable";
	return stuck ? stuck : turns_stuck(r->cases);
}

static int
keys_read(struct reporting *r, const struct reporting_conf *conf, struct err *e)
{
	if (*conf->intake_public_file && bus_key_read_public(conf->intake_public_file, r->intake_public, e) < 0)
		return err_prefix(e, "REPORTING_INTAKE_PUBLIC_FILE");
	if (*conf->case_public_file && bus_key_read_public(conf->case_public_file, r->case_public, e) < 0)
		return err_prefix(e, "REPORTING_CASE_PUBLIC_FILE");
	if (*conf->key_file && bus_key_read(conf->key_file, &r->key, e) < 0)
		return err_prefix(e, "REPORTING_KEY_FILE");
	return 0;
}

static int
lists_read(struct reporting *r, const struct reporting_conf *conf, struct err *e)
{
	char *text;
	size_t size;

	r->arena = arena_new(0);
	if (file_read(r->arena, conf->holidays_file, LIST_MAX, &text, &size, e) < 0 ||
	    !(r->lists.calendar = calendar_new(text, e)))
		return err_prefix(e, "REPORTING_HOLIDAYS_FILE");
	if (*conf->neighbourhoods_file &&
	    (file_read(r->arena, conf->neighbourhoods_file, LIST_MAX, &text, &size, e) < 0 ||
		neighbourhoods_parse(r->arena, text, &r->lists.neighbourhoods, e) < 0))
		return err_prefix(e, "REPORTING_NEIGHBOURHOODS_FILE");
	return 0;
}

static struct turns *
turns_make(struct reporting *r, struct loop *l, const struct feed_consumer_conf *feed, struct err *e)
{
	struct turns_conf conf = {.feed = *feed, .limit = TURN_LIMIT, .linger_ms = TURN_LINGER_MS};
	const struct turns_service service = {
	    .record = on_record, .recorded = on_recorded, .knows = record_knows, .arg = r};

	conf.feed.consumer = "reporting";
	conf.feed.key = *r->key.secret_key ? &r->key : NULL;
	return turns_new(r->bus, l, r->db, &conf, &service, r->metrics, e);
}

static int
turns_open(struct reporting *r, struct loop *l, const struct reporting_conf *conf, struct err *e)
{
	const struct feed_consumer_conf intake = {
	    .endpoints = conf->intake_feed,
	    .server_public = *r->intake_public ? r->intake_public : NULL,
	    .stream = "intake",
	    .window = (unsigned)conf->window,
	};
	const struct feed_consumer_conf cases = {
	    .endpoints = conf->case_feed,
	    .server_public = *r->case_public ? r->case_public : NULL,
	    .stream = "case",
	    .window = (unsigned)conf->window,
	};

	if (!(r->intake = turns_make(r, l, &intake, e)) || !(r->cases = turns_make(r, l, &cases, e)))
		return -1;
	after_set_turns(r->after, r->intake, r->cases);
	r->tending = tending_new(l, r->db, r->intake, r->cases, &r->clock);
	return 0;
}

static int
databases_open(struct reporting *r, struct loop *l, const struct reporting_conf *conf, struct err *e)
{
	const struct db_conf turns = {.conninfo = conf->database, .name = "kopru-reporting", .tables = tables};
	struct db_conf track = {.conninfo = conf->database, .name = "kopru-reporting-track", .tables = tables};
	struct db_conf reports = {.conninfo = conf->database,
	    .name = "kopru-reporting-reports",
	    .tables = reports_tables,
	    .answer_ms = 60000};
	struct db_conf open311 = {
	    .conninfo = conf->database, .name = "kopru-reporting-open311", .tables = open311_tables};

	r->db = db_open(l, &turns, r->metrics, on_database_up, on_database_down, r, e);
	track.beside = reports.beside = open311.beside = r->db;
	if (!r->db || !(r->track_db = db_open(l, &track, r->metrics, on_track_database_up, NULL, r, e)) ||
	    !(r->reports_db = db_open(l, &reports, r->metrics, NULL, NULL, NULL, e)))
		return -1;
	if (*conf->open311 && !(r->open311_db = db_open(l, &open311, r->metrics, NULL, NULL, NULL, e)))
		return -1;
	r->keys = api_keys_new(l, r->track_db, &reporting_statements[REPORTING_API_KEYS]);
	return 0;
}

static int
reporting_open(struct reporting *r, struct loop *l, const struct reporting_conf *conf, struct err *e)
{
	const struct http_conf http = {.listen = conf->listen,
	    .connections_max = (unsigned)conf->connections,
	    .requests_max = (unsigned)conf->connections};

	if (lists_read(r, conf, e) < 0 || keys_read(r, conf, e) < 0 || !(r->bus = bus_new(l, r->metrics, e)) ||
	    databases_open(r, l, conf, e) < 0)
		return -1;
	r->after = after_new(l, r->track_db);
	if (turns_open(r, l, conf, e) < 0)
		return -1;
	r->track = (struct track){.db = r->track_db, .after = r->after};
	r->case_page = (struct case_page){.db = r->track_db, .after = r->after, .keys = r->keys, .clock = &r->clock};
	r->similar = (struct similar){.db = r->track_db, .after = r->after, .keys = r->keys, .clock = &r->clock};
	r->inbox = (struct inbox){.db = r->track_db, .after = r->after, .keys = r->keys};
	r->reports = (struct reports){.clock = &r->clock,
	    .db = r->reports_db,
	    .after = r->after,
	    .keys = r->keys,
	    .outputs = {.loop = l, .folder = conf->exports}};
	r->open311 = (struct open311){.jurisdiction = conf->open311, .db = r->open311_db, .clock = &r->clock};
	r->http = http_new(l, &http, routes, r->metrics, on_asked_healthy, r, e);
	return r->http ? 0 : -1;
}

struct reporting *
reporting_new(struct loop *l, const struct reporting_conf *conf, struct err *e)
{
	struct reporting *r = calloc(1, sizeof(*r));

	if (!r)
		abort();
	document_start();
	r->metrics = metrics_new();
	if (reporting_open(r, l, conf, e) < 0) {
		reporting_free(r);
		return NULL;
	}
	return r;
}

void
reporting_free(struct reporting *r)
{
	if (!r)
		return;
	tending_free(r->tending);
	turns_free(r->intake);
	turns_free(r->cases);
	r->intake = NULL;
	r->cases = NULL;
	after_free(r->after);
	db_close(r->open311_db);
	db_close(r->reports_db);
	db_close(r->track_db);
	db_close(r->db);
	api_keys_free(r->keys);
	http_free(r->http);
	bus_free(r->bus);
	calendar_free(r->lists.calendar);
	arena_free(r->arena);
	metrics_free(r->metrics);
	free(r);
}
