/* store_write: binds of reporting.sql's statements that write the read model. */
#include "services/reporting/store.h"

#include <stddef.h>
#include <stdlib.h>

#include "common/domain/access_code.h"
#include "services/reporting/reporting.sql.h"

/* A list of structs, of which an array parameter takes one field each. */
struct list {
	const char *first;
	size_t size, count;
};

static const void *
field_at(const struct list *l, size_t i, size_t offset)
{
	return l->first + i * l->size + offset;
}

static void
bind_texts(struct db_tx *tx, const struct list *l, size_t offset)
{
	db_bind_array(tx, DB_TEXTS, l->count);
	for (size_t i = 0; i < l->count; i++)
		db_put_text(tx, *(const char *const *)field_at(l, i, offset));
}

static void
bind_numbers(struct db_tx *tx, const struct list *l, size_t offset)
{
	db_bind_array(tx, DB_INT4S, l->count);
	for (size_t i = 0; i < l->count; i++)
		db_put_int4(tx, *(const int32_t *)field_at(l, i, offset));
}

/* 0 is none. */
static void
bind_dates(struct db_tx *tx, const struct list *l, size_t offset)
{
	db_bind_array(tx, DB_DATES, l->count);
	for (size_t i = 0; i < l->count; i++) {
		int32_t day = *(const int32_t *)field_at(l, i, offset);

		if (day)
			db_put_date(tx, day);
		else
			db_put_null(tx);
	}
}

/* 0 is none. */
static void
bind_times(struct db_tx *tx, const struct list *l, size_t offset)
{
	db_bind_array(tx, DB_TIMES, l->count);
	for (size_t i = 0; i < l->count; i++) {
		int64_t time = *(const int64_t *)field_at(l, i, offset);

		if (time)
			db_put_time(tx, time);
		else
			db_put_null(tx);
	}
}

static void
bind_bools(struct db_tx *tx, const struct list *l, size_t offset)
{
	db_bind_array(tx, DB_BOOLS, l->count);
	for (size_t i = 0; i < l->count; i++)
		db_put_bool(tx, *(const bool *)field_at(l, i, offset));
}

static void
bind_uuids(struct db_tx *tx, const struct list *l, size_t offset)
{
	db_bind_array(tx, DB_UUIDS, l->count);
	for (size_t i = 0; i < l->count; i++)
		db_put_uuid(tx, field_at(l, i, offset));
}

/* $1 to $10 of both upserts. */
static void
bind_common(struct db_tx *tx, const struct list *l)
{
	bind_uuids(tx, l, offsetof(struct application, id));
	bind_texts(tx, l, offsetof(struct application, number));
	bind_numbers(tx, l, offsetof(struct application, kind));
	bind_numbers(tx, l, offsetof(struct application, channel));
	bind_times(tx, l, offsetof(struct application, received_at));
	bind_dates(tx, l, offsetof(struct application, received_on));
	bind_dates(tx, l, offsetof(struct application, due_on));
	bind_texts(tx, l, offsetof(struct application, subject));
	bind_texts(tx, l, offsetof(struct application, text));
	bind_texts(tx, l, offsetof(struct application, neighbourhood));
}

void
store_applications_received(struct db_tx *tx, const struct application *list, size_t count, int32_t today)
{
	const struct list l = {(const char *)list, sizeof(*list), count};

	db_call(tx, &reporting_statements[RECEIVED_UPSERT]);
	bind_common(tx, &l);
	db_bind_array(tx, DB_BYTES, count);
	for (size_t i = 0; i < count; i++)
		db_put_bytes(tx, list[i].access_code_hash, ACCESS_CODE_HASH_SIZE);
	bind_times(tx, &l, offsetof(struct application, at));
	db_bind_date(tx, today);
}

/* In SQL NULL: it has not happened. */
static void
bind_lapse_numbers(struct db_tx *tx, const struct list *l, size_t lapse, size_t offset)
{
	db_bind_array(tx, DB_INT4S, l->count);
	for (size_t i = 0; i < l->count; i++) {
		const struct lapse *one = field_at(l, i, lapse);

		if (one->at)
			db_put_int4(tx, *(const int32_t *)((const char *)one + offset));
		else
			db_put_null(tx);
	}
}

