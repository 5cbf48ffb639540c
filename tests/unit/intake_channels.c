/* intake_channels: what each kind of webhook body becomes, against tests/data/channels/NAME.jsonl: lines with a name, a body (or
 * raw text), and the items, or why it is triage or ignored, written from the providers' documentation. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/jsontext.h"
#include "services/intake/channels/channels_conf.h"
#include "services/intake/channels/email.h"
#include "services/intake/channels/messenger.h"
#include "services/intake/channels/telegram.h"
#include "services/intake/channels/whatsapp.h"
#include "services/intake/mail.h"

static const char *whatsapp_ids[] = {"106540352242922"}, *page_ids[] = {"200000000000001"},
		  *instagram_ids[] = {"17841400000000001"};
static struct meta_conf whatsapp = {.ids = whatsapp_ids, .id_count = 1}, page = {.ids = page_ids, .id_count = 1},
			instagram = {.ids = instagram_ids, .id_count = 1};
static struct telegram_conf telegram;
static const struct channels_conf conf = {
    .whatsapp = &whatsapp, .messenger = &page, .instagram = &instagram, .telegram = &telegram};

static const char *const kinds[] = {[CHANNEL_MESSAGE] = "message",
    [CHANNEL_EDIT] = "edit",
    [CHANNEL_DELETION] = "deletion",
    [CHANNEL_CONTACT] = "contact",
    [CHANNEL_STATUS] = "status",
    [CHANNEL_BOUNCE] = "bounce",
    [CHANNEL_IGNORED] = "ignored",
    [CHANNEL_TRIAGE] = "triage"};

static void
put_text(json_t *object, const char *name, const char *text)
{
	if (text)
		json_object_set_new(object, name, json_string(text));
}

static void
put_list(json_t *object, const char *name, const char *const *texts, size_t most)
{
	json_t *list = json_array();

	for (size_t i = 0; i < most && texts[i]; i++)
		json_array_append_new(list, json_string(texts[i]));
	if (json_array_size(list) > 0)
		json_object_set(object, name, list);
	json_decref(list);
}

static void
put_files(json_t *object, const struct channel_item *item)
{
	json_t *list = json_array(), *file;

	for (size_t i = 0; i < item->file_count; i++) {
		file = json_object();
		put_text(file, "media_id", item->files[i].media_id);
		put_text(file, "media_type", item->files[i].media_type);
		put_text(file, "sha256", item->files[i].sha256);
		put_text(file, "name", item->files[i].name);
		json_array_append_new(list, file);
	}
	if (item->file_count > 0)
		json_object_set(object, "files", list);
	json_decref(list);
}

static json_t *
item_json(const struct channel_item *item)
{
	json_t *json = json_pack("{s:s}", "kind", kinds[item->kind]);

	put_text(json, "why", item->why);
	put_list(json, "keys", item->keys, CHANNEL_KEYS_MAX);
	put_text(json, "name", item->name);
	put_text(json, "phone", item->phone);
	put_text(json, "external_id", item->external_id);
	if (item->sent_at % 1000000 != 0)
		json_object_set_new(json, "sent_at", json_real((double)item->sent_at / 1e6));
	else if (item->sent_at)
		json_object_set_new(json, "sent_at", json_integer(item->sent_at / 1000000));
	put_text(json, "type", item->type);
	put_text(json, "text", item->text);
	if (item->has_point)
		json_object_set_new(json, "point", json_pack("[i,i]", item->latitude_e7, item->longitude_e7));
	put_text(json, "address", item->address);
	put_files(json, item);
	put_text(json, "source_url", item->source_url);
	put_list(json, "references", item->references, CHANNEL_REFERENCES_MAX);
	put_text(json, "quoted_number", item->quoted_number);
	if (item->alone)
		json_object_set_new(json, "alone", json_true());
	if (item->reply_to)
		json_object_set_new(json, "reply_to", json_loads(item->reply_to, 0, NULL));
	put_text(json, "told_id", item->told_id);
	put_text(json, "status", item->status);
	return json;
}

static void
assert_same(const char *file, const char *name, const char *what, json_t *is, const json_t *wanted)
{
	char *text;

	if ((is || wanted) && !json_equal(is, wanted)) {
		text = json_dumps(is, JSON_COMPACT | JSON_ENCODE_ANY);
		fail_msg("%s, \"%s\": %s is %s", file, name, what, text ? text : "nothing");
	}
	json_decref(is);
}

static void
check_line(const struct channel *channel, const char *file, const json_t *line)
{
	struct arena *a = arena_new(0);
	struct channel_reading reading = {.count = 0};
	struct channel_inbound inbound = {.source = channel->name};
	const char *name = json_string_value(json_object_get(line, "name"));
	const char *raw = json_string_value(json_object_get(line, "raw"));
	char *body = raw ? strdup(raw) : json_dumps(json_object_get(line, "body"), JSON_COMPACT);
	json_t *items = json_array();

	inbound.raw = body;
	inbound.size = strlen(body);
	channel->read(&conf, a, &inbound, &reading);
	for (size_t i = 0; i < reading.count; i++)
		json_array_append_new(items, item_json(&reading.items[i]));
	if (json_object_get(line, "items") || reading.count > 0)
		assert_same(file, name, "items", items, json_object_get(line, "items"));
	else
		json_decref(items);
	assert_same(
	    file, name, "triage", reading.triage ? json_string(reading.triage) : NULL, json_object_get(line, "triage"));
	assert_same(file, name, "ignored", reading.ignored ? json_string(reading.ignored) : NULL,
	    json_object_get(line, "ignored"));
	free(body);
	arena_free(a);
}

static void
check_file(const struct channel *channel, const char *file, size_t least)
{
	FILE *in = fopen(file, "r");
	char *text = NULL;
	size_t room = 0, count = 0;
	json_t *line;

	assert_non_null(in);
	for (; getline(&text, &room, in) > 0; count++) {
		line = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
		assert_non_null(line);
		check_line(channel, file, line);
		json_decref(line);
	}
	free(text);
	fclose(in);
	assert_true(count >= least);
}

static void
test_whatsapp(void **state)
{
	(void)state;
	check_file(&whatsapp_channel, "tests/data/channels/whatsapp.jsonl", 50);
}

static void
test_messenger(void **state)
{
	(void)state;
	check_file(&messenger_channel, "tests/data/channels/messenger.jsonl", 20);
}

static void
test_instagram(void **state)
{
	(void)state;
	check_file(&instagram_channel, "tests/data/channels/instagram.jsonl", 5);
}

static void
test_telegram(void **state)
{
	(void)state;
	check_file(&telegram_channel, "tests/data/channels/telegram.jsonl", 20);
}

static void
test_an_unconfigured_channel_is_triage(void **state)
{
	static const struct channel *const all[] = {
	    &whatsapp_channel, &messenger_channel, &instagram_channel, &telegram_channel};
	static const struct channels_conf none;
	struct channel_inbound inbound = {.raw = "{}", .size = 2};

	(void)state;
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		struct channel_reading reading = {.count = 0};
		struct arena *a = arena_new(0);

		all[i]->read(&none, a, &inbound, &reading);
		assert_string_equal(reading.triage, "the channel is not configured");
		arena_free(a);
	}
}

/* As many items as there may be, and one more; a body of 3 MB of empty lists takes no hundreds of megabytes. */
static void
test_large_bodies_are_bounded(void **state)
{
	static const char head[] = "{\"object\":\"whatsapp_business_account\",\"entry\":[", *const part[] = {
												"7,", "[],"};
	static const size_t counts[] = {CHANNEL_ITEMS_MAX + 1, 1000000};
	static const char *const why[] = {"it holds more than 1000 items", "it is no JSON that we take"};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct channel_reading reading = {.count = 0};
		struct arena *a = arena_new(0);
		size_t step = strlen(part[i]), at = sizeof(head) - 1;
		char *raw = malloc(sizeof(head) + step * counts[i] + 2);
		struct channel_inbound inbound = {.raw = raw};

		assert_non_null(raw);
		memcpy(raw, head, at);
		for (size_t n = 0; n < counts[i]; n++, at += step)
			memcpy(raw + at, part[i], step);
		memcpy(raw + at - 1, "]}", 2);
		inbound.size = at + 1;
		whatsapp_channel.read(&conf, a, &inbound, &reading);
		assert_non_null(reading.triage);
		assert_string_equal(reading.triage, why[i]);
		assert_true(arena_size(a) < (size_t)32 * 1024 * 1024);
		free(raw);
		arena_free(a);
	}
}

