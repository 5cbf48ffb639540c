/* command: requests and replies over real local sockets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/bus/command.h"
#include "tests/harness/bus_world.h"

#define HELD_MAX 64

struct fixture {
	struct loop *loop;
	struct metrics *metrics; /* of the server */
	char folder[64];
	char endpoint[128];
	struct bus *server_bus;
	struct command_server *server;
	struct bus *bus;
	struct command_client *client;
	struct bus_key keys[2];
	bool holds; /* keeps requests instead of answering */
	struct command_request *held[HELD_MAX];
	size_t held_count;
	unsigned received;
	char peer[BUS_PEER_NAME_MAX];
	unsigned ok;
	unsigned busy;
	unsigned unanswered;
	unsigned wrong;
};

/* What one command waits for. */
struct asked {
	struct fixture *fixture;
	uint32_t version;
	struct uuid id;
};

static void
answer(struct command_request *request, uint32_t version)
{
	Kopru__V1__Reply reply;

	kopru__v1__reply__init(&reply);
	reply.code = KOPRU__V1__REPLY__CODE__CODE_OK;
	reply.version = version;
	command_reply(request, &reply);
}

static void
on_received(void *arg, struct command_request *request, const char *peer, const Kopru__V1__Command *command)
{
	struct fixture *f = arg;

	f->received++;
	(void)snprintf(f->peer, sizeof(f->peer), "%s", peer);
	if (!f->holds)
		answer(request, command->expected_version + 1);
	else if (f->held_count < HELD_MAX)
		f->held[f->held_count++] = request;
	else
		answer(request, 0);
}

static void
on_replied(void *arg, const Kopru__V1__Reply *reply)
{
	struct asked *asked = arg;
	struct fixture *f = asked->fixture;

	if (!reply)
		f->unanswered++;
	else if (memcmp(reply->id.data, asked->id.bytes, UUID_SIZE) != 0)
		f->wrong++;
	else if ((int)reply->code == KOPRU__V1__REPLY__CODE__CODE_BUSY)
		f->busy++;
	else if (reply->version == asked->version + 1)
		f->ok++;
	else
		f->wrong++;
	free(asked);
}

static int
ask(struct fixture *f, uint32_t version, int64_t wait_ms)
{
	struct asked *asked = calloc(1, sizeof(*asked));
	Kopru__V1__Command command;
	struct err e;

	assert_non_null(asked);
	asked->fixture = f;
	asked->version = version;
	asked->id = uuid_new();
	kopru__v1__command__init(&command);
	command.id.data = asked->id.bytes;
	command.id.len = UUID_SIZE;
	command.expected_version = version;
	if (command_send(f->client, &command, wait_ms, on_replied, asked, &e) == 0)
		return 0;
	free(asked);
	return -1;
}

static void
server_open(struct fixture *f, size_t waiting_max)
{
	struct err e = {.text = ""};

	f->server_bus = bus_new(f->loop, f->metrics, &e);
	assert_non_null(f->server_bus);
	f->server = command_server_new(f->server_bus,
	    &(struct command_server_conf){.endpoints = f->endpoint,
		.key = &f->keys[0],
		.waiting_max = waiting_max,
		.on_received = on_received,
		.arg = f},
	    NULL, &e);
	assert_non_null(f->server);
}

static void
server_close(struct fixture *f)
{
	command_server_free(f->server);
	bus_free(f->server_bus);
	f->server = NULL;
	f->server_bus = NULL;
}

static void
client_open(struct fixture *f, const char *endpoint)
{
	struct err e = {.text = ""};

	f->bus = bus_new(f->loop, NULL, &e);
	assert_non_null(f->bus);
	f->client = command_client_new(f->bus, f->loop, endpoint, f->keys[0].public_key, &f->keys[1], NULL, &e);
	assert_non_null(f->client);
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
	f->metrics = metrics_new();
	world_folder(f->folder);
	(void)snprintf(f->endpoint, sizeof(f->endpoint), "ipc://%s/command.sock", f->folder);
	assert_int_equal(bus_key_make(&f->keys[0], &e), 0);
	assert_int_equal(bus_key_make(&f->keys[1], &e), 0);
	*state = f;
	return 0;
}

static int
fixture_close(void **state)
{
	struct fixture *f = *state;

	command_client_free(f->client);
	bus_free(f->bus);
	server_close(f);
	for (size_t i = 0; i < f->held_count; i++)
		answer(f->held[i], 0); /* of a server that is gone */
	metrics_free(f->metrics);
	loop_free(f->loop);
	world_folder_remove(f->folder);
	free(f);
	return 0;
}

static unsigned
ended(const struct fixture *f)
{
	return f->ok + f->busy + f->unanswered + f->wrong;
}

static bool
five_hundred_ended(void *arg)
{
	return ended(arg) == 500;
}

