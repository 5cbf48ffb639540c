/* store_cases: reading (cases_wanted ...) and timers; writing is in store_cases_write.c. */
#include "services/router/store_cases.h"

#include <string.h>

#include "common/base/wire.h"
#include "services/router/cases.sql.h"
#include "services/router/clocks.sql.h"
#include "services/router/store_clocks.h"

/* Columns of cases_wanted. */
enum {
	C_ID,
	C_NUMBER,
	C_VERSION,
	C_STATE,
	C_DEPARTMENT,
	C_TOPIC,
	C_TRIAGE,
	C_RECEIVED_AT,
	C_DUE_ON,
	C_TARGET_ON,
	C_KIND,
	C_CHANNEL,
	C_LEGAL_BASIS,
	C_HAND_BACKS,
	C_WITH_ARBITER,
	C_ARBITER_DUE_ON,
	C_FINAL_OWED,
	C_EXTENDED,
	C_ANSWERS,
	C_MERGED_INTO,
	C_STATE_BEFORE,
	C_DRAFT,
	C_DRAFTED_BY,
	C_APPROVED_BY,
	C_QUESTION,
	C_ANSWER_BY,
	C_REMIND_ON,
	C_PAYLOAD,
	C_PROMISED_ON,
	C_FEE_TOLD_ON,
	C_FEE_DUE_ON,
	C_CHANGED_VERSION,
};

/* Calls of store_cases_wanted. */
enum { CALL_CASES, CALL_PARTS, CALL_COMMANDS, CALL_CLOCKS };

/* The cases asked for, and the leading ones that a merging names. */
static void
bind_applications(struct db_tx *tx, const struct order *const *orders, size_t count)
{
	size_t merges = 0;

	for (size_t i = 0; i < count; i++)
		merges += (orders[i]->rule->needs & LIFECYCLE_INTO) != 0;
	db_bind_array(tx, DB_UUIDS, count + merges);
	for (size_t i = 0; i < count; i++) {
		db_put_uuid(tx, &orders[i]->application_id);
		if ((orders[i]->rule->needs & LIFECYCLE_INTO) != 0)
			db_put_uuid(tx, &orders[i]->into);
	}
}

void
store_cases_wanted(struct db_tx *tx, const struct order *const *orders, size_t count)
{
	db_call(tx, &cases_statements[CASES_WANTED]);
	bind_applications(tx, orders, count);
	db_bind_int8(tx, STORE_CASES_MAX);
	db_call(tx, &cases_statements[PARTS_WANTED]);
	bind_applications(tx, orders, count);
	db_call(tx, &cases_statements[COMMANDS_WANTED]);
	db_bind_array(tx, DB_UUIDS, count);
	for (size_t i = 0; i < count; i++)
		db_put_uuid(tx, &orders[i]->id);
	db_call(tx, &clocks_statements[CLOCKS_WANTED]);
	bind_applications(tx, orders, count);
	db_bind_int8(tx, STORE_CLOCKS_MAX);
}

static const char *
text_or_null(const struct db_results *results, struct arena *a, size_t i, int column)
{
	return db_null(results, CALL_CASES, i, column) ? NULL
						       : arena_string(a, db_text(results, CALL_CASES, i, column));
}

static int32_t
date_or_zero(const struct db_results *results, size_t i, int column)
{
	return db_null(results, CALL_CASES, i, column) ? 0 : db_date(results, CALL_CASES, i, column);
}

static const Kopru__V1__Actor *
actor_read(const struct db_results *results, struct arena *a, size_t i, int column)
{
	size_t size = 0;
	const void *bytes = db_bytes(results, CALL_CASES, i, column, &size);
	struct err e;

	if (db_null(results, CALL_CASES, i, column))
		return NULL;
	return wire_unpack(&kopru__v1__actor__descriptor, a, bytes, size, &e);
}

