/* store_similar: see the header. */
#include "services/reporting/store_similar.h"

#include <string.h>

#include "services/reporting/likeness.sql.h"

#define DAY_US INT64_C(86400000000)
#define E7_OF_METRE 89.932 /* of latitude; METRES_OF_E7 the other way */
#define SHOWN_FIRST 2 /* column, in similar_base */
#define TOPICS_MAX 16

enum column {
	C_ID,
	C_NUMBER,
	C_CHANNEL,
	C_STATE,
	C_VERSION,
	C_RECEIVED_AT,
	C_TOPIC,
	C_TOPIC_NAME,
	C_DEPARTMENT,
	C_MERGED_INTO,
	C_LATITUDE,
	C_LONGITUDE,
	C_NEIGHBOURHOOD,
	C_STREETS,
	C_HIDDEN,
	C_TEXT,
	C_CANDIDATES,
	C_COUNT, /* of what is sure */
	C_SINCE,
};

static void
bind_ids(struct db_tx *tx, const struct uuid *ids, size_t count)
{
	db_bind_array(tx, DB_UUIDS, count);
	for (size_t i = 0; i < count; i++)
		db_put_uuid(tx, &ids[i]);
}

static void
bind_points(struct db_tx *tx, const struct likeness_row *list, size_t count)
{
	for (int which = 0; which < 2; which++) {
		db_bind_array(tx, DB_INT4S, count);
		for (size_t i = 0; i < count; i++)
			if (list[i].has_point)
				db_put_int4(tx, which ? list[i].longitude_e7 : list[i].latitude_e7);
			else
				db_put_null(tx);
	}
	db_bind_array(tx, DB_INT8S, count);
	for (size_t i = 0; i < count; i++)
		if (list[i].has_point)
			db_put_int8(tx, likeness_cell(list[i].latitude_e7, list[i].longitude_e7));
		else
			db_put_null(tx);
}

void
store_likeness(struct db_tx *tx, struct likeness_row *list, size_t count)
{
	count = likeness_rows_fold(list, count);
	db_call(tx, &likeness_statements[LIKENESS_INSERT]);
	db_bind_array(tx, DB_UUIDS, count);
	for (size_t i = 0; i < count; i++)
		db_put_uuid(tx, &list[i].id);
	db_bind_array(tx, DB_TIMES, count);
	for (size_t i = 0; i < count; i++)
		db_put_time(tx, list[i].received_at);
	db_bind_array(tx, DB_TEXTS, count);
	for (size_t i = 0; i < count; i++)
		db_put_text(tx, list[i].topic);
	db_bind_array(tx, DB_TEXTS, count);
	for (size_t i = 0; i < count; i++)
		db_put_text(tx, list[i].neighbourhood);
	db_bind_array(tx, DB_TEXTS, count);
	for (size_t i = 0; i < count; i++)
		db_put_text(tx, list[i].streets);
	bind_points(tx, list, count);
	db_bind_array(tx, DB_BOOLS, count);
	for (size_t i = 0; i < count; i++)
		db_put_bool(tx, list[i].hidden);
}

void
store_likeness_moved(struct db_tx *tx, const struct likeness_row *list, size_t count)
{
	db_call(tx, &likeness_statements[LIKENESS_MOVE]);
	db_bind_array(tx, DB_UUIDS, count);
	for (size_t i = 0; i < count; i++)
		db_put_uuid(tx, &list[i].id);
	db_bind_array(tx, DB_TEXTS, count);
	for (size_t i = 0; i < count; i++)
		db_put_text(tx, list[i].topic);
}

void
store_marks(struct db_tx *tx, const struct mark *list, size_t count)
{
	db_call(tx, &likeness_statements[MARKS_INSERT]);
	db_bind_array(tx, DB_BYTES, count);
	for (size_t i = 0; i < count; i++)
		db_put_bytes(tx, list[i].mark, MARK_SIZE);
	db_bind_array(tx, DB_UUIDS, count);
	for (size_t i = 0; i < count; i++)
		db_put_uuid(tx, &list[i].id);
}

void
store_likeness_erase(struct db_tx *tx, const struct uuid *ids, size_t count)
{
	db_call(tx, &likeness_statements[LIKENESS_ERASE]);
	bind_ids(tx, ids, count);
	db_call(tx, &likeness_statements[MARKS_ERASE]);
	bind_ids(tx, ids, count);
}

size_t
store_similar_base(struct db_tx *tx, const char *number, const char *department)
{
	size_t call = db_call(tx, &likeness_statements[SIMILAR_BASE]);

	db_bind_text(tx, number);
	db_bind_text(tx, department);
	return call;
}

static const char *
text_or_null(const struct db_results *r, size_t call, size_t row, int column)
{
	return db_null(r, call, row, column) ? NULL : db_text(r, call, row, column);
}

