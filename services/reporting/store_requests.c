/* store_requests: see the header. */
#include "services/reporting/store_requests.h"

#include "services/reporting/requests.sql.h"

#define BIND_ALL(tx, type, put, list, count, field)                                                                    \
	do {                                                                                                           \
		db_bind_array(tx, type, count);                                                                        \
		for (size_t row = 0; row < (count); row++)                                                             \
			put(tx, (list)[row].field);                                                                    \
	} while (0)

static void
bind_degrees(struct db_tx *tx, const struct request *list, size_t count, size_t offset)
{
	db_bind_array(tx, DB_INT4S, count);
	for (size_t i = 0; i < count; i++)
		if (list[i].has_point)
			db_put_int4(tx, *(const int32_t *)((const char *)&list[i] + offset));
		else
			db_put_null(tx);
}

static void
bind_ids(struct db_tx *tx, const struct request *list, size_t count)
{
	db_bind_array(tx, DB_UUIDS, count);
	for (size_t i = 0; i < count; i++)
		db_put_uuid(tx, &list[i].id);
}

void
store_requests_first(struct db_tx *tx, struct request *list, size_t count)
{
	requests_order(list, count);
	db_call(tx, &requests_statements[REQUESTS_INSERT]);
	bind_ids(tx, list, count);
	BIND_ALL(tx, DB_TEXTS, db_put_text, list, count, number);
	BIND_ALL(tx, DB_INT4S, db_put_int4, list, count, version);
	BIND_ALL(tx, DB_INT4S, db_put_int4, list, count, state);
	BIND_ALL(tx, DB_INT4S, db_put_int4, list, count, status);
	BIND_ALL(tx, DB_TEXTS, db_put_text, list, count, topic);
	BIND_ALL(tx, DB_TEXTS, db_put_text, list, count, department);
	BIND_ALL(tx, DB_TIMES, db_put_time, list, count, received_at);
	BIND_ALL(tx, DB_TIMES, db_put_time, list, count, at);
	BIND_ALL(tx, DB_DATES, db_put_date, list, count, expected_on);
	BIND_ALL(tx, DB_TEXTS, db_put_text, list, count, neighbourhood);
	bind_degrees(tx, list, count, offsetof(struct request, latitude_e7));
	bind_degrees(tx, list, count, offsetof(struct request, longitude_e7));
}

static void
requests_move(struct db_tx *tx, const struct request *list, size_t count)
{
	db_call(tx, &requests_statements[REQUESTS_MOVE]);
	bind_ids(tx, list, count);
	BIND_ALL(tx, DB_INT4S, db_put_int4, list, count, version);
	BIND_ALL(tx, DB_INT4S, db_put_int4, list, count, state);
	BIND_ALL(tx, DB_INT4S, db_put_int4, list, count, status);
	BIND_ALL(tx, DB_TEXTS, db_put_text, list, count, topic);
	BIND_ALL(tx, DB_TEXTS, db_put_text, list, count, department);
	BIND_ALL(tx, DB_TIMES, db_put_time, list, count, at);
	BIND_ALL(tx, DB_DATES, db_put_date, list, count, expected_on);
}

void
store_requests_later(struct db_tx *tx, struct request *list, size_t count)
{
	requests_order(list, count);
	for (size_t first = 0, end; first < count; first = end) {
		for (end = first + 1; end < count && list[end].round == list[first].round;)
			end++;
		requests_move(tx, list + first, end - first);
	}
}

void
store_requests_erase(struct db_tx *tx, const struct uuid *ids, size_t count)
{
	db_call(tx, &requests_statements[REQUESTS_ERASE]);
	db_bind_array(tx, DB_UUIDS, count);
	for (size_t i = 0; i < count; i++)
		db_put_uuid(tx, &ids[i]);
}

/* An empty list is NULL: all. */
static void
bind_texts(struct db_tx *tx, const char **list, size_t count, bool all)
{
	if (count == 0 && all) {
		db_bind_null(tx);
		return;
	}
	db_bind_array(tx, DB_TEXTS, count);
	for (size_t i = 0; i < count; i++)
		db_put_text(tx, list[i]);
}

