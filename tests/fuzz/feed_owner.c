/* fuzz feed_owner: whatever consumers say to an owner of streams, in whatever order readings are answered and sends fail:
 * each subscription gets its stream's events from its cursor on, once, in order, as they are stored, within its window, none
 * that is not stored, none while the owner is paused; and memory stays bounded. While it is paused, the newest events may
 * be lost and others stored in their places, as by a lossy promotion. The input is a list of steps. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/log.h"
#include "common/bus/feed_owner_internal.h"
#include "tests/fuzz/frames/frames.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define PEERS 4 /* each with a routing id of its own, two with one key */
#define SESSIONS 4
#define READINGS 8
#define STORED_MAX 600
#define SUBSCRIPTIONS_MAX 6

/* What an owner owes to one subscription; the streams are "s0" and "s1", the sessions small numbers. */
struct owed {
	bool known;
	unsigned window;
	uint64_t sent, acked;
};

struct play {
	struct feed_owner *owner;
	struct arena *room, *arena;
	struct owed owed[PEERS][2][SESSIONS];
	uint64_t stored[2]; /* heads */
	uint8_t history[2][STORED_MAX + 2]; /* of each event: in which of the histories it was stored */
	uint8_t histories;
	bool paused;
	bool wild[PEERS]; /* said what nobody foresaw: nothing is known of what it is owed */
	int sending[PEERS];
	struct {
		void *reading;
		unsigned stream;
		uint64_t after, head; /* as it was asked */
		size_t limit;
		uint8_t history[FEED_FRAME_ITEMS + 1];
	} readings[READINGS];
	size_t readings_count;
};

/* Of the stored event, whose bytes are its id too. */
static struct uuid
id_of(unsigned stream, uint64_t seq, uint8_t history)
{
	struct uuid id = {{(uint8_t)(stream + 1), history}};

	memcpy(id.bytes + 8, &seq, sizeof(seq));
	return id;
}

static struct uuid
stored_id(const struct play *p, unsigned stream, uint64_t seq)
{
	return id_of(stream, seq, seq <= STORED_MAX ? p->history[stream][seq] : 0);
}

static unsigned
stream_of(const char *name)
{
	frames_require(strcmp(name, "s0") == 0 || strcmp(name, "s1") == 0);
	return (unsigned)(name[1] - '0');
}

static bool
may_read(void *arg, const char *peer, const char *consumer, const char *stream)
{
	(void)arg;
	(void)consumer;
	return (strcmp(stream, "s0") == 0 || strcmp(stream, "s1") == 0) && strcmp(peer, "stranger") != 0;
}

static void
read_wanted(void *arg, const char *stream, uint64_t after, size_t limit, size_t bytes_max, void *reading)
{
	struct play *p = arg;
	unsigned number = stream_of(stream);

	frames_require(p->readings_count < READINGS && limit >= 1 && limit <= FEED_FRAME_ITEMS && bytes_max > 0);
	p->readings[p->readings_count].reading = reading;
	p->readings[p->readings_count].stream = number;
	p->readings[p->readings_count].after = after;
	p->readings[p->readings_count].head = p->stored[number];
	for (size_t i = 0; i <= limit && after + i <= STORED_MAX; i++)
		p->readings[p->readings_count].history[i] = p->history[number][after + i];
	p->readings[p->readings_count++].limit = limit;
}

static void
events_check(const struct play *p, struct owed *owed, const Kopru__V1__Events *events)
{
	unsigned stream = stream_of(events->stream);

	frames_require(owed->known && !p->paused && events->n_items > 0);
	for (size_t i = 0; i < events->n_items; i++) {
		const Kopru__V1__Item *item = events->items[i];
		struct uuid id = stored_id(p, stream, item->seq);

		frames_require(item->seq == owed->sent + 1 && item->seq <= p->stored[stream]);
		frames_require(item->event.len == UUID_SIZE && memcmp(item->event.data, id.bytes, UUID_SIZE) == 0);
		frames_require(
		    item->event_id.len == UUID_SIZE && memcmp(item->event_id.data, id.bytes, UUID_SIZE) == 0);
		owed->sent++;
	}
	frames_require(owed->sent - owed->acked <= owed->window);
}

static int
on_sent(void *arg, struct bus_socket *s, const struct bus_sender *to, const void *data, size_t size)
{
	struct play *p = arg;
	unsigned peer = ((const uint8_t *)to->routing_id)[0];
	const Kopru__V1__FeedEnvelope *said;
	struct err e;

	(void)s;
	frames_require(peer < PEERS && size <= WIRE_FRAME_MAX);
	arena_reset(p->arena);
	said = wire_unpack(&kopru__v1__feed_envelope__descriptor, p->arena, data, size, &e);
	frames_require(said != NULL);
	if (p->sending[peer])
		return p->sending[peer];
	if (said->body_case == KOPRU__V1__FEED_ENVELOPE__BODY_EVENTS && !p->wild[peer]) {
		frames_require(said->events->session < SESSIONS);
		events_check(p, &p->owed[peer][stream_of(said->events->stream)][said->events->session], said->events);
	} else {
		frames_require(said->body_case == KOPRU__V1__FEED_ENVELOPE__BODY_EVENTS ||
			       said->body_case == KOPRU__V1__FEED_ENVELOPE__BODY_HEARTBEAT ||
			       said->body_case == KOPRU__V1__FEED_ENVELOPE__BODY_DIVERGED ||
			       said->body_case == KOPRU__V1__FEED_ENVELOPE__BODY_REFUSED);
	}
	return 0;
}

