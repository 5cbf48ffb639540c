/* store_cases_write: what a batch changed, as rows: cases first, by compare and set, then what hangs on them, the streams,
 * and the commands. */
#include <stdlib.h>

#include "common/base/wire.h"
#include "common/feed/feed.sql.h"
#include "services/router/cases.sql.h"
#include "services/router/learning.sql.h"
#include "services/router/store_cases.h"
#include "services/router/store_clocks.h"
#include "services/router/store_recompute.h"

/* The changed records, by application id. */
struct changed {
	const struct case_record **list;
	size_t count;
};

typedef bool record_is(const struct case_record *r);

static struct changed
records_that(struct arena *a, const struct cases *c, record_is *is)
{
	struct changed all = {.list = arena_array(a, c->record_count + 1, sizeof(struct case_record *))};

	for (size_t i = 0; i < c->record_count; i++) {
		if (is(c->records[i]))
			all.list[all.count++] = c->records[i];
	}
	return all;
}

static bool
is_changed(const struct case_record *r)
{
	return r->version != r->stored_version;
}
static bool
has_new_draft(const struct case_record *r)
{
	return r->draft_changed && r->draft;
}
static bool
has_lost_draft(const struct case_record *r)
{
	return r->draft_changed && !r->draft;
}
static bool
has_new_question(const struct case_record *r)
{
	return r->question_changed && r->question;
}
static bool
has_lost_question(const struct case_record *r)
{
	return r->question_changed && !r->question;
}
static bool
has_changed_parts(const struct case_record *r)
{
	return r->parts_changed;
}

static bool
has_example(const struct case_record *r)
{
	return r->example.source != NULL;
}

static void
bind_ids(struct db_tx *tx, const struct changed *all)
{
	db_bind_array(tx, DB_UUIDS, all->count);
	for (size_t i = 0; i < all->count; i++)
		db_put_uuid(tx, &all->list[i]->application_id);
}

static void
put_date(struct db_tx *tx, int32_t day)
{
	if (day == 0)
		db_put_null(tx);
	else
		db_put_date(tx, day);
}

/* One array parameter of all records. */
#define BIND(tx, all, type, put, value)                                                                                \
	do {                                                                                                           \
		db_bind_array(tx, type, (all)->count);                                                                 \
		for (size_t i_ = 0; i_ < (all)->count; i_++) {                                                         \
			const struct case_record *r = (all)->list[i_];                                                 \
			put(tx, value);                                                                                \
		}                                                                                                      \
	} while (0)

static void
put_merged_into(struct db_tx *tx, const struct case_record *r)
{
	if (r->merged)
		db_put_uuid(tx, &r->merged_into);
	else
		db_put_null(tx);
}

static void
cases_change(struct db_tx *tx, const struct changed *all)
{
	db_call(tx, &cases_statements[CASES_LOCK]);
	bind_ids(tx, all);
	db_call(tx, &cases_statements[CASES_CHANGE]);
	bind_ids(tx, all);
	BIND(tx, all, DB_INT4S, db_put_int4, r->stored_version);
	BIND(tx, all, DB_INT4S, db_put_int4, r->version);
	BIND(tx, all, DB_INT4S, db_put_int4, r->state);
	BIND(tx, all, DB_TEXTS, db_put_text, r->department);
	BIND(tx, all, DB_TEXTS, db_put_text, r->topic);
	BIND(tx, all, DB_BOOLS, db_put_bool, r->triage);
	BIND(tx, all, DB_DATES, db_put_date, r->due_on);
	BIND(tx, all, DB_INT4S, db_put_int4, r->kind);
	BIND(tx, all, DB_INT4S, db_put_int4, r->channel);
	BIND(tx, all, DB_INT4S, db_put_int4, r->legal_basis);
	BIND(tx, all, DB_INT4S, db_put_int4, (int32_t)r->hand_backs);
	BIND(tx, all, DB_BOOLS, db_put_bool, r->with_arbiter);
	BIND(tx, all, DB_DATES, put_date, r->arbiter_due_on);
	BIND(tx, all, DB_BOOLS, db_put_bool, r->final_owed);
	BIND(tx, all, DB_BOOLS, db_put_bool, r->extended);
	BIND(tx, all, DB_INT4S, db_put_int4, (int32_t)r->answers);
	BIND(tx, all, DB_UUIDS, put_merged_into, r);
	BIND(tx, all, DB_INT4S, db_put_int4, r->state_before);
	BIND(tx, all, DB_DATES, put_date, r->target_on);
	BIND(tx, all, DB_DATES, put_date, r->promised_on);
	BIND(tx, all, DB_DATES, put_date, r->fee_told_on);
	BIND(tx, all, DB_DATES, put_date, r->fee_due_on);
	BIND(tx, all, DB_INT4S, db_put_int4, r->changed_version);
}

