/* fuzz channel_json: any bytes as what arrived over a channel; the first says which (w, m, i, t). Whatever is read keeps to what
 * those who store it rely on. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/jsontext.h"
#include "common/base/text.h"
#include "services/intake/channels/channels_conf.h"
#include "services/intake/channels/messenger.h"
#include "services/intake/channels/telegram.h"
#include "services/intake/channels/whatsapp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *ids[] = {"106540352242922", "200000000000001", "17841400000000001"};
static struct meta_conf meta = {.ids = ids, .id_count = 3};
static struct telegram_conf telegram;
static const struct channels_conf conf = {
    .whatsapp = &meta, .messenger = &meta, .instagram = &meta, .telegram = &telegram};

static void
require(int holds)
{
	if (!holds)
		abort();
}

static void
check_text(const char *text, size_t bytes_max, int one_line)
{
	if (!text)
		return;
	require(*text && strlen(text) <= bytes_max && text_valid(text, strlen(text)));
	require(one_line ? !text_has_line_break_or_control(text) : !text_has_control(text));
}

static void
check_sender(const struct channel_item *item)
{
	json_t *reply_to;

	require(!item->keys[CHANNEL_KEYS_MAX - 1]);
	for (size_t i = 0; i < CHANNEL_KEYS_MAX; i++)
		check_text(item->keys[i], 300, 1);
	check_text(item->name, 1000, 1);
	check_text(item->phone, 16, 1);
	if (!item->reply_to)
		return;
	reply_to = json_loads(item->reply_to, JSON_REJECT_DUPLICATES, NULL);
	require(json_is_object(reply_to));
	json_decref(reply_to);
}

static void
check_item(const struct channel_item *item, size_t size)
{
	check_sender(item);
	check_text(item->external_id, 998, 1);
	check_text(item->type, 20, 1);
	check_text(item->text, size * 8 + 1000, 0);
	check_text(item->address, size * 8 + 1000, 1);
	check_text(item->source_url, 2000, 1);
	check_text(item->references[0], 998, 1);
	require(item->file_count <= CHANNEL_FILES_MAX && item->sent_at >= 0);
	for (size_t i = 0; i < item->file_count; i++) {
		require(item->files[i].media_id != NULL);
		check_text(item->files[i].media_id, 2000, 1);
		check_text(item->files[i].media_type, 1000, 1);
		check_text(item->files[i].name, 1000, 1);
	}
	if (item->has_point)
		require(abs(item->latitude_e7) <= 900000000 && abs(item->longitude_e7) <= 1800000000);
	if (item->kind == CHANNEL_MESSAGE)
		require(item->external_id && item->type && item->channel && (item->keys[0] || item->alone));
	if (item->kind == CHANNEL_EDIT || item->kind == CHANNEL_DELETION)
		require(item->external_id && item->channel);
	if (item->kind == CHANNEL_STATUS)
		require(item->told_id && item->status);
	if (item->kind == CHANNEL_CONTACT)
		require(item->keys[0] != NULL);
	if (item->kind == CHANNEL_IGNORED || item->kind == CHANNEL_TRIAGE)
		require(item->why != NULL);
}

static size_t
which(uint8_t letter)
{
	return letter == 'm' ? 1 : letter == 'i' ? 2 : letter == 't' ? 3 : 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct channel *const all[] = {
	    &whatsapp_channel, &messenger_channel, &instagram_channel, &telegram_channel};
	static int started;
	struct channel_reading reading = {.count = 0};
	struct channel_inbound inbound = {.raw = size ? data + 1 : data, .size = size ? size - 1 : 0};
	struct arena *a;

	if (!started++)
		jsontext_start();
	if (size < 1)
		return 0;
	a = arena_new(0);
	all[which(data[0])]->read(&conf, a, &inbound, &reading);
	require(reading.count <= CHANNEL_ITEMS_MAX);
	require(reading.count > 0 || reading.triage || reading.ignored);
	for (size_t i = 0; i < reading.count; i++)
		check_item(&reading.items[i], size);
	arena_free(a);
	return 0;
}