static void
arrive(const uint8_t *bytes, size_t size, uint8_t peer)
{
	static const char *const names[] = {"", "department/TEM", "department/FEN", "stranger"};
	static const char *const keys[] = {"", "key 1", "key 2", "key 3"};
	const struct bus_sender from = {
	    .routing_id = &peer, .routing_size = 1, .name = names[peer], .key = keys[peer], .chose_id = false};

	frames_arrive(frames_socket(0), &from, bytes, size);
}

static void
envelope_arrives(struct play *p, const Kopru__V1__FeedEnvelope *envelope, uint8_t peer)
{
	size_t size;
	const uint8_t *bytes = wire_pack(p->room, &envelope->base, &size);

	arrive(bytes, size, peer);
}

static void
subscribe_arrives(struct play *p, uint8_t peer, struct frames_input *in)
{
	static char consumer[] = "c", streams[2][3] = {"s0", "s1"};
	Kopru__V1__FeedEnvelope envelope;
	Kopru__V1__Subscribe subscribe;
	uint8_t shape = frames_byte(in);
	unsigned stream = shape & 1;
	uint64_t session = shape >> 1 & 3;
	struct uuid id;

	kopru__v1__feed_envelope__init(&envelope);
	kopru__v1__subscribe__init(&subscribe);
	subscribe.consumer = consumer;
	subscribe.stream = streams[stream];
	subscribe.session = session;
	subscribe.after_seq = frames_byte(in);
	subscribe.window = frames_byte(in);
	id = stored_id(p, stream, subscribe.after_seq);
	id.bytes[2] = shape >> 7; /* sometimes another history */
	if (subscribe.after_seq > 0 && subscribe.window > 0) {
		subscribe.after_event_id.data = id.bytes;
		subscribe.after_event_id.len = UUID_SIZE;
	}
	/* One consumer of one connection means one subscription to a stream. */
	for (unsigned other = 0; other < SESSIONS; other++)
		p->owed[peer][stream][other].known = false;
	p->owed[peer][stream][session] = (struct owed){
	    true, subscribe.window < 100 ? subscribe.window : 100, subscribe.after_seq, subscribe.after_seq};
	envelope.body_case = KOPRU__V1__FEED_ENVELOPE__BODY_SUBSCRIBE;
	envelope.subscribe = &subscribe;
	envelope_arrives(p, &envelope, peer);
}

static void
word_arrives(struct play *p, uint8_t peer, struct frames_input *in)
{
	static char streams[2][3] = {"s0", "s1"};
	Kopru__V1__FeedEnvelope envelope;
	Kopru__V1__Ack ack;
	Kopru__V1__Ask ask;
	Kopru__V1__Unsubscribe unsubscribe;
	uint8_t shape = frames_byte(in), back = frames_byte(in);
	struct owed *owed = &p->owed[peer][shape & 1][shape >> 1 & 3];

	kopru__v1__feed_envelope__init(&envelope);
	kopru__v1__ack__init(&ack);
	kopru__v1__ask__init(&ask);
	kopru__v1__unsubscribe__init(&unsubscribe);
	ack.stream = ask.stream = unsubscribe.stream = streams[shape & 1];
	ack.session = ask.session = unsubscribe.session = shape >> 1 & 3;
	ack.seq = owed->sent - (uint64_t)(int64_t)(int8_t)back;
	ask.head = p->stored[shape & 1] + back;
	if ((shape >> 3) % 4 == 0) {
		envelope.body_case = KOPRU__V1__FEED_ENVELOPE__BODY_ASK;
		envelope.ask = &ask;
	} else if ((shape >> 3) % 4 == 1) {
		envelope.body_case = KOPRU__V1__FEED_ENVELOPE__BODY_UNSUBSCRIBE;
		envelope.unsubscribe = &unsubscribe;
		owed->known = false;
	} else {
		envelope.body_case = KOPRU__V1__FEED_ENVELOPE__BODY_ACK;
		envelope.ack = &ack;
		if (ack.seq > owed->acked && ack.seq <= owed->sent)
			owed->acked = ack.seq;
	}
	envelope_arrives(p, &envelope, peer);
}

