/* fuzz command_frames: both ends of commands. Whatever peers say to the server and owners say to the client, in whatever order:
 * each command that was sent ends once, by the reply with its id or by none; each that was received is answered once, to
 * whom it came from and with its id; what waits stays bounded. The input is a list of steps. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/ids.h"
#include "common/base/log.h"
#include "common/base/wire.h"
#include "common/bus/command.h"
#include "tests/fuzz/frames/frames.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define PEERS 4
#define WAITING_MAX 8 /* of the server */
#define SENT_MAX 48
#define SERVER 0
#define CLIENT 1 /* and 2: its links */

struct sent {
	struct play *play;
	uint8_t id;
	unsigned ended;
};

struct held {
	struct command_request *request;
	uint8_t peer, id[UUID_SIZE];
};

struct play {
	struct command_server *server;
	struct command_client *client;
	struct arena *room, *arena;
	struct sent sent[SENT_MAX];
	size_t sent_count;
	struct held held[WAITING_MAX];
	size_t held_count;
	const struct held *answering;
	uint8_t peer; /* who speaks to the server now */
	unsigned replies; /* since then */
	int sending;
};

static void
on_received(void *arg, struct command_request *request, const char *peer, const Kopru__V1__Command *command)
{
	struct play *p = arg;
	struct held *held = &p->held[p->held_count++];

	frames_require(p->held_count <= WAITING_MAX && peer && command->id.len == UUID_SIZE);
	held->request = request;
	held->peer = p->peer;
	memcpy(held->id, command->id.data, UUID_SIZE);
}

static void
on_replied(void *arg, const Kopru__V1__Reply *reply)
{
	struct sent *sent = arg;

	frames_require(sent->ended++ == 0);
	frames_require(!reply || (reply->id.len == UUID_SIZE && reply->id.data[0] == sent->id));
}

static void
reply_check(struct play *p, const struct bus_sender *to, const Kopru__V1__Reply *reply)
{
	uint8_t peer = ((const uint8_t *)to->routing_id)[0];

	frames_require(to->routing_size == 1 && reply->id.len == UUID_SIZE);
	p->replies++;
	if (p->answering)
		frames_require(peer == p->answering->peer && memcmp(reply->id.data, p->answering->id, UUID_SIZE) == 0);
	else
		frames_require(peer == p->peer && *reply->text);
}

static int
on_sent(void *arg, struct bus_socket *s, const struct bus_sender *to, const void *data, size_t size)
{
	struct play *p = arg;
	const Kopru__V1__CommandEnvelope *said;
	struct err e;

	arena_reset(p->arena);
	said = wire_unpack(&kopru__v1__command_envelope__descriptor, p->arena, data, size, &e);
	frames_require(said != NULL);
	if (!s->router) {
		frames_require(said->body_case == KOPRU__V1__COMMAND_ENVELOPE__BODY_COMMAND);
		return p->sending;
	}
	frames_require(said->body_case == KOPRU__V1__COMMAND_ENVELOPE__BODY_REPLY);
	reply_check(p, to, said->reply);
	return p->sending;
}

static void
arrive(struct play *p, size_t socket, const uint8_t *bytes, size_t size)
{
	static const char *const names[] = {"", "department/TEM", "department/TEM", "service/intake"};
	const struct bus_sender from = {
	    .routing_id = &p->peer, .routing_size = 1, .name = names[p->peer], .key = "", .chose_id = p->peer == 2};

	p->replies = 0;
	p->answering = NULL;
	if (frames_socket(socket))
		frames_arrive(frames_socket(socket), &from, bytes, size);
}

static void
raw_arrives(struct play *p, size_t socket, struct frames_input *in)
{
	size_t size, held = p->held_count;
	const uint8_t *bytes = frames_bytes(in, &size);

	arrive(p, socket, bytes, size);
	frames_require(p->replies + (p->held_count - held) <= 1);
}

static void
command_arrives(struct play *p, struct frames_input *in)
{
	Kopru__V1__CommandEnvelope envelope;
	Kopru__V1__Command command;
	uint8_t id[UUID_SIZE + 1] = {frames_byte(in)}, shape = frames_byte(in);
	size_t size, held = p->held_count;
	const uint8_t *bytes;

	kopru__v1__command_envelope__init(&envelope);
	kopru__v1__command__init(&command);
	command.id.data = id;
	command.id.len = shape & 1 ? UUID_SIZE : shape % sizeof(id);
	envelope.body_case = KOPRU__V1__COMMAND_ENVELOPE__BODY_COMMAND;
	envelope.command = &command;
	bytes = wire_pack(p->room, &envelope.base, &size);
	arrive(p, SERVER, bytes, size);
	frames_require(p->replies + (p->held_count - held) == (command.id.len == UUID_SIZE ? 1 : 0));
}