static bool
five_held(void *arg)
{
	struct fixture *f = arg;

	return f->held_count == 5;
}

static bool
one_ended(void *arg)
{
	return ended(arg) == 1;
}

static bool
three_held(void *arg)
{
	struct fixture *f = arg;

	return f->held_count == 3;
}

static bool
three_ended(void *arg)
{
	return ended(arg) == 3;
}

static bool
five_ended(void *arg)
{
	return ended(arg) == 5;
}

static bool
twenty_ended(void *arg)
{
	return ended(arg) == 20;
}

static bool
fifteen_ended(void *arg)
{
	return ended(arg) == 15;
}

static void
each_command_gets_its_reply(void **state)
{
	struct fixture *f = *state;

	server_open(f, 1000);
	client_open(f, f->endpoint);
	for (uint32_t i = 0; i < 500; i++)
		assert_int_equal(ask(f, i, 10000), 0);
	assert_int_equal(ended(f), 0); /* never from inside the call */
	assert_true(world_wait(f->loop, five_hundred_ended, f, 5000));
	assert_int_equal(f->ok, 500);
	assert_string_equal(f->peer, "");
}

static void
replies_may_come_in_any_order(void **state)
{
	struct fixture *f = *state;

	f->holds = true;
	server_open(f, 1000);
	client_open(f, f->endpoint);
	for (uint32_t i = 0; i < 5; i++)
		assert_int_equal(ask(f, i, 10000), 0);
	assert_true(world_wait(f->loop, five_held, f, 5000));
	while (f->held_count > 0) {
		f->held_count--;
		answer(f->held[f->held_count], (uint32_t)f->held_count + 1);
	}
	assert_true(world_wait(f->loop, five_ended, f, 5000));
	assert_int_equal(f->ok, 5);
}

static void
what_waits_is_limited_on_both_ends(void **state)
{
	struct fixture *f = *state;
	unsigned taken = 0;

	f->holds = true;
	server_open(f, 5);
	client_open(f, f->endpoint);
	for (uint32_t i = 0; i < 20; i++)
		assert_int_equal(ask(f, i, 10000), 0);
	assert_true(world_wait(f->loop, fifteen_ended, f, 5000));
	assert_int_equal(f->busy, 15);
	while (f->held_count > 0) {
		f->held_count--;
		answer(f->held[f->held_count], (uint32_t)f->held_count + 1);
	}
	assert_true(world_wait(f->loop, twenty_ended, f, 5000));
	assert_int_equal(f->ok, 5);
	for (uint32_t i = 0; i < 1200; i++)
		taken += ask(f, i, 20000) == 0;
	assert_int_equal(taken, 1000);
}

static void
without_an_answer_it_is_told_null(void **state)
{
	struct fixture *f = *state;

	client_open(f, f->endpoint);
	assert_int_equal(ask(f, 1, 200), 0); /* nobody listens */
	assert_true(world_wait(f->loop, one_ended, f, 2000));
	assert_int_equal(f->unanswered, 1);
	assert_int_equal(ask(f, 1, 20000), 0);
	command_client_free(f->client);
	f->client = NULL;
	assert_int_equal(f->unanswered, 2);
}

static void
a_server_that_comes_late_or_again_is_found(void **state)
{
	struct fixture *f = *state;

	client_open(f, f->endpoint);
	assert_int_equal(ask(f, 1, 10000), 0);
	world_run(f->loop, 100);
	f->holds = true;
	server_open(f, 1000);
	world_run(f->loop, 3000);
	assert_int_equal(f->held_count, 1);
	server_close(f); /* with the command, which is not answered */
	answer(f->held[--f->held_count], 2);
	f->holds = false;
	server_open(f, 1000);
	assert_true(world_wait(f->loop, one_ended, f, 6000));
	assert_int_equal(f->ok, 1);
	assert_int_equal(f->received, 2);
}

static bool
all_ten_ended(void *arg)
{
	return ended(arg) == 10;
}

static bool
eleven_ended(void *arg)
{
	return ended(arg) == 11;
}

/* The first of two owners dies with commands in hand: the other one gets them. */
static void
another_instance_takes_over(void **state)
{
	struct fixture *f = *state;
	struct fixture second = {.loop = f->loop};
	char both[300];

	(void)snprintf(second.endpoint, sizeof(second.endpoint), "ipc://%s/second.sock", f->folder);
	(void)snprintf(both, sizeof(both), "%s,%s", f->endpoint, second.endpoint);
	f->holds = true;
	server_open(f, 1000);
	client_open(f, both);
	for (uint32_t i = 0; i < 5; i++)
		assert_int_equal(ask(f, i, 20000), 0);
	assert_true(world_wait(f->loop, five_held, f, 5000));
	server_open(&second, 1000);
	world_run(f->loop, 300);
	assert_int_equal(second.received, 0); /* while the first one is there */
	server_close(f);
	while (f->held_count > 0)
		answer(f->held[--f->held_count], 0);
	for (uint32_t i = 0; i < 5; i++)
		assert_int_equal(ask(f, i, 20000), 0);
	assert_true(world_wait(f->loop, all_ten_ended, f, 15000));
	assert_int_equal(f->ok, 10);
	assert_int_equal(second.received, 10);
	server_close(&second);
}

