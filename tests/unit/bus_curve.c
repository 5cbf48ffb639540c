/* bus: CURVE and ZAP: whose key may in, and whose stream it reads. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <time.h>
#include <zmq.h>

#include "proto/kopru/v1/feed.pb-c.h"
#include "tests/harness/bus_world.h"

#define TEM "department/TEM"
#define FEN "department/FEN"

struct fixture {
	struct loop *loop;
	struct bus_key server;
	struct bus_key tem;
	struct bus_key tem_new;
	struct bus_key fen;
	struct bus_key stranger;
	struct table tem_table;
	struct table fen_table;
	struct world_owner owner;
	struct world_consumer consumer;
	struct world_consumer other;
	struct feed_consumer_conf conf;
	char endpoint[128];
};

static struct bus_peer
peer_of(const struct bus_key *key, const char *name)
{
	struct bus_peer peer;

	(void)snprintf(peer.public_key, sizeof(peer.public_key), "%s", key->public_key);
	(void)snprintf(peer.name, sizeof(peer.name), "%s", name);
	return peer;
}

static void
let_in_both(struct fixture *f)
{
	const struct bus_peer peers[] = {peer_of(&f->tem, TEM), peer_of(&f->fen, FEN)};

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
	assert_int_equal(bus_key_make(&f->server, &e), 0);
	assert_int_equal(bus_key_make(&f->tem, &e), 0);
	assert_int_equal(bus_key_make(&f->tem_new, &e), 0);
	assert_int_equal(bus_key_make(&f->fen, &e), 0);
	assert_int_equal(bus_key_make(&f->stranger, &e), 0);
	f->tem_table.stream = TEM;
	f->fen_table.stream = FEN;
	f->owner.tables[0] = &f->tem_table;
	f->owner.tables[1] = &f->fen_table;
	f->owner.by_name = true;
	world_owner_open(&f->owner, f->loop, "tcp://127.0.0.1:0", &f->server);
	(void)snprintf(f->endpoint, sizeof(f->endpoint), "%s", feed_owner_endpoint(f->owner.owner, 0));
	f->conf = (struct feed_consumer_conf){
	    .endpoints = f->endpoint, .consumer = "TEM", .server_public = f->server.public_key, .window = 1000};
	f->consumer.acks = f->other.acks = true;
	*state = f;
	return 0;
}

static int
fixture_close(void **state)
{
	struct fixture *f = *state;

	if (f->consumer.bus)
		world_consumer_close(&f->consumer);
	if (f->other.bus)
		world_consumer_close(&f->other);
	world_owner_close(&f->owner);
	table_free(&f->tem_table);
	table_free(&f->fen_table);
	loop_free(f->loop);
	free(f);
	return 0;
}

static void
consume(struct fixture *f, struct world_consumer *c, const struct bus_key *key, struct table *table)
{
	f->conf.key = key;
	f->conf.stream = table->stream;
	c->table = table;
	world_consumer_open(c, f->loop, &f->conf);
	world_consumer_start(c, 0);
}

static bool
consumer_caught_up(void *arg)
{
	struct world_consumer *c = arg;

	return c->position == c->table->count;
}

static bool
consumer_refused(void *arg)
{
	struct world_consumer *c = arg;

	return c->refused > 0;
}

static bool
key_refused(void *arg)
{
	struct world_owner *w = arg;

	return world_metric(w->metrics, "kopru_bus_refused_total", "") > 0;
}

static void
an_unknown_key_is_refused_and_the_good_one_goes_on(void **state)
{
	struct fixture *f = *state;

	let_in_both(f);
	consume(f, &f->consumer, &f->tem, &f->tem_table);
	consume(f, &f->other, &f->stranger, &f->tem_table);
	assert_true(world_wait(f->loop, key_refused, &f->owner, 5000));
	for (unsigned i = 0; i < 20; i++) {
		world_owner_publish(&f->owner, &f->tem_table, 10, 300);
		assert_true(world_wait(f->loop, consumer_caught_up, &f->consumer, 3000));
		world_run(f->loop, 20);
	}
	assert_int_equal(f->consumer.wrong, 0);
	assert_int_equal(f->other.batches, 0);
	assert_int_equal(feed_consumer_silent_ms(f->other.consumer), -1);
}

/* I-13: what it says of itself does not matter, its key does. */
static void
a_department_reads_its_own_stream_and_no_other(void **state)
{
	struct fixture *f = *state;

	let_in_both(f);
	table_append(&f->tem_table, 300);
	table_append(&f->fen_table, 300);
	f->conf.consumer = "FEN";
	consume(f, &f->other, &f->tem, &f->fen_table); /* TEM's key, FEN's name and stream */
	assert_true(world_wait(f->loop, consumer_refused, &f->other, 5000));
	assert_int_equal(f->other.batches, 0);
	consume(f, &f->consumer, &f->fen, &f->fen_table);
	assert_true(world_wait(f->loop, consumer_caught_up, &f->consumer, 5000));
	assert_int_equal(f->other.batches, 0);
	assert_int_equal(feed_consumer_head(f->other.consumer), 0);
}

