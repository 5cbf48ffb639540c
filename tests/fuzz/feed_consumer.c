/* fuzz feed_consumer: whatever owners say to a consumer, and whatever happens to its connections: it delivers each event
 * once for each start, in order, without a gap and never more than its window; nothing after it stopped or diverged; what
 * it says can be read, and acknowledges nothing that has not taken effect. The input is a list of steps. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/log.h"
#include "common/bus/feed_consumer.h"
#include "common/bus/feed_frame.h"
#include "tests/fuzz/frames/frames.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct play {
	struct feed_consumer *consumer;
	struct arena *room, *arena; /* for packing, for reading what it says */
	unsigned window;
	uint64_t position, acked; /* as its user sees them */
	uint64_t session; /* as it said last */
	bool started;
	int sending; /* what its sends get */
};

static void
on_events(void *arg, const struct feed_item *items, size_t count, uint64_t head)
{
	struct play *p = arg;

	(void)head;
	frames_require(p->started && count > 0);
	for (size_t i = 0; i < count; i++) {
		frames_require(items[i].seq == p->position + 1);
		p->position = items[i].seq;
	}
	frames_require(p->position - p->acked <= p->window);
}

static void
on_diverged(void *arg, uint64_t seq)
{
	struct play *p = arg;

	(void)seq;
	frames_require(p->started);
	p->started = false;
}

static void
on_refused(void *arg, const char *text)
{
	const struct play *p = arg;

	frames_require(p->started && text);
}

static int
on_sent(void *arg, struct bus_socket *s, const struct bus_sender *to, const void *data, size_t size)
{
	struct play *p = arg;
	const Kopru__V1__FeedEnvelope *said;
	struct err e;

	(void)s;
	(void)to;
	arena_reset(p->arena);
	said = wire_unpack(&kopru__v1__feed_envelope__descriptor, p->arena, data, size, &e);
	frames_require(said != NULL);
	if (said->body_case == KOPRU__V1__FEED_ENVELOPE__BODY_SUBSCRIBE) {
		frames_require(said->subscribe->window == 0 || said->subscribe->after_seq == p->acked);
		frames_require(said->subscribe->after_event_id.len == (said->subscribe->after_seq > 0 ? UUID_SIZE : 0));
		p->session = said->subscribe->session;
	} else if (said->body_case == KOPRU__V1__FEED_ENVELOPE__BODY_ACK) {
		frames_require(said->ack->seq == p->acked);
	} else {
		frames_require(said->body_case == KOPRU__V1__FEED_ENVELOPE__BODY_ASK ||
			       said->body_case == KOPRU__V1__FEED_ENVELOPE__BODY_UNSUBSCRIBE);
	}
	return p->sending;
}

static void
arrive(struct play *p, size_t link, const Kopru__V1__FeedEnvelope *envelope)
{
	const struct bus_sender from = {.name = "", .key = ""};
	size_t size;
	uint8_t *bytes = wire_pack(p->room, &envelope->base, &size);

	if (frames_socket(link))
		frames_arrive(frames_socket(link), &from, bytes, size);
}

/* Events that nearly follow what the consumer has. */
static void
events_arrive(struct play *p, size_t link, struct frames_input *in)
{
	uint8_t shape = frames_byte(in), count = frames_byte(in) % 24;
	uint64_t first = (shape & 1 ? p->acked : p->position) + 1 + (uint64_t)(int64_t)(int8_t)frames_byte(in);
	Kopru__V1__FeedEnvelope envelope;
	Kopru__V1__Events events;
	Kopru__V1__Item items[24], *pointers[24];
	uint8_t id[UUID_SIZE + 1] = {7};
	uint64_t before = p->position;

	kopru__v1__feed_envelope__init(&envelope);
	kopru__v1__events__init(&events);
	for (size_t i = 0; i < count; i++) {
		kopru__v1__item__init(&items[i]);
		items[i].seq = first + i;
		items[i].event_id.data = id;
		items[i].event_id.len = shape & 2 && i == count - 1U ? frames_byte(in) % sizeof(id) : UUID_SIZE;
		if (shape & 4)
			items[i].event.data =
			    frames_byte(in) & 1 ? (uint8_t *)(uintptr_t) "\x0a\x10 0123456789abcde" : id;
		items[i].event.len = shape & 4 ? 17 : 0;
		pointers[i] = &items[i];
	}
	events.session = shape & 8 ? p->session + 1 : p->session;
	events.head = first + count;
	events.n_items = count;
	events.items = pointers;
	envelope.body_case = KOPRU__V1__FEED_ENVELOPE__BODY_EVENTS;
	envelope.events = &events;
	arrive(p, link, &envelope);
	frames_require(!(shape & 8) || p->position == before); /* another session's */
}

