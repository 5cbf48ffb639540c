/* command_client: sends commands and waits for their replies, over the first of its links that is up. What is not
 * connected yet, or was cut off, is sent when a connection is there (the same id has no second effect). */
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "common/base/ids.h"
#include "common/base/log.h"
#include "common/base/wire.h"
#include "common/bus/bus_internal.h"
#include "common/bus/command.h"

#define WAITING_MAX 1000
#define WAITING_BYTES (32UL * 1024 * 1024)
#define REPLY_MEMORY (2UL * 1024 * 1024)
#define SEND_AGAIN_MS 50

/* To one instance of the owner. */
struct command_link {
	struct command_client *client;
	struct bus_socket *socket;
	bool up;
};

/* A command without a reply; its bytes follow. */
struct command_waiting {
	TAILQ_ENTRY(command_waiting) entry;
	struct command_client *client;
	struct loop_timer *timeout;
	command_on_replied *on_replied;
	void *arg;
	const struct command_link *sent; /* over which; NULL: not yet, or in vain */
	uint8_t id[UUID_SIZE];
	size_t size;
	uint8_t bytes[];
};

struct command_client {
	struct bus *bus;
	struct loop *loop;
	struct command_link links[BUS_ENDPOINTS_MAX];
	size_t links_count;
	TAILQ_HEAD(command_waitings, command_waiting) waiting; /* in the order of asking */
	size_t count;
	size_t bytes;
	bool ending;
	struct loop_timer *again;
	struct arena *packing;
	struct arena *arena; /* of one received frame */
	struct metric *sent;
	struct metric *lost;
};

/* The callback is told last: it may free the client. */
static void
waiting_end(struct command_waiting *w, const Kopru__V1__Reply *reply)
{
	struct command_client *c = w->client;
	command_on_replied *on_replied = w->on_replied;
	void *arg = w->arg;

	if (!reply)
		metric_add(c->lost, 1);
	TAILQ_REMOVE(&c->waiting, w, entry);
	c->count--;
	c->bytes -= w->size;
	timer_free(w->timeout);
	free(w);
	on_replied(arg, reply);
}

static void
on_timeout(void *arg)
{
	waiting_end(arg, NULL);
}

/* NULL: none is up. */
static const struct command_link *
link_up(const struct command_client *c)
{
	for (size_t i = 0; i < c->links_count; i++)
		if (c->links[i].up)
			return &c->links[i];
	return NULL;
}

static void
send_unsent(struct command_client *c)
{
	const struct command_link *link = link_up(c);
	struct command_waiting *w;

	for (w = TAILQ_FIRST(&c->waiting); link && w; w = TAILQ_NEXT(w, entry)) {
		if (w->sent)
			continue;
		if (bus_send(link->socket, NULL, 0, w->bytes, w->size) < 0) {
			timer_start(c->again, SEND_AGAIN_MS);
			return;
		}
		w->sent = link;
	}
}

static void
on_again(void *arg)
{
	send_unsent(arg);
}

static void
on_link(void *arg, bool up)
{
	struct command_link *link = arg;
	struct command_client *c = link->client;
	struct command_waiting *w;

	link->up = up;
	for (w = up ? NULL : TAILQ_FIRST(&c->waiting); w; w = TAILQ_NEXT(w, entry))
		if (w->sent == link)
			w->sent = NULL;
	send_unsent(c);
}

static struct command_waiting *
waiting_find(const struct command_client *c, const Kopru__V1__Reply *reply)
{
	struct command_waiting *w;

	if (reply->id.len != UUID_SIZE)
		return NULL;
	for (w = TAILQ_FIRST(&c->waiting); w; w = TAILQ_NEXT(w, entry))
		if (memcmp(w->id, reply->id.data, UUID_SIZE) == 0)
			return w;
	return NULL;
}

static void
on_message(void *arg, const struct bus_sender *from, const void *data, size_t size)
{
	const struct command_link *link = arg;
	struct command_client *c = link->client;
	const Kopru__V1__CommandEnvelope *envelope;
	struct command_waiting *w;
	struct err e;

	(void)from;
	arena_reset(c->arena);
	envelope = wire_unpack(&kopru__v1__command_envelope__descriptor, c->arena, data, size, &e);
	if (!envelope || (int)envelope->body_case != KOPRU__V1__COMMAND_ENVELOPE__BODY_REPLY) {
		bus_drop(c->bus, BUS_DROPPED_MALFORMED);
		return;
	}
	w = waiting_find(c, envelope->reply);
	if (w)
		waiting_end(w, envelope->reply);
	else
		bus_drop(c->bus, BUS_DROPPED_UNEXPECTED); /* too late */
}

