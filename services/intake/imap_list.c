/* imap_list: see imap_list.h. */
#include "services/intake/imap_list.h"

#include <stdio.h>
#include <string.h>

void
imap_list_add(struct imap_list *l, uint32_t after, uint64_t uid)
{
	size_t at = l->count;

	if (uid > UINT32_MAX || uid <= after || (at == IMAP_ROUND_MAX && l->items[at - 1].uid < uid))
		return;
	while (at > 0 && l->items[at - 1].uid > uid)
		at--;
	if (at > 0 && l->items[at - 1].uid == uid)
		return;
	if (l->count == IMAP_ROUND_MAX)
		l->count--;
	memmove(&l->items[at + 1], &l->items[at], (l->count - at) * sizeof(l->items[0]));
	l->items[at] = (struct imap_listed){.uid = (uint32_t)uid};
	l->count++;
}

struct imap_listed *
imap_list_find(struct imap_list *l, size_t begin, uint32_t uid)
{
	for (size_t i = begin; i < l->count; i++)
		if (l->items[i].uid == uid)
			return &l->items[i];
	return NULL;
}

void
imap_list_command(const struct imap_list *l, size_t begin, size_t end, const char *what, char text[IMAP_COMMAND_SIZE])
{
	size_t used = (size_t)snprintf(text, IMAP_COMMAND_SIZE, "UID FETCH ");
	const char *comma = "";

	for (size_t i = begin; i < end; i++) {
		if (l->items[i].came)
			continue;
		used += (size_t)snprintf(text + used, IMAP_COMMAND_SIZE - used, "%s%u", comma, l->items[i].uid);
		comma = ",";
	}
	snprintf(text + used, IMAP_COMMAND_SIZE - used, " %s", what);
}
