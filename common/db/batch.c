/* batch: see batch.h. Items wait in a ring; what is under way, or has to be repeated, is a group. */
#include "common/db/batch.h"

#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "common/db/internal.h"

#define LOOK_MS 50 /* while something waits: is the database back, has something waited too long? */
#define REPEAT_MS 10U
#define LOCK_TIMEOUT "55P03"
#define GATHER_FROM 8U /* a batch so large comes from a crowd */
#define GATHER_MS 2

struct group {
	struct batch *batch; /* NULL when the batch was freed meanwhile */
	struct group *next;
	int64_t since; /* when its first item was added */
	int64_t due;
	int64_t flown_at;
	unsigned tries;
	size_t count;
	void *items[];
};

struct waiting {
	void *item;
	int64_t since;
};

struct batch {
	struct loop *loop;
	struct db *db;
	struct batch_conf conf;
	batch_build *build;
	batch_done *done;
	void *arg;
	struct waiting *ring;
	size_t ring_first, ring_count;
	struct group *pieces; /* halves of what was refused, and what is to be repeated */
	struct group *flying;
	unsigned flying_count;
	size_t unfinished; /* items in the ring and in groups */
	int64_t gather_until; /* 0: nobody is waited for */
	size_t gather_count;
	struct loop_timer *turn;
	bool soon; /* turn is set for the next turn of the loop */
	unsigned depth;
	bool closing;
};

static struct group *
group_new(struct batch *b, size_t count)
{
	struct group *g = calloc(1, sizeof(*g) + count * sizeof(g->items[0]));

	if (!g)
		abort();
	g->batch = b;
	g->count = count;
	return g;
}

static void
group_remove(struct group **list, const struct group *g)
{
	while (*list != g)
		list = &(*list)->next;
	*list = g->next;
}

static void
group_push(struct group **list, struct group *g)
{
	g->next = *list;
	*list = g;
}

static void
batch_destroy(struct batch *b)
{
	timer_free(b->turn);
	free(b->ring);
	free(b);
}

static void
deliver(
    struct batch *b, struct group *g, enum db_outcome outcome, const struct db_results *results, const struct err *e)
{
	size_t count = g->count;

	b->done(b->arg, g->items, count, outcome, results, e);
	free(g);
	b->unfinished -= count;
	if (b->unfinished == 0)
		loop_release(b->loop);
}

static struct group *
ring_take(struct batch *b, size_t count)
{
	struct group *g = group_new(b, count);

	g->since = b->ring[b->ring_first].since;
	for (size_t i = 0; i < count; i++) {
		g->items[i] = b->ring[b->ring_first].item;
		b->ring_first = (b->ring_first + 1) % b->conf.waiting;
	}
	b->ring_count -= count;
	return g;
}

static void on_done(void *arg, enum db_outcome outcome, const struct db_results *results, const struct err *e);

static void
fly(struct batch *b, struct group *g)
{
	struct db_tx *tx = db_begin(b->db);

	group_push(&b->flying, g);
	b->flying_count++;
	g->flown_at = clock_monotonic();
	b->build(b->arg, tx, g->items, g->count);
	db_commit(tx, on_done, g);
}

static struct group *
piece_due(struct batch *b, int64_t now)
{
	for (struct group *g = b->pieces; g; g = g->next) {
		if (g->due <= now) {
			group_remove(&b->pieces, g);
			return g;
		}
	}
	return NULL;
}

/* How many at the head of the ring have waited too long; at most one batch of them. */
static size_t
ring_expired(const struct batch *b, int64_t now)
{
	size_t count = 0;

	while (count < b->ring_count && count < b->conf.limit &&
	       now - b->ring[(b->ring_first + count) % b->conf.waiting].since >= b->conf.wait_ms * 1000)
		count++;
	return count;
}

/* What is to be repeated, and has waited too long; NULL: none. With a database it is sent instead. */
static struct group *
piece_expired(struct batch *b, int64_t now)
{
	if (db_is_up(b->db))
		return NULL;
	for (struct group *g = b->pieces; g; g = g->next) {
		if (now - g->since >= b->conf.wait_ms * 1000) {
			group_remove(&b->pieces, g);
			return g;
		}
	}
	return NULL;
}

static void
expire(struct batch *b, int64_t now)
{
	struct group *g;
	struct err e;
	size_t count;

	err_set(&e, "the database could not take it in time");
	while (!b->closing && (count = ring_expired(b, now)) > 0)
		deliver(b, ring_take(b, count), DB_UNAVAILABLE, NULL, &e);
	while (!b->closing && (g = piece_expired(b, now)))
		deliver(b, g, DB_UNAVAILABLE, NULL, &e);
}

/* A crowd that was just answered comes back at once. Without a short wait for it, it would split into halves that wait
 * for each other's commits; where the disk is what takes the time, that halves what goes through. */
static void
gather(struct batch *b, const struct group *landed, int64_t now)
{
	int64_t flight = now - landed->flown_at;

	if (landed->count < GATHER_FROM || flight < 4 * 1000)
		return;
	b->gather_until = now + (flight / 4 < GATHER_MS * 1000 ? flight / 4 : GATHER_MS * 1000);
	b->gather_count = b->ring_count + landed->count;
	if (b->gather_count > b->conf.limit)
		b->gather_count = b->conf.limit;
}

static bool
gathering(struct batch *b, int64_t now)
{
	if (b->gather_until > now && b->ring_count < b->gather_count)
		return true;
	b->gather_until = 0;
	return false;
}

