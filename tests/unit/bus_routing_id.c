/* bus: what a peer with a good key and bad manners gets. A routing id is an address, never an identity: whoever takes
 * another's gets nothing of what is his. Whoever asks without end is not answered without end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <zmq.h>

#include "common/base/wire.h"
#include "common/bus/command.h"
#include "proto/kopru/v1/feed.pb-c.h"
#include "tests/harness/bus_world.h"

#define TEM "department/TEM"
#define FEN "department/FEN"
#define SESSION 4711

struct fixture {
	struct loop *loop;
	struct bus_key server, tem, fen;
	struct table table; /* TEM's */
	struct world_owner owner;
	struct command_server *commands;
	unsigned commands_received;
	void *context;
	void *peers[4];
	size_t peers_count;
	/* what a peer was sent last */
	struct arena *arena;
	const Kopru__V1__FeedEnvelope *heard;
	void *listener;
	int wanted;
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
	reply.code = KOPRU__V1__REPLY__CODE__CODE_OK;
	command_reply(request, &reply);
}

static void
fixture_keys(struct fixture *f)
{
	struct bus_peer peers[2] = {{.name = TEM}, {.name = FEN}};
	struct err e;

	assert_int_equal(bus_key_make(&f->server, &e), 0);
	assert_int_equal(bus_key_make(&f->tem, &e), 0);
	assert_int_equal(bus_key_make(&f->fen, &e), 0);
	memcpy(peers[0].public_key, f->tem.public_key, BUS_KEY_SIZE);
	memcpy(peers[1].public_key, f->fen.public_key, BUS_KEY_SIZE);
	world_owner_open(&f->owner, f->loop, "tcp://127.0.0.1:0", &f->server);
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
	f->arena = arena_new(0);
	f->table.stream = TEM;
	f->owner.tables[0] = &f->table;
	f->owner.by_name = true;
	fixture_keys(f);
	f->commands = command_server_new(f->owner.bus,
	    &(struct command_server_conf){.endpoints = "tcp://127.0.0.1:0",
		.key = &f->server,
		.waiting_max = 100,
		.on_received = on_command,
		.arg = f},
	    NULL, &e);
	assert_non_null(f->commands);
	f->context = zmq_ctx_new();
	*state = f;
	return 0;
}

static int
fixture_close(void **state)
{
	struct fixture *f = *state;

	for (size_t i = 0; i < f->peers_count; i++)
		if (f->peers[i])
			zmq_close(f->peers[i]);
	zmq_ctx_term(f->context);
	command_server_free(f->commands);
	world_owner_close(&f->owner);
	table_free(&f->table);
	arena_free(f->arena);
	loop_free(f->loop);
	free(f);
	return 0;
}

/* routing_id NULL: the owner makes one, as for every client that does not ask for another. */
static void *
peer_open(struct fixture *f, const char *endpoint, const struct bus_key *key, const char *routing_id)
{
	void *s = zmq_socket(f->context, ZMQ_DEALER);
	int zero = 0;

	assert_non_null(s);
	assert_int_equal(zmq_setsockopt(s, ZMQ_LINGER, &zero, sizeof(zero)), 0);
	if (routing_id)
		assert_int_equal(zmq_setsockopt(s, ZMQ_ROUTING_ID, routing_id, strlen(routing_id)), 0);
	assert_int_equal(zmq_setsockopt(s, ZMQ_CURVE_SERVERKEY, f->server.public_key, BUS_KEY_SIZE), 0);
	assert_int_equal(zmq_setsockopt(s, ZMQ_CURVE_PUBLICKEY, key->public_key, BUS_KEY_SIZE), 0);
	assert_int_equal(zmq_setsockopt(s, ZMQ_CURVE_SECRETKEY, key->secret_key, BUS_KEY_SIZE), 0);
	assert_int_equal(zmq_connect(s, endpoint), 0);
	f->peers[f->peers_count++] = s;
	return s;
}

