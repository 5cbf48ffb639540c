/* messenger: direct messages stand in an entry's "messaging", what is public in its "changes" (messenger_public.c). */
#include "services/intake/channels/messenger.h"

#include <string.h>

#include "proto/kopru/v1/application.pb-c.h"
#include "services/intake/channels/messenger_public.h"

#define URL_MAX 2000

/* Files come by their address, which anybody may fetch who knows it. */
static const struct {
	const char *name, *type;
} file_types[] = {{"image", "image"}, {"audio", "audio"}, {"video", "video"}, {"file", "document"}};

static void
read_file(struct arena *a, const char *name, const json_t *payload, struct channel_item *item)
{
	struct channel_file file = {.media_id = fields_id(a, payload, "url", URL_MAX)};

	for (size_t i = 0; i < sizeof(file_types) / sizeof(file_types[0]); i++) {
		if (!file.media_id || json_object_get(payload, "sticker_id") || strcmp(file_types[i].name, name) != 0)
			continue;
		fields_file_add(item, &file);
		item->type = file_types[i].type;
		return;
	}
}

static bool
is_file_type(const char *name)
{
	for (size_t i = 0; i < sizeof(file_types) / sizeof(file_types[0]); i++)
		if (strcmp(file_types[i].name, name) == 0)
			return true;
	return false;
}

/* What is no file is a link (a shared post, a story): it becomes text. */
static void
read_attachment(struct arena *a, const json_t *attachment, struct channel_item *item)
{
	const json_t *payload = json_object_get(attachment, "payload");
	const char *type = json_string_value(json_object_get(attachment, "type"));
	const char *link = fields_id(a, payload, "url", URL_MAX);

	if (!type)
		return;
	if (is_file_type(type)) {
		read_file(a, type, payload, item);
	} else if (strcmp(type, "location") == 0) {
		fields_point(json_object_get(payload, "coordinates"), "lat", "long", item);
		item->type = item->has_point ? "location" : item->type;
	} else {
		item->text =
		    fields_join(a, item->text, "\n", fields_join(a, fields_line(a, payload, "title"), "\n", link));
		item->type = item->text ? "text" : item->type;
	}
}

static void
read_attachments(struct arena *a, const json_t *list, struct channel_item *item)
{
	const json_t *attachment;
	size_t i;

	json_array_foreach(list, i, attachment)
	{
		if (i < CHANNEL_FILES_MAX)
			read_attachment(a, attachment, item);
	}
}

static bool
is_only_sticker(const struct channel_item *item, const json_t *message)
{
	const json_t *payload = json_object_get(json_array_get(json_object_get(message, "attachments"), 0), "payload");

	return !item->text && !item->has_point && item->file_count == 0 && json_object_get(payload, "sticker_id");
}

static void
ignore(struct channel_item *item, const char *why)
{
	item->kind = CHANNEL_IGNORED;
	item->why = why;
}

static void
read_message(struct arena *a, const json_t *message, struct channel_item *item)
{
	item->external_id = fields_id(a, message, "mid", FIELDS_MESSAGE_ID_MAX);
	item->text = fields_text(a, message, "text");
	item->type = item->text ? "text" : NULL;
	item->references[0] = fields_id(a, json_object_get(message, "reply_to"), "mid", FIELDS_MESSAGE_ID_MAX);
	read_attachments(a, json_object_get(message, "attachments"), item);
	if (json_is_true(json_object_get(message, "is_echo")))
		ignore(item, "an echo of what we said");
	else if (json_is_true(json_object_get(message, "is_deleted")))
		item->kind = CHANNEL_DELETION;
	else if (is_only_sticker(item, message))
		ignore(item, "a sticker");
	else if (!item->text && !item->has_point && item->file_count == 0)
		item->type = "unsupported";
}

static void
read_edit(struct arena *a, const json_t *edit, struct channel_item *item)
{
	item->kind = CHANNEL_EDIT;
	item->external_id = fields_id(a, edit, "mid", FIELDS_MESSAGE_ID_MAX);
	item->type = "text";
	item->text = fields_text(a, edit, "text");
}