static void
put_actor(struct db_tx *tx, const Kopru__V1__Actor *actor)
{
	size_t size = 0;
	const uint8_t *packed = actor ? wire_pack(db_tx_arena(tx), &actor->base, &size) : NULL;

	if (actor && !packed)
		abort(); /* the arena of a transaction has no limit */
	db_put_bytes(tx, packed, size);
}

static void
drafts_change(struct db_tx *tx, const struct changed *new, const struct changed *lost)
{
	if (new->count > 0) {
		db_call(tx, &cases_statements[DRAFTS_PUT]);
		bind_ids(tx, new);
		BIND(tx, new, DB_TEXTS, db_put_text, r->draft);
		BIND(tx, new, DB_BYTES, put_actor, r->drafted_by);
		BIND(tx, new, DB_BYTES, put_actor, r->approved_by);
	}
	if (lost->count > 0) {
		db_call(tx, &cases_statements[DRAFTS_REMOVE]);
		bind_ids(tx, lost);
	}
}

static void
questions_change(struct db_tx *tx, const struct changed *new, const struct changed *lost)
{
	if (new->count > 0) {
		db_call(tx, &cases_statements[QUESTIONS_PUT]);
		bind_ids(tx, new);
		BIND(tx, new, DB_TEXTS, db_put_text, r->question);
		BIND(tx, new, DB_DATES, db_put_date, r->answer_by);
		BIND(tx, new, DB_DATES, put_date, r->remind_on);
	}
	if (lost->count > 0) {
		db_call(tx, &cases_statements[QUESTIONS_REMOVE]);
		bind_ids(tx, lost);
	}
}

/* A part with the case that it is of. */
struct owned_part {
	const struct uuid *application_id;
	const struct case_part *part;
};

static struct owned_part *
parts_of(struct arena *a, const struct changed *all, size_t *count)
{
	struct owned_part *list = NULL;
	size_t room = 1;

	for (size_t i = 0; i < all->count; i++)
		room += all->list[i]->part_count;
	list = arena_array(a, room, sizeof(*list));
	for (size_t i = 0; i < all->count; i++) {
		for (size_t k = 0; k < all->list[i]->part_count; k++)
			list[(*count)++] = (struct owned_part){&all->list[i]->application_id, &all->list[i]->parts[k]};
	}
	return list;
}

static void
parts_change(struct db_tx *tx, const struct changed *all)
{
	size_t count = 0;
	const struct owned_part *list = parts_of(db_tx_arena(tx), all, &count);

	if (all->count == 0)
		return;
	db_call(tx, &cases_statements[PARTS_REMOVE]);
	bind_ids(tx, all);
	if (count == 0)
		return;
	db_call(tx, &cases_statements[PARTS_PUT]);
	db_bind_array(tx, DB_UUIDS, count);
	for (size_t i = 0; i < count; i++)
		db_put_uuid(tx, list[i].application_id);
	db_bind_array(tx, DB_INT4S, count);
	for (size_t i = 0; i < count; i++)
		db_put_int4(tx, (int32_t)list[i].part->number);
	db_bind_array(tx, DB_TEXTS, count);
	for (size_t i = 0; i < count; i++)
		db_put_text(tx, list[i].part->department);
	db_bind_array(tx, DB_TEXTS, count);
	for (size_t i = 0; i < count; i++)
		db_put_text(tx, list[i].part->task);
	db_bind_array(tx, DB_BOOLS, count);
	for (size_t i = 0; i < count; i++)
		db_put_bool(tx, list[i].part->answered);
}

static void
put_model_version(struct db_tx *tx, const struct case_record *r)
{
	if (r->example.model_version == 0)
		db_put_null(tx);
	else
		db_put_int4(tx, (int32_t)r->example.model_version);
}

static void
examples_put(struct db_tx *tx, const struct changed *all)
{
	if (all->count == 0)
		return;
	db_call(tx, &learning_statements[EXAMPLES_PUT]);
	bind_ids(tx, all);
	BIND(tx, all, DB_TEXTS, db_put_text, r->example.source);
	BIND(tx, all, DB_TEXTS, db_put_text, r->example.topic);
	BIND(tx, all, DB_TEXTS, db_put_text, r->example.said);
	BIND(tx, all, DB_INT4S, put_model_version, r);
}

