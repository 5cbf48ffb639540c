/* bus: the connections of a full door: whose turn it is to go. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/bus/bus_internal.h"
#include "tests/harness/bus_world.h"

#define ROOM 20

struct fixture {
	struct loop *loop;
	struct metrics *metrics;
	struct bus *bus; /* the door's */
	struct bus *others;
	struct bus_key server;
	struct bus_key key;
	struct bus_socket *door;
	struct bus_socket *good[ROOM];
	unsigned up; /* of the good ones */
	unsigned downs;
	int strangers[4 * ROOM];
	size_t strangers_count;
};

static void
on_message(void *arg, const struct bus_sender *from, const void *data, size_t size)
{
	(void)arg;
	(void)from;
	(void)data;
	(void)size;
}

static void
on_link(void *arg, bool up)
{
	struct fixture *f = arg;

	f->up += up;
	f->downs += !up;
}

static int
fixture_open(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct bus_door door = {.frame_max = 4096, .unread_max = 10, .connections_max = ROOM};
	struct bus_peer peer;
	struct err e;

	assert_non_null(f);
	ids_start();
	f->loop = loop_new(&e);
	assert_non_null(f->loop);
	f->metrics = metrics_new();
	f->bus = bus_new(f->loop, f->metrics, &e);
	f->others = bus_new(f->loop, NULL, &e);
	assert_true(f->bus && f->others);
	assert_int_equal(bus_key_make(&f->server, &e), 0);
	assert_int_equal(bus_key_make(&f->key, &e), 0);
	(void)snprintf(peer.public_key, sizeof(peer.public_key), "%s", f->key.public_key);
	(void)snprintf(peer.name, sizeof(peer.name), "department/TEM");
	bus_set_peers(f->bus, &peer, 1);
	door.endpoint = "tcp://127.0.0.1:0";
	door.key = &f->server;
	f->door = bus_bind_door(f->bus, &door, on_message, f, &e);
	assert_non_null(f->door);
	*state = f;
	return 0;
}

static int
fixture_close(void **state)
{
	struct fixture *f = *state;

	for (size_t i = 0; i < ROOM; i++)
		bus_close(f->good[i]);
	for (size_t i = 0; i < f->strangers_count; i++)
		close(f->strangers[i]);
	bus_close(f->door);
	bus_free(f->others);
	bus_free(f->bus);
	metrics_free(f->metrics);
	loop_free(f->loop);
	free(f);
	return 0;
}

static void
good_connect(struct fixture *f, size_t i)
{
	struct err e;

	f->good[i] = bus_connect(f->others, bus_endpoint(f->door), f->server.public_key, &f->key, on_message, f, &e);
	assert_non_null(f->good[i]);
	bus_on_link(f->good[i], on_link);
}

static bool
one_up(void *arg)
{
	return ((struct fixture *)arg)->up >= 1;
}

static bool
all_up(void *arg)
{
	return ((struct fixture *)arg)->up >= ROOM;
}

static int64_t
ended(const struct fixture *f)
{
	return world_metric(f->metrics, "kopru_bus_ended_total", "");
}

static uint16_t
port_of(const char *endpoint)
{
	return (uint16_t)strtoul(strrchr(endpoint, ':') + 1, NULL, 10);
}

static int
tcp_open(uint16_t port)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_true(fd >= 0);
	assert_int_equal(connect(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

/* A greeting, and most of a frame that is longer than any handshake. */
static void
stranger_connect(struct fixture *f)
{
	static const uint8_t head[] = {6, 0, 0, 0, 0, 0, 0, 8, 0};
	int fd = tcp_open(port_of(bus_endpoint(f->door)));
	uint8_t said[64 + sizeof(head) + 1500];

	memset(said, 0, sizeof(said));
	said[0] = 0xff;
	said[9] = 0x7f;
	said[10] = 3;
	memcpy(said + 12, "CURVE", 5);
	memcpy(said + 64, head, sizeof(head));
	assert_int_equal(send(fd, said, sizeof(said), MSG_NOSIGNAL), sizeof(said));
	f->strangers[f->strangers_count++] = fd;
}

static void
strangers_who_send_much_are_strangers(void **state)
{
	struct fixture *f = *state;

	for (unsigned i = 0; i < ROOM; i++)
		stranger_connect(f);
	world_run(f->loop, 300);
	assert_int_equal(ended(f), 0);
	good_connect(f, 0);
	assert_true(world_wait(f->loop, one_up, f, 2000)); /* before libzmq gives the strangers up, after 3 s */
	assert_int_equal(ended(f), 1);
}

static void
good_ones_stay_when_strangers_come(void **state)
{
	struct fixture *f = *state;

	for (size_t i = 0; i < ROOM; i++)
		good_connect(f, i);
	assert_true(world_wait(f->loop, all_up, f, 2000));
	world_run(f->loop, 200);
	for (unsigned i = 0; i < 3 * ROOM; i++)
		stranger_connect(f);
	world_run(f->loop, 1000);
	assert_int_equal(ended(f), 3 * ROOM);
	assert_int_equal(f->downs, 0);
}

/* libzmq's descriptor may be somebody else's by the time that we are told of it. */
static void
another_socket_under_the_number_is_left_alone(void **state)
{
	struct fixture *f = *state;
	struct bus_connections *full;
	struct sockaddr_in address = {.sin_family = AF_INET};
	socklen_t size = sizeof(address);
	int listening = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int local[2], ours, theirs;

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(bind(listening, (const struct sockaddr *)&address, size), 0);
	assert_int_equal(listen(listening, 1), 0);
	assert_int_equal(getsockname(listening, (struct sockaddr *)&address, &size), 0);
	theirs = tcp_open(ntohs(address.sin_port));
	ours = accept4(listening, NULL, NULL, SOCK_CLOEXEC);
	assert_true(ours >= 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, local), 0);
	full = bus_connections_new(f->bus, bus_endpoint(f->door), 0);
	bus_connections_opened(full, ours);
	bus_connections_opened(full, local[0]);
	bus_connections_opened(full, listening);
	bus_connections_free(full);
	assert_int_equal(ended(f), 0);
	assert_int_equal(send(ours, "a", 1, MSG_NOSIGNAL), 1);
	assert_int_equal(send(local[0], "a", 1, MSG_NOSIGNAL), 1);
	close(listening);
	close(ours);
	close(theirs);
	close(local[0]);
	close(local[1]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(strangers_who_send_much_are_strangers, fixture_open, fixture_close),
	    cmocka_unit_test_setup_teardown(good_ones_stay_when_strangers_come, fixture_open, fixture_close),
	    cmocka_unit_test_setup_teardown(another_socket_under_the_number_is_left_alone, fixture_open, fixture_close),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
