/* feed_owner: the sending end of streams: its life, its turns and its seconds. */
#include "common/bus/feed_owner.h"

#include <stdlib.h>
#include <string.h>

#include "common/bus/feed_owner_internal.h"

#define TICK_MS 1000
#define TURN_SUBSCRIPTIONS 64
#define REQUEST_MEMORY (64UL * 1024)

void
feed_owner_turn_soon(struct feed_owner *o)
{
	if (!timer_pending(o->turn))
		timer_start(o->turn, 0);
}

static void
tell_changed(struct feed_stream *stream)
{
	struct feed_subscription *next;

	TAILQ_REMOVE(&stream->owner->changed, stream, changed_entry);
	stream->changed = false;
	for (struct feed_subscription *s = TAILQ_FIRST(&stream->subscriptions); s; s = next) {
		next = TAILQ_NEXT(s, stream_entry);
		if (s->window > 0)
			feed_subscription_ready(s);
		else
			(void)feed_sending_heartbeat(s); /* the last one that is dropped takes the stream along */
	}
}

/* What was published since the last turn of the loop goes out together. */
static void
on_turn(void *arg)
{
	struct feed_owner *o = arg;
	struct feed_stream *stream;
	struct feed_subscription *s;

	while ((stream = TAILQ_FIRST(&o->changed)))
		tell_changed(stream);
	for (unsigned i = 0; i < TURN_SUBSCRIPTIONS && (s = TAILQ_FIRST(&o->ready)); i++) {
		TAILQ_REMOVE(&o->ready, s, ready_entry);
		s->ready = false;
		(void)feed_sending_pump(s);
	}
	feed_reading_start_waiting(o);
	if (!TAILQ_EMPTY(&o->ready))
		feed_owner_turn_soon(o);
}

static void
on_unblock(void *arg)
{
	struct feed_owner *o = arg;
	struct feed_subscription *s;
	int64_t now = clock_monotonic();
	bool more = false;

	for (s = TAILQ_FIRST(&o->subscriptions); s; s = TAILQ_NEXT(s, entry)) {
		if (s->blocked && s->unblock_at <= now) {
			s->blocked = false;
			feed_subscription_ready(s);
		}
		more = more || s->blocked;
	}
	if (more)
		timer_start(o->unblock, FEED_UNBLOCK_MS);
}

static void
subscription_refuse(struct feed_subscription *s)
{
	static char text[] = "this key may no longer read this stream";
	const struct feed_address to = {s->socket, s->routing_id, s->routing_size};
	Kopru__V1__Refused refused;

	kopru__v1__refused__init(&refused);
	refused.stream = s->stream->name;
	refused.session = s->session;
	refused.code = KOPRU__V1__REFUSED__CODE__CODE_FORBIDDEN;
	refused.text = text;
	feed_sending_refused(s->owner, &to, &refused);
	feed_subscription_drop(s, "no longer allowed");
}

static void
subscription_tick(struct feed_subscription *s, int64_t now)
{
	if (now - s->heard_at > FEED_SILENT_US) {
		feed_subscription_drop(s, "silent");
		return;
	}
	if (!feed_subscription_allowed(s)) {
		subscription_refuse(s);
		return;
	}
	s->read_failed = false;
	feed_subscription_ready(s);
	(void)feed_sending_heartbeat(s);
}

/* Once a second: heartbeats, who is gone, and what another instance may have appended. */
static void
on_tick(void *arg)
{
	struct feed_owner *o = arg;
	int64_t now = clock_monotonic();
	struct feed_subscription *next;
	struct feed_stream *stream;

	for (struct feed_subscription *s = TAILQ_FIRST(&o->subscriptions); s; s = next) {
		next = TAILQ_NEXT(s, entry);
		subscription_tick(s, now);
	}
	for (stream = TAILQ_FIRST(&o->streams); stream; stream = TAILQ_NEXT(stream, entry))
		feed_reading_poll(stream);
	timer_start(o->tick, TICK_MS);
}

static void
owner_make_metrics(struct feed_owner *o, struct metrics *m)
{
	o->subscriptions_now = metrics_gauge(m, "kopru_feed_subscriptions", "", "Subscriptions now");
	o->sent_events = metrics_counter(m, "kopru_feed_sent_total", "", "Events sent, to all consumers");
	o->readings_done = metrics_counter(m, "kopru_feed_readings_total", "", "Readings of the table");
	o->readings_failed = metrics_counter(m, "kopru_feed_readings_failed_total", "", "Readings that failed");
	o->refused = metrics_counter(m, "kopru_feed_refused_total", "", "Requests that were refused");
	o->diverged = metrics_counter(m, "kopru_feed_diverged_total", "", "Consumers with another history");
	o->kept_now = metrics_gauge(m, "kopru_feed_memory_bytes", "", "Newest events kept in memory");
}

