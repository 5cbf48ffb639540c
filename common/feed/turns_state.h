/* turns_state: what turns.c (when), turns_turn.c (what a turn holds) and turns_released.c share. Private to common/feed. */
#ifndef KOPRU_COMMON_FEED_TURNS_STATE_H
#define KOPRU_COMMON_FEED_TURNS_STATE_H

#include "common/feed/turns.h"

/* A received event that is not yet durable here. */
struct turns_item {
	struct turns_item *next;
	uint64_t seq;
	struct uuid event_id;
	int64_t received_at; /* clock_monotonic */
	size_t size;
	uint8_t bytes[];
};

struct turns_items {
	struct turns_item *first, *last;
	size_t count;
};

void turns_items_add(struct turns_items *items, const struct feed_item *item, int64_t now);
/* Moves the first count items (or all) to the end of to. */
void turns_items_move(struct turns_items *items, size_t count, struct turns_items *to);
/* Puts front, in its order, before items; front is empty then. */
void turns_items_put_back(struct turns_items *items, struct turns_items *front);
void turns_items_free(struct turns_items *items);

/* So many parked applications are no poison but a fault of ours, and more than feed_parked reads: the consumer stands still
 * rather than go on with some of them forgotten. */
#define TURNS_PARKED_MAX 100000

/* A set of applications whose events wait: a hash table, the nil UUID is an empty place. */
struct turns_parked {
	struct uuid *list;
	size_t count, room;
};

bool turns_parked_has(const struct turns_parked *parked, const struct uuid *application);
void turns_parked_remove(struct turns_parked *parked, const struct uuid *application);
void turns_parked_add(struct turns_parked *parked, const struct uuid *application); /* the nil UUID is left out */
void turns_parked_clear(struct turns_parked *parked);

/* One turn, from its start until its transaction has ended. It owns all that the transaction borrows. */
struct turns_turn {
	struct turns *turns; /* NULL: turns was freed meanwhile */
	uint64_t generation; /* of the subscription that its items came from */
	struct turns_items items;
	struct arena *arena;
	const struct turns_event_parked *parked; /* newly, in the arena */
	size_t parked_count;
	size_t digested; /* events that the service got */
	void *note;
};

struct turns_event_parked {
	const struct turns_item *item;
	struct uuid application_id;
	const char *reason;
};

/* What a turn is made for. */
struct turns_task {
	const char *consumer, *stream;
	uint64_t old_seq;
	const struct turns_parked *parked;
	const char *guilty; /* why the only item is to be parked; NULL: it is not */
};

/* Takes at most limit items from waiting, adds cursor, parkings and the service's effects to tx. */
void turns_turn_build(struct turns_turn *turn, const struct turns_task *task, const struct turns_service *service,
    struct db_tx *tx, struct turns_items *waiting, size_t limit);
void turns_turn_free(struct turns_turn *turn);
/* Unpacks an item into a. NULL: fine, event is filled; otherwise why it cannot be digested (event has what is known). */
const char *turns_item_digest(
    struct arena *a, const struct turns_service *service, const struct turns_item *item, struct turn_event *event);
/* Is it the data that a transaction was refused for, and not a missing right or table? */
bool turns_reason_is_data(const struct err *e);

/* A turn ends early when its events have taken so much; so each has at least the rest to unpack into. */
#define TURNS_UNPACKED_MAX ((size_t)8 * 1024 * 1024)
#define TURNS_EVENT_UNPACKED_MAX ((size_t)8 * 1024 * 1024)

#define TURNS_RETRY_MS 20

struct turns {
	struct loop *loop;
	struct db *db;
	struct feed_consumer *consumer;
	struct turns_service service;
	char *consumer_name, *stream;
	size_t limit;
	uint64_t seq; /* durable */
	struct turns_items waiting;
	struct turns_turn *turn; /* in flight, or NULL */
	struct turns_parked parked;
	bool consuming; /* subscribed at seq */
	bool standing; /* instead of that: too much is parked; only releases go on */
	uint64_t generation; /* counts subscriptions */
	struct cursor_read *reading; /* of the cursor, or NULL */
	struct loop_timer *retry, *restart, *measure, *linger;
	bool has_diverged; /* and nothing was consumed since */
	uint64_t measured_seq; /* the cursor when it was last seen to move, or with nothing behind it */
	int64_t moved_at; /* that moment, of the monotonic clock */
	int64_t stuck_ms;
	int64_t linger_ms;
	bool lingered; /* the turn that begins has waited for company */
	unsigned retries;
	uint64_t suspect; /* the guilty event stands at or before it; 0: none is looked for */
	unsigned tries; /* of the event that stands alone */
	bool guilty; /* park the next event, for reason */
	struct err reason;
	struct loop_timer *look; /* for parked events that the operator wants digested again */
	struct released *releasing; /* under way, or NULL */
	size_t release_limit; /* most events of the next one */
	uint64_t release_guilty; /* park this one again, for release_reason; 0: none */
	struct err release_reason;
	struct metric *turns_total, *events_total, *parked_total, *lag, *age, *diverged, *released_total,
	    *waiting_parked;
};

/* Begins a turn if one can begin now. */
void turns_turn_start(struct turns *t);
/* Looks every second, while it is subscribed, for parked events that the operator wants digested again. */
struct loop_timer *turns_release_timer(struct turns *t);
void turns_release_start(struct turns *t);
void turns_release_end(struct turns *t); /* frees the timer; what is under way ends alone */
/* Drops what was received and goes back to the cursor, after a while. */
void turns_again(struct turns *t, int64_t milliseconds);

#endif
