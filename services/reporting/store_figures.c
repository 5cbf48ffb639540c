/* store_figures: see the header. */
#include "services/reporting/store_figures.h"

#include <stdlib.h>

#include "common/domain/calendar.h"
#include "services/reporting/figures.sql.h"

/* Days that are counted one by one; first > last: none. */
struct edge {
	int32_t first, last, sign;
};

/* A period as whole months, whole years among them, and what is to be added or taken away. */
struct period {
	int32_t first, next; /* first of a month, first of the month after the last */
	int32_t year_first, year_next; /* the same of years */
	struct edge edges[2];
};

static int32_t
date_of(int year, int month)
{
	int32_t date = 0;

	if (!date_from_civil(year + (month - 1) / 12, (month - 1) % 12 + 1, 1, &date))
		abort(); /* no period reaches so far */
	return date;
}

static int32_t
month_start(int32_t day, int more)
{
	int year, month, number;

	date_to_civil(day, &year, &month, &number);
	return date_of(year, month + more);
}

static struct period
period_cut(int32_t from, int32_t to)
{
	int32_t from_month = month_start(from, 0), from_next = month_start(from, 1);
	int32_t to_month = month_start(to, 0), to_next = month_start(to, 1);
	struct period p = {.first = from_month, .next = to_next};
	int year, month, number;

	if (from_month == to_month && 2 * (to - from + 1) <= to_next - from_month) {
		p.first = p.next = from_month;
		p.edges[0] = (struct edge){from, to, 1};
		p.edges[1] = (struct edge){1, 0, 1};
	} else {
		p.edges[0] = (struct edge){from_month, from - 1, -1};
		p.edges[1] = (struct edge){to + 1, to_next - 1, -1};
		if (from_month != to_month && from_next - from <= from - from_month) {
			p.first = from_next;
			p.edges[0] = (struct edge){from, from_next - 1, 1};
		}
		if (from_month != to_month && to - to_month + 1 <= to_next - 1 - to) {
			p.next = to_month;
			p.edges[1] = (struct edge){to_month, to, 1};
		}
	}
	date_to_civil(p.first, &year, &month, &number);
	p.year_first = date_of(year + (month > 1), 1);
	date_to_civil(p.next, &year, &month, &number);
	p.year_next = date_of(year, 1);
	if (p.year_first >= p.year_next)
		p.year_first = p.year_next = p.first;
	return p;
}

static size_t
call_days(struct db_tx *tx, int statement, int32_t first, int32_t last)
{
	size_t call = db_call(tx, &figures_statements[statement]);

	db_bind_date(tx, first);
	db_bind_date(tx, last);
	return call;
}

static size_t
call_edges(struct db_tx *tx, int statement, const struct period *p)
{
	size_t call = db_call(tx, &figures_statements[statement]);

	for (size_t i = 0; i < 2; i++) {
		db_bind_date(tx, p->edges[i].first);
		db_bind_date(tx, p->edges[i].last);
		db_bind_int4(tx, p->edges[i].sign);
	}
	return call;
}

void
store_snapshot(struct db_tx *tx)
{
	db_call(tx, &figures_statements[SNAPSHOT_TAKE]);
}

struct store_summary_calls
store_summary(struct db_tx *tx, int32_t from, int32_t to)
{
	struct period p = period_cut(from, to);
	struct store_summary_calls calls = {0};

	store_snapshot(tx);
	calls.month_groups = call_days(tx, MONTH_GROUPS, p.first, p.next);
	calls.month_spreads = call_days(tx, MONTH_SPREADS, p.first, p.year_first);
	db_bind_date(tx, p.year_next);
	db_bind_date(tx, p.next);
	calls.edges = p.edges[0].first <= p.edges[0].last || p.edges[1].first <= p.edges[1].last;
	if (calls.edges) {
		calls.edge_groups = call_edges(tx, EDGE_GROUPS, &p);
		calls.edge_spreads = call_edges(tx, EDGE_SPREADS, &p);
	}
	calls.day_tallies = call_days(tx, DAY_TALLIES, from, to);
	calls.day_spreads = call_days(tx, DAY_SPREADS, from, to);
	calls.backlog = call_days(tx, BACKLOG_DAYS, from, to);
	return calls;
}

static struct figures_counts
counts_get(const struct db_results *r, size_t call, size_t row, int column)
{
	struct figures_counts c = {
	    .received = db_int8(r, call, row, column),
	    .answered = db_int8(r, call, row, column + 1),
	    .open = db_int8(r, call, row, column + 2),
	    .overdue = db_int8(r, call, row, column + 3),
	    .forwarded = db_int8(r, call, row, column + 4),
	    .handed_back = db_int8(r, call, row, column + 5),
	    .reopened = db_int8(r, call, row, column + 6),
	    .reacted = db_int8(r, call, row, column + 7),
	};

	for (int lapse = 0; lapse < FIGURES_LAPSES; lapse++)
		c.minutes[lapse] = db_int8(r, call, row, column + 8 + lapse);
	return c;
}

static void
groups_get(const struct db_results *r, size_t call, struct figures *f)
{
	for (size_t row = 0; row < db_rows(r, call); row++) {
		struct figures_counts counts = counts_get(r, call, row, 3);

		figures_add(f, db_int4(r, call, row, 0), db_text(r, call, row, 1), db_text(r, call, row, 2), &counts);
	}
}

