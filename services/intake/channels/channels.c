/* channels: the table of all channels whose messages are read, and what their readers share. */
#include <string.h>

#include "services/intake/channels/channel.h"

const struct channel *const channels[] = {
    NULL,
};

const struct channel *
channel_of(const char *source)
{
	size_t size = strcspn(source, "/");

	for (const struct channel *const *c = channels; *c; c++)
		if (strlen((*c)->name) == size && memcmp((*c)->name, source, size) == 0)
			return *c;
	return NULL;
}

struct channel_item *
channel_item_add(struct arena *a, struct channel_reading *reading, enum channel_item_kind kind)
{
	struct channel_item *item;

	if (reading->count >= CHANNEL_ITEMS_MAX)
		return NULL;
	/* The array doubles: full at 16, 32, 64 ... */
	if ((reading->count & (reading->count - 1)) == 0 && (reading->count == 0 || reading->count >= 16)) {
		struct channel_item *more =
		    arena_array(a, reading->count == 0 ? 16 : reading->count * 2, sizeof(*more));

		if (reading->count > 0)
			memcpy(more, reading->items, reading->count * sizeof(*more));
		reading->items = more;
	}
	item = &reading->items[reading->count++];
	item->kind = kind;
	return item;
}
