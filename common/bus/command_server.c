/* command_server: takes commands, keeps who asked, and answers. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "common/base/ids.h"
#include "common/base/log.h"
#include "common/base/wire.h"
#include "common/bus/bus_internal.h"
#include "common/bus/command.h"

#define COMMAND_MAX (128UL * 1024) /* bytes of one frame */
#define CONNECTIONS_MAX 400 /* at each tcp:// endpoint */
#define UNREAD_MAX 16 /* commands of one connection */
#define COMMAND_MEMORY (1024UL * 1024) /* of one unpacked command */
#define WAITING_MEMORY (64UL * 1024 * 1024) /* of all that wait */
#define ROUTING_MAX 255
#define PEER_SHARE 4 /* one key's name may have a fourth of what waits */

struct command_door {
	struct command_server *server;
	struct bus_socket *socket;
};

struct command_request {
	LIST_ENTRY(command_request) entry;
	struct command_server *server; /* NULL: it is gone */
	struct bus_socket *socket;
	struct arena *arena;
	uint8_t routing_id[ROUTING_MAX];
	size_t routing_size;
	char peer[BUS_PEER_NAME_MAX];
	uint8_t id[UUID_SIZE];
};

struct command_server {
	struct bus *bus;
	struct command_door doors[BUS_ENDPOINTS_MAX];
	size_t doors_count;
	size_t waiting_max;
	size_t waiting;
	size_t bytes; /* that they hold */
	LIST_HEAD(command_requests, command_request) requests;
	command_on_received *on_received;
	void *arg;
	struct arena *scratch; /* for packing replies and refusing commands */
	struct metric *received;
	struct metric *busy;
	struct metric *waiting_now;
};

/* Where a reply goes. */
struct reply_to {
	struct bus_socket *socket;
	const void *routing_id;
	size_t routing_size;
};

static void
reply_send(struct command_server *s, const struct reply_to *to, Kopru__V1__Reply *reply)
{
	Kopru__V1__CommandEnvelope envelope;
	uint8_t *bytes;
	size_t size;

	kopru__v1__command_envelope__init(&envelope);
	envelope.body_case = KOPRU__V1__COMMAND_ENVELOPE__BODY_REPLY;
	envelope.reply = reply;
	arena_reset(s->scratch);
	bytes = wire_pack(s->scratch, &envelope.base, &size);
	if (!bytes || size > WIRE_FRAME_MAX)
		abort();
	if (bus_send(to->socket, to->routing_id, to->routing_size, bytes, size) < 0)
		log_debug("reply.undelivered", "size=%zu", size);
}

static size_t
waiting_of_peer(const struct command_server *s, const char *peer)
{
	const struct command_request *r;
	size_t count = 0;

	for (r = LIST_FIRST(&s->requests); r; r = LIST_NEXT(r, entry))
		count += strcmp(r->peer, peer) == 0;
	return count;
}

static bool
server_has_room(const struct command_server *s, const char *peer)
{
	size_t share = s->waiting_max / PEER_SHARE > 0 ? s->waiting_max / PEER_SHARE : 1;

	if (s->waiting >= s->waiting_max || s->bytes >= WAITING_MEMORY)
		return false;
	return peer[0] == '\0' || waiting_of_peer(s, peer) < share;
}

static struct command_request *
request_new(
    struct command_door *door, const struct bus_sender *from, const Kopru__V1__Command *command, struct arena *a)
{
	struct command_server *s = door->server;
	struct command_request *r = calloc(1, sizeof(*r));

	if (!r || from->routing_size > sizeof(r->routing_id))
		abort();
	r->server = s;
	r->socket = door->socket;
	r->arena = a;
	memcpy(r->routing_id, from->routing_id, from->routing_size);
	r->routing_size = from->routing_size;
	(void)snprintf(r->peer, sizeof(r->peer), "%s", from->name);
	memcpy(r->id, command->id.data, UUID_SIZE);
	LIST_INSERT_HEAD(&s->requests, r, entry);
	s->bytes += arena_size(a);
	metric_set(s->waiting_now, (int64_t)++s->waiting);
	return r;
}

static void
request_free(struct command_request *r)
{
	if (r->server) {
		LIST_REMOVE(r, entry);
		r->server->bytes -= arena_size(r->arena);
		metric_set(r->server->waiting_now, (int64_t)--r->server->waiting);
	}
	arena_free(r->arena);
	free(r);
}

static void
answer(struct command_door *door, const struct bus_sender *from, const Kopru__V1__Command *command,
    Kopru__V1__Reply *reply)
{
	const struct reply_to to = {door->socket, from->routing_id, from->routing_size};

	reply->id = command->id;
	reply_send(door->server, &to, reply);
}

static void
answer_busy(struct command_door *door, const struct bus_sender *from, const Kopru__V1__Command *command)
{
	static char text[] = "Şu an çok komut bekliyor; aynı komut numarasıyla biraz sonra yeniden deneyin / "
			     "too many commands wait; try again a little later with the same command id";
	Kopru__V1__Reply reply;

	kopru__v1__reply__init(&reply);
	reply.code = KOPRU__V1__REPLY__CODE__CODE_BUSY;
	reply.text = text;
	metric_add(door->server->busy, 1);
	answer(door, from, command, &reply);
}

