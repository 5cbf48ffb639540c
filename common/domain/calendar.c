/* calendar: one set of kinds for each day (see calendar.h). */
#include "common/domain/calendar.h"

#include <stdlib.h>

#define SATURDAY 5
#define BIT(kind) (1U << (kind))

struct calendar {
	int32_t known_from, known_to; /* January 1 and December 31 of the years known */
	int32_t first, last; /* of the table, which is longer when a leave lies outside */
	uint8_t kinds[]; /* bits by enum calendar_kind, from first to last */
};

static bool
is_public(enum calendar_kind kind)
{
	return kind == CALENDAR_HOLIDAY || kind == CALENDAR_HALF_HOLIDAY;
}

static int32_t
year_edge(int32_t date, int month, int day)
{
	int year, ignored;

	date_to_civil(date, &year, &ignored, &ignored);
	if (!date_from_civil(year, month, day, &date))
		abort(); /* the date was one of 1900 to 2200 */
	return date;
}

static struct calendar *
calendar_alloc(int32_t first, int32_t last)
{
	struct calendar *c = calloc(1, sizeof(*c) + (size_t)(last - first) + 1);

	if (!c)
		abort();
	c->first = first;
	c->last = last;
	return c;
}

struct calendar *
calendar_make(const struct calendar_rows *rows, struct err *e)
{
	int32_t first = INT32_MAX, last = INT32_MIN, known_from = INT32_MAX, known_to = INT32_MIN;
	struct calendar *c = NULL;

	for (size_t i = 0; i < rows->count; i++) {
		int32_t day = rows->list[i].day;

		first = day < first ? day : first;
		last = day > last ? day : last;
		if (!is_public(rows->list[i].kind))
			continue;
		known_from = day < known_from ? day : known_from;
		known_to = day > known_to ? day : known_to;
	}
	if (known_from > known_to) {
		err_set(e, rows->count == 0 ? "there is no row" : "there is no public holiday");
		return NULL;
	}
	c = calendar_alloc(first, last);
	c->known_from = year_edge(known_from, 1, 1);
	c->known_to = year_edge(known_to, 12, 31);
	for (size_t i = 0; i < rows->count; i++)
		c->kinds[rows->list[i].day - first] |= (uint8_t)BIT(rows->list[i].kind);
	return c;
}

struct calendar *
calendar_new(const char *csv, struct err *e)
{
	struct arena *a = arena_new(0);
	struct calendar_rows rows = {0};
	struct calendar *c = NULL;

	if (calendar_rows_read(a, csv, &rows, e) == 0 && calendar_rows_check(a, &rows, e) == 0)
		c = calendar_make(&rows, e);
	arena_free(a);
	if (!c)
		err_prefix(e, "holidays");
	return c;
}

void
calendar_free(struct calendar *c)
{
	free(c);
}

static unsigned
kinds_of(const struct calendar *c, int32_t date)
{
	return date >= c->first && date <= c->last ? c->kinds[date - c->first] : 0;
}

bool
calendar_knows(const struct calendar *c, int32_t date)
{
	return date >= c->known_from && date <= c->known_to;
}

bool
calendar_is_working_day(const struct calendar *c, int32_t date)
{
	return date_weekday(date) < SATURDAY && (kinds_of(c, date) & BIT(CALENDAR_HOLIDAY)) == 0;
}

bool
calendar_is_half_day(const struct calendar *c, int32_t date)
{
	return calendar_is_working_day(c, date) && (kinds_of(c, date) & BIT(CALENDAR_HALF_HOLIDAY)) != 0;
}

bool
calendar_stands(const struct calendar *c, int32_t date)
{
	return (kinds_of(c, date) & BIT(CALENDAR_SUSPENSION)) != 0;
}

int32_t
calendar_next_working_day(const struct calendar *c, int32_t date)
{
	while (!calendar_is_working_day(c, date))
		date++;
	return date;
}

int32_t
calendar_add_working_days(const struct calendar *c, int32_t date, int count)
{
	for (; count > 0; count--)
		date = calendar_next_working_day(c, date + 1);
	return date;
}

bool
calendar_is_office_day(const struct calendar *c, int32_t date)
{
	return calendar_is_working_day(c, date) &&
	       (kinds_of(c, date) & (BIT(CALENDAR_LEAVE) | BIT(CALENDAR_CLOSURE))) == 0;
}

bool
calendar_is_office_morning(const struct calendar *c, int32_t date)
{
	return calendar_is_office_day(c, date) &&
	       (kinds_of(c, date) & (BIT(CALENDAR_HALF_HOLIDAY) | BIT(CALENDAR_HALF_LEAVE))) != 0;
}

int32_t
calendar_add_office_days(const struct calendar *c, int32_t date, int count)
{
	for (; count > 0; count--) {
		do
			date++;
		while (!calendar_is_office_day(c, date));
	}
	return date;
}
