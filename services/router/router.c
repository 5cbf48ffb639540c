/* router: wiring, the catalogue's refresh, and the turn: decide, record, tell. */
#include "services/router/router.h"

#include <stdio.h>
#include <stdlib.h>

#include "common/base/log.h"
#include "common/bus/bus.h"
#include "common/domain/words.h"
#include "common/feed/source.h"
#include "common/feed/turns.h"
#include "common/http/http.h"
#include "services/router/orders.h"
#include "services/router/refresh.h"
#include "services/router/routing.h"
#include "services/router/store.h"
#include "services/router/timers.h"

#define TURN_EVENTS 200
#define WINDOW_MAX 1000
#define OUTCOMES 8 /* values of ApplicationRouted.Outcome are below */

struct router {
	struct loop *loop;
	struct metrics *metrics;
	struct bus *bus;
	struct db *writer, *reader;
	struct db *cases; /* reads for commands, which do not wait behind consumers that catch up */
	struct http *http;
	struct source *source;
	struct turns *turns;
	struct orders *orders;
	struct command_server *server;
	struct timers *timers;
	struct refresh *refresh; /* nothing is consumed before it is ready */
	struct bus_key feed_key, intake_key;
	char intake_public[BUS_KEY_SIZE];
	struct metric *outcomes[OUTCOMES], *triage, *urgent;
};

/* One turn's routings, in the transaction's arena. */
struct note {
	struct store_appended *appended;
	const struct routing *routings;
	size_t count;
};

static void
record(void *arg, struct db_tx *tx, const struct turn_event *events, size_t count, void **note)
{
	struct router *r = arg;
	struct arena *a = db_tx_arena(tx);
	struct routing *routings = arena_array(a, count, sizeof(*routings));
	struct note *n = arena_alloc(a, sizeof(*n));
	struct deciding deciding = refresh_deciding(r->refresh);

	*note = n;
	n->routings = routings;
	for (size_t i = 0; i < count; i++) {
		struct routing_question question = {
		    .received = events[i].event,
		    .received_id = events[i].event_id,
		    .application_id = events[i].application_id,
		    .event_id = uuid_new(),
		    .intake_seq = events[i].seq,
		    .now = source_now(r->source),
		};

		if (events[i].event->body_case == KOPRU__V1__EVENT__BODY_ERASED)
			continue; /* erased before it was decided on: there is nothing to route */
		routing_decide(&deciding, a, &question, &routings[n->count++]);
	}
	if (n->count > 0)
		n->appended = store_route(tx, routings, n->count);
}

static void
decisions_count(struct router *r, const struct note *n, size_t *triage)
{
	for (size_t i = 0; i < n->count; i++) {
		metric_add(r->outcomes[n->routings[i].outcome], 1);
		metric_add(r->urgent, n->routings[i].urgent);
		*triage += n->routings[i].triage;
	}
	metric_add(r->triage, (int64_t)*triage);
}

static void
recorded(void *arg, void *note, const struct db_results *results)
{
	struct router *r = arg;
	struct note *n = note;
	size_t triage = 0;

	if (n->count == 0)
		return;
	store_appended_read(n->appended, results);
	for (size_t i = 0; i < n->appended->count; i++)
		source_publish(r->source, n->appended->streams[i], &n->appended->items[i]);
	decisions_count(r, n, &triage);
	orders_wake(r->orders);
	log_info("applications.routed", "count=%zu triage=%zu seq=%llu", n->count, triage,
	    (unsigned long long)turns_seq(r->turns));
}

static bool
knows(int body_case)
{
	return body_case == KOPRU__V1__EVENT__BODY_APPLICATION_RECEIVED;
}

static void
on_ready(void *arg)
{
	struct router *r = arg;

	if (db_is_up(r->writer))
		turns_up(r->turns);
}

static void
on_catalogue(void *arg)
{
	struct router *r = arg;

	orders_wake(r->orders);
}

static void
on_writer_up(void *arg)
{
	struct router *r = arg;

	source_up(r->source);
	if (refresh_ready(r->refresh))
		turns_up(r->turns);
}

static void
on_writer_down(void *arg)
{
	struct router *r = arg;

	source_down(r->source);
	turns_down(r->turns);
}

