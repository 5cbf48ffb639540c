/* feed_subscription: who is subscribed to what, and how far. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/log.h"
#include "common/bus/feed_owner_internal.h"

static bool
address_is_of(const struct feed_subscription *s, const struct feed_address *from)
{
	return s->socket == from->socket && s->routing_size == from->routing_size &&
	       memcmp(s->routing_id, from->routing_id, from->routing_size) == 0;
}

static bool
subscription_is_of(const struct feed_subscription *s, const struct feed_address *from, const char *stream)
{
	return address_is_of(s, from) && strcmp(s->stream->name, stream) == 0;
}

struct feed_subscription *
feed_subscription_find(struct feed_owner *o, const struct feed_address *from, const char *stream, uint64_t session)
{
	size_t bucket = feed_hash(from->routing_id, from->routing_size);
	struct feed_subscription *s;

	for (s = LIST_FIRST(&o->subscription_buckets[bucket]); s; s = LIST_NEXT(s, bucket_entry))
		if (s->session == session && subscription_is_of(s, from, stream))
			return s;
	return NULL;
}

/* A consumer that subscribes again on its connection means one subscription, not two. */
static void
drop_former(struct feed_owner *o, const struct feed_address *from, const Kopru__V1__Subscribe *wanted)
{
	size_t bucket = feed_hash(from->routing_id, from->routing_size);
	struct feed_subscription *s;

	for (s = LIST_FIRST(&o->subscription_buckets[bucket]); s; s = LIST_NEXT(s, bucket_entry)) {
		if (subscription_is_of(s, from, wanted->stream) && strcmp(s->consumer, wanted->consumer) == 0) {
			feed_subscription_drop(s, "subscribed again");
			return;
		}
	}
}

void
feed_subscription_drop_strangers(struct feed_owner *o, const struct feed_address *from, const char *key)
{
	struct feed_subscription *s =
	    LIST_FIRST(&o->subscription_buckets[feed_hash(from->routing_id, from->routing_size)]);
	struct feed_subscription *next;

	for (; s; s = next) {
		next = LIST_NEXT(s, bucket_entry);
		if (address_is_of(s, from) && strcmp(s->key, key) != 0)
			feed_subscription_drop(s, "another key speaks from its address");
	}
}

/* No key's holder may take the places of the others. */
static void
drop_oldest_of_peer(struct feed_owner *o, const char *peer)
{
	struct feed_subscription *oldest = NULL;
	struct feed_subscription *s;
	unsigned count = 0;

	if (peer[0] == '\0')
		return;
	for (s = TAILQ_FIRST(&o->subscriptions); s; s = TAILQ_NEXT(s, entry)) {
		if (strcmp(s->peer, peer) != 0)
			continue;
		count++;
		if (!oldest)
			oldest = s;
	}
	if (count >= FEED_PEER_SUBSCRIPTIONS)
		feed_subscription_drop(oldest, "too many of one peer");
}

struct feed_subscription *
feed_subscription_new(struct feed_owner *o, const struct feed_address *from, const struct bus_sender *sender,
    const Kopru__V1__Subscribe *wanted)
{
	struct feed_subscription *s;

	drop_former(o, from, wanted);
	drop_oldest_of_peer(o, sender->name);
	if (o->subscriptions_count >= o->subscriptions_max || from->routing_size > FEED_ROUTING_MAX)
		return NULL;
	s = calloc(1, sizeof(*s));
	if (!s)
		abort();
	s->owner = o;
	s->stream = feed_stream_take(o, wanted->stream);
	s->socket = from->socket;
	memcpy(s->routing_id, from->routing_id, from->routing_size);
	s->routing_size = from->routing_size;
	(void)snprintf(s->peer, sizeof(s->peer), "%s", sender->name);
	(void)snprintf(s->key, sizeof(s->key), "%s", sender->key);
	(void)snprintf(s->consumer, sizeof(s->consumer), "%s", wanted->consumer);
	s->session = wanted->session;
	s->window = wanted->window < o->window_max ? wanted->window : o->window_max;
	s->sent = s->acked = wanted->after_seq;
	(void)uuid_from_bytes(wanted->after_event_id.data, wanted->after_event_id.len, &s->sent_id);
	s->heard_at = clock_monotonic();
	TAILQ_INSERT_TAIL(&o->subscriptions, s, entry);
	TAILQ_INSERT_TAIL(&s->stream->subscriptions, s, stream_entry);
	LIST_INSERT_HEAD(&o->subscription_buckets[feed_hash(from->routing_id, from->routing_size)], s, bucket_entry);
	metric_set(o->subscriptions_now, (int64_t)++o->subscriptions_count);
	return s;
}

void
feed_subscription_drop(struct feed_subscription *s, const char *reason)
{
	struct feed_owner *o = s->owner;

	log_debug("subscription.dropped", "stream=%s consumer=%s peer=%s seq=%llu reason=\"%s\"", s->stream->name,
	    s->consumer, s->peer, (unsigned long long)s->acked, reason);
	feed_reading_forget(s->reading);
	if (s->ready)
		TAILQ_REMOVE(&o->ready, s, ready_entry);
	LIST_REMOVE(s, bucket_entry);
	TAILQ_REMOVE(&o->subscriptions, s, entry);
	TAILQ_REMOVE(&s->stream->subscriptions, s, stream_entry);
	feed_stream_drop_unused(s->stream);
	metric_set(o->subscriptions_now, (int64_t)--o->subscriptions_count);
	free(s);
}

void
feed_subscription_ready(struct feed_subscription *s)
{
	struct feed_owner *o = s->owner;

	if (s->window == 0)
		return;
	if (!s->ready) {
		s->ready = true;
		TAILQ_INSERT_TAIL(&o->ready, s, ready_entry);
	}
	feed_owner_turn_soon(o);
}

bool
feed_subscription_allowed(const struct feed_subscription *s)
{
	const struct feed_source *source = &s->owner->source;

	return bus_key_known(s->owner->bus, s->key) &&
	       source->allowed(source->arg, s->peer, s->consumer, s->stream->name);
}

void
feed_subscription_acked(struct feed_subscription *s, uint64_t seq)
{
	if (seq <= s->acked || seq > s->sent)
		return;
	s->acked = seq;
	while (s->flights_count > 0 && s->flights[s->flights_first].last <= seq) {
		s->unacked_bytes -= s->flights[s->flights_first].bytes;
		s->flights_first = (s->flights_first + 1) % FEED_FLIGHTS;
		s->flights_count--;
	}
	feed_subscription_ready(s);
}
