/* import_csv: the rows of a CSV file (RFC 4180) that comes in pieces, cut anywhere. One row is held at a time. A row that is
 * broken says so and the next one is read; only a quotation mark that is never closed ends it all. Pure. */
#ifndef KOPRU_SERVICES_KOPRU_IMPORT_CSV_H
#define KOPRU_SERVICES_KOPRU_IMPORT_CSV_H

#include <stdbool.h>
#include <stddef.h>

#include "common/base/err.h"

#define IMPORT_CELLS_MAX 200
#define IMPORT_ROW_MAX ((size_t)256 * 1024) /* bytes */

struct import_csv;

/* Cells live until the next row is asked for. */
struct import_csv_row {
	size_t number; /* 0 is the head */
	size_t line; /* where it begins in the file, from 1 */
	size_t count;
	const char **cells;
	const char *fault; /* why it cannot be read; NULL: it can */
};

struct import_csv *import_csv_new(char separator);
void import_csv_free(struct import_csv *c); /* NULL is fine */

/* The next piece; borrowed until import_csv_next gives 0. A BOM is the caller's to leave out. */
void import_csv_feed(struct import_csv *c, const char *data, size_t size);
void import_csv_end(struct import_csv *c); /* there is no more */
/* 1: a row; 0: the next piece, or the end; -1: nothing after this can be read, the reason says why. */
int import_csv_next(struct import_csv *c, struct import_csv_row *row, struct err *e);

#endif
