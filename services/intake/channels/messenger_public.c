/* messenger_public: see the header. */
#include "services/intake/channels/messenger_public.h"

#include <string.h>

#include "proto/kopru/v1/application.pb-c.h"

#define URL_MAX 1000

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

static bool
is_one_of(const char *word, const char *const *words)
{
	for (; word && *words; words++)
		if (strcmp(word, *words) == 0)
			return true;
	return false;
}

/* Where it can be read: a link of Facebook's own, or made of the ids. */
static const char *
source_url(struct meta_reading *m, const json_t *value)
{
	const char *link = fields_id(m->a, json_object_get(value, "post"), "permalink_url", URL_MAX);
	const char *id = fields_id(m->a, value, "post_id", FIELDS_ID_MAX);

	if (link && strncmp(link, "https://", 8) == 0)
		return link;
	return id ? arena_printf(m->a, "https://www.facebook.com/%s", id) : NULL;
}

/* Posts and comments on the page: added, edited, removed by somebody who is not us. */
static void
read_feed(struct meta_reading *m, const json_t *value, const char *account, struct channel_item *item)
{
	static const char *const said[] = {"comment", "post", "status", "photo", "video", "share", NULL};
	static const char *const verbs[] = {"add", "edit", "edited", "remove", NULL};
	const char *what = json_string_value(json_object_get(value, "item"));
	const char *verb = json_string_value(json_object_get(value, "verb"));
	const char *id_name = what && strcmp(what, "comment") == 0 ? "comment_id" : "post_id";
	struct channel_file photo = {.media_id = fields_id(m->a, value, "photo", URL_MAX)};

	if (!is_one_of(what, said) || !is_one_of(verb, verbs)) {
		ignore(item, "nothing is said in it");
		return;
	}
	item->external_id = fields_id(m->a, value, id_name, FIELDS_ID_MAX);
	if (!photo.media_id)
		photo.media_id = fields_id(m->a, value, "link", URL_MAX);
	item->text = fields_text(m->a, value, "message");
	item->type = "comment";
	item->source_url = source_url(m, value);
	item->kind = verb[0] == 'a' ? CHANNEL_MESSAGE : verb[0] == 'e' ? CHANNEL_EDIT : CHANNEL_DELETION;
	if (item->kind == CHANNEL_MESSAGE && (json_object_get(value, "photo") || strcmp(what, "photo") == 0))
		fields_file_add(item, &photo);
	if (item->external_id)
		item->reply_to =
		    meta_reply_to(m->a, "account", account, id_name, item->external_id, (const char *)NULL);
}

static void
read_comment(struct meta_reading *m, const json_t *value, const char *account, struct channel_item *item)
{
	item->external_id = fields_id(m->a, value, "id", FIELDS_ID_MAX);
	item->text = fields_text(m->a, value, "text");
	item->type = "comment";
	if (item->external_id)
		item->reply_to =
		    meta_reply_to(m->a, "account", account, "comment_id", item->external_id, (const char *)NULL);
}

/* Only ids come with it: somebody has to look it up. */
static void
read_mention(struct meta_reading *m, const json_t *value, const char *account, struct channel_item *item)
{
	(void)m;
	(void)value;
	(void)account;
	triage(item, "we are mentioned; the text has to be looked up");
}

static const struct {
	int channel;
	const char *field;
	void (*read)(struct meta_reading *m, const json_t *value, const char *account, struct channel_item *item);
} fields[] = {
    {KOPRU__V1__CHANNEL__CHANNEL_FACEBOOK, "feed", read_feed},
    {KOPRU__V1__CHANNEL__CHANNEL_FACEBOOK, "mention", read_feed},
    {KOPRU__V1__CHANNEL__CHANNEL_INSTAGRAM, "comments", read_comment},
    {KOPRU__V1__CHANNEL__CHANNEL_INSTAGRAM, "live_comments", read_comment},
    {KOPRU__V1__CHANNEL__CHANNEL_INSTAGRAM, "mentions", read_mention},
};

/* Who said it (nobody that we know, when his profile hides him), and whether it can be understood; what is still a message then has all that it needs. */
static void
read_sender(struct meta_reading *m, const json_t *value, struct channel_item *item)
{
	const json_t *from = json_object_get(value, "from");
	const char *sender = fields_id(m->a, from, "id", FIELDS_ID_MAX);

	item->name = fields_line(m->a, from, "name");
	if (!item->name)
		item->name = fields_line(m->a, from, "username");
	item->sent_at = fields_time(value, "created_time", 1000000);
	item->alone = true;
	fields_key_add(item, sender);
	if (meta_is_ours(m, sender))
		ignore(item, "an echo of what we said");
	else if (!item->external_id)
		triage(item, "what was said has no id");
	else if (item->kind != CHANNEL_MESSAGE)
		return;
	else if (!item->text && item->file_count == 0)
		ignore(item, "nothing is said in it");
}

void
messenger_public_read(struct meta_reading *m, const json_t *entry, const json_t *change)
{
	const char *account = fields_id(m->a, entry, "id", FIELDS_ID_MAX);
	const char *field = json_string_value(json_object_get(change, "field"));
	const json_t *value = json_object_get(change, "value");
	struct channel_item *item = meta_add(m, CHANNEL_MESSAGE, NULL);

	if (!field || !json_is_object(value)) {
		triage(item, "a change has no field or no value");
		return;
	}
	if (!meta_is_ours(m, account)) {
		ignore(item, "not for an account of ours");
		return;
	}
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		if (fields[i].channel != m->channel || strcmp(fields[i].field, field) != 0)
			continue;
		fields[i].read(m, value, account, item);
		if (item->kind != CHANNEL_IGNORED && item->kind != CHANNEL_TRIAGE)
			read_sender(m, value, item);
		return;
	}
	ignore(item, "no message");
}
