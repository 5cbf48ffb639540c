/* import_preview: see the header. */
#include "services/kopru/import_preview.h"

#include <stdio.h>
#include <string.h>

#include "common/base/text.h"
#include "services/kopru/table.h"

#define SHOWN_MAX 48 /* bytes of a text that are shown */

static const struct table_column field_columns[] = {{"field", false}, {"column", false}, {0}};
static const struct table_column row_columns[] = {{"row", true}, {"line", true}, {"number", false},
    {"received_at", false}, {"kind", false}, {"subject", false}, {"text", false}, {"named", false}, {"hidden", false},
    {"answer", false}, {"reason", false}, {0}};

static struct table *
fields_table(struct arena *a, const struct import_columns *columns)
{
	struct table *t = table_new(a, field_columns);

	for (int i = 0; i < IMPORT_FIELDS; i++) {
		if (columns->places[i] == IMPORT_CELLS_MAX)
			continue;
		table_add_text(t, import_fields[i].name);
		table_add_text(t, columns->head[columns->places[i]]);
	}
	for (size_t i = 0; i < columns->count; i++) {
		if (columns->used[i])
			continue;
		table_add_text(t, NULL);
		table_add_text(t, columns->head[i]);
	}
	return t;
}

/* One line, cut between two characters. */
static const char *
beginning(struct arena *a, const char *text)
{
	size_t size = text ? strlen(text) : 0;
	char *cut;

	if (size == 0)
		return NULL;
	if (size > SHOWN_MAX)
		for (size = SHOWN_MAX; size > 0 && ((unsigned char)text[size] & 0xc0) == 0x80; size--)
			;
	cut = arena_string_n(a, text, size);
	for (char *c = cut; *c; c++)
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			*c = ' ';
	return cut;
}

static void
add_application(struct table *t, struct arena *a, const struct import_item *item)
{
	static const char *const named[] = {"name", "national_id", "phone", "email", "address"};
	json_t *json = json_loads(item->application, 0, NULL), *applicant = json_object_get(json, "applicant");
	const char *text = json_string_value(json_object_get(json, "text"));
	bool is_named = false, hidden = json_is_true(json_object_get(applicant, "hide_identity"));

	for (size_t i = 0; i < sizeof(named) / sizeof(named[0]); i++)
		is_named |= json_object_get(applicant, named[i]) != NULL;
	table_add_text(t, json_string_value(json_object_get(json, "received_at")));
	table_add_text(t, json_string_value(json_object_get(json, "kind")));
	table_add_text(t, hidden ? NULL : beginning(a, json_string_value(json_object_get(json, "subject"))));
	table_add_text(t, hidden ? arena_printf(a, "(%zu characters)", text_length(text)) : beginning(a, text));
	table_add_switch(t, is_named);
	table_add_switch(t, hidden);
	table_add_switch(t, item->answer != NULL);
	table_add_text(t, NULL);
	json_decref(json);
}

static void
add_row(struct table *t, struct arena *a, const struct import_source *source, const struct import_csv_row *row)
{
	struct import_item item = {.row = row->number, .line = row->line};
	struct import_fault fault = {.column = "", .reason = row->fault};

	table_add_number(t, (int64_t)row->number);
	table_add_number(t, (int64_t)row->line);
	if (!row->fault && import_row_make(a, source, row->cells, &item, &fault) == 0) {
		table_add_text(t, item.number);
		add_application(t, a, &item);
		return;
	}
	table_add_text(t, item.number);
	for (size_t i = 3; row_columns[i + 1].name; i++)
		table_add_text(t, NULL);
	table_add_text(t, arena_printf(a, "%s%s%s", fault.column, *fault.column ? " " : "", fault.reason));
}

static void
print_json(const struct import_format *format, struct table *fields, struct table *rows)
{
	char separator[] = {format->separator, '\0'};
	json_t *json =
	    json_pack("{s:s,s:s,s:b,s:o,s:o}", "encoding", import_encoding_name(format->encoding), "separator",
		separator, "mixed", (int)format->mixed, "columns", table_json(fields), "rows", table_json(rows));

	json_dumpf(json, stdout, JSON_INDENT(2));
	putchar('\n');
	json_decref(json);
}

int
import_preview(const struct import_source *source, struct import_file *file, size_t rows, bool json, struct err *e)
{
	const struct import_format *format = import_file_format(file);
	struct arena *a = arena_new(0);
	struct table *fields = fields_table(a, source->columns), *t = table_new(a, row_columns);
	struct import_csv_row row;
	int rc = 1;

	for (size_t i = 0; i < rows && (rc = import_file_next(file, &row, e)) > 0; i++)
		add_row(t, a, source, &row);
	if (json) {
		print_json(format, fields, t);
	} else {
		printf("%s, columns separated by %s%s\n\n", import_encoding_name(format->encoding),
		    format->separator == '\t'  ? "tabs"
		    : format->separator == ';' ? "\";\""
					       : "\",\"",
		    format->mixed ? ", with lines of another encoding, which are refused" : "");
		table_print(fields, false, stdout);
		putchar('\n');
		table_print(t, false, stdout);
	}
	import_preview_warn(source);
	arena_free(a);
	return rc < 0 ? -1 : 0;
}

void
import_preview_warn(const struct import_source *source)
{
	const struct import_columns *columns = source->columns;

	if (columns->places[IMPORT_HIDDEN] == IMPORT_CELLS_MAX)
		fputs("warning: no column says who wants to be hidden from the departments: nobody is, as the mapping "
		      "says\n",
		    stderr);
	for (size_t i = 0; i < columns->count; i++)
		if (!columns->used[i] && *columns->head[i])
			fprintf(stderr, "warning: the column \"%s\" is not imported\n", columns->head[i]);
}