/* Another writer's when it is not published. What is published while the owner is paused never becomes durable. */
static void
store(struct play *p, unsigned stream, unsigned count, bool publish)
{
	uint64_t seq = p->stored[stream];

	for (unsigned i = 0; i < count && seq < STORED_MAX; i++) {
		struct uuid id = id_of(stream, ++seq, p->paused && publish ? 255 : p->histories);
		const struct feed_item item = {seq, id, id.bytes, UUID_SIZE};

		if (!p->paused || !publish) {
			p->stored[stream] = seq;
			p->history[stream][seq] = p->histories;
		}
		if (publish)
			feed_owner_publish(p->owner, stream ? "s1" : "s0", &item);
	}
}

/* hole: an event that committed late is not in the answer, the next one is. */
static void
reading_answer(struct play *p, size_t i, bool failed, bool hole)
{
	struct feed_item items[FEED_FRAME_ITEMS];
	struct uuid ids[FEED_FRAME_ITEMS];
	unsigned stream = p->readings[i].stream;
	uint64_t after = p->readings[i].after, head = p->readings[i].head;
	struct feed_read_result result = {.failed = failed, .head = head, .items = items, .known = after <= head};
	void *reading = p->readings[i].reading;

	result.event_id = id_of(stream, after, p->readings[i].history[0]);
	for (size_t n = 1; n <= p->readings[i].limit && after + n <= head; n++) {
		struct uuid *id = &ids[result.count];

		if (hole && n == p->readings[i].limit / 2)
			continue;
		*id = id_of(stream, after + n, p->readings[i].history[n]);
		items[result.count++] = (struct feed_item){after + n, *id, id->bytes, UUID_SIZE};
	}
	p->readings[i] = p->readings[--p->readings_count];
	feed_owner_read_done(p->owner, reading, &result);
}

/* A lossy promotion: the newest events are gone, and others will be stored in their places. */
static void
lose(struct play *p, unsigned stream, unsigned count)
{
	if (p->histories < 200)
		p->histories++;
	p->stored[stream] -= count < p->stored[stream] ? count : p->stored[stream];
}

static void
pause_or_resume(struct play *p)
{
	p->paused = !p->paused;
	if (p->paused)
		feed_owner_pause(p->owner);
	else
		feed_owner_resume(p->owner);
}

static void
step(struct play *p, struct frames_input *in)
{
	static const int outcomes[] = {0, EAGAIN, EHOSTUNREACH, 0};
	uint8_t what = frames_byte(in), peer = what >> 6;
	size_t size;
	const uint8_t *bytes;

	switch (what % 16) {
	case 0:
		bytes = frames_bytes(in, &size);
		p->wild[peer] = true;
		arrive(bytes, size, peer);
		break;
	case 1:
	case 2:
		subscribe_arrives(p, peer, in);
		break;
	case 3:
	case 4:
	case 5:
		word_arrives(p, peer, in);
		break;
	case 6:
	case 7:
		store(p, what >> 4 & 1, frames_byte(in) % 64, what % 16 == 6);
		break;
	case 8:
	case 9:
		if (p->readings_count > 0)
			reading_answer(p, (what >> 4) % p->readings_count, what % 32 == 9, what % 32 == 25);
		break;
	case 10:
		pause_or_resume(p);
		if (p->paused && what & 16)
			lose(p, what >> 5 & 1, what >> 6);
		break;
	case 11:
		p->sending[peer] = outcomes[what >> 4 & 3];
		break;
	case 12:
		frames_key_known((what & 16) != 0);
		break;
	case 13:
		feed_owner_hint(p->owner, what & 16 ? "s1" : "s0");
		break;
	default:
		frames_pass((int64_t)frames_byte(in) * 8);
	}
	frames_require(p->owner->subscriptions_count <= SUBSCRIPTIONS_MAX);
	frames_require(p->owner->kept_bytes <= FEED_KEPT_BYTES && p->owner->readings_started <= FEED_READINGS_MAX);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct frames_input in = {data, size};
	struct play p = {.room = arena_new(0), .arena = arena_new(0), .paused = true};
	const struct feed_owner_conf conf = {
	    .endpoints = "ipc:///a", .window_max = 100, .subscriptions_max = SUBSCRIPTIONS_MAX};
	const struct feed_source source = {read_wanted, may_read, &p};
	struct bus *bus = frames_begin(on_sent, &p);
	struct err e;

	ids_start();
	log_open("fuzz", LOG_ERROR_LEVEL);
	log_set_level((enum log_level) - 1);
	p.owner = feed_owner_new(bus, NULL, &conf, &source, NULL, &e);
	frames_require(p.owner != NULL);
	pause_or_resume(&p);
	for (unsigned steps = 0; in.size > 0 && steps < 400; steps++) {
		arena_reset(p.room);
		step(&p, &in);
	}
	if (size % 2)
		while (p.readings_count > 0)
			reading_answer(&p, 0, false, false);
	feed_owner_free(p.owner);
	/* What was asked of the source comes back even when nobody wants it any more. */
	while (p.readings_count > 0)
		reading_answer(&p, 0, false, false);
	frames_end();
	arena_free(p.room);
	arena_free(p.arena);
	return 0;
}