/* Erased, or not yet known where: then there is none, and nobody to tell. */
static void
payload_read(const struct db_results *results, struct arena *a, size_t i, struct case_record *r)
{
	size_t size = 0;
	const void *bytes = db_bytes(results, CALL_CASES, i, C_PAYLOAD, &size);
	const Kopru__V1__Event *event = NULL;
	struct err e;

	if (size > 0)
		event = wire_unpack(&kopru__v1__event__descriptor, a, bytes, size, &e);
	if (!event || (int)event->body_case != KOPRU__V1__EVENT__BODY_APPLICATION_ROUTED)
		return;
	r->routed = event->application_routed;
	r->application = event->application_routed->application;
	r->access_code_generation = event->application_routed->access_code_generation;
	if (!r->application)
		return;
	r->kind = r->kind ? r->kind : (int)r->application->kind;
	r->channel = r->channel ? r->channel : (int)r->application->channel;
	r->legal_basis = r->legal_basis ? r->legal_basis : (int)r->application->legal_basis;
}

static void
state_read(const struct db_results *results, size_t i, struct case_record *r)
{
	r->hand_backs = (uint32_t)db_int4(results, CALL_CASES, i, C_HAND_BACKS);
	r->with_arbiter = db_bool(results, CALL_CASES, i, C_WITH_ARBITER);
	r->arbiter_due_on = date_or_zero(results, i, C_ARBITER_DUE_ON);
	r->final_owed = db_bool(results, CALL_CASES, i, C_FINAL_OWED);
	r->extended = db_bool(results, CALL_CASES, i, C_EXTENDED);
	r->answers = (uint32_t)db_int4(results, CALL_CASES, i, C_ANSWERS);
	r->merged = !db_null(results, CALL_CASES, i, C_MERGED_INTO);
	if (r->merged)
		r->merged_into = db_uuid(results, CALL_CASES, i, C_MERGED_INTO);
	r->state_before = db_int4(results, CALL_CASES, i, C_STATE_BEFORE);
	r->answer_by = date_or_zero(results, i, C_ANSWER_BY);
	r->remind_on = date_or_zero(results, i, C_REMIND_ON);
	r->promised_on = date_or_zero(results, i, C_PROMISED_ON);
	r->fee_told_on = date_or_zero(results, i, C_FEE_TOLD_ON);
	r->fee_due_on = date_or_zero(results, i, C_FEE_DUE_ON);
	r->changed_version = db_int4(results, CALL_CASES, i, C_CHANGED_VERSION);
}

static struct case_record *
case_read(const struct db_results *results, struct arena *a, size_t i)
{
	struct case_record *r = arena_alloc(a, sizeof(*r));

	r->application_id = db_uuid(results, CALL_CASES, i, C_ID);
	r->number = text_or_null(results, a, i, C_NUMBER);
	r->version = r->stored_version = db_int4(results, CALL_CASES, i, C_VERSION);
	r->state = db_int4(results, CALL_CASES, i, C_STATE);
	r->department = text_or_null(results, a, i, C_DEPARTMENT);
	r->topic = text_or_null(results, a, i, C_TOPIC);
	r->triage = db_bool(results, CALL_CASES, i, C_TRIAGE);
	r->received_at = db_time(results, CALL_CASES, i, C_RECEIVED_AT);
	r->due_on = db_date(results, CALL_CASES, i, C_DUE_ON);
	r->target_on = date_or_zero(results, i, C_TARGET_ON);
	r->kind = db_int4(results, CALL_CASES, i, C_KIND);
	r->channel = db_int4(results, CALL_CASES, i, C_CHANNEL);
	r->legal_basis = db_int4(results, CALL_CASES, i, C_LEGAL_BASIS);
	state_read(results, i, r);
	r->draft = text_or_null(results, a, i, C_DRAFT);
	r->drafted_by = actor_read(results, a, i, C_DRAFTED_BY);
	r->approved_by = actor_read(results, a, i, C_APPROVED_BY);
	r->question = text_or_null(results, a, i, C_QUESTION);
	payload_read(results, a, i, r);
	return r;
}

