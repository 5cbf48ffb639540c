/* bus: what strangers and bad peers send; a good client beside them goes on in every case. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <dirent.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <zmq.h>

#include "common/base/wire.h"
#include "common/bus/command.h"
#include "proto/kopru/v1/feed.pb-c.h"
#include "tests/harness/bus_world.h"

#define TEM "department/TEM"
#define FEN "department/FEN"

struct fixture {
	struct loop *loop;
	char folder[64];
	char endpoint[128]; /* tcp */
	char local[128];
	char both[256];
	struct bus_key server;
	struct bus_key tem;
	struct bus_key fen;
	struct table tem_table;
	struct table fen_table;
	struct world_owner owner;
	struct world_consumer good;
	struct feed_consumer_conf conf;
	struct command_server *commands;
	unsigned commands_received;
	void *context; /* of the bad ones */
	void *bad[4];
	size_t bad_count;
};

static void
on_command(void *arg, struct command_request *request, const char *peer, const Kopru__V1__Command *command)
{
	struct fixture *f = arg;
	Kopru__V1__Reply reply;

	(void)peer;
	(void)command;
	f->commands_received++;
	kopru__v1__reply__init(&reply);
	command_reply(request, &reply);
}

static void
fixture_keys(struct fixture *f)
{
	struct bus_peer peers[2];
	struct err e;

	assert_int_equal(bus_key_make(&f->server, &e), 0);
	assert_int_equal(bus_key_make(&f->tem, &e), 0);
	assert_int_equal(bus_key_make(&f->fen, &e), 0);
	(void)snprintf(peers[0].public_key, BUS_KEY_SIZE, "%s", f->tem.public_key);
	(void)snprintf(peers[1].public_key, BUS_KEY_SIZE, "%s", f->fen.public_key);
	(void)snprintf(peers[0].name, BUS_PEER_NAME_MAX, "%s", TEM);
	(void)snprintf(peers[1].name, BUS_PEER_NAME_MAX, "%s", FEN);
	world_owner_open(&f->owner, f->loop, f->both, &f->server);
	bus_set_peers(f->owner.bus, peers, 2);
}

static int
fixture_open(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct err e;

	assert_non_null(f);
	ids_start();
	f->loop = loop_new(&e);
	assert_non_null(f->loop);
	world_folder(f->folder);
	(void)snprintf(f->local, sizeof(f->local), "ipc://%s/feed.sock", f->folder);
	(void)snprintf(f->both, sizeof(f->both), "tcp://127.0.0.1:0,%s", f->local);
	f->tem_table.stream = TEM;
	f->fen_table.stream = FEN;
	f->owner.tables[0] = &f->tem_table;
	f->owner.tables[1] = &f->fen_table;
	fixture_keys(f);
	f->owner.by_name = true;
	(void)snprintf(f->endpoint, sizeof(f->endpoint), "%s", feed_owner_endpoint(f->owner.owner, 0));
	f->commands = command_server_new(f->owner.bus,
	    &(struct command_server_conf){.endpoints = "tcp://127.0.0.1:0",
		.key = &f->server,
		.waiting_max = 100,
		.on_received = on_command,
		.arg = f},
	    NULL, &e);
	assert_non_null(f->commands);
	f->conf = (struct feed_consumer_conf){.endpoints = f->endpoint,
	    .consumer = "FEN",
	    .stream = FEN,
	    .server_public = f->server.public_key,
	    .key = &f->fen,
	    .window = 1000};
	f->good.acks = true;
	f->good.table = &f->fen_table;
	world_consumer_open(&f->good, f->loop, &f->conf);
	world_consumer_start(&f->good, 0);
	f->context = zmq_ctx_new();
	*state = f;
	return 0;
}

static int
fixture_close(void **state)
{
	struct fixture *f = *state;

	for (size_t i = 0; i < f->bad_count; i++)
		zmq_close(f->bad[i]);
	zmq_ctx_term(f->context);
	world_consumer_close(&f->good);
	command_server_free(f->commands);
	world_owner_close(&f->owner);
	table_free(&f->tem_table);
	table_free(&f->fen_table);
	loop_free(f->loop);
	world_folder_remove(f->folder);
	free(f);
	return 0;
}

