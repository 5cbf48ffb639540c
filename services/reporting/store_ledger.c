/* store_ledger: see the header. */
#include "services/reporting/store_ledger.h"

#include "common/domain/calendar.h"
#include "services/reporting/ledger.sql.h"

static const char *
copied(struct db_tx *tx, const char *text)
{
	return arena_string(db_tx_arena(tx), text ? text : "");
}

static void
bind_time(struct db_tx *tx, int64_t time)
{
	if (time)
		db_bind_time(tx, time);
	else
		db_bind_null(tx);
}

void
store_inbox_add(struct db_tx *tx, const struct store_ledger_place *place, const struct store_inbox *inbox)
{
	db_call(tx, &ledger_statements[INBOX_ADD]);
	db_bind_uuid(tx, &place->application_id);
	db_bind_uuid(tx, &place->event_id);
	db_bind_text(tx, copied(tx, place->number));
	db_bind_text(tx, copied(tx, place->department));
	db_bind_array(tx, DB_TEXTS, inbox->role_count);
	for (size_t i = 0; i < inbox->role_count; i++)
		db_put_text(tx, inbox->roles[i]);
	db_bind_text(tx, inbox->what);
	db_bind_int4(tx, inbox->clock);
	db_bind_int4(tx, inbox->stage);
	bind_time(tx, inbox->due_at);
	db_bind_time(tx, place->at);
}

void
store_inbox_end(struct db_tx *tx, const struct store_ledger_place *place, const char *what, int32_t clock)
{
	db_call(tx, &ledger_statements[INBOX_END]);
	db_bind_uuid(tx, &place->application_id);
	db_bind_text(tx, what);
	db_bind_int4(tx, clock);
	db_bind_time(tx, place->at);
}

void
store_promise_add(struct db_tx *tx, const struct store_ledger_place *place, const struct store_promise *promise)
{
	db_call(tx, &ledger_statements[PROMISE_ADD]);
	db_bind_uuid(tx, &place->application_id);
	db_bind_uuid(tx, &place->event_id);
	db_bind_text(tx, copied(tx, place->number));
	db_bind_text(tx, copied(tx, place->department));
	db_bind_text(tx, promise->what);
	db_bind_date(tx, promise->on);
	db_bind_time(tx, place->at);
	db_bind_text(tx, copied(tx, promise->reason));
}

void
store_promises_add(struct db_tx *tx, const struct store_ledger_place *places, const int32_t *days, size_t count)
{
	db_call(tx, &ledger_statements[PROMISES_ADD]);
	db_bind_array(tx, DB_UUIDS, count);
	for (size_t i = 0; i < count; i++)
		db_put_uuid(tx, &places[i].application_id);
	db_bind_array(tx, DB_UUIDS, count);
	for (size_t i = 0; i < count; i++)
		db_put_uuid(tx, &places[i].event_id);
	db_bind_array(tx, DB_TEXTS, count);
	for (size_t i = 0; i < count; i++)
		db_put_text(tx, places[i].number);
	db_bind_array(tx, DB_TEXTS, count);
	for (size_t i = 0; i < count; i++)
		db_put_text(tx, places[i].department);
	db_bind_array(tx, DB_DATES, count);
	for (size_t i = 0; i < count; i++)
		db_put_date(tx, days[i]);
	db_bind_array(tx, DB_TIMES, count);
	for (size_t i = 0; i < count; i++)
		db_put_time(tx, places[i].at);
}

void
store_promises_end(struct db_tx *tx, const struct store_ledger_place *place, const char *what, const char *outcome)
{
	db_call(tx, &ledger_statements[PROMISES_END]);
	db_bind_uuid(tx, &place->application_id);
	db_bind_text(tx, what);
	db_bind_text(tx, outcome);
	db_bind_date(tx, date_in_istanbul(place->at));
	db_bind_time(tx, place->at);
	db_bind_text(tx, copied(tx, place->department));
}

void
store_ledger_move(struct db_tx *tx, const struct store_ledger_place *place)
{
	static const int statements[] = {INBOX_MOVE, PROMISES_MOVE};

	for (size_t i = 0; i < sizeof(statements) / sizeof(statements[0]); i++) {
		db_call(tx, &ledger_statements[statements[i]]);
		db_bind_uuid(tx, &place->application_id);
		db_bind_text(tx, copied(tx, place->department));
	}
}

