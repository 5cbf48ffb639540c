/* turns: when turns begin, what their ends mean, and the way back to the cursor. */
#include "common/feed/turns.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/log.h"
#include "common/feed/feed.sql.h"
#include "common/feed/turns_state.h"

#define RESTART_MS 1000
#define MEASURE_MS 1000
#define STUCK_MS 60000 /* the fence, a slow disk and a parked event take far less */

/* Lives until the answer, even if turns does not. */
struct cursor_read {
	struct turns *turns;
	size_t cursor, parked; /* calls */
};

static void
turns_pause(struct turns *t)
{
	if (t->consuming)
		feed_consumer_stop(t->consumer);
	t->consuming = false;
	t->standing = false;
	t->generation++;
	timer_stop(t->retry);
	timer_stop(t->look);
	turns_items_free(&t->waiting);
	t->suspect = 0;
	t->tries = 0;
	t->retries = 0;
	t->guilty = false;
}

void
turns_again(struct turns *t, int64_t milliseconds)
{
	turns_pause(t);
	if (db_is_up(t->db))
		timer_start(t->restart, milliseconds);
}

static void
on_cursor_read(void *arg, enum db_outcome outcome, const struct db_results *results, const struct err *e)
{
	struct cursor_read *reading = arg;
	struct cursor_read r = *reading;
	struct turns *t = r.turns;
	struct uuid event_id;
	bool at_start = false;

	free(reading);
	if (!t)
		return;
	t->reading = NULL;
	if (outcome != DB_COMMITTED) {
		log_warn("cursor.unread", "stream=%s outcome=%s reason=\"%s\"", t->stream, db_outcome_text(outcome),
		    e->text);
		turns_again(t, RESTART_MS);
		return;
	}
	if (db_rows(results, r.cursor) == 0) {
		log_error("cursor.missing", "consumer=%s stream=%s", t->consumer_name, t->stream);
		turns_again(t, RESTART_MS);
		return;
	}
	if (db_rows(results, r.parked) >= TURNS_PARKED_MAX) {
		log_error("parked.too_many", "consumer=%s stream=%s applications=%zu", t->consumer_name, t->stream,
		    db_rows(results, r.parked));
		turns_again(t, TURNS_FENCE_WAIT_MS);
		t->standing = true;
		turns_release_start(t);
		return;
	}
	turns_parked_clear(&t->parked);
	for (size_t i = 0; i < db_rows(results, r.parked); i++) {
		struct uuid application = db_uuid(results, r.parked, i, 0);

		turns_parked_add(&t->parked, &application);
	}
	t->seq = (uint64_t)db_int8(results, r.cursor, 0, 0);
	at_start = db_null(results, r.cursor, 0, 1);
	if (!at_start)
		event_id = db_uuid(results, r.cursor, 0, 1);
	log_info("stream.subscribed", "stream=%s after=%llu parked=%zu", t->stream, (unsigned long long)t->seq,
	    t->parked.count);
	t->consuming = true;
	t->has_diverged = false;
	metric_set(t->diverged, 0);
	t->generation++;
	feed_consumer_start(t->consumer, t->seq, at_start ? NULL : &event_id);
	turns_release_start(t);
}

static void
on_restart(void *arg)
{
	struct turns *t = arg;
	struct db_tx *tx = NULL;

	if (loop_stopping(t->loop) || !db_is_up(t->db) || t->reading)
		return;
	if (t->turn) {
		timer_start(t->restart, TURNS_RETRY_MS); /* its end decides where the cursor stands */
		return;
	}
	turns_pause(t);
	t->reading = calloc(1, sizeof(*t->reading));
	if (!t->reading)
		abort();
	t->reading->turns = t;
	tx = db_begin(t->db);
	t->reading->cursor = db_call(tx, &feed_statements[FEED_CURSOR]);
	db_bind_text(tx, t->consumer_name);
	db_bind_text(tx, t->stream);
	t->reading->parked = db_call(tx, &feed_statements[FEED_PARKED]);
	db_bind_text(tx, t->consumer_name);
	db_bind_text(tx, t->stream);
	db_read(tx, on_cursor_read, t->reading);
}

static void
on_retry(void *arg)
{
	turns_turn_start(arg);
}

static void
on_lingered(void *arg)
{
	struct turns *t = arg;

	t->lingered = true;
	turns_turn_start(t);
}

static void
on_events(void *arg, const struct feed_item *items, size_t count, uint64_t head)
{
	struct turns *t = arg;
	int64_t now = clock_monotonic();

	(void)head;
	if (!t->consuming)
		return;
	for (size_t i = 0; i < count; i++)
		turns_items_add(&t->waiting, &items[i], now);
	turns_turn_start(t);
}

static void
on_diverged(void *arg, uint64_t seq)
{
	struct turns *t = arg;

	t->has_diverged = true;
	metric_set(t->diverged, 1);
	log_error(
	    "stream.diverged", "consumer=%s stream=%s seq=%llu", t->consumer_name, t->stream, (unsigned long long)seq);
	turns_pause(t);
	timer_stop(t->restart);
}

