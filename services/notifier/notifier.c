/* notifier: a turn decides the notices of its events, records them with the cursor and wakes the sender. */
#include "services/notifier/notifier.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/log.h"
#include "common/feed/feed.sql.h"
#include "common/feed/turns.h"
#include "common/http/http.h"
#include "services/notifier/addresses.h"
#include "services/notifier/composer.h"
#include "services/notifier/notices_turn.h"
#include "services/notifier/notifier.sql.h"
#include "services/notifier/providers/file.h"
#include "services/notifier/providers/smtp.h"
#include "services/notifier/returned.h"
#include "services/notifier/sender.h"
#include "services/notifier/sending.sql.h"
#include "services/notifier/staff.sql.h"
#include "services/notifier/store.h"

#define TURN_LIMIT 200
#define TURN_LINGER_MS 25 /* nobody waits for it: it leaves the disk to those for whom someone does */

struct notifier {
	struct metrics *metrics;
	struct composer *composer;
	struct db *db;
	struct bus *bus;
	struct turns *turns;
	struct returned *returned; /* NULL: nobody tells of letters that came back */
	struct sender *sender;
	struct addresses addresses;
	struct http *http;
	struct bus_key key;
	char server_public[BUS_KEY_SIZE];
	struct metric *silent;
	struct metric *staff[NOTICES_STAFF_ENDS];
};

static const struct db_statement *const tables[] = {
    feed_statements, notifier_statements, sending_statements, staff_statements, NULL};

static void
on_record(void *arg, struct db_tx *tx, const struct turn_event *events, size_t count, void **note)
{
	const struct notifier *n = arg;

	*note = notices_turn_record(tx, n->sender, events, count);
}

static void
on_recorded(void *arg, void *note, const struct db_results *results)
{
	struct notifier *n = arg;
	const struct notices_turn *turn = note;
	struct delivered delivered;

	if (turn->count > 0) {
		size_t silent = store_count_notices(results, turn->insert_call, 0, "none");
		size_t all = db_rows(results, turn->insert_call);

		metric_add(n->silent, (int64_t)silent);
		log_info("notices.decided", "notices=%zu silent=%zu held=%zu", all, silent,
		    store_count_notices(results, turn->insert_call, 0, "held"));
	}
	notices_turn_count_staff(turn, results, n->staff);
	for (size_t row = 0; turn->erased_count > 0 && row < db_rows(results, turn->erase_call); row++) {
		store_get_delivered_notice(results, turn->erase_call, row, &delivered);
		sender_forget(n->sender, delivered.number, &delivered.id);
	}
	sender_wake(n->sender);
}

static bool
on_asked_known(int body_case)
{
	return body_case == KOPRU__V1__EVENT__BODY_ERASED || event_rule_find(body_case);
}

static void
on_database_up(void *arg)
{
	struct notifier *n = arg;

	turns_up(n->turns);
	returned_up(n->returned);
	sender_wake(n->sender);
}

static void
on_database_down(void *arg)
{
	struct notifier *n = arg;

	if (n->turns)
		turns_down(n->turns);
	returned_down(n->returned);
}

static const char *
on_asked_healthy(void *arg)
{
	const struct notifier *n = arg;
	const char *stuck = turns_stuck(n->turns);

	if (!db_is_up(n->db))
		return "the database is not reachable";
	return stuck ? stuck : returned_stuck(n->returned);
}

static void
on_asked_to_confirm(void *arg, struct http_request *r)
{
	const struct notifier *n = arg;

	addresses_answer(&n->addresses, TOKEN_CONFIRM, r);
}

static void
on_asked_to_opt_out(void *arg, struct http_request *r)
{
	const struct notifier *n = arg;

	addresses_answer(&n->addresses, TOKEN_OPT_OUT, r);
}

static void
on_address_changed(void *arg)
{
	struct notifier *n = arg;

	sender_wake(n->sender);
}

static void
addresses_start(struct notifier *n)
{
	n->addresses = (struct addresses){
	    .db = n->db,
	    .key = composer_token_key(n->composer),
	    .on_changed = on_address_changed,
	    .arg = n,
	    .confirmed = metrics_counter(
		n->metrics, "kopru_notifier_addresses_confirmed_total", "", "addresses proven by their link"),
	    .opted_out = metrics_counter(
		n->metrics, "kopru_notifier_addresses_opted_out_total", "", "addresses that want no more letters"),
	    .refused = metrics_counter(
		n->metrics, "kopru_notifier_tokens_refused_total", "", "requests with a token that proves nothing"),
	};
}

