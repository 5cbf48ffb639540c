/* notifier: a turn decides the notices of its events, records them with the cursor and wakes the sender. */
#include "services/notifier/notifier.h"

#include <stdlib.h>

#include "common/base/log.h"
#include "common/feed/feed.sql.h"
#include "common/feed/turns.h"
#include "common/http/http.h"
#include "services/notifier/composer.h"
#include "services/notifier/notifier.sql.h"
#include "services/notifier/sender.h"
#include "services/notifier/store.h"

#define TURN_LIMIT 200
#define TURN_LINGER_MS 25 /* nobody waits for it: it leaves the disk to those for whom someone does */

struct notifier {
	struct metrics *metrics;
	struct composer *composer;
	struct file_outbox *outbox;
	struct db *db;
	struct bus *bus;
	struct turns *turns;
	struct sender *sender;
	struct http *http;
	struct bus_key key;
	char server_public[BUS_KEY_SIZE];
	struct metric *silent;
};

/* What a turn adds to its transaction. */
struct turn {
	struct notice *notices;
	size_t count;
	struct uuid *erased;
	const char **erased_numbers;
	size_t erased_count;
	size_t insert_call, erase_call;
};

static const struct db_statement *const tables[] = {feed_statements, notifier_statements, NULL};

static void
turn_add(struct turn *turn, struct db_tx *tx, const struct turn_event *event)
{
	struct notice notice;
	struct err e;

	if (event->event->body_case == KOPRU__V1__EVENT__BODY_ERASED) {
		turn->erased_numbers[turn->erased_count] = arena_string(db_tx_arena(tx), event->event->number);
		turn->erased[turn->erased_count++] = event->application_id;
	} else if (notice_decide(db_tx_arena(tx), event->event, &notice, &e) == 0) {
		turn->notices[turn->count++] = notice;
	} else {
		store_notices_refuse(tx, arena_string(db_tx_arena(tx), e.text));
	}
}

static void
on_record(void *arg, struct db_tx *tx, const struct turn_event *events, size_t count, void **note)
{
	struct notifier *n = arg;
	struct arena *a = db_tx_arena(tx);
	struct turn *turn = arena_alloc(a, sizeof(*turn));

	turn->notices = arena_array(a, count, sizeof(*turn->notices));
	turn->erased = arena_array(a, count, sizeof(*turn->erased));
	turn->erased_numbers = arena_array(a, count, sizeof(*turn->erased_numbers));
	for (size_t i = 0; i < count; i++)
		turn_add(turn, tx, &events[i]);
	if (turn->count > 0)
		turn->insert_call = store_notices_insert(tx, turn->notices, turn->count);
	if (turn->erased_count > 0) {
		/* Before the cursor moves: whoever dies now does it again. */
		file_forget_numbers(n->outbox, turn->erased_numbers, turn->erased_count);
		turn->erase_call = store_notices_erase(tx, turn->erased, turn->erased_count);
	}
	*note = turn;
}

static void
on_recorded(void *arg, void *note, const struct db_results *results)
{
	struct notifier *n = arg;
	const struct turn *turn = note;
	struct delivered delivered;

	if (turn->count > 0) {
		size_t silent = store_count_notices(results, turn->insert_call, 0, "none");
		size_t all = db_rows(results, turn->insert_call);

		metric_add(n->silent, (int64_t)silent);
		log_info("notices.decided", "notices=%zu silent=%zu", all, silent);
	}
	for (size_t row = 0; turn->erased_count > 0 && row < db_rows(results, turn->erase_call); row++) {
		store_get_delivered_notice(results, turn->erase_call, row, &delivered);
		file_forget(n->outbox, delivered.number, &delivered.id);
	}
	sender_wake(n->sender);
}

static bool
on_asked_known(int body_case)
{
	return body_case == KOPRU__V1__EVENT__BODY_APPLICATION_ROUTED || body_case == KOPRU__V1__EVENT__BODY_ERASED;
}

static void
on_database_up(void *arg)
{
	struct notifier *n = arg;

	turns_up(n->turns);
	sender_wake(n->sender);
}

static void
on_database_down(void *arg)
{
	struct notifier *n = arg;

	if (n->turns)
		turns_down(n->turns);
}

static const char *
on_asked_healthy(void *arg)
{
	const struct notifier *n = arg;

	return db_is_up(n->db) ? NULL : "the database is not reachable";
}

static int
keys_read(struct notifier *n, const struct notifier_conf *conf, struct err *e)
{
	if (*conf->server_public_file && bus_key_read_public(conf->server_public_file, n->server_public, e) < 0)
		return -1;
	return *conf->key_file ? bus_key_read(conf->key_file, &n->key, e) : 0;
}

static struct turns *
turns_make(struct notifier *n, struct loop *l, const struct notifier_conf *conf, struct err *e)
{
	const struct turns_conf turns = {
	    .feed =
		{
		    .endpoints = conf->case_feed,
		    .server_public = *n->server_public ? n->server_public : NULL,
		    .key = *n->key.secret_key ? &n->key : NULL,
		    .consumer = "notifier",
		    .stream = "case",
		    .window = (unsigned)conf->window,
		},
	    .limit = TURN_LIMIT,
	    .linger_ms = TURN_LINGER_MS,
	};
	const struct turns_service service = {
	    .record = on_record, .recorded = on_recorded, .knows = on_asked_known, .arg = n};

	return turns_new(n->bus, l, n->db, &turns, &service, n->metrics, e);
}

static int
notifier_open(struct notifier *n, struct loop *l, const struct notifier_conf *conf, struct err *e)
{
	static const struct http_route routes[] = {{.handler = NULL}};
	const struct http_conf http = {.listen = conf->listen, .connections_max = 32, .requests_max = 32};
	const struct db_conf db = {.conninfo = conf->database, .name = "kopru-notifier", .tables = tables};
	const struct composer_conf composer = {
	    .templates = conf->templates,
	    .from = conf->from,
	    .public_url = conf->public_url,
	    .access_code_key_file = conf->access_code_key_file,
	};

	if (!(n->composer = composer_new(&composer, e)) || !(n->outbox = file_outbox_open(conf->outbox, e)) ||
	    keys_read(n, conf, e) < 0 || !(n->bus = bus_new(l, n->metrics, e)) ||
	    !(n->db = db_open(l, &db, n->metrics, on_database_up, on_database_down, n, e)))
		return -1;
	n->sender = sender_new(l, n->db, n->composer, n->outbox, n->metrics);
	if (!(n->turns = turns_make(n, l, conf, e)) ||
	    !(n->http = http_new(l, &http, routes, n->metrics, on_asked_healthy, n, e)))
		return -1;
	return 0;
}

struct notifier *
notifier_new(struct loop *l, const struct notifier_conf *conf, struct err *e)
{
	struct notifier *n = calloc(1, sizeof(*n));

	if (!n)
		abort();
	n->metrics = metrics_new();
	n->silent = metrics_counter(n->metrics, "kopru_notifier_notices_silent_total", "", "notices to nobody");
	if (notifier_open(n, l, conf, e) < 0) {
		notifier_free(n);
		return NULL;
	}
	return n;
}

void
notifier_free(struct notifier *n)
{
	if (!n)
		return;
	http_free(n->http);
	turns_free(n->turns);
	n->turns = NULL;
	db_close(n->db);
	sender_free(n->sender);
	bus_free(n->bus);
	file_outbox_close(n->outbox);
	composer_free(n->composer);
	metrics_free(n->metrics);
	free(n);
}
