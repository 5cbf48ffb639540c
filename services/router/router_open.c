/* router_open: the router's parts, wired to each other and to the settings. */
#include "services/router/router_internal.h"

#include "services/router/routing.h"

#define TURN_EVENTS 200
#define WINDOW_MAX 1000
#define LEARNER_ANSWER_MS 60000 /* a model is big, and its database may be slow */

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
on_decided(void *arg, const struct cases *cases)
{
	struct router *r = arg;

	tallies_taught(r->tallies, cases);
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
	return refresh_ready(r->refresh) ? turns_stuck(r->turns) : "model, rules and places are not known yet";
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
	db.name = "router learner";
	db.answer_ms = LEARNER_ANSWER_MS;
	r->learner = r->cases ? db_open(r->loop, &db, r->metrics, NULL, NULL, r, e) : NULL;
	return r->learner ? 0 : -1;
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

static void
learning_open(struct router *r, const struct router_conf *conf)
{
	const struct learning_conf learning = {
	    .db = r->learner,
	    .source = r->source,
	    .refresh = r->refresh,
	    .on = conf->learning,
	    .days = (int)conf->learning_days,
	    .examples = (int)conf->learning_examples,
	    .months = (int)conf->learning_months,
	    .bytes = (size_t)conf->learning_mib * 1024 * 1024,
	};

	r->learning = learning_new(r->loop, &learning, r->metrics);
	r->watch = learning_watch_new(r->loop, r->learner, r->metrics);
}

static int
turns_open(struct router *r, const struct router_conf *conf, struct err *e)
{
	const struct turns_service service = router_service(r);
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
	    .on_decided = on_decided,
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

int
router_open(struct router *r, const struct router_conf *conf, struct err *e)
{
	if (databases_open(r, conf, e) < 0 || source_open(r, conf, e) < 0)
		return -1;
	refresh_open(r, conf);
	learning_open(r, conf);
	if (turns_open(r, conf, e) < 0 || commands_open(r, conf, e) < 0 || http_open(r, conf, e) < 0)
		return -1;
	return 0;
}
