/* store: binds and columns of reporting.sql. */
#include "services/reporting/store.h"

#include <stddef.h>
#include <stdlib.h>

#include "common/domain/access_code.h"
#include "common/feed/feed.sql.h"
#include "services/reporting/reporting.sql.h"

static const void *
field_at(const struct application *application, size_t offset)
{
	return (const char *)application + offset;
}

static void
bind_texts(struct db_tx *tx, const struct application *list, size_t count, size_t offset)
{
	db_bind_array(tx, DB_TEXTS, count);
	for (size_t i = 0; i < count; i++)
		db_put_text(tx, *(const char *const *)field_at(&list[i], offset));
}

static void
bind_numbers(struct db_tx *tx, const struct application *list, size_t count, size_t offset)
{
	db_bind_array(tx, DB_INT4S, count);
	for (size_t i = 0; i < count; i++)
		db_put_int4(tx, *(const int32_t *)field_at(&list[i], offset));
}

static void
bind_dates(struct db_tx *tx, const struct application *list, size_t count, size_t offset)
{
	db_bind_array(tx, DB_DATES, count);
	for (size_t i = 0; i < count; i++)
		db_put_date(tx, *(const int32_t *)field_at(&list[i], offset));
}

static void
bind_times(struct db_tx *tx, const struct application *list, size_t count, size_t offset)
{
	db_bind_array(tx, DB_TIMES, count);
	for (size_t i = 0; i < count; i++)
		db_put_time(tx, *(const int64_t *)field_at(&list[i], offset));
}

static void
bind_ids(struct db_tx *tx, const struct uuid *ids, size_t count)
{
	db_bind_array(tx, DB_UUIDS, count);
	for (size_t i = 0; i < count; i++)
		db_put_uuid(tx, &ids[i]);
}

/* $1 to $10 of both upserts. */
static void
bind_common(struct db_tx *tx, const struct application *list, size_t count)
{
	db_bind_array(tx, DB_UUIDS, count);
	for (size_t i = 0; i < count; i++)
		db_put_uuid(tx, &list[i].id);
	bind_texts(tx, list, count, offsetof(struct application, number));
	bind_numbers(tx, list, count, offsetof(struct application, kind));
	bind_numbers(tx, list, count, offsetof(struct application, channel));
	bind_times(tx, list, count, offsetof(struct application, received_at));
	bind_dates(tx, list, count, offsetof(struct application, received_on));
	bind_dates(tx, list, count, offsetof(struct application, due_on));
	bind_texts(tx, list, count, offsetof(struct application, subject));
	bind_texts(tx, list, count, offsetof(struct application, text));
	bind_texts(tx, list, count, offsetof(struct application, neighbourhood));
}

void
store_applications_received(struct db_tx *tx, const struct application *list, size_t count)
{
	db_call(tx, &reporting_statements[RECEIVED_UPSERT]);
	bind_common(tx, list, count);
	db_bind_array(tx, DB_BYTES, count);
	for (size_t i = 0; i < count; i++)
		db_put_bytes(tx, list[i].access_code_hash, ACCESS_CODE_HASH_SIZE);
	bind_times(tx, list, count, offsetof(struct application, at));
}

void
store_applications_routed(struct db_tx *tx, const struct application *list, size_t count)
{
	db_call(tx, &reporting_statements[ROUTED_UPSERT]);
	bind_common(tx, list, count);
	bind_numbers(tx, list, count, offsetof(struct application, version));
	bind_numbers(tx, list, count, offsetof(struct application, state));
	bind_texts(tx, list, count, offsetof(struct application, department));
	bind_texts(tx, list, count, offsetof(struct application, department_name));
	bind_texts(tx, list, count, offsetof(struct application, topic));
	bind_texts(tx, list, count, offsetof(struct application, topic_name));
	db_bind_array(tx, DB_BOOLS, count);
	for (size_t i = 0; i < count; i++)
		db_put_bool(tx, list[i].triage);
	bind_times(tx, list, count, offsetof(struct application, at));
}

static int
id_compare(const void *left, const void *right)
{
	return uuid_compare(left, right);
}