static bool
good_caught_up(void *arg)
{
	struct fixture *f = arg;

	return f->good.position == f->fen_table.count;
}

/* The oracle of all cases. */
static void
good_goes_on(struct fixture *f)
{
	world_owner_publish(&f->owner, &f->fen_table, 10, 300);
	assert_true(world_wait(f->loop, good_caught_up, f, 5000));
	assert_int_equal(f->good.wrong, 0);
}

static uint16_t
port_of(const char *endpoint)
{
	return (uint16_t)strtoul(strrchr(endpoint, ':') + 1, NULL, 10);
}

static int
tcp_open(const char *endpoint)
{
	struct sockaddr_in address = {.sin_family = AF_INET};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	address.sin_port = htons(port_of(endpoint));
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_true(fd >= 0);
	assert_int_equal(connect(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

static int
local_open(const char *endpoint)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)snprintf(address.sun_path, sizeof(address.sun_path), "%s", endpoint + strlen("ipc://"));
	assert_true(fd >= 0);
	assert_int_equal(connect(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

/* false: the other end has closed. */
static bool
put(int fd, const void *data, size_t size)
{
	return send(fd, data, size, MSG_NOSIGNAL) == (ssize_t)size;
}

static size_t
descriptors(void)
{
	DIR *folder = opendir("/proc/self/fd");
	size_t count = 0;

	assert_non_null(folder);
	while (readdir(folder))
		count++;
	closedir(folder);
	return count;
}

static void
greeting(uint8_t bytes[64], uint8_t version, const char *mechanism)
{
	memset(bytes, 0, 64);
	bytes[0] = 0xff;
	bytes[9] = 0x7f;
	bytes[10] = version;
	memcpy(bytes + 12, mechanism, strlen(mechanism));
}

/* F-065 */
static void
strangers_bytes_on_the_port(void **state)
{
	static const char http[] = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
	static const uint8_t tls[] = {0x16, 0x03, 0x01, 0x00, 0x05, 0x01, 0x00, 0x00, 0x01, 0x03, 0x03};
	static const uint8_t zmtp1[] = {0x01, 0x00, 0x05, 0x00, 'h', 'e', 'l', 'l'};
	struct fixture *f = *state;
	uint8_t bytes[4096];
	uint8_t hello[64];

	srandom(7);
	for (unsigned round = 0; round < 40; round++) {
		int fd = tcp_open(f->endpoint);

		for (size_t i = 0; i < sizeof(bytes); i++)
			bytes[i] = (uint8_t)random();
		greeting(hello, (uint8_t)(round % 5), round % 2 ? "NULL" : "CURVE");
		if (round % 5 == 0)
			(void)put(fd, http, sizeof(http) - 1);
		else if (round % 5 == 1)
			(void)put(fd, tls, sizeof(tls));
		else if (round % 5 == 2)
			(void)put(fd, zmtp1, sizeof(zmtp1));
		else if (round % 5 == 3 && put(fd, hello, sizeof(hello)))
			(void)put(fd, bytes, 300);
		else
			(void)put(fd, bytes, sizeof(bytes));
		world_run(f->loop, 5);
		close(fd);
		if (round % 10 == 0)
			good_goes_on(f);
	}
	good_goes_on(f);
}

/* F-066: who greets and then says nothing is closed. */
static void
silent_connections_are_closed(void **state)
{
	struct fixture *f = *state;
	uint8_t hello[64];
	int fds[200];
	size_t before;

	good_goes_on(f);
	before = descriptors();
	greeting(hello, 3, "CURVE");
	for (size_t i = 0; i < 200; i++) {
		fds[i] = tcp_open(f->endpoint);
		(void)put(fds[i], hello, i % 2 ? sizeof(hello) : 5);
	}
	world_run(f->loop, 300);
	good_goes_on(f);
	assert_in_range(descriptors(), before + 390, before + 410); /* ours and theirs */
	world_run(f->loop, 3500);
	assert_in_range(descriptors(), before, before + 210); /* ours only */
	for (size_t i = 0; i < 200; i++)
		close(fds[i]);
	good_goes_on(f);
}

/* ZMTP 3.0 with the NULL mechanism, by hand. */
static int
zmtp_open(const char *endpoint)
{
	static const char ready[] = "\x04\x1c"
				    "\x05READY"
				    "\x0bSocket-Type\x00\x00\x00\x06"
				    "DEALER";
	int fd = local_open(endpoint);
	uint8_t hello[64];
	uint8_t answer[512];
	size_t size = 0;

	greeting(hello, 3, "NULL");
	assert_true(put(fd, hello, sizeof(hello)));
	assert_true(put(fd, ready, sizeof(ready) - 1));
	/* What is sent before the other one's READY has come is a violation, and lost. */
	while (size < 66 || size < 66U + answer[65]) {
		ssize_t got = recv(fd, answer + size, sizeof(answer) - size, 0);

		assert_true(got > 0);
		size += (size_t)got;
	}
	return fd;
}

static void
put_frame(int fd, bool more, const void *data, uint8_t size)
{
	uint8_t frame[258] = {more ? 1 : 0, size};

	memcpy(frame + 2, data, size);
	(void)put(fd, frame, size + 2U);
}

static int64_t
malformed(const struct fixture *f)
{
	return world_metric(f->owner.metrics, "kopru_bus_dropped_total", "reason=\"malformed\"");
}

/* The control: a frame of ours gets through the hand-made handshake and is counted. */
static void
zmtp_works(struct fixture *f, int fd)
{
	int64_t before = malformed(f);

	put_frame(fd, false, "\xff\xff", 2);
	for (unsigned i = 0; i < 500 && malformed(f) == before; i++)
		world_run(f->loop, 10);
	assert_int_equal(malformed(f), before + 1);
}

/* F-069, as far as it can be had: libzmq itself keeps the pieces, so only our own folder has such a port. */
static void
an_unfinished_message_harms_nobody(void **state)
{
	struct fixture *f = *state;
	uint8_t junk[255];
	int fd = zmtp_open(f->local);
	size_t before;

	memset(junk, 0xff, sizeof(junk));
	zmtp_works(f, fd);
	before = world_memory();
	for (unsigned i = 0; i < 40000; i++) {
		put_frame(fd, true, junk, 255);
		if (i % 1000 == 0)
			world_run(f->loop, 2);
	}
	good_goes_on(f);
	assert_in_range(world_memory(), 0, before + 64UL * 1024 * 1024);
	close(fd);
	world_run(f->loop, 100);
	good_goes_on(f);
	assert_int_equal(malformed(f), 1); /* the control and nothing else */
}

/* F-070 */
static void
frames_longer_than_allowed_end_the_connection(void **state)
{
	static const uint64_t lengths[] = {
	    1024 * 1024 + 1, UINT64_C(1) << 31, UINT64_C(1) << 62, UINT64_C(1) << 63, UINT64_MAX};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		int fd = zmtp_open(f->local);
		uint8_t head[9] = {2};
		char answer[256];
		ssize_t got;

		zmtp_works(f, fd);
		for (unsigned byte = 0; byte < 8; byte++)
			head[1 + byte] = (uint8_t)(lengths[i] >> (56 - 8 * byte));
		(void)put(fd, head, sizeof(head));
		world_run(f->loop, 300);
		do
			got = recv(fd, answer, sizeof(answer), MSG_DONTWAIT);
		while (got > 0);
		assert_int_equal(got, 0); /* closed */
		close(fd);
		good_goes_on(f);
	}
}

/* A peer with a good key and bad manners. */
static void *
bad_peer_open(struct fixture *f, const char *endpoint)
{
	void *s = zmq_socket(f->context, ZMQ_DEALER);
	int zero = 0;
	int room = 100000;

	assert_non_null(s);
	assert_int_equal(zmq_setsockopt(s, ZMQ_LINGER, &zero, sizeof(zero)), 0);
	assert_int_equal(zmq_setsockopt(s, ZMQ_SNDHWM, &room, sizeof(room)), 0);
	assert_int_equal(zmq_setsockopt(s, ZMQ_CURVE_SERVERKEY, f->server.public_key, BUS_KEY_SIZE), 0);
	assert_int_equal(zmq_setsockopt(s, ZMQ_CURVE_PUBLICKEY, f->tem.public_key, BUS_KEY_SIZE), 0);
	assert_int_equal(zmq_setsockopt(s, ZMQ_CURVE_SECRETKEY, f->tem.secret_key, BUS_KEY_SIZE), 0);
	assert_int_equal(zmq_connect(s, endpoint), 0);
	f->bad[f->bad_count++] = s;
	return s;
}

static void
say(void *s, const void *data, size_t size)
{
	assert_int_equal(zmq_send(s, data, size, ZMQ_DONTWAIT), size);
}

static size_t
pack_subscribe(uint8_t *bytes, char *consumer, char *stream, uint64_t session)
{
	Kopru__V1__FeedEnvelope envelope;
	Kopru__V1__Subscribe subscribe;

	kopru__v1__feed_envelope__init(&envelope);
	kopru__v1__subscribe__init(&subscribe);
	subscribe.consumer = consumer;
	subscribe.stream = stream;
	subscribe.window = 10;
	subscribe.session = session;
	envelope.body_case = KOPRU__V1__FEED_ENVELOPE__BODY_SUBSCRIBE;
	envelope.subscribe = &subscribe;
	return kopru__v1__feed_envelope__pack(&envelope, bytes);
}

static size_t
pack_ack(uint8_t *bytes, char *stream, uint64_t seq, uint64_t session)
{
	Kopru__V1__FeedEnvelope envelope;
	Kopru__V1__Ack ack;

	kopru__v1__feed_envelope__init(&envelope);
	kopru__v1__ack__init(&ack);
	ack.stream = stream;
	ack.seq = seq;
	ack.session = session;
	envelope.body_case = KOPRU__V1__FEED_ENVELOPE__BODY_ACK;
	envelope.ack = &ack;
	return kopru__v1__feed_envelope__pack(&envelope, bytes);
}

static size_t
pack_ask(uint8_t *bytes, char *stream, uint64_t head, uint64_t session)
{
	Kopru__V1__FeedEnvelope envelope;
	Kopru__V1__Ask ask;

	kopru__v1__feed_envelope__init(&envelope);
	kopru__v1__ask__init(&ask);
	ask.stream = stream;
	ask.head = head;
	ask.session = session;
	envelope.body_case = KOPRU__V1__FEED_ENVELOPE__BODY_ASK;
	envelope.ask = &ask;
	return kopru__v1__feed_envelope__pack(&envelope, bytes);
}

static size_t
pack_command(uint8_t *bytes)
{
	Kopru__V1__CommandEnvelope envelope;
	Kopru__V1__Command command;
	struct uuid id = uuid_new();

	kopru__v1__command_envelope__init(&envelope);
	kopru__v1__command__init(&command);
	command.id.data = id.bytes;
	command.id.len = UUID_SIZE;
	command.expected_version = 7;
	envelope.body_case = KOPRU__V1__COMMAND_ENVELOPE__BODY_COMMAND;
	envelope.command = &command;
	return kopru__v1__command_envelope__pack(&envelope, bytes);
}

/* F-072: cut at every byte, every bit flipped; and noise. */
static void
say_damaged(struct fixture *f, void *s, const uint8_t *golden, size_t size)
{
	uint8_t bytes[512];

	for (size_t cut = 0; cut < size; cut++)
		say(s, golden, cut);
	for (size_t bit = 0; bit < size * 8; bit++) {
		memcpy(bytes, golden, size);
		bytes[bit / 8] ^= (uint8_t)(1U << (bit % 8));
		say(s, bytes, size);
	}
	world_run(f->loop, 50);
	for (unsigned i = 0; i < 5000; i++) {
		size_t length = (size_t)random() % sizeof(bytes);

		for (size_t k = 0; k < length; k++)
			bytes[k] = (uint8_t)random();
		say(s, bytes, length);
	}
	world_run(f->loop, 200);
}

static void
damaged_frames_are_dropped(void **state)
{
	struct fixture *f = *state;
	void *feed = bad_peer_open(f, f->endpoint);
	void *commands = bad_peer_open(f, command_server_endpoint(f->commands, 0));
	char name[] = "TEM";
	char stream[] = TEM;
	uint8_t golden[256];

	table_append(&f->tem_table, 300);
	say_damaged(f, feed, golden, pack_subscribe(golden, name, stream, 77));
	say_damaged(f, feed, golden, pack_ack(golden, stream, 1, 77));
	say_damaged(f, feed, golden, pack_ask(golden, stream, 1, 77));
	say_damaged(f, commands, golden, pack_command(golden));
	good_goes_on(f);
	assert_true(world_metric(f->owner.metrics, "kopru_bus_dropped_total", "reason=\"malformed\"") > 1000);
}

static size_t
nest(uint8_t *bytes, size_t room, unsigned depth)
{
	size_t at = room;

	for (unsigned i = 0; i < depth; i++) {
		size_t inner = room - at;
		uint8_t length[5];
		size_t digits = 0;

		do {
			length[digits++] = (uint8_t)((inner & 0x7f) | (inner > 0x7f ? 0x80 : 0));
			inner >>= 7;
		} while (inner > 0);
		if (at < digits + 1)
			break;
		at -= digits;
		memcpy(bytes + at, length, digits);
		bytes[--at] = 0x52; /* field 10, bytes: Subscribe, or Command */
	}
	memmove(bytes, bytes + at, room - at);
	return room - at;
}

/* F-073, F-074, F-075 */
static void
say_bombs(struct fixture *f, void *s)
{
	static const uint8_t odd[][16] = {
	    {0x00, 0x01}, /* tag 0 */
	    {0x53, 0x54}, /* a group */
	    {0x50, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01}, /* varint of 11 bytes */
	    {0x52, 0x04, 0x0a, 0x02, 0xc0, 0x80}, /* overlong NUL */
	    {0x52, 0x04, 0x0a, 0x02, 0xed, 0xa0}, /* half a surrogate */
	    {0x52, 0x03, 0x0a, 0x01, 0x00}, /* a NUL */
	    {0x52, 0xff, 0xff, 0xff, 0xff, 0x0f}, /* a length beyond the end */
	};
	uint8_t *large = calloc(1, WIRE_FRAME_MAX);

	assert_non_null(large);
	for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++)
		for (size_t size = 1; size <= sizeof(odd[0]); size++)
			say(s, odd[i], size);
	for (unsigned depth = 1; depth <= 100000; depth *= 10)
		say(s, large, nest(large, WIRE_FRAME_MAX, depth));
	for (unsigned i = 0; i < 20; i++) {
		for (size_t at = 0; at + 1 < WIRE_FRAME_MAX; at += 2) {
			large[at] = i % 2 ? 0xa2 : 0x52;
			large[at + 1] = i % 2 ? 0x01 : 0x00;
		}
		say(s, large, i % 3 ? 4000 : WIRE_FRAME_MAX);
		memset(large, 0xff, WIRE_FRAME_MAX);
		say(s, large, WIRE_FRAME_MAX);
		world_run(f->loop, 20);
	}
	free(large);
}

static void
bombs_are_dropped_in_bounded_memory(void **state)
{
	struct fixture *f = *state;
	void *feed = bad_peer_open(f, f->endpoint);
	void *commands = bad_peer_open(f, command_server_endpoint(f->commands, 0));
	size_t before;

	good_goes_on(f);
	before = world_memory();
	say_bombs(f, feed);
	good_goes_on(f);
	say_bombs(f, commands);
	good_goes_on(f);
	assert_int_equal(f->commands_received, 0);
	assert_in_range(world_memory(), 0, before + 128UL * 1024 * 1024);
}

static bool
flood_over(void *arg)
{
	struct fixture *f = arg;

	return world_metric(f->owner.metrics, "kopru_feed_refused_total", "") == 2000;
}

/* Who takes none of its frames is not read for again and again. */
static void
reads_settle(struct fixture *f)
{
	unsigned before = 0, i = 0;

	do {
		before = f->owner.reads;
		world_run(f->loop, 500);
	} while (f->owner.reads >= before + 20 && ++i < 20);
	assert_in_range(f->owner.reads, before, before + 19);
}

/* F-068, F-078: acks of the future, of others, asks that lie, and a flood of subscriptions. */
static void
bad_manners_with_a_good_key_cost_nobody_else(void **state)
{
	struct fixture *f = *state;
	void *feed = bad_peer_open(f, f->endpoint);
	char stream[] = TEM, others[] = FEN;
	uint8_t bytes[512];
	unsigned reads;
	int64_t begun;

	for (unsigned i = 0; i < 100; i++)
		table_append(&f->tem_table, 300);
	good_goes_on(f);
	for (unsigned i = 0; i < 2000; i++) {
		char name[32];

		(void)snprintf(name, sizeof(name), "TEM-%u", i);
		say(feed, bytes, pack_subscribe(bytes, name, stream, i));
		say(feed, bytes, pack_ack(bytes, stream, UINT64_MAX, i));
		say(feed, bytes, pack_ack(bytes, others, 1, i));
		say(feed, bytes, pack_subscribe(bytes, name, others, i));
	}
	good_goes_on(f);
	assert_true(world_wait(f->loop, flood_over, f, 30000));
	reads_settle(f);
	good_goes_on(f);
	assert_in_range(world_metric(f->owner.metrics, "kopru_feed_subscriptions", ""), 1, 17);
	/* 16 subscriptions of window 10 hold 10 each, whatever was acknowledged of what was never sent. */
	assert_in_range(world_metric(f->owner.metrics, "kopru_feed_sent_total", ""), 0, 2000 * 10 + 2000);
	reads = f->owner.reads;
	begun = clock_monotonic();
	for (unsigned i = 0; i < 300; i++) {
		say(feed, bytes, pack_ask(bytes, stream, UINT64_MAX, 1999));
		world_run(f->loop, 3);
	}
	/* A second (more of them on a busy machine) and two streams: five looks for the liar, one for each stream. */
	assert_in_range(f->owner.reads, reads + 1, reads + 40 + (unsigned)((clock_monotonic() - begun) / 50000));
	good_goes_on(f);
}

static bool
ten_sent(void *arg)
{
	struct fixture *f = arg;

	return world_metric(f->owner.metrics, "kopru_feed_sent_total", "") == 10;
}

static bool
twenty_sent(void *arg)
{
	struct fixture *f = arg;

	return world_metric(f->owner.metrics, "kopru_feed_sent_total", "") == 20;
}

/* F-078: they neither give credit nor stand in the way of an honest one. */
static void
acks_of_the_future_and_of_old_sessions_do_nothing(void **state)
{
	struct fixture *f = *state;
	void *feed = bad_peer_open(f, f->endpoint);
	char name[] = "TEM";
	char stream[] = TEM;
	uint8_t bytes[256];

	for (unsigned i = 0; i < 100; i++)
		table_append(&f->tem_table, 300);
	say(feed, bytes, pack_subscribe(bytes, name, stream, 5));
	assert_true(world_wait(f->loop, ten_sent, f, 5000)); /* its window */
	say(feed, bytes, pack_ack(bytes, stream, 11, 5));
	say(feed, bytes, pack_ack(bytes, stream, 50, 5));
	say(feed, bytes, pack_ack(bytes, stream, UINT64_MAX, 5));
	say(feed, bytes, pack_ack(bytes, stream, 10, 4));
	world_run(f->loop, 500);
	assert_true(ten_sent(f));
	assert_int_equal(world_metric(f->owner.metrics, "kopru_bus_dropped_total", "reason=\"unexpected\""), 4);
	say(feed, bytes, pack_ack(bytes, stream, 10, 5));
	assert_true(world_wait(f->loop, twenty_sent, f, 5000));
}

/* The other way round: what a bad owner says to a consumer. */
struct bad_owner {
	struct fixture *fixture;
	struct bus_socket *socket;
	unsigned subscribed;
};

static void
bad_events(struct bad_owner *b, const struct bus_sender *to, const Kopru__V1__Subscribe *wanted)
{
	static const uint64_t firsts[] = {2, 1, 1, 5, UINT64_MAX, 0};
	struct table *t = &b->fixture->fen_table;
	unsigned kind = b->subscribed++ % 6;
	Kopru__V1__FeedEnvelope envelope;
	Kopru__V1__Events events;
	Kopru__V1__Item items[2];
	Kopru__V1__Item *pointers[] = {&items[0], &items[1]};
	uint8_t bytes[4096];
	size_t size;

	kopru__v1__feed_envelope__init(&envelope);
	kopru__v1__events__init(&events);
	for (unsigned i = 0; i < 2; i++) {
		kopru__v1__item__init(&items[i]);
		items[i].seq = wanted->after_seq + firsts[kind];
		items[i].event.data = t->events[0].bytes;
		items[i].event.len = kind == 2 ? 3 : t->events[0].size;
	}
	events.stream = wanted->stream;
	events.session = kind == 1 ? wanted->session + 1 : wanted->session;
	events.n_items = 2;
	events.items = pointers;
	envelope.body_case = KOPRU__V1__FEED_ENVELOPE__BODY_EVENTS;
	envelope.events = &events;
	size = kopru__v1__feed_envelope__pack(&envelope, bytes);
	for (size_t cut = 1; cut < size; cut += 17)
		(void)bus_send(b->socket, to->routing_id, to->routing_size, bytes, cut);
	(void)bus_send(b->socket, to->routing_id, to->routing_size, bytes, size);
}

static void
bad_on_message(void *arg, const struct bus_sender *from, const void *data, size_t size)
{
	struct bad_owner *b = arg;
	struct arena *a = arena_new(0);
	const Kopru__V1__FeedEnvelope *envelope;
	struct err e;

	envelope = wire_unpack(&kopru__v1__feed_envelope__descriptor, a, data, size, &e);
	if (envelope && (int)envelope->body_case == KOPRU__V1__FEED_ENVELOPE__BODY_SUBSCRIBE)
		bad_events(b, from, envelope->subscribe);
	arena_free(a);
}

static bool
seven_subscriptions(void *arg)
{
	return ((struct bad_owner *)arg)->subscribed >= 7;
}

static void
a_bad_owner_delivers_nothing(void **state)
{
	struct fixture *f = *state;
	struct bad_owner b = {.fixture = f};
	struct world_consumer c = {.table = &f->fen_table};
	char endpoint[128];
	struct err e;

	good_goes_on(f);
	(void)snprintf(endpoint, sizeof(endpoint), "ipc://%s/bad.sock", f->folder);
	b.socket = bus_bind(f->owner.bus, endpoint, NULL, bad_on_message, &b, &e);
	assert_non_null(b.socket);
	f->conf.endpoints = endpoint;
	world_consumer_open(&c, f->loop, &f->conf);
	world_consumer_start(&c, 0);
	assert_true(world_wait(f->loop, seven_subscriptions, &b, 20000));
	assert_int_equal(c.wrong, 0);
	assert_int_equal(c.position, 0);
	world_consumer_close(&c);
	bus_close(b.socket);
	good_goes_on(f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(strangers_bytes_on_the_port, fixture_open, fixture_close),
	    cmocka_unit_test_setup_teardown(silent_connections_are_closed, fixture_open, fixture_close),
	    cmocka_unit_test_setup_teardown(an_unfinished_message_harms_nobody, fixture_open, fixture_close),
	    cmocka_unit_test_setup_teardown(frames_longer_than_allowed_end_the_connection, fixture_open, fixture_close),
	    cmocka_unit_test_setup_teardown(damaged_frames_are_dropped, fixture_open, fixture_close),
	    cmocka_unit_test_setup_teardown(bombs_are_dropped_in_bounded_memory, fixture_open, fixture_close),
	    cmocka_unit_test_setup_teardown(bad_manners_with_a_good_key_cost_nobody_else, fixture_open, fixture_close),
	    cmocka_unit_test_setup_teardown(
		acks_of_the_future_and_of_old_sessions_do_nothing, fixture_open, fixture_close),
	    cmocka_unit_test_setup_teardown(a_bad_owner_delivers_nothing, fixture_open, fixture_close),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
