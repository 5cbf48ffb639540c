/* feed: an owner and its consumers over real local sockets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>
#include <zmq.h>

#include "tests/harness/bus_world.h"

struct fixture {
	struct loop *loop;
	char folder[64];
	char endpoint[128];
	char second[128];
	char pattern[128];
	struct table table;
	struct world_owner owner;
	struct world_owner other;
	struct world_consumer consumer;
	struct world_consumer slow;
	struct feed_consumer_conf conf;
};

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
	(void)snprintf(f->endpoint, sizeof(f->endpoint), "ipc://%s/feed-intake-1.sock", f->folder);
	(void)snprintf(f->second, sizeof(f->second), "ipc://%s/feed-intake-2.sock", f->folder);
	(void)snprintf(f->pattern, sizeof(f->pattern), "ipc://%s/feed-intake-*.sock", f->folder);
	f->table.stream = "intake";
	f->owner.tables[0] = &f->table;
	f->other.tables[0] = &f->table;
	f->consumer.table = &f->table;
	f->slow.table = &f->table;
	f->consumer.acks = true;
	f->conf = (struct feed_consumer_conf){
	    .endpoints = f->endpoint, .consumer = "router", .stream = "intake", .window = 1000};
	*state = f;
	return 0;
}

static int
fixture_close(void **state)
{
	struct fixture *f = *state;

	if (f->consumer.bus)
		world_consumer_close(&f->consumer);
	if (f->slow.bus)
		world_consumer_close(&f->slow);
	world_owner_close(&f->owner);
	world_owner_close(&f->other);
	table_free(&f->table);
	loop_free(f->loop);
	world_folder_remove(f->folder);
	free(f);
	return 0;
}

static bool
caught_up(void *arg)
{
	struct fixture *f = arg;

	return f->consumer.position == f->table.count;
}

static bool
settled(void *arg)
{
	struct fixture *f = arg;

	return feed_consumer_silent_ms(f->consumer.consumer) >= 0 && f->owner.reads > 0 && !f->owner.pending;
}

/* Subscribed, and its position is verified. */
static void
settle(struct fixture *f)
{
	assert_true(world_wait(f->loop, settled, f, 5000));
	world_run(f->loop, 50);
}

static bool
third_done(void *arg)
{
	struct fixture *f = arg;

	return f->consumer.position >= f->table.count / 3;
}

static bool
two_thirds_done(void *arg)
{
	struct fixture *f = arg;

	return f->consumer.position >= f->table.count / 3 * 2;
}

/* CPU tells more than the clock: the machine may be busy with other things. */
static void
measure(struct fixture *f)
{
	int64_t began = clock_monotonic();
	clock_t used = clock();

	for (unsigned round = 0; round < 5; round++) {
		world_consumer_start(&f->consumer, 0);
		assert_true(world_wait(f->loop, caught_up, f, 20000));
		assert_int_equal(f->consumer.wrong, 0);
	}
	print_message("# ipc, from the table: %lld events a second, %.2f us of CPU each\n",
	    5LL * 100000 * 1000000 / (long long)(clock_monotonic() - began),
	    (double)(clock() - used) * 1e6 / CLOCKS_PER_SEC / 500000.0);
}

