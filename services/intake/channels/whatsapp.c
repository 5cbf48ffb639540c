/* whatsapp: the webhooks of the WhatsApp Business Cloud API. Senders are known by their number (wa_id), by a user id that is
 * scoped to our business (user_id), or by both; with a username they may have no number. */
#include "services/intake/channels/whatsapp.h"

#include <string.h>

#include "proto/kopru/v1/application.pb-c.h"
#include "services/intake/channels/meta.h"
#include "services/intake/channels/whatsapp_types.h"

/* What is true for all messages of one change. */
struct change {
	struct meta_reading *m;
	const json_t *value;
	const char *phone_number_id;
};

/* The profile that belongs to the message's sender: never another's, for then two people would become one. */
static const json_t *
find_profile(const json_t *value, const char *number, const char *user_id)
{
	const json_t *contact;
	size_t i;

	json_array_foreach(json_object_get(value, "contacts"), i, contact)
	{
		const char *wa_id = json_string_value(json_object_get(contact, "wa_id"));
		const char *id = json_string_value(json_object_get(contact, "user_id"));

		if ((number && wa_id && strcmp(number, wa_id) == 0) || (user_id && id && strcmp(user_id, id) == 0))
			return contact;
	}
	return NULL;
}

/* False when nobody sent it. */
static bool
read_sender(const struct change *c, const json_t *message, struct channel_item *item)
{
	struct arena *a = c->m->a;
	const char *number = fields_id(a, message, "from", FIELDS_ID_MAX);
	const char *user_id = fields_id(a, message, "from_user_id", FIELDS_ID_MAX);
	const json_t *contact = find_profile(c->value, number, user_id);

	if (!user_id)
		user_id = fields_id(a, contact, "user_id", FIELDS_ID_MAX);
	if (!number)
		number = fields_id(a, contact, "wa_id", FIELDS_ID_MAX);
	item->name = fields_line(a, json_object_get(contact, "profile"), "name");
	item->phone = fields_phone(a, number);
	fields_key_add(item, user_id); /* first: a number passes to somebody else, the id never does */
	fields_key_add(item, number);
	if (number)
		item->reply_to =
		    meta_reply_to(a, "phone_number_id", c->phone_number_id, "to", number, (const char *)NULL);
	else if (user_id)
		item->reply_to =
		    meta_reply_to(a, "phone_number_id", c->phone_number_id, "recipient", user_id, (const char *)NULL);
	return number || user_id;
}

static void
not_understood(struct channel_item *item, const char *why)
{
	item->kind = CHANNEL_TRIAGE;
	item->why = why;
}

static void
read_edit(const struct change *c, const json_t *message, struct channel_item *item)
{
	const json_t *edit = json_object_get(message, "edit"), *now = json_object_get(edit, "message");

	item->kind = CHANNEL_EDIT;
	item->external_id = fields_id(c->m->a, edit, "original_message_id", FIELDS_MESSAGE_ID_MAX);
	whatsapp_type_read(c->m->a, now, item);
	fields_number(c->m->a, item);
	item->file_count = 0;
	if (!item->external_id)
		not_understood(item, "an edit does not say of which message");
	else if (strcmp(item->type, "unsupported") == 0)
		not_understood(item, "an edit cannot be read");
}

static void
read_deletion(const struct change *c, const json_t *message, struct channel_item *item)
{
	item->kind = CHANNEL_DELETION;
	item->external_id =
	    fields_id(c->m->a, json_object_get(message, "revoke"), "original_message_id", FIELDS_MESSAGE_ID_MAX);
	if (!item->external_id)
		not_understood(item, "a deletion does not say of which message");
}

/* A changed number is the same person's, says the provider. */
static void
read_system(const struct change *c, const json_t *message, struct channel_item *item)
{
	static const char *const names[] = {"wa_id", "new_wa_id", "user_id"};
	const json_t *system = json_object_get(message, "system");
	const char *type = json_string_value(json_object_get(system, "type"));

	item->kind = CHANNEL_IGNORED;
	item->why = "a system message";
	if (!type || !strstr(type, "_changed_") || strstr(type, "identity"))
		return;
	item->kind = CHANNEL_CONTACT;
	item->why = "a sender's number changed";
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const char *id = fields_id(c->m->a, system, names[i], FIELDS_ID_MAX);

		fields_key_add(item, id);
		if (i < 2 && id)
			item->phone = fields_phone(c->m->a, id);
	}
}

static void
read_reaction(const struct change *c, const json_t *message, struct channel_item *item)
{
	(void)c;
	(void)message;
	item->kind = CHANNEL_IGNORED;
	item->why = "a reaction";
}

static void
read_sticker(const struct change *c, const json_t *message, struct channel_item *item)
{
	read_reaction(c, message, item);
	item->why = "a sticker";
}

/* What is no message, though it comes as one. */
static const struct {
	const char *type;
	void (*read)(const struct change *c, const json_t *message, struct channel_item *item);
} others[] = {
    {"edit", read_edit},
    {"revoke", read_deletion},
    {"system", read_system},
    {"reaction", read_reaction},
    {"sticker", read_sticker},
};

