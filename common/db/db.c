/* db: one connection to PostgreSQL, its life and its ends. */
#include "common/db/db.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/log.h"
#include "common/db/internal.h"

#define ANSWER_MS 10000

/* Prepared besides the tables. */
static const struct db_statement own_statements[] = {
    {"begin", "BEGIN"},
    {"commit", "COMMIT"},
    {"rollback", "ROLLBACK"},
    {NULL, NULL},
};

static void
db_destroy(struct db *d)
{
	struct db *before = d;

	while (before->beside != d)
		before = before->beside;
	before->beside = d->beside;
	timer_free(d->retry);
	timer_free(d->connect_limit);
	timer_free(d->answer_limit);
	timer_free(d->tell);
	timer_free(d->drain);
	while (d->spare_count > 0)
		tx_destroy(d->spare[--d->spare_count]);
	PQconninfoFree(d->options);
	free(d->session_options);
	free(d->statements);
	free(d->name);
	free(d);
}

void
db_enter(struct db *d)
{
	d->depth++;
}

void
db_leave(struct db *d)
{
	if (--d->depth == 0 && d->closing)
		db_destroy(d);
}

void
db_tell(struct db *d, struct db_tx *tx)
{
	enum db_outcome outcome = tx->outcome;

	memcpy(d->last_sqlstate, tx->sqlstate, sizeof(d->last_sqlstate));
	d->in_flight--;
	metric_add(d->metric_outcomes[outcome], 1);
	tx->on_done(tx->arg, outcome, outcome == DB_COMMITTED ? &tx->calls : NULL, &tx->reason);
	loop_release(d->loop);
	tx_free(tx);
}

void
db_tell_later(struct db *d, struct db_tx *tx, enum db_outcome outcome, const char *reason)
{
	tx->outcome = outcome;
	tx->sqlstate[0] = '\0';
	err_set(&tx->reason, "%s", reason);
	list_push(&d->ended, tx);
	timer_start(d->tell, 0);
}

/* What has ended so far; what ends meanwhile gets the next turn. */
static void
on_tell(void *arg)
{
	struct db *d = arg;
	struct db_tx *last = d->ended.last;
	struct db_tx *tx;
	bool more = last != NULL;

	db_enter(d);
	while (more && (tx = list_pop(&d->ended))) {
		more = tx != last;
		db_tell(d, tx);
	}
	if (d->tell_down && !d->closing) {
		d->tell_down = false;
		if (d->on_down)
			d->on_down(d->arg);
	}
	db_leave(d);
}

static void
end_all(struct db *d, struct tx_list *list, enum db_outcome outcome, const char *reason)
{
	struct db_tx *tx;

	while ((tx = list_pop(list))) {
		if (tx->kind == TX_WRITE || tx->kind == TX_READ)
			db_tell_later(d, tx, outcome, reason);
		else
			tx_free(tx);
	}
}

void
db_drop(struct db *d, const char *reason)
{
	struct err why;
	size_t length;

	err_set(&why, "connection lost: %s", reason);
	length = strlen(why.text);
	while (length > 0 && why.text[length - 1] == '\n')
		why.text[--length] = '\0';
	if (d->state == DB_STATE_UP) {
		d->tell_down = true;
		d->down_since = clock_monotonic();
		if (d->metric_up)
			metric_set(d->metric_up, 0);
	}
	if (!d->complained && !d->closing)
		log_warn(
		    "database.down", "connection=%s reason=\"%s\" in_flight=%zu", d->name, why.text, d->sent.count);
	d->complained = true;
	connect_end(d);
	end_all(d, &d->sent, DB_UNKNOWN, why.text);
	end_all(d, &d->returned, DB_UNAVAILABLE, why.text);
	end_all(d, &d->queued, DB_UNAVAILABLE, why.text);
	if (d->tell_down)
		timer_start(d->tell, 0);
}

static void
on_retry(void *arg)
{
	connect_start(arg);
}

static void
on_connect_limit(void *arg)
{
	db_drop(arg, "no connection in time");
}

static void
on_answer_limit(void *arg)
{
	struct db *d = arg;
	int64_t left;

	if (!d->sent.first)
		return;
	left = d->sent.first->sent_at + d->answer_us - clock_monotonic();
	if (left > 0)
		timer_start(d->answer_limit, left / 1000 + 1);
	else
		db_drop(d, "no answer in time");
}