static void
bind_lapses(struct db_tx *tx, const struct list *l, size_t lapse)
{
	bind_times(tx, l, lapse + offsetof(struct lapse, at));
	bind_lapse_numbers(tx, l, lapse, offsetof(struct lapse, minutes));
	bind_lapse_numbers(tx, l, lapse, offsetof(struct lapse, working_minutes));
	bind_lapse_numbers(tx, l, lapse, offsetof(struct lapse, bucket));
	bind_lapse_numbers(tx, l, lapse, offsetof(struct lapse, working_bucket));
}

/* When this opened it again; when this ended it. */
static void
bind_openness(struct db_tx *tx, const struct application *list, size_t count)
{
	for (int ended = 0; ended < 2; ended++) {
		db_bind_array(tx, DB_DATES, count);
		for (size_t i = 0; i < count; i++) {
			bool open = application_is_open(list[i].state);

			if (ended ? !open : open && list[i].first_version > 2)
				db_put_date(tx, list[i].first_on);
			else
				db_put_null(tx);
		}
	}
}

static void
bind_case(struct db_tx *tx, const struct list *l)
{
	bind_numbers(tx, l, offsetof(struct application, version));
	bind_numbers(tx, l, offsetof(struct application, state));
	bind_texts(tx, l, offsetof(struct application, department));
	bind_texts(tx, l, offsetof(struct application, department_name));
	bind_texts(tx, l, offsetof(struct application, department_name_en));
	bind_texts(tx, l, offsetof(struct application, topic));
	bind_texts(tx, l, offsetof(struct application, topic_name));
	bind_texts(tx, l, offsetof(struct application, merged_into));
	bind_bools(tx, l, offsetof(struct application, triage));
	bind_bools(tx, l, offsetof(struct application, outside));
	bind_bools(tx, l, offsetof(struct application, with_arbiter));
	bind_bools(tx, l, offsetof(struct application, final_owed));
	bind_dates(tx, l, offsetof(struct application, target_on));
	bind_times(tx, l, offsetof(struct application, at));
}

static void
case_upsert(struct db_tx *tx, const struct application *list, size_t count, int32_t today)
{
	const struct list l = {(const char *)list, sizeof(*list), count};

	db_call(tx, &reporting_statements[CASE_UPSERT]);
	bind_common(tx, &l);
	bind_case(tx, &l);
	bind_openness(tx, list, count);
	bind_bools(tx, &l, offsetof(struct application, handed_back));
	bind_bools(tx, &l, offsetof(struct application, forwarded));
	bind_bools(tx, &l, offsetof(struct application, reopened));
	bind_lapses(tx, &l, offsetof(struct application, reaction));
	bind_lapses(tx, &l, offsetof(struct application, answer));
	db_bind_date(tx, today);
}

void
store_applications_moved(struct db_tx *tx, const struct application *list, size_t count, int32_t today)
{
	for (size_t first = 0, end; first < count; first = end) {
		for (end = first + 1; end < count && list[end].round == list[first].round;)
			end++;
		case_upsert(tx, list + first, end - first, today);
	}
}

static int
step_compare(const void *left, const void *right)
{
	const struct step *a = left, *b = right;
	int order = uuid_compare(&a->application_id, &b->application_id);

	return order ? order : (a->version > b->version) - (a->version < b->version);
}