static void
word_arrives(struct play *p, size_t link, struct frames_input *in)
{
	static char text[] = "no";
	Kopru__V1__FeedEnvelope envelope;
	Kopru__V1__Heartbeat heartbeat;
	Kopru__V1__Diverged diverged;
	Kopru__V1__Refused refused;
	uint8_t what = frames_byte(in);

	kopru__v1__feed_envelope__init(&envelope);
	kopru__v1__heartbeat__init(&heartbeat);
	kopru__v1__diverged__init(&diverged);
	kopru__v1__refused__init(&refused);
	heartbeat.session = diverged.session = refused.session = p->session;
	heartbeat.head = p->position + (what >> 2);
	refused.code = (Kopru__V1__Refused__Code)(what >> 2);
	refused.text = text;
	if (what % 4 == 0) {
		envelope.body_case = KOPRU__V1__FEED_ENVELOPE__BODY_DIVERGED;
		envelope.diverged = &diverged;
	} else if (what % 4 == 1) {
		envelope.body_case = KOPRU__V1__FEED_ENVELOPE__BODY_REFUSED;
		envelope.refused = &refused;
	} else {
		envelope.body_case = KOPRU__V1__FEED_ENVELOPE__BODY_HEARTBEAT;
		envelope.heartbeat = &heartbeat;
	}
	arrive(p, link, &envelope);
}

static void
raw_arrives(size_t link, struct frames_input *in)
{
	const struct bus_sender from = {.name = "", .key = ""};
	size_t size;
	const uint8_t *bytes = frames_bytes(in, &size);

	if (frames_socket(link))
		frames_arrive(frames_socket(link), &from, bytes, size);
}

static void
start_again(struct play *p, uint8_t seq)
{
	const struct uuid id = {{seq}};

	p->position = p->acked = seq;
	p->started = true;
	feed_consumer_start(p->consumer, seq, seq ? &id : NULL);
}

static void
acknowledge(struct play *p, uint8_t back)
{
	uint64_t seq = p->position - (back < p->position ? back : p->position);

	if (p->started && seq > p->acked)
		p->acked = seq;
	feed_consumer_ack(p->consumer, seq);
}

static void
step(struct play *p, struct frames_input *in)
{
	uint8_t what = frames_byte(in);
	size_t link = what >> 7;

	switch (what % 16) {
	case 0:
	case 1:
		if (frames_socket(link))
			frames_link(frames_socket(link), what % 16 == 0);
		break;
	case 2:
		raw_arrives(link, in);
		break;
	case 3:
	case 4:
	case 5:
	case 6:
		events_arrive(p, link, in);
		break;
	case 7:
		word_arrives(p, link, in);
		break;
	case 8:
	case 9:
	case 10:
		acknowledge(p, what >> 4 & 7);
		break;
	case 11:
		start_again(p, frames_byte(in));
		break;
	case 12:
		p->started = false;
		feed_consumer_stop(p->consumer);
		break;
	case 13:
		p->sending = what & 16 ? EAGAIN : 0;
		break;
	default:
		frames_pass((int64_t)frames_byte(in) * 8);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct frames_input in = {data, size};
	struct play p = {.room = arena_new(0), .arena = arena_new(0), .window = frames_byte(&in) % 20 + 1};
	struct feed_consumer_conf conf = {
	    .endpoints = "ipc:///a,ipc:///b", .consumer = "c", .stream = "s", .window = p.window};
	const struct feed_consumer_events events = {on_events, on_diverged, on_refused, &p};
	struct bus *bus = frames_begin(on_sent, &p);
	struct err e;

	ids_start();
	log_open("fuzz", LOG_ERROR_LEVEL);
	log_set_level((enum log_level) - 1);
	p.consumer = feed_consumer_new(bus, NULL, &conf, &events, NULL, &e);
	frames_require(p.consumer != NULL);
	start_again(&p, 0);
	frames_link(frames_socket(0), true);
	for (unsigned steps = 0; in.size > 0 && steps < 400; steps++) {
		arena_reset(p.room);
		step(&p, &in);
	}
	feed_consumer_free(p.consumer);
	frames_end();
	arena_free(p.room);
	arena_free(p.arena);
	return 0;
}
