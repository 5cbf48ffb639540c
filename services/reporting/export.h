/* export: a table as a file, CSV or XLSX, written row by row into a temporary file that has no name, so that neither
 * memory nor a limit cuts it off. No cell is ever a formula. */
#ifndef KOPRU_SERVICES_REPORTING_EXPORT_H
#define KOPRU_SERVICES_REPORTING_EXPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/err.h"
#include "common/loop/loop.h"

#define EXPORT_COLUMNS_MAX 32
#define EXPORT_SHEET_ROWS 1000000 /* a sheet holds 1,048,576; more go on in the next one */

enum export_format { EXPORT_CSV, EXPORT_XLSX };

struct export_table {
	enum export_format format;
	char separator; /* of CSV: ',' or ';' */
	const char *const *columns;
	size_t count; /* of columns */
	size_t first_number; /* columns from here to last_number - 1 hold numbers (or nothing) */
	size_t last_number;
};

struct export;

/* folder: where the temporary file lies. table is copied, its columns are constants. NULL with the reason. */
struct export *export_new(struct loop *l, const char *folder, const struct export_table *table, struct err *e);
void export_free(struct export *x); /* NULL is fine; waits for a closing that is under way */

/* One row; cells are copied. After a failure (a full disk) rows are dropped, and export_close tells. */
void export_row(struct export *x, const char *const *cells);
/* Rows so far, without the head. */
int64_t export_rows(const struct export *x);

/* Ends the file on a thread of its own, then calls on_closed on the loop, once: with the descriptor, which is the caller's
 * from then on, and its size; or with -1 and the reason. It may free x. */
typedef void export_on_closed(void *arg, int fd, uint64_t size, const struct err *e);
void export_close(struct export *x, export_on_closed *on_closed, void *arg);

#endif