static int
owner_bind(struct feed_owner *o, const struct feed_owner_conf *conf, struct err *e)
{
	char endpoints[BUS_ENDPOINTS_MAX][BUS_ENDPOINT_SIZE];
	size_t count;

	if (bus_endpoints_split(conf->endpoints, endpoints, &count, e) < 0)
		return -1;
	for (size_t i = 0; i < count; i++) {
		const struct bus_door at = {endpoints[i], conf->key, FEED_REQUEST_MAX, FEED_UNREAD_MAX,
		    conf->connections_max > 0 ? conf->connections_max : FEED_CONNECTIONS_MAX};
		struct feed_door *door = &o->doors[i];

		door->owner = o;
		door->socket = bus_bind_door(o->bus, &at, feed_request_on_message, door, e);
		if (!door->socket)
			return -1;
		o->doors_count++;
	}
	return 0;
}

static struct feed_owner *
owner_new(struct bus *b, struct loop *l, const struct feed_owner_conf *conf, const struct feed_source *source)
{
	struct feed_owner *o = calloc(1, sizeof(*o));

	if (!o)
		abort();
	o->bus = b;
	o->loop = l;
	o->source = *source;
	o->window_max = conf->window_max > 0 ? conf->window_max : 1000;
	o->subscriptions_max = conf->subscriptions_max > 0 ? conf->subscriptions_max : 500;
	o->paused = true;
	TAILQ_INIT(&o->streams);
	TAILQ_INIT(&o->changed);
	TAILQ_INIT(&o->subscriptions);
	TAILQ_INIT(&o->ready);
	TAILQ_INIT(&o->kept);
	TAILQ_INIT(&o->waiting);
	o->arena = arena_new(REQUEST_MEMORY);
	o->turn = timer_new(l, on_turn, o);
	o->tick = timer_new(l, on_tick, o);
	o->unblock = timer_new(l, on_unblock, o);
	return o;
}

struct feed_owner *
feed_owner_new(struct bus *b, struct loop *l, const struct feed_owner_conf *conf, const struct feed_source *source,
    struct metrics *m, struct err *e)
{
	struct feed_owner *o = owner_new(b, l, conf, source);

	if (m)
		owner_make_metrics(o, m);
	if (owner_bind(o, conf, e) < 0) {
		feed_owner_free(o);
		return NULL;
	}
	timer_start(o->tick, TICK_MS);
	return o;
}

void
feed_owner_free(struct feed_owner *o)
{
	struct feed_subscription *s;

	if (!o)
		return;
	while ((s = TAILQ_FIRST(&o->subscriptions)))
		feed_subscription_drop(s, "owner ends");
	for (size_t i = 0; i < o->doors_count; i++)
		bus_close(o->doors[i].socket);
	timer_free(o->turn);
	timer_free(o->tick);
	timer_free(o->unblock);
	arena_free(o->arena);
	o->freed = true;
	if (o->readings_started == 0)
		free(o); /* otherwise the last feed_owner_read_done() does */
}

const char *
feed_owner_endpoint(const struct feed_owner *o, size_t i)
{
	return i < o->doors_count ? bus_endpoint(o->doors[i].socket) : NULL;
}

void
feed_owner_publish(struct feed_owner *o, const char *stream, const struct feed_item *item)
{
	struct feed_stream *s = feed_stream_find(o, stream);

	if (!s || o->paused)
		return;
	feed_stream_keep(s, item);
	feed_stream_head(s, item->seq);
}

void
feed_owner_hint(struct feed_owner *o, const char *stream)
{
	struct feed_stream *s = feed_stream_find(o, stream);

	if (s)
		feed_reading_poll(s);
}

/* What was known of the table is not taken over into the next session: positions are verified again. */
void
feed_owner_pause(struct feed_owner *o)
{
	struct feed_stream *stream;
	struct feed_subscription *s;

	if (o->paused)
		return;
	o->paused = true;
	o->epoch++;
	for (stream = TAILQ_FIRST(&o->streams); stream; stream = TAILQ_NEXT(stream, entry)) {
		feed_stream_forget(stream);
		stream->head_known = false;
	}
	for (s = TAILQ_FIRST(&o->subscriptions); s; s = TAILQ_NEXT(s, entry))
		s->verified = false;
}

void
feed_owner_resume(struct feed_owner *o)
{
	struct feed_subscription *s;
	struct feed_stream *stream;

	if (!o->paused)
		return;
	o->paused = false;
	for (s = TAILQ_FIRST(&o->subscriptions); s; s = TAILQ_NEXT(s, entry)) {
		s->read_failed = false;
		feed_subscription_ready(s);
	}
	for (stream = TAILQ_FIRST(&o->streams); stream; stream = TAILQ_NEXT(stream, entry))
		feed_reading_poll(stream);
	feed_owner_turn_soon(o);
}
