/* Any text as CSV: what is read can be written, and is then read as the same, but for the guard. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/csv.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_cell(struct arena *a, const char *cell)
{
	const char *quoted = csv_quote(a, cell), *back;
	struct csv_table table;
	struct err e;

	if (csv_parse(a, arena_printf(a, "a,b\n%s,z\n", quoted), 1, &table, &e) != 0)
		abort();
	back = table.cells[0];
	if (*back && strchr("=+-@\t\r", *back))
		abort();
	if (strcmp(*back == '\'' && *cell != '\'' ? back + 1 : back, cell) != 0)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new((size_t)64 << 20), *small = arena_new(300);
	char *text = malloc(size + 1);
	struct csv_table table;
	struct err e = {""};

	if (!text)
		abort();
	memcpy(text, data, size);
	text[size] = '\0';
	csv_parse(small, text, 100, &table, &e);
	if (csv_parse(a, text, 100, &table, &e) == 0) {
		for (size_t i = 0; i < table.rows * table.columns && i < 200; i++)
			check_cell(a, table.cells[i]);
	} else if (e.text[0] == '\0') {
		abort();
	}
	free(text);
	arena_free(small);
	arena_free(a);
	return 0;
}
