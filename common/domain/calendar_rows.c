/* calendar_rows: the rows of a calendar as a file has them, and whether they can be true (see calendar.h). */
#include <stdlib.h>
#include <string.h>

#include "common/base/csv.h"
#include "common/base/text.h"
#include "common/domain/calendar.h"

#define ROWS_MAX 10000
#define DAYS_MAX 20000 /* with rows of many days */
#define SPAN_MAX 366 /* days of one row, and of a suspension */
#define YEAR_MIN 1900
#define YEAR_MAX 2200
#define YEAR_DIGITS 4

static const struct {
	const char *token, *in_files;
} kinds[CALENDAR_KINDS] = {
    [CALENDAR_HOLIDAY] = {"holiday", "tam"},
    [CALENDAR_HALF_HOLIDAY] = {"half_holiday", "yarim"},
    [CALENDAR_LEAVE] = {"leave", "izin"},
    [CALENDAR_HALF_LEAVE] = {"half_leave", "yarim_izin"},
    [CALENDAR_CLOSURE] = {"closure", "kapali"},
    [CALENDAR_SUSPENSION] = {"suspension", "durma"},
};

const char *
calendar_kind_token(enum calendar_kind kind)
{
	return kinds[kind].token;
}

const char *
calendar_kind_list(void)
{
	return "holiday (tam), half_holiday (yarim), leave (izin), half_leave (yarim_izin), closure (kapali), "
	       "suspension (durma)";
}

bool
calendar_kind_find(const char *token, enum calendar_kind *kind)
{
	for (int i = 0; i < CALENDAR_KINDS; i++) {
		if (strcmp(token, kinds[i].token) == 0 || strcmp(token, kinds[i].in_files) == 0) {
			*kind = (enum calendar_kind)i;
			return true;
		}
	}
	return false;
}

static bool
weekday_fits(const char *name, int32_t date)
{
	static const char *const names[] = {"Pzt", "Sal", "Çar", "Per", "Cum", "Cmt", "Paz"};

	return !name || !*name || strcmp(name, names[date_weekday(date)]) == 0;
}

/* Four digits that are no year of ours deserve their own words. */
static bool
year_is_outside(const char *day)
{
	int year = 0;

	for (int i = 0; i < YEAR_DIGITS; i++) {
		if (!ascii_digit(day[i]))
			return false;
		year = year * 10 + (day[i] - '0');
	}
	return day[YEAR_DIGITS] == '-' && (year < YEAR_MIN || year > YEAR_MAX);
}

static int
day_read(const char *text, size_t row, int32_t *day, struct err *e)
{
	if (date_parse(text, day))
		return 0;
	if (year_is_outside(text))
		return err_set(
		    e, "row %zu: the year of \"%.40s\" is not between %d and %d", row + 1, text, YEAR_MIN, YEAR_MAX);
	return err_set(e, "row %zu: \"%.40s\" is no date; 2026-10-29 is one", row + 1, text);
}

/* The first and last day of a row. */
static int
days_read(const struct csv_table *table, size_t row, int32_t *from, int32_t *to, struct err *e)
{
	const char *day = csv_cell(table, row, "date"), *last = csv_cell(table, row, "to");

	if (day_read(day, row, from, e) < 0)
		return -1;
	if (!weekday_fits(csv_cell(table, row, "weekday"), *from))
		return err_set(e, "row %zu: %s is another day of the week", row + 1, day);
	*to = *from;
	if (!last || !*last)
		return 0;
	if (day_read(last, row, to, e) < 0)
		return -1;
	if (*to < *from)
		return err_set(e, "row %zu: it ends on %s, before it begins", row + 1, last);
	if (*to - *from >= SPAN_MAX)
		return err_set(
		    e, "row %zu: it has %d days; at most %d are allowed", row + 1, *to - *from + 1, SPAN_MAX);
	return 0;
}

static int
row_read(const struct csv_table *table, size_t row, struct calendar_rows *rows, struct err *e)
{
	const char *kind = csv_cell(table, row, "kind"), *name = csv_cell(table, row, "name");
	struct calendar_row read = {.name = name ? name : ""};
	int32_t to;

	if (days_read(table, row, &read.day, &to, e) < 0)
		return -1;
	if (!calendar_kind_find(kind, &read.kind))
		return err_set(e, "row %zu: kind is \"%.40s\"; allowed are %s", row + 1, kind, calendar_kind_list());
	if (rows->count + (size_t)(to - read.day) + 1 > DAYS_MAX)
		return err_set(e, "row %zu: there are more than %d days", row + 1, DAYS_MAX);
	for (; read.day <= to; read.day++)
		rows->list[rows->count++] = read;
	return 0;
}

static int
row_compare(const void *a, const void *b)
{
	const struct calendar_row *x = a, *y = b;

	if (x->day != y->day)
		return x->day < y->day ? -1 : 1;
	if (x->kind != y->kind)
		return x->kind < y->kind ? -1 : 1;
	return strcmp(x->name, y->name);
}

