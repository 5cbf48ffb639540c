/* csv: RFC 4180. Reading takes "," or ";", an optional BOM and quoted line breaks; writing guards
 * against formulas in spreadsheets (a leading = + - @ TAB CR or their full-width forms gets a "'"). */
#ifndef KOPRU_COMMON_BASE_CSV_H
#define KOPRU_COMMON_BASE_CSV_H

#include <stddef.h>

#include "common/base/arena.h"
#include "common/base/err.h"

struct csv_table {
	size_t columns;
	size_t rows; /* without the head */
	const char **head; /* columns names */
	const char **cells; /* rows * columns, row by row; never NULL */
};

/* Parses text (NUL-terminated UTF-8, borrowed). Each row must have as many cells as the head; at
 * most rows_max rows. The reason names the row (counted from 1, head excluded). */
int csv_parse(struct arena *a, const char *text, size_t rows_max, struct csv_table *table, struct err *e);

/* Cell by column name; NULL when there is no such column. */
const char *csv_cell(const struct csv_table *table, size_t row, const char *column);

/* A cell that no spreadsheet takes for a formula: itself, or a guarded copy from the arena. */
const char *csv_guard(struct arena *a, const char *cell);

/* One cell as it stands in a file, quoted where needed and guarded, from the arena. */
const char *csv_quote(struct arena *a, const char *cell);

#endif
