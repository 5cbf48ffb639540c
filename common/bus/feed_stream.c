/* feed_stream: the streams that somebody subscribed to, and their newest events in memory. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/bus/feed_owner_internal.h"

size_t
feed_hash(const void *data, size_t size)
{
	const uint8_t *bytes = data;
	uint32_t hash = 2166136261U;

	for (size_t i = 0; i < size; i++)
		hash = (hash ^ bytes[i]) * 16777619U;
	return (hash ^ hash >> 16) % FEED_BUCKETS;
}

struct feed_stream *
feed_stream_find(struct feed_owner *o, const char *name)
{
	struct feed_stream *s;

	for (s = LIST_FIRST(&o->stream_buckets[feed_hash(name, strlen(name))]); s; s = LIST_NEXT(s, bucket_entry))
		if (strcmp(s->name, name) == 0)
			return s;
	return NULL;
}

struct feed_stream *
feed_stream_take(struct feed_owner *o, const char *name)
{
	struct feed_stream *s = feed_stream_find(o, name);

	if (s)
		return s;
	s = calloc(1, sizeof(*s));
	if (!s)
		abort();
	s->owner = o;
	(void)snprintf(s->name, sizeof(s->name), "%s", name);
	TAILQ_INIT(&s->subscriptions);
	TAILQ_INSERT_TAIL(&o->streams, s, entry);
	LIST_INSERT_HEAD(&o->stream_buckets[feed_hash(name, strlen(name))], s, bucket_entry);
	return s;
}

void
feed_stream_drop_unused(struct feed_stream *s)
{
	struct feed_owner *o = s->owner;

	if (!TAILQ_EMPTY(&s->subscriptions))
		return;
	feed_reading_forget(s->poll);
	feed_stream_forget(s);
	if (s->changed)
		TAILQ_REMOVE(&o->changed, s, changed_entry);
	TAILQ_REMOVE(&o->streams, s, entry);
	LIST_REMOVE(s, bucket_entry);
	free(s);
}

static void
kept_free_oldest(struct feed_stream *s)
{
	struct feed_kept **slot = &s->kept[s->kept_first % FEED_KEPT_ITEMS];
	struct feed_kept *k = *slot;
	struct feed_owner *o = s->owner;

	*slot = NULL;
	s->kept_first++;
	s->kept_count--;
	TAILQ_REMOVE(&o->kept, k, entry);
	o->kept_bytes -= sizeof(*k) + k->item.size;
	free(k);
}

void
feed_stream_forget(struct feed_stream *s)
{
	while (s->kept_count > 0)
		kept_free_oldest(s);
	metric_set(s->owner->kept_now, (int64_t)s->owner->kept_bytes);
}

void
feed_stream_keep(struct feed_stream *s, const struct feed_item *item)
{
	struct feed_owner *o = s->owner;
	size_t size = sizeof(struct feed_kept) + item->size;
	struct feed_kept *k;

	if (s->kept_count > 0 && item->seq < s->kept_first + s->kept_count)
		return;
	if (s->kept_count > 0 && item->seq > s->kept_first + s->kept_count)
		feed_stream_forget(s);
	if (s->kept_count == FEED_KEPT_ITEMS)
		kept_free_oldest(s);
	while (o->kept_bytes + size > FEED_KEPT_BYTES && !TAILQ_EMPTY(&o->kept))
		kept_free_oldest(TAILQ_FIRST(&o->kept)->stream);
	k = malloc(size);
	if (!k)
		abort();
	k->stream = s;
	k->item = *item;
	k->item.event = k->bytes;
	memcpy(k->bytes, item->event, item->size);
	if (s->kept_count == 0)
		s->kept_first = item->seq;
	s->kept[item->seq % FEED_KEPT_ITEMS] = k;
	s->kept_count++;
	TAILQ_INSERT_TAIL(&o->kept, k, entry);
	o->kept_bytes += size;
	metric_set(o->kept_now, (int64_t)o->kept_bytes);
}

size_t
feed_stream_kept(const struct feed_stream *s, uint64_t seq, size_t limit, const struct feed_item **items)
{
	size_t count = 0;
	size_t bytes = 0;

	if (seq < s->kept_first)
		return 0;
	while (count < limit && seq - s->kept_first < s->kept_count) {
		const struct feed_item *item = &s->kept[seq % FEED_KEPT_ITEMS]->item;

		bytes += item->size;
		if (count > 0 && bytes > FEED_FRAME_BYTES)
			break;
		items[count++] = item;
		seq++;
	}
	return count;
}

void
feed_stream_head(struct feed_stream *s, uint64_t head)
{
	if (s->head_known && head <= s->head)
		return;
	s->head_known = true;
	s->head = head; /* may be lower than what was known in another session */
	feed_stream_changed(s);
}

void
feed_stream_changed(struct feed_stream *s)
{
	struct feed_owner *o = s->owner;

	if (!s->changed) {
		s->changed = true;
		TAILQ_INSERT_TAIL(&o->changed, s, changed_entry);
	}
	feed_owner_turn_soon(o);
}
