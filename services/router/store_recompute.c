/* store_recompute: see the header. */
#include "services/router/store_recompute.h"

#include "services/router/recompute.sql.h"

#define BIND(tx, c, type, put, value)                                                                                  \
	do {                                                                                                           \
		db_bind_array(tx, type, (c)->move_count);                                                              \
		for (const struct case_move *m = (c)->moves; m; m = m->next)                                           \
			put(tx, value);                                                                                \
	} while (0)

void
store_moves_write(struct db_tx *tx, const struct cases *c)
{
	if (c->move_count == 0)
		return;
	db_call(tx, &recompute_statements[MOVES_ADD]);
	BIND(tx, c, DB_INT4S, db_put_int4, m->calendar_version);
	BIND(tx, c, DB_UUIDS, db_put_uuid, &m->application_id);
	BIND(tx, c, DB_INT4S, db_put_int4, m->kind);
	BIND(tx, c, DB_TIMES, db_put_time, m->old_due_at);
	BIND(tx, c, DB_TIMES, db_put_time, m->new_due_at);
}

void
store_calendars_wanted(struct db_tx *tx)
{
	db_call(
	    tx, &recompute_statements[CALENDARS_NEWEST]); /* first: what comes in between is no part of that version */
	db_call(tx, &recompute_statements[CALENDARS_ALL]);
}

struct calendars *
store_calendars_read(
    const struct db_results *results, struct arena *a, const char **reason, bool *unfinished, struct err *e)
{
	struct calendars_day *days = arena_array(a, db_rows(results, 1) + 1, sizeof(*days));
	size_t count = 0;

	for (size_t row = 0; row < db_rows(results, 1); row++) {
		days[count].version_from = db_int4(results, 1, row, 0);
		days[count].version_to = db_int4(results, 1, row, 1);
		days[count].day = db_date(results, 1, row, 2);
		if (calendar_kind_find(db_text(results, 1, row, 3), &days[count].kind))
			count++;
	}
	*reason = arena_string(a, db_text(results, 0, 0, 1));
	*unfinished = db_bool(results, 0, 0, 2);
	return calendars_new(days, count, db_int4(results, 0, 0, 0), e);
}

static void
bind_group(struct db_tx *tx, const struct calendars_group *g)
{
	db_bind_int4(tx, g->clock);
	db_bind_int4(tx, g->legal_basis);
	db_bind_date(tx, g->started_on);
	db_bind_bool(tx, g->extended);
	db_bind_time(tx, g->due_at);
	db_bind_int4(tx, g->version);
}

void
store_groups_wanted(struct db_tx *tx, const struct calendars_group *after, int limit)
{
	static const struct calendars_group none = {.clock = 0};

	db_call(tx, &recompute_statements[CLOCK_GROUPS]);
	bind_group(tx, after ? after : &none);
	db_bind_int4(tx, limit);
}

struct calendars_group
store_group_read(const struct db_results *results, size_t row)
{
	return (struct calendars_group){
	    .clock = db_int4(results, 0, row, 0),
	    .legal_basis = db_int4(results, 0, row, 1),
	    .started_on = db_date(results, 0, row, 2),
	    .extended = db_bool(results, 0, row, 3),
	    .due_at = db_time(results, 0, row, 4),
	    .version = db_int4(results, 0, row, 5),
	};
}

void
store_group_clocks_wanted(struct db_tx *tx, const struct calendars_group *g, const struct uuid *after, int limit)
{
	db_call(tx, &recompute_statements[CLOCKS_OF_GROUP]);
	bind_group(tx, g);
	db_bind_uuid(tx, after);
	db_bind_int4(tx, limit);
}

struct store_group_clock
store_group_clock_read(const struct db_results *results, size_t row)
{
	return (struct store_group_clock){.application_id = db_uuid(results, 0, row, 0),
	    .version = (uint32_t)db_int4(results, 0, row, 1),
	    .started_at = db_time(results, 0, row, 2)};
}

void
store_recomputed(struct db_tx *tx, int32_t version)
{
	db_call(tx, &recompute_statements[RECOMPUTED]);
	db_bind_int4(tx, version);
}
