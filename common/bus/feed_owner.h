/* feed_owner: the sending end of streams (proto/kopru/v1/feed.proto). Serves any number of consumers within
 * their credit: who is up to date gets what was just committed from memory, who is behind gets it
 * from the table. It knows no database: it asks its source. */
#ifndef KOPRU_COMMON_BUS_FEED_OWNER_H
#define KOPRU_COMMON_BUS_FEED_OWNER_H

#include <stdbool.h>

#include "common/base/ids.h"
#include "common/bus/bus.h"

struct feed_owner;

/* A stored event as it is sent. */
struct feed_item {
	uint64_t seq;
	struct uuid event_id;
	const void *event; /* packed Event, the stored bytes */
	size_t size;
};

struct feed_source {
	/* Read up to limit events of stream after seq, at most bytes_max bytes together (at least one event if there is
	 * one). Answer, now or later, exactly once with feed_owner_read_done(). */
	void (*read)(void *arg, const char *stream, uint64_t after_seq, size_t limit, size_t bytes_max, void *reading);
	/* May this peer (name of its key; "" on ipc://) read that stream under that consumer name? */
	bool (*allowed)(void *arg, const char *peer, const char *consumer, const char *stream);
	void *arg;
};

struct feed_owner_conf {
	const char *endpoints; /* comma-separated: ipc:// and tcp:// */
	const struct bus_key *key; /* for tcp:// */
	unsigned window_max; /* most unacknowledged events of one subscription (1000) */
	unsigned subscriptions_max; /* 500 */
	unsigned connections_max; /* at each tcp:// endpoint (400) */
};

struct feed_owner *feed_owner_new(struct bus *b, struct loop *l, const struct feed_owner_conf *conf,
    const struct feed_source *source, struct metrics *m, struct err *e);
void feed_owner_free(struct feed_owner *o); /* NULL is fine */
/* The endpoint number i as bound (for a port that was chosen). */
const char *feed_owner_endpoint(const struct feed_owner *o, size_t i);

/* Answer to feed_source.read. known: is there an event at after_seq (true at 0), and its id. failed: the read did not
 * work, it will be asked again. Items must follow after_seq without a gap. */
struct feed_read_result {
	bool failed;
	bool known;
	struct uuid event_id; /* at after_seq */
	uint64_t head;
	const struct feed_item *items;
	size_t count;
};
void feed_owner_read_done(struct feed_owner *o, void *reading, const struct feed_read_result *result);

/* Just committed by this process, durable, in order within each stream (a gap is fine: another writer was there;
 * consumers then read the table). Copies nothing beyond the call. */
void feed_owner_publish(struct feed_owner *o, const char *stream, const struct feed_item *item);
/* Another writer may have committed: look into the table for whoever is up to date. */
void feed_owner_hint(struct feed_owner *o, const char *stream);

/* Paused, it neither publishes nor reads (the database session is not yet proved durable). Starts paused. */
void feed_owner_pause(struct feed_owner *o);
void feed_owner_resume(struct feed_owner *o);

#endif
