/* figures: groups in a hash table, filled in any order; then sorted, named and checked. */
#include "services/reporting/figures.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/domain/calendar.h"
#include "services/reporting/duration.h"
#include "services/reporting/figures_internal.h"

#define CHAINS 4096

struct figures *
figures_new(struct arena *a, int32_t from, int32_t to, bool english)
{
	struct figures *f = arena_alloc(a, sizeof(*f));

	f->arena = a;
	f->from = from;
	f->to = to;
	f->english = english;
	f->chains = arena_array(a, CHAINS, sizeof(*f->chains));
	f->days = arena_array(a, (size_t)(to - from) + 1, sizeof(*f->days));
	return f;
}

static size_t
chain_of(int table, const char *key)
{
	uint32_t hash = 2166136261U ^ (uint32_t)table;

	for (; *key; key++)
		hash = (hash ^ (uint8_t)*key) * 16777619U;
	return hash % CHAINS;
}

static struct figure *
figure_at(struct figures *f, int table, const char *key)
{
	struct figure **chain = &f->chains[chain_of(table, key)];
	struct figure *figure = *chain;

	while (figure && (figure->table != table || strcmp(figure->key, key) != 0))
		figure = figure->next;
	if (figure)
		return figure;
	figure = arena_alloc(f->arena, sizeof(*figure));
	figure->table = table;
	figure->key = arena_string(f->arena, key);
	figure->name = "";
	figure->next = *chain;
	*chain = figure;
	f->counts[table]++;
	return figure;
}

static void
counts_add(struct figures_counts *to, const struct figures_counts *more)
{
	to->received += more->received;
	to->answered += more->answered;
	to->open += more->open;
	to->overdue += more->overdue;
	to->forwarded += more->forwarded;
	to->handed_back += more->handed_back;
	to->reopened += more->reopened;
	to->reacted += more->reacted;
	for (int lapse = 0; lapse < FIGURES_LAPSES; lapse++)
		to->minutes[lapse] += more->minutes[lapse];
}

void
figures_add(struct figures *f, int table, const char *key, const char *name, const struct figures_counts *counts)
{
	struct figure *figure;

	if (table <= FIGURES_TOTAL || table >= FIGURES_BY_DAY)
		return;
	figure = figure_at(f, table, key);
	if (name && *name)
		figure->name = arena_string(f->arena, name);
	counts_add(&figure->counts, counts);
}

/* The four groups of a day. */
static void
figures_of_day(struct figures *f, int32_t day, struct figure *figures[4])
{
	int32_t monday = day - date_weekday(day), thursday = monday + 3, january, first;
	char text[DATE_TEXT_SIZE];
	int year, month, number;

	date_text(day, text);
	figures[0] = figure_at(f, FIGURES_TOTAL, "");
	figures[1] = figure_at(f, FIGURES_BY_DAY, text);
	figures[1]->first = figures[1]->last = day;
	date_to_civil(day, &year, &month, &number);
	figures[3] = figure_at(f, FIGURES_BY_MONTH, arena_printf(f->arena, "%04d-%02d", year, month));
	first = day - number + 1;
	figures[3]->first = first;
	date_to_civil(first + 31, &year, &month, &number);
	figures[3]->last = first + 31 - number;
	date_to_civil(thursday, &year, &month, &number);
	if (!date_from_civil(year, 1, 1, &january))
		abort(); /* our own year */
	figures[2] =
	    figure_at(f, FIGURES_BY_WEEK, arena_printf(f->arena, "%04d-W%02d", year, (thursday - january) / 7 + 1));
	figures[2]->first = monday;
	figures[2]->last = monday + 6;
}

void
figures_add_day(struct figures *f, int32_t day, const struct figures_counts *counts)
{
	struct figure *figures[4];

	if (day < f->from || day > f->to)
		return;
	figures_of_day(f, day, figures);
	for (size_t i = 0; i < 4; i++)
		counts_add(&figures[i]->counts, counts);
}

static int32_t *
spread_of(struct figures *f, struct figure *figure, int lapse)
{
	if (!figure->spread[lapse])
		figure->spread[lapse] = arena_array(f->arena, DURATION_BUCKETS, sizeof(*figure->spread[lapse]));
	return figure->spread[lapse];
}

void
figures_spread(struct figures *f, int table, const char *key, int lapse, int32_t bucket, int64_t count)
{
	if (table > FIGURES_TOTAL && table < FIGURES_BY_DAY && lapse >= 0 && lapse < FIGURES_LAPSES && bucket >= 0 &&
	    bucket < DURATION_BUCKETS)
		spread_of(f, figure_at(f, table, key), lapse)[bucket] += (int32_t)count;
}