static struct store_appended *
entries_append(struct db_tx *tx, const struct cases *c)
{
	struct arena *a = db_tx_arena(tx);
	struct store_appended *appended = arena_alloc(a, sizeof(*appended));
	size_t count = c->entry_count;

	appended->count = count;
	appended->streams = arena_array(a, count, sizeof(*appended->streams));
	appended->items = arena_array(a, count, sizeof(*appended->items));
	for (size_t i = 0; i < count; i++) {
		const struct case_entry *entry = &c->entries[i];

		appended->streams[i] = entry->stream;
		appended->items[i] =
		    (struct feed_item){.event_id = entry->event_id, .event = entry->event, .size = entry->size};
	}
	appended->call = db_call(tx, &feed_statements[FEED_APPEND]);
	db_bind_array(tx, DB_TEXTS, count);
	for (size_t i = 0; i < count; i++)
		db_put_text(tx, c->entries[i].stream);
	db_bind_array(tx, DB_UUIDS, count);
	for (size_t i = 0; i < count; i++)
		db_put_uuid(tx, &c->entries[i].event_id);
	db_bind_array(tx, DB_UUIDS, count);
	for (size_t i = 0; i < count; i++)
		db_put_uuid(tx, &c->entries[i].application_id);
	db_bind_array(tx, DB_TEXTS, count);
	for (size_t i = 0; i < count; i++)
		db_put_text(tx, c->entries[i].kind);
	db_bind_array(tx, DB_TIMES, count);
	for (size_t i = 0; i < count; i++)
		db_put_time(tx, c->entries[i].at);
	db_bind_array(tx, DB_BYTES, count);
	for (size_t i = 0; i < count; i++)
		db_put_bytes(tx, c->entries[i].event, c->entries[i].size);
	return appended;
}

static void
commands_add(struct db_tx *tx, const struct cases *c, const struct store_decided *d, size_t count)
{
	db_call(tx, &cases_statements[COMMANDS_ADD]);
	db_bind_array(tx, DB_UUIDS, count);
	for (size_t i = 0; i < count; i++)
		db_put_uuid(tx, &d[i].order->id);
	db_bind_array(tx, DB_UUIDS, count);
	for (size_t i = 0; i < count; i++)
		db_put_uuid(tx, &d[i].order->application_id);
	db_bind_array(tx, DB_INT4S, count);
	for (size_t i = 0; i < count; i++)
		db_put_int4(tx, d[i].order->action);
	db_bind_array(tx, DB_BYTES, count);
	for (size_t i = 0; i < count; i++)
		db_put_bytes(tx, d[i].order->meaning, ORDER_MEANING_SIZE);
	db_bind_array(tx, DB_INT4S, count);
	for (size_t i = 0; i < count; i++)
		db_put_int4(tx, d[i].verdict->code);
	db_bind_array(tx, DB_TEXTS, count);
	for (size_t i = 0; i < count; i++)
		db_put_text(tx, d[i].verdict->text);
	db_bind_array(tx, DB_INT4S, count);
	for (size_t i = 0; i < count; i++)
		db_put_int4(tx, (int32_t)d[i].verdict->version);
	db_bind_array(tx, DB_INT4S, count);
	for (size_t i = 0; i < count; i++)
		db_put_int4(tx, (int32_t)d[i].verdict->place);
	db_bind_int8(tx, (int64_t)c->case_entry_count);
}

struct store_appended *
store_cases_write(struct db_tx *tx, const struct cases *c, const struct store_decided *decided, size_t count)
{
	struct arena *a = db_tx_arena(tx);
	const struct changed changed = records_that(a, c, is_changed), parts = records_that(a, c, has_changed_parts);
	const struct changed examples = records_that(a, c, has_example);
	const struct changed drafts = records_that(a, c, has_new_draft), no_drafts = records_that(a, c, has_lost_draft);
	const struct changed questions = records_that(a, c, has_new_question);
	const struct changed no_questions = records_that(a, c, has_lost_question);
	struct store_appended *appended = NULL;

	if (changed.count > 0)
		cases_change(tx, &changed);
	drafts_change(tx, &drafts, &no_drafts);
	questions_change(tx, &questions, &no_questions);
	parts_change(tx, &parts);
	examples_put(tx, &examples);
	store_clocks_write(tx, changed.list, changed.count);
	store_moves_write(tx, c);
	if (c->entry_count > 0)
		appended = entries_append(tx, c);
	if (count > 0)
		commands_add(tx, c, decided, count);
	return appended;
}