static void
on_refused(void *arg, const char *text)
{
	struct turns *t = arg;

	log_error("stream.refused", "consumer=%s stream=%s reason=\"%s\"", t->consumer_name, t->stream, text);
}

static void
on_measure(void *arg)
{
	struct turns *t = arg;
	const struct turns_item *oldest = t->turn ? t->turn->items.first : t->waiting.first;
	uint64_t head = feed_consumer_head(t->consumer);

	if (head <= t->seq || t->seq != t->measured_seq || !db_is_up(t->db)) {
		t->measured_seq = t->seq;
		t->moved_at = clock_monotonic();
	}
	metric_set(t->lag, head > t->seq ? (int64_t)(head - t->seq) : 0);
	metric_set(t->age, oldest ? (clock_monotonic() - oldest->received_at) / 1000 : 0);
	metric_set(t->waiting_parked, (int64_t)t->parked.count);
	timer_start(t->measure, MEASURE_MS);
}

static void
turns_metrics(struct turns *t, struct metrics *m)
{
	char labels[200];

	snprintf(labels, sizeof(labels), "consumer=\"%s\",stream=\"%s\"", t->consumer_name, t->stream);
	t->turns_total = metrics_counter(m, "kopru_turns_total", labels, "Turns committed");
	t->events_total = metrics_counter(m, "kopru_turns_events_total", labels, "Events whose effects are durable");
	t->parked_total = metrics_counter(m, "kopru_turns_parked_total", labels, "Events parked by this process");
	t->lag = metrics_gauge(m, "kopru_turns_lag_events", labels, "Events between the cursor and the owner's head");
	t->age = metrics_gauge(m, "kopru_turns_oldest_pending_milliseconds", labels,
	    "Age of the oldest event that is not yet durable here");
	t->released_total =
	    metrics_counter(m, "kopru_turns_released_total", labels, "Parked events that were digested after all");
	t->waiting_parked = metrics_gauge(
	    m, "kopru_turns_parked_applications", labels, "Applications whose events wait for a parked one");
	t->diverged =
	    metrics_gauge(m, "kopru_turns_diverged", labels, "1: the owner's history differs, someone must look");
}

struct turns *
turns_new(struct bus *b, struct loop *l, struct db *d, const struct turns_conf *conf,
    const struct turns_service *service, struct metrics *m, struct err *e)
{
	struct turns *t = calloc(1, sizeof(*t));
	struct feed_consumer_events events = {
	    .on_events = on_events, .on_diverged = on_diverged, .on_refused = on_refused, .arg = t};

	if (!t)
		abort();
	t->loop = l;
	t->db = d;
	t->moved_at = clock_monotonic();
	t->stuck_ms = conf->stuck_ms > 0 ? conf->stuck_ms : STUCK_MS;
	t->service = *service;
	t->limit = conf->limit > 0 ? conf->limit : 1;
	t->consumer_name = strdup(conf->feed.consumer);
	t->stream = strdup(conf->feed.stream);
	if (!t->consumer_name || !t->stream)
		abort();
	t->retry = timer_new(l, on_retry, t);
	t->restart = timer_new(l, on_restart, t);
	t->measure = timer_new(l, on_measure, t);
	t->linger = timer_new(l, on_lingered, t);
	t->look = turns_release_timer(t);
	t->linger_ms = conf->linger_ms;
	t->consumer = feed_consumer_new(b, l, &conf->feed, &events, m, e);
	if (!t->consumer) {
		turns_free(t);
		return NULL;
	}
	if (m)
		turns_metrics(t, m);
	timer_start(t->measure, MEASURE_MS);
	return t;
}

void
turns_free(struct turns *t)
{
	if (!t)
		return;
	if (t->turn)
		t->turn->turns = NULL;
	if (t->reading)
		t->reading->turns = NULL;
	turns_release_end(t);
	feed_consumer_free(t->consumer);
	timer_free(t->linger);
	timer_free(t->measure);
	timer_free(t->restart);
	timer_free(t->retry);
	turns_items_free(&t->waiting);
	turns_parked_clear(&t->parked);
	free(t->stream);
	free(t->consumer_name);
	free(t);
}

void
turns_up(struct turns *t)
{
	timer_start(t->restart, 0);
}

void
turns_down(struct turns *t)
{
	timer_stop(t->restart);
	turns_pause(t);
}

uint64_t
turns_seq(const struct turns *t)
{
	return t->seq;
}

const char *
turns_stuck(const struct turns *t)
{
	if (t->has_diverged)
		return "the owner's history of a stream differs from what was consumed";
	if (t->standing)
		return "too many events of a stream are parked";
	if (clock_monotonic() - t->moved_at > t->stuck_ms * 1000)
		return "events of a stream wait and none is consumed";
	return NULL;
}