/* Rows come by case and number. */
static void
parts_read(const struct db_results *results, const struct cases *c)
{
	size_t count = db_rows(results, CALL_PARTS);
	struct case_part *list = arena_array(c->arena, count + 1, sizeof(*list));

	for (size_t i = 0; i < count; i++) {
		struct uuid id = db_uuid(results, CALL_PARTS, i, 0);
		struct case_record *r = cases_find(c, &id);

		list[i].number = (uint32_t)db_int4(results, CALL_PARTS, i, 1);
		list[i].department = arena_string(c->arena, db_text(results, CALL_PARTS, i, 2));
		list[i].task = arena_string(c->arena, db_text(results, CALL_PARTS, i, 3));
		list[i].answered = db_bool(results, CALL_PARTS, i, 4);
		if (!r)
			continue;
		if (r->part_count++ == 0)
			r->parts = &list[i];
	}
}

static void
replies_read(const struct db_results *results, struct arena *a, struct store_replies *replies)
{
	replies->count = db_rows(results, CALL_COMMANDS);
	replies->list = arena_array(a, replies->count + 1, sizeof(*replies->list));
	for (size_t i = 0; i < replies->count; i++) {
		struct store_reply *reply = &replies->list[i];
		size_t size = 0;
		const void *meaning = db_bytes(results, CALL_COMMANDS, i, 1, &size);

		reply->id = db_uuid(results, CALL_COMMANDS, i, 0);
		if (size == sizeof(reply->meaning))
			memcpy(reply->meaning, meaning, size);
		reply->code = db_int4(results, CALL_COMMANDS, i, 2);
		reply->text = arena_string(a, db_text(results, CALL_COMMANDS, i, 3));
		reply->version = (uint32_t)db_int4(results, CALL_COMMANDS, i, 4);
		reply->seq = (uint64_t)db_int8(results, CALL_COMMANDS, i, 5);
	}
}

void
store_cases_read(const struct db_results *results, struct cases *c, struct store_replies *replies)
{
	c->record_count = db_rows(results, CALL_CASES);
	c->records = arena_array(c->arena, c->record_count + 1, sizeof(struct case_record *));
	for (size_t i = 0; i < c->record_count; i++)
		c->records[i] = case_read(results, c->arena, i);
	parts_read(results, c);
	store_clocks_read(results, CALL_CLOCKS, c);
	replies_read(results, c->arena, replies);
}

void
store_dues_wanted(struct db_tx *tx, int32_t today, int limit)
{
	db_call(tx, &cases_statements[QUESTIONS_DUE]);
	db_bind_date(tx, today);
	db_bind_int4(tx, limit);
	db_call(tx, &cases_statements[ARBITER_OVERDUE]);
	db_bind_date(tx, today);
}

void
store_dues_read(const struct db_results *results, struct arena *a, int32_t today, struct store_dues *dues)
{
	dues->count = db_rows(results, 0);
	dues->list = arena_array(a, dues->count + 1, sizeof(*dues->list));
	for (size_t i = 0; i < dues->count; i++) {
		dues->list[i].application_id = db_uuid(results, 0, i, 0);
		dues->list[i].version = (uint32_t)db_int4(results, 0, i, 1);
		dues->list[i].remind = db_date(results, 0, i, 3) >= today;
	}
	dues->arbiter_overdue = db_int8(results, 1, 0, 0);
	dues->arbiter_overdue_since = db_null(results, 1, 0, 1) ? 0 : db_date(results, 1, 0, 1);
}

void
store_commands_forget(struct db_tx *tx, int64_t before, int64_t limit)
{
	db_call(tx, &cases_statements[COMMANDS_FORGET]);
	db_bind_time(tx, before);
	db_bind_int8(tx, limit);
}

void
store_cases_complete(struct db_tx *tx)
{
	db_call(tx, &cases_statements[CASES_COMPLETE]);
}
