/* store_clocks: see the header. */
#include "services/router/store_clocks.h"

#include "services/router/clocks.sql.h"

/* Columns of clocks_wanted and clocks_due. */
enum {
	C_ID,
	C_KIND,
	C_LEGAL_BASIS,
	C_STARTED_AT,
	C_STARTED_ON,
	C_DUE_AT,
	C_EXTENDED,
	C_STOPPED_AT,
	C_STAGE,
	C_NEXT_AT,
	C_CALENDAR_VERSION,
	C_VERSION,
	C_STATE,
};

/* A clock with whose it is. */
struct owned {
	const struct uuid *application_id;
	int kind;
	const struct case_clock *clock;
};

struct owned_list {
	struct owned *list;
	size_t count;
};

static int64_t
time_or_zero(const struct db_results *results, size_t call, size_t row, int column)
{
	return db_null(results, call, row, column) ? 0 : db_time(results, call, row, column);
}

static int32_t
date_or_zero(const struct db_results *results, size_t row, int column)
{
	return db_null(results, 0, row, column) ? 0 : db_date(results, 0, row, column);
}

static struct case_clock
clock_read(const struct db_results *results, size_t call, size_t row)
{
	return (struct case_clock){
	    .exists = true,
	    .legal_basis = db_int4(results, call, row, C_LEGAL_BASIS),
	    .started_at = db_time(results, call, row, C_STARTED_AT),
	    .started_on = db_date(results, call, row, C_STARTED_ON),
	    .due_at = db_time(results, call, row, C_DUE_AT),
	    .extended = db_bool(results, call, row, C_EXTENDED),
	    .stopped_at = time_or_zero(results, call, row, C_STOPPED_AT),
	    .stage = db_int4(results, call, row, C_STAGE),
	    .next_at = time_or_zero(results, call, row, C_NEXT_AT),
	    .calendar_version = db_int4(results, call, row, C_CALENDAR_VERSION),
	};
}

/* A kind that this version does not know is a later one's. */
void
store_clocks_read(const struct db_results *results, size_t call, const struct cases *c)
{
	for (size_t row = 0; row < db_rows(results, call); row++) {
		struct uuid id = db_uuid(results, call, row, C_ID);
		struct case_record *r = cases_find(c, &id);
		int kind = db_int4(results, call, row, C_KIND);

		if (r && kind > 0 && kind < CLOCKS_KINDS)
			r->clocks[kind] = clock_read(results, call, row);
	}
}

static void
put_time(struct db_tx *tx, int64_t time)
{
	if (time == 0)
		db_put_null(tx);
	else
		db_put_time(tx, time);
}

/* One array parameter. */
#define BIND(tx, all, type, put, value)                                                                                \
	do {                                                                                                           \
		db_bind_array(tx, type, (all)->count);                                                                 \
		for (size_t i_ = 0; i_ < (all)->count; i_++) {                                                         \
			const struct owned *o = &(all)->list[i_];                                                      \
			put(tx, value);                                                                                \
		}                                                                                                      \
	} while (0)

static void
clocks_put(struct db_tx *tx, const struct owned_list *all)
{
	if (all->count == 0)
		return;
	db_call(tx, &clocks_statements[CLOCKS_PUT]);
	BIND(tx, all, DB_UUIDS, db_put_uuid, o->application_id);
	BIND(tx, all, DB_INT4S, db_put_int4, o->kind);
	BIND(tx, all, DB_INT4S, db_put_int4, o->clock->legal_basis);
	BIND(tx, all, DB_TIMES, db_put_time, o->clock->started_at);
	BIND(tx, all, DB_DATES, db_put_date, o->clock->started_on);
	BIND(tx, all, DB_TIMES, db_put_time, o->clock->due_at);
	BIND(tx, all, DB_BOOLS, db_put_bool, o->clock->extended);
	BIND(tx, all, DB_TIMES, put_time, o->clock->stopped_at);
	BIND(tx, all, DB_INT4S, db_put_int4, o->clock->stage);
	BIND(tx, all, DB_TIMES, put_time, o->clock->next_at);
	BIND(tx, all, DB_INT4S, db_put_int4, o->clock->calendar_version);
}

