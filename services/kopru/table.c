/* table: see table.h. */
#include "services/kopru/table.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <uniwidth.h>

#include "common/domain/calendar.h"

enum cell_type { CELL_NONE, CELL_TEXT, CELL_NUMBER, CELL_SWITCH };

struct cell {
	struct cell *next;
	enum cell_type type;
	int64_t number;
	const char *text; /* as shown */
};

struct table {
	struct arena *arena;
	const struct table_column *columns;
	struct cell *first, **last;
};

struct table *
table_new(struct arena *a, const struct table_column *columns)
{
	struct table *t = arena_alloc(a, sizeof(*t));

	t->arena = a;
	t->columns = columns;
	t->last = &t->first;
	return t;
}

static struct cell *
cell_new(struct table *t, enum cell_type type, const char *text)
{
	struct cell *cell = arena_alloc(t->arena, sizeof(*cell));

	cell->type = type;
	cell->text = text;
	*t->last = cell;
	t->last = &cell->next;
	return cell;
}

void
table_add_text(struct table *t, const char *text)
{
	cell_new(t, text ? CELL_TEXT : CELL_NONE, text ? arena_string(t->arena, text) : "");
}

void
table_add_number(struct table *t, int64_t value)
{
	cell_new(t, CELL_NUMBER, arena_printf(t->arena, "%" PRId64, value))->number = value;
}

void
table_add_switch(struct table *t, bool value)
{
	cell_new(t, CELL_SWITCH, value ? "yes" : "")->number = value;
}

void
table_add_time(struct table *t, int64_t time)
{
	char text[TIME_TEXT_SIZE];

	time_text_istanbul(time, text);
	table_add_text(t, text);
}

void
table_add_rows(struct table *t, const struct script_rows *rows)
{
	for (size_t i = 0; i < rows->count * rows->columns; i++) {
		const char *cell = rows->cells[i];

		if (t->columns[i % rows->columns].number && *cell)
			table_add_number(t, strtoll(cell, NULL, 10));
		else
			table_add_text(t, *cell ? cell : NULL);
	}
}

static int
width(const char *text)
{
	return u8_strwidth((const uint8_t *)text, "UTF-8");
}

static const char *
heading(const struct table *t, size_t column)
{
	char *text = arena_string(t->arena, t->columns[column].name);

	for (char *c = text; *c; c++)
		*c = (char)(*c == '_' ? ' ' : *c >= 'a' && *c <= 'z' ? *c - 'a' + 'A' : *c);
	return text;
}

static size_t
columns_count(const struct table *t)
{
	size_t count = 0;

	while (t->columns[count].name)
		count++;
	return count;
}

static void
cell_print(const struct table *t, size_t column, const char *text, int full, FILE *out)
{
	int space = full - width(text);
	bool last = !t->columns[column + 1].name;

	if (t->columns[column].number)
		fprintf(out, "%*s%s", space, "", text);
	else
		fprintf(out, "%s%*s", text, last ? 0 : space, "");
	fputs(last ? "\n" : "  ", out);
}

static void
text_print(const struct table *t, FILE *out)
{
	size_t count = columns_count(t), i = 0;
	int *widths = arena_array(t->arena, count, sizeof(*widths));

	for (size_t j = 0; j < count; j++)
		widths[j] = width(t->columns[j].name);
	for (const struct cell *c = t->first; c; c = c->next, i++)
		if (width(c->text) > widths[i % count])
			widths[i % count] = width(c->text);
	for (size_t j = 0; j < count; j++)
		cell_print(t, j, heading(t, j), widths[j], out);
	i = 0;
	for (const struct cell *c = t->first; c; c = c->next, i++)
		cell_print(t, i % count, c->text, widths[i % count], out);
}

static json_t *
cell_json(const struct cell *c)
{
	switch (c->type) {
	case CELL_TEXT:
		return json_string(c->text);
	case CELL_NUMBER:
		return json_integer(c->number);
	case CELL_SWITCH:
		return json_boolean(c->number);
	case CELL_NONE:
		break;
	}
	return json_null();
}

json_t *
table_json(const struct table *t)
{
	size_t count = columns_count(t), i = 0;
	json_t *rows = json_array(), *row = NULL;

	for (const struct cell *c = t->first; c; c = c->next, i++) {
		if (i % count == 0) {
			row = json_object();
			json_array_append_new(rows, row);
		}
		json_object_set_new(row, t->columns[i % count].name, cell_json(c));
	}
	return rows;
}

void
table_print(const struct table *t, bool json, FILE *out)
{
	json_t *rows;

	if (!json) {
		text_print(t, out);
		return;
	}
	rows = table_json(t);
	json_dumpf(rows, out, JSON_INDENT(2));
	fputc('\n', out);
	json_decref(rows);
}
