/* drafts_load: columns of drafts.sql as drafts. */
#include "services/intake/draft.h"

#include <string.h>

#include "services/intake/drafts.sql.h"

#define OF_SENDER_MAX 5
#define MESSAGES_MAX 1000 /* of one draft; that there were more is said */

struct draft *
draft_new(struct drafts *drafts, const struct db_results *results, size_t row)
{
	struct arena *a = arena_new(0);
	struct draft *d = arena_alloc(a, sizeof(*d));

	d->arena = a;
	d->drafts = drafts;
	d->id = db_uuid(results, 1, row, 0);
	d->channel = db_int4(results, 1, row, 1);
	d->has_contact = db_bool(results, 1, row, 2);
	d->token = db_int8(results, 1, row, 3);
	d->attempts = db_int4(results, 1, row, 4);
	d->first_at = db_time(results, 1, row, 5);
	d->decided = db_null(results, 1, row, 6) ? NULL : arena_string(a, db_text(results, 1, row, 6));
	if (!db_null(results, 1, row, 7))
		d->targets[d->target_count++] = (struct draft_target){.how = DRAFT_NAMED,
		    .known = true,
		    .application_id = db_uuid(results, 1, row, 7),
		    .intake_seq = db_null(results, 1, row, 9) ? 0 : (uint64_t)db_int8(results, 1, row, 9)};
	d->decisions = db_int4(results, 1, row, 8);
	d->messages = arena_array(a, MESSAGES_MAX, sizeof(*d->messages));
	return d;
}

void
draft_free(struct draft *d)
{
	arena_free(d->arena);
}

static void
bind_ids(struct db_tx *tx, int statement, struct draft *const *drafts, size_t count)
{
	db_call(tx, &drafts_statements[statement]);
	db_bind_array(tx, DB_UUIDS, count);
	for (size_t i = 0; i < count; i++)
		db_put_uuid(tx, &drafts[i]->id);
}

void
drafts_load(struct db_tx *tx, struct draft *const *drafts, size_t count)
{
	bind_ids(tx, DRAFTS_MESSAGES, drafts, count);
	bind_ids(tx, DRAFTS_PEOPLE, drafts, count);
	bind_ids(tx, DRAFTS_FILES, drafts, count);
	bind_ids(tx, DRAFTS_TARGETS, drafts, count);
	db_bind_int4(tx, OF_SENDER_MAX);
}

static const char *
text_of(struct draft *d, const struct db_results *results, size_t call, size_t row, int column)
{
	return db_null(results, call, row, column) ? NULL : arena_string(d->arena, db_text(results, call, row, column));
}

static void
take_message(struct draft *d, const struct db_results *r, size_t row)
{
	struct draft_message *m;

	if (d->message_count == MESSAGES_MAX) {
		d->cut = true;
		return;
	}
	m = &d->messages[d->message_count++];
	m->external_id = text_of(d, r, 0, row, 1);
	m->inbound_id = db_int8(r, 0, row, 2);
	m->source = text_of(d, r, 0, row, 3);
	m->received_at = db_time(r, 0, row, 4);
	m->type = text_of(d, r, 0, row, 5);
	m->subject = text_of(d, r, 0, row, 6);
	m->text = text_of(d, r, 0, row, 7);
	m->has_point = !db_null(r, 0, row, 8) && !db_null(r, 0, row, 9);
	if (m->has_point) {
		m->latitude_e7 = db_int4(r, 0, row, 8);
		m->longitude_e7 = db_int4(r, 0, row, 9);
	}
	m->address = text_of(d, r, 0, row, 10);
	m->kind = db_int4(r, 0, row, 11);
	m->source_url = text_of(d, r, 0, row, 12);
	m->email_verified = db_bool(r, 0, row, 13);
}

static void
take_file(struct draft *d, const struct db_results *r, size_t row)
{
	struct attachment *file;
	const void *hash;
	size_t size;

	if (db_null(r, 2, row, 1) || d->file_count == ATTACHMENTS_MAX) {
		d->files_left_out++;
		return;
	}
	file = &d->files[d->file_count++];
	file->id = db_uuid(r, 2, row, 1);
	file->name = text_of(d, r, 2, row, 2);
	file->media_type = text_of(d, r, 2, row, 3);
	file->size = (uint64_t)db_int8(r, 2, row, 4);
	hash = db_bytes(r, 2, row, 5, &size);
	if (size == sizeof(file->sha256))
		memcpy(file->sha256, hash, size);
}

static void
take_target(struct draft *d, const struct db_results *r, size_t row)
{
	struct draft_target *t;

	if (d->target_count == DRAFT_TARGETS_MAX || d->decided) /* a clerk knows better */
		return;
	t = &d->targets[d->target_count++];
	t->how = (enum draft_how)db_int4(r, 3, row, 1);
	t->known = !db_null(r, 3, row, 2);
	if (t->known)
		t->application_id = db_uuid(r, 3, row, 2);
	t->intake_seq = db_null(r, 3, row, 3) ? 0 : (uint64_t)db_int8(r, 3, row, 3);
}

void
drafts_loaded(const struct db_results *r, struct draft *const *drafts)
{
	for (size_t row = 0; row < db_rows(r, 0); row++)
		take_message(drafts[db_int4(r, 0, row, 0) - 1], r, row);
	for (size_t row = 0; row < db_rows(r, 1); row++) {
		struct draft *d = drafts[db_int4(r, 1, row, 0) - 1];

		d->name = text_of(d, r, 1, row, 1);
		d->phone = text_of(d, r, 1, row, 2);
		d->email = text_of(d, r, 1, row, 3);
	}
	for (size_t row = 0; row < db_rows(r, 2); row++)
		take_file(drafts[db_int4(r, 2, row, 0) - 1], r, row);
	for (size_t row = 0; row < db_rows(r, 3); row++)
		take_target(drafts[db_int4(r, 3, row, 0) - 1], r, row);
}
