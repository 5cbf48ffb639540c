/* effects: binds of digest.sql's effects, one statement after the other, in the order in which they depend on each other. */
#include "services/intake/effects.h"

#include <string.h>

#include "services/intake/digest.sql.h"
#include "services/intake/files.h"

/* Binds an array with one element for each item: each is an expression of the item it and its row. */
#define BIND(list, type, put)                                                                                          \
	do {                                                                                                           \
		db_bind_array(tx, type, (list)->count);                                                                \
		for (size_t n = 0; n < (list)->count; n++) {                                                           \
			const struct effects_item *e = (list)->items[n];                                               \
			const struct channel_item *it = e->item;                                                       \
                                                                                                                       \
			(void)it;                                                                                      \
			put;                                                                                           \
		}                                                                                                      \
	} while (0)

#define LATE_EDIT "[Gönderen bir mesajını sonradan düzeltti / the sender corrected a message later]\n"

struct items {
	struct effects_item **items;
	size_t count;
};

/* A file of an item. */
struct item_file {
	const struct effects_item *item;
	const struct channel_file *file;
};

struct effects {
	struct db_tx *tx;
	struct arena *arena;
	const struct channels_conf *conf;
	struct effects_item *all;
	size_t count;
};

static struct items
of_kind(const struct effects *f, enum channel_item_kind kind)
{
	struct items list = {.items = arena_array(f->arena, f->count + 1, sizeof(struct effects_item *))};

	for (size_t i = 0; i < f->count; i++)
		if (f->all[i].item->kind == kind && !f->all[i].again)
			list.items[list.count++] = &f->all[i];
	return list;
}

/* When the sender's clock says nothing, ours does. */
static int64_t
sent_at(const struct effects_item *e)
{
	return e->item->sent_at > 0 ? e->item->sent_at : e->row->inbound.received_at;
}

static const char *
answers(struct arena *a, const struct channel_item *item)
{
	const char *all = NULL;

	for (size_t i = 0; i < CHANNEL_REFERENCES_MAX && item->references[i]; i++) {
		if (strchr(item->references[i], '\n'))
			continue;
		all = all ? arena_printf(a, "%s\n%s", all, item->references[i]) : item->references[i];
	}
	return all;
}

static void
bind_finish(struct db_tx *tx, const struct effects_row *const *rows, size_t count)
{
	const char *verdict;

	db_call(tx, &digest_statements[EFFECTS_LOCK]);
	db_call(tx, &digest_statements[INBOUND_FINISH]);
	db_bind_array(tx, DB_INT8S, count);
	for (size_t i = 0; i < count; i++)
		db_put_int8(tx, rows[i]->inbound.id);
	db_bind_array(tx, DB_INT8S, count);
	for (size_t i = 0; i < count; i++)
		db_put_int8(tx, rows[i]->token);
	db_bind_array(tx, DB_TEXTS, count);
	for (size_t i = 0; i < count; i++)
		db_put_text(tx, effects_end(&rows[i]->reading, &verdict));
	db_bind_array(tx, DB_TEXTS, count);
	for (size_t i = 0; i < count; i++) {
		effects_end(&rows[i]->reading, &verdict);
		db_put_text(tx, verdict);
	}
	db_bind_int8(tx, (int64_t)count);
}

/* What is known of a sender: the last that any of his items says. */
struct sender {
	int channel;
	const char *name, *phone, *email;
	bool joins; /* the provider says that all his keys are one person's */
};

static struct sender *
senders_of(const struct effects *f, size_t senders)
{
	struct sender *list = arena_array(f->arena, senders + 1, sizeof(*list));

	for (size_t i = 0; i < f->count; i++) {
		const struct channel_item *item = f->all[i].item;
		struct sender *s;

		if (f->all[i].sender == 0)
			continue;
		s = &list[f->all[i].sender - 1];
		s->channel = item->channel;
		s->name = item->name ? item->name : s->name;
		s->phone = item->phone ? item->phone : s->phone;
		s->email = item->email ? item->email : s->email;
		s->joins = s->joins || item->kind == CHANNEL_CONTACT;
	}
	return list;
}

