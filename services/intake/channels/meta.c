/* meta: see the header. */
#include "services/intake/channels/meta.h"

#include <stdarg.h>
#include <string.h>

#define REPLY_TO_MAX 2048

bool
meta_is_ours(const struct meta_reading *m, const char *id)
{
	for (size_t i = 0; id && i < m->conf->id_count; i++)
		if (strcmp(m->conf->ids[i], id) == 0)
			return true;
	return false;
}

struct channel_item *
meta_add(struct meta_reading *m, enum channel_item_kind kind, const char *why)
{
	struct channel_item *item = channel_item_add(m->a, m->reading, kind);

	if (!item) {
		m->reading->triage = "it holds more than 1000 items";
		item = arena_alloc(m->a, sizeof(*item));
	}
	item->channel = m->channel;
	item->why = why;
	return item;
}

/* The first reason, when nothing else is in it. */
static const char *
all_ignored(const struct channel_reading *reading)
{
	for (size_t i = 0; i < reading->count; i++)
		if (reading->items[i].kind != CHANNEL_IGNORED)
			return NULL;
	return reading->count ? reading->items[0].why : "it is empty";
}

void
meta_read(struct meta_reading *m, const struct channel_inbound *inbound, const char *object, meta_on_entry *on_entry)
{
	json_t *body = m->conf ? fields_read(m->a, inbound) : NULL;
	const json_t *entries = json_object_get(body, "entry"), *entry;
	const char *kind = json_string_value(json_object_get(body, "object"));
	size_t i;

	if (!m->conf)
		m->reading->triage = "the channel is not configured";
	else if (!body)
		m->reading->triage = "it is no JSON that we take";
	else if (!kind || strcmp(kind, object) != 0)
		m->reading->triage = "its object is not of this channel";
	else if (!json_is_array(entries))
		m->reading->triage = "it has no entries";
	if (m->reading->triage)
		return;
	json_array_foreach(entries, i, entry)
	{
		if (json_is_object(entry))
			on_entry(m, entry);
		else
			meta_add(m, CHANNEL_TRIAGE, "an entry is no object");
	}
	m->reading->ignored = all_ignored(m->reading);
}

const char *
meta_reply_to(struct arena *a, const char *name, ...)
{
	json_t *json = json_object();
	char text[REPLY_TO_MAX];
	const char *value;
	size_t size;
	va_list list;

	va_start(list, name);
	for (; name; name = va_arg(list, const char *)) {
		value = va_arg(list, const char *);
		json_object_set_new(json, name, json_string(value));
	}
	va_end(list);
	size = json_dumpb(json, text, sizeof(text), JSON_COMPACT);
	json_decref(json);
	return size > 0 && size < sizeof(text) ? arena_string_n(a, text, size) : NULL;
}
