/* queue: see queue.h. */
#include "services/department/queue.h"

#include <stdlib.h>

#include "common/base/arena.h"

/* What came in one call, in an arena of its own that goes with its last event. */
struct batch {
	struct batch *next;
	struct arena *arena;
	struct feed_item *items;
	size_t count, first;
};

struct queue {
	struct batch *first, **last;
};

struct queue *
queue_new(void)
{
	struct queue *q = calloc(1, sizeof(*q));

	if (!q)
		abort();
	q->last = &q->first;
	return q;
}

static void
batch_drop(struct queue *q)
{
	struct batch *batch = q->first;

	q->first = batch->next;
	if (!q->first)
		q->last = &q->first;
	arena_free(batch->arena);
}

void
queue_free(struct queue *q)
{
	if (!q)
		return;
	while (q->first)
		batch_drop(q);
	free(q);
}

void
queue_add(struct queue *q, const struct feed_item *items, size_t count)
{
	struct arena *a;
	struct batch *batch;

	if (count == 0)
		return;
	a = arena_new(0);
	batch = arena_alloc(a, sizeof(*batch));
	batch->arena = a;
	batch->count = count;
	batch->items = arena_array(a, count, sizeof(*batch->items));
	for (size_t i = 0; i < count; i++) {
		batch->items[i] = items[i];
		batch->items[i].event = arena_copy(a, items[i].event, items[i].size);
	}
	*q->last = batch;
	q->last = &batch->next;
}

const struct feed_item *
queue_first(const struct queue *q)
{
	return q->first ? &q->first->items[q->first->first] : NULL;
}

void
queue_drop(struct queue *q)
{
	if (++q->first->first == q->first->count)
		batch_drop(q);
}
