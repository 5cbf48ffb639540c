/* bus: sockets on the loop. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include <zmq.h>

#include "common/base/wire.h"
#include "tests/harness/bus_world.h"

#define MESSAGES 20000

struct fixture {
	struct loop *loop;
	char folder[64];
	char endpoint[128];
	struct metrics *metrics;
	struct bus *bus;
	struct bus_socket *server;
	struct bus_socket *client;
	uint8_t routing_id[255];
	size_t routing_size;
	uint32_t received; /* by the server */
	uint32_t answered; /* back at the client */
	uint32_t sent;
	unsigned wrong;
	bool answers;
	bool closes;
	struct loop_timer *timer;
	unsigned fired;
	atomic_bool flooded;
	int64_t burn_us; /* how long the server works on a message */
};

static void
server_on_message(void *arg, const struct bus_sender *from, const void *data, size_t size)
{
	struct fixture *f = arg;
	uint32_t number;

	if (size != sizeof(number) || from->name[0] != '\0') {
		f->wrong++;
		return;
	}
	memcpy(&number, data, sizeof(number));
	f->wrong += number != f->received;
	f->received++;
	for (int64_t until = clock_monotonic() + f->burn_us; clock_monotonic() < until;)
		;
	memcpy(f->routing_id, from->routing_id, from->routing_size);
	f->routing_size = from->routing_size;
	if (f->answers && bus_send(f->server, from->routing_id, from->routing_size, data, size) < 0)
		f->wrong++;
	if (f->closes) {
		bus_close(f->server);
		f->server = NULL;
	}
}

static void
client_on_message(void *arg, const struct bus_sender *from, const void *data, size_t size)
{
	struct fixture *f = arg;
	uint32_t number;

	(void)from;
	if (size != sizeof(number)) {
		f->wrong++;
		return;
	}
	memcpy(&number, data, sizeof(number));
	f->wrong += number != f->answered;
	f->answered++;
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
	(void)snprintf(f->endpoint, sizeof(f->endpoint), "ipc://%s/a.sock", f->folder);
	f->metrics = metrics_new();
	f->bus = bus_new(f->loop, f->metrics, &e);
	assert_non_null(f->bus);
	f->server = bus_bind(f->bus, f->endpoint, NULL, server_on_message, f, &e);
	assert_non_null(f->server);
	f->client = bus_connect(f->bus, f->endpoint, NULL, NULL, client_on_message, f, &e);
	assert_non_null(f->client);
	*state = f;
	return 0;
}

static int
fixture_close(void **state)
{
	struct fixture *f = *state;

	timer_free(f->timer);
	bus_close(f->server);
	bus_close(f->client);
	bus_free(f->bus);
	metrics_free(f->metrics);
	loop_free(f->loop);
	world_folder_remove(f->folder);
	free(f);
	return 0;
}

static int
send_next(struct fixture *f)
{
	if (bus_send(f->client, NULL, 0, &f->sent, sizeof(f->sent)) < 0)
		return -1;
	f->sent++;
	return 0;
}

static bool
first_sent(void *arg)
{
	struct fixture *f = arg;

	return f->sent > 0 || send_next(f) == 0;
}

static bool
all_answered(void *arg)
{
	struct fixture *f = arg;

	return f->answered == MESSAGES;
}

/* Sends from outside the socket's own wake-up: each eats the edge of what came meanwhile. */
static void
on_send_more(void *arg)
{
	struct fixture *f = arg;

	for (unsigned i = 0; i < 7 && f->sent < MESSAGES && f->sent - f->answered < 500; i++)
		if (send_next(f) < 0)
			break;
	if (f->sent < MESSAGES)
		timer_start(f->timer, 0);
}

/* No timer of the bus would rescue a lost edge here: the wait would end in failure. */
static void
no_edge_is_lost(void **state)
{
	struct fixture *f = *state;

	f->answers = true;
	assert_true(world_wait(f->loop, first_sent, f, 5000));
	f->timer = timer_new(f->loop, on_send_more, f);
	timer_start(f->timer, 0);
	assert_true(world_wait(f->loop, all_answered, f, 20000));
	assert_int_equal(f->received, MESSAGES);
	assert_int_equal(f->wrong, 0);
}

