/* command_client: sends commands and waits for their replies, over the first of its links that is up. What is not
 * connected yet, was cut off, or went to one who has been silent since, is sent to whoever is there (the same id has no
 * second effect). */
#include <stdlib.h>
#include <string.h>

#include "common/base/ids.h"
#include "common/base/log.h"
#include "common/base/wire.h"
#include "common/bus/command_client_internal.h"

#define WAITING_MAX 1000
#define WAITING_BYTES (32UL * 1024 * 1024)
#define REPLY_MEMORY (2UL * 1024 * 1024)
#define SEND_AGAIN_MS 50
#define TICK_MS 500
#define SILENT_US 2500000 /* longer than an owner holds a command back: whoever said nothing for so long is doubted */
#define DOUBTED_US 10000000 /* so long it is asked only when nobody else is there */

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

static void
send_unsent(void *arg)
{
	struct command_client *c = arg;
	struct command_link *link = command_links_best(c, false);
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
		w->sends++;
	}
}

void
command_client_lost(const struct command_link *link)
{
	struct command_waiting *w;

	for (w = TAILQ_FIRST(&link->client->waiting); w; w = TAILQ_NEXT(w, entry))
		if (w->sent == link)
			w->sent = NULL;
}

void
command_client_on_link(void *arg, bool up)
{
	struct command_link *link = arg;

	link->up = up;
	link->down_at = clock_monotonic();
	command_client_lost(link);
	send_unsent(link->client);
}

/* Who is busy has stored nothing; somebody else that it was sent to may have, or may yet. */
static bool
is_unknown(const struct command_waiting *w, const Kopru__V1__Reply *reply)
{
	return w->sends > 1 && (int)reply->code == KOPRU__V1__REPLY__CODE__CODE_BUSY;
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

void
command_client_on_message(void *arg, const struct bus_sender *from, const void *data, size_t size)
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
		waiting_end(w, is_unknown(w, envelope->reply) ? NULL : envelope->reply);
	else
		bus_drop(c->bus, BUS_DROPPED_UNEXPECTED); /* too late */
}

/* Who is frozen keeps its connections, and what was sent to it. */
static void
on_tick(void *arg)
{
	struct command_client *c = arg;
	int64_t now = clock_monotonic();
	struct command_waiting *w;

	timer_start(c->tick, TICK_MS);
	command_links_look(c);
	for (w = TAILQ_FIRST(&c->waiting); w; w = TAILQ_NEXT(w, entry)) {
		struct command_link *link = w->sent;
		int64_t since = link && link->heard_at > w->sent_at ? link->heard_at : w->sent_at;

		if (!link || now - since < SILENT_US)
			continue;
		if (link->doubted_until <= now)
			log_warn("command.unanswered", "endpoint=\"%s\" silent_ms=%lld", bus_endpoint(link->socket),
			    (long long)(now - since) / 1000);
		link->doubted_until = now + DOUBTED_US;
		if (command_links_best(c, true))
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
	if (command_links_open(c, endpoints, e) < 0) {
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
