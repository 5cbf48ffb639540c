/* imap_reader: see imap_reader.h. */
#include "services/intake/imap_reader.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/text.h"

#define LITERAL_LIMIT ((uint64_t)4 * 1024 * 1024 * 1024) /* larger ones nobody sends */

static char *
data_new(size_t room)
{
	char *data = malloc(room + 1);

	if (!data)
		abort();
	data[0] = '\0';
	return data;
}

void
imap_reader_clear(struct imap_reader *r)
{
	free(r->data);
	*r = (struct imap_reader){.literal_max = r->literal_max};
}

/* Digits at text: true when there are some that fit. */
static bool
number_read(const char *text, uint64_t *number)
{
	*number = 0;
	if (!ascii_digit(*text))
		return false;
	for (; ascii_digit(*text); text++) {
		if (*number > UINT64_MAX / 10 - 9)
			return false;
		*number = *number * 10 + (uint64_t)(*text - '0');
	}
	return true;
}

/* The number behind a word of the line; 0 when there is none. */
static uint64_t
number_after(const char *line, const char *word)
{
	uint64_t number;

	for (const char *at = line; *at; at++)
		if (ascii_starts_nocase(at, word) && number_read(at + strlen(word), &number))
			return number;
	return 0;
}

static void
text_take(struct imap_event *event, const char *text)
{
	snprintf(event->text, sizeof(event->text), "%.*s", IMAP_TEXT_SIZE - 1, text);
	for (char *c = event->text; *c; c++)
		if (*c < ' ' || *c > '~')
			*c = '?';
}

static enum imap_kind
tagged_read(const char *rest, struct imap_event *event)
{
	text_take(event, rest);
	if (ascii_starts_nocase(rest, "OK"))
		return IMAP_DONE;
	return ascii_starts_nocase(rest, "NO") || ascii_starts_nocase(rest, "BAD") ? IMAP_REFUSED : IMAP_GARBAGE;
}

/* "* n FETCH (...)": of what has a literal, the literal counts. */
static enum imap_kind
fetch_read(struct imap_reader *r, struct imap_event *event)
{
	uint64_t uid = number_after(r->line, "UID ");

	event->uid = uid <= UINT32_MAX ? (uint32_t)uid : 0;
	if (r->data) {
		event->number = r->literal_size;
		event->data = r->data;
		event->size = r->data_size;
		r->data = NULL;
		r->data_size = r->data_room = 0;
		return IMAP_MAIL;
	}
	event->number = number_after(r->line, "RFC822.SIZE ");
	return event->number > 0 && event->uid > 0 ? IMAP_SIZE : IMAP_MORE;
}

static bool
is_fetch(const char *line)
{
	uint64_t number;

	if (line[0] != '*' || line[1] != ' ' || !number_read(line + 2, &number))
		return false;
	line += 2 + strspn(line + 2, "0123456789");
	return ascii_starts_nocase(line, " FETCH (");
}

/* A whole line. IMAP_MORE: it says nothing that we want to know. */
static enum imap_kind
line_read(struct imap_reader *r, const char *tag, struct imap_event *event)
{
	const char *line = r->line;
	size_t tag_size = strlen(tag);

	if (tag_size > 0 && strncmp(line, tag, tag_size) == 0 && line[tag_size] == ' ')
		return tagged_read(line + tag_size + 1, event);
	if (*line == '+')
		return IMAP_MORE;
	if (line[0] != '*' || line[1] != ' ')
		return IMAP_GARBAGE;
	if (is_fetch(line))
		return fetch_read(r, event);
	if (ascii_starts_nocase(line + 2, "BYE")) {
		text_take(event, line + 2);
		return IMAP_BYE;
	}
	if (ascii_starts_nocase(line + 2, "OK [UIDVALIDITY ")) {
		event->number = number_after(line, "UIDVALIDITY ");
		return IMAP_VALIDITY;
	}
	return IMAP_MORE;
}

/* "{123}" at the end of a line of FETCH. */
static bool
literal_begins(struct imap_reader *r)
{
	const char *open = r->line_size > 2 && r->line[r->line_size - 1] == '}' ? strrchr(r->line, '{') : NULL;
	uint64_t size;

	if (!open || !is_fetch(r->line) || !number_read(open + 1, &size) || size > LITERAL_LIMIT)
		return false;
	r->literal_size = r->literal_left = size;
	r->data_room = size < r->literal_max ? (size_t)size : r->literal_max;
	free(r->data);
	r->data = data_new(r->data_room);
	r->data_size = 0;
	/* What was in the line stays, for the UID; the rest of it follows. */
	r->line_size = (size_t)(open - r->line);
	r->line[r->line_size] = '\0';
	return true;
}

static void
literal_take(struct imap_reader *r, const char **data, size_t *size)
{
	size_t taken = *size < r->literal_left ? *size : (size_t)r->literal_left;
	size_t kept = taken < r->data_room - r->data_size ? taken : r->data_room - r->data_size;

	memcpy(r->data + r->data_size, *data, kept);
	r->data_size += kept;
	r->data[r->data_size] = '\0';
	r->literal_left -= taken;
	*data += taken;
	*size -= taken;
}

/* A byte of the list of numbers: true when a number has ended. */
static bool
search_take(struct imap_reader *r, char c, struct imap_event *event)
{
	bool ended = !ascii_digit(c) && r->found > 0;

	if (ended)
		event->number = r->found;
	r->found = ascii_digit(c) && r->found < UINT32_MAX ? r->found * 10 + (uint64_t)(c - '0') : 0;
	if (c == '\n') {
		r->searching = false;
		r->line_size = 0;
	}
	return ended;
}

static void
line_take(struct imap_reader *r, char c)
{
	if (r->line_size + 1 < IMAP_LINE_MAX && c && c != '\r')
		r->line[r->line_size++] = c;
	r->line[r->line_size] = '\0';
	r->searching = r->line_size == 8 && ascii_equal_nocase(r->line, "* SEARCH");
}

static enum imap_kind
line_end(struct imap_reader *r, const char *tag, struct imap_event *event)
{
	enum imap_kind kind;

	if (literal_begins(r)) {
		event->number = r->literal_size;
		return IMAP_LITERAL;
	}
	kind = line_read(r, tag, event);
	r->line_size = 0;
	r->line[0] = '\0';
	return kind;
}

enum imap_kind
imap_reader_next(struct imap_reader *r, const char *tag, const char **data, size_t *size, struct imap_event *event)
{
	*event = (struct imap_event){0};
	while (*size > 0) {
		enum imap_kind kind = IMAP_MORE;
		char c;

		if (r->literal_left > 0) {
			literal_take(r, data, size);
			continue;
		}
		c = **data;
		++*data;
		--*size;
		if (r->searching) {
			if (search_take(r, c, event))
				return IMAP_FOUND;
			continue;
		}
		if (c == '\n')
			kind = line_end(r, tag, event);
		else
			line_take(r, c);
		if (kind != IMAP_MORE)
			return kind;
	}
	return IMAP_MORE;
}