static void
read_postback(struct arena *a, const json_t *postback, struct channel_item *item)
{
	item->external_id = fields_id(a, postback, "mid", FIELDS_MESSAGE_ID_MAX);
	item->type = "button";
	item->text = fields_text(a, postback, "title");
	if (!item->text)
		ignore(item, "a button without a text");
}

static void
read_reaction(struct arena *a, const json_t *part, struct channel_item *item)
{
	(void)a;
	(void)part;
	ignore(item, "a reaction");
}

static void
read_receipt(struct arena *a, const json_t *part, struct channel_item *item)
{
	(void)a;
	(void)part;
	ignore(item, "a receipt");
}

/* What an event may hold; what holds none of them is ignored. */
static const struct {
	const char *name;
	void (*read)(struct arena *a, const json_t *part, struct channel_item *item);
} parts[] = {
    {"message", read_message},
    {"message_edit", read_edit},
    {"postback", read_postback},
    {"reaction", read_reaction},
    {"delivery", read_receipt},
    {"read", read_receipt},
};

static void
read_part(struct meta_reading *m, const json_t *event, struct channel_item *item)
{
	ignore(item, "no message");
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		const json_t *part = json_object_get(event, parts[i].name);

		if (!json_is_object(part))
			continue;
		item->kind = CHANNEL_MESSAGE;
		item->why = NULL;
		parts[i].read(m->a, part, item);
		return;
	}
}

static void
read_event(struct meta_reading *m, const json_t *event)
{
	struct channel_item *item = meta_add(m, CHANNEL_IGNORED, NULL);
	const char *sender = fields_id(m->a, json_object_get(event, "sender"), "id", FIELDS_ID_MAX);
	const char *ours = fields_id(m->a, json_object_get(event, "recipient"), "id", FIELDS_ID_MAX);

	read_part(m, event, item);
	item->sent_at = fields_time(event, "timestamp", 1000);
	fields_number(m->a, item);
	if (item->kind == CHANNEL_IGNORED)
		return;
	if (meta_is_ours(m, sender)) {
		ignore(item, "an echo of what we said");
	} else if (!meta_is_ours(m, ours)) {
		ignore(item, "not for an account of ours");
	} else if (!sender || !item->external_id) {
		item->kind = CHANNEL_TRIAGE;
		item->why = sender ? "a message has no id" : "a message has no sender";
	} else {
		fields_key_add(item, sender);
		item->reply_to = meta_reply_to(m->a, "account", ours, "id", sender, (const char *)NULL);
	}
}

static void
on_entry(struct meta_reading *m, const json_t *entry)
{
	const json_t *part;
	size_t i;

	json_array_foreach(json_object_get(entry, "messaging"), i, part) read_event(m, part);
	json_array_foreach(json_object_get(entry, "changes"), i, part) messenger_public_read(m, entry, part);
	/* Instagram without a Facebook page puts the only change into the entry itself. */
	if (json_object_get(entry, "field"))
		messenger_public_read(m, entry, entry);
	/* "standby": another application has this conversation, and answers. */
	json_array_foreach(json_object_get(entry, "standby"), i, part)
	    meta_add(m, CHANNEL_IGNORED, "another application has the conversation");
}

static void
messenger_read(const struct channels_conf *conf, struct arena *a, const struct channel_inbound *inbound,
    struct channel_reading *reading)
{
	struct meta_reading m = {
	    .a = a, .conf = conf->messenger, .channel = KOPRU__V1__CHANNEL__CHANNEL_FACEBOOK, .reading = reading};

	meta_read(&m, inbound, "page", on_entry);
}

static void
instagram_read(const struct channels_conf *conf, struct arena *a, const struct channel_inbound *inbound,
    struct channel_reading *reading)
{
	struct meta_reading m = {
	    .a = a, .conf = conf->instagram, .channel = KOPRU__V1__CHANNEL__CHANNEL_INSTAGRAM, .reading = reading};

	meta_read(&m, inbound, "instagram", on_entry);
}

const struct channel messenger_channel = {.name = "messenger", .read = messenger_read};
const struct channel instagram_channel = {.name = "instagram", .read = instagram_read};
