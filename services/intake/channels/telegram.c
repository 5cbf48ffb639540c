/* telegram: one update is one message, edit or pressed button. A message counts once by its chat and its id in it. */
#include "services/intake/channels/telegram.h"

#include <string.h>

#include "proto/kopru/v1/application.pb-c.h"
#include "services/intake/channels/channels_conf.h"
#include "services/intake/channels/fields.h"
#include "services/intake/channels/meta.h"

#define PHOTO_SIZES_MAX 20

static void
ignore(struct channel_item *item, const char *why)
{
	item->kind = CHANNEL_IGNORED;
	item->why = why;
}

static void
triage(struct channel_item *item, const char *why)
{
	item->kind = CHANNEL_TRIAGE;
	item->why = why;
}

/* The same photo in several sizes: the largest. */
static void
read_photo(struct arena *a, const json_t *sizes, struct channel_item *item)
{
	const json_t *size, *largest = NULL;
	double area, most = -1;
	size_t i;

	json_array_foreach(sizes, i, size)
	{
		if (i >= PHOTO_SIZES_MAX)
			break;
		area = json_number_value(json_object_get(size, "width")) *
		       json_number_value(json_object_get(size, "height"));
		if (area > most)
			largest = size;
		most = area > most ? area : most;
	}
	fields_file_add(item, &(struct channel_file){.media_id = fields_id(a, largest, "file_id", FIELDS_ID_MAX),
				  .media_type = "image/jpeg"});
}

static void
read_file(struct arena *a, const json_t *part, struct channel_item *item)
{
	fields_file_add(item, &(struct channel_file){.media_id = fields_id(a, part, "file_id", FIELDS_ID_MAX),
				  .media_type = fields_line(a, part, "mime_type"),
				  .name = fields_line(a, part, "file_name")});
}

static void
read_location(struct arena *a, const json_t *part, struct channel_item *item)
{
	(void)a;
	fields_point(part, "latitude", "longitude", item);
}

static void
read_venue(struct arena *a, const json_t *part, struct channel_item *item)
{
	fields_point(json_object_get(part, "location"), "latitude", "longitude", item);
	item->address = fields_join(a, fields_line(a, part, "title"), ", ", fields_line(a, part, "address"));
}

static void
read_contact(struct arena *a, const json_t *part, struct channel_item *item)
{
	const char *name = fields_join(a, fields_line(a, part, "first_name"), " ", fields_line(a, part, "last_name"));

	item->text = fields_join(a, item->text, "\n", fields_join(a, name, ", ", fields_line(a, part, "phone_number")));
}

/* What a message may hold, besides its text. A venue comes with its location as well, an animation as a document, too. */
static const struct {
	const char *name, *type;
	void (*read)(struct arena *a, const json_t *part, struct channel_item *item);
} parts[] = {
    {"photo", "image", read_photo},
    {"document", "document", read_file},
    {"voice", "audio", read_file},
    {"audio", "audio", read_file},
    {"video", "video", read_file},
    {"video_note", "video", read_file},
    {"location", "location", read_location},
    {"venue", "location", read_venue},
    {"contact", "contacts", read_contact},
};

/* A number that was given in a contact is the sender's own when the contact's id is his. */
static void
read_own_phone(struct arena *a, const json_t *message, struct channel_item *item)
{
	const json_t *contact = json_object_get(message, "contact");
	const json_t *owner = json_object_get(contact, "user_id");
	const char *phone = fields_line(a, contact, "phone_number");

	if (owner && phone && json_equal(owner, json_object_get(json_object_get(message, "from"), "id")))
		item->phone = fields_phone(a, *phone == '+' ? phone + 1 : phone);
}

const char *
telegram_message_id(struct arena *a, const json_t *message)
{
	return fields_join(
	    a, fields_id(a, json_object_get(message, "chat"), "id", 30), "/", fields_id(a, message, "message_id", 30));
}