static void
a_hundred_thousand_events_come_in_order_through_restarts(void **state)
{
	struct fixture *f = *state;
	uint64_t cursor;

	for (unsigned i = 0; i < 100000; i++)
		table_append(&f->table, 300);
	world_owner_open(&f->owner, f->loop, f->endpoint, NULL);
	world_consumer_open(&f->consumer, f->loop, &f->conf);
	world_consumer_start(&f->consumer, 0);
	assert_true(world_wait(f->loop, third_done, f, 20000));

	cursor = f->consumer.acked;
	world_consumer_close(&f->consumer);
	world_consumer_open(&f->consumer, f->loop, &f->conf);
	world_consumer_start(&f->consumer, cursor);
	assert_true(world_wait(f->loop, two_thirds_done, f, 20000));

	world_owner_close(&f->owner);
	world_owner_open(&f->owner, f->loop, f->endpoint, NULL);
	assert_true(world_wait(f->loop, caught_up, f, 20000));
	assert_int_equal(f->consumer.wrong, 0);
	assert_int_equal(f->consumer.diverged, 0);
	assert_int_equal(f->consumer.head, 100000);

	measure(f);
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
what_is_published_arrives_at_once(void **state)
{
	struct fixture *f = *state;
	unsigned reads;

	world_owner_open(&f->owner, f->loop, f->endpoint, NULL);
	world_consumer_open(&f->consumer, f->loop, &f->conf);
	f->consumer.on_arrived = note_latency;
	world_consumer_start(&f->consumer, 0);
	settle(f);
	reads = f->owner.reads;
	for (unsigned i = 0; i < 200; i++) {
		published_at[(f->table.count + 1) % 1000] = clock_monotonic();
		world_owner_publish(&f->owner, &f->table, 1, 300);
		world_run(f->loop, 5);
	}
	assert_true(world_wait(f->loop, caught_up, f, 1000));
	assert_int_equal(f->consumer.wrong, 0);
	assert_in_range(f->owner.reads, reads, reads + 12); /* the look of each second, nothing else */
	qsort(took + 1, 200, sizeof(took[0]), compare_times);
	print_message("# ipc, 200 a second: p50 %lld us, p99 %lld us\n", (long long)took[100], (long long)took[198]);
	assert_in_range(took[100], 0, 50000); /* far below any timer, far above a busy machine */
}

static void
a_burst_is_coalesced(void **state)
{
	struct fixture *f = *state;

	world_owner_open(&f->owner, f->loop, f->endpoint, NULL);
	world_consumer_open(&f->consumer, f->loop, &f->conf);
	world_consumer_start(&f->consumer, 0);
	settle(f);
	world_owner_publish(&f->owner, &f->table, 400, 300);
	assert_true(world_wait(f->loop, caught_up, f, 2000));
	assert_int_equal(f->consumer.batches, 2);
	assert_int_equal(f->consumer.wrong, 0);
}

static void
large_events_go_in_frames_that_fit(void **state)
{
	struct fixture *f = *state;

	for (unsigned i = 0; i < 20; i++)
		table_append(&f->table, 256 * 1024 - 100);
	world_owner_open(&f->owner, f->loop, f->endpoint, NULL);
	world_consumer_open(&f->consumer, f->loop, &f->conf);
	world_consumer_start(&f->consumer, 0);
	assert_true(world_wait(f->loop, caught_up, f, 5000));
	world_owner_publish(&f->owner, &f->table, 20, 256 * 1024 - 100);
	assert_true(world_wait(f->loop, caught_up, f, 5000));
	assert_int_equal(f->consumer.wrong, 0);
}

/* I-11: it gets its window and no more, whatever is published; the other one gets all, and on time. */
static void
a_slow_consumer_costs_nobody_anything(void **state)
{
	struct fixture *f = *state;
	size_t before;

	world_owner_open(&f->owner, f->loop, f->endpoint, NULL);
	world_consumer_open(&f->consumer, f->loop, &f->conf);
	world_consumer_start(&f->consumer, 0);
	f->conf.consumer = "slow";
	world_consumer_open(&f->slow, f->loop, &f->conf);
	world_consumer_start(&f->slow, 0);
	settle(f);
	before = world_memory();
	for (unsigned i = 0; i < 200; i++) {
		world_owner_publish(&f->owner, &f->table, 200, 300);
		assert_true(world_wait(f->loop, caught_up, f, 2000));
	}
	assert_int_equal(f->consumer.wrong, 0);
	assert_int_equal(f->slow.position, 1000);
	assert_in_range(world_metric(f->owner.metrics, "kopru_feed_sent_total", ""), 1, 40000 + 1000);
	assert_in_range(world_metric(f->owner.metrics, "kopru_feed_memory_bytes", ""), 1, 8 * 1024 * 1024);
	/* 40,000 events stand in the test's own table. */
	assert_in_range(world_memory(), 0, before + 40000UL * 500 + 16UL * 1024 * 1024);

	f->slow.acks = true;
	world_consumer_ack(&f->slow);
	for (unsigned i = 0; i < 100 && f->slow.position < f->table.count; i++)
		world_run(f->loop, 20);
	assert_int_equal(f->slow.position, f->table.count);
	assert_int_equal(f->slow.wrong, 0);
}

/* Its bytes are limited too: a window of large events would be 256 MiB. */
static void
unacknowledged_bytes_are_limited(void **state)
{
	struct fixture *f = *state;

	for (unsigned i = 0; i < 100; i++)
		table_append(&f->table, 200 * 1024);
	world_owner_open(&f->owner, f->loop, f->endpoint, NULL);
	f->consumer.acks = false;
	world_consumer_open(&f->consumer, f->loop, &f->conf);
	world_consumer_start(&f->consumer, 0);
	world_run(f->loop, 1000);
	assert_in_range(f->consumer.position, 10, 14);
	f->consumer.acks = true;
	world_consumer_ack(&f->consumer);
	assert_true(world_wait(f->loop, caught_up, f, 5000));
	assert_int_equal(f->consumer.wrong, 0);
}

static void
two_instances_one_dies_the_other_feeds(void **state)
{
	struct fixture *f = *state;
	struct world_owner *feeding;
	struct world_owner *waiting;
	int64_t began;

	world_owner_open(&f->owner, f->loop, f->endpoint, NULL);
	world_owner_open(&f->other, f->loop, f->second, NULL);
	f->conf.endpoints = f->pattern;
	world_consumer_open(&f->consumer, f->loop, &f->conf);
	world_consumer_start(&f->consumer, 0);
	world_run(f->loop, 600);
	world_owner_publish(&f->owner, &f->table, 1, 300);
	assert_true(world_wait(f->loop, caught_up, f, 800));

	/* What the one that does not feed commits comes by a hint, not by the look of each second. */
	feeding = world_metric(f->owner.metrics, "kopru_feed_sent_total", "") > 0 ? &f->owner : &f->other;
	waiting = feeding == &f->owner ? &f->other : &f->owner;
	began = clock_monotonic();
	for (unsigned i = 0; i < 10; i++) {
		world_owner_publish(waiting, &f->table, 1, 300);
		assert_true(world_wait(f->loop, caught_up, f, 3000));
	}
	assert_in_range(clock_monotonic() - began, 0, 4000000); /* the looks alone would take ten seconds */
	print_message("# by a hint of another instance: %lld us\n", (long long)(clock_monotonic() - began) / 10);
	world_owner_publish(feeding, &f->table, 1, 300);
	assert_true(world_wait(f->loop, caught_up, f, 700));

	world_owner_close(feeding);
	world_owner_publish(waiting, &f->table, 10, 300);
	assert_true(world_wait(f->loop, caught_up, f, 3000));
	assert_int_equal(f->consumer.wrong, 0);
	world_owner_open(feeding, f->loop, feeding == &f->owner ? f->endpoint : f->second, NULL);
	world_owner_publish(feeding, &f->table, 10, 300);
	assert_true(world_wait(f->loop, caught_up, f, 3000));
	assert_int_equal(f->consumer.wrong, 0);
}

/* An instance whose database is away says so by silence of events; its sister goes on. */
static void
a_paused_instance_is_left_when_another_knows_more(void **state)
{
	struct fixture *f = *state;

	world_owner_open(&f->owner, f->loop, f->endpoint, NULL);
	f->conf.endpoints = f->pattern;
	world_consumer_open(&f->consumer, f->loop, &f->conf);
	world_consumer_start(&f->consumer, 0);
	settle(f);
	feed_owner_pause(f->owner.owner);
	world_owner_open(&f->other, f->loop, f->second, NULL);
	world_run(f->loop, 1500);
	world_owner_publish(&f->other, &f->table, 5, 300);
	assert_true(world_wait(f->loop, caught_up, f, 4000));
	assert_int_equal(f->consumer.wrong, 0);
}

static void
another_history_is_told_and_stops(void **state)
{
	struct fixture *f = *state;
	struct uuid other = uuid_new();

	for (unsigned i = 0; i < 10; i++)
		table_append(&f->table, 300);
	world_owner_open(&f->owner, f->loop, f->endpoint, NULL);
	world_consumer_open(&f->consumer, f->loop, &f->conf);
	f->consumer.position = 5;
	feed_consumer_start(f->consumer.consumer, 5, &other);
	world_run(f->loop, 500);
	assert_int_equal(f->consumer.diverged, 1);
	assert_int_equal(f->consumer.diverged_at, 5);
	feed_consumer_start(f->consumer.consumer, 50, &other); /* the stream is shorter */
	world_run(f->loop, 500);
	assert_int_equal(f->consumer.diverged, 2);
	assert_int_equal(f->consumer.batches, 0);
	world_consumer_start(&f->consumer, 5);
	assert_true(world_wait(f->loop, caught_up, f, 1000));
	assert_int_equal(f->consumer.wrong, 0);
}

/* A promotion that lost events: whoever was up to date is verified again after the pause. */
static void
a_lossy_failover_is_found_on_resume(void **state)
{
	struct fixture *f = *state;

	world_owner_open(&f->owner, f->loop, f->endpoint, NULL);
	world_consumer_open(&f->consumer, f->loop, &f->conf);
	world_consumer_start(&f->consumer, 0);
	settle(f);
	world_owner_publish(&f->owner, &f->table, 3, 300);
	assert_true(world_wait(f->loop, caught_up, f, 1000));
	feed_owner_pause(f->owner.owner);
	f->table.events[2].id = uuid_new(); /* seq 3 is another event now */
	world_run(f->loop, 100);
	assert_int_equal(f->consumer.diverged, 0);
	feed_owner_resume(f->owner.owner);
	world_run(f->loop, 500);
	assert_int_equal(f->consumer.diverged, 1);
	assert_int_equal(f->consumer.diverged_at, 3);
}

static void
paused_it_sends_no_event(void **state)
{
	struct fixture *f = *state;

	world_owner_open(&f->owner, f->loop, f->endpoint, NULL);
	feed_owner_pause(f->owner.owner);
	for (unsigned i = 0; i < 10; i++)
		table_append(&f->table, 300);
	world_consumer_open(&f->consumer, f->loop, &f->conf);
	world_consumer_start(&f->consumer, 0);
	world_owner_publish(&f->owner, &f->table, 5, 300);
	world_run(f->loop, 1500);
	assert_int_equal(f->consumer.batches, 0);
	assert_int_equal(f->owner.reads, 0);
	feed_owner_resume(f->owner.owner);
	assert_true(world_wait(f->loop, caught_up, f, 800));
	assert_int_equal(f->consumer.wrong, 0);
}

static void
another_writer_s_events_are_read_from_the_table(void **state)
{
	struct fixture *f = *state;

	world_owner_open(&f->owner, f->loop, f->endpoint, NULL);
	world_consumer_open(&f->consumer, f->loop, &f->conf);
	world_consumer_start(&f->consumer, 0);
	settle(f);
	table_append(&f->table, 300); /* a gap before what is published */
	world_owner_publish(&f->owner, &f->table, 1, 300);
	assert_true(world_wait(f->loop, caught_up, f, 700));
	table_append(&f->table, 300);
	feed_owner_hint(f->owner.owner, "intake");
	assert_true(world_wait(f->loop, caught_up, f, 700));
	table_append(&f->table, 300); /* and without any hint, within the second */
	assert_true(world_wait(f->loop, caught_up, f, 1500));
	assert_int_equal(f->consumer.wrong, 0);
}

static bool
slow_caught_up(void *arg)
{
	struct fixture *f = arg;

	return f->slow.position == f->table.count;
}

/* An event that was erased in the table is not in anybody's memory any more for who asks for it afterwards. */
static void
what_was_erased_is_not_sent_from_memory(void **state)
{
	struct fixture *f = *state;
	struct table_event *erased;

	world_owner_open(&f->owner, f->loop, f->endpoint, NULL);
	world_consumer_open(&f->consumer, f->loop, &f->conf);
	world_consumer_start(&f->consumer, 0);
	settle(f);
	world_owner_publish(&f->owner, &f->table, 900, 300);
	assert_true(world_wait(f->loop, caught_up, f, 5000));
	erased = &f->table.events[799];
	memset(erased->bytes + erased->size - 100, 0, 100);
	f->conf.consumer = "notifier";
	f->slow.acks = true;
	world_consumer_open(&f->slow, f->loop, &f->conf);
	world_consumer_start(&f->slow, 0);
	assert_true(world_wait(f->loop, slow_caught_up, f, 5000));
	assert_int_equal(f->slow.wrong, 0);
	world_owner_publish(&f->owner, &f->table, 5, 300);
	assert_true(world_wait(f->loop, slow_caught_up, f, 5000));
	assert_int_equal(f->slow.wrong, 0);
}

static void
a_failed_reading_is_repeated(void **state)
{
	struct fixture *f = *state;

	for (unsigned i = 0; i < 1000; i++)
		table_append(&f->table, 300);
	world_owner_open(&f->owner, f->loop, f->endpoint, NULL);
	f->owner.fail_reads = 2;
	world_consumer_open(&f->consumer, f->loop, &f->conf);
	world_consumer_start(&f->consumer, 0);
	assert_true(world_wait(f->loop, caught_up, f, 4000));
	assert_int_equal(f->consumer.wrong, 0);
}

static void
who_may_not_read_is_refused(void **state)
{
	struct fixture *f = *state;

	table_append(&f->table, 300);
	f->owner.forbidden = "|router|intake";
	world_owner_open(&f->owner, f->loop, f->endpoint, NULL);
	world_consumer_open(&f->consumer, f->loop, &f->conf);
	world_consumer_start(&f->consumer, 0);
	world_run(f->loop, 500);
	assert_int_equal(f->consumer.refused, 1);
	assert_int_equal(f->consumer.batches, 0);
	f->owner.forbidden = NULL;
	assert_true(world_wait(f->loop, caught_up, f, 3000));
	f->owner.forbidden = "|router|intake"; /* and it may be taken away */
	world_run(f->loop, 1200);
	world_owner_publish(&f->owner, &f->table, 1, 300);
	world_run(f->loop, 300);
	assert_int_equal(f->consumer.position, 1);
	assert_int_equal(f->consumer.refused, 2);
}

static void
restarting_a_consumer_drops_what_was_on_its_way(void **state)
{
	struct fixture *f = *state;

	for (unsigned i = 0; i < 2000; i++)
		table_append(&f->table, 300);
	world_owner_open(&f->owner, f->loop, f->endpoint, NULL);
	world_consumer_open(&f->consumer, f->loop, &f->conf);
	for (uint64_t i = 0; i < 50; i++) {
		world_consumer_start(&f->consumer, i * 7);
		world_run(f->loop, (int64_t)(i % 5));
	}
	assert_true(world_wait(f->loop, caught_up, f, 3000));
	assert_int_equal(f->consumer.wrong, 0);
	feed_consumer_stop(f->consumer.consumer);
	world_owner_publish(&f->owner, &f->table, 10, 300);
	world_run(f->loop, 300);
	assert_int_equal(f->consumer.position, 2000);
}

/* Sockets of those who were killed lie about; the one who lives comes last of all. */
static void
who_lives_is_found_among_the_dead(void **state)
{
	struct fixture *f = *state;
	char pattern[160], last[160];

	(void)snprintf(pattern, sizeof(pattern), "ipc://%s/feed-intake-*.sock", f->folder);
	(void)snprintf(last, sizeof(last), "ipc://%s/feed-intake-z.sock", f->folder);
	for (unsigned i = 0; i < 40; i++)
		world_dead_socket(f->folder, "feed-intake", i);
	f->conf.endpoints = pattern;
	world_consumer_open(&f->consumer, f->loop, &f->conf);
	world_consumer_start(&f->consumer, 0);
	world_run(f->loop, 300);
	world_owner_open(&f->owner, f->loop, last, NULL);
	world_owner_publish(&f->owner, &f->table, 1, 300);
	assert_true(world_wait(f->loop, caught_up, f, 3000));
	assert_int_equal(f->consumer.wrong, 0);
}

/* Takes one frame at door: who sent it. */
static size_t
sender_take(void *door, uint8_t id[64])
{
	uint8_t rest[4096];
	int size = zmq_recv(door, id, 64, ZMQ_DONTWAIT);

	if (size < 0)
		return 0;
	assert_true(zmq_recv(door, rest, sizeof(rest), 0) >= 0);
	return (size_t)size;
}

/* An owner that hears and never speaks: its end of the connection may be dumb (libzmq's, after a failed send). */
static void
a_dumb_connection_is_made_anew(void **state)
{
	struct fixture *f = *state;
	void *context = zmq_ctx_new();
	void *door = zmq_socket(context, ZMQ_ROUTER);
	const int linger = 0;
	uint8_t first[64], id[64];
	size_t first_size = 0, size;
	bool anew = false;

	assert_int_equal(zmq_setsockopt(door, ZMQ_LINGER, &linger, sizeof(linger)), 0);
	assert_int_equal(zmq_bind(door, f->endpoint), 0);
	world_consumer_open(&f->consumer, f->loop, &f->conf);
	world_consumer_start(&f->consumer, 0);
	for (int i = 0; i < 60 && !anew; i++) {
		world_run(f->loop, 100);
		while ((size = sender_take(door, id)) > 0) {
			anew = anew || (first_size > 0 && (size != first_size || memcmp(id, first, size) != 0));
			if (first_size == 0)
				memcpy(first, id, first_size = size);
		}
	}
	zmq_close(door);
	zmq_ctx_term(context);
	assert_true(anew);
}

/* libzmq counts who only looks whether somebody is there as a failed handshake. */
static void
who_is_connected_is_not_looked_for(void **state)
{
	struct fixture *f = *state;
	char pattern[160];
	int64_t failed;

	(void)snprintf(pattern, sizeof(pattern), "ipc://%s/*.sock", f->folder);
	f->conf.endpoints = pattern;
	world_owner_open(&f->owner, f->loop, f->endpoint, NULL);
	world_consumer_open(&f->consumer, f->loop, &f->conf);
	world_consumer_start(&f->consumer, 0);
	world_owner_publish(&f->owner, &f->table, 1, 300);
	assert_true(world_wait(f->loop, caught_up, f, 3000));
	world_run(f->loop, 200);
	failed = world_metric(f->owner.metrics, "kopru_bus_handshakes_failed_total", "");
	assert_in_range(failed, 0, 1); /* the first look */
	world_run(f->loop, 3000);
	assert_int_equal(world_metric(f->owner.metrics, "kopru_bus_handshakes_failed_total", ""), failed);
	assert_int_equal(f->consumer.wrong, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(
		a_hundred_thousand_events_come_in_order_through_restarts, fixture_open, fixture_close),
	    cmocka_unit_test_setup_teardown(what_is_published_arrives_at_once, fixture_open, fixture_close),
	    cmocka_unit_test_setup_teardown(a_dumb_connection_is_made_anew, fixture_open, fixture_close),
	    cmocka_unit_test_setup_teardown(a_burst_is_coalesced, fixture_open, fixture_close),
	    cmocka_unit_test_setup_teardown(large_events_go_in_frames_that_fit, fixture_open, fixture_close),
	    cmocka_unit_test_setup_teardown(a_slow_consumer_costs_nobody_anything, fixture_open, fixture_close),
	    cmocka_unit_test_setup_teardown(unacknowledged_bytes_are_limited, fixture_open, fixture_close),
	    cmocka_unit_test_setup_teardown(two_instances_one_dies_the_other_feeds, fixture_open, fixture_close),
	    cmocka_unit_test_setup_teardown(
		a_paused_instance_is_left_when_another_knows_more, fixture_open, fixture_close),
	    cmocka_unit_test_setup_teardown(another_history_is_told_and_stops, fixture_open, fixture_close),
	    cmocka_unit_test_setup_teardown(a_lossy_failover_is_found_on_resume, fixture_open, fixture_close),
	    cmocka_unit_test_setup_teardown(paused_it_sends_no_event, fixture_open, fixture_close),
	    cmocka_unit_test_setup_teardown(
		another_writer_s_events_are_read_from_the_table, fixture_open, fixture_close),
	    cmocka_unit_test_setup_teardown(what_was_erased_is_not_sent_from_memory, fixture_open, fixture_close),
	    cmocka_unit_test_setup_teardown(a_failed_reading_is_repeated, fixture_open, fixture_close),
	    cmocka_unit_test_setup_teardown(who_may_not_read_is_refused, fixture_open, fixture_close),
	    cmocka_unit_test_setup_teardown(
		restarting_a_consumer_drops_what_was_on_its_way, fixture_open, fixture_close),
	    cmocka_unit_test_setup_teardown(who_is_connected_is_not_looked_for, fixture_open, fixture_close),
	    cmocka_unit_test_setup_teardown(who_lives_is_found_among_the_dead, fixture_open, fixture_close),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
