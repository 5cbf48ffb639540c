/* calendar: working days and the dates of the laws (see calendar.h). */
#include "common/domain/calendar.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/arena.h"
#include "common/base/csv.h"

#define ROWS_MAX 10000
#define SATURDAY 5

#define DAYS_3071 30
#define DAYS_4982 15
#define DAYS_4982_EXTENDED 30

/* On a half day the offices open, so for the law it is a working day. */
enum holiday { HOLIDAY_NONE, HOLIDAY_HALF, HOLIDAY_FULL };

struct calendar {
	int32_t first, last; /* January 1 and December 31 of the years known */
	uint8_t holidays[]; /* enum holiday, from first to last */
};

static int
check_weekday(const char *name, int32_t date)
{
	static const char *const names[] = {"Pzt", "Sal", "Çar", "Per", "Cum", "Cmt", "Paz"};

	return !name || !*name || strcmp(name, names[date_weekday(date)]) == 0 ? 0 : -1;
}

static int
read_row(const struct csv_table *table, size_t row, int32_t *date, bool *full, struct err *e)
{
	const char *day = csv_cell(table, row, "date"), *kind = csv_cell(table, row, "kind");

	if (!day || !kind)
		return err_set(e, "the columns date and kind are needed");
	if (!date_parse(day, date))
		return err_set(e, "row %zu: \"%.40s\" is no date; 2026-10-29 is one", row + 1, day);
	if (check_weekday(csv_cell(table, row, "weekday"), *date) != 0)
		return err_set(e, "row %zu: %s is another day of the week", row + 1, day);
	*full = strcmp(kind, "tam") == 0;
	if (!*full && strcmp(kind, "yarim") != 0)
		return err_set(e, "row %zu: kind is \"%.40s\"; allowed are tam and yarim", row + 1, kind);
	return 0;
}

static struct calendar *
calendar_alloc(int32_t first, int32_t last)
{
	int first_year, last_year, month, day;
	struct calendar *c;

	date_to_civil(first, &first_year, &month, &day);
	date_to_civil(last, &last_year, &month, &day);
	if (!date_from_civil(first_year, 1, 1, &first) || !date_from_civil(last_year, 12, 31, &last))
		abort();
	if (!(c = calloc(1, sizeof *c + (size_t)(last - first) + 1)))
		abort();
	c->first = first;
	c->last = last;
	return c;
}

static struct calendar *
calendar_read(const struct csv_table *table, struct err *e)
{
	int32_t first = INT32_MAX, last = INT32_MIN, date;
	struct calendar *c;
	bool full;

	for (size_t row = 0; row < table->rows; row++) {
		if (read_row(table, row, &date, &full, e) != 0)
			return NULL;
		first = date < first ? date : first;
		last = date > last ? date : last;
	}
	if (table->rows == 0) {
		err_set(e, "there is no row");
		return NULL;
	}
	c = calendar_alloc(first, last);
	for (size_t row = 0; row < table->rows; row++) {
		if (read_row(table, row, &date, &full, e) < 0)
			abort(); /* it was read above */
		if (full)
			c->holidays[date - c->first] = HOLIDAY_FULL;
		else if (c->holidays[date - c->first] == HOLIDAY_NONE)
			c->holidays[date - c->first] = HOLIDAY_HALF;
	}
	return c;
}

struct calendar *
calendar_new(const char *csv, struct err *e)
{
	struct arena *a = arena_new(0);
	struct csv_table table;
	struct calendar *c = NULL;

	if (csv_parse(a, csv, ROWS_MAX, &table, e) == 0)
		c = calendar_read(&table, e);
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

bool
calendar_knows(const struct calendar *c, int32_t date)
{
	return date >= c->first && date <= c->last;
}

bool
calendar_is_working_day(const struct calendar *c, int32_t date)
{
	return date_weekday(date) < SATURDAY &&
	       !(calendar_knows(c, date) && c->holidays[date - c->first] == HOLIDAY_FULL);
}

bool
calendar_is_half_day(const struct calendar *c, int32_t date)
{
	return date_weekday(date) < SATURDAY && calendar_knows(c, date) && c->holidays[date - c->first] == HOLIDAY_HALF;
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

int32_t
calendar_due_3071(const struct calendar *c, int32_t received_on)
{
	return calendar_next_working_day(c, received_on + DAYS_3071);
}

int32_t
calendar_due_4982(const struct calendar *c, int32_t received_on, bool extended)
{
	return calendar_add_working_days(c, received_on, extended ? DAYS_4982_EXTENDED : DAYS_4982);
}
