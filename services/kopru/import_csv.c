/* import_csv: see the header. */
#include "services/kopru/import_csv.h"

#include <stdlib.h>
#include <string.h>

enum place {
	BEFORE_ROW, /* line breaks here are empty lines */
	BEFORE_CELL,
	IN_PLAIN,
	IN_QUOTED,
	AFTER_QUOTE, /* the cell's end, or the first of two */
	IN_FAULTY, /* until the line ends */
};

struct import_csv {
	char separator;
	const char *data;
	size_t size;
	bool ended, after_cr;
	enum place place;
	size_t number, line, began, quoted; /* lines where the row, and its last quotation mark, began */
	const char *fault;
	size_t used, count, length; /* length: of the row so far */
	size_t starts[IMPORT_CELLS_MAX];
	const char *cells[IMPORT_CELLS_MAX];
	char text[IMPORT_ROW_MAX];
};

struct import_csv *
import_csv_new(char separator)
{
	struct import_csv *c = calloc(1, sizeof(*c));

	if (!c)
		abort();
	c->separator = separator;
	c->line = 1;
	return c;
}

void
import_csv_free(struct import_csv *c)
{
	free(c);
}

void
import_csv_feed(struct import_csv *c, const char *data, size_t size)
{
	c->data = data;
	c->size = size;
}

void
import_csv_end(struct import_csv *c)
{
	c->data = "";
	c->size = 0;
	c->ended = true;
}

/* The first fault is told. What is read goes on, to find the row's end, but is kept no more. */
static void
fail(struct import_csv *c, const char *fault)
{
	if (!c->fault)
		c->fault = fault;
}

static void
keep(struct import_csv *c, char byte)
{
	if (c->used >= sizeof(c->text))
		fail(c, "it is longer than 256 KiB");
	if (!c->fault)
		c->text[c->used++] = byte;
}

static void
put(struct import_csv *c, char byte)
{
	if (byte == '\0')
		fail(c, "it holds bytes of 0");
	keep(c, byte);
}

static void
begin_cell(struct import_csv *c)
{
	c->place = BEFORE_CELL;
	if (c->count == IMPORT_CELLS_MAX)
		fail(c, "it has more than 200 cells");
	else
		c->starts[c->count++] = c->used;
}

static void
next_cell(struct import_csv *c)
{
	keep(c, '\0');
	begin_cell(c);
}

/* Where cells begin and end is not known any more. */
static void
lose(struct import_csv *c, const char *fault)
{
	fail(c, fault);
	c->place = IN_FAULTY;
}

static void
begin_row(struct import_csv *c)
{
	c->used = c->count = c->length = 0;
	c->fault = NULL;
	c->began = c->line;
	begin_cell(c);
}

static int
end_row(struct import_csv *c, struct import_csv_row *row)
{
	keep(c, '\0');
	for (size_t i = 0; i < c->count; i++)
		c->cells[i] = c->text + c->starts[i];
	*row = (struct import_csv_row){.number = c->number++,
	    .line = c->began,
	    .count = c->fault ? 0 : c->count,
	    .cells = c->cells,
	    .fault = c->fault};
	c->place = BEFORE_ROW;
	return 1;
}

static void
take(struct import_csv *c, char byte)
{
	bool quote = byte == '"', separator = byte == c->separator;

	switch (c->place) {
	case BEFORE_ROW:
	case BEFORE_CELL:
	case IN_PLAIN:
		if (quote && c->place == BEFORE_CELL) {
			c->place = IN_QUOTED;
			c->quoted = c->line;
		} else if (quote) {
			lose(c, "it has a quotation mark inside a cell without quotation marks");
		} else if (separator) {
			next_cell(c);
		} else {
			c->place = IN_PLAIN;
			put(c, byte);
		}
		return;
	case IN_QUOTED:
		if (quote)
			c->place = AFTER_QUOTE;
		else
			put(c, byte);
		return;
	case AFTER_QUOTE:
		if (quote) {
			c->place = IN_QUOTED;
			put(c, byte);
		} else if (separator) {
			next_cell(c);
		} else {
			lose(c, "it has text after a closing quotation mark");
		}
		return;
	case IN_FAULTY:
	default:
		return;
	}
}

static int
never_closed(const struct import_csv *c, struct err *e)
{
	return err_set(e,
	    "row %zu: the quotation mark in line %zu is never closed (within 256 KiB); nothing from there on was read",
	    c->number, c->quoted);
}

/* A byte that does not end a row; -1 when nothing can be read any more. */
static int
step(struct import_csv *c, char byte, struct err *e)
{
	if (c->place == BEFORE_ROW)
		begin_row(c);
	take(c, byte);
	return ++c->length > IMPORT_ROW_MAX && c->place == IN_QUOTED ? never_closed(c, e) : 0;
}

int
import_csv_next(struct import_csv *c, struct import_csv_row *row, struct err *e)
{
	while (c->size > 0) {
		char byte = *c->data++;
		bool second = c->after_cr && byte == '\n', end = byte == '\n' || byte == '\r';
		bool quoted = c->place == IN_QUOTED, open = c->place != BEFORE_ROW;

		c->size--;
		c->after_cr = byte == '\r';
		if (end && !quoted) {
			int rc = !second && open ? end_row(c, row) : 0;

			c->line += !second;
			if (rc > 0)
				return rc;
			continue;
		}
		if (step(c, byte, e) < 0)
			return -1;
		c->line += end && !second;
	}
	if (!c->ended || c->place == BEFORE_ROW)
		return 0;
	return c->place == IN_QUOTED ? never_closed(c, e) : end_row(c, row);
}
