/* feed_consumer: the receiving end of one stream. Subscribes from a cursor, finds the owner's instances
 * (each ipc:// endpoint may hold one "*" in its file name: all sockets that match, looked for every second), is
 * fed by one of them and takes hints from the others, asks when it hears nothing, and subscribes again
 * after anything odd. It delivers each event once per subscription, in order, without gaps. */
#ifndef KOPRU_COMMON_BUS_FEED_CONSUMER_H
#define KOPRU_COMMON_BUS_FEED_CONSUMER_H

#include "common/base/ids.h"
#include "common/bus/bus.h"
#include "common/bus/feed_owner.h"

struct feed_consumer;

struct feed_consumer_conf {
	const char *endpoints; /* comma-separated; "ipc:///run/kopru/feed-intake-*.sock", "tcp://host:port" */
	const char *server_public; /* Z85, for tcp:// */
	const struct bus_key *key; /* own, for tcp:// */
	const char *consumer; /* name of the cursor, "router" */
	const char *stream;
	unsigned window; /* 1 .. 1000 */
};

struct feed_consumer_events {
	/* Events in order, right after what came before (or after the cursor given at start). They live for the call.
	 * At most window are unacknowledged at any time. */
	void (*on_events)(void *arg, const struct feed_item *items, size_t count, uint64_t head);
	/* The owner's history differs at seq: stop loudly. No more events come until feed_consumer_start. */
	void (*on_diverged)(void *arg, uint64_t seq);
	/* This key may not read the stream. It is asked again with back-off. May be NULL. */
	void (*on_refused)(void *arg, const char *text);
	void *arg;
};

struct feed_consumer *feed_consumer_new(struct bus *b, struct loop *l, const struct feed_consumer_conf *conf,
    const struct feed_consumer_events *events, struct metrics *m, struct err *e);
void feed_consumer_free(struct feed_consumer *c); /* NULL is fine */

/* Subscribes after seq (event_id NULL at 0). Again at any time: what was on its way from before is dropped. */
void feed_consumer_start(struct feed_consumer *c, uint64_t after_seq, const struct uuid *event_id);
void feed_consumer_stop(struct feed_consumer *c);
/* Everything up to seq has taken effect durably; gives that much credit back. */
void feed_consumer_ack(struct feed_consumer *c, uint64_t seq);
/* The owner's head as last heard, 0 before that. */
uint64_t feed_consumer_head(const struct feed_consumer *c);
/* Milliseconds since the owner was heard last; -1 when never. */
int64_t feed_consumer_silent_ms(const struct feed_consumer *c);

#endif