static void
read_shown(const struct db_results *r, size_t call, size_t row, int first, struct similar_row *to)
{
	*to = (struct similar_row){
	    .id = db_uuid(r, call, row, first + C_ID),
	    .number = db_text(r, call, row, first + C_NUMBER),
	    .channel = db_int4(r, call, row, first + C_CHANNEL),
	    .state = db_int4(r, call, row, first + C_STATE),
	    .version = db_int4(r, call, row, first + C_VERSION),
	    .topic_name = text_or_null(r, call, row, first + C_TOPIC_NAME),
	    .department = text_or_null(r, call, row, first + C_DEPARTMENT),
	    .merged_into = text_or_null(r, call, row, first + C_MERGED_INTO),
	    .hidden = db_bool(r, call, row, first + C_HIDDEN),
	    .side = {.received_at = db_time(r, call, row, first + C_RECEIVED_AT),
		.topic = db_text(r, call, row, first + C_TOPIC),
		.candidates = db_text(r, call, row, first + C_CANDIDATES),
		.neighbourhood = db_text(r, call, row, first + C_NEIGHBOURHOOD),
		.streets = db_text(r, call, row, first + C_STREETS),
		.has_point = !db_null(r, call, row, first + C_LATITUDE),
		.text = db_text(r, call, row, first + C_TEXT)},
	};
	if (to->side.has_point) {
		to->side.point[0] = db_int4(r, call, row, first + C_LATITUDE);
		to->side.point[1] = db_int4(r, call, row, first + C_LONGITUDE);
	}
}

bool
store_get_similar_base(const struct db_results *r, size_t call, struct similar_base *base)
{
	*base = (struct similar_base){0};
	if (db_rows(r, call) != 1)
		return false;
	base->theirs = db_bool(r, call, 0, 0);
	base->ours = db_bool(r, call, 0, 1);
	base->known = !db_null(r, call, 0, SHOWN_FIRST + C_ID);
	if (base->known)
		read_shown(r, call, 0, SHOWN_FIRST, &base->row);
	return true;
}

void
store_get_similar(const struct db_results *r, size_t call, size_t row, struct similar_row *similar)
{
	read_shown(r, call, row, 0, similar);
}

static void
bind_window(struct db_tx *tx, const struct likeness_side *side, int days)
{
	db_bind_time(tx, side->received_at - days * DAY_US);
	db_bind_time(tx, side->received_at + days * DAY_US + 1);
}

/* The cells around, and the box and circle of reporting.is_in. */
static void
bind_around(struct db_tx *tx, const struct likeness_side *side, int radius_m)
{
	int64_t cells[LIKENESS_CELLS], radius = (int64_t)(radius_m * E7_OF_METRE);
	int64_t narrowing = likeness_narrowing(side->point[0]);
	int64_t wide = narrowing > 0 ? radius * 1000 / narrowing : radius;

	likeness_cells(side->point[0], side->point[1], cells);
	db_bind_array(tx, DB_INT8S, LIKENESS_CELLS);
	for (size_t i = 0; i < LIKENESS_CELLS; i++)
		db_put_int8(tx, cells[i]);
	db_bind_array(tx, DB_INT4S, 4);
	db_put_int4(tx, (int32_t)(side->point[0] - radius));
	db_put_int4(tx, (int32_t)(side->point[0] + radius));
	db_put_int4(tx, (int32_t)(side->point[1] - wide));
	db_put_int4(tx, (int32_t)(side->point[1] + wide));
	db_bind_array(tx, DB_INT8S, 4);
	db_put_int8(tx, side->point[0]);
	db_put_int8(tx, side->point[1]);
	db_put_int8(tx, narrowing);
	db_put_int8(tx, radius * radius);
}

static void
bind_spot(struct db_tx *tx, const struct similar_row *base)
{
	const struct likeness_rule *rule = likeness_rule(base->side.topic);

	db_bind_uuid(tx, &base->id);
	db_bind_text(tx, base->side.topic);
	bind_window(tx, &base->side, rule->days);
	bind_around(tx, &base->side, rule->radius_m);
}

static void
ask_spot(struct db_tx *tx, const struct similar_row *base, const char *department, struct similar_calls *calls)
{
	calls->list[calls->count++] =
	    (struct similar_call){.call = db_call(tx, &likeness_statements[SIMILAR_SPOT_OTHERS])};
	bind_spot(tx, base);
	db_bind_text(tx, department);
	if (!*base->side.topic)
		return;
	calls->list[calls->count++] =
	    (struct similar_call){.call = db_call(tx, &likeness_statements[SIMILAR_SPOT]), .sure = true};
	bind_spot(tx, base);
	db_bind_text(tx, department);
	db_bind_int4(tx, SIMILAR_COUNTED + 1);
	calls->has_since = !*department;
	if (!calls->has_since)
		return;
	calls->since = db_call(tx, &likeness_statements[SIMILAR_SINCE]);
	bind_spot(tx, base);
}