static void
read_message(const struct change *c, const json_t *message)
{
	struct channel_item *item = meta_add(c->m, CHANNEL_MESSAGE, NULL);
	const char *type = json_string_value(json_object_get(message, "type"));

	if (!read_sender(c, message, item)) {
		not_understood(item, "a message has no sender");
		return;
	}
	item->sent_at = fields_time(message, "timestamp", 1000000);
	for (size_t i = 0; type && i < sizeof(others) / sizeof(others[0]); i++) {
		if (strcmp(others[i].type, type) == 0) {
			others[i].read(c, message, item);
			return;
		}
	}
	item->external_id = fields_id(c->m->a, message, "id", FIELDS_MESSAGE_ID_MAX);
	item->references[0] = fields_id(c->m->a, json_object_get(message, "context"), "id", FIELDS_MESSAGE_ID_MAX);
	if (!item->external_id)
		not_understood(item, "a message has no id");
	else
		whatsapp_type_read(c->m->a, message, item);
	fields_number(c->m->a, item);
}

static void
read_status(const struct change *c, const json_t *status)
{
	static const char *const words[][2] = {
	    {"sent", "sent"}, {"delivered", "delivered"}, {"read", "read"}, {"played", "read"}, {"failed", "failed"}};
	const char *word = json_string_value(json_object_get(status, "status"));
	const char *told_id = fields_id(c->m->a, status, "biz_opaque_callback_data", FIELDS_ID_MAX);
	struct channel_item *item;

	for (size_t i = 0; word && told_id && i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcmp(words[i][0], word) != 0)
			continue;
		item = meta_add(c->m, CHANNEL_STATUS, NULL);
		item->told_id = told_id;
		item->status = words[i][1];
		item->sent_at = fields_time(status, "timestamp", 1000000);
		return;
	}
	meta_add(c->m, CHANNEL_IGNORED, "a status of what was not sent from here");
}

/* Its user id changed, the person did not. */
static void
read_user_id_update(const struct change *c, const json_t *update)
{
	struct channel_item *item = meta_add(c->m, CHANNEL_CONTACT, "a sender's user id changed");
	const json_t *user_id = json_object_get(update, "user_id");

	fields_key_add(item, fields_id(c->m->a, user_id, "previous", FIELDS_ID_MAX));
	fields_key_add(item, fields_id(c->m->a, user_id, "current", FIELDS_ID_MAX));
	fields_key_add(item, fields_id(c->m->a, update, "wa_id", FIELDS_ID_MAX));
	if (!item->keys[0])
		not_understood(item, "a change of a user id names nobody");
}

/* The lists of a change that are looked at. */
static const struct {
	const char *field, *list;
	void (*read)(const struct change *c, const json_t *part);
} lists[] = {
    {"messages", "messages", read_message},
    {"messages", "statuses", read_status},
    {"user_id_update", "user_id_update", read_user_id_update},
};

static void
read_lists(const struct change *c, const char *field)
{
	const json_t *part;
	size_t i, found = 0;

	for (size_t l = 0; l < sizeof(lists) / sizeof(lists[0]); l++) {
		const json_t *list = json_object_get(c->value, lists[l].list);

		if (strcmp(lists[l].field, field) != 0 || !json_is_array(list))
			continue;
		found++;
		json_array_foreach(list, i, part) lists[l].read(c, part);
	}
	if (found == 0)
		meta_add(c->m, CHANNEL_IGNORED,
		    json_object_get(c->value, "errors") ? "an error that the provider reports" : "no message");
}

static void
on_entry(struct meta_reading *m, const json_t *entry)
{
	const json_t *change;
	size_t i;

	json_array_foreach(json_object_get(entry, "changes"), i, change)
	{
		const char *field = json_string_value(json_object_get(change, "field"));
		struct change c = {.m = m, .value = json_object_get(change, "value")};

		c.phone_number_id =
		    fields_id(m->a, json_object_get(c.value, "metadata"), "phone_number_id", FIELDS_ID_MAX);
		if (!field || !json_is_object(c.value))
			meta_add(m, CHANNEL_TRIAGE, "a change has no field or no value");
		else if (strcmp(field, "smb_message_echoes") == 0)
			meta_add(m, CHANNEL_IGNORED, "an echo of what we said");
		else if (strcmp(field, "messages") != 0 && strcmp(field, "user_id_update") != 0)
			meta_add(m, CHANNEL_IGNORED, "no message");
		else if (!meta_is_ours(m, c.phone_number_id))
			meta_add(m, CHANNEL_IGNORED, "not for a number of ours");
		else
			read_lists(&c, field);
	}
}

static void
whatsapp_read(const struct channels_conf *conf, struct arena *a, const struct channel_inbound *inbound,
    struct channel_reading *reading)
{
	struct meta_reading m = {
	    .a = a, .conf = conf->whatsapp, .channel = KOPRU__V1__CHANNEL__CHANNEL_WHATSAPP, .reading = reading};

	meta_read(&m, inbound, "whatsapp_business_account", on_entry);
}

const struct channel whatsapp_channel = {.name = "whatsapp", .read = whatsapp_read};