/* Adds a stored spread to all of figures. */
static int
spreads_add(struct figures *f, struct figure *const *figures, int lapse, const void *data, size_t size, struct err *e)
{
	uint32_t more[DURATION_BUCKETS];

	if (size != sizeof(more) || lapse < 0 || lapse >= FIGURES_LAPSES)
		return err_set(e, "a spread has %zu bytes, not %zu", size, sizeof(more));
	memcpy(more, data, sizeof(more));
	for (size_t i = 0; i < DURATION_BUCKETS; i++)
		more[i] = __builtin_bswap32(more[i]);
	for (size_t k = 0; figures[k]; k++) {
		int32_t *spread = spread_of(f, figures[k], lapse);

		for (size_t i = 0; i < DURATION_BUCKETS; i++)
			spread[i] += (int32_t)more[i];
	}
	return 0;
}

int
figures_spread_stored(
    struct figures *f, int table, const char *key, int lapse, const void *data, size_t size, struct err *e)
{
	struct figure *figures[2] = {NULL, NULL};

	if (table <= FIGURES_TOTAL || table >= FIGURES_BY_DAY)
		return 0;
	figures[0] = figure_at(f, table, key);
	return spreads_add(f, figures, lapse, data, size, e);
}

int
figures_spread_day(struct figures *f, int32_t day, int lapse, const void *data, size_t size, struct err *e)
{
	struct figure *figures[5] = {NULL};

	if (day < f->from || day > f->to)
		return 0;
	figures_of_day(f, day, figures);
	return spreads_add(f, figures, lapse, data, size, e);
}

void
figures_backlog(struct figures *f, int32_t day, int64_t growth)
{
	if (day < f->from)
		f->open_before += growth;
	else if (day <= f->to)
		f->days[day - f->from].growth += growth;
}

static int
figure_compare(const void *left, const void *right)
{
	const struct figure *a = *(struct figure *const *)left, *b = *(struct figure *const *)right;

	if (a->table >= FIGURES_BY_DAY)
		return (a->first > b->first) - (a->first < b->first);
	if (a->counts.received != b->counts.received)
		return a->counts.received < b->counts.received ? 1 : -1;
	return strcmp(a->token, b->token);
}

/* A tally of nobody may still have an empty spread. */
static void
figures_sort(struct figures *f)
{
	size_t filled[FIGURES_TABLES] = {0};

	for (int table = 0; table < FIGURES_TABLES; table++)
		f->sorted[table] = arena_array(f->arena, f->counts[table] + 1, sizeof(*f->sorted[table]));
	for (size_t chain = 0; chain < CHAINS; chain++) {
		for (struct figure *figure = f->chains[chain]; figure; figure = figure->next) {
			if (figure->counts.received == 0 && figure->table != FIGURES_TOTAL)
				continue;
			figures_name(f, figure);
			f->sorted[figure->table][filled[figure->table]++] = figure;
		}
	}
	for (int table = 0; table < FIGURES_TABLES; table++) {
		f->counts[table] = filled[table];
		if (filled[table] > 1)
			qsort(f->sorted[table], filled[table], sizeof(struct figure *), figure_compare);
	}
}

static void
backlog_sum(struct figures *f, int32_t until)
{
	int64_t open = f->open_before;

	for (int32_t day = f->from; day <= f->to && day <= until; day++) {
		open += f->days[day - f->from].growth;
		f->days[day - f->from].open = open;
		f->days_count++;
	}
}

int
figures_finish(struct figures *f, int32_t until, struct err *e)
{
	f->total = figure_at(f, FIGURES_TOTAL, "");
	figures_sort(f);
	backlog_sum(f, until);
	for (int table = FIGURES_BY_CHANNEL; table < FIGURES_TABLES; table++) {
		int64_t sum = 0;

		for (size_t i = 0; i < f->counts[table]; i++)
			sum += f->sorted[table][i]->counts.received;
		if (sum != f->total->counts.received)
			return err_set(e, "%s sums to %" PRId64 ", the total is %" PRId64, figures_table_name(table),
			    sum, f->total->counts.received);
	}
	return 0;
}

bool
figures_hours(const struct figure *figure, int lapse, int percent, double *hours)
{
	int64_t count = lapse < FIGURES_ANSWER ? figure->counts.reacted : figure->counts.answered;

	if (count <= 0)
		return false;
	if (percent == 0) {
		*hours = (double)figure->counts.minutes[lapse] / (double)count / 60;
		return true;
	}
	if (!figure->spread[lapse])
		return false;
	*hours = duration_percentile(figure->spread[lapse], count, percent) / 60;
	return true;
}