static bool
message_of_unknown_dropped(void *arg)
{
	struct world_owner *w = arg;

	return world_metric(w->metrics, "kopru_bus_dropped_total", "reason=\"unknown_key\"") > 0;
}

static void
a_key_that_left_the_table_is_refused_from_its_next_message(void **state)
{
	struct fixture *f = *state;
	const struct bus_peer fen = peer_of(&f->fen, FEN);

	let_in_both(f);
	f->consumer.acks = false;
	consume(f, &f->consumer, &f->tem, &f->tem_table);
	world_owner_publish(&f->owner, &f->tem_table, 1, 300);
	assert_true(world_wait(f->loop, consumer_caught_up, &f->consumer, 5000));
	bus_set_peers(f->owner.bus, &fen, 1);
	world_owner_publish(&f->owner, &f->tem_table, 5, 300); /* and nothing more is sent to it */
	world_consumer_ack(&f->consumer);
	assert_true(world_wait(f->loop, message_of_unknown_dropped, &f->owner, 5000));
	world_run(f->loop, 300);
	assert_int_equal(f->consumer.position, 1);
}

static void
two_keys_of_one_name_are_two(void **state)
{
	struct fixture *f = *state;
	const struct bus_peer both[] = {peer_of(&f->tem, TEM), peer_of(&f->tem_new, TEM)};

	bus_set_peers(f->owner.bus, both, 2);
	consume(f, &f->consumer, &f->tem, &f->tem_table);
	f->conf.consumer = "TEM-2";
	consume(f, &f->other, &f->tem_new, &f->tem_table);
	world_owner_publish(&f->owner, &f->tem_table, 1, 300);
	assert_true(world_wait(f->loop, consumer_caught_up, &f->consumer, 5000));
	assert_true(world_wait(f->loop, consumer_caught_up, &f->other, 5000));
	bus_set_peers(f->owner.bus, &both[1], 1);
	world_owner_publish(&f->owner, &f->tem_table, 1, 300);
	assert_true(world_wait(f->loop, consumer_caught_up, &f->other, 5000));
	world_run(f->loop, 300);
	assert_int_equal(f->consumer.position, 1);
}

/* Longer than a handshake may last: it is tried again. */
static void
before_the_table_is_loaded_everybody_waits(void **state)
{
	struct fixture *f = *state;

	table_append(&f->tem_table, 300);
	consume(f, &f->consumer, &f->tem, &f->tem_table);
	world_run(f->loop, 4000);
	assert_int_equal(f->consumer.batches, 0);
	let_in_both(f);
	assert_true(world_wait(f->loop, consumer_caught_up, &f->consumer, 12000));
}

