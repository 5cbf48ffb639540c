/* store_ledger: see the header. */
#include "services/reporting/store_ledger.h"

#include "common/domain/calendar.h"
#include "services/reporting/ledger.sql.h"

/* One array parameter of all that is listed. */
#define BIND(type, put, value)                                                                                         \
	do {                                                                                                           \
		db_bind_array(tx, type, count);                                                                        \
		for (size_t i_ = 0; i_ < count; i_++)                                                                  \
			put(tx, value);                                                                                \
	} while (0)

static void
put_time(struct db_tx *tx, int64_t time)
{
	if (time)
		db_put_time(tx, time);
	else
		db_put_null(tx);
}

void
store_inbox_add(struct db_tx *tx, const struct store_inbox *list, size_t count)
{
	if (count == 0)
		return;
	db_call(tx, &ledger_statements[INBOX_ADD]);
	BIND(DB_UUIDS, db_put_uuid, &list[i_].place.application_id);
	BIND(DB_UUIDS, db_put_uuid, &list[i_].place.event_id);
	BIND(DB_TEXTS, db_put_text, list[i_].place.number);
	BIND(DB_TEXTS, db_put_text, list[i_].place.department);
	BIND(DB_TEXTS, db_put_text, list[i_].role);
	BIND(DB_TEXTS, db_put_text, list[i_].what);
	BIND(DB_INT4S, db_put_int4, list[i_].clock);
	BIND(DB_INT4S, db_put_int4, list[i_].stage);
	BIND(DB_TIMES, put_time, list[i_].due_at);
	BIND(DB_TIMES, db_put_time, list[i_].place.at);
}

void
store_inbox_end(struct db_tx *tx, const struct store_inbox_end *list, size_t count)
{
	if (count == 0)
		return;
	db_call(tx, &ledger_statements[INBOX_END]);
	BIND(DB_UUIDS, db_put_uuid, &list[i_].place.application_id);
	BIND(DB_TEXTS, db_put_text, list[i_].what);
	BIND(DB_INT4S, db_put_int4, list[i_].clock);
	BIND(DB_TIMES, db_put_time, list[i_].place.at);
}

void
store_promises_add(struct db_tx *tx, const struct store_promise *list, size_t count)
{
	if (count == 0)
		return;
	db_call(tx, &ledger_statements[PROMISES_ADD]);
	BIND(DB_UUIDS, db_put_uuid, &list[i_].place.application_id);
	BIND(DB_UUIDS, db_put_uuid, &list[i_].place.event_id);
	BIND(DB_TEXTS, db_put_text, list[i_].place.number);
	BIND(DB_TEXTS, db_put_text, list[i_].place.department);
	BIND(DB_TEXTS, db_put_text, list[i_].what);
	BIND(DB_DATES, db_put_date, list[i_].on);
	BIND(DB_TIMES, db_put_time, list[i_].place.at);
	BIND(DB_TEXTS, db_put_text, list[i_].reason);
}

void
store_promises_end(struct db_tx *tx, const struct store_promise_end *list, size_t count)
{
	if (count == 0)
		return;
	db_call(tx, &ledger_statements[PROMISES_END]);
	BIND(DB_UUIDS, db_put_uuid, &list[i_].place.application_id);
	BIND(DB_TEXTS, db_put_text, list[i_].what);
	BIND(DB_TEXTS, db_put_text, list[i_].outcome);
	BIND(DB_DATES, db_put_date, date_in_istanbul(list[i_].place.at));
	BIND(DB_TIMES, db_put_time, list[i_].place.at);
	BIND(DB_TEXTS, db_put_text, list[i_].place.department);
}

void
store_ledger_move(struct db_tx *tx, const struct store_ledger_place *list, size_t count)
{
	static const int statements[] = {INBOX_MOVE, PROMISES_MOVE};

	for (size_t i = 0; count > 0 && i < sizeof(statements) / sizeof(statements[0]); i++) {
		db_call(tx, &ledger_statements[statements[i]]);
		BIND(DB_UUIDS, db_put_uuid, &list[i_].application_id);
		BIND(DB_TEXTS, db_put_text, list[i_].department);
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
