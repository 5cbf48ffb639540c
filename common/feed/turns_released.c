/* turns_released: parked events that the operator wants digested again: in order, through the service's own handler, marked
 * as released in the transaction of their effects. The row's lock is the fence here, as the cursor is for a turn. What
 * fails again is parked again with its new reason, and what is later of its application goes on waiting. */
#include "common/feed/turns_state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/log.h"
#include "common/feed/feed.sql.h"

#define LOOK_MS 1000
#define STUCK_MS 3000
#define BYTES_MAX ((int64_t)4 * 1024 * 1024)

/* An event that fails again. */
struct again {
	const struct turns_item *item;
	struct uuid application_id;
	const char *reason;
};

/* From the look until the end of the transaction; it owns all that the transaction borrows. */
struct released {
	struct turns *turns; /* NULL: turns was freed meanwhile */
	struct turns_items items;
	struct arena *arena;
	struct turn_event *events; /* those that the service gets */
	size_t count;
	struct again *again;
	size_t again_count;
	size_t still; /* call */
	void *note;
};

static void
released_free(struct released *r)
{
	turns_items_free(&r->items);
	arena_free(r->arena);
	free(r);
}

/* Ends it for turns, which is NULL when it was freed meanwhile. */
static struct turns *
released_take(struct released *r)
{
	struct turns *t = r->turns;

	if (t)
		t->releasing = NULL;
	return t;
}

static bool
may_look(const struct turns *t)
{
	return (t->consuming || t->standing) && !loop_stopping(t->loop);
}

static void
look_again(struct turns *t, int64_t milliseconds)
{
	if (may_look(t))
		timer_start(t->look, milliseconds);
}

static bool
again_has(const struct released *r, const struct uuid *application)
{
	static const struct uuid nobody;

	for (size_t i = 0; i < r->again_count; i++)
		if (uuid_compare(&r->again[i].application_id, application) == 0 &&
		    uuid_compare(&nobody, application) != 0)
			return true;
	return false;
}

/* What goes to the service, what is parked again; what waits for the latter is left for later. */
static void
released_sort(struct released *r, const struct turns *t)
{
	r->arena = arena_new(TURNS_UNPACKED_MAX + TURNS_EVENT_UNPACKED_MAX);
	r->events = arena_array(r->arena, r->items.count, sizeof(*r->events));
	r->again = arena_array(r->arena, r->items.count, sizeof(*r->again));
	for (const struct turns_item *i = r->items.first; i && arena_size(r->arena) < TURNS_UNPACKED_MAX; i = i->next) {
		struct turn_event *event = &r->events[r->count];
		const char *reason = turns_item_digest(r->arena, &t->service, i, event);

		if (!reason && i->seq == t->release_guilty)
			reason = t->release_reason.text;
		if (again_has(r, &event->application_id))
			continue;
		if (reason)
			r->again[r->again_count++] =
			    (struct again){.item = i, .application_id = event->application_id, .reason = reason};
		else
			r->count++;
	}
}

static void
release_bind(const struct released *r, struct db_tx *tx, const struct turns *t)
{
	db_call(tx, &feed_statements[FEED_RELEASE]);
	db_bind_text(tx, t->consumer_name);
	db_bind_text(tx, t->stream);
	db_bind_array(tx, DB_INT8S, r->count);
	for (size_t i = 0; i < r->count; i++)
		db_put_int8(tx, (int64_t)r->events[i].seq);
	db_bind_array(tx, DB_BYTES, r->count);
	for (size_t i = 0; i < r->count; i++)
		db_put_bytes(tx, r->events[i].bytes, r->events[i].size);
}

static void
released_build(struct released *r, struct db_tx *tx, const struct turns *t)
{
	if (r->count > 0)
		release_bind(r, tx, t);
	for (size_t i = 0; i < r->again_count; i++) {
		db_call(tx, &feed_statements[FEED_PARK_AGAIN]);
		db_bind_text(tx, t->consumer_name);
		db_bind_text(tx, t->stream);
		db_bind_int8(tx, (int64_t)r->again[i].item->seq);
		db_bind_text(tx, r->again[i].reason);
	}
	if (r->count > 0)
		t->service.record(t->service.arg, tx, r->events, r->count, &r->note);
	r->still = db_call(tx, &feed_statements[FEED_PARKED_STILL]);
	db_bind_text(tx, t->consumer_name);
	db_bind_text(tx, t->stream);
	db_bind_array(tx, DB_UUIDS, r->count);
	for (size_t i = 0; i < r->count; i++)
		db_put_uuid(tx, &r->events[i].application_id);
}

