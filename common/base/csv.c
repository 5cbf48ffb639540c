/* csv: see csv.h. Two passes with one reader: the first counts and checks, the second keeps. */
#include "common/base/csv.h"

#include <stdbool.h>
#include <string.h>

#define CSV_COLUMNS_MAX 1000

struct reader {
	const char *at;
	char separator;
	size_t row; /* 0 is the head */
};

enum after { AFTER_CELL, AFTER_ROW, AFTER_ALL, AFTER_ERROR };

/* What ends a cell, taken from the text. */
static enum after
take_end(struct reader *r)
{
	if (*r->at == r->separator) {
		r->at++;
		return AFTER_CELL;
	}
	if (*r->at == '\r')
		r->at++;
	if (*r->at == '\n')
		r->at++;
	return *r->at ? AFTER_ROW : AFTER_ALL;
}

static bool
at_end_of_cell(const struct reader *r)
{
	return *r->at == '\0' || *r->at == '\n' || *r->at == '\r' || *r->at == r->separator;
}

static int
row_error(const struct reader *r, struct err *e, const char *what)
{
	if (r->row == 0)
		return err_set(e, "the head %s", what);
	return err_set(e, "row %zu %s", r->row, what);
}

/* out has room for the rest of the text, or is NULL. */
static int
take_quoted(struct reader *r, char *out, struct err *e)
{
	for (r->at++;; r->at++) {
		if (*r->at == '\0')
			return row_error(r, e, "has a quotation mark that is never closed");
		if (*r->at == '"' && *++r->at != '"')
			break;
		if (out)
			*out++ = *r->at;
	}
	if (out)
		*out = '\0';
	return at_end_of_cell(r) ? 0 : row_error(r, e, "has text after a closing quotation mark");
}

static int
take_plain(struct reader *r, char *out, struct err *e)
{
	for (; !at_end_of_cell(r); r->at++) {
		if (*r->at == '"')
			return row_error(r, e, "has a quotation mark inside a cell without quotation marks");
		if (out)
			*out++ = *r->at;
	}
	if (out)
		*out = '\0';
	return 0;
}

/* Bytes that the next cell needs at most, with its NUL. */
static size_t
room_of_cell(const struct reader *r)
{
	struct reader ahead = *r;
	struct err ignored;

	if (*ahead.at == '"')
		take_quoted(&ahead, NULL, &ignored);
	else
		take_plain(&ahead, NULL, &ignored);
	return (size_t)(ahead.at - r->at) + 1;
}

/* The next cell; without an arena it is only skipped. */
static enum after
take_cell(struct reader *r, struct arena *a, const char **cell, struct err *e)
{
	char *out = NULL;

	if (a && !(out = arena_alloc(a, room_of_cell(r)))) {
		row_error(r, e, "found no memory left");
		return AFTER_ERROR;
	}
	if ((*r->at == '"' ? take_quoted(r, out, e) : take_plain(r, out, e)) != 0)
		return AFTER_ERROR;
	*cell = out;
	return take_end(r);
}

/* Lines with nothing in them are no rows. */
static void
skip_empty_lines(struct reader *r)
{
	while (*r->at == '\r' || *r->at == '\n')
		r->at++;
}

/* One row with the same number of columns as expected (0: any). Gives the number of columns, 0 on error. */
static size_t
take_row(struct reader *r, struct arena *a, const char **cells, size_t expected, struct err *e)
{
	enum after after = AFTER_CELL;
	const char *cell;
	size_t count = 0;

	while (after == AFTER_CELL) {
		if ((after = take_cell(r, a, &cell, e)) == AFTER_ERROR)
			return 0;
		if (count >= (expected ? expected : CSV_COLUMNS_MAX)) {
			row_error(r, e, "has too many cells");
			return 0;
		}
		if (cells)
			cells[count] = cell;
		count++;
	}
	if (expected && count != expected) {
		err_set(e, "row %zu has %zu cells, the head has %zu", r->row, count, expected);
		return 0;
	}
	skip_empty_lines(r);
	return count;
}

