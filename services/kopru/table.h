/* table: rows for a person or, as JSON, for a program. */
#ifndef KOPRU_SERVICES_KOPRU_TABLE_H
#define KOPRU_SERVICES_KOPRU_TABLE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include <jansson.h>

#include "common/base/arena.h"
#include "common/db/script.h"

struct table_column {
	const char *name; /* "public_key": the JSON name; shown in upper case, "_" as a space; NULL ends */
	bool number; /* aligned at the right; a number in JSON */
};

struct table;

/* columns are kept, not copied; all else lives in the arena. */
struct table *table_new(struct arena *a, const struct table_column *columns);
/* Cells from left to right, row by row. NULL text: nothing there. */
void table_add_text(struct table *t, const char *text);
void table_add_number(struct table *t, int64_t value);
void table_add_switch(struct table *t, bool value); /* "yes" or nothing; true or false */
void table_add_time(struct table *t, int64_t time); /* in Istanbul */

/* Rows whose columns are the table's; an empty cell is nothing. */
void table_add_rows(struct table *t, const struct script_rows *rows);

/* An array with one object for each row; the caller's. */
json_t *table_json(const struct table *t);
void table_print(const struct table *t, bool json, FILE *out);

#endif