static void
peer_close(struct fixture *f, void *s)
{
	for (size_t i = 0; i < f->peers_count; i++)
		if (f->peers[i] == s)
			f->peers[i] = NULL;
	zmq_close(s);
}

static void
subscribe(void *s)
{
	static char consumer[] = "TEM", stream[] = TEM;
	Kopru__V1__FeedEnvelope envelope;
	Kopru__V1__Subscribe wanted;
	uint8_t bytes[256];
	size_t size;

	kopru__v1__feed_envelope__init(&envelope);
	kopru__v1__subscribe__init(&wanted);
	wanted.consumer = consumer;
	wanted.stream = stream;
	wanted.window = 1000;
	wanted.session = SESSION;
	envelope.body_case = KOPRU__V1__FEED_ENVELOPE__BODY_SUBSCRIBE;
	envelope.subscribe = &wanted;
	size = kopru__v1__feed_envelope__pack(&envelope, bytes);
	assert_int_equal(zmq_send(s, bytes, size, 0), size);
}

/* Has the listener been sent what is wanted? (0: anything) */
static bool
has_heard(void *arg)
{
	struct fixture *f = arg;
	uint8_t bytes[65536];
	struct err e;
	int size;

	while ((size = zmq_recv(f->listener, bytes, sizeof(bytes), ZMQ_DONTWAIT)) >= 0) {
		arena_reset(f->arena);
		f->heard = wire_unpack(&kopru__v1__feed_envelope__descriptor, f->arena, bytes, (size_t)size, &e);
		assert_non_null(f->heard);
		if (f->wanted == 0 || (int)f->heard->body_case == f->wanted)
			return true;
	}
	return false;
}

static bool
hears(struct fixture *f, void *s, int wanted, int64_t milliseconds)
{
	f->listener = s;
	f->wanted = wanted;
	return world_wait(f->loop, has_heard, f, milliseconds);
}

/* Debts of the former holder of an id are not paid to the next one: so nobody may choose one. */
static void
a_chosen_routing_id_is_refused(void **state)
{
	struct fixture *f = *state;
	const char *endpoint = feed_owner_endpoint(f->owner.owner, 0);
	void *victim = peer_open(f, endpoint, &f->tem, "TEM's consumer");
	void *thief = NULL;

	subscribe(victim);
	assert_true(hears(f, victim, KOPRU__V1__FEED_ENVELOPE__BODY_REFUSED, 5000));
	assert_int_equal(f->heard->refused->code, KOPRU__V1__REFUSED__CODE__CODE_MALFORMED);
	assert_non_null(strstr(f->heard->refused->text, "routing id"));
	assert_int_equal(f->heard->refused->session, SESSION);

	peer_close(f, victim);
	thief = peer_open(f, endpoint, &f->fen, "TEM's consumer");
	world_run(f->loop, 300); /* nothing is sent meanwhile that would tell the owner of the change */
	for (unsigned i = 0; i < 20; i++) {
		world_owner_publish(&f->owner, &f->table, 1, 300);
		assert_false(hears(f, thief, 0, 20));
	}
}

static void
a_client_with_an_id_of_the_owners_is_served(void **state)
{
	struct fixture *f = *state;
	void *peer = peer_open(f, feed_owner_endpoint(f->owner.owner, 0), &f->tem, NULL);

	world_owner_publish(&f->owner, &f->table, 3, 300);
	subscribe(peer);
	assert_true(hears(f, peer, KOPRU__V1__FEED_ENVELOPE__BODY_EVENTS, 5000));
	assert_int_equal(f->heard->events->n_items, 3);
}