static void
on_fired(void *arg)
{
	struct fixture *f = arg;

	f->fired++;
	timer_start(f->timer, 5);
}

static void *
raw_open(void *context, const char *endpoint)
{
	void *raw = zmq_socket(context, ZMQ_DEALER);
	int linger = 1000;

	assert_non_null(raw);
	assert_int_equal(zmq_setsockopt(raw, ZMQ_LINGER, &linger, sizeof(linger)), 0);
	assert_int_equal(zmq_connect(raw, endpoint), 0);
	return raw;
}

/* Sends without a pause, from a thread and a context of its own. */
static void *
flood(void *arg)
{
	struct fixture *f = arg;
	void *context = zmq_ctx_new();
	void *raw = raw_open(context, f->endpoint);
	int linger = 0;

	for (uint32_t number = 0; !atomic_load(&f->flooded);)
		if (zmq_send(raw, &number, sizeof(number), ZMQ_DONTWAIT) >= 0)
			number++;
	zmq_setsockopt(raw, ZMQ_LINGER, &linger, sizeof(linger));
	zmq_close(raw);
	zmq_ctx_term(context);
	return NULL;
}

/* There is always another message: the loop must have its turns all the same. */
static void
a_flood_does_not_starve_timers(void **state)
{
	struct fixture *f = *state;
	pthread_t thread;

	f->burn_us = 20; /* slower than the flood, so the socket is never empty */
	f->timer = timer_new(f->loop, on_fired, f);
	timer_start(f->timer, 5);
	assert_int_equal(pthread_create(&thread, NULL, flood, f), 0);
	world_run(f->loop, 1500);
	atomic_store(&f->flooded, true);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_int_equal(f->wrong, 0);
	assert_in_range(f->received, 1000, UINT32_MAX);
	assert_in_range(f->fired, 30, 1000); /* 300 on an idle machine */
}

static void
nobody_to_send_to_is_said(void **state)
{
	struct fixture *f = *state;
	uint32_t number = 0;

	assert_int_equal(bus_send(f->server, "\0none", 5, &number, sizeof(number)), -1);
	assert_int_equal(errno, EHOSTUNREACH);
	bus_close(f->server);
	f->server = NULL;
	world_run(f->loop, 50);
	assert_int_equal(bus_send(f->client, NULL, 0, &number, sizeof(number)), -1);
	assert_int_equal(errno, EAGAIN);
}

static bool
server_gone(void *arg)
{
	struct fixture *f = arg;

	return !f->server;
}

static void
a_socket_may_be_closed_from_its_own_message(void **state)
{
	struct fixture *f = *state;

	f->closes = true;
	assert_true(world_wait(f->loop, first_sent, f, 5000));
	for (unsigned i = 0; i < 100; i++)
		(void)send_next(f);
	assert_true(world_wait(f->loop, server_gone, f, 5000));
	assert_int_equal(f->received, 1);
}

static bool
one_received(void *arg)
{
	struct fixture *f = arg;

	return f->received > 0;
}

static void
several_frames_and_large_ones_are_dropped(void **state)
{
	struct fixture *f = *state;
	void *context = zmq_ctx_new();
	void *raw = raw_open(context, f->endpoint);
	char *large = calloc(1, WIRE_FRAME_MAX + 1);
	uint32_t number = 0;

	assert_int_equal(zmq_send(raw, "", 0, ZMQ_SNDMORE), 0);
	assert_int_equal(zmq_send(raw, &number, sizeof(number), 0), sizeof(number));
	assert_int_equal(zmq_send(raw, large, WIRE_FRAME_MAX + 1, 0), WIRE_FRAME_MAX + 1);
	assert_int_equal(zmq_send(raw, &number, sizeof(number), 0), sizeof(number));
	assert_true(world_wait(f->loop, one_received, f, 5000));
	assert_int_equal(f->wrong, 0);
	assert_int_equal(world_metric(f->metrics, "kopru_bus_dropped_total", "reason=\"multipart\""), 1);
	assert_int_equal(world_metric(f->metrics, "kopru_bus_dropped_total", "reason=\"too_large\""), 1);
	zmq_close(raw);
	zmq_ctx_term(context);
	free(large);
}