static void
on_drain(void *arg)
{
	struct db *d = arg;

	db_enter(d);
	pipe_drain(d);
	db_leave(d);
}

static void
collect(struct db *d, const struct db_statement *table, size_t *count)
{
	for (; table->name; table++, (*count)++) {
		if (d->statements)
			d->statements[*count] = table;
	}
}

/* Twice: to count, and to fill. */
static void
collect_statements(struct db *d, const struct db_statement *const *tables)
{
	size_t count = 0;

	collect(d, own_statements, &count);
	for (size_t i = 0; tables && tables[i]; i++)
		collect(d, tables[i], &count);
	d->statements = calloc(count, sizeof(*d->statements));
	if (!d->statements)
		abort();
	collect(d, own_statements, &d->statement_count);
	for (size_t i = 0; tables && tables[i]; i++)
		collect(d, tables[i], &d->statement_count);
}

static void
open_metrics(struct db *d, struct metrics *m)
{
	char labels[160];

	for (int o = DB_COMMITTED; o <= DB_UNKNOWN; o++) {
		snprintf(labels, sizeof(labels), "connection=\"%s\",outcome=\"%s\"", d->name,
		    db_outcome_text((enum db_outcome)o));
		d->metric_outcomes[o] =
		    metrics_counter(m, "kopru_db_transactions_total", labels, "Transactions by their end");
	}
	snprintf(labels, sizeof(labels), "connection=\"%s\"", d->name);
	d->metric_up = metrics_gauge(m, "kopru_db_up", labels, "1 while the session is up");
	d->metric_connects = metrics_counter(m, "kopru_db_connects_total", labels, "Sessions that came up");
}

static void
open_timers(struct db *d)
{
	d->retry = timer_new(d->loop, on_retry, d);
	d->connect_limit = timer_new(d->loop, on_connect_limit, d);
	d->answer_limit = timer_new(d->loop, on_answer_limit, d);
	d->tell = timer_new(d->loop, on_tell, d);
	d->drain = timer_new(d->loop, on_drain, d);
}

struct db *
db_open(struct loop *l, const struct db_conf *conf, struct metrics *m, void (*on_up)(void *arg),
    void (*on_down)(void *arg), void *arg, struct err *e)
{
	struct db *d = calloc(1, sizeof(*d));

	if (!d)
		abort();
	d->loop = l;
	d->on_up = on_up;
	d->on_down = on_down;
	d->arg = arg;
	d->timeline = conf->beside ? conf->beside->timeline : &d->own_timeline;
	d->beside = d;
	if (conf->beside) {
		d->beside = conf->beside->beside;
		conf->beside->beside = d;
	}
	d->answer_us = (conf->answer_ms > 0 ? conf->answer_ms : ANSWER_MS) * 1000;
	d->down_since = clock_monotonic();
	d->name = strdup(conf->name);
	if (!d->name)
		abort();
	open_timers(d);
	if (connect_parse(d, conf->conninfo, e) < 0) {
		db_destroy(d);
		return NULL;
	}
	collect_statements(d, conf->tables);
	if (m)
		open_metrics(d, m);
	timer_start(d->retry, 0);
	return d;
}

void
db_close(struct db *d)
{
	struct db_tx *tx;

	if (!d || d->closing)
		return;
	d->closing = true;
	db_enter(d);
	db_drop(d, "closed");
	timer_stop(d->retry);
	while ((tx = list_pop(&d->ended)))
		db_tell(d, tx);
	timer_stop(d->tell);
	db_leave(d);
}

bool
db_is_up(const struct db *d)
{
	return d->state == DB_STATE_UP && !d->leaving;
}

uint64_t
db_session(const struct db *d)
{
	return d->session;
}

size_t
db_in_flight(const struct db *d)
{
	return d->in_flight;
}

int64_t
db_down_for(const struct db *d)
{
	return d->state == DB_STATE_UP ? 0 : clock_monotonic() - d->down_since;
}

const char *
db_last_sqlstate(const struct db *d)
{
	return d->last_sqlstate;
}
