/* holidays: see the header. */
#include "services/intake/holidays.h"

#include <stdlib.h>

#include "common/base/log.h"
#include "services/intake/holidays.sql.h"

#define LOOK_MS 10000
#define FIRST_MS 200

/* Calls of one look. */
enum { CALL_NEWEST, CALL_DAYS };

struct holidays {
	struct loop *loop;
	struct db *db;
	struct loop_timer *timer;
	const struct calendar **place;
	struct calendar *calendar; /* of the database; NULL: the file's is in force */
	int32_t version; /* of it; 0: none yet */
	struct metric *in_force;
};

/* A kind that this version does not know is a later one's. */
static struct calendar *
calendar_read(const struct db_results *results, struct err *e)
{
	struct arena *a = arena_new(0);
	struct calendar_rows rows = {.list = arena_array(a, db_rows(results, CALL_DAYS) + 1, sizeof(*rows.list))};
	struct calendar *c = NULL;

	for (size_t row = 0; row < db_rows(results, CALL_DAYS); row++) {
		struct calendar_row *day = &rows.list[rows.count];

		*day = (struct calendar_row){.day = db_date(results, CALL_DAYS, row, 0), .name = ""};
		if (calendar_kind_find(db_text(results, CALL_DAYS, row, 1), &day->kind))
			rows.count++;
	}
	c = calendar_make(&rows, e);
	arena_free(a);
	return c;
}

static void
newest_take(struct holidays *h, const struct db_results *results)
{
	struct calendar *c = NULL;
	struct err e;

	if (db_rows(results, CALL_NEWEST) == 0)
		return;
	c = calendar_read(results, &e);
	if (!c) {
		log_error("calendar.unusable", "version=%d reason=\"%s\"", db_int4(results, CALL_NEWEST, 0, 0), e.text);
		return;
	}
	*h->place = c;
	calendar_free(h->calendar);
	h->calendar = c;
	h->version = db_int4(results, CALL_NEWEST, 0, 0);
	metric_set(h->in_force, h->version);
	log_info("calendar.read", "version=%d", h->version);
}

static void
on_read(void *arg, enum db_outcome outcome, const struct db_results *results, const struct err *e)
{
	struct holidays *h = arg;

	if (outcome == DB_COMMITTED)
		newest_take(h, results);
	else if (outcome == DB_REFUSED)
		log_error("calendar.refused", "reason=\"%s\"", e->text);
	if (!loop_stopping(h->loop))
		timer_start(h->timer, outcome == DB_COMMITTED || outcome == DB_REFUSED ? LOOK_MS : FIRST_MS);
}

static void
on_look(void *arg)
{
	struct holidays *h = arg;
	struct db_tx *tx = NULL;

	if (!db_is_up(h->db)) {
		timer_start(h->timer, FIRST_MS);
		return;
	}
	tx = db_begin(h->db);
	for (int call = 0; call <= CALL_DAYS; call++) {
		db_call(tx, &holidays_statements[call == CALL_NEWEST ? HOLIDAYS_NEWEST : HOLIDAYS_DAYS]);
		db_bind_int4(tx, h->version);
	}
	db_read(tx, on_read, h);
}

struct holidays *
holidays_new(
    struct loop *l, struct db *db, const struct calendar *file, const struct calendar **place, struct metrics *m)
{
	struct holidays *h = calloc(1, sizeof(*h));

	if (!h)
		abort();
	h->loop = l;
	h->db = db;
	h->place = place;
	*place = file;
	h->in_force = metrics_gauge(m, "kopru_intake_calendar_version", "",
	    "Version of the calendar by which dates are told; 0: that of the file");
	h->timer = timer_new(l, on_look, h);
	timer_start(h->timer, FIRST_MS);
	return h;
}

void
holidays_free(struct holidays *h)
{
	if (!h)
		return;
	timer_free(h->timer);
	calendar_free(h->calendar);
	free(h);
}