/* The first of two owners is frozen: it keeps its connection and what it was sent. */
static void
who_is_silent_loses_its_commands_to_another_instance(void **state)
{
	struct fixture *f = *state;
	struct fixture second = {.loop = f->loop};
	char both[300];

	(void)snprintf(second.endpoint, sizeof(second.endpoint), "ipc://%s/second.sock", f->folder);
	(void)snprintf(both, sizeof(both), "%s,%s", f->endpoint, second.endpoint);
	f->holds = true;
	server_open(f, 1000);
	client_open(f, both);
	for (uint32_t i = 0; i < 5; i++)
		assert_int_equal(ask(f, i, 20000), 0);
	assert_true(world_wait(f->loop, five_held, f, 5000));
	server_open(&second, 1000);
	assert_true(world_wait(f->loop, five_ended, f, 5000));
	assert_int_equal(second.received, 5);
	for (uint32_t i = 0; i < 5; i++)
		assert_int_equal(ask(f, i, 20000), 0);
	assert_true(world_wait(f->loop, all_ten_ended, f, 500)); /* it is not asked first again */
	assert_int_equal(second.received, 10);
	while (f->held_count > 0) /* it goes on: what it says late harms nothing, and it is trusted again */
		answer(f->held[--f->held_count], 0);
	world_run(f->loop, 300);
	f->holds = false;
	assert_int_equal(ask(f, 1, 20000), 0);
	assert_true(world_wait(f->loop, eleven_ended, f, 500));
	assert_int_equal(f->ok, 11);
	assert_int_equal(f->received, 6);
	server_close(&second);
}

/* Half of what was sent is answered, then there is silence: the other half goes to another instance all the same. */
static void
an_answer_does_not_vouch_for_what_was_sent_before(void **state)
{
	struct fixture *f = *state;
	struct fixture second = {.loop = f->loop};
	char both[300];

	(void)snprintf(second.endpoint, sizeof(second.endpoint), "ipc://%s/second.sock", f->folder);
	(void)snprintf(both, sizeof(both), "%s,%s", f->endpoint, second.endpoint);
	f->holds = true;
	server_open(f, 1000);
	client_open(f, both);
	for (uint32_t i = 0; i < 3; i++)
		assert_int_equal(ask(f, i, 20000), 0);
	assert_true(world_wait(f->loop, three_held, f, 5000));
	server_open(&second, 1000);
	world_run(f->loop, 200);
	f->held_count--;
	answer(f->held[2], 3);
	assert_true(world_wait(f->loop, one_ended, f, 1000));
	assert_true(world_wait(f->loop, three_ended, f, 5000));
	assert_int_equal(second.received, 2);
	assert_int_equal(f->ok, 3);
	server_close(&second);
}

/* The first of two owners holds what the second is too busy for, and may yet do it: nobody may be told that nothing was
 * done. */
static void
two_owners(struct fixture *f, bool first_dies)
{
	struct fixture second = {.loop = f->loop};
	char both[300];

	(void)snprintf(second.endpoint, sizeof(second.endpoint), "ipc://%s/second.sock", f->folder);
	(void)snprintf(both, sizeof(both), "%s,%s", f->endpoint, second.endpoint);
	f->holds = true;
	server_open(f, 1000);
	client_open(f, both);
	for (uint32_t i = 0; i < 5; i++)
		assert_int_equal(ask(f, i, 20000), 0);
	assert_true(world_wait(f->loop, five_held, f, 5000));
	server_open(&second, 0);
	if (first_dies)
		server_close(f);
	assert_true(world_wait(f->loop, five_ended, f, 8000));
	assert_int_equal(f->busy, 0);
	assert_int_equal(f->unanswered, 5);
	assert_int_equal(second.received, 0);
	server_close(&second);
}

static void
busy_is_no_answer_after_somebody_silent(void **state)
{
	two_owners(*state, false);
}

static void
busy_is_no_answer_after_somebody_gone(void **state)
{
	two_owners(*state, true);
}