/* Of the topic, of those that were proposed, and of none. */
static void
bind_topics(struct db_tx *tx, const struct likeness_side *side)
{
	struct arena *a = db_tx_arena(tx);
	const char *topics[TOPICS_MAX];
	size_t count = 0;
	char *rest = NULL, *proposed = arena_string(a, side->candidates);

	topics[count++] = side->topic;
	topics[count++] = "";
	for (char *one = strtok_r(proposed, " ", &rest); one && count < TOPICS_MAX; one = strtok_r(NULL, " ", &rest))
		topics[count++] = one;
	db_bind_array(tx, DB_TEXTS, count);
	for (size_t i = 0; i < count; i++)
		db_put_text(tx, topics[i]);
}

static void
ask_quarter(struct db_tx *tx, const struct similar_row *base, const char *department, struct similar_calls *calls)
{
	const struct likeness_side *side = &base->side;
	const struct likeness_rule *rule = likeness_rule(side->topic);

	calls->list[calls->count++] =
	    (struct similar_call){.call = db_call(tx, &likeness_statements[SIMILAR_QUARTER_OTHERS])};
	db_bind_uuid(tx, &base->id);
	db_bind_text(tx, side->neighbourhood);
	bind_topics(tx, side);
	bind_window(tx, side, rule->days);
	db_bind_bool(tx, side->has_point);
	db_bind_text(tx, department);
	if (!*side->topic || (!rule->area && !*side->streets))
		return;
	calls->list[calls->count++] =
	    (struct similar_call){.call = db_call(tx, &likeness_statements[SIMILAR_QUARTER]), .sure = true};
	db_bind_uuid(tx, &base->id);
	db_bind_text(tx, side->neighbourhood);
	db_bind_text(tx, side->topic);
	bind_window(tx, side, rule->days);
	db_bind_text(tx, rule->area ? NULL : side->streets);
	db_bind_bool(tx, side->has_point);
	db_bind_text(tx, department);
	db_bind_int4(tx, SIMILAR_COUNTED + 1);
}

static void
ask_person(struct db_tx *tx, const struct similar_row *base, const char *department, struct similar_calls *calls)
{
	calls->list[calls->count++] =
	    (struct similar_call){.call = db_call(tx, &likeness_statements[SIMILAR_PERSON]), .person = true};
	db_bind_uuid(tx, &base->id);
	bind_window(tx, &base->side, LIKENESS_PERSON_DAYS);
	db_bind_text(tx, department);
}

struct similar_calls
store_similar(struct db_tx *tx, const struct similar_row *base, const char *department, bool person)
{
	struct similar_calls calls = {.count = 0};

	if (person)
		ask_person(tx, base, department, &calls);
	if (likeness_rule(base->side.topic)->personal)
		return calls;
	if (base->side.has_point)
		ask_spot(tx, base, department, &calls);
	if (*base->side.neighbourhood)
		ask_quarter(tx, base, department, &calls);
	return calls;
}

size_t
store_get_similar_count(const struct db_results *r, size_t call, int64_t *since)
{
	*since = db_rows(r, call) > 0 ? db_time(r, call, 0, C_SINCE) : 0;
	return db_rows(r, call) > 0 ? (size_t)db_int8(r, call, 0, C_COUNT) : 0;
}

int64_t
store_get_similar_since(const struct db_results *r, size_t call)
{
	return db_rows(r, call) == 1 && !db_null(r, call, 0, 0) ? db_time(r, call, 0, 0) : 0;
}

size_t
store_similar_named(struct db_tx *tx, const char *const *numbers, size_t count, const char *department)
{
	size_t call = db_call(tx, &likeness_statements[SIMILAR_NAMED]);

	db_bind_array(tx, DB_TEXTS, count);
	for (size_t i = 0; i < count; i++)
		db_put_text(tx, numbers[i]);
	db_bind_text(tx, department);
	return call;
}

size_t
store_incident(struct db_tx *tx, const char *leading)
{
	size_t call = db_call(tx, &likeness_statements[INCIDENT_MEMBERS]);

	db_bind_text(tx, leading);
	return call;
}

void
store_get_incident_member(const struct db_results *r, size_t call, size_t row, struct incident_member *member)
{
	*member = (struct incident_member){
	    .number = db_text(r, call, row, 0),
	    .version = db_int4(r, call, row, 1),
	    .channel = db_int4(r, call, row, 2),
	    .state = db_int4(r, call, row, 3),
	    .received_at = db_time(r, call, row, 4),
	};
}
