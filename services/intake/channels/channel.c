/* channel: see the header. */
#include "services/intake/channels/channel.h"

#include <string.h>

#define GROW 8

/* How many there is room for: 8, 16, 32 ... */
static bool
is_full(size_t count)
{
	return count == 0 || (count >= GROW && (count & (count - 1)) == 0);
}

struct channel_item *
channel_item_add(struct arena *a, struct channel_reading *reading, enum channel_item_kind kind)
{
	struct channel_item *more;

	if (reading->count >= CHANNEL_ITEMS_MAX)
		return NULL;
	if (is_full(reading->count)) {
		more = arena_array(a, reading->count ? reading->count * 2 : GROW, sizeof(*more));
		if (reading->count)
			memcpy(more, reading->items, reading->count * sizeof(*more));
		reading->items = more;
	}
	more = &reading->items[reading->count++];
	more->kind = kind;
	return more;
}
