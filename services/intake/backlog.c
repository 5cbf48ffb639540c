/* backlog: see the header. */
#include "services/intake/backlog.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/log.h"
#include "services/intake/backlog.sql.h"

#define LOOK_MS 10000
#define FIRST_MS 500

/* The label set is bounded: what is none of these is "other". */
static const char *const channels_named[] = {
    "whatsapp", "messenger", "instagram", "telegram", "email", "open311", "cimer", "draft", "told", "other"};
#define NAMED (sizeof(channels_named) / sizeof(channels_named[0]))

struct backlog {
	struct loop *loop;
	struct db *db;
	const struct channels_conf *conf;
	struct loop_timer *timer;
	bool told; /* the configured sources */
	struct {
		struct metric *waiting, *oldest, *triage;
	} figures[NAMED];
};

static size_t
place_of(const char *channel)
{
	size_t n = 0;

	while (n + 1 < NAMED && strcmp(channels_named[n], channel) != 0)
		n++;
	return n;
}

static void
on_read(void *arg, enum db_outcome outcome, const struct db_results *results, const struct err *e)
{
	struct backlog *b = arg;
	int64_t waiting[NAMED] = {0}, oldest[NAMED] = {0}, triage[NAMED] = {0};

	if (outcome == DB_REFUSED)
		log_error("backlog.refused", "reason=\"%s\"", e->text);
	if (outcome == DB_COMMITTED) {
		b->told = true;
		for (size_t row = 0; row < db_rows(results, 0); row++) {
			size_t n = place_of(db_text(results, 0, row, 0));
			int64_t age = db_int8(results, 0, row, 2);

			waiting[n] += db_int8(results, 0, row, 1);
			oldest[n] = age > oldest[n] ? age : oldest[n];
			triage[n] += db_int8(results, 0, row, 3);
		}
		for (size_t n = 0; n < NAMED; n++) {
			metric_set(b->figures[n].waiting, waiting[n]);
			metric_set(b->figures[n].oldest, oldest[n]);
			metric_set(b->figures[n].triage, triage[n]);
		}
	}
	if (!loop_stopping(b->loop))
		timer_start(b->timer, outcome == DB_COMMITTED ? LOOK_MS : FIRST_MS);
}

static void
bind_sources(const struct backlog *b, struct db_tx *tx)
{
	static const char *const names[] = {"whatsapp", "messenger", "instagram", "telegram", "open311"};
	size_t count = b->conf->mailbox_count;

	for (size_t n = 0; n < sizeof(names) / sizeof(names[0]); n++)
		count += channels_conf_has(b->conf, names[n]);
	db_call(tx, &backlog_statements[SOURCES_TELL]);
	db_bind_array(tx, DB_TEXTS, count);
	for (size_t n = 0; n < sizeof(names) / sizeof(names[0]); n++)
		if (channels_conf_has(b->conf, names[n]))
			db_put_text(tx, names[n]);
	for (size_t n = 0; n < b->conf->mailbox_count; n++)
		db_put_text(tx, arena_printf(db_tx_arena(tx), "email/%s", b->conf->mailboxes[n].name));
}

static void
on_look(void *arg)
{
	struct backlog *b = arg;
	struct db_tx *tx;

	if (loop_stopping(b->loop))
		return;
	if (!db_is_up(b->db)) {
		timer_start(b->timer, FIRST_MS);
		return;
	}
	tx = db_begin(b->db);
	db_call(tx, &backlog_statements[BACKLOG_READ]);
	if (!b->told)
		bind_sources(b, tx);
	db_commit(tx, on_read, b);
}

struct backlog *
backlog_new(struct loop *l, struct db *d, const struct channels_conf *conf, struct metrics *m)
{
	struct backlog *b = calloc(1, sizeof(*b));
	char labels[64];

	if (!b)
		abort();
	b->loop = l;
	b->db = d;
	b->conf = conf;
	b->timer = timer_new(l, on_look, b);
	for (size_t n = 0; n < NAMED; n++) {
		snprintf(labels, sizeof(labels), "channel=\"%s\"", channels_named[n]);
		b->figures[n].waiting = metrics_gauge(m, "kopru_intake_inbound_backlog", labels,
		    "Arrivals that wait to be digested; drafts that are due; "
		    "senders of whom nobody knows whether they were told");
		b->figures[n].oldest =
		    metrics_gauge(m, "kopru_intake_inbound_oldest_seconds", labels, "Age of the oldest of them");
		b->figures[n].triage =
		    metrics_gauge(m, "kopru_intake_inbound_triage", labels, "Arrivals that a person has to look at");
	}
	timer_start(b->timer, FIRST_MS);
	return b;
}

void
backlog_free(struct backlog *b)
{
	if (!b)
		return;
	timer_free(b->timer);
	free(b);
}