/* What a link is opened with. */
struct command_server_keys {
	const char *server_public;
	const struct bus_key *own;
};

static int
links_open(struct command_client *c, const char *endpoints, const struct command_server_keys *keys, struct err *e)
{
	char pieces[BUS_ENDPOINTS_MAX][BUS_ENDPOINT_SIZE];
	size_t count;

	if (bus_endpoints_split(endpoints, pieces, &count, e) < 0)
		return -1;
	for (size_t i = 0; i < count; i++) {
		struct command_link *link = &c->links[i];

		link->client = c;
		link->socket = bus_connect(c->bus, pieces[i], keys->server_public, keys->own, on_message, link, e);
		if (!link->socket)
			return -1;
		bus_on_link(link->socket, on_link);
		c->links_count++;
	}
	return 0;
}

struct command_client *
command_client_new(struct bus *b, struct loop *l, const char *endpoints, const char *server_public,
    const struct bus_key *key, struct metrics *m, struct err *e)
{
	const struct command_server_keys keys = {server_public, key};
	struct command_client *c = calloc(1, sizeof(*c));

	if (!c)
		abort();
	c->bus = b;
	c->loop = l;
	TAILQ_INIT(&c->waiting);
	c->again = timer_new(l, on_again, c);
	c->packing = arena_new(0);
	c->arena = arena_new(REPLY_MEMORY);
	if (m) {
		c->sent = metrics_counter(m, "kopru_command_sent_total", "", "Commands handed over to be sent");
		c->lost =
		    metrics_counter(m, "kopru_command_unanswered_total", "", "Commands without an answer in time");
	}
	if (links_open(c, endpoints, &keys, e) < 0) {
		command_client_free(c);
		return NULL;
	}
	return c;
}

void
command_client_free(struct command_client *c)
{
	struct command_waiting *w;

	if (!c)
		return;
	c->ending = true;
	while ((w = TAILQ_FIRST(&c->waiting)))
		waiting_end(w, NULL);
	for (size_t i = 0; i < c->links_count; i++)
		bus_close(c->links[i].socket);
	timer_free(c->again);
	arena_free(c->packing);
	arena_free(c->arena);
	free(c);
}

static uint8_t *
command_pack(struct command_client *c, const Kopru__V1__Command *command, size_t *size)
{
	Kopru__V1__CommandEnvelope envelope;
	Kopru__V1__Command copy = *command; /* the envelope has no const */

	kopru__v1__command_envelope__init(&envelope);
	envelope.body_case = KOPRU__V1__COMMAND_ENVELOPE__BODY_COMMAND;
	envelope.command = &copy;
	arena_reset(c->packing);
	return wire_pack(c->packing, &envelope.base, size);
}

int
command_send(struct command_client *c, const Kopru__V1__Command *command, int64_t wait_ms,
    command_on_replied *on_replied, void *arg, struct err *e)
{
	struct command_waiting *w;
	uint8_t *bytes;
	size_t size;

	if (command->id.len != UUID_SIZE)
		return err_set(e, "a command's id has %zu bytes, not 16", command->id.len);
	bytes = command_pack(c, command, &size);
	if (!bytes || size > WIRE_FRAME_MAX)
		return err_set(e, "a command of %zu bytes is too large", bytes ? size : 0);
	if (c->ending || c->count >= WAITING_MAX || c->bytes + size > WAITING_BYTES)
		return err_set(e, "%zu commands wait for their replies already", c->count);
	w = calloc(1, sizeof(*w) + size);
	if (!w)
		abort();
	w->client = c;
	w->on_replied = on_replied;
	w->arg = arg;
	w->size = size;
	memcpy(w->id, command->id.data, UUID_SIZE);
	memcpy(w->bytes, bytes, size);
	w->timeout = timer_new(c->loop, on_timeout, w);
	timer_start(w->timeout, wait_ms);
	TAILQ_INSERT_TAIL(&c->waiting, w, entry);
	c->count++;
	c->bytes += size;
	metric_add(c->sent, 1);
	if (!timer_pending(c->again))
		send_unsent(c);
	return 0;
}
