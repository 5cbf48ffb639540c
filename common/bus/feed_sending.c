/* feed_sending: what an owner sends to its subscriptions, within their credit. */
#include <errno.h>
#include <string.h>

#include "common/base/log.h"
#include "common/bus/feed_owner_internal.h"

#define PUMP_FRAMES 4 /* to one subscription, then it is the next one's turn */
#define BLOCKED_MAX_US 1000000

static struct feed_address
address_of(const struct feed_subscription *s)
{
	return (struct feed_address){s->socket, s->routing_id, s->routing_size};
}

/* Each try may cost a reading of the table, so who does not take its frames is tried less and less often. */
static void
sending_block(struct feed_subscription *s)
{
	int64_t wait = s->block_us == 0 ? FEED_UNBLOCK_MS * 1000 : s->block_us * 4;

	s->blocked = true;
	s->block_us = wait < BLOCKED_MAX_US ? wait : BLOCKED_MAX_US;
	s->unblock_at = clock_monotonic() + s->block_us;
	if (!timer_pending(s->owner->unblock))
		timer_start(s->owner->unblock, FEED_UNBLOCK_MS);
}

/* false: the subscription is gone. */
static bool
sending_failed(struct feed_subscription *s)
{
	if (errno == EAGAIN) {
		sending_block(s);
		return true;
	}
	feed_subscription_drop(s, "connection gone");
	return false;
}

size_t
feed_sending_credit(const struct feed_subscription *s)
{
	uint64_t unacked = s->sent - s->acked;

	if (s->unacked_bytes >= FEED_UNACKED_BYTES || unacked >= s->window)
		return 0;
	return (size_t)(s->window - unacked);
}

/* When all places are taken the newest frames count as one: their bytes come back a little later. */
static void
note_flight(struct feed_subscription *s, uint64_t last, size_t bytes)
{
	size_t at = (s->flights_first + s->flights_count) % FEED_FLIGHTS;

	s->unacked_bytes += bytes;
	if (s->flights_count == FEED_FLIGHTS) {
		at = (at + FEED_FLIGHTS - 1) % FEED_FLIGHTS;
		s->flights[at].last = last;
		s->flights[at].bytes += bytes;
		return;
	}
	s->flights[at] = (struct feed_flight){last, bytes};
	s->flights_count++;
}

bool
feed_sending_items(struct feed_subscription *s, const struct feed_item *const *items, size_t count)
{
	struct feed_owner *o = s->owner;
	const struct feed_address to = address_of(s);
	Kopru__V1__FeedEnvelope envelope;
	Kopru__V1__Events events;
	size_t bytes = 0;

	kopru__v1__events__init(&events);
	for (size_t i = 0; i < count; i++) {
		Kopru__V1__Item *item = &o->items[i];

		kopru__v1__item__init(item);
		item->seq = items[i]->seq;
		/* protobuf-c has no const; packing only reads. */
		memcpy(&item->event.data, &items[i]->event, sizeof(item->event.data));
		item->event.len = items[i]->size;
		memcpy(o->item_ids[i].bytes, items[i]->event_id.bytes, UUID_SIZE);
		item->event_id.data = o->item_ids[i].bytes;
		item->event_id.len = UUID_SIZE;
		o->item_pointers[i] = item;
		bytes += items[i]->size;
	}
	events.stream = s->stream->name;
	events.head = s->stream->head > items[count - 1]->seq ? s->stream->head : items[count - 1]->seq;
	events.session = s->session;
	events.n_items = count;
	events.items = o->item_pointers;
	kopru__v1__feed_envelope__init(&envelope);
	envelope.body_case = KOPRU__V1__FEED_ENVELOPE__BODY_EVENTS;
	envelope.events = &events;
	if (feed_frame_send(&to, &envelope, &o->frame) < 0)
		return sending_failed(s);
	s->block_us = 0;
	s->sent = items[count - 1]->seq;
	s->sent_id = items[count - 1]->event_id;
	note_flight(s, s->sent, bytes);
	metric_add(o->sent_events, (int64_t)count);
	return true;
}