void
store_applications_erase(struct db_tx *tx, struct uuid *ids, size_t count)
{
	qsort(ids, count, sizeof(*ids), id_compare);
	db_call(tx, &reporting_statements[ERASURES_INSERT]);
	bind_ids(tx, ids, count);
	db_call(tx, &reporting_statements[APPLICATIONS_ERASE]);
	bind_ids(tx, ids, count);
}

void
store_applications_refuse(struct db_tx *tx, const char *reason)
{
	db_call(tx, &reporting_statements[EVENT_REFUSE]);
	db_bind_text(tx, reason);
}

size_t
store_reporting_cursor(struct db_tx *tx, const char *stream)
{
	size_t call = db_call(tx, &feed_statements[FEED_CURSOR]);

	db_bind_text(tx, "reporting");
	db_bind_text(tx, stream);
	return call;
}

struct store_track_calls
store_application_track(
    struct db_tx *tx, const char *number, const uint8_t *hash, const uint8_t *dummy, const char *stream)
{
	struct store_track_calls calls = {0};

	if (stream)
		calls.cursor = store_reporting_cursor(tx, stream);
	calls.hash = db_call(tx, &reporting_statements[APPLICATION_HASH]);
	db_bind_text(tx, number);
	db_bind_bytes(tx, dummy, ACCESS_CODE_HASH_SIZE);
	calls.track = db_call(tx, &reporting_statements[APPLICATION_TRACK]);
	db_bind_text(tx, number);
	db_bind_bytes(tx, hash, ACCESS_CODE_HASH_SIZE);
	return calls;
}

uint64_t
store_get_reporting_cursor(const struct db_results *r, size_t call)
{
	return db_rows(r, call) == 1 ? (uint64_t)db_int8(r, call, 0, 0) : 0;
}

const uint8_t *
store_get_access_code_hash(const struct db_results *r, size_t call)
{
	size_t size = 0;
	const void *hash = db_rows(r, call) == 1 ? db_bytes(r, call, 0, 0, &size) : NULL;

	return size == ACCESS_CODE_HASH_SIZE ? hash : NULL;
}

static const char *
text_or_null(const struct db_results *r, size_t call, size_t row, int column)
{
	return db_null(r, call, row, column) ? NULL : db_text(r, call, row, column);
}

bool
store_get_tracked_application(const struct db_results *r, size_t call, struct tracked *tracked)
{
	if (db_rows(r, call) != 1)
		return false;
	*tracked = (struct tracked){
	    .kind = db_int4(r, call, 0, 0),
	    .channel = db_int4(r, call, 0, 1),
	    .received_at = db_time(r, call, 0, 2),
	    .due_on = db_date(r, call, 0, 3),
	    .subject = text_or_null(r, call, 0, 4),
	    .text = text_or_null(r, call, 0, 5),
	    .state = db_int4(r, call, 0, 6),
	    .department = text_or_null(r, call, 0, 7),
	    .department_name = text_or_null(r, call, 0, 8),
	    .topic = text_or_null(r, call, 0, 9),
	    .topic_name = text_or_null(r, call, 0, 10),
	    .triage = db_bool(r, call, 0, 11),
	    .version = db_int4(r, call, 0, 12),
	    .erased = db_bool(r, call, 0, 13),
	    .changed_at = db_time(r, call, 0, 14),
	};
	return true;
}

size_t
store_applications_count(struct db_tx *tx, int32_t from, int32_t to)
{
	size_t call = db_call(tx, &reporting_statements[APPLICATIONS_COUNT]);

	db_bind_date(tx, from);
	db_bind_date(tx, to);
	return call;
}

void
store_get_figures_group(const struct db_results *r, size_t call, size_t row, struct figures_group *group)
{
	*group = (struct figures_group){
	    .table = db_int4(r, call, row, 0),
	    .value = db_int4(r, call, row, 1),
	    .code = text_or_null(r, call, row, 2),
	    .name = text_or_null(r, call, row, 3),
	    .day = db_null(r, call, row, 4) ? 0 : db_date(r, call, row, 4),
	    .count = db_int8(r, call, row, 5),
	};
}