static void
reply_arrives(struct play *p, size_t socket, struct frames_input *in)
{
	Kopru__V1__CommandEnvelope envelope;
	Kopru__V1__Reply reply;
	uint8_t id[UUID_SIZE + 1] = {frames_byte(in)}, shape = frames_byte(in);
	size_t size;
	const uint8_t *bytes;

	kopru__v1__command_envelope__init(&envelope);
	kopru__v1__reply__init(&reply);
	reply.id.data = id;
	reply.id.len = shape & 1 ? UUID_SIZE : shape % sizeof(id);
	reply.code = (Kopru__V1__Reply__Code)(shape >> 1);
	envelope.body_case = KOPRU__V1__COMMAND_ENVELOPE__BODY_REPLY;
	envelope.reply = &reply;
	bytes = wire_pack(p->room, &envelope.base, &size);
	arrive(p, socket, bytes, size);
}

static void
command_leaves(struct play *p, struct frames_input *in)
{
	Kopru__V1__Command command;
	struct sent *sent = &p->sent[p->sent_count];
	uint8_t id[UUID_SIZE] = {frames_byte(in)};
	struct err e;

	kopru__v1__command__init(&command);
	if (p->sent_count == SENT_MAX)
		return;
	command.id.data = id;
	command.id.len = UUID_SIZE;
	*sent = (struct sent){p, id[0], 0};
	if (command_send(p->client, &command, (int64_t)frames_byte(in) * 8, on_replied, sent, &e) == 0)
		p->sent_count++;
}

static void
answer(struct play *p, size_t i)
{
	static char text[] = "done";
	Kopru__V1__Reply reply;
	struct held held = p->held[i];

	kopru__v1__reply__init(&reply);
	reply.code = KOPRU__V1__REPLY__CODE__CODE_OK;
	reply.text = text;
	p->held[i] = p->held[--p->held_count];
	p->answering = &held;
	p->replies = 0;
	command_reply(held.request, &reply);
	frames_require(p->replies == (p->server ? 1 : 0));
	p->answering = NULL;
}

static void
step(struct play *p, struct frames_input *in)
{
	uint8_t what = frames_byte(in);
	size_t link = CLIENT + (what >> 7);

	p->peer = what >> 4 & 3;
	switch (what % 16) {
	case 0:
		raw_arrives(p, SERVER, in);
		break;
	case 1:
		raw_arrives(p, link, in);
		break;
	case 2:
	case 3:
		command_arrives(p, in);
		break;
	case 4:
	case 5:
		reply_arrives(p, link, in);
		break;
	case 6:
	case 7:
		command_leaves(p, in);
		break;
	case 8:
	case 9:
		if (p->held_count > 0)
			answer(p, (what >> 4) % p->held_count);
		break;
	case 10:
	case 11:
		frames_link(frames_socket(link), what % 16 == 10);
		break;
	case 12:
		p->sending = what & 16 ? EAGAIN : 0;
		break;
	default:
		frames_pass((int64_t)frames_byte(in) * 8);
	}
}

/* What is held is answered before or after the server's end. */
static void
end(struct play *p, bool answer_first)
{
	while (answer_first && p->held_count > 0)
		answer(p, 0);
	command_server_free(p->server);
	p->server = NULL;
	while (p->held_count > 0)
		answer(p, 0);
	command_client_free(p->client);
	for (size_t i = 0; i < p->sent_count; i++)
		frames_require(p->sent[i].ended == 1);
	frames_end();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct frames_input in = {data, size};
	struct play p = {.room = arena_new(0), .arena = arena_new(0)};
	const struct command_server_conf conf = {
	    .endpoints = "ipc:///s", .waiting_max = WAITING_MAX, .on_received = on_received, .arg = &p};
	struct bus *bus = frames_begin(on_sent, &p);
	struct err e;

	ids_start();
	log_set_level((enum log_level) - 1);
	p.server = command_server_new(bus, &conf, NULL, &e);
	p.client = command_client_new(bus, NULL, "ipc:///a,ipc:///b", NULL, NULL, NULL, &e);
	frames_require(p.server && p.client);
	for (unsigned steps = 0; in.size > 0 && steps < 400; steps++) {
		arena_reset(p.room);
		step(&p, &in);
	}
	end(&p, size % 2);
	arena_free(p.room);
	arena_free(p.arena);
	return 0;
}
