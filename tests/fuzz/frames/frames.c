/* frames: see frames.h. */
#include "tests/fuzz/frames/frames.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/loop/loop.h"

#define TIMERS 64

struct loop_timer {
	void (*on_fired)(void *arg);
	void *arg;
	int64_t due; /* -1: not set */
};

/* Of one execution: libFuzzer runs them one after the other in one thread. */
static struct {
	struct bus bus;
	struct bus_socket *sockets[FRAMES_SOCKETS];
	size_t sockets_count;
	struct loop_timer *timers[TIMERS];
	size_t timers_count;
	int64_t now;
	bool known;
	frames_on_sent *on_sent;
	void *arg;
} world;

void
frames_require(bool holds)
{
	if (!holds)
		abort();
}

struct bus *
frames_begin(frames_on_sent *on_sent, void *arg)
{
	memset(&world, 0, sizeof(world));
	world.known = true;
	world.on_sent = on_sent;
	world.arg = arg;
	return &world.bus;
}

void
frames_end(void)
{
	frames_require(world.sockets_count == 0 && world.timers_count == 0);
}

struct bus_socket *
frames_socket(size_t i)
{
	return i < world.sockets_count ? world.sockets[i] : NULL;
}

static void
leave(struct bus_socket *s)
{
	if (--s->busy == 0 && s->closed)
		free(s);
}

void
frames_arrive(struct bus_socket *s, const struct bus_sender *from, const void *data, size_t size)
{
	/* In a block of its size, so that the sanitizer sees who reads past its end. */
	uint8_t *copy = malloc(size ? size : 1);

	frames_require(copy != NULL);
	memcpy(copy, data, size);
	s->busy++;
	s->on_message(s->arg, from, copy, size);
	leave(s);
	free(copy);
}

void
frames_link(struct bus_socket *s, bool up)
{
	s->busy++;
	if (s->on_link)
		s->on_link(s->arg, up);
	leave(s);
}

void
frames_key_known(bool known)
{
	world.known = known;
}

static struct bus_socket *
socket_open(const char *endpoint, bool router, bus_on_message *on_message, void *arg)
{
	struct bus_socket *s = calloc(1, sizeof(*s));

	frames_require(s && world.sockets_count < FRAMES_SOCKETS);
	s->bus = &world.bus;
	s->router = router;
	s->on_message = on_message;
	s->arg = arg;
	(void)snprintf(s->endpoint, sizeof(s->endpoint), "%s", endpoint);
	world.sockets[world.sockets_count++] = s;
	return s;
}

struct bus_socket *
bus_bind_door(struct bus *b, const struct bus_door *door, bus_on_message *on_message, void *arg, struct err *e)
{
	(void)b;
	(void)e;
	return socket_open(door->endpoint, true, on_message, arg);
}

struct bus_socket *
bus_connect(struct bus *b, const char *endpoint, const char *server_public, const struct bus_key *own,
    bus_on_message *on_message, void *arg, struct err *e)
{
	(void)b;
	(void)server_public;
	(void)own;
	(void)e;
	return socket_open(endpoint, false, on_message, arg);
}

void
bus_on_link(struct bus_socket *s, void (*on_link)(void *arg, bool up))
{
	s->on_link = on_link;
}

void
bus_reconnect(struct bus_socket *s)
{
	if (!s->on_link)
		return;
	s->on_link(s->arg, false);
	s->on_link(s->arg, true);
}

const char *
bus_endpoint(const struct bus_socket *s)
{
	return s->endpoint;
}

void
bus_close(struct bus_socket *s)
{
	size_t i = 0;

	if (!s)
		return;
	while (world.sockets[i] != s)
		i++;
	world.sockets_count--;
	memmove(&world.sockets[i], &world.sockets[i + 1], (world.sockets_count - i) * sizeof(struct bus_socket *));
	s->closed = true;
	if (s->busy == 0)
		free(s);
}

int
bus_send(struct bus_socket *s, const void *routing_id, size_t routing_size, const void *data, size_t size)
{
	const struct bus_sender to = {.routing_id = routing_id, .routing_size = routing_size};
	int why = world.on_sent(world.arg, s, &to, data, size);

	errno = why;
	return why ? -1 : 0;
}

bool
bus_key_known(const struct bus *b, const char *public_key)
{
	(void)b;
	(void)public_key;
	return world.known;
}

void
bus_drop(struct bus *b, enum bus_dropped reason)
{
	metric_add(b->dropped[reason], 1);
}

struct loop_timer *
timer_new(struct loop *l, void (*on_fired)(void *arg), void *arg)
{
	struct loop_timer *t = calloc(1, sizeof(*t));

	(void)l;
	frames_require(t && world.timers_count < TIMERS);
	*t = (struct loop_timer){on_fired, arg, -1};
	world.timers[world.timers_count++] = t;
	return t;
}

void
timer_free(struct loop_timer *t)
{
	size_t i = 0;

	if (!t)
		return;
	while (world.timers[i] != t)
		i++;
	world.timers[i] = world.timers[--world.timers_count];
	free(t);
}

void
timer_start(struct loop_timer *t, int64_t milliseconds)
{
	t->due = world.now + milliseconds;
}

void
timer_stop(struct loop_timer *t)
{
	t->due = -1;
}

bool
timer_pending(const struct loop_timer *t)
{
	return t->due >= 0;
}

static struct loop_timer *
timer_next(int64_t until)
{
	struct loop_timer *next = NULL;

	for (size_t i = 0; i < world.timers_count; i++) {
		struct loop_timer *t = world.timers[i];

		if (t->due >= 0 && t->due <= until && (!next || t->due < next->due))
			next = t;
	}
	return next;
}

void
frames_pass(int64_t milliseconds)
{
	int64_t until = world.now + milliseconds;
	struct loop_timer *t;

	/* One that starts itself anew for now gets its turn in the next step, as in the loop. */
	for (unsigned turns = 0; turns < 200 && (t = timer_next(until)); turns++) {
		world.now = t->due > world.now ? t->due : world.now;
		t->due = -1;
		t->on_fired(t->arg);
	}
	world.now = until;
}

uint8_t
frames_byte(struct frames_input *in)
{
	if (in->size == 0)
		return 0;
	in->size--;
	return *in->data++;
}

const uint8_t *
frames_bytes(struct frames_input *in, size_t *size)
{
	size_t wanted = (size_t)frames_byte(in) << 8;
	const uint8_t *bytes;

	wanted |= frames_byte(in);
	*size = wanted < in->size ? wanted : in->size;
	bytes = in->data;
	in->data += *size;
	in->size -= *size;
	return bytes;
}
