/* command_client: sends commands and waits for their replies, over the first of its links that is up. What is not
 * connected yet, was cut off, or went to one who has been silent since, is sent to whoever is there (the same id has no
 * second effect). */
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
#define TICK_MS 500
#define SILENT_US 2500000 /* longer than an owner holds a command back: whoever said nothing for so long is doubted */
#define DOUBTED_US 10000000 /* so long it is asked only when nobody else is there */

/* To one instance of the owner. */
struct command_link {
	TAILQ_ENTRY(command_link) entry;
	struct command_client *client;
	struct bus_socket *socket;
	bool found;
	bool up;
	int64_t down_at; /* since when it is not up */
	int64_t heard_at;
	int64_t doubted_until;
};

TAILQ_HEAD(command_links, command_link);

/* A command without a reply; its bytes follow. */
struct command_waiting {
	TAILQ_ENTRY(command_waiting) entry;
	struct command_client *client;
	struct loop_timer *timeout;
	command_on_replied *on_replied;
	void *arg;
	struct command_link *sent; /* over which; NULL: not yet, or in vain */
	int64_t sent_at;
	uint8_t id[UUID_SIZE];
	size_t size;
	uint8_t bytes[];
};

struct command_client {
	struct bus *bus;
	struct loop *loop;
	char patterns[BUS_ENDPOINTS_MAX][BUS_ENDPOINT_SIZE];
	size_t patterns_count;
	const char *server_public; /* while it is made */
	const struct bus_key *key;
	struct command_links links;
	size_t links_count;
	TAILQ_HEAD(command_waitings, command_waiting) waiting; /* in the order of asking */
	size_t count;
	size_t bytes;
	bool ending;
	struct loop_timer *again;
	struct loop_timer *tick;
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

/* The first that is up and not doubted; only_trusted false: or else the first that is up. NULL: there is none. */
static struct command_link *
link_best(const struct command_client *c, bool only_trusted)
{
	int64_t now = clock_monotonic();
	struct command_link *link, *best = NULL;

	for (link = TAILQ_FIRST(&c->links); link; link = TAILQ_NEXT(link, entry)) {
		if (link->up && link->doubted_until <= now)
			return link;
		if (link->up && !best && !only_trusted)
			best = link;
	}
	return best;
}

static void
send_unsent(void *arg)
{
	struct command_client *c = arg;
	struct command_link *link = link_best(c, false);
	struct command_waiting *w;

	for (w = TAILQ_FIRST(&c->waiting); link && w; w = TAILQ_NEXT(w, entry)) {
		if (w->sent)
			continue;
		if (bus_send(link->socket, NULL, 0, w->bytes, w->size) < 0) {
			timer_start(c->again, SEND_AGAIN_MS);
			return;
		}
		w->sent = link;
		w->sent_at = clock_monotonic();
	}
}

static void
link_lost(const struct command_link *link)
{
	struct command_waiting *w;

	for (w = TAILQ_FIRST(&link->client->waiting); w; w = TAILQ_NEXT(w, entry))
		if (w->sent == link)
			w->sent = NULL;
}

static void
on_link(void *arg, bool up)
{
	struct command_link *link = arg;

	link->up = up;
	link->down_at = clock_monotonic();
	link_lost(link);
	send_unsent(link->client);
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
	struct command_link *link = arg;
	struct command_client *c = link->client;
	const Kopru__V1__CommandEnvelope *envelope;
	struct command_waiting *w;
	struct err e;

	(void)from;
	link->heard_at = clock_monotonic();
	link->doubted_until = 0;
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

static struct command_link *
command_link_new(struct command_client *c, const char *endpoint, struct err *e)
{
	struct command_link *link = calloc(1, sizeof(*link));

	if (!link)
		abort();
	link->client = c;
	link->down_at = clock_monotonic();
	link->socket = bus_connect(c->bus, endpoint, c->server_public, c->key, on_message, link, e);
	if (!link->socket) {
		free(link);
		return NULL;
	}
	bus_on_link(link->socket, on_link);
	TAILQ_INSERT_TAIL(&c->links, link, entry);
	c->links_count++;
	return link;
}

static void
command_link_free(struct command_link *link)
{
	struct command_client *c = link->client;

	link_lost(link);
	TAILQ_REMOVE(&c->links, link, entry);
	c->links_count--;
	bus_close(link->socket);
	free(link);
}

static void
on_found(void *arg, const char *endpoint, bool listening)
{
	struct command_client *c = arg;
	struct command_link *link = TAILQ_FIRST(&c->links);
	struct err e;

	while (link && strcmp(bus_endpoint(link->socket), endpoint) != 0)
		link = TAILQ_NEXT(link, entry);
	if (!link && listening && c->links_count < BUS_ENDPOINTS_MAX) {
		link = command_link_new(c, endpoint, &e);
		if (!link)
			log_warn("endpoint.unusable", "reason=\"%s\"", e.text);
	}
	if (link)
		link->found = listening || link->up || clock_monotonic() - link->down_at < BUS_ENDPOINT_LEFT_US;
}

static void
links_look(struct command_client *c)
{
	struct command_link *link, *next;

	for (link = TAILQ_FIRST(&c->links); link; link = TAILQ_NEXT(link, entry)) {
		link->found = false;
		for (size_t i = 0; i < c->patterns_count; i++)
			link->found |= strcmp(bus_endpoint(link->socket), c->patterns[i]) == 0;
	}
	for (size_t i = 0; i < c->patterns_count; i++)
		if (bus_endpoint_has_star(c->patterns[i]))
			bus_endpoint_look(c->patterns[i], on_found, c);
	for (link = TAILQ_FIRST(&c->links); link; link = next) {
		next = TAILQ_NEXT(link, entry);
		if (!link->found)
			command_link_free(link);
	}
}

static int
links_open(struct command_client *c, const char *endpoints, struct err *e)
{
	if (bus_endpoints_split(endpoints, c->patterns, &c->patterns_count, e) < 0)
		return -1;
	for (size_t i = 0; i < c->patterns_count; i++)
		if (!bus_endpoint_has_star(c->patterns[i]) && !command_link_new(c, c->patterns[i], e))
			return -1;
	links_look(c);
	return 0;
}

/* Who is frozen keeps its connections, and what was sent to it. */
static void
on_tick(void *arg)
{
	struct command_client *c = arg;
	int64_t now = clock_monotonic();
	struct command_waiting *w;

	timer_start(c->tick, TICK_MS);
	links_look(c);
	for (w = TAILQ_FIRST(&c->waiting); w; w = TAILQ_NEXT(w, entry)) {
		struct command_link *link = w->sent;

		if (!link || now - w->sent_at < SILENT_US || link->heard_at >= w->sent_at)
			continue;
		if (link->doubted_until <= now)
			log_warn("command.unanswered", "endpoint=\"%s\" silent_ms=%lld", bus_endpoint(link->socket),
			    (long long)(now - w->sent_at) / 1000);
		link->doubted_until = now + DOUBTED_US;
		if (link_best(c, true))
			w->sent = NULL;
	}
	if (!timer_pending(c->again))
		send_unsent(c);
}

struct command_client *
command_client_new(struct bus *b, struct loop *l, const char *endpoints, const char *server_public,
    const struct bus_key *key, struct metrics *m, struct err *e)
{
	struct command_client *c = calloc(1, sizeof(*c));

	if (!c)
		abort();
	c->bus = b;
	c->loop = l;
	c->server_public = server_public;
	c->key = key;
	TAILQ_INIT(&c->waiting);
	TAILQ_INIT(&c->links);
	c->again = timer_new(l, send_unsent, c);
	c->tick = timer_new(l, on_tick, c);
	c->packing = arena_new(0);
	c->arena = arena_new(REPLY_MEMORY);
	if (m) {
		c->sent = metrics_counter(m, "kopru_command_sent_total", "", "Commands handed over to be sent");
		c->lost =
		    metrics_counter(m, "kopru_command_unanswered_total", "", "Commands without an answer in time");
	}
	if (links_open(c, endpoints, e) < 0) {
		command_client_free(c);
		return NULL;
	}
	c->server_public = NULL; /* only local sockets come later */
	c->key = NULL;
	timer_start(c->tick, TICK_MS);
	return c;
}

void
command_client_free(struct command_client *c)
{
	struct command_link *link;
	struct command_waiting *w;

	if (!c)
		return;
	c->ending = true;
	while ((w = TAILQ_FIRST(&c->waiting)))
		waiting_end(w, NULL);
	while ((link = TAILQ_FIRST(&c->links)))
		command_link_free(link);
	timer_free(c->again);
	timer_free(c->tick);
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