static void
a_local_socket_is_for_its_owner_only(void **state)
{
	struct fixture *f = *state;
	struct stat what;

	assert_int_equal(stat(f->endpoint + strlen("ipc://"), &what), 0);
	assert_int_equal(what.st_mode & 07777, 0600);
}

static void
nobody_s_place_is_taken_but_a_dead_one_s_is(void **state)
{
	struct fixture *f = *state;
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	char stale[128];
	struct bus_socket *second;
	struct err e;
	int fd;

	assert_null(bus_bind(f->bus, f->endpoint, NULL, server_on_message, f, &e));
	assert_non_null(strstr(e.text, "listens"));
	assert_true(world_wait(f->loop, first_sent, f, 5000)); /* the first one still does */
	assert_true(world_wait(f->loop, one_received, f, 5000));

	(void)snprintf(stale, sizeof(stale), "ipc://%s/stale.sock", f->folder);
	(void)snprintf(address.sun_path, sizeof(address.sun_path), "%s/stale.sock", f->folder);
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	assert_int_equal(bind(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
	close(fd);
	second = bus_bind(f->bus, stale, NULL, server_on_message, f, &e);
	assert_non_null(second);
	bus_close(second);
}

static void
tcp_without_a_key_and_other_transports_are_refused(void **state)
{
	struct fixture *f = *state;
	struct err e;

	assert_null(bus_bind(f->bus, "tcp://127.0.0.1:0", NULL, server_on_message, f, &e));
	assert_null(bus_connect(f->bus, "tcp://127.0.0.1:1", NULL, NULL, client_on_message, f, &e));
	assert_null(bus_bind(f->bus, "inproc://x", NULL, server_on_message, f, &e));
	assert_null(bus_connect(f->bus, "pgm://x", NULL, NULL, client_on_message, f, &e));
}

static void
write_file(const char *path, const char *text, mode_t mode)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chmod(path, mode), 0);
}

static void
keys_are_read_from_files(void **state)
{
	struct fixture *f = *state;
	struct bus_key made;
	struct bus_key read;
	char public_key[BUS_KEY_SIZE];
	char path[128];
	char line[64];
	struct err e;

	assert_int_equal(bus_key_make(&made, &e), 0);
	(void)snprintf(path, sizeof(path), "%s/key", f->folder);
	(void)snprintf(line, sizeof(line), "%s\n", made.secret_key);
	write_file(path, line, 0600);
	assert_int_equal(bus_key_read(path, &read, &e), 0);
	assert_string_equal(read.public_key, made.public_key);
	assert_string_equal(read.secret_key, made.secret_key);
	write_file(path, line, 0644);
	assert_int_equal(bus_key_read(path, &read, &e), -1);
	write_file(path, made.public_key, 0644);
	assert_int_equal(bus_key_read_public(path, public_key, &e), 0);
	assert_string_equal(public_key, made.public_key);
	write_file(path, "too short", 0600);
	assert_int_equal(bus_key_read_public(path, public_key, &e), -1);
	write_file(path, "~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~", 0600);
	assert_int_equal(bus_key_read_public(path, public_key, &e), -1);
	assert_int_equal(bus_key_read(path, &read, &e), -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(no_edge_is_lost, fixture_open, fixture_close),
	    cmocka_unit_test_setup_teardown(a_flood_does_not_starve_timers, fixture_open, fixture_close),
	    cmocka_unit_test_setup_teardown(nobody_to_send_to_is_said, fixture_open, fixture_close),
	    cmocka_unit_test_setup_teardown(a_socket_may_be_closed_from_its_own_message, fixture_open, fixture_close),
	    cmocka_unit_test_setup_teardown(several_frames_and_large_ones_are_dropped, fixture_open, fixture_close),
	    cmocka_unit_test_setup_teardown(a_local_socket_is_for_its_owner_only, fixture_open, fixture_close),
	    cmocka_unit_test_setup_teardown(nobody_s_place_is_taken_but_a_dead_one_s_is, fixture_open, fixture_close),
	    cmocka_unit_test_setup_teardown(
		tcp_without_a_key_and_other_transports_are_refused, fixture_open, fixture_close),
	    cmocka_unit_test_setup_teardown(keys_are_read_from_files, fixture_open, fixture_close),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