/* libzmq counts who only looks whether somebody is there as a failed handshake. */
static void
who_is_connected_is_not_looked_for(void **state)
{
	struct fixture *f = *state;
	char pattern[128];
	int64_t failed;

	(void)snprintf(pattern, sizeof(pattern), "ipc://%s/comm*.sock", f->folder);
	server_open(f, 1000);
	client_open(f, pattern);
	assert_int_equal(ask(f, 1, 20000), 0);
	assert_true(world_wait(f->loop, one_ended, f, 3000));
	world_run(f->loop, 200);
	failed = world_metric(f->metrics, "kopru_bus_handshakes_failed_total", "");
	assert_in_range(failed, 0, 1); /* the first look */
	world_run(f->loop, 2500);
	assert_int_equal(world_metric(f->metrics, "kopru_bus_handshakes_failed_total", ""), failed);
	assert_int_equal(f->ok, 1);
}

/* Sockets of those who were killed lie about; the one who lives comes last of all. */
static void
a_star_finds_who_lives_among_the_dead(void **state)
{
	struct fixture *f = *state;
	char pattern[128];

	(void)snprintf(pattern, sizeof(pattern), "ipc://%s/command-*.sock", f->folder);
	(void)snprintf(f->endpoint, sizeof(f->endpoint), "ipc://%s/command-z.sock", f->folder);
	for (unsigned i = 0; i < 40; i++)
		world_dead_socket(f->folder, "command", i);
	client_open(f, pattern);
	assert_int_equal(ask(f, 1, 20000), 0);
	world_run(f->loop, 300);
	server_open(f, 1000);
	assert_true(world_wait(f->loop, one_ended, f, 3000));
	assert_int_equal(f->ok, 1);
}

static void
too_large_a_command_is_not_taken(void **state)
{
	struct fixture *f = *state;
	struct uuid id = uuid_new();
	char *text = malloc(600 * 1024);
	Kopru__V1__Command command;
	struct err e;

	client_open(f, f->endpoint);
	assert_non_null(text);
	memset(text, 'x', 600 * 1024);
	text[600 * 1024 - 1] = '\0';
	kopru__v1__command__init(&command);
	command.id.data = id.bytes;
	command.id.len = UUID_SIZE;
	command.traceparent = text;
	assert_int_equal(command_send(f->client, &command, 1000, on_replied, NULL, &e), -1);
	command.traceparent = NULL;
	command.id.len = 3;
	assert_int_equal(command_send(f->client, &command, 1000, on_replied, NULL, &e), -1);
	free(text);
}

static void
the_key_says_who_asks_and_has_its_share(void **state)
{
	struct fixture *f = *state;
	struct bus_peer peer;

	f->holds = true;
	(void)snprintf(f->endpoint, sizeof(f->endpoint), "tcp://127.0.0.1:0");
	server_open(f, 20);
	(void)snprintf(peer.public_key, sizeof(peer.public_key), "%s", f->keys[1].public_key);
	(void)snprintf(peer.name, sizeof(peer.name), "department/TEM");
	bus_set_peers(f->server_bus, &peer, 1);
	client_open(f, command_server_endpoint(f->server, 0));
	for (uint32_t i = 0; i < 20; i++)
		assert_int_equal(ask(f, i, 10000), 0);
	assert_true(world_wait(f->loop, fifteen_ended, f, 5000));
	assert_string_equal(f->peer, "department/TEM");
	assert_int_equal(f->busy, 15); /* a fourth of 20 waits */
	assert_int_equal(f->held_count, 5);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(each_command_gets_its_reply, fixture_open, fixture_close),
	    cmocka_unit_test_setup_teardown(replies_may_come_in_any_order, fixture_open, fixture_close),
	    cmocka_unit_test_setup_teardown(what_waits_is_limited_on_both_ends, fixture_open, fixture_close),
	    cmocka_unit_test_setup_teardown(without_an_answer_it_is_told_null, fixture_open, fixture_close),
	    cmocka_unit_test_setup_teardown(a_server_that_comes_late_or_again_is_found, fixture_open, fixture_close),
	    cmocka_unit_test_setup_teardown(another_instance_takes_over, fixture_open, fixture_close),
	    cmocka_unit_test_setup_teardown(
		who_is_silent_loses_its_commands_to_another_instance, fixture_open, fixture_close),
	    cmocka_unit_test_setup_teardown(
		an_answer_does_not_vouch_for_what_was_sent_before, fixture_open, fixture_close),
	    cmocka_unit_test_setup_teardown(busy_is_no_answer_after_somebody_silent, fixture_open, fixture_close),
	    cmocka_unit_test_setup_teardown(busy_is_no_answer_after_somebody_gone, fixture_open, fixture_close),
	    cmocka_unit_test_setup_teardown(who_is_connected_is_not_looked_for, fixture_open, fixture_close),
	    cmocka_unit_test_setup_teardown(a_star_finds_who_lives_among_the_dead, fixture_open, fixture_close),
	    cmocka_unit_test_setup_teardown(too_large_a_command_is_not_taken, fixture_open, fixture_close),
	    cmocka_unit_test_setup_teardown(the_key_says_who_asks_and_has_its_share, fixture_open, fixture_close),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