static void
bind_keys(const struct effects *f)
{
	struct db_tx *tx = f->tx;
	size_t count = 0;

	for (size_t i = 0; i < f->count; i++)
		for (size_t k = 0; k < CHANNEL_KEYS_MAX && f->all[i].item->keys[k]; k++)
			count++;
	db_bind_array(tx, DB_INT4S, count);
	for (size_t i = 0; i < f->count; i++)
		for (size_t k = 0; k < CHANNEL_KEYS_MAX && f->all[i].item->keys[k]; k++)
			db_put_int4(tx, (int32_t)f->all[i].sender);
	db_bind_array(tx, DB_TEXTS, count);
	for (size_t i = 0; i < f->count; i++)
		for (size_t k = 0; k < CHANNEL_KEYS_MAX && f->all[i].item->keys[k]; k++)
			db_put_text(tx, f->all[i].item->keys[k]);
	db_bind_array(tx, DB_INT4S, count);
	for (size_t i = 0; i < f->count; i++)
		for (size_t k = 0; k < CHANNEL_KEYS_MAX && f->all[i].item->keys[k]; k++)
			db_put_int4(tx, (int32_t)k);
}

static void
bind_senders(const struct effects *f)
{
	size_t count = effects_senders(f->arena, f->all, f->count);
	const struct sender *senders = senders_of(f, count);
	struct db_tx *tx = f->tx;

	if (count == 0)
		return;
	db_call(tx, &digest_statements[SENDERS_STORE]);
	db_bind_array(tx, DB_INT4S, count);
	for (size_t i = 0; i < count; i++)
		db_put_int4(tx, senders[i].channel);
	db_bind_array(tx, DB_UUIDS, count);
	for (size_t i = 0; i < count; i++) {
		struct uuid id = uuid_new();

		db_put_uuid(tx, &id);
	}
	db_bind_array(tx, DB_TEXTS, count);
	for (size_t i = 0; i < count; i++)
		db_put_text(tx, senders[i].name);
	db_bind_array(tx, DB_TEXTS, count);
	for (size_t i = 0; i < count; i++)
		db_put_text(tx, senders[i].phone);
	db_bind_array(tx, DB_TEXTS, count);
	for (size_t i = 0; i < count; i++)
		db_put_text(tx, senders[i].email);
	bind_keys(f);
	db_bind_array(tx, DB_BOOLS, count);
	for (size_t i = 0; i < count; i++)
		db_put_bool(tx, senders[i].joins);
}

/* Which message it is about. */
static void
bind_heads(const struct effects *f, const struct items *list)
{
	struct db_tx *tx = f->tx;

	BIND(list, DB_INT4S, db_put_int4(tx, it->channel));
	BIND(list, DB_TEXTS, db_put_text(tx, it->external_id));
	BIND(list, DB_INT8S, db_put_int8(tx, e->row->inbound.id));
}

static void
put_point(struct db_tx *tx, bool has_point, int32_t value)
{
	if (has_point)
		db_put_int4(tx, value);
	else
		db_put_null(tx);
}

static void
bind_messages(const struct effects *f, const struct items *list)
{
	struct db_tx *tx = f->tx;

	db_call(tx, &digest_statements[MESSAGES_STORE]);
	bind_heads(f, list);
	BIND(list, DB_TEXTS, db_put_text(tx, it->keys[0]));
	BIND(list, DB_TIMES, db_put_time(tx, sent_at(e)));
	BIND(list, DB_TEXTS, db_put_text(tx, it->type ? it->type : "text"));
	BIND(list, DB_TEXTS, db_put_text(tx, it->subject));
	BIND(list, DB_TEXTS, db_put_text(tx, it->text));
	BIND(list, DB_INT4S, put_point(tx, it->has_point, it->latitude_e7));
	BIND(list, DB_INT4S, put_point(tx, it->has_point, it->longitude_e7));
	BIND(list, DB_TEXTS, db_put_text(tx, it->address));
	BIND(list, DB_TEXTS, db_put_text(tx, answers(f->arena, it)));
	BIND(list, DB_TEXTS, db_put_text(tx, it->quoted_number));
	BIND(list, DB_BOOLS, db_put_bool(tx, it->email_verified));
	BIND(list, DB_INT4S, db_put_int4(tx, it->kind_of_application));
	BIND(list, DB_TEXTS, db_put_text(tx, it->source_url));
}