/* The separator that the first line has more of, outside quotation marks. */
static char
separator_of(const char *text)
{
	size_t commas = 0, semicolons = 0;
	bool quoted = false;

	for (; *text && (quoted || (*text != '\n' && *text != '\r')); text++) {
		if (*text == '"')
			quoted = !quoted;
		commas += !quoted && *text == ',';
		semicolons += !quoted && *text == ';';
	}
	return semicolons > commas ? ';' : ',';
}

static int
check_head(const struct csv_table *table, struct err *e)
{
	for (size_t i = 0; i < table->columns; i++) {
		for (size_t j = 0; j < i; j++) {
			if (table->head[i][0] && strcmp(table->head[i], table->head[j]) == 0)
				return err_set(e, "the head names the column \"%.60s\" twice", table->head[i]);
		}
	}
	return 0;
}

/* First pass: how many columns and rows. */
static int
measure(struct reader r, size_t rows_max, struct csv_table *table, struct err *e)
{
	table->rows = 0;
	if ((table->columns = take_row(&r, NULL, NULL, 0, e)) == 0)
		return -1;
	for (; *r.at; table->rows++) {
		r.row++;
		if (table->rows >= rows_max)
			return err_set(e, "more than %zu rows", rows_max);
		if (take_row(&r, NULL, NULL, table->columns, e) == 0)
			return -1;
	}
	return 0;
}

int
csv_parse(struct arena *a, const char *text, size_t rows_max, struct csv_table *table, struct err *e)
{
	struct reader r = {.at = text};

	if (strncmp(r.at, "\xef\xbb\xbf", 3) == 0)
		r.at += 3;
	skip_empty_lines(&r);
	if (*r.at == '\0')
		return err_set(e, "there is no head");
	r.separator = separator_of(r.at);
	if (measure(r, rows_max, table, e) != 0)
		return -1;
	table->head = arena_array(a, table->columns, sizeof *table->head);
	table->cells = arena_array(a, table->rows, table->columns * sizeof *table->cells);
	if (!table->head || !table->cells)
		return err_set(e, "no memory left for %zu rows", table->rows);
	if (take_row(&r, a, table->head, table->columns, e) == 0)
		return -1;
	for (size_t i = 0; i < table->rows; i++) {
		r.row++;
		if (take_row(&r, a, table->cells + i * table->columns, table->columns, e) == 0)
			return -1;
	}
	return check_head(table, e);
}

const char *
csv_cell(const struct csv_table *table, size_t row, const char *column)
{
	for (size_t i = 0; i < table->columns; i++) {
		if (strcmp(table->head[i], column) == 0)
			return table->cells[row * table->columns + i];
	}
	return NULL;
}

/* Would a spreadsheet take it for a formula? */
static bool
is_formula(const char *cell)
{
	static const char *const full_width[] = {"\uFF1D", "\uFF0B", "\uFF0D", "\uFF20"};

	if (*cell && strchr("=+-@\t\r", *cell))
		return true;
	for (size_t i = 0; i < sizeof full_width / sizeof full_width[0]; i++) {
		if (strncmp(cell, full_width[i], strlen(full_width[i])) == 0)
			return true;
	}
	return false;
}

const char *
csv_guard(struct arena *a, const char *cell)
{
	return is_formula(cell) ? arena_printf(a, "'%s", cell) : cell;
}

const char *
csv_quote(struct arena *a, const char *cell)
{
	const char *guard = is_formula(cell) ? "'" : "";
	char *quoted, *out;

	if (!cell[strcspn(cell, ",;\"\r\n")])
		return *guard ? arena_printf(a, "'%s", cell) : arena_string(a, cell);
	if (!(quoted = out = arena_alloc(a, 2 * strlen(cell) + 4)))
		return NULL;
	*out++ = '"';
	if (*guard)
		*out++ = '\'';
	for (; *cell; cell++) {
		if (*cell == '"')
			*out++ = '"';
		*out++ = *cell;
	}
	*out = '"';
	return quoted;
}