bool
feed_sending_pump(struct feed_subscription *s)
{
	const struct feed_item *items[FEED_FRAME_ITEMS];

	if (!bus_key_known(s->owner->bus, s->key)) {
		feed_subscription_drop(s, "key gone");
		return false;
	}
	for (unsigned frames = 0; frames < PUMP_FRAMES; frames++) {
		size_t credit = feed_sending_credit(s);
		size_t count;

		if (s->owner->paused || s->reading || s->blocked || credit == 0)
			return true;
		if (s->verified && s->stream->head_known && s->sent >= s->stream->head)
			return true;
		if (credit > FEED_FRAME_ITEMS)
			credit = FEED_FRAME_ITEMS;
		count = s->verified && s->sent >= s->from_table
			    ? feed_stream_kept(s->stream, s->sent + 1, credit, items)
			    : 0;
		if (count == 0) {
			feed_reading_want(s);
			return true;
		}
		if (!feed_sending_items(s, items, count))
			return false;
	}
	feed_subscription_ready(s);
	return true;
}

bool
feed_sending_heartbeat(struct feed_subscription *s)
{
	const struct feed_address to = address_of(s);
	Kopru__V1__FeedEnvelope envelope;
	Kopru__V1__Heartbeat heartbeat;

	kopru__v1__heartbeat__init(&heartbeat);
	heartbeat.stream = s->stream->name;
	heartbeat.head = s->stream->head;
	heartbeat.session = s->session;
	kopru__v1__feed_envelope__init(&envelope);
	envelope.body_case = KOPRU__V1__FEED_ENVELOPE__BODY_HEARTBEAT;
	envelope.heartbeat = &heartbeat;
	s->told_at = clock_monotonic();
	if (feed_frame_send(&to, &envelope, &s->owner->frame) == 0 || errno == EAGAIN)
		return true; /* the next one comes in a second */
	feed_subscription_drop(s, "connection gone");
	return false;
}

void
feed_sending_diverged(struct feed_subscription *s, const struct uuid *event_id)
{
	struct feed_owner *o = s->owner;
	const struct feed_address to = address_of(s);
	struct uuid id;
	Kopru__V1__FeedEnvelope envelope;
	Kopru__V1__Diverged diverged;

	log_error("feed.diverged", "stream=%s consumer=%s peer=%s seq=%llu", s->stream->name, s->consumer, s->peer,
	    (unsigned long long)s->sent);
	metric_add(o->diverged, 1);
	kopru__v1__diverged__init(&diverged);
	diverged.stream = s->stream->name;
	diverged.seq = s->sent;
	diverged.session = s->session;
	if (event_id) {
		id = *event_id;
		diverged.event_id.data = id.bytes;
		diverged.event_id.len = UUID_SIZE;
	}
	kopru__v1__feed_envelope__init(&envelope);
	envelope.body_case = KOPRU__V1__FEED_ENVELOPE__BODY_DIVERGED;
	envelope.diverged = &diverged;
	(void)feed_frame_send(&to, &envelope, &o->frame); /* lost: it subscribes and hears it again */
	feed_subscription_drop(s, "diverged");
}

void
feed_sending_refused(struct feed_owner *o, const struct feed_address *to, const Kopru__V1__Refused *refused)
{
	Kopru__V1__FeedEnvelope envelope;
	Kopru__V1__Refused copy = *refused;

	metric_add(o->refused, 1);
	kopru__v1__feed_envelope__init(&envelope);
	envelope.body_case = KOPRU__V1__FEED_ENVELOPE__BODY_REFUSED;
	envelope.refused = &copy;
	(void)feed_frame_send(to, &envelope, &o->frame); /* lost: it asks again */
}