static void
go(struct batch *b)
{
	int64_t now = clock_monotonic();
	int64_t wait = LOOK_MS;

	expire(b, now);
	while (!b->closing && b->flying_count < b->conf.flights && db_is_up(b->db)) {
		struct group *g = piece_due(b, now);

		if (!g && (b->ring_count == 0 || gathering(b, now)))
			break;
		if (!g)
			g = ring_take(b, b->ring_count < b->conf.limit ? b->ring_count : b->conf.limit);
		fly(b, g);
	}
	if (b->closing || (b->ring_count == 0 && !b->pieces))
		return;
	for (const struct group *g = b->pieces; g; g = g->next) {
		if (g->due > now && (g->due - now) / 1000 + 1 < wait)
			wait = (g->due - now) / 1000 + 1;
	}
	if (b->gather_until > now && GATHER_MS < wait)
		wait = (b->gather_until - now) / 1000 + 1;
	if (!b->soon)
		timer_start(b->turn, wait);
}

static void
leave(struct batch *b)
{
	if (--b->depth == 0 && b->closing)
		batch_destroy(b);
}

static void
on_turn(void *arg)
{
	struct batch *b = arg;

	b->soon = false;
	b->depth++;
	go(b);
	leave(b);
}

static void
split(struct batch *b, struct group *g)
{
	size_t half = g->count / 2;
	struct group *parts[] = {group_new(b, half), group_new(b, g->count - half)};

	memcpy(parts[0]->items, g->items, half * sizeof(g->items[0]));
	memcpy(parts[1]->items, g->items + half, (g->count - half) * sizeof(g->items[0]));
	for (size_t i = 2; i-- > 0;) {
		parts[i]->since = g->since;
		parts[i]->tries = g->tries;
		group_push(&b->pieces, parts[i]);
	}
	free(g);
}

static void
repeat(struct batch *b, struct group *g, int64_t now)
{
	uint32_t most = REPEAT_MS << g->tries;

	g->due = now + 1000 * (REPEAT_MS / 2 + (int64_t)randombytes_uniform(most));
	group_push(&b->pieces, g);
}

static void
land(struct batch *b, struct group *g, enum db_outcome outcome, const struct db_results *results, const struct err *e)
{
	int64_t now = clock_monotonic();

	if (outcome == DB_REFUSED && g->count > 1) {
		split(b, g);
	} else if (outcome == DB_RETRY && g->tries + 1 < BATCH_TRIES) {
		g->tries++;
		repeat(b, g, now);
		if (b->conf.on_stuck && strcmp(db_last_sqlstate(b->db), LOCK_TIMEOUT) == 0)
			b->conf.on_stuck(b->arg);
	} else if (outcome == DB_UNAVAILABLE && now - g->since < b->conf.wait_ms * 1000) {
		repeat(b, g, now);
	} else {
		deliver(b, g, outcome, results, e);
	}
}

static void
on_done(void *arg, enum db_outcome outcome, const struct db_results *results, const struct err *e)
{
	struct group *g = arg;
	struct batch *b = g->batch;

	if (!b) {
		free(g);
		return;
	}
	b->depth++;
	group_remove(&b->flying, g);
	b->flying_count--;
	if (outcome == DB_COMMITTED)
		gather(b, g, clock_monotonic());
	land(b, g, outcome, results, e);
	if (!b->closing)
		go(b);
	leave(b);
}

struct batch *
batch_new(struct loop *l, struct db *d, const struct batch_conf *conf, batch_build *build, batch_done *done, void *arg)
{
	struct batch *b = calloc(1, sizeof(*b));

	if (!b || conf->limit == 0 || conf->waiting == 0 || conf->flights == 0)
		abort();
	b->loop = l;
	b->db = d;
	b->conf = *conf;
	b->build = build;
	b->done = done;
	b->arg = arg;
	b->ring = calloc(conf->waiting, sizeof(*b->ring));
	if (!b->ring)
		abort();
	b->turn = timer_new(l, on_turn, b);
	return b;
}

void
batch_free(struct batch *b)
{
	struct err e;
	struct group *g;

	if (!b || b->closing)
		return;
	b->closing = true;
	b->depth++;
	timer_stop(b->turn);
	err_set(&e, "the program stops");
	while ((g = b->flying)) {
		struct group *told = group_new(b, g->count);

		memcpy(told->items, g->items, g->count * sizeof(g->items[0]));
		group_remove(&b->flying, g);
		g->batch = NULL;
		deliver(b, told, DB_UNKNOWN, NULL, &e);
	}
	while ((g = b->pieces)) {
		group_remove(&b->pieces, g);
		deliver(b, g, DB_UNAVAILABLE, NULL, &e);
	}
	while (b->ring_count > 0)
		deliver(b, ring_take(b, b->ring_count), DB_UNAVAILABLE, NULL, &e);
	leave(b);
}

int
batch_add(struct batch *b, void *item)
{
	if (b->closing || b->ring_count == b->conf.waiting || db_down_for(b->db) > b->conf.wait_ms * 1000)
		return -1;
	b->ring[(b->ring_first + b->ring_count) % b->conf.waiting] = (struct waiting){item, clock_monotonic()};
	b->ring_count++;
	if (b->unfinished++ == 0)
		loop_hold(b->loop);
	if (b->flying_count < b->conf.flights && !b->soon &&
	    !(timer_pending(b->turn) && gathering(b, clock_monotonic()))) {
		b->soon = true;
		timer_start(b->turn, 0);
	}
	return 0;
}

size_t
batch_waiting(const struct batch *b)
{
	return b->ring_count;
}