static void
on_reader_up(void *arg)
{
	struct router *r = arg;

	source_reader_up(r->source);
	if (!refresh_ready(r->refresh))
		refresh_start(r->refresh);
}

static void
on_cases_up(void *arg)
{
	struct router *r = arg;

	orders_wake(r->orders);
}

static const struct catalogue *
catalogue_now(void *arg)
{
	struct router *r = arg;

	return refresh_catalogue(r->refresh);
}

static int64_t
now(void *arg)
{
	struct router *r = arg;

	return source_now(r->source);
}

static uint64_t
intake_seq(void *arg)
{
	struct router *r = arg;

	return turns_seq(r->turns);
}

static void
on_appended(void *arg, const struct store_appended *appended)
{
	struct router *r = arg;

	for (size_t i = 0; i < appended->count; i++)
		source_publish(r->source, appended->streams[i], &appended->items[i]);
}

static void
on_command(void *arg, struct command_request *request, const char *peer, const Kopru__V1__Command *command)
{
	struct router *r = arg;

	orders_take(r->orders, request, peer, command);
}

static const char *
healthy(void *arg)
{
	struct router *r = arg;

	if (!db_is_up(r->writer) || !db_is_up(r->reader) || !db_is_up(r->cases))
		return "the database is not connected";
	if (!refresh_catalogue(r->refresh))
		return "there is no usable catalogue";
	return refresh_ready(r->refresh) ? turns_stuck(r->turns) : "the model and the rules are not known yet";
}

static int
databases_open(struct router *r, const struct router_conf *conf, struct err *e)
{
	struct db_conf db = {.conninfo = conf->database, .name = "router", .tables = router_tables};

	r->writer = db_open(r->loop, &db, r->metrics, on_writer_up, on_writer_down, r, e);
	if (!r->writer)
		return -1;
	db.beside = r->writer;
	db.name = "router reader";
	r->reader = db_open(r->loop, &db, r->metrics, on_reader_up, NULL, r, e);
	if (!r->reader)
		return -1;
	db.name = "router cases";
	r->cases = db_open(r->loop, &db, r->metrics, on_cases_up, NULL, r, e);
	return r->cases ? 0 : -1;
}

static int
source_open(struct router *r, const struct router_conf *conf, struct err *e)
{
	static const char *const streams[] = {"case", "department/", NULL};
	struct source_conf source = {
	    .feed = {.endpoints = conf->feed,
		.window_max = WINDOW_MAX,
		.connections_max = (unsigned)conf->bus_connections},
	    .streams = streams,
	};

	if (conf->key_file[0] != '\0') {
		if (bus_key_read(conf->key_file, &r->feed_key, e) < 0)
			return err_prefix(e, "ROUTER_KEY_FILE");
		source.feed.key = &r->feed_key;
	}
	r->source = source_new(r->bus, r->loop, r->writer, r->reader, &source, r->metrics, e);
	return r->source ? 0 : err_prefix(e, "ROUTER_FEED");
}

static void
refresh_open(struct router *r, const struct router_conf *conf)
{
	const struct refresh_conf refresh = {
	    .reader = r->reader,
	    .source = r->source,
	    .model_file = conf->model_file,
	    .on_ready = on_ready,
	    .on_catalogue = on_catalogue,
	    .arg = r,
	};

	r->refresh = refresh_new(r->loop, &refresh, r->metrics);
}

static int
turns_open(struct router *r, const struct router_conf *conf, struct err *e)
{
	struct turns_service service = {.record = record, .recorded = recorded, .knows = knows, .arg = r};
	struct turns_conf turns = {
	    .feed = {.endpoints = conf->intake_feed,
		.consumer = "router",
		.stream = "intake",
		.window = (unsigned)conf->window},
	    .limit = TURN_EVENTS,
	};

	if (conf->intake_server_public_file[0] != '\0') {
		if (bus_key_read_public(conf->intake_server_public_file, r->intake_public, e) < 0)
			return err_prefix(e, "ROUTER_INTAKE_SERVER_PUBLIC_FILE");
		turns.feed.server_public = r->intake_public;
	}
	if (conf->intake_key_file[0] != '\0') {
		if (bus_key_read(conf->intake_key_file, &r->intake_key, e) < 0)
			return err_prefix(e, "ROUTER_INTAKE_KEY_FILE");
		turns.feed.key = &r->intake_key;
	}
	r->turns = turns_new(r->bus, r->loop, r->writer, &turns, &service, r->metrics, e);
	return r->turns ? 0 : err_prefix(e, "ROUTER_INTAKE_FEED");
}