int
calendar_rows_read(struct arena *a, const char *csv, struct calendar_rows *rows, struct err *e)
{
	struct csv_table table;

	*rows = (struct calendar_rows){.list = arena_array(a, DAYS_MAX, sizeof(*rows->list))};
	if (csv_parse(a, csv, ROWS_MAX, &table, e) < 0)
		return -1;
	if (table.rows == 0)
		return err_set(e, "there is no row");
	if (!csv_cell(&table, 0, "date") || !csv_cell(&table, 0, "kind"))
		return err_set(e, "the columns date and kind are needed");
	for (size_t row = 0; row < table.rows; row++) {
		if (row_read(&table, row, rows, e) < 0)
			return -1;
	}
	qsort(rows->list, rows->count, sizeof(*rows->list), row_compare);
	return 0;
}

/* The feasts that move through the year, and so fall on other holidays now and then. */
static bool
is_feast(const char *name)
{
	static const char *const feasts[] = {"Ramazan Bayramı", "Kurban Bayramı"};

	for (size_t i = 0; i < sizeof(feasts) / sizeof(feasts[0]); i++) {
		if (strncmp(name, feasts[i], strlen(feasts[i])) == 0)
			return true;
	}
	return false;
}

static bool
is_public(const struct calendar_row *row)
{
	return row->kind == CALENDAR_HOLIDAY || row->kind == CALENDAR_HALF_HOLIDAY;
}

/* Whether two rows of one day can be true together; they come in the order of their kinds. */
static bool
rows_agree(const struct calendar_row *a, const struct calendar_row *b)
{
	if (a->kind == CALENDAR_SUSPENSION || b->kind == CALENDAR_SUSPENSION)
		return a->kind != b->kind;
	if (is_public(a) && is_public(b))
		return is_feast(a->name) != is_feast(b->name);
	/* the morning before a holiday may be given as leave, or be closed */
	return a->kind == CALENDAR_HALF_HOLIDAY && (b->kind == CALENDAR_LEAVE || b->kind == CALENDAR_CLOSURE);
}

static int
overlap_check(const struct calendar_rows *rows, struct err *e)
{
	char day[DATE_TEXT_SIZE];

	for (size_t i = 0; i < rows->count; i++) {
		const struct calendar_row *a = &rows->list[i];

		for (size_t k = i + 1; k < rows->count && rows->list[k].day == a->day; k++) {
			const struct calendar_row *b = &rows->list[k];

			if (rows_agree(a, b))
				continue;
			date_text(a->day, day);
			return err_set(e, "%s stands there twice: %s \"%.60s\" and %s \"%.60s\"", day,
			    calendar_kind_token(a->kind), a->name, calendar_kind_token(b->kind), b->name);
		}
	}
	return 0;
}

static int
year_of(int32_t date)
{
	int year, month, day;

	date_to_civil(date, &year, &month, &day);
	return year;
}

/* Each year from the first day to the last has a public holiday: else it was forgotten. */
static int
years_check(const struct calendar_rows *rows, struct err *e)
{
	int first = year_of(rows->list[0].day), last = year_of(rows->list[rows->count - 1].day);
	bool has[YEAR_MAX - YEAR_MIN + 1] = {false};

	for (size_t i = 0; i < rows->count; i++) {
		if (is_public(&rows->list[i]))
			has[year_of(rows->list[i].day) - YEAR_MIN] = true;
	}
	for (int year = first; year <= last; year++) {
		if (!has[year - YEAR_MIN])
			return err_set(e, "there is no public holiday in %d: all years from %d to %d are needed", year,
			    first, last);
	}
	return 0;
}

static int
suspension_check(const struct calendar_rows *rows, struct err *e)
{
	int32_t from = 0, last = INT32_MIN;
	char begin[DATE_TEXT_SIZE];

	for (size_t i = 0; i < rows->count; i++) {
		int32_t day = rows->list[i].day;

		if (rows->list[i].kind != CALENDAR_SUSPENSION)
			continue;
		from = last != INT32_MIN && day == last + 1 ? from : day;
		last = day;
		date_text(from, begin);
		if (last - from >= SPAN_MAX)
			return err_set(e, "the suspension of %s does not end within %d days", begin, SPAN_MAX);
		if (year_of(last + 1) > year_of(rows->list[rows->count - 1].day))
			return err_set(e, "the suspension of %s does not end before the calendar does", begin);
	}
	return 0;
}

int
calendar_rows_check(struct arena *a, const struct calendar_rows *rows, struct err *e)
{
	const struct calendar_rows sorted = {arena_copy(a, rows->list, rows->count * sizeof(*rows->list)), rows->count};

	if (rows->count == 0)
		return err_set(e, "there is no row");
	qsort(sorted.list, sorted.count, sizeof(*sorted.list), row_compare);
	return overlap_check(&sorted, e) < 0 || years_check(&sorted, e) < 0 || suspension_check(&sorted, e) < 0 ? -1
														: 0;
}
