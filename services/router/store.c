/* store: one function for each unit of router.sql; the one place that knows its columns. */
#include "services/router/store.h"

#include <stddef.h>
#include <stdlib.h>

#include "common/domain/words.h"
#include "common/feed/feed.sql.h"
#include "services/router/cases.sql.h"
#include "services/router/clocks.sql.h"
#include "services/router/learning.sql.h"
#include "services/router/models.sql.h"
#include "services/router/places.sql.h"
#include "services/router/recompute.sql.h"
#include "services/router/router.sql.h"
#include "services/router/rules.sql.h"
#include "services/router/store_clocks.h"

const struct db_statement *const router_tables[] = {feed_statements, router_statements, cases_statements,
    clocks_statements, recompute_statements, models_statements, learning_statements, rules_statements,
    places_statements, NULL};

void
store_catalogue_read(struct db_tx *tx, int32_t day)
{
	db_call(tx, &router_statements[DEPARTMENTS_VALID]);
	db_bind_date(tx, day);
	db_call(tx, &router_statements[TOPICS_VALID]);
	db_bind_date(tx, day);
	db_call(tx, &router_statements[CALENDAR_DAYS]);
}

static void
departments_read(const struct db_results *r, struct arena *a, struct catalogue_rows *rows)
{
	struct catalogue_department *list = NULL;

	rows->department_count = db_rows(r, 0);
	list = arena_array(a, rows->department_count + 1, sizeof(*list));
	for (size_t i = 0; i < rows->department_count; i++) {
		list[i].code = db_text(r, 0, i, 0);
		list[i].name_tr = db_text(r, 0, i, 1);
		list[i].name_en = db_text(r, 0, i, 2);
		list[i].outside = db_bool(r, 0, i, 3);
		list[i].phone = db_text(r, 0, i, 4);
		list[i].letter = db_text(r, 0, i, 5);
	}
	rows->departments = list;
}

static void
topics_read(const struct db_results *r, struct arena *a, struct catalogue_rows *rows)
{
	struct catalogue_topic *list = NULL;

	rows->topic_count = db_rows(r, 1);
	list = arena_array(a, rows->topic_count + 1, sizeof(*list));
	for (size_t i = 0; i < rows->topic_count; i++) {
		list[i].code = db_text(r, 1, i, 0);
		list[i].name_tr = db_text(r, 1, i, 1);
		list[i].department = db_text(r, 1, i, 2);
		list[i].target_working_days = db_int4(r, 1, i, 3);
		list[i].keywords = db_text(r, 1, i, 4);
		list[i].name_en = db_text(r, 1, i, 5);
		list[i].shared_with = db_text(r, 1, i, 6);
		list[i].emergency = db_text(r, 1, i, 7);
		list[i].basket = db_text(r, 1, i, 8);
		list[i].target_working_minutes = db_int4(r, 1, i, 9);
	}
	rows->topics = list;
}

/* A kind that this version does not know is a later one's: the day is nothing here. */
static void
days_read(const struct db_results *r, struct arena *a, struct catalogue_rows *rows)
{
	struct catalogue_day *list = arena_array(a, db_rows(r, 2) + 1, sizeof(*list));

	for (size_t i = 0; i < db_rows(r, 2); i++) {
		list[rows->day_count].day = db_date(r, 2, i, 0);
		if (calendar_kind_find(db_text(r, 2, i, 1), &list[rows->day_count].kind))
			rows->day_count++;
	}
	rows->days = list;
	rows->calendar_version = db_rows(r, 2) > 0 ? db_int4(r, 2, 0, 2) : 0;
}

struct catalogue *
store_catalogue(const struct db_results *results, struct catalogue *before, struct err *e)
{
	struct arena *a = arena_new(0);
	struct catalogue_rows rows = {0};
	struct catalogue *c = before;

	departments_read(results, a, &rows);
	topics_read(results, a, &rows);
	days_read(results, a, &rows);
	if (!before || catalogue_fingerprint(before) != catalogue_rows_fingerprint(&rows))
		c = catalogue_new(&rows, e);
	arena_free(a);
	return c;
}

static void
cases_open(struct db_tx *tx, const struct routing *r, size_t count)
{
	db_call(tx, &router_statements[CASES_OPEN]);
	db_bind_array(tx, DB_UUIDS, count);
	for (size_t i = 0; i < count; i++)
		db_put_uuid(tx, &r[i].application_id);
	db_bind_array(tx, DB_TEXTS, count);
	for (size_t i = 0; i < count; i++)
		db_put_text(tx, r[i].number);
	db_bind_array(tx, DB_INT4S, count);
	for (size_t i = 0; i < count; i++)
		db_put_int4(tx, r[i].state);
	db_bind_array(tx, DB_TEXTS, count);
	for (size_t i = 0; i < count; i++)
		db_put_text(tx, r[i].department);
	db_bind_array(tx, DB_TEXTS, count);
	for (size_t i = 0; i < count; i++)
		db_put_text(tx, r[i].topic);
	db_bind_array(tx, DB_BOOLS, count);
	for (size_t i = 0; i < count; i++)
		db_put_bool(tx, r[i].triage);
	db_bind_array(tx, DB_TIMES, count);
	for (size_t i = 0; i < count; i++)
		db_put_time(tx, r[i].received_at);
	db_bind_array(tx, DB_DATES, count);
	for (size_t i = 0; i < count; i++)
		db_put_date(tx, r[i].due_on);
	db_bind_array(tx, DB_DATES, count);
	for (size_t i = 0; i < count; i++) {
		if (r[i].target_on == 0)
			db_put_null(tx);
		else
			db_put_date(tx, r[i].target_on);
	}
	db_bind_array(tx, DB_INT8S, count);
	for (size_t i = 0; i < count; i++)
		db_put_int8(tx, (int64_t)r[i].intake_seq);
	db_bind_array(tx, DB_INT4S, count);
	for (size_t i = 0; i < count; i++)
		db_put_int4(tx, r[i].kind);
	db_bind_array(tx, DB_INT4S, count);
	for (size_t i = 0; i < count; i++)
		db_put_int4(tx, r[i].channel);
	db_bind_array(tx, DB_INT4S, count);
	for (size_t i = 0; i < count; i++)
		db_put_int4(tx, r[i].legal_basis);
}

