/* feed_reading: asks the source, a few at a time and in the order of asking, for what is not in memory. */
#include <stdlib.h>

#include "common/base/log.h"
#include "common/bus/feed_owner_internal.h"

#define EMPTY_READS_MAX 3

static struct feed_reading *
reading_new(struct feed_stream *stream, struct feed_subscription *subscription)
{
	struct feed_reading *r = calloc(1, sizeof(*r));
	struct feed_owner *o = stream->owner;

	if (!r)
		abort();
	r->owner = o;
	r->stream = stream;
	r->subscription = subscription;
	TAILQ_INSERT_TAIL(&o->waiting, r, entry);
	feed_owner_turn_soon(o);
	return r;
}

void
feed_reading_want(struct feed_subscription *s)
{
	if (!s->reading && !s->read_failed)
		s->reading = reading_new(s->stream, s);
}

void
feed_reading_poll(struct feed_stream *s)
{
	if (s->owner->paused)
		return;
	if (!s->poll)
		s->poll = reading_new(s, NULL);
	else if (s->poll->started)
		s->poll_again = true;
}

void
feed_reading_forget(struct feed_reading *r)
{
	if (!r)
		return;
	if (r->started) {
		r->stream = NULL;
		r->subscription = NULL;
		return;
	}
	TAILQ_REMOVE(&r->owner->waiting, r, entry);
	free(r);
}

static bool
stream_is_fed(const struct feed_stream *stream)
{
	const struct feed_subscription *s;

	for (s = TAILQ_FIRST(&stream->subscriptions); s; s = TAILQ_NEXT(s, stream_entry))
		if (s->window > 0)
			return true;
	return false;
}

static void
reading_start(struct feed_reading *r)
{
	struct feed_owner *o = r->owner;
	size_t limit = FEED_FRAME_ITEMS;

	r->started = true;
	r->epoch = o->epoch;
	o->readings_started++;
	if (r->subscription) {
		size_t credit = feed_sending_credit(r->subscription);

		r->after = r->subscription->sent;
		limit = credit < limit ? credit : limit;
	} else {
		r->after = r->stream->head;
		if (!r->stream->head_known || !stream_is_fed(r->stream))
			limit = 1; /* only its head is of interest */
	}
	o->source.read(o->source.arg, r->stream->name, r->after, limit > 0 ? limit : 1, FEED_FRAME_BYTES, r);
}

void
feed_reading_start_waiting(struct feed_owner *o)
{
	while (!o->paused && o->readings_started < FEED_READINGS_MAX && !TAILQ_EMPTY(&o->waiting)) {
		struct feed_reading *r = TAILQ_FIRST(&o->waiting);

		TAILQ_REMOVE(&o->waiting, r, entry);
		reading_start(r);
	}
}

/* Items follow after, each by one. */
static bool
result_is_dense(const struct feed_read_result *result, uint64_t after)
{
	for (size_t i = 0; i < result->count; i++)
		if (result->items[i].seq != after + 1 + i)
			return false;
	return true;
}

/* The head may be of a later snapshot than the items: none of them is fine once or twice, not for ever. */
static void
note_empty(struct feed_subscription *s, const struct feed_read_result *result)
{
	if (result->count > 0 || result->head <= s->sent) {
		s->empty_reads = 0;
	} else if (++s->empty_reads >= EMPTY_READS_MAX) {
		s->empty_reads = 0;
		s->read_failed = true;
		log_error("feed.unreadable", "stream=%s after=%llu head=%llu", s->stream->name,
		    (unsigned long long)s->sent, (unsigned long long)result->head);
	}
}

static void
poll_done(struct feed_stream *s, uint64_t after, const struct feed_read_result *result)
{
	bool again = s->poll_again;

	s->poll = NULL;
	s->poll_again = false;
	if (again)
		feed_reading_poll(s);
	if (!result)
		return;
	if (result->head <= after)
		s->poll_vain_at = clock_monotonic();
	if (s->head_known && s->head == after && stream_is_fed(s))
		for (size_t i = 0; i < result->count; i++)
			feed_stream_keep(s, &result->items[i]);
	feed_stream_head(s, result->head);
}

/* As many frames as the limits of a frame ask for; the source was told to keep to one. */
static bool
send_all(struct feed_subscription *s, const struct feed_read_result *result)
{
	const struct feed_item *items[FEED_FRAME_ITEMS];
	size_t credit = feed_sending_credit(s);
	size_t count = 0;
	size_t bytes = 0;

	while (count < result->count && count < FEED_FRAME_ITEMS && count < credit) {
		bytes += result->items[count].size;
		if (count > 0 && bytes > FEED_FRAME_BYTES)
			break;
		items[count] = &result->items[count];
		count++;
	}
	return count == 0 || feed_sending_items(s, items, count);
}

static void
subscription_done(struct feed_subscription *s, const struct feed_read_result *result)
{
	s->reading = NULL;
	if (!result) {
		s->read_failed = true;
		return;
	}
	if (s->sent > 0 && (!result->known || uuid_compare(&result->event_id, &s->sent_id) != 0)) {
		feed_sending_diverged(s, result->known ? &result->event_id : NULL);
		return;
	}
	if (!s->verified)
		s->from_table = result->head;
	s->verified = true;
	note_empty(s, result);
	feed_stream_head(s->stream, result->head);
	if (send_all(s, result))
		feed_subscription_ready(s);
}

/* NULL when the result is of no use. */
static const struct feed_read_result *
result_check(const struct feed_owner *o, const struct feed_reading *r, const struct feed_read_result *result)
{
	if (o->paused || r->epoch != o->epoch || result->failed)
		return NULL;
	if (result_is_dense(result, r->after))
		return result;
	log_error("feed.broken", "stream=%s after=%llu head=%llu", r->stream->name, (unsigned long long)r->after,
	    (unsigned long long)result->head);
	return NULL;
}

static void
owner_left(struct feed_owner *o)
{
	if (o->freed && o->readings_started == 0)
		free(o);
}

void
feed_owner_read_done(struct feed_owner *o, void *reading, const struct feed_read_result *result)
{
	struct feed_reading *r = reading;
	bool stale = r->epoch != o->epoch;

	o->readings_started--;
	if (o->freed) {
		free(r);
		owner_left(o);
		return;
	}
	metric_add(result->failed ? o->readings_failed : o->readings_done, 1);
	if (r->stream) {
		const struct feed_read_result *good = result_check(o, r, result);

		if (!r->subscription)
			poll_done(r->stream, r->after, good);
		else
			subscription_done(r->subscription, good);
		if (stale && r->subscription && !good) {
			/* Not a failure: the session is another one. */
			r->subscription->read_failed = false;
			feed_subscription_ready(r->subscription);
		}
	}
	free(r);
	feed_owner_turn_soon(o);
}
