/* department: see department.h. */
#include "services/department/department.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/log.h"
#include "common/bus/feed_consumer.h"
#include "services/department/cursor.h"
#include "services/department/handler.h"
#include "services/department/keys.h"
#include "services/department/line.h"
#include "services/department/parked.h"
#include "services/department/queue.h"

#define SAVE_MS 50 /* no handled event waits longer for its cursor */
#define SAVE_AGAIN_MS 1000
#define RETRY_FIRST_MS 200
#define RETRY_LONGEST_MS 30000

struct department {
	const struct settings *conf;
	struct loop *loop;
	char stream[32];
	struct keys keys;
	int lock;
	struct feed_consumer *consumer;
	struct handler *handler;
	struct parked *parked;
	struct queue *queue;
	struct loop_timer *save, *retry;

	/* the event in hand: the first of the queue */
	struct arena *arena;
	struct line line;
	unsigned tries; /* failures */
	unsigned waits; /* times that the handler could not be asked */
	bool pending; /* the handler has it */

	struct cursor handled;
	size_t unsaved; /* events handled since the cursor was written */
	int exit_code;
};

/* The cursor, then the acknowledgement: never the other way round. */
static void
cursor_save(struct department *d)
{
	struct err e;

	timer_stop(d->save);
	if (d->unsaved == 0)
		return;
	if (cursor_write(d->conf->cursor, d->stream, &d->handled, &e) < 0) {
		log_error("cursor.unsaved", "reason=\"%s\"", e.text);
		timer_start(d->save, SAVE_AGAIN_MS);
		return;
	}
	d->unsaved = 0;
	feed_consumer_ack(d->consumer, d->handled.seq);
}

static void
on_save(void *arg)
{
	cursor_save(arg);
}

/* The event in hand is handled or parked. */
static void
event_end(struct department *d, const struct feed_item *item)
{
	d->handled = (struct cursor){item->seq, item->event_id};
	d->unsaved++;
	d->tries = d->waits = 0;
	queue_drop(d->queue);
	if (d->unsaved >= (size_t)d->conf->window)
		cursor_save(d);
	else if (!timer_pending(d->save))
		timer_start(d->save, SAVE_MS);
}

static void
retry_later(struct department *d, unsigned times)
{
	int64_t wait = times > 8 ? RETRY_LONGEST_MS : (int64_t)RETRY_FIRST_MS << (times - 1);

	timer_start(d->retry, wait < RETRY_LONGEST_MS ? wait : RETRY_LONGEST_MS);
}

/* Parks the event in hand; when even that fails (disk full), it waits. */
static void
event_park(struct department *d, const struct feed_item *item, const char *reason)
{
	struct parked_event event = {.seq = item->seq,
	    .event_id = item->event_id,
	    .application_id = d->line.application_id,
	    .bytes = item->event,
	    .size = item->size,
	    .line = d->line.text,
	    .reason = reason,
	    .tries = d->tries};
	struct err e;

	if (parked_add(d->parked, &event, &e) < 0) {
		log_error("event.unparked", "seq=%" PRIu64 " reason=\"%s\"", item->seq, e.text);
		retry_later(d, ++d->waits);
		return;
	}
	log_error("event.parked", "seq=%" PRIu64 " tries=%u parked=%zu reason=\"%s\"", item->seq, d->tries,
	    parked_count(d->parked), reason);
	event_end(d, item);
}

static void
event_handled(struct department *d, enum handled outcome, const struct err *e)
{
	const struct feed_item *item = queue_first(d->queue);

	switch (outcome) {
	case HANDLED_DONE:
		event_end(d, item);
		break;
	case HANDLED_PENDING:
		d->pending = true;
		loop_hold(d->loop);
		break;
	case HANDLED_FAILED:
		if (++d->tries >= (unsigned)d->conf->tries) {
			event_park(d, item, e->text);
			break;
		}
		log_warn("event.failed", "seq=%" PRIu64 " tries=%u reason=\"%s\"", item->seq, d->tries, e->text);
		retry_later(d, d->tries);
		break;
	case HANDLED_UNAVAILABLE:
		log_warn(
		    "handler.unavailable", "seq=%" PRIu64 " waits=%u reason=\"%s\"", item->seq, ++d->waits, e->text);
		retry_later(d, d->waits);
		break;
	case HANDLED_BROKEN:
		log_error("handler.broken", "reason=\"%s\"", e->text);
		d->exit_code = EXIT_FAILURE;
		loop_stop(d->loop);
		break;
	}
}

