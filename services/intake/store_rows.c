/* store_rows: see the header. */
#include "services/intake/store_rows.h"

#include <stdlib.h>
#include <string.h>

#define FORM_TEXT(member) bind_form_text(tx, records, count, offsetof(struct application_form, member))
#define FORM_INT(member) bind_form_int(tx, records, count, offsetof(struct application_form, member))
#define FORM_DATE(member) bind_form_date(tx, records, count, offsetof(struct application_form, member))
#define FORM_BOOL(member) bind_form_bool(tx, records, count, offsetof(struct application_form, member))

static int
compare(const void *left, const void *right)
{
	const struct record *a = *(struct record *const *)left, *b = *(struct record *const *)right;
	int order;

	if (!a->key || !b->key)
		return (a->key != NULL) - (b->key != NULL);
	order = strcmp(a->key_scope, b->key_scope);
	return order != 0 ? order : strcmp(a->key, b->key);
}

void
store_rows_sort(struct record **records, size_t count)
{
	qsort(records, count, sizeof(struct record *), compare);
}

static void
bind_form_text(struct db_tx *tx, struct record *const *records, size_t count, size_t offset)
{
	db_bind_array(tx, DB_TEXTS, count);
	for (size_t i = 0; i < count; i++) {
		const char *text;

		memcpy(&text, (const char *)records[i]->form + offset, sizeof(text));
		db_put_text(tx, text);
	}
}

static void
bind_form_int(struct db_tx *tx, struct record *const *records, size_t count, size_t offset)
{
	db_bind_array(tx, DB_INT4S, count);
	for (size_t i = 0; i < count; i++) {
		int32_t value;

		memcpy(&value, (const char *)records[i]->form + offset, sizeof(value));
		db_put_int4(tx, value);
	}
}

static void
bind_form_bool(struct db_tx *tx, struct record *const *records, size_t count, size_t offset)
{
	db_bind_array(tx, DB_BOOLS, count);
	for (size_t i = 0; i < count; i++) {
		bool value;

		memcpy(&value, (const char *)records[i]->form + offset, sizeof(value));
		db_put_bool(tx, value);
	}
}

static void
bind_point(struct db_tx *tx, struct record *const *records, size_t count, bool latitude)
{
	db_bind_array(tx, DB_INT4S, count);
	for (size_t i = 0; i < count; i++) {
		const struct application_form *form = records[i]->form;

		if (form->has_point)
			db_put_int4(tx, latitude ? form->latitude_e7 : form->longitude_e7);
		else
			db_put_null(tx);
	}
}

static void
bind_head(struct db_tx *tx, struct record *const *records, size_t count)
{
	db_bind_array(tx, DB_UUIDS, count);
	for (size_t i = 0; i < count; i++)
		db_put_uuid(tx, &records[i]->id);
	db_bind_array(tx, DB_TEXTS, count);
	for (size_t i = 0; i < count; i++)
		db_put_text(tx, records[i]->number);
	db_bind_array(tx, DB_TEXTS, count);
	for (size_t i = 0; i < count; i++)
		db_put_text(tx, records[i]->key_scope);
	db_bind_array(tx, DB_TEXTS, count);
	for (size_t i = 0; i < count; i++)
		db_put_text(tx, records[i]->key);
	db_bind_array(tx, DB_BYTES, count);
	for (size_t i = 0; i < count; i++)
		db_put_bytes(tx, records[i]->body_hash, sizeof(records[i]->body_hash));
}

static void
bind_dates(struct db_tx *tx, struct record *const *records, size_t count)
{
	db_bind_array(tx, DB_TIMES, count);
	for (size_t i = 0; i < count; i++)
		db_put_time(tx, records[i]->received_at);
	db_bind_array(tx, DB_INT4S, count);
	for (size_t i = 0; i < count; i++)
		db_put_int4(tx, records[i]->legal_basis);
	db_bind_array(tx, DB_DATES, count);
	for (size_t i = 0; i < count; i++)
		db_put_date(tx, records[i]->due_on);
}

/* 0 is none. */
static void
bind_form_date(struct db_tx *tx, struct record *const *records, size_t count, size_t offset)
{
	db_bind_array(tx, DB_DATES, count);
	for (size_t i = 0; i < count; i++) {
		int32_t day;

		memcpy(&day, (const char *)records[i]->form + offset, sizeof(day));
		if (day != 0)
			db_put_date(tx, day);
		else
			db_put_null(tx);
	}
}