static void
bind_drafts(const struct effects *f, const struct items *list)
{
	struct db_tx *tx = f->tx;

	db_call(tx, &digest_statements[DRAFTS_GROW]);
	bind_heads(f, list);
	BIND(list, DB_UUIDS, db_put_uuid(tx, &e->id));
	BIND(list, DB_TIMES, db_put_time(tx, e->row->inbound.received_at));
	BIND(list, DB_INT8S, db_put_int8(tx, channels_conf_idle_ms(f->conf, it->channel)));
	BIND(list, DB_BOOLS, db_put_bool(tx, it->alone));
	/* Of a channel that tells nobody nothing is kept to tell by. */
	BIND(list, DB_TEXTS, db_put_text(tx, channels_conf_tells(f->conf, it->channel) ? it->reply_to : NULL));
}

static struct item_file *
files_of(const struct effects *f, const struct items *list, bool stored, size_t *count)
{
	struct item_file *files = arena_array(f->arena, list->count * CHANNEL_FILES_MAX + 1, sizeof(*files));

	*count = 0;
	for (size_t n = 0; n < list->count; n++) {
		const struct channel_item *item = list->items[n]->item;

		for (size_t k = 0; k < item->file_count; k++)
			if (item->files[k].stored == stored)
				files[(*count)++] = (struct item_file){list->items[n], &item->files[k]};
	}
	return files;
}

#define BIND_FILES(type, put)                                                                                          \
	do {                                                                                                           \
		db_bind_array(tx, type, count);                                                                        \
		for (size_t n = 0; n < count; n++) {                                                                   \
			const struct effects_item *e = files[n].item;                                                  \
			const struct channel_file *file = files[n].file;                                               \
                                                                                                                       \
			(void)e;                                                                                       \
			(void)file;                                                                                    \
			put;                                                                                           \
		}                                                                                                      \
	} while (0)

static void
bind_media(const struct effects *f, const struct items *list)
{
	size_t count;
	const struct item_file *files = files_of(f, list, false, &count);
	struct db_tx *tx = f->tx;

	if (count == 0)
		return;
	db_call(tx, &digest_statements[MEDIA_WANT]);
	BIND_FILES(DB_INT4S, db_put_int4(tx, e->item->channel));
	BIND_FILES(DB_TEXTS, db_put_text(tx, e->item->external_id));
	BIND_FILES(DB_INT8S, db_put_int8(tx, e->row->inbound.id));
	BIND_FILES(DB_TEXTS, db_put_text(tx, file->media_id));
	BIND_FILES(DB_TEXTS, db_put_text(tx, file->media_type));
	BIND_FILES(DB_TEXTS, db_put_text(tx, file->sha256));
	BIND_FILES(DB_TEXTS, db_put_text(tx, file->name));
}

static void
put_file_id(struct db_tx *tx)
{
	struct uuid id = files_id_new();

	db_put_uuid(tx, &id);
}