/* Told "later", libzmq would come back after its HANDSHAKE_IVL only: three seconds at each start of an owner. */
static void
who_comes_just_before_the_table_is_let_in_with_it(void **state)
{
	struct fixture *f = *state;

	table_append(&f->tem_table, 300);
	consume(f, &f->consumer, &f->tem, &f->tem_table);
	world_run(f->loop, 300);
	assert_int_equal(f->consumer.batches, 0);
	let_in_both(f);
	assert_true(world_wait(f->loop, consumer_caught_up, &f->consumer, 1500));
	assert_int_equal(f->consumer.wrong, 0);
}

/* libzmq alone would never come back. */
static void
once_refused_later_allowed_connects_by_itself(void **state)
{
	struct fixture *f = *state;
	const struct bus_peer fen = peer_of(&f->fen, FEN);

	table_append(&f->tem_table, 300);
	bus_set_peers(f->owner.bus, &fen, 1);
	consume(f, &f->consumer, &f->tem, &f->tem_table);
	assert_true(world_wait(f->loop, key_refused, &f->owner, 5000));
	world_run(f->loop, 1000);
	assert_int_equal(f->consumer.batches, 0);
	let_in_both(f);
	assert_true(world_wait(f->loop, consumer_caught_up, &f->consumer, 12000));
	assert_int_equal(f->consumer.wrong, 0);
}

static void
a_wrong_server_is_not_spoken_to(void **state)
{
	struct fixture *f = *state;

	let_in_both(f);
	f->conf.server_public = f->stranger.public_key;
	table_append(&f->tem_table, 300);
	consume(f, &f->consumer, &f->tem, &f->tem_table);
	world_run(f->loop, 1000);
	assert_int_equal(f->consumer.batches, 0);
	assert_int_equal(feed_consumer_silent_ms(f->consumer.consumer), -1);
	assert_int_equal(f->owner.reads, 0);
}

static size_t
subscribe_bytes(uint8_t *bytes)
{
	static char consumer[] = "TEM";
	static char stream[] = TEM;
	Kopru__V1__FeedEnvelope envelope;
	Kopru__V1__Subscribe subscribe;

	kopru__v1__feed_envelope__init(&envelope);
	kopru__v1__subscribe__init(&subscribe);
	subscribe.consumer = consumer;
	subscribe.stream = stream;
	subscribe.window = 10;
	envelope.body_case = KOPRU__V1__FEED_ENVELOPE__BODY_SUBSCRIBE;
	envelope.subscribe = &subscribe;
	return kopru__v1__feed_envelope__pack(&envelope, bytes);
}

/* NULL and PLAIN against CURVE: no frame of theirs is seen. */
static void
weaker_mechanisms_do_not_get_in(void **state)
{
	struct fixture *f = *state;
	void *context = zmq_ctx_new();
	void *null = zmq_socket(context, ZMQ_DEALER);
	void *plain = zmq_socket(context, ZMQ_DEALER);
	const int zero = 0;
	uint8_t bytes[256];
	size_t size = subscribe_bytes(bytes);

	let_in_both(f);
	table_append(&f->tem_table, 300);
	assert_int_equal(zmq_setsockopt(null, ZMQ_LINGER, &zero, sizeof(zero)), 0);
	assert_int_equal(zmq_setsockopt(plain, ZMQ_LINGER, &zero, sizeof(zero)), 0);
	assert_int_equal(zmq_setsockopt(plain, ZMQ_PLAIN_USERNAME, TEM, strlen(TEM)), 0);
	assert_int_equal(zmq_setsockopt(plain, ZMQ_PLAIN_PASSWORD, "x", 1), 0);
	assert_int_equal(zmq_connect(null, f->endpoint), 0);
	assert_int_equal(zmq_connect(plain, f->endpoint), 0);
	assert_int_equal(zmq_send(null, bytes, size, ZMQ_DONTWAIT), size);
	assert_int_equal(zmq_send(plain, bytes, size, ZMQ_DONTWAIT), size);
	world_run(f->loop, 1000);
	assert_int_equal(f->owner.reads, 0);
	assert_int_equal(world_metric(f->owner.metrics, "kopru_bus_dropped_total", "reason=\"unknown_key\""), 0);
	assert_true(world_metric(f->owner.metrics, "kopru_bus_handshakes_failed_total", "") > 0);
	zmq_close(null);
	zmq_close(plain);
	zmq_ctx_term(context);
}