static const char *
mail_key(struct arena *a, const struct channels_conf *of, const char *source, const char *results)
{
	const char *raw = arena_printf(a,
	    "%sFrom: <person@example.org>\r\nMessage-ID: <a@example.org>\r\nSubject: Park\r\n\r\nThe lamp is "
	    "broken.\r\n",
	    results);
	struct channel_inbound inbound = {.source = source, .raw = raw, .size = strlen(raw)};
	struct channel_reading reading = {.count = 0};

	email_channel.read(of, a, &inbound, &reading);
	assert_int_equal(reading.count, 1);
	return reading.items[0].keys[0];
}

/* Where one mailbox has a server that vouches for senders, a mail to another mailbox, which has none, is nobody's that is known. */
static void
test_a_mailbox_without_a_server_forges_nobody(void **state)
{
	struct mailbox_conf mailboxes[] = {{.name = "open"}, {.name = "guarded", .authserv = "mx.example.org"}};
	const struct channels_conf both = {.mailboxes = mailboxes, .mailbox_count = 2},
				   alone = {.mailboxes = mailboxes, .mailbox_count = 1};
	static const char pass[] = "Authentication-Results: mx.example.org; dmarc=pass header.from=example.org\r\n";
	struct arena *a = arena_new(0);

	(void)state;
	mail_start();
	assert_string_equal(mail_key(a, &both, "email/guarded", pass), "person@example.org");
	assert_string_equal(mail_key(a, &both, "email/guarded", ""), "unproven:person@example.org");
	assert_string_equal(mail_key(a, &both, "email/open", ""), "unproven:person@example.org");
	assert_string_equal(mail_key(a, &both, "email/open", pass), "unproven:person@example.org");
	assert_string_equal(mail_key(a, &alone, "email/open", ""), "person@example.org");
	arena_free(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_whatsapp),
	    cmocka_unit_test(test_messenger),
	    cmocka_unit_test(test_instagram),
	    cmocka_unit_test(test_telegram),
	    cmocka_unit_test(test_an_unconfigured_channel_is_triage),
	    cmocka_unit_test(test_large_bodies_are_bounded),
	    cmocka_unit_test(test_a_mailbox_without_a_server_forges_nobody),
	};

	jsontext_start();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