static bool
is_answered(void *arg)
{
	struct fixture *f = arg;
	uint8_t bytes[4096];
	const Kopru__V1__CommandEnvelope *envelope;
	struct err e;
	int size = zmq_recv(f->listener, bytes, sizeof(bytes), ZMQ_DONTWAIT);

	if (size < 0)
		return false;
	envelope = wire_unpack(&kopru__v1__command_envelope__descriptor, f->arena, bytes, (size_t)size, &e);
	assert_non_null(envelope);
	assert_int_equal(envelope->body_case, KOPRU__V1__COMMAND_ENVELOPE__BODY_REPLY);
	assert_int_equal(envelope->reply->code, f->wanted);
	return true;
}

static void
command(struct fixture *f, void *s, int wanted)
{
	Kopru__V1__CommandEnvelope envelope;
	Kopru__V1__Command c;
	struct uuid id = uuid_new();
	uint8_t bytes[256];
	size_t size;

	kopru__v1__command_envelope__init(&envelope);
	kopru__v1__command__init(&c);
	c.id.data = id.bytes;
	c.id.len = UUID_SIZE;
	envelope.body_case = KOPRU__V1__COMMAND_ENVELOPE__BODY_COMMAND;
	envelope.command = &c;
	size = kopru__v1__command_envelope__pack(&envelope, bytes);
	assert_int_equal(zmq_send(s, bytes, size, 0), size);
	f->listener = s;
	f->wanted = wanted;
	assert_true(world_wait(f->loop, is_answered, f, 5000));
}

static void
a_command_from_a_chosen_routing_id_is_refused(void **state)
{
	struct fixture *f = *state;
	const char *endpoint = command_server_endpoint(f->commands, 0);

	command(f, peer_open(f, endpoint, &f->tem, "TEM's program"), KOPRU__V1__REPLY__CODE__CODE_INVALID);
	assert_int_equal(f->commands_received, 0);
	command(f, peer_open(f, endpoint, &f->tem, NULL), KOPRU__V1__REPLY__CODE__CODE_OK);
	assert_int_equal(f->commands_received, 1);
}

static void
ask(void *s)
{
	static char stream[] = TEM;
	Kopru__V1__FeedEnvelope envelope;
	Kopru__V1__Ask wanted;
	uint8_t bytes[128];
	size_t size;

	kopru__v1__feed_envelope__init(&envelope);
	kopru__v1__ask__init(&wanted);
	wanted.stream = stream;
	wanted.session = SESSION;
	envelope.body_case = KOPRU__V1__FEED_ENVELOPE__BODY_ASK;
	envelope.ask = &wanted;
	size = kopru__v1__feed_envelope__pack(&envelope, bytes);
	assert_int_equal(zmq_send(s, bytes, size, 0), size);
}

/* I-11: an Ask is answered by a Heartbeat; who asks at each one must not keep both sides busy. */
static void
who_asks_at_each_heartbeat_is_not_answered_without_end(void **state)
{
	struct fixture *f = *state;
	void *s = peer_open(f, feed_owner_endpoint(f->owner.owner, 0), &f->tem, NULL);
	int64_t begin;
	unsigned heartbeats = 0;

	subscribe(s);
	assert_true(hears(f, s, KOPRU__V1__FEED_ENVELOPE__BODY_HEARTBEAT, 5000));
	begin = clock_monotonic();
	while (clock_monotonic() - begin < 1500000) {
		ask(s);
		heartbeats += hears(f, s, KOPRU__V1__FEED_ENVELOPE__BODY_HEARTBEAT, 50);
	}
	/* The owner's own one a second, and at most two answers a second. */
	assert_in_range(heartbeats, 1, 8);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(
		who_asks_at_each_heartbeat_is_not_answered_without_end, fixture_open, fixture_close),
	    cmocka_unit_test_setup_teardown(a_chosen_routing_id_is_refused, fixture_open, fixture_close),
	    cmocka_unit_test_setup_teardown(a_client_with_an_id_of_the_owners_is_served, fixture_open, fixture_close),
	    cmocka_unit_test_setup_teardown(a_command_from_a_chosen_routing_id_is_refused, fixture_open, fixture_close),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
