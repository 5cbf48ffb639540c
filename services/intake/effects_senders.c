/* effects_senders: who is who, and what was said twice, among the items of one transaction. */
#include <stdlib.h>
#include <string.h>

#include "services/intake/effects.h"

/* A text by which items are found to belong together. */
struct mark {
	int channel;
	const char *text;
	size_t item;
	bool weak; /* a key that may pass to somebody else: an item of his has a better one */
};

static int
compare(const void *left, const void *right)
{
	const struct mark *a = left, *b = right;
	int order =
	    a->channel != b->channel ? (a->channel > b->channel) - (a->channel < b->channel) : strcmp(a->text, b->text);

	return order != 0 ? order : (a->item > b->item) - (a->item < b->item);
}

static bool
same(const struct mark *a, const struct mark *b)
{
	return a->channel == b->channel && strcmp(a->text, b->text) == 0;
}

static size_t
root_of(size_t *parents, size_t i)
{
	while (parents[i] != i)
		i = parents[i] = parents[parents[i]];
	return i;
}

static size_t
keys_of(const struct effects_item *items, size_t count, struct mark *marks)
{
	size_t n = 0;

	for (size_t i = 0; i < count; i++)
		for (size_t k = 0; k < CHANNEL_KEYS_MAX && items[i].item->keys[k]; k++)
			marks[n++] = (struct mark){items[i].item->channel, items[i].item->keys[k], i,
			    k > 0 && items[i].item->kind != CHANNEL_CONTACT};
	qsort(marks, n, sizeof(*marks), compare);
	return n;
}

/* The key that is his alone, where he has one. */
static const char *
own_key(const struct channel_item *item)
{
	return item->kind != CHANNEL_CONTACT && item->keys[0] && item->keys[1] ? item->keys[0] : NULL;
}

/* Two are one by a key in common; but who has a number after another is not that other. */
static void
join(size_t *parents, const char **own, const struct mark *left, const struct mark *right)
{
	size_t a = root_of(parents, left->item), b = root_of(parents, right->item);
	size_t root = a < b ? a : b,
	       child = a < b ? b : a; /* the earlier item is the root, so that it is numbered first */

	if (a == b || ((left->weak || right->weak) && own[a] && own[b] && strcmp(own[a], own[b]) != 0))
		return;
	parents[child] = root;
	own[root] = own[root] ? own[root] : own[child];
}

size_t
effects_senders(struct arena *a, struct effects_item *items, size_t count)
{
	struct mark *marks = arena_array(a, count * CHANNEL_KEYS_MAX + 1, sizeof(*marks));
	size_t *parents = arena_array(a, count + 1, sizeof(*parents)), n = keys_of(items, count, marks), senders = 0;
	const char **own = arena_array(a, count + 1, sizeof(*own));

	for (size_t i = 0; i < count; i++) {
		parents[i] = i;
		own[i] = own_key(items[i].item);
	}
	for (size_t m = 1; m < n; m++)
		if (same(&marks[m - 1], &marks[m]))
			join(parents, own, &marks[m - 1], &marks[m]);
	for (size_t i = 0; i < count; i++) {
		size_t root = root_of(parents, i);

		if (items[i].item->keys[0])
			items[i].sender = root == i ? ++senders : items[root].sender;
	}
	return senders;
}

void
effects_repeated(struct arena *a, struct effects_item *items, size_t count)
{
	struct mark *marks = arena_array(a, count + 1, sizeof(*marks));
	size_t n = 0;

	for (size_t i = 0; i < count; i++)
		if (items[i].item->kind == CHANNEL_MESSAGE && items[i].item->external_id)
			marks[n++] = (struct mark){items[i].item->channel, items[i].item->external_id, i, false};
	qsort(marks, n, sizeof(*marks), compare);
	for (size_t m = 1; m < n; m++)
		items[marks[m].item].again = same(&marks[m - 1], &marks[m]);
}

/* Constants: the words of a verdict are no sender's. */
static const struct {
	enum channel_item_kind kind;
	const char *verdict;
} done[] = {
    {CHANNEL_MESSAGE, "message"},
    {CHANNEL_BOUNCE, "bounce"},
    {CHANNEL_EDIT, "edit"},
    {CHANNEL_DELETION, "deletion"},
    {CHANNEL_STATUS, "status"},
    {CHANNEL_CONTACT, "contact"},
};

static const struct channel_item *
first_of(const struct channel_reading *reading, enum channel_item_kind kind)
{
	for (size_t i = 0; i < reading->count; i++)
		if (reading->items[i].kind == kind)
			return &reading->items[i];
	return NULL;
}

const char *
effects_end(const struct channel_reading *reading, const char **verdict)
{
	const struct channel_item *item = first_of(reading, CHANNEL_TRIAGE);

	if (reading->triage || item) {
		*verdict = reading->triage ? reading->triage : item->why;
		return "triage";
	}
	for (size_t i = 0; !reading->ignored && i < sizeof(done) / sizeof(done[0]); i++) {
		if (!first_of(reading, done[i].kind))
			continue;
		*verdict = done[i].verdict;
		return "done";
	}
	item = first_of(reading, CHANNEL_IGNORED);
	*verdict = reading->ignored ? reading->ignored : item ? item->why : "nothing in it";
	return "ignored";
}