static void
bind_place(struct db_tx *tx, const struct open311_query *q)
{
	if (q->has_box) {
		db_bind_array(tx, DB_INT4S, 4);
		for (size_t i = 0; i < 4; i++)
			db_put_int4(tx, q->box[i]);
	} else {
		db_bind_null(tx);
	}
	if (q->has_circle) {
		db_bind_array(tx, DB_INT8S, 4);
		for (size_t i = 0; i < 4; i++)
			db_put_int8(tx, q->circle[i]);
	} else {
		db_bind_null(tx);
	}
}

static size_t
store_requests_named(struct db_tx *tx, const struct open311_query *q)
{
	size_t call = db_call(tx, &requests_statements[REQUESTS_NAMED]);

	bind_texts(tx, q->numbers, q->number_count, false);
	db_bind_bool(tx, q->extensions);
	return call;
}

size_t
store_requests_shown(struct db_tx *tx, const struct open311_query *q)
{
	size_t call;

	if (q->by_number)
		return store_requests_named(tx, q);
	call = db_call(tx, &requests_statements[q->by_change ? REQUESTS_UPDATED : REQUESTS_RECEIVED]);
	bind_texts(tx, q->topics, q->topic_count, true);
	db_bind_array(tx, DB_INT4S, q->status_count);
	for (size_t i = 0; i < q->status_count; i++)
		db_put_int4(tx, q->status[i]);
	db_bind_time(tx, q->by_change ? q->changed_from : q->from);
	db_bind_time(tx, q->by_change ? q->changed_to : q->to);
	bind_place(tx, q);
	db_bind_int4(tx, q->offset);
	db_bind_int4(tx, q->count);
	db_bind_bool(tx, q->extensions);
	if (q->by_change) {
		db_bind_time(tx, q->from);
		db_bind_time(tx, q->to);
	}
	return call;
}

void
store_get_shown(const struct db_results *r, size_t call, size_t row, struct shown *shown)
{
	*shown = (struct shown){.number = db_text(r, call, row, 0),
	    .state = db_int4(r, call, row, 1),
	    .status = db_int4(r, call, row, 2),
	    .topic = db_text(r, call, row, 3),
	    .topic_tr = db_text(r, call, row, 4),
	    .topic_en = db_text(r, call, row, 5),
	    .department_tr = db_text(r, call, row, 6),
	    .department_en = db_text(r, call, row, 7),
	    .received_at = db_time(r, call, row, 8),
	    .updated_at = db_time(r, call, row, 9),
	    .expected_on = db_date(r, call, row, 10),
	    .neighbourhood = db_text(r, call, row, 11),
	    .has_point = !db_null(r, call, row, 12),
	    .moves = db_text(r, call, row, 14)};
	if (shown->has_point) {
		shown->latitude_e7 = db_int4(r, call, row, 12);
		shown->longitude_e7 = db_int4(r, call, row, 13);
	}
}

size_t
store_updates_shown(struct db_tx *tx, const struct open311_query *q)
{
	size_t call = db_call(tx, &requests_statements[q->by_number ? UPDATES_NAMED : UPDATES_BETWEEN]);

	if (q->by_number) {
		bind_texts(tx, q->numbers, q->number_count, false);
		return call;
	}
	db_bind_time(tx, q->from);
	db_bind_time(tx, q->to);
	bind_texts(tx, q->topics, q->topic_count, true);
	db_bind_int4(tx, q->offset);
	db_bind_int4(tx, q->count);
	return call;
}

void
store_get_shown_update(const struct db_results *r, size_t call, size_t row, struct shown_update *update)
{
	*update = (struct shown_update){.number = db_text(r, call, row, 0),
	    .version = db_int4(r, call, row, 1),
	    .at = db_time(r, call, row, 2),
	    .state = db_int4(r, call, row, 3)};
}