/* "" and 0 are NULL there. */
static void
decisions_why(struct db_tx *tx, const struct routing *r, size_t count)
{
	const size_t texts[] = {offsetof(struct routing, rule), offsetof(struct routing, neighbourhood),
	    offsetof(struct routing, street_owner), offsetof(struct routing, reason_tr),
	    offsetof(struct routing, reason_en)};

	db_bind_array(tx, DB_INT4S, count);
	for (size_t i = 0; i < count; i++)
		db_put_int4(tx, (int32_t)r[i].model_version);
	db_bind_array(tx, DB_INT4S, count);
	for (size_t i = 0; i < count; i++)
		db_put_int4(tx, (int32_t)r[i].rules_version);
	db_bind_array(tx, DB_TEXTS, count);
	for (size_t i = 0; i < count; i++)
		db_put_text(tx, word_token(outcome_words, r[i].outcome));
	db_bind_array(tx, DB_INT4S, count);
	for (size_t i = 0; i < count; i++)
		db_put_int4(tx, (int32_t)r[i].confidence);
	for (size_t k = 0; k < sizeof(texts) / sizeof(texts[0]); k++) {
		db_bind_array(tx, DB_TEXTS, count);
		for (size_t i = 0; i < count; i++)
			db_put_text(tx, *(const char *const *)((const char *)&r[i] + texts[k]));
	}
}

static void
decisions_add(struct db_tx *tx, const struct routing *r, size_t count)
{
	db_call(tx, &router_statements[DECISIONS_ADD]);
	db_bind_array(tx, DB_UUIDS, count);
	for (size_t i = 0; i < count; i++)
		db_put_uuid(tx, &r[i].received_id);
	db_bind_array(tx, DB_UUIDS, count);
	for (size_t i = 0; i < count; i++)
		db_put_uuid(tx, &r[i].application_id);
	db_bind_array(tx, DB_TEXTS, count);
	for (size_t i = 0; i < count; i++)
		db_put_text(tx, r[i].department);
	db_bind_array(tx, DB_TEXTS, count);
	for (size_t i = 0; i < count; i++)
		db_put_text(tx, r[i].topic);
	db_bind_array(tx, DB_TEXTS, count);
	for (size_t i = 0; i < count; i++)
		db_put_text(tx, r[i].candidates);
	decisions_why(tx, r, count);
}

/* Each decision twice, with the same id: whole in "case", masked in its department's stream. */
static struct store_appended *
appended_make(struct arena *a, const struct routing *r, size_t count)
{
	struct store_appended *appended = arena_alloc(a, sizeof(*appended));

	appended->count = 2 * count;
	appended->streams = arena_array(a, appended->count, sizeof(*appended->streams));
	appended->items = arena_array(a, appended->count, sizeof(*appended->items));
	for (size_t i = 0; i < count; i++) {
		appended->streams[2 * i] = "case";
		appended->items[2 * i] =
		    (struct feed_item){.event_id = r[i].event_id, .event = r[i].case_event, .size = r[i].case_size};
		appended->streams[2 * i + 1] = arena_printf(a, "department/%s", r[i].department);
		appended->items[2 * i + 1] = (struct feed_item){
		    .event_id = r[i].event_id, .event = r[i].department_event, .size = r[i].department_size};
	}
	return appended;
}

struct store_appended *
store_route(struct db_tx *tx, const struct routing *r, size_t count)
{
	struct store_appended *appended = appended_make(db_tx_arena(tx), r, count);
	size_t all = appended->count;

	decisions_add(tx, r, count);
	appended->call = db_call(tx, &feed_statements[FEED_APPEND]);
	db_bind_array(tx, DB_TEXTS, all);
	for (size_t i = 0; i < all; i++)
		db_put_text(tx, appended->streams[i]);
	db_bind_array(tx, DB_UUIDS, all);
	for (size_t i = 0; i < all; i++)
		db_put_uuid(tx, &appended->items[i].event_id);
	db_bind_array(tx, DB_UUIDS, all);
	for (size_t i = 0; i < all; i++)
		db_put_uuid(tx, &r[i / 2].application_id);
	db_bind_array(tx, DB_TEXTS, all);
	for (size_t i = 0; i < all; i++)
		db_put_text(tx, "application.routed");
	db_bind_array(tx, DB_TIMES, all);
	for (size_t i = 0; i < all; i++)
		db_put_time(tx, r[i / 2].at);
	db_bind_array(tx, DB_BYTES, all);
	for (size_t i = 0; i < all; i++)
		db_put_bytes(tx, appended->items[i].event, appended->items[i].size);
	cases_open(tx, r, count);
	store_clocks_open(tx, r, count);
	return appended;
}

void
store_appended_read(struct store_appended *appended, const struct db_results *results)
{
	if (db_rows(results, appended->call) != appended->count)
		abort();
	for (size_t i = 0; i < appended->count; i++) {
		struct uuid id = db_uuid(results, appended->call, i, 2);

		if (uuid_compare(&id, &appended->items[i].event_id) != 0)
			abort(); /* feed.append answers in the order given */
		appended->items[i].seq = (uint64_t)db_int8(results, appended->call, i, 1);
	}
}