static void
event_take(struct department *d, const struct feed_item *item)
{
	const struct line_place place = {d->stream, item->seq, item->event_id};
	struct err e = {""};

	arena_reset(d->arena);
	d->line = (struct line){0};
	if (line_make(d->arena, &place, item->event, item->size, &d->line, &e) < 0)
		event_park(d, item, e.text);
	else if (parked_waits(d->parked, &d->line.application_id))
		event_park(d, item, "an earlier event of this application is parked");
	else
		event_handled(d, handler_take(d->handler, d->line.text, d->line.size, &e), &e);
}

static void
events_take(struct department *d)
{
	const struct feed_item *item;

	while (!d->pending && !timer_pending(d->retry) && !loop_stopping(d->loop) && (item = queue_first(d->queue)))
		event_take(d, item);
}

static void
on_retry(void *arg)
{
	events_take(arg);
}

static void
on_handled(void *arg, enum handled outcome, const struct err *e)
{
	struct department *d = arg;

	d->pending = false;
	event_handled(d, outcome, e);
	if (loop_stopping(d->loop))
		cursor_save(d);
	else
		events_take(d);
	loop_release(d->loop);
}

static void
on_events(void *arg, const struct feed_item *items, size_t count, uint64_t head)
{
	struct department *d = arg;

	(void)head;
	queue_add(d->queue, items, count);
	events_take(d);
}

static void
on_diverged(void *arg, uint64_t seq)
{
	struct department *d = arg;

	log_error("feed.diverged",
	    "stream=%s seq=%" PRIu64
	    " text=\"the feed's event is not the one that was handled here; nothing more is taken\"",
	    d->stream, seq);
	d->exit_code = DEPARTMENT_DIVERGED;
	loop_stop(d->loop);
}

static void
on_refused(void *arg, const char *text)
{
	struct department *d = arg;

	log_error("feed.refused", "stream=%s reason=\"%s\"", d->stream, text);
}

static void
on_stop(void *arg)
{
	struct department *d = arg;

	timer_stop(d->retry);
	cursor_save(d);
	feed_consumer_stop(d->consumer);
}

static int
feed_open(struct department *d, struct bus *b, struct metrics *m, struct err *e)
{
	const struct feed_consumer_conf conf = {.endpoints = d->conf->feed,
	    .server_public = d->keys.used ? d->keys.server_public : NULL,
	    .key = d->keys.used ? &d->keys.own : NULL,
	    .consumer = d->conf->code,
	    .stream = d->stream,
	    .window = (unsigned)d->conf->window};
	const struct feed_consumer_events events = {
	    .on_events = on_events, .on_diverged = on_diverged, .on_refused = on_refused, .arg = d};

	d->consumer = feed_consumer_new(b, d->loop, &conf, &events, m, e);
	if (!d->consumer)
		return -1;
	feed_consumer_start(d->consumer, d->handled.seq, d->handled.seq ? &d->handled.event_id : NULL);
	return 0;
}

struct department *
department_new(struct loop *l, struct bus *b, struct metrics *m, const struct settings *conf, struct err *e)
{
	const struct handler_conf handler = {conf->handler, conf->wait_seconds * 1000};
	struct department *d = calloc(1, sizeof(*d));

	if (!d)
		abort();
	d->conf = conf;
	d->loop = l;
	d->lock = -1;
	d->arena = arena_new(0);
	d->queue = queue_new();
	d->save = timer_new(l, on_save, d);
	d->retry = timer_new(l, on_retry, d);
	snprintf(d->stream, sizeof(d->stream), "department/%s", conf->code);
	if (keys_read(conf, conf->feed, &d->keys, e) < 0 || (d->lock = cursor_lock(conf->cursor, e)) < 0 ||
	    cursor_read(conf->cursor, d->stream, &d->handled, e) < 0 ||
	    !(d->parked = parked_open(conf->parked, conf->code, e)) ||
	    !(d->handler = handler_new(l, &handler, on_handled, d, e)) || feed_open(d, b, m, e) < 0) {
		department_free(d);
		return NULL;
	}
	loop_on_stop(l, on_stop, d);
	log_info("started", "stream=%s seq=%" PRIu64 " parked=%zu", d->stream, d->handled.seq, parked_count(d->parked));
	return d;
}

void
department_free(struct department *d)
{
	if (!d)
		return;
	feed_consumer_free(d->consumer);
	handler_free(d->handler);
	parked_close(d->parked);
	timer_free(d->retry);
	timer_free(d->save);
	queue_free(d->queue);
	arena_free(d->arena);
	if (d->lock >= 0)
		close(d->lock);
	keys_forget(&d->keys);
	free(d);
}

int
department_exit_code(const struct department *d)
{
	return d->exit_code;
}