static void
clocks_remove(struct db_tx *tx, const struct owned_list *all)
{
	if (all->count == 0)
		return;
	db_call(tx, &clocks_statements[CLOCKS_REMOVE]);
	BIND(tx, all, DB_UUIDS, db_put_uuid, o->application_id);
	BIND(tx, all, DB_INT4S, db_put_int4, o->kind);
}

static void
owned_add(struct owned_list *put, struct owned_list *gone, const struct uuid *id, const struct case_clock *clocks)
{
	for (int kind = 1; kind < CLOCKS_KINDS; kind++) {
		struct owned_list *list = clocks[kind].exists ? put : gone;

		if (clocks[kind].changed)
			list->list[list->count++] = (struct owned){id, kind, &clocks[kind]};
	}
}

static struct owned_list
list_make(struct db_tx *tx, size_t count)
{
	return (struct owned_list){
	    .list = arena_array(db_tx_arena(tx), count * CLOCKS_KINDS + 1, sizeof(struct owned))};
}

void
store_clocks_write(struct db_tx *tx, const struct case_record *const *records, size_t count)
{
	struct owned_list put = list_make(tx, count), gone = list_make(tx, count);

	for (size_t i = 0; i < count; i++)
		owned_add(&put, &gone, &records[i]->application_id, records[i]->clocks);
	clocks_remove(tx, &gone);
	clocks_put(tx, &put);
}

void
store_clocks_open(struct db_tx *tx, const struct routing *routings, size_t count)
{
	struct owned_list put = list_make(tx, count), gone = list_make(tx, count);

	for (size_t i = 0; i < count; i++)
		owned_add(&put, &gone, &routings[i].application_id, routings[i].clocks);
	clocks_put(tx, &put);
}

void
store_clocks_due(struct db_tx *tx, int64_t now, int limit)
{
	db_call(tx, &clocks_statements[CLOCKS_DUE]);
	db_bind_time(tx, now);
	db_bind_int4(tx, limit);
}

void
store_clock_due_read(const struct db_results *results, size_t row, struct store_clock_due *due)
{
	due->application_id = db_uuid(results, 0, row, C_ID);
	due->version = (uint32_t)db_int4(results, 0, row, C_VERSION);
	due->state = db_int4(results, 0, row, C_STATE);
	due->kind = db_int4(results, 0, row, C_KIND);
	due->clock = clock_read(results, 0, row);
}

void
store_clocks_forget(struct db_tx *tx, const struct uuid *applications, size_t count)
{
	db_call(tx, &clocks_statements[CLOCKS_FORGET]);
	db_bind_array(tx, DB_UUIDS, count);
	for (size_t i = 0; i < count; i++)
		db_put_uuid(tx, &applications[i]);
}

void
store_cases_unclocked(struct db_tx *tx, int limit)
{
	db_call(tx, &clocks_statements[CASES_UNCLOCKED]);
	db_bind_int4(tx, limit);
}

void
store_case_unclocked_read(
    const struct db_results *results, size_t row, struct arena *a, struct case_record *r, int64_t *changed_at)
{
	r->application_id = db_uuid(results, 0, row, 0);
	r->version = r->stored_version = db_int4(results, 0, row, 1);
	r->state = db_int4(results, 0, row, 2);
	r->topic = db_null(results, 0, row, 3) ? NULL : arena_string(a, db_text(results, 0, row, 3));
	r->received_at = db_time(results, 0, row, 4);
	r->due_on = db_date(results, 0, row, 5);
	r->target_on = date_or_zero(results, row, 6);
	r->legal_basis = db_int4(results, 0, row, 7);
	r->with_arbiter = db_bool(results, 0, row, 8);
	r->arbiter_due_on = date_or_zero(results, row, 9);
	r->extended = db_bool(results, 0, row, 10);
	*changed_at = db_time(results, 0, row, 11);
}

void
store_cases_clocked(struct db_tx *tx, const struct case_record *const *records, size_t count)
{
	db_call(tx, &clocks_statements[CASES_CLOCKED]);
	db_bind_array(tx, DB_UUIDS, count);
	for (size_t i = 0; i < count; i++)
		db_put_uuid(tx, &records[i]->application_id);
	db_bind_array(tx, DB_INT4S, count);
	for (size_t i = 0; i < count; i++)
		db_put_int4(tx, records[i]->version);
	store_clocks_write(tx, records, count);
}