static int
keys_read(struct notifier *n, const struct notifier_conf *conf, struct err *e)
{
	if (*conf->server_public_file && bus_key_read_public(conf->server_public_file, n->server_public, e) < 0)
		return err_prefix(e, "NOTIFIER_SERVER_PUBLIC_FILE");
	if (*conf->key_file && bus_key_read(conf->key_file, &n->key, e) < 0)
		return err_prefix(e, "NOTIFIER_KEY_FILE");
	return 0;
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
returned_start(struct notifier *n, struct loop *l, const struct notifier_conf *conf, struct err *e)
{
	const struct returned_conf returned = {
	    .endpoints = conf->intake_feed,
	    .server_public = *n->server_public ? n->server_public : NULL,
	    .key = *n->key.secret_key ? &n->key : NULL,
	    .window = (unsigned)conf->window,
	};

	if (!*conf->intake_feed)
		return 0;
	n->returned = returned_new(n->bus, l, n->db, &returned, n->metrics, e);
	return n->returned ? 0 : err_prefix(e, "NOTIFIER_INTAKE_FEED");
}

static int
file_start(struct notifier *n, const struct notifier_conf *conf, struct err *e)
{
	struct file_outbox *outbox;

	if (strcmp(conf->provider, "file") != 0)
		return err_set(e, "NOTIFIER_PROVIDER is \"%.40s\"; allowed are file and smtp", conf->provider);
	if (!*conf->outbox)
		return err_set(e, "NOTIFIER_OUTBOX is not set; provider file needs it");
	if (!(outbox = file_outbox_open(conf->outbox, sender_on_end, n->sender, e)))
		return -1;
	sender_use(n->sender, &file_provider, outbox);
	return 0;
}

static int
smtp_start(struct notifier *n, struct loop *l, const struct notifier_conf *conf, struct err *e)
{
	const struct smtp_conf smtp_conf = {
	    .servers = conf->smtp,
	    .tls = conf->smtp_tls,
	    .authorities = conf->smtp_ca,
	    .user = conf->smtp_user,
	    .password = conf->smtp_password,
	    .hello = *conf->smtp_hello ? conf->smtp_hello : composer_sender(n->composer)->domain,
	    .sender = conf->smtp_sender,
	    .connections = (int)conf->smtp_connections,
	    .answer_seconds = (int)conf->smtp_answer_seconds,
	    .dot_seconds = (int)conf->smtp_dot_seconds,
	};
	struct smtp *smtp = smtp_new(l, &smtp_conf, n->metrics, sender_on_end, n->sender, e);

	if (!smtp)
		return -1;
	sender_use(n->sender, &smtp_provider, smtp);
	return 0;
}

static int
sender_start(struct notifier *n, struct loop *l, const struct notifier_conf *conf, struct err *e)
{
	struct sender_conf sender = {
	    .job =
		{
		    .composer = n->composer,
		    .policy = {.letters_a_day = (int)conf->letters_a_day, .confirms_a_day = (int)conf->confirms_a_day},
		    .attempts = (int)conf->attempts,
		},
	    .settle_seconds = (int)conf->settle_seconds,
	    .lease_seconds = (int)conf->lease_seconds,
	    .held_days = (int)conf->held_days,
	    .domain_at_once = (int)conf->domain_at_once,
	    .domain_a_minute = (int)conf->domain_a_minute,
	};

	if (quiet_hours_parse(conf->quiet, &sender.job.policy.quiet, e) < 0)
		return err_prefix(e, "NOTIFIER_QUIET");
	n->sender = sender_new(l, n->db, &sender, n->metrics);
	return strcmp(conf->provider, "smtp") == 0 ? smtp_start(n, l, conf, e) : file_start(n, conf, e);
}

static int
notifier_open(struct notifier *n, struct loop *l, const struct notifier_conf *conf, struct err *e)
{
	static const struct http_route routes[] = {
	    {HTTP_POST, "/api/v1/addresses/confirm", "public", on_asked_to_confirm, ADDRESSES_BODY_MAX},
	    {HTTP_POST, "/api/v1/addresses/opt-out", "public", on_asked_to_opt_out, ADDRESSES_BODY_MAX},
	    {.handler = NULL},
	};
	const struct http_conf http = {.listen = conf->listen,
	    .connections_max = (unsigned)conf->connections,
	    .requests_max = (unsigned)conf->connections};
	const struct db_conf db = {.conninfo = conf->database, .name = "kopru-notifier", .tables = tables};
	const struct composer_conf composer = {
	    .templates = conf->templates,
	    .from = conf->from,
	    .public_url = conf->public_url,
	    .access_code_key_file = conf->access_code_key_file,
	};

	if (!(n->composer = composer_new(&composer, e)) || keys_read(n, conf, e) < 0 ||
	    !(n->bus = bus_new(l, n->metrics, e)) ||
	    !(n->db = db_open(l, &db, n->metrics, on_database_up, on_database_down, n, e)))
		return -1;
	addresses_start(n);
	if (sender_start(n, l, conf, e) < 0 || !(n->turns = turns_make(n, l, conf, e)) ||
	    returned_start(n, l, conf, e) < 0 ||
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
	notices_turn_metrics(n->metrics, n->staff);
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
	returned_free(n->returned);
	n->returned = NULL;
	db_close(n->db);
	sender_free(n->sender);
	bus_free(n->bus);
	composer_free(n->composer);
	metrics_free(n->metrics);
	free(n);
}