/* Latency: when an event was published, by seq. */
static int64_t published_at[1000];
static int64_t took[1000];

static void
note_latency(struct world_consumer *c, uint64_t seq)
{
	(void)c;
	took[seq % 1000] = clock_monotonic() - published_at[seq % 1000];
}

static int
compare_times(const void *a, const void *b)
{
	const int64_t *left = a;
	const int64_t *right = b;

	return (*left > *right) - (*left < *right);
}

static void
a_hundred_thousand_events_come_encrypted(void **state)
{
	struct fixture *f = *state;
	int64_t began;
	clock_t used;

	let_in_both(f);
	f->consumer.on_arrived = note_latency;
	consume(f, &f->consumer, &f->tem, &f->tem_table);
	world_owner_publish(&f->owner, &f->tem_table, 1, 300);
	assert_true(world_wait(f->loop, consumer_caught_up, &f->consumer, 5000));
	for (unsigned i = 0; i < 200; i++) {
		published_at[(f->tem_table.count + 1) % 1000] = clock_monotonic();
		world_owner_publish(&f->owner, &f->tem_table, 1, 300);
		world_run(f->loop, 5);
	}
	assert_true(world_wait(f->loop, consumer_caught_up, &f->consumer, 5000));
	qsort(took + 2, 200, sizeof(took[0]), compare_times);
	print_message("# CURVE, 200 a second: p50 %lld us, p99 %lld us\n", (long long)took[102], (long long)took[200]);
	f->consumer.on_arrived = NULL;
	while (f->tem_table.count < 100000)
		table_append(&f->tem_table, 300);
	began = clock_monotonic();
	used = clock();
	world_consumer_start(&f->consumer, 0);
	assert_true(world_wait(f->loop, consumer_caught_up, &f->consumer, 30000));
	assert_int_equal(f->consumer.wrong, 0);
	print_message("# CURVE, from the table: %lld events a second, %.2f us of CPU each\n",
	    100000LL * 1000000 / (long long)(clock_monotonic() - began),
	    (double)(clock() - used) * 1e6 / CLOCKS_PER_SEC / 100000.0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(
		an_unknown_key_is_refused_and_the_good_one_goes_on, fixture_open, fixture_close),
	    cmocka_unit_test_setup_teardown(
		a_department_reads_its_own_stream_and_no_other, fixture_open, fixture_close),
	    cmocka_unit_test_setup_teardown(
		a_key_that_left_the_table_is_refused_from_its_next_message, fixture_open, fixture_close),
	    cmocka_unit_test_setup_teardown(two_keys_of_one_name_are_two, fixture_open, fixture_close),
	    cmocka_unit_test_setup_teardown(before_the_table_is_loaded_everybody_waits, fixture_open, fixture_close),
	    cmocka_unit_test_setup_teardown(
		who_comes_just_before_the_table_is_let_in_with_it, fixture_open, fixture_close),
	    cmocka_unit_test_setup_teardown(once_refused_later_allowed_connects_by_itself, fixture_open, fixture_close),
	    cmocka_unit_test_setup_teardown(a_wrong_server_is_not_spoken_to, fixture_open, fixture_close),
	    cmocka_unit_test_setup_teardown(weaker_mechanisms_do_not_get_in, fixture_open, fixture_close),
	    cmocka_unit_test_setup_teardown(a_hundred_thousand_events_come_encrypted, fixture_open, fixture_close),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