/* Those that have something to say, which are few or none: each array of unnest costs time for each row. */
static void
bind_origins(struct db_tx *tx, struct record *const *all, size_t all_count)
{
	struct record **records = arena_array(db_tx_arena(tx), all_count + 1, sizeof(*records));
	size_t count = 0;

	for (size_t i = 0; i < all_count; i++)
		if (all[i]->form->inbound_id != 0 || form_has_origin(all[i]->form))
			records[count++] = all[i];
	db_bind_array(tx, DB_UUIDS, count);
	for (size_t i = 0; i < count; i++)
		db_put_uuid(tx, &records[i]->id);
	FORM_TEXT(entered_by);
	FORM_TEXT(brought_by);
	FORM_TEXT(registry_number);
	FORM_DATE(registry_on);
	FORM_TEXT(sender_institution);
	FORM_DATE(reply_by);
	FORM_TEXT(call_id);
	FORM_TEXT(recording);
	FORM_TEXT(source_url);
	db_bind_array(tx, DB_INT8S, count);
	for (size_t i = 0; i < count; i++) {
		if (records[i]->form->inbound_id != 0)
			db_put_int8(tx, records[i]->form->inbound_id);
		else
			db_put_null(tx);
	}
}

static void
bind_national_ids(struct db_tx *tx, struct record *const *records, size_t count)
{
	db_bind_array(tx, DB_BYTES, count);
	for (size_t i = 0; i < count; i++)
		db_put_bytes(tx, records[i]->national_id_sealed, records[i]->sealed_size);
	db_bind_array(tx, DB_BYTES, count);
	for (size_t i = 0; i < count; i++)
		db_put_bytes(tx, records[i]->national_id_hash, records[i]->hash_size);
}

void
store_rows_bind(struct db_tx *tx, struct record *const *records, size_t count)
{
	bind_head(tx, records, count);
	FORM_INT(kind);
	FORM_INT(channel);
	bind_dates(tx, records, count);
	FORM_TEXT(text);
	FORM_TEXT(subject);
	FORM_TEXT(topic);
	bind_point(tx, records, count, true);
	bind_point(tx, records, count, false);
	FORM_TEXT(address);
	FORM_TEXT(neighbourhood);
	FORM_TEXT(external_id);
	FORM_TEXT(applicant_name);
	FORM_TEXT(applicant_phone);
	FORM_TEXT(applicant_email);
	FORM_TEXT(applicant_address);
	bind_national_ids(tx, records, count);
	FORM_BOOL(anonymous);
	FORM_BOOL(hide_identity);
	FORM_TEXT(language);
	FORM_INT(prefers);
	FORM_BOOL(email_verified);
	bind_origins(tx, records, count);
}

void
store_events_bind(struct db_tx *tx, struct record *const *records, size_t count)
{
	db_bind_array(tx, DB_UUIDS, count);
	for (size_t i = 0; i < count; i++)
		db_put_uuid(tx, &records[i]->event_id);
	db_bind_array(tx, DB_UUIDS, count);
	for (size_t i = 0; i < count; i++)
		db_put_uuid(tx, &records[i]->id);
	db_bind_array(tx, DB_TIMES, count);
	for (size_t i = 0; i < count; i++)
		db_put_time(tx, records[i]->at);
	db_bind_array(tx, DB_BYTES, count);
	for (size_t i = 0; i < count; i++)
		db_put_bytes(tx, records[i]->event, records[i]->event_size);
}

size_t
store_attachments_count(struct record *const *records, size_t count)
{
	size_t sum = 0;

	for (size_t i = 0; i < count; i++)
		sum += records[i]->form->attachment_count;
	return sum;
}

void
store_attachments_bind(struct db_tx *tx, struct record *const *records, size_t count)
{
	size_t sum = store_attachments_count(records, count);

	db_bind_array(tx, DB_UUIDS, sum);
	for (size_t i = 0; i < count; i++)
		for (size_t file = 0; file < records[i]->form->attachment_count; file++)
			db_put_uuid(tx, &records[i]->form->attachments[file].id);
	db_bind_array(tx, DB_UUIDS, sum);
	for (size_t i = 0; i < count; i++)
		for (size_t file = 0; file < records[i]->form->attachment_count; file++)
			db_put_uuid(tx, &records[i]->id);
}
