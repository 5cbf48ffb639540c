/* turns: a service's consuming of one stream. A turn is a batch of events: the service adds its effects to
 * the transaction that begins by moving the cursor, so effects are exactly once. A fenced turn waits, reads
 * the cursor and subscribes again; an event that nobody can digest is parked with its reason after
 * TURNS_TRIES, later events of its application wait with it, all others go on. */
#ifndef KOPRU_COMMON_FEED_TURNS_H
#define KOPRU_COMMON_FEED_TURNS_H

#include "common/bus/feed_consumer.h"
#include "common/db/db.h"
#include "proto/kopru/v1/event.pb-c.h"

#define TURNS_TRIES 5
/* Another instance has the cursor; takeover within 5 s has room for more than one of it. */
#define TURNS_FENCE_WAIT_MS 2000

struct turns;

/* An event of a turn, unpacked into the turn's arena and checked. */
struct turn_event {
	uint64_t seq;
	struct uuid event_id;
	struct uuid application_id;
	const Kopru__V1__Event *event;
	const void *bytes; /* as stored */
	size_t size;
};

struct turns_service {
	/* Adds the effects of the events to tx (feed.advance is already its first call). note is handed on to
	 * recorded; the transaction's arena is the place for it. Must not keep the events. */
	void (*record)(void *arg, struct db_tx *tx, const struct turn_event *events, size_t count, void **note);
	/* It is committed: tell. May be NULL. */
	void (*recorded)(void *arg, void *note, const struct db_results *results);
	/* Does the service know this type of event? Unknown ones are parked (I-16). Erased always comes, as body ERASED. */
	bool (*knows)(int body_case);
	void *arg;
};

struct turns_conf {
	struct feed_consumer_conf feed;
	size_t limit; /* most events in one turn (200) */
	/* How long a turn waits for company, in milliseconds; 0: it begins at once. Who is not on the way from a citizen to
	 * a department waits a little, so that it does not take the disk from those who are. */
	int64_t linger_ms;
	int64_t stuck_ms; /* events that wait so long without any being consumed are worth a word (0: 60,000) */
};

/* d: the connection that the effects go through. */
struct turns *turns_new(struct bus *b, struct loop *l, struct db *d, const struct turns_conf *conf,
    const struct turns_service *service, struct metrics *m, struct err *e);
void turns_free(struct turns *t); /* NULL is fine */

/* To be called from d's on_up and on_down. */
void turns_up(struct turns *t);
void turns_down(struct turns *t);

/* The cursor: seq up to which effects are durable. */
uint64_t turns_seq(const struct turns *t);

/* For /healthz: NULL, or why nothing is consumed although there is something and the database is up. */
const char *turns_stuck(const struct turns *t);

#endif
