/* Files of other systems: what they are, their rows and what becomes of them are the same however the file is cut, and every
 * application is JSON that intake can read; mappings, which begin with "{", are read or refused with a reason. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/text.h"
#include "services/kopru/import_row.h"
#include "services/kopru/import_scan.h"

#define ROWS_MAX 200

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char mapping_text[] =
    "{\"channel\":\"cimer\",\"kind\":\"request\",\"columns\":{\"number\":\"n\",\"received_at\":\"t\",\"text\":\"m\","
    "\"kind\":\"k\",\"hidden\":\"g\",\"answer\":\"a\",\"answered_at\":\"z\",\"status\":\"d\",\"attachments\":\"e\","
    "\"reply_by\":"
    "\"r\",\"neighbourhood\":\"h\"},\"kinds\":{\"ihbar\":\"tip_off\"},\"hidden\":[\"evet\"],\"visible\":[\"hayir\","
    "\"\"]}";

static void
read_mapping(struct arena *a, const char *text)
{
	static const char *const head[] = {"n", "t", "m", "T\xc3\xbcr"};
	struct import_mapping m;
	struct err e = {""};
	size_t missing;

	if (import_mapping_read(a, text, &m, &e) < 0) {
		if (e.text[0] == '\0')
			abort();
		return;
	}
	json_decref(import_mapping_propose(a, &m, text, head, 4, &missing));
}

static void
check_item(const struct import_item *item)
{
	json_t *json = json_loads(item->application, JSON_REJECT_DUPLICATES, NULL);

	if (!json_is_object(json) || !item->number || !item->key || strlen(item->key) > 128 ||
	    strpbrk(item->key, " \"\\"))
		abort();
	if (item->closing && !item->answer)
		abort();
	json_decref(json);
}

/* What is told of a row, added to what was told of those before it. */
static void
take_row(struct arena *a, const struct import_format *format, struct import_columns *columns,
    const struct import_mapping *mapping, struct import_csv_row *row, size_t *told)
{
	struct import_source source = {.name = "cimer", .mapping = mapping, .columns = columns};
	struct import_item item = {.row = row->number};
	struct import_fault fault = {.column = "", .reason = row->fault};
	struct err e;

	*told = *told * 31 + row->number + row->line * 7 + row->count * 3;
	for (size_t i = 0; i < row->count; i++)
		*told = *told * 31 + strlen(row->cells[i]);
	if (row->fault || (fault.reason = import_decode(a, format->encoding, row->cells, row->count)))
		return;
	for (size_t i = 0; i < row->count; i++)
		if (!text_valid(row->cells[i], strlen(row->cells[i])))
			abort();
	if (row->number == 0) {
		if (import_columns_find(a, mapping, row->cells, row->count, columns, &e) < 0)
			columns->count = 0;
	} else if (columns->count > 0 && row->count == columns->count) {
		if (import_row_make(a, &source, row->cells, &item, &fault) == 0)
			check_item(&item);
		else if (!fault.reason || !fault.column)
			abort();
	}
}

static size_t
read_file(const char *text, size_t size, size_t piece)
{
	struct arena *a = arena_new(0);
	struct import_mapping *mapping = arena_alloc(a, sizeof(*mapping));
	struct import_columns *columns = arena_alloc(a, sizeof(*columns));
	struct import_scan scan = {.size = 0};
	struct import_format format;
	struct import_csv *csv;
	struct import_csv_row row;
	size_t told = 1, at = 0, rows = 0;
	bool ended = false;
	struct err e = {""};
	int rc;

	for (size_t i = 0; i < size; i += piece)
		import_scan_feed(&scan, text + i, size - i < piece ? size - i : piece);
	if (import_mapping_read(a, mapping_text, mapping, &e) < 0)
		abort();
	if (import_scan_end(&scan, &format, &e) < 0) {
		arena_free(a);
		return 0;
	}
	told = told * 31 + (size_t)format.encoding * 3 + (size_t)format.separator + (size_t)format.mixed;
	csv = import_csv_new(format.separator);
	at = format.bom ? 3 : 0;
	while ((rc = import_csv_next(csv, &row, &e)) >= 0 && rows < ROWS_MAX) {
		size_t next = size - at < piece ? size - at : piece;

		if (rc > 0) {
			rows++;
			take_row(a, &format, columns, mapping, &row, &told);
		} else if (ended) {
			break;
		} else if (at == size) {
			import_csv_end(csv);
			ended = true;
		} else {
			import_csv_feed(csv, text + at, next);
			at += next;
		}
	}
	import_csv_free(csv);
	arena_free(a);
	return rc < 0 ? told * 31 + 1 : told;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new(0);
	char *text = arena_string_n(a, (const char *)data, size);
	size_t piece = size > 0 ? 1 + data[size - 1] % 7 : 1;

	if (size > 0 && data[0] == '{')
		read_mapping(a, text);
	else if (read_file(text, size, size + 1) != read_file(text, size, piece))
		abort();
	arena_free(a);
	return 0;
}
