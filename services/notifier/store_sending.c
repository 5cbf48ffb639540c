/* store_sending: binds and columns of sending.sql. */
#include <stdlib.h>

#include "services/notifier/sending.sql.h"
#include "services/notifier/store.h"

static int
finish_compare(const void *left, const void *right)
{
	const struct finish *a = left, *b = right;

	return uuid_compare(&a->id, &b->id);
}

static void
bind_strings(struct db_tx *tx, const char *const *texts, size_t count)
{
	db_bind_array(tx, DB_TEXTS, count);
	for (size_t i = 0; i < count; i++)
		db_put_text(tx, texts[i]);
}

size_t
store_notices_claim(struct db_tx *tx, const struct claim *claim)
{
	size_t call = db_call(tx, &sending_statements[NOTICES_CLAIM]);

	db_bind_int4(tx, claim->limit);
	db_bind_int4(tx, claim->lease_seconds);
	bind_strings(tx, claim->domains, claim->domain_count);
	db_bind_bool(tx, claim->only_these);
	bind_strings(tx, claim->limited, claim->limited_count);
	db_bind_array(tx, DB_INT4S, claim->limited_count);
	for (size_t i = 0; i < claim->limited_count; i++)
		db_put_int4(tx, claim->limits[i]);
	db_bind_int4(tx, claim->limit_a_domain);
	db_bind_text(tx, claim->provider);
	db_bind_text(tx, claim->begin_after);
	db_bind_int4(tx, claim->count_today_to);
	return call;
}

static void
bind_leases(struct db_tx *tx, struct finish *finishes, size_t count)
{
	qsort(finishes, count, sizeof(*finishes), finish_compare);
	db_bind_array(tx, DB_UUIDS, count);
	for (size_t i = 0; i < count; i++)
		db_put_uuid(tx, &finishes[i].id);
	db_bind_array(tx, DB_INT8S, count);
	for (size_t i = 0; i < count; i++)
		db_put_int8(tx, finishes[i].token);
}

size_t
store_notices_finish(struct db_tx *tx, struct finish *finishes, size_t count, int settle_seconds)
{
	size_t call = db_call(tx, &sending_statements[NOTICES_FINISH]);

	bind_leases(tx, finishes, count);
	db_bind_array(tx, DB_TEXTS, count);
	for (size_t i = 0; i < count; i++)
		db_put_text(tx, finishes[i].state);
	db_bind_array(tx, DB_TEXTS, count);
	for (size_t i = 0; i < count; i++)
		db_put_text(tx, finishes[i].reason);
	db_bind_array(tx, DB_INT4S, count);
	for (size_t i = 0; i < count; i++)
		db_put_int4(tx, finishes[i].wait_seconds);
	db_bind_array(tx, DB_TEXTS, count);
	for (size_t i = 0; i < count; i++)
		db_put_text(tx, finishes[i].outcome);
	db_bind_array(tx, DB_INT4S, count);
	for (size_t i = 0; i < count; i++)
		db_put_int4(tx, finishes[i].uncounted);
	db_bind_int4(tx, settle_seconds);
	return call;
}

void
store_notices_extend(struct db_tx *tx, struct finish *held, size_t count, int lease_seconds)
{
	db_call(tx, &sending_statements[NOTICES_EXTEND]);
	bind_leases(tx, held, count);
	db_bind_int4(tx, lease_seconds);
}

size_t
store_notices_recover(struct db_tx *tx, int settle_seconds)
{
	size_t call = db_call(tx, &sending_statements[NOTICES_RECOVER]);

	db_bind_int4(tx, settle_seconds);
	return call;
}

size_t
store_notices_give_up(struct db_tx *tx, int days)
{
	size_t call = db_call(tx, &sending_statements[NOTICES_GIVE_UP]);

	db_bind_int4(tx, days);
	return call;
}

size_t
store_notices_erased(struct db_tx *tx, const struct finish *finishes, size_t count)
{
	size_t call = db_call(tx, &sending_statements[NOTICES_ERASED]);

	db_bind_array(tx, DB_UUIDS, count);
	for (size_t i = 0; i < count; i++)
		db_put_uuid(tx, &finishes[i].id);
	return call;
}

size_t
store_notices_waiting(struct db_tx *tx)
{
	return db_call(tx, &sending_statements[NOTICES_WAITING]);
}

void
store_get_claimed_notice(const struct db_results *r, size_t call, size_t row, struct arena *a, struct claimed *claimed)
{
	*claimed = (struct claimed){
	    .notice =
		{
		    .id = db_uuid(r, call, row, 0),
		    .application_id = db_uuid(r, call, row, 4),
		    .number = arena_string(a, db_text(r, call, row, 5)),
		    .channel = arena_string(a, db_text(r, call, row, 6)),
		    .template = arena_string(a, db_text(r, call, row, 7)),
		    .language = arena_string(a, db_text(r, call, row, 8)),
		    .address = arena_string(a, db_text(r, call, row, 9)),
		},
	    .token = db_int8(r, call, row, 1),
	    .attempts = db_int4(r, call, row, 2),
	    .resend = db_bool(r, call, row, 3),
	    .created_at = db_time(r, call, row, 11),
	    .now = db_time(r, call, row, 12),
	    .verified = db_bool(r, call, row, 13),
	    .opted_out = db_bool(r, call, row, 14),
	    .letters_today = db_int4(r, call, row, 15),
	    .confirms_today = db_int4(r, call, row, 16),
	};
	notice_fields_unpack(a, db_text(r, call, row, 10), &claimed->notice.fields);
}

void
store_get_waiting_notices(const struct db_results *r, size_t call, struct waiting *waiting)
{
	*waiting = (struct waiting){
	    .count = db_int8(r, call, 0, 0),
	    .age_seconds = db_int8(r, call, 0, 1),
	    .held = db_int8(r, call, 0, 2),
	    .unknown = db_int8(r, call, 0, 3),
	};
}
