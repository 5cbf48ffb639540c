/* store: binds and columns of notifier.sql. */
#include "services/notifier/store.h"

#include <stdlib.h>
#include <string.h>

#include "services/notifier/notifier.sql.h"

static int
notice_compare(const void *left, const void *right)
{
	const struct notice *a = left, *b = right;

	return uuid_compare(&a->event_id, &b->event_id);
}

static int
finish_compare(const void *left, const void *right)
{
	const struct finish *a = left, *b = right;

	return uuid_compare(&a->id, &b->id);
}

static void
bind_ids(struct db_tx *tx, const struct notice *notices, size_t count, size_t offset)
{
	db_bind_array(tx, DB_UUIDS, count);
	for (size_t i = 0; i < count; i++)
		db_put_uuid(tx, (const struct uuid *)(const void *)((const char *)&notices[i] + offset));
}

static void
bind_texts(struct db_tx *tx, const struct notice *notices, size_t count, size_t offset)
{
	db_bind_array(tx, DB_TEXTS, count);
	for (size_t i = 0; i < count; i++)
		db_put_text(tx, *(const char *const *)(const void *)((const char *)&notices[i] + offset));
}

static void
bind_fields(struct db_tx *tx, const struct notice *notices, size_t count)
{
	db_bind_array(tx, DB_DATES, count);
	for (size_t i = 0; i < count; i++)
		db_put_date(tx, notices[i].fields.received_on);
	db_bind_array(tx, DB_DATES, count);
	for (size_t i = 0; i < count; i++)
		db_put_date(tx, notices[i].fields.due_on);
	db_bind_array(tx, DB_INT4S, count);
	for (size_t i = 0; i < count; i++)
		db_put_int4(tx, notices[i].fields.legal_basis);
	bind_texts(tx, notices, count, offsetof(struct notice, fields.department_name));
	db_bind_array(tx, DB_BOOLS, count);
	for (size_t i = 0; i < count; i++)
		db_put_bool(tx, notices[i].fields.triage);
	db_bind_array(tx, DB_INT4S, count);
	for (size_t i = 0; i < count; i++)
		db_put_int4(tx, (int32_t)notices[i].fields.access_code_generation);
}

size_t
store_notices_insert(struct db_tx *tx, struct notice *notices, size_t count)
{
	size_t call = db_call(tx, &notifier_statements[NOTICES_INSERT]);

	qsort(notices, count, sizeof(*notices), notice_compare);
	bind_ids(tx, notices, count, offsetof(struct notice, id));
	bind_ids(tx, notices, count, offsetof(struct notice, event_id));
	bind_ids(tx, notices, count, offsetof(struct notice, application_id));
	bind_texts(tx, notices, count, offsetof(struct notice, number));
	bind_texts(tx, notices, count, offsetof(struct notice, channel));
	bind_texts(tx, notices, count, offsetof(struct notice, template));
	bind_texts(tx, notices, count, offsetof(struct notice, language));
	bind_texts(tx, notices, count, offsetof(struct notice, address));
	bind_texts(tx, notices, count, offsetof(struct notice, state));
	bind_texts(tx, notices, count, offsetof(struct notice, reason));
	bind_fields(tx, notices, count);
	return call;
}

size_t
store_notices_erase(struct db_tx *tx, const struct uuid *applications, size_t count)
{
	size_t call = db_call(tx, &notifier_statements[NOTICES_ERASE]);

	db_bind_array(tx, DB_UUIDS, count);
	for (size_t i = 0; i < count; i++)
		db_put_uuid(tx, &applications[i]);
	return call;
}

size_t
store_notices_claim(struct db_tx *tx, int limit, int lease_seconds)
{
	size_t call = db_call(tx, &notifier_statements[NOTICES_CLAIM]);

	db_bind_int4(tx, limit);
	db_bind_int4(tx, lease_seconds);
	return call;
}

size_t
store_notices_finish(struct db_tx *tx, struct finish *finishes, size_t count)
{
	size_t call = db_call(tx, &notifier_statements[NOTICES_FINISH]);

	qsort(finishes, count, sizeof(*finishes), finish_compare);
	db_bind_array(tx, DB_UUIDS, count);
	for (size_t i = 0; i < count; i++)
		db_put_uuid(tx, &finishes[i].id);
	db_bind_array(tx, DB_INT8S, count);
	for (size_t i = 0; i < count; i++)
		db_put_int8(tx, finishes[i].token);
	db_bind_array(tx, DB_TEXTS, count);
	for (size_t i = 0; i < count; i++)
		db_put_text(tx, finishes[i].state);
	db_bind_array(tx, DB_TEXTS, count);
	for (size_t i = 0; i < count; i++)
		db_put_text(tx, finishes[i].reason);
	db_bind_array(tx, DB_INT4S, count);
	for (size_t i = 0; i < count; i++)
		db_put_int4(tx, finishes[i].wait_seconds);
	return call;
}

size_t
store_notices_erased(struct db_tx *tx, const struct finish *finishes, size_t count)
{
	size_t call = db_call(tx, &notifier_statements[NOTICES_ERASED]);

	db_bind_array(tx, DB_UUIDS, count);
	for (size_t i = 0; i < count; i++)
		db_put_uuid(tx, &finishes[i].id);
	return call;
}

size_t
store_notices_waiting(struct db_tx *tx)
{
	return db_call(tx, &notifier_statements[NOTICES_WAITING]);
}

void
store_notices_refuse(struct db_tx *tx, const char *reason)
{
	db_call(tx, &notifier_statements[EVENT_REFUSE]);
	db_bind_text(tx, reason);
}

void
store_get_claimed_notice(const struct db_results *r, size_t call, size_t row, struct arena *a, struct claimed *claimed)
{
	*claimed = (struct claimed){
	    .notice =
		{
		    .id = db_uuid(r, call, row, 0),
		    .application_id = db_uuid(r, call, row, 3),
		    .number = arena_string(a, db_text(r, call, row, 4)),
		    .channel = arena_string(a, db_text(r, call, row, 5)),
		    .template = arena_string(a, db_text(r, call, row, 6)),
		    .language = arena_string(a, db_text(r, call, row, 7)),
		    .address = arena_string(a, db_text(r, call, row, 8)),
		    .fields =
			{
			    .received_on = db_date(r, call, row, 9),
			    .due_on = db_date(r, call, row, 10),
			    .legal_basis = db_int4(r, call, row, 11),
			    .department_name = arena_string(a, db_text(r, call, row, 12)),
			    .triage = db_bool(r, call, row, 13),
			    .access_code_generation = (uint32_t)db_int4(r, call, row, 14),
			},
		},
	    .token = db_int8(r, call, row, 1),
	    .attempts = db_int4(r, call, row, 2),
	    .created_at = db_time(r, call, row, 15),
	};
}

void
store_get_delivered_notice(const struct db_results *r, size_t call, size_t row, struct delivered *delivered)
{
	delivered->id = db_uuid(r, call, row, 0);
	delivered->number = db_text(r, call, row, 1);
}

void
store_get_waiting_notices(const struct db_results *r, size_t call, int64_t *count, int64_t *age_seconds)
{
	*count = db_int8(r, call, 0, 0);
	*age_seconds = db_int8(r, call, 0, 1);
}

size_t
store_count_notices(const struct db_results *r, size_t call, int column, const char *state)
{
	size_t count = 0;

	for (size_t row = 0; row < db_rows(r, call); row++)
		count += strcmp(db_text(r, call, row, column), state) == 0;
	return count;
}