static void
released_committed(struct turns *t, const struct released *r, const struct db_results *results)
{
	for (size_t i = 0; i < r->count; i++)
		turns_parked_remove(&t->parked, &r->events[i].application_id);
	for (size_t i = 0; i < db_rows(results, r->still); i++) {
		struct uuid application = db_uuid(results, r->still, i, 0);

		turns_parked_add(&t->parked, &application);
	}
	for (size_t i = 0; i < r->again_count; i++) {
		char id[UUID_TEXT_SIZE];

		uuid_text(&r->again[i].item->event_id, id);
		log_error("event.parked_again", "stream=%s seq=%llu event=%s", t->stream,
		    (unsigned long long)r->again[i].item->seq, id);
	}
	log_info("events.released", "stream=%s count=%zu parked_again=%zu", t->stream, r->count, r->again_count);
	metric_add(t->released_total, (int64_t)r->count);
	t->release_guilty = 0;
	t->release_limit = t->release_limit * 2 < t->limit ? t->release_limit * 2 : t->limit;
	if (r->count > 0 && t->service.recorded)
		t->service.recorded(t->service.arg, r->note, results);
	look_again(t, 0);
}

/* Halves find the guilty event; alone it is parked again with what the database says of it. */
static void
released_refused(struct turns *t, const struct released *r, const struct err *e)
{
	if (r->count == 0 || !turns_reason_is_data(e)) {
		log_error("release.stuck", "stream=%s reason=\"%s\"", t->stream, e->text);
		look_again(t, STUCK_MS);
		return;
	}
	if (r->count > 1) {
		t->release_limit = r->count / 2;
	} else {
		t->release_guilty = r->events[0].seq;
		t->release_reason = *e;
	}
	look_again(t, 0);
}

static void
on_released(void *arg, enum db_outcome outcome, const struct db_results *results, const struct err *e)
{
	struct released *r = arg;
	struct turns *t = released_take(r);

	if (!t) {
		released_free(r);
		return;
	}
	if (outcome == DB_COMMITTED) {
		released_committed(t, r, results);
	} else {
		log_warn(
		    "release.failed", "stream=%s events=%zu outcome=%s", t->stream, r->count, db_outcome_text(outcome));
		if (outcome == DB_REFUSED)
			released_refused(t, r, e);
		else
			look_again(t, LOOK_MS);
	}
	released_free(r);
	loop_release(t->loop);
}

static void
on_wanted_read(void *arg, enum db_outcome outcome, const struct db_results *results, const struct err *e)
{
	struct released *r = arg;
	struct turns *t = released_take(r);
	struct db_tx *tx = NULL;

	if (!t || outcome != DB_COMMITTED || db_rows(results, 0) == 0 || !may_look(t)) {
		if (t && outcome != DB_COMMITTED)
			log_warn("parked.unread", "stream=%s outcome=%s reason=\"%s\"", t->stream,
			    db_outcome_text(outcome), e->text);
		if (t)
			look_again(t, LOOK_MS);
		released_free(r);
		return;
	}
	for (size_t i = 0; i < db_rows(results, 0); i++) {
		struct feed_item item = {
		    .seq = (uint64_t)db_int8(results, 0, i, 0), .event_id = db_uuid(results, 0, i, 1)};

		item.event = db_bytes(results, 0, i, 2, &item.size);
		turns_items_add(&r->items, &item, clock_monotonic());
	}
	released_sort(r, t);
	tx = db_begin(t->db);
	released_build(r, tx, t);
	t->releasing = r;
	loop_hold(t->loop);
	db_commit(tx, on_released, r);
}

static void
on_look(void *arg)
{
	struct turns *t = arg;
	struct released *r = NULL;
	struct db_tx *tx = NULL;

	if (!may_look(t) || t->releasing)
		return;
	if (!db_is_up(t->db)) {
		look_again(t, LOOK_MS);
		return;
	}
	r = calloc(1, sizeof(*r));
	if (!r)
		abort();
	r->turns = t;
	t->releasing = r;
	tx = db_begin(t->db);
	db_call(tx, &feed_statements[FEED_WANTED]);
	db_bind_text(tx, t->consumer_name);
	db_bind_text(tx, t->stream);
	db_bind_int8(tx, (int64_t)t->release_limit);
	db_bind_int8(tx, BYTES_MAX);
	db_read(tx, on_wanted_read, r);
}

struct loop_timer *
turns_release_timer(struct turns *t)
{
	t->release_limit = t->limit;
	return timer_new(t->loop, on_look, t);
}

void
turns_release_start(struct turns *t)
{
	look_again(t, 0);
}

void
turns_release_end(struct turns *t)
{
	if (t->releasing)
		t->releasing->turns = NULL;
	timer_free(t->look);
	t->look = NULL;
}
