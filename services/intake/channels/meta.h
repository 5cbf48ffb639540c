/* meta: what the webhooks of Meta's platforms have in common: an envelope with entries, of which all are looked at, and of
 * which those of others' accounts are ignored. Pure. */
#ifndef KOPRU_SERVICES_INTAKE_CHANNELS_META_H
#define KOPRU_SERVICES_INTAKE_CHANNELS_META_H

#include "services/intake/channels/channels_conf.h"
#include "services/intake/channels/fields.h"

struct meta_reading {
	struct arena *a;
	const struct meta_conf *conf;
	int channel; /* Kopru__V1__Channel, of every item */
	struct channel_reading *reading;
};

typedef void meta_on_entry(struct meta_reading *m, const json_t *entry);

/* object: what the body's "object" must be. Calls on_entry for each entry, then says what the whole is: triage when it is no
 * such body, ignored when all its items are. */
void meta_read(
    struct meta_reading *m, const struct channel_inbound *inbound, const char *object, meta_on_entry *on_entry);

/* Is it an account of ours? */
bool meta_is_ours(const struct meta_reading *m, const char *id);

/* A new item with its channel; past CHANNEL_ITEMS_MAX one that belongs to nothing, and the whole is triage. Never NULL. */
struct channel_item *meta_add(struct meta_reading *m, enum channel_item_kind kind, const char *why);

/* How a sender is told (see graph.h), as JSON text in the arena: name and value, name and value, NULL. */
const char *meta_reply_to(struct arena *a, const char *name, ...) __attribute__((sentinel));

#endif
