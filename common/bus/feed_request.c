/* feed_request: what consumers say to an owner. */
#include <string.h>

#include "common/base/log.h"
#include "common/base/wire.h"
#include "common/bus/feed_owner_internal.h"

#define TOLD_US 500000 /* an Ask is answered no sooner after the last heartbeat */
#define VAIN_POLL_US 200000

/* A received request and where it came from. */
struct request {
	struct feed_owner *owner;
	const struct bus_sender *sender;
	struct feed_address from;
};

static void
request_refuse(const struct request *r, const Kopru__V1__Subscribe *wanted, Kopru__V1__Refused__Code code, char *text)
{
	Kopru__V1__Refused refused;

	kopru__v1__refused__init(&refused);
	refused.stream = wanted->stream;
	refused.session = wanted->session;
	refused.code = code;
	refused.text = text;
	feed_sending_refused(r->owner, &r->from, &refused);
}

static bool
subscribe_valid(const Kopru__V1__Subscribe *wanted)
{
	if (!feed_name_valid(wanted->consumer) || !feed_name_valid(wanted->stream) || wanted->after_seq > INT64_MAX)
		return false;
	return wanted->window == 0 || wanted->after_event_id.len == (wanted->after_seq > 0 ? UUID_SIZE : 0U);
}

static void
on_subscribe(const struct request *r, const Kopru__V1__Subscribe *wanted)
{
	static char malformed[] = "malformed";
	static char forbidden[] = "this key may not read this stream";
	static char busy[] = "too many subscriptions";
	static char chosen[] = "the client chose its routing id (ZMQ_ROUTING_ID, ZMQ_IDENTITY); leave it to the owner";
	struct feed_owner *o = r->owner;
	struct feed_subscription *s;

	if (!subscribe_valid(wanted)) {
		bus_drop(o->bus, BUS_DROPPED_MALFORMED);
		request_refuse(r, wanted, KOPRU__V1__REFUSED__CODE__CODE_MALFORMED, malformed);
		return;
	}
	if (r->sender->chose_id) {
		bus_drop(o->bus, BUS_DROPPED_CHOSEN_ID);
		request_refuse(r, wanted, KOPRU__V1__REFUSED__CODE__CODE_MALFORMED, chosen);
		return;
	}
	if (!o->source.allowed(o->source.arg, r->sender->name, wanted->consumer, wanted->stream)) {
		log_warn("subscription.refused", "stream=%s consumer=%s peer=%s", wanted->stream, wanted->consumer,
		    r->sender->name);
		request_refuse(r, wanted, KOPRU__V1__REFUSED__CODE__CODE_FORBIDDEN, forbidden);
		return;
	}
	s = feed_subscription_new(o, &r->from, r->sender, wanted);
	if (!s) {
		request_refuse(r, wanted, KOPRU__V1__REFUSED__CODE__CODE_BUSY, busy);
		return;
	}
	log_debug("subscription.made", "stream=%s consumer=%s peer=%s seq=%llu window=%u", wanted->stream, s->consumer,
	    s->peer, (unsigned long long)s->sent, s->window);
	if (!s->stream->head_known && s->window == 0)
		feed_reading_poll(s->stream);
	feed_subscription_ready(s);
	(void)feed_sending_heartbeat(s);
}

static void
on_ack(const struct request *r, const Kopru__V1__Ack *ack)
{
	struct feed_subscription *s = feed_subscription_find(r->owner, &r->from, ack->stream, ack->session);

	if (!s || ack->seq > s->sent) {
		bus_drop(r->owner->bus, BUS_DROPPED_UNEXPECTED);
		return;
	}
	s->heard_at = clock_monotonic();
	feed_subscription_acked(s, ack->seq);
}

/* The head that somebody claims is a hint: looking into the table for liars is limited. */
static void
ask_poll(struct feed_stream *stream, uint64_t head)
{
	if (head <= stream->head || clock_monotonic() - stream->poll_vain_at < VAIN_POLL_US)
		return;
	feed_reading_poll(stream);
}

static void
on_ask(const struct request *r, const Kopru__V1__Ask *ask)
{
	static char again[] = "subscribe again";
	struct feed_subscription *s = feed_subscription_find(r->owner, &r->from, ask->stream, ask->session);

	if (!s) {
		Kopru__V1__Subscribe nobody;

		kopru__v1__subscribe__init(&nobody);
		nobody.stream = ask->stream;
		nobody.session = ask->session;
		request_refuse(r, &nobody, KOPRU__V1__REFUSED__CODE__CODE_NOT_SUBSCRIBED, again);
		return;
	}
	s->heard_at = clock_monotonic();
	ask_poll(s->stream, ask->head);
	feed_subscription_ready(s);
	/* Who asks at each heartbeat would keep both busy without end. */
	if (ask->head <= s->stream->head && clock_monotonic() - s->told_at >= TOLD_US)
		(void)feed_sending_heartbeat(s);
}

static void
on_unsubscribe(const struct request *r, const Kopru__V1__Unsubscribe *unsubscribe)
{
	struct feed_subscription *s =
	    feed_subscription_find(r->owner, &r->from, unsubscribe->stream, unsubscribe->session);

	if (s)
		feed_subscription_drop(s, "unsubscribed");
}

static void
request_handle(const struct request *r, const Kopru__V1__FeedEnvelope *envelope)
{
	int body = (int)envelope->body_case;

	if (body == KOPRU__V1__FEED_ENVELOPE__BODY_SUBSCRIBE)
		on_subscribe(r, envelope->subscribe);
	else if (body == KOPRU__V1__FEED_ENVELOPE__BODY_ACK)
		on_ack(r, envelope->ack);
	else if (body == KOPRU__V1__FEED_ENVELOPE__BODY_ASK)
		on_ask(r, envelope->ask);
	else if (body == KOPRU__V1__FEED_ENVELOPE__BODY_UNSUBSCRIBE)
		on_unsubscribe(r, envelope->unsubscribe);
	else
		bus_drop(r->owner->bus, BUS_DROPPED_UNEXPECTED);
}

void
feed_request_on_message(void *arg, const struct bus_sender *from, const void *data, size_t size)
{
	struct feed_door *door = arg;
	struct feed_owner *o = door->owner;
	const struct request r = {o, from, {door->socket, from->routing_id, from->routing_size}};
	const Kopru__V1__FeedEnvelope *envelope;
	struct err e;

	if (size > FEED_REQUEST_MAX) {
		bus_drop(o->bus, BUS_DROPPED_TOO_LARGE);
		return;
	}
	feed_subscription_drop_strangers(o, &r.from, from->key);
	arena_reset(o->arena);
	envelope = wire_unpack(&kopru__v1__feed_envelope__descriptor, o->arena, data, size, &e);
	if (!envelope) {
		bus_drop(o->bus, BUS_DROPPED_MALFORMED);
		return;
	}
	request_handle(&r, envelope);
}
