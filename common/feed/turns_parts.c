/* turns_parts: the list of received events and the set of applications that wait. */
#include "common/feed/turns_state.h"

#include <stdlib.h>
#include <string.h>

void
turns_items_add(struct turns_items *items, const struct feed_item *item, int64_t now)
{
	struct turns_item *i = malloc(sizeof(*i) + item->size);

	if (!i)
		abort();
	i->next = NULL;
	i->seq = item->seq;
	i->event_id = item->event_id;
	i->received_at = now;
	i->size = item->size;
	memcpy(i->bytes, item->event, item->size);
	if (items->last)
		items->last->next = i;
	else
		items->first = i;
	items->last = i;
	items->count++;
}

void
turns_items_move(struct turns_items *items, size_t count, struct turns_items *to)
{
	for (; count > 0 && items->first; count--) {
		struct turns_item *i = items->first;

		items->first = i->next;
		if (!items->first)
			items->last = NULL;
		items->count--;
		i->next = NULL;
		if (to->last)
			to->last->next = i;
		else
			to->first = i;
		to->last = i;
		to->count++;
	}
}

void
turns_items_put_back(struct turns_items *items, struct turns_items *front)
{
	turns_items_move(items, items->count, front);
	*items = *front;
	*front = (struct turns_items){0};
}

void
turns_items_free(struct turns_items *items)
{
	while (items->first) {
		struct turns_item *next = items->first->next;

		free(items->first);
		items->first = next;
	}
	*items = (struct turns_items){0};
}

static bool
uuid_is_nil(const struct uuid *u)
{
	static const struct uuid nil;

	return uuid_compare(u, &nil) == 0;
}

static size_t
parked_place(const struct turns_parked *parked, const struct uuid *application)
{
	uint64_t hash = 0;
	size_t place = 0;

	memcpy(&hash, application->bytes + 8, sizeof(hash)); /* the random half of a UUIDv7 */
	for (place = (size_t)(hash % parked->room); !uuid_is_nil(&parked->list[place]);
	     place = (place + 1) % parked->room)
		if (uuid_compare(&parked->list[place], application) == 0)
			break;
	return place;
}

bool
turns_parked_has(const struct turns_parked *parked, const struct uuid *application)
{
	return parked->count > 0 && !uuid_is_nil(&parked->list[parked_place(parked, application)]);
}

static void
parked_grow(struct turns_parked *parked)
{
	struct turns_parked larger = {.count = parked->count, .room = parked->room * 2 + 16};

	larger.list = calloc(larger.room, sizeof(*larger.list));
	if (!larger.list)
		abort();
	for (size_t i = 0; i < parked->room; i++)
		if (!uuid_is_nil(&parked->list[i]))
			larger.list[parked_place(&larger, &parked->list[i])] = parked->list[i];
	free(parked->list);
	*parked = larger;
}

void
turns_parked_add(struct turns_parked *parked, const struct uuid *application)
{
	if (uuid_is_nil(application) || turns_parked_has(parked, application))
		return;
	if (parked->count * 2 >= parked->room)
		parked_grow(parked);
	parked->list[parked_place(parked, application)] = *application;
	parked->count++;
}

/* Who stands behind the emptied place may have been kept from it: each finds its place again. */
void
turns_parked_remove(struct turns_parked *parked, const struct uuid *application)
{
	size_t place = 0;

	if (uuid_is_nil(application) || !turns_parked_has(parked, application))
		return;
	place = parked_place(parked, application);
	parked->list[place] = (struct uuid){{0}};
	parked->count--;
	for (place = (place + 1) % parked->room; !uuid_is_nil(&parked->list[place]);
	     place = (place + 1) % parked->room) {
		struct uuid moved = parked->list[place];

		parked->list[place] = (struct uuid){{0}};
		parked->list[parked_place(parked, &moved)] = moved;
	}
}

void
turns_parked_clear(struct turns_parked *parked)
{
	free(parked->list);
	*parked = (struct turns_parked){0};
}