static void
read_content(struct arena *a, const json_t *message, struct channel_item *item)
{
	item->text = fields_text(a, message, "text");
	if (!item->text)
		item->text = fields_text(a, message, "caption");
	item->type = item->text ? "text" : "unsupported";
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		const json_t *part = json_object_get(message, parts[i].name);

		if (!part)
			continue;
		parts[i].read(a, part, item);
		if (item->text || item->has_point || item->file_count > 0)
			item->type = parts[i].type;
	}
	fields_number(a, item);
	read_own_phone(a, message, item);
	if (item->text && strncmp(item->text, "/start", 6) == 0)
		ignore(item, "a conversation is opened");
	else if (json_object_get(message, "sticker"))
		ignore(item, "a sticker");
}

/* False: it is not for us, item says why. */
static bool
read_sender(struct arena *a, const json_t *from, const json_t *chat, struct channel_item *item)
{
	const char *type = json_string_value(json_object_get(chat, "type"));
	const char *chat_id = fields_id(a, chat, "id", 30), *sender = fields_id(a, from, "id", 30);

	if (json_is_true(json_object_get(from, "is_bot")))
		ignore(item, "another bot's message");
	else if (!type || strcmp(type, "private") != 0)
		ignore(item, "no private conversation");
	else if (!chat_id || !sender)
		triage(item, "a message has no sender");
	else {
		item->name = fields_join(a, fields_line(a, from, "first_name"), " ", fields_line(a, from, "last_name"));
		fields_key_add(item, sender);
		item->reply_to = meta_reply_to(a, "chat_id", chat_id, (const char *)NULL);
		return true;
	}
	return false;
}

static void
read_message(struct arena *a, const json_t *message, struct channel_item *item)
{
	const json_t *chat = json_object_get(message, "chat");

	if (!read_sender(a, json_object_get(message, "from"), chat, item))
		return;
	item->sent_at = fields_time(message, "date", 1000000);
	read_content(a, message, item);
	item->references[0] = json_object_get(message, "reply_to_message")
				  ? telegram_message_id(a, json_object_get(message, "reply_to_message"))
				  : NULL;
	item->external_id = telegram_message_id(a, message);
	if (!json_object_get(message, "message_id"))
		triage(item, "a message has no id");
}

static void
read_edit(struct arena *a, const json_t *message, struct channel_item *item)
{
	read_message(a, message, item);
	if (item->kind != CHANNEL_MESSAGE)
		return;
	item->kind = CHANNEL_EDIT;
	item->sent_at = fields_time(message, "edit_date", 1000000);
	item->file_count = 0;
	if (item->has_point && !item->text)
		ignore(item, "a live location moves");
}

static void
read_button(struct arena *a, const json_t *query, struct channel_item *item)
{
	const json_t *chat = json_object_get(json_object_get(query, "message"), "chat");
	const char *id = fields_id(a, query, "id", 100);

	if (!read_sender(a, json_object_get(query, "from"), chat, item))
		return;
	item->external_id = fields_join(a, "button", "/", id);
	item->type = "button";
	item->text = fields_text(a, query, "data");
	if (!id)
		triage(item, "a message has no id");
	else if (!item->text)
		ignore(item, "a button without a text");
}

static const struct {
	const char *name;
	void (*read)(struct arena *a, const json_t *part, struct channel_item *item);
} updates[] = {
    {"message", read_message},
    {"edited_message", read_edit},
    {"callback_query", read_button},
};

static void
telegram_read(const struct channels_conf *conf, struct arena *a, const struct channel_inbound *inbound,
    struct channel_reading *reading)
{
	json_t *body = fields_read(a, inbound);
	struct channel_item *item;

	if (!conf->telegram || !body || !json_object_get(body, "update_id")) {
		reading->triage = !conf->telegram ? "the channel is not configured"
				  : !body         ? "it is no JSON that we take"
						  : "it is no update";
		return;
	}
	for (size_t i = 0; i < sizeof(updates) / sizeof(updates[0]); i++) {
		const json_t *part = json_object_get(body, updates[i].name);

		if (!json_is_object(part))
			continue;
		item = channel_item_add(a, reading, CHANNEL_MESSAGE);
		item->channel = KOPRU__V1__CHANNEL__CHANNEL_TELEGRAM;
		updates[i].read(a, part, item);
		if (item->kind == CHANNEL_IGNORED)
			reading->ignored = item->why;
		return;
	}
	reading->ignored = "no message to us";
}

const struct channel telegram_channel = {.name = "telegram", .read = telegram_read};