static int
commands_open(struct router *r, const struct router_conf *conf, struct err *e)
{
	const struct orders_conf orders = {
	    .writer = r->writer,
	    .reader = r->cases,
	    .settings = {(int)conf->question_days, (int)conf->arbiter_working_days},
	    .waiting_max = (size_t)conf->commands_waiting,
	    .catalogue = catalogue_now,
	    .now = now,
	    .intake_seq = intake_seq,
	    .on_appended = on_appended,
	    .arg = r,
	};
	const struct command_server_conf server = {
	    .endpoints = conf->commands,
	    .key = conf->key_file[0] != '\0' ? &r->feed_key : NULL,
	    .connections_max = (unsigned)conf->bus_connections,
	    .waiting_max = (size_t)conf->commands_waiting,
	    .on_received = on_command,
	    .arg = r,
	};
	struct timers_conf timers = {
	    .reader = r->cases, .writer = r->writer, .source = r->source, .commands_days = (int)conf->commands_days};

	timers.orders = r->orders = orders_new(r->loop, &orders, r->metrics);
	r->timers = timers_new(r->loop, &timers, r->metrics);
	r->server = command_server_new(r->bus, &server, r->metrics, e);
	return r->server ? 0 : err_prefix(e, "ROUTER_COMMANDS");
}

static int
http_open(struct router *r, const struct router_conf *conf, struct err *e)
{
	static const struct http_route routes[] = {{HTTP_GET, NULL, NULL, NULL, 0}};
	struct http_conf http = {.listen = conf->listen, .connections_max = 16, .requests_max = 16};

	r->http = http_new(r->loop, &http, routes, r->metrics, healthy, r, e);
	return r->http ? 0 : err_prefix(e, "ROUTER_LISTEN");
}

static void
metrics_make(struct router *r)
{
	static const char decisions[] = "kopru_router_decisions_total", help[] = "Received applications decided on";

	r->metrics = metrics_new();
	for (const struct word *w = outcome_words; w->token; w++) {
		char labels[64];

		(void)snprintf(labels, sizeof(labels), "outcome=\"%s\"", w->token);
		r->outcomes[w->value] = metrics_counter(r->metrics, decisions, labels, help);
	}
	r->triage = metrics_counter(r->metrics, "kopru_router_triage_total", "", "Decisions that a human has to make");
	r->urgent = metrics_counter(r->metrics, "kopru_router_urgent_total", "", "Applications of danger to life");
}

struct router *
router_new(struct loop *l, const struct router_conf *conf, struct err *e)
{
	struct router *r = calloc(1, sizeof(*r));

	if (!r)
		abort();
	r->loop = l;
	metrics_make(r);
	r->bus = bus_new(l, r->metrics, e);
	if (!r->bus || databases_open(r, conf, e) < 0 || source_open(r, conf, e) < 0) {
		router_free(r);
		return NULL;
	}
	refresh_open(r, conf);
	if (turns_open(r, conf, e) < 0 || commands_open(r, conf, e) < 0 || http_open(r, conf, e) < 0) {
		router_free(r);
		return NULL;
	}
	refresh_start(r->refresh);
	return r;
}

/* Connections first: what they still tell finds everything in place. */
void
router_free(struct router *r)
{
	if (!r)
		return;
	http_free(r->http);
	timers_stop(r->timers);
	orders_stop(r->orders);
	refresh_stop(r->refresh);
	db_close(r->cases);
	db_close(r->reader);
	db_close(r->writer);
	orders_free(r->orders);
	timers_free(r->timers);
	command_server_free(r->server);
	turns_free(r->turns);
	source_free(r->source);
	bus_free(r->bus);
	refresh_free(r->refresh);
	metrics_free(r->metrics);
	free(r);
}
