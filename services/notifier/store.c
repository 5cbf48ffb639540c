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
bind_uuids(struct db_tx *tx, const struct uuid *ids, size_t count)
{
	db_bind_array(tx, DB_UUIDS, count);
	for (size_t i = 0; i < count; i++)
		db_put_uuid(tx, &ids[i]);
}

void
store_addresses_learn(struct db_tx *tx, const struct notice *notices, size_t count)
{
	const struct notice **some = arena_array(db_tx_arena(tx), count + 1, sizeof(const struct notice *));
	size_t n = 0;

	for (size_t i = 0; i < count; i++)
		if (notices[i].address)
			some[n++] = &notices[i];
	if (n == 0)
		return;
	db_call(tx, &notifier_statements[ADDRESSES_LEARN]);
	db_bind_array(tx, DB_UUIDS, n);
	for (size_t i = 0; i < n; i++)
		db_put_uuid(tx, &some[i]->application_id);
	db_bind_array(tx, DB_TEXTS, n);
	for (size_t i = 0; i < n; i++)
		db_put_text(tx, some[i]->address);
	db_bind_array(tx, DB_TEXTS, n);
	for (size_t i = 0; i < n; i++)
		db_put_text(tx, some[i]->number);
	db_bind_array(tx, DB_BOOLS, n);
	for (size_t i = 0; i < n; i++)
		db_put_bool(tx, some[i]->verified);
}

size_t
store_notices_insert(struct db_tx *tx, struct notice *notices, size_t count)
{
	size_t call = db_call(tx, &notifier_statements[NOTICES_INSERT]);

	qsort(notices, count, sizeof(*notices), notice_compare);
	bind_ids(tx, notices, count, offsetof(struct notice, id));
	bind_ids(tx, notices, count, offsetof(struct notice, event_id));
	bind_ids(tx, notices, count, offsetof(struct notice, application_id));
	db_bind_array(tx, DB_INT4S, count);
	for (size_t i = 0; i < count; i++)
		db_put_int4(tx, (int32_t)notices[i].version);
	bind_texts(tx, notices, count, offsetof(struct notice, number));
	bind_texts(tx, notices, count, offsetof(struct notice, channel));
	bind_texts(tx, notices, count, offsetof(struct notice, template));
	bind_texts(tx, notices, count, offsetof(struct notice, policy));
	bind_texts(tx, notices, count, offsetof(struct notice, language));
	bind_texts(tx, notices, count, offsetof(struct notice, address));
	bind_texts(tx, notices, count, offsetof(struct notice, state));
	bind_texts(tx, notices, count, offsetof(struct notice, reason));
	db_bind_array(tx, DB_TEXTS, count);
	for (size_t i = 0; i < count; i++)
		db_put_text(tx, notice_fields_pack(db_tx_arena(tx), &notices[i].fields));
	return call;
}

size_t
store_confirms_ensure(struct db_tx *tx, const struct uuid *applications, size_t count)
{
	size_t call = db_call(tx, &notifier_statements[CONFIRMS_ENSURE]);

	bind_uuids(tx, applications, count);
	return call;
}

size_t
store_notices_release(struct db_tx *tx, const struct uuid *applications, size_t count)
{
	size_t call = db_call(tx, &notifier_statements[NOTICES_RELEASE]);

	bind_uuids(tx, applications, count);
	return call;
}

size_t
store_notices_erase(struct db_tx *tx, const struct uuid *applications, size_t count)
{
	size_t call;

	db_call(tx, &notifier_statements[ADDRESSES_ERASE]);
	bind_uuids(tx, applications, count);
	call = db_call(tx, &notifier_statements[NOTICES_ERASE]);
	bind_uuids(tx, applications, count);
	return call;
}

size_t
store_addresses_find(struct db_tx *tx, const char *number)
{
	size_t call = db_call(tx, &notifier_statements[ADDRESSES_FIND]);

	db_bind_text(tx, number);
	return call;
}

size_t
store_address_verify(struct db_tx *tx, const struct proof *proof)
{
	db_call(tx, &notifier_statements[ADDRESS_VERIFY]);
	db_bind_uuid(tx, &proof->application_id);
	db_bind_text(tx, proof->address);
	return store_notices_release(tx, &proof->application_id, 1);
}

size_t
store_address_opt_out(struct db_tx *tx, const struct proof *proof)
{
	size_t call;

	db_call(tx, &notifier_statements[ADDRESS_OPT_OUT]);
	db_bind_uuid(tx, &proof->application_id);
	db_bind_text(tx, proof->address);
	call = db_call(tx, &notifier_statements[NOTICES_SILENCE]);
	db_bind_uuid(tx, &proof->application_id);
	db_bind_text(tx, proof->address);
	return call;
}

/* Ids, applications and statuses, of those that came back for good only, or of all. */
static void
bind_returned(struct db_tx *tx, const struct returned_letter *letters, size_t count)
{
	db_bind_array(tx, DB_UUIDS, count);
	for (size_t i = 0; i < count; i++)
		db_put_uuid(tx, &letters[i].id);
	db_bind_array(tx, DB_UUIDS, count);
	for (size_t i = 0; i < count; i++)
		db_put_uuid(tx, &letters[i].application_id);
	db_bind_array(tx, DB_TEXTS, count);
	for (size_t i = 0; i < count; i++)
		db_put_text(tx, letters[i].status);
}

size_t
store_notices_return(struct db_tx *tx, const struct returned_letter *letters, size_t count)
{
	struct returned_letter *permanent = arena_array(db_tx_arena(tx), count + 1, sizeof(*permanent));
	size_t lasting = 0, call;

	for (size_t i = 0; i < count; i++)
		if (letters[i].permanent)
			permanent[lasting++] = letters[i];
	if (lasting > 0) {
		db_call(tx, &notifier_statements[ADDRESSES_BOUNCE]);
		bind_returned(tx, permanent, lasting);
	}
	call = db_call(tx, &notifier_statements[NOTICES_RETURN]);
	bind_returned(tx, letters, count);
	if (lasting > 0) {
		db_call(tx, &notifier_statements[NOTICES_BOUNCED_SILENCE]);
		db_bind_array(tx, DB_UUIDS, lasting);
		for (size_t i = 0; i < lasting; i++)
			db_put_uuid(tx, &permanent[i].id);
	}
	return call;
}

void
store_notices_refuse(struct db_tx *tx, const char *reason)
{
	db_call(tx, &notifier_statements[EVENT_REFUSE]);
	db_bind_text(tx, reason);
}

void
store_get_delivered_notice(const struct db_results *r, size_t call, size_t row, struct delivered *delivered)
{
	delivered->id = db_uuid(r, call, row, 0);
	delivered->number = db_text(r, call, row, 1);
}

void
store_get_proof(const struct db_results *r, size_t call, size_t row, struct arena *a, struct proof *proof)
{
	proof->application_id = db_uuid(r, call, row, 0);
	proof->address = arena_string(a, db_text(r, call, row, 1));
}

size_t
store_count_notices(const struct db_results *r, size_t call, int column, const char *state)
{
	size_t count = 0;

	for (size_t row = 0; row < db_rows(r, call); row++)
		count += strcmp(db_text(r, call, row, column), state) == 0;
	return count;
}