void
store_steps(struct db_tx *tx, struct step *list, size_t count)
{
	const struct list l = {(const char *)list, sizeof(*list), count};

	qsort(list, count, sizeof(*list), step_compare);
	db_call(tx, &reporting_statements[STEPS_INSERT]);
	bind_uuids(tx, &l, offsetof(struct step, application_id));
	bind_numbers(tx, &l, offsetof(struct step, version));
	bind_times(tx, &l, offsetof(struct step, at));
	bind_texts(tx, &l, offsetof(struct step, event));
	bind_bools(tx, &l, offsetof(struct step, visible));
	bind_numbers(tx, &l, offsetof(struct step, state));
	bind_numbers(tx, &l, offsetof(struct step, actor_type));
	bind_numbers(tx, &l, offsetof(struct step, actor_role));
	bind_texts(tx, &l, offsetof(struct step, actor_department));
	bind_texts(tx, &l, offsetof(struct step, department));
	bind_texts(tx, &l, offsetof(struct step, department_name));
	bind_texts(tx, &l, offsetof(struct step, department_name_en));
	bind_texts(tx, &l, offsetof(struct step, text));
	bind_texts(tx, &l, offsetof(struct step, internal));
	bind_texts(tx, &l, offsetof(struct step, name));
	bind_texts(tx, &l, offsetof(struct step, reference));
	bind_numbers(tx, &l, offsetof(struct step, code));
	bind_dates(tx, &l, offsetof(struct step, day));
	bind_dates(tx, &l, offsetof(struct step, due_on));
}

void
store_part(struct db_tx *tx, const struct part *part)
{
	db_call(tx, &reporting_statements[PART_UPSERT]);
	db_bind_uuid(tx, &part->application_id);
	db_bind_int4(tx, part->number);
	db_bind_int4(tx, part->version);
	db_bind_text(tx, arena_string(db_tx_arena(tx), part->department));
	db_bind_text(tx, arena_string(db_tx_arena(tx), part->department_name));
	db_bind_text(tx, arena_string(db_tx_arena(tx), part->task));
	if (part->answered_at)
		db_bind_time(tx, part->answered_at);
	else
		db_bind_null(tx);
	db_bind_text(tx, arena_string(db_tx_arena(tx), part->answer));
}

static void
bind_date(struct db_tx *tx, int32_t day)
{
	if (day)
		db_bind_date(tx, day);
	else
		db_bind_null(tx);
}

void
store_origin(struct db_tx *tx, const struct origin *origin)
{
	struct arena *a = db_tx_arena(tx);

	db_call(tx, &reporting_statements[ORIGIN_INSERT]);
	db_bind_uuid(tx, &origin->application_id);
	db_bind_text(tx, arena_string(a, origin->entered_by));
	db_bind_text(tx, arena_string(a, origin->registry_number));
	bind_date(tx, origin->registry_on);
	db_bind_text(tx, arena_string(a, origin->sender_institution));
	bind_date(tx, origin->reply_by);
}

void
store_file(struct db_tx *tx, const struct file *file)
{
	struct arena *a = db_tx_arena(tx);

	db_call(tx, &reporting_statements[FILE_INSERT]);
	db_bind_uuid(tx, &file->application_id);
	db_bind_int4(tx, file->version);
	db_bind_int4(tx, file->place);
	db_bind_uuid(tx, &file->id);
	db_bind_text(tx, arena_string(a, file->name));
	db_bind_text(tx, arena_string(a, file->media_type));
	db_bind_int8(tx, file->size);
}

static int
id_compare(const void *left, const void *right)
{
	return uuid_compare(left, right);
}

void
store_applications_erase(struct db_tx *tx, struct uuid *ids, size_t count)
{
	static const int statements[] = {
	    ERASURES_INSERT, APPLICATIONS_ERASE, STEPS_ERASE, PARTS_ERASE, ORIGINS_ERASE, FILES_ERASE};
	const struct list l = {(const char *)ids, sizeof(*ids), count};

	qsort(ids, count, sizeof(*ids), id_compare);
	for (size_t i = 0; i < sizeof(statements) / sizeof(statements[0]); i++) {
		db_call(tx, &reporting_statements[statements[i]]);
		bind_uuids(tx, &l, 0);
	}
	db_call(tx, &reporting_statements[NEIGHBOURHOODS_FORGET]);
}

void
store_applications_refuse(struct db_tx *tx, const char *reason)
{
	db_call(tx, &reporting_statements[EVENT_REFUSE]);
	db_bind_text(tx, reason);
}

size_t
store_overdue(struct db_tx *tx, int32_t today)
{
	size_t call = db_call(tx, &reporting_statements[OVERDUE_MARK]);

	db_bind_date(tx, today);
	return call;
}