void
store_ledger_erase(struct db_tx *tx, const struct uuid *ids, size_t count)
{
	db_call(tx, &ledger_statements[LEDGER_ERASE]);
	db_bind_array(tx, DB_UUIDS, count);
	for (size_t i = 0; i < count; i++)
		db_put_uuid(tx, &ids[i]);
}

size_t
store_case_promises(struct db_tx *tx, const char *number)
{
	size_t call = db_call(tx, &ledger_statements[CASE_PROMISES]);

	db_bind_text(tx, number);
	return call;
}

static void
set_time(json_t *json, const char *key, int64_t at)
{
	char text[TIME_TEXT_SIZE];

	time_text_istanbul(at, text);
	json_object_set_new(json, key, json_string(text));
}

json_t *
store_get_case_promises(const struct db_results *r, size_t call)
{
	json_t *list = json_array();

	for (size_t row = 0; row < db_rows(r, call); row++) {
		char day[DATE_TEXT_SIZE];
		json_t *json = json_object();

		date_text(db_date(r, call, row, 1), day);
		json_object_set_new(json, "what", json_string(db_text(r, call, row, 0)));
		json_object_set_new(json, "promised_on", json_string(day));
		set_time(json, "told_at", db_time(r, call, row, 2));
		if (*db_text(r, call, row, 3))
			json_object_set_new(json, "reason", json_string(db_text(r, call, row, 3)));
		json_object_set_new(json, "outcome", json_string(db_text(r, call, row, 4)));
		if (!db_null(r, call, row, 5))
			set_time(json, "ended_at", db_time(r, call, row, 5));
		json_array_append_new(list, json);
	}
	return list;
}

size_t
store_promises_kept(struct db_tx *tx, int32_t from, int32_t to, int32_t today)
{
	size_t call = db_call(tx, &ledger_statements[PROMISES_KEPT]);

	db_bind_date(tx, from);
	db_bind_date(tx, to);
	db_bind_date(tx, today);
	return call;
}

json_t *
store_get_promises_kept(const struct db_results *r, size_t call)
{
	static const char *const names[] = {"kept", "broken", "open", "moved", "void"};
	json_t *list = json_array();

	for (size_t row = 0; row < db_rows(r, call); row++) {
		json_t *json = json_object();

		json_object_set_new(
		    json, "department", db_null(r, call, row, 0) ? json_null() : json_string(db_text(r, call, row, 0)));
		for (int i = 0; i < (int)(sizeof(names) / sizeof(names[0])); i++)
			json_object_set_new(json, names[i], json_integer(db_int8(r, call, row, i + 1)));
		json_array_append_new(list, json);
	}
	return list;
}

size_t
store_inbox_page(struct db_tx *tx, const struct store_inbox_asked *asked)
{
	static const struct uuid nil;
	size_t call = db_call(tx, &ledger_statements[INBOX_PAGE]);

	db_bind_text(tx, asked->department);
	db_bind_text(tx, asked->role);
	db_bind_bool(tx, asked->after.given);
	db_bind_int4(tx, asked->after.rank);
	db_bind_time(tx, asked->after.at);
	db_bind_uuid(tx, asked->after.given ? &asked->after.event_id : &nil);
	db_bind_text(tx, asked->after.given ? asked->after.role : "");
	db_bind_int8(tx, asked->limit);
	return call;
}

int64_t
store_get_inbox_count(const struct db_results *r, size_t call)
{
	return db_int8(r, call, 0, 0);
}

bool
store_get_inbox_row(const struct db_results *r, size_t call, size_t row, struct store_inbox_row *out)
{
	if (row >= db_rows(r, call) || db_null(r, call, row, 1))
		return false;
	*out = (struct store_inbox_row){
	    .number = db_text(r, call, row, 1),
	    .department = db_text(r, call, row, 2),
	    .role = db_text(r, call, row, 3),
	    .what = db_text(r, call, row, 4),
	    .clock = db_int4(r, call, row, 5),
	    .stage = db_int4(r, call, row, 6),
	    .due_at = db_null(r, call, row, 7) ? 0 : db_time(r, call, row, 7),
	    .at = db_time(r, call, row, 8),
	    .event_id = db_uuid(r, call, row, 9),
	    .topic_name = db_null(r, call, row, 10) ? NULL : db_text(r, call, row, 10),
	    .state = db_null(r, call, row, 11) ? 0 : db_int4(r, call, row, 11),
	    .department_name = db_null(r, call, row, 12) ? NULL : db_text(r, call, row, 12),
	    .department_name_en = db_null(r, call, row, 13) ? NULL : db_text(r, call, row, 13),
	};
	return true;
}