static int
days_get(const struct db_results *r, const struct store_summary_calls *calls, struct figures *f, struct err *e)
{
	for (size_t row = 0; row < db_rows(r, calls->day_tallies); row++) {
		struct figures_counts counts = counts_get(r, calls->day_tallies, row, 1);

		figures_add_day(f, db_date(r, calls->day_tallies, row, 0), &counts);
	}
	for (size_t row = 0; row < db_rows(r, calls->day_spreads); row++) {
		size_t size, call = calls->day_spreads;
		const void *data = db_bytes(r, call, row, 2, &size);

		if (figures_spread_day(f, db_date(r, call, row, 0), db_int4(r, call, row, 1), data, size, e) < 0)
			return -1;
	}
	for (size_t row = 0; row < db_rows(r, calls->backlog); row++)
		figures_backlog(f, db_date(r, calls->backlog, row, 0), db_int8(r, calls->backlog, row, 1));
	return 0;
}

static void
edges_get(const struct db_results *r, const struct store_summary_calls *calls, struct figures *f)
{
	size_t call = calls->edge_spreads;

	groups_get(r, calls->edge_groups, f);
	for (size_t row = 0; row < db_rows(r, call); row++)
		figures_spread(f, db_int4(r, call, row, 0), db_text(r, call, row, 1), db_int4(r, call, row, 2),
		    db_int4(r, call, row, 3), db_int8(r, call, row, 4));
}

int
store_get_summary(const struct db_results *r, const struct store_summary_calls *calls, struct figures *f, struct err *e)
{
	size_t call = calls->month_spreads;

	groups_get(r, calls->month_groups, f);
	for (size_t row = 0; row < db_rows(r, call); row++) {
		size_t size;
		const void *data = db_bytes(r, call, row, 3, &size);

		if (figures_spread_stored(f, db_int4(r, call, row, 0), db_text(r, call, row, 1),
			db_int4(r, call, row, 2), data, size, e) < 0)
			return -1;
	}
	if (calls->edges)
		edges_get(r, calls, f);
	return days_get(r, calls, f, e);
}

/* 0: any. */
static void
bind_number(struct db_tx *tx, int32_t value)
{
	if (value)
		db_bind_int4(tx, value);
	else
		db_bind_null(tx);
}

size_t
store_list(struct db_tx *tx, const struct listing *listing, const struct listing_place *after, int64_t limit)
{
	size_t call = call_days(tx, APPLICATIONS_LIST, listing->from, listing->to);

	if (listing->channels_count > 0) {
		db_bind_array(tx, DB_INT4S, listing->channels_count);
		for (size_t i = 0; i < listing->channels_count; i++)
			db_put_int4(tx, listing->channels[i]);
	} else {
		db_bind_null(tx);
	}
	bind_number(tx, listing->kind);
	bind_number(tx, listing->state);
	db_bind_text(tx, listing->topic);
	db_bind_text(tx, listing->department);
	db_bind_text(tx, listing->neighbourhood);
	db_bind_int4(tx, listing->measure);
	if (listing->backlog)
		db_bind_date(tx, listing->backlog);
	else
		db_bind_null(tx);
	db_bind_date(tx, after->received_on);
	db_bind_uuid(tx, &after->id);
	db_bind_int8(tx, limit);
	db_bind_text(tx, listing->outcome);
	return call;
}

static const char *
text_or_null(const struct db_results *r, size_t call, size_t row, int column)
{
	return db_null(r, call, row, column) ? NULL : db_text(r, call, row, column);
}

void
store_get_list_row(const struct db_results *r, size_t call, size_t row, struct listing_row *to)
{
	*to = (struct listing_row){
	    .place = {.id = db_uuid(r, call, row, 0), .received_on = db_date(r, call, row, 2)},
	    .number = db_text(r, call, row, 1),
	    .received_at = db_time(r, call, row, 3),
	    .kind = db_int4(r, call, row, 4),
	    .channel = db_int4(r, call, row, 5),
	    .topic = text_or_null(r, call, row, 6),
	    .topic_name = text_or_null(r, call, row, 7),
	    .department = text_or_null(r, call, row, 8),
	    .department_name = text_or_null(r, call, row, 9),
	    .neighbourhood = text_or_null(r, call, row, 10),
	    .state = db_int4(r, call, row, 11),
	    .due_on = db_date(r, call, row, 12),
	    .overdue = db_bool(r, call, row, 13),
	    .forwarded = db_bool(r, call, row, 14),
	    .handed_back = db_bool(r, call, row, 15),
	    .reopened = db_bool(r, call, row, 16),
	    .reaction_at = db_time(r, call, row, 17),
	    .answered_at = db_time(r, call, row, 18),
	    .reaction_minutes = db_int4(r, call, row, 19),
	    .reaction_working_minutes = db_int4(r, call, row, 20),
	    .answer_minutes = db_int4(r, call, row, 21),
	    .answer_working_minutes = db_int4(r, call, row, 22),
	};
}

size_t
store_year(struct db_tx *tx, int year)
{
	int32_t first = 0, next = 0;

	(void)date_from_civil(year, 1, 1, &first);
	(void)date_from_civil(year + 1, 1, 1, &next);
	return call_days(tx, YEAR_CHANNELS_OF, first, next);
}

void
store_get_year(const struct db_results *r, size_t call, struct year *y)
{
	for (size_t row = 0; row < db_rows(r, call); row++) {
		struct year_counts counts = {
		    .received = db_int8(r, call, row, 2),
		    .answered = db_int8(r, call, row, 3),
		    .forwarded = db_int8(r, call, row, 4),
		    .minutes = db_int8(r, call, row, 5),
		};
		int year, month, day;

		date_to_civil(db_date(r, call, row, 0), &year, &month, &day);
		year_add(y, month, db_int4(r, call, row, 1), &counts);
	}
}
