/* feed_receive: what owners say to a consumer. */
#include <stdlib.h>
#include <string.h>

#include "common/base/log.h"
#include "common/bus/feed_consumer_internal.h"

#define RETRY_FIRST_MS 1000
#define RETRY_LAST_MS 30000
#define ODD_MS 200 /* after something odd */

static void
heard(struct feed_link *link, uint64_t head)
{
	struct feed_consumer *c = link->consumer;

	link->heard_at = c->heard_at = clock_monotonic();
	link->head = head;
	metric_set(c->head_now, (int64_t)feed_consumer_head(c));
	if (link == c->fed)
		c->retry_ms = RETRY_FIRST_MS;
}

static void
odd(struct feed_consumer *c, const char *what, uint64_t seq)
{
	log_warn("feed.odd", "stream=%s what=\"%s\" seq=%llu received=%llu", c->stream, what, (unsigned long long)seq,
	    (unsigned long long)c->received);
	feed_choice_again(c, ODD_MS);
}

/* -1: it does not follow what came before. 0: it was delivered in an earlier session. 1: deliver it. */
static int
item_take(struct feed_consumer *c, const Kopru__V1__Item *from, struct feed_item *item)
{
	if (from->seq != c->received + 1 || from->seq > c->acked + c->window) {
		odd(c, "not the next", from->seq);
		return -1;
	}
	if (!uuid_from_bytes(from->event_id.data, from->event_id.len, &item->event_id) &&
	    !feed_event_id(from->event.data, from->event.len, &item->event_id)) {
		odd(c, "an event without an id", from->seq);
		return -1;
	}
	c->received++;
	if (from->seq <= c->position)
		return 0;
	item->seq = from->seq;
	item->event = from->event.data;
	item->size = from->event.len;
	c->position = from->seq;
	c->ids[item->seq % (c->window + 1)] = item->event_id;
	return 1;
}

static void
on_events(struct feed_link *link, const Kopru__V1__Events *events)
{
	struct feed_consumer *c = link->consumer;
	struct feed_item *items;
	size_t count = 0;

	if (link != c->fed)
		return;
	heard(link, events->head);
	items = arena_array(c->arena, events->n_items + 1, sizeof(*items));
	if (!items) {
		odd(c, "too many events", 0);
		return;
	}
	for (size_t i = 0; i < events->n_items; i++) {
		int taken = item_take(c, events->items[i], &items[count]);

		if (taken < 0)
			break;
		count += (size_t)taken;
	}
	feed_choice_ack(c);
	if (count == 0)
		return;
	c->behind_at = 0;
	metric_add(c->received_events, (int64_t)count);
	metric_set(c->position_now, (int64_t)c->position);
	c->events.on_events(c->events.arg, items, count, events->head);
}

static void
on_heartbeat(struct feed_link *link, const Kopru__V1__Heartbeat *heartbeat)
{
	heard(link, heartbeat->head);
	feed_choice_hint(link->consumer, heartbeat->head);
}

static void
on_diverged(struct feed_link *link, const Kopru__V1__Diverged *diverged)
{
	struct feed_consumer *c = link->consumer;

	if (link != c->fed)
		return;
	log_error("feed.diverged", "stream=%s seq=%llu endpoint=\"%s\"", c->stream, (unsigned long long)diverged->seq,
	    link->endpoint);
	heard(link, link->head);
	feed_consumer_stop(c);
	if (c->events.on_diverged)
		c->events.on_diverged(c->events.arg, diverged->seq);
}

static void
refused_for_good(struct feed_link *link, const Kopru__V1__Refused *refused, bool forbidden)
{
	struct feed_consumer *c = link->consumer;
	bool fed = link == c->fed;

	log_warn("feed.refused", "stream=%s endpoint=\"%s\" code=%d", c->stream, link->endpoint, (int)refused->code);
	link->role = FEED_ROLE_NONE;
	link->retry_at = clock_monotonic() + c->retry_ms * 1000;
	if (!fed)
		return;
	feed_choice_again(c, c->retry_ms);
	c->retry_ms = c->retry_ms * 2 < RETRY_LAST_MS ? c->retry_ms * 2 : RETRY_LAST_MS;
	if (forbidden && c->events.on_refused)
		c->events.on_refused(c->events.arg, refused->text);
}

static void
on_refused(struct feed_link *link, const Kopru__V1__Refused *refused)
{
	struct feed_consumer *c = link->consumer;
	int code = (int)refused->code;

	link->heard_at = c->heard_at = clock_monotonic();
	if (code != KOPRU__V1__REFUSED__CODE__CODE_NOT_SUBSCRIBED) {
		refused_for_good(link, refused,
		    code == KOPRU__V1__REFUSED__CODE__CODE_FORBIDDEN ||
			code == KOPRU__V1__REFUSED__CODE__CODE_UNKNOWN_STREAM);
		return;
	}
	link->role = FEED_ROLE_NONE;
	if (link == c->fed)
		feed_choice_again(c, ODD_MS);
}

static void
receive_handle(struct feed_link *link, const Kopru__V1__FeedEnvelope *envelope)
{
	int body = (int)envelope->body_case;
	uint64_t session = link->session;

	/* What belongs to a former subscription is late. */
	if (body == KOPRU__V1__FEED_ENVELOPE__BODY_EVENTS && envelope->events->session == session)
		on_events(link, envelope->events);
	else if (body == KOPRU__V1__FEED_ENVELOPE__BODY_HEARTBEAT && envelope->heartbeat->session == session)
		on_heartbeat(link, envelope->heartbeat);
	else if (body == KOPRU__V1__FEED_ENVELOPE__BODY_DIVERGED && envelope->diverged->session == session)
		on_diverged(link, envelope->diverged);
	else if (body == KOPRU__V1__FEED_ENVELOPE__BODY_REFUSED && envelope->refused->session == session)
		on_refused(link, envelope->refused);
}

void
feed_receive_on_message(void *arg, const struct bus_sender *from, const void *data, size_t size)
{
	struct feed_link *link = arg;
	struct feed_consumer *c = link->consumer;
	const Kopru__V1__FeedEnvelope *envelope;
	struct err e;

	(void)from;
	if (!c->started || link->role == FEED_ROLE_NONE)
		return;
	arena_reset(c->arena);
	envelope = wire_unpack(&kopru__v1__feed_envelope__descriptor, c->arena, data, size, &e);
	if (!envelope) {
		bus_drop(c->bus, BUS_DROPPED_MALFORMED);
		return;
	}
	receive_handle(link, envelope);
}