static void
bind_attachments(const struct effects *f, const struct items *list)
{
	size_t count;
	const struct item_file *files = files_of(f, list, true, &count);
	struct db_tx *tx = f->tx;

	if (count == 0)
		return;
	db_call(tx, &digest_statements[ATTACHMENTS_ADD]);
	BIND_FILES(DB_INT4S, db_put_int4(tx, e->item->channel));
	BIND_FILES(DB_TEXTS, db_put_text(tx, e->item->external_id));
	BIND_FILES(DB_INT8S, db_put_int8(tx, e->row->inbound.id));
	BIND_FILES(DB_UUIDS, put_file_id(tx));
	BIND_FILES(DB_BYTES, db_put_bytes(tx, file->kept_sha256, sizeof(file->kept_sha256)));
	BIND_FILES(DB_BYTES, db_put_bytes(tx, file->original_sha256, sizeof(file->original_sha256)));
	BIND_FILES(DB_INT8S, db_put_int8(tx, (int64_t)file->size));
	BIND_FILES(DB_TEXTS, db_put_text(tx, file->stored_type));
	BIND_FILES(DB_TEXTS, db_put_text(tx, file->name));
	BIND_FILES(DB_TEXTS, db_put_text(tx, e->row->inbound.source));
	BIND_FILES(DB_TEXTS, db_put_text(tx, file->state));
}

static void
bind_changes(const struct effects *f)
{
	struct items edits = of_kind(f, CHANNEL_EDIT), deletions = of_kind(f, CHANNEL_DELETION);
	struct db_tx *tx = f->tx;

	if (edits.count > 0) {
		db_call(tx, &digest_statements[MESSAGES_EDIT]);
		bind_heads(f, &edits);
		BIND(&edits, DB_TIMES, db_put_time(tx, sent_at(e)));
		BIND(&edits, DB_TEXTS, db_put_text(tx, it->text));
		BIND(&edits, DB_UUIDS, db_put_uuid(tx, &e->id));
		db_bind_text(tx, LATE_EDIT);
	}
	if (deletions.count > 0) {
		db_call(tx, &digest_statements[MESSAGES_DELETE]);
		bind_heads(f, &deletions);
		BIND(&deletions, DB_TIMES, db_put_time(tx, sent_at(e)));
	}
}

/* Who told_id is must be known: what others sent has no id of ours. */
static void
bind_statuses(const struct effects *f)
{
	struct items list = of_kind(f, CHANNEL_STATUS);
	struct db_tx *tx = f->tx;
	size_t ours = 0;

	for (size_t n = 0; n < list.count; n++)
		if (list.items[n]->item->told_id && uuid_parse(list.items[n]->item->told_id, &list.items[n]->id))
			list.items[ours++] = list.items[n];
	list.count = ours;
	if (ours == 0)
		return;
	db_call(tx, &digest_statements[TOLD_SETTLE]);
	BIND(&list, DB_UUIDS, db_put_uuid(tx, &e->id));
	BIND(&list, DB_TEXTS, db_put_text(tx, it->status));
}

static void
gather(struct effects *f, const struct effects_row *const *rows, size_t count)
{
	size_t most = 0;

	for (size_t i = 0; i < count; i++)
		most += rows[i]->reading.count;
	f->all = arena_array(f->arena, most + 1, sizeof(*f->all));
	for (size_t i = 0; i < count; i++) {
		const struct channel_reading *reading = &rows[i]->reading;

		for (size_t n = 0; !reading->triage && !reading->ignored && n < reading->count; n++)
			f->all[f->count++] =
			    (struct effects_item){.item = &reading->items[n], .row = rows[i], .id = uuid_new()};
	}
	effects_repeated(f->arena, f->all, f->count);
}

void
effects_bind(struct db_tx *tx, const struct channels_conf *conf, const struct effects_row *const *rows, size_t count)
{
	struct effects f = {.tx = tx, .arena = db_tx_arena(tx), .conf = conf};
	struct items messages;

	bind_finish(tx, rows, count);
	gather(&f, rows, count);
	bind_senders(&f);
	messages = of_kind(&f, CHANNEL_MESSAGE);
	if (messages.count > 0) {
		bind_messages(&f, &messages);
		bind_drafts(&f, &messages);
		bind_media(&f, &messages);
		bind_attachments(&f, &messages);
	}
	bind_changes(&f);
	bind_statuses(&f);
	effects_bounces_bind(tx, f.all, f.count); /* last: a stream is locked for as short as can be */
}