/* Its reply might reach another one. */
static void
answer_chosen(struct command_door *door, const struct bus_sender *from, const Kopru__V1__Command *command)
{
	static char text[] = "İstemci yönlendirme kimliğini (ZMQ_ROUTING_ID) kendisi seçmiş; boş bırakılmalıdır / "
			     "the client chose its routing id (ZMQ_ROUTING_ID); it must leave it unset";
	Kopru__V1__Reply reply;

	kopru__v1__reply__init(&reply);
	reply.code = KOPRU__V1__REPLY__CODE__CODE_INVALID;
	reply.text = text;
	bus_drop(door->server->bus, BUS_DROPPED_CHOSEN_ID);
	answer(door, from, command, &reply);
}

static const Kopru__V1__Command *
command_unpack(struct arena *a, const void *data, size_t size)
{
	const Kopru__V1__CommandEnvelope *envelope;
	struct err e;

	if (size > COMMAND_MAX)
		return NULL;
	envelope = wire_unpack(&kopru__v1__command_envelope__descriptor, a, data, size, &e);
	if (!envelope || (int)envelope->body_case != KOPRU__V1__COMMAND_ENVELOPE__BODY_COMMAND ||
	    envelope->command->id.len != UUID_SIZE)
		return NULL;
	return envelope->command;
}

static void
on_message(void *arg, const struct bus_sender *from, const void *data, size_t size)
{
	struct command_door *door = arg;
	struct command_server *s = door->server;
	struct arena *a = arena_new(COMMAND_MEMORY);
	const Kopru__V1__Command *command = command_unpack(a, data, size);
	struct command_request *r;

	if (!command) {
		bus_drop(s->bus, BUS_DROPPED_MALFORMED);
		goto refused;
	}
	if (from->chose_id) {
		answer_chosen(door, from, command);
		goto refused;
	}
	metric_add(s->received, 1);
	if (!server_has_room(s, from->name)) {
		answer_busy(door, from, command);
		goto refused;
	}
	r = request_new(door, from, command, a);
	s->on_received(s->arg, r, r->peer, command);
	return;

refused:
	arena_free(a);
}

void
command_reply(struct command_request *request, Kopru__V1__Reply *reply)
{
	if (request->server) {
		const struct reply_to to = {request->socket, request->routing_id, request->routing_size};

		reply->id.data = request->id;
		reply->id.len = UUID_SIZE;
		reply_send(request->server, &to, reply);
		reply->id.data = NULL;
		reply->id.len = 0;
	}
	request_free(request);
}

static int
server_bind(
    struct command_server *s, const char *text, const struct bus_key *key, unsigned connections_max, struct err *e)
{
	char endpoints[BUS_ENDPOINTS_MAX][BUS_ENDPOINT_SIZE];
	size_t count;

	if (bus_endpoints_split(text, endpoints, &count, e) < 0)
		return -1;
	for (size_t i = 0; i < count; i++) {
		const struct bus_door at = {endpoints[i], key, COMMAND_MAX, UNREAD_MAX, connections_max};
		struct command_door *door = &s->doors[i];

		door->server = s;
		door->socket = bus_bind_door(s->bus, &at, on_message, door, e);
		if (!door->socket)
			return -1;
		s->doors_count++;
	}
	return 0;
}

struct command_server *
command_server_new(struct bus *b, const struct command_server_conf *conf, struct metrics *m, struct err *e)
{
	struct command_server *s = calloc(1, sizeof(*s));

	if (!s)
		abort();
	s->bus = b;
	s->waiting_max = conf->waiting_max;
	s->on_received = conf->on_received;
	s->arg = conf->arg;
	s->scratch = arena_new(0);
	LIST_INIT(&s->requests);
	if (m) {
		s->received = metrics_counter(m, "kopru_command_received_total", "", "Commands received");
		s->busy = metrics_counter(m, "kopru_command_busy_total", "", "Commands answered busy at once");
		s->waiting_now = metrics_gauge(m, "kopru_command_waiting", "", "Commands without an answer yet");
	}
	if (server_bind(s, conf->endpoints, conf->key, conf->connections_max ? conf->connections_max : CONNECTIONS_MAX,
		e) < 0) {
		command_server_free(s);
		return NULL;
	}
	return s;
}

const char *
command_server_endpoint(const struct command_server *s, size_t i)
{
	return i < s->doors_count ? bus_endpoint(s->doors[i].socket) : NULL;
}

void
command_server_free(struct command_server *s)
{
	struct command_request *r;

	if (!s)
		return;
	while ((r = LIST_FIRST(&s->requests))) {
		LIST_REMOVE(r, entry);
		r->server = NULL; /* whoever holds it still ends it */
	}
	for (size_t i = 0; i < s->doors_count; i++)
		bus_close(s->doors[i].socket);
	arena_free(s->scratch);
	free(s);
}
