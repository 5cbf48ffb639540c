/* mail_scan: see mail_scan.h. One pass over the lines. What could be a boundary is counted, whether a parser would take it
 * for one or not: lines that begin with a declared boundary, and, more generously, all that begin with two hyphens. */
#include "services/intake/mail_scan.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "common/base/text.h"

#define BOUNDARIES_MAX (MAIL_PARTS_MAX + 1) /* declared */
#define BOUNDARY_LINES_MAX (2 * MAIL_PARTS_MAX) /* each part's begin, each multipart's end */
#define HYPHEN_LINES_MAX 5000
#define NESTED_MAX (2 * MAIL_DEPTH_MAX) /* messages in messages */
#define TYPES_MAX (2 * MAIL_PARTS_MAX)
#define BOUNDARY_SIZE 70 /* RFC 2046; GMime too takes more, but nobody writes it */

struct boundary {
	const char *text;
	size_t size;
};

struct scan {
	struct boundary boundaries[BOUNDARIES_MAX];
	size_t boundary_count, boundary_lines, hyphen_lines, nested, types, header_lines;
	const char *wrong;
};

static bool
line_starts(const char *line, size_t size, const char *prefix)
{
	size_t length = strlen(prefix);

	if (size < length)
		return false;
	for (size_t i = 0; i < length; i++)
		if (ascii_lower(line[i]) != prefix[i])
			return false;
	return true;
}

/* Where the lower-case word ends in the line, or NULL. */
static const char *
line_find(const char *line, size_t size, const char *word)
{
	size_t length = strlen(word);

	for (size_t i = 0; i + length <= size; i++)
		if (line_starts(line + i, size - i, word))
			return line + i + length;
	return NULL;
}

static void
boundary_add(struct scan *s, const char *text, size_t size)
{
	for (size_t i = 0; i < s->boundary_count; i++)
		if (s->boundaries[i].size == size && memcmp(s->boundaries[i].text, text, size) == 0)
			return;
	if (s->boundary_count == BOUNDARIES_MAX)
		s->wrong = "the mail declares too many multiparts";
	else
		s->boundaries[s->boundary_count++] = (struct boundary){text, size};
}

/* A boundary may be declared on any line: also in a message within, and on a folded line of a header. */
static void
boundary_look(struct scan *s, const char *line, size_t size)
{
	const char *at = size <= 4096 ? line_find(line, size, "boundary") : NULL, *end = line + size;
	size_t length = 0;

	if (!at)
		return;
	while (at < end && *at != '=')
		at++;
	while (at < end && (*at == '=' || *at == ' ' || *at == '\t' || *at == '"'))
		at++;
	while (at + length < end && length < BOUNDARY_SIZE && !strchr("\";\r\n", at[length]))
		length++;
	if (length > 0)
		boundary_add(s, at, length);
}

static void
hyphens_count(struct scan *s, const char *line, size_t size)
{
	if (++s->hyphen_lines > HYPHEN_LINES_MAX)
		s->wrong = "the mail has too many lines that look like boundaries";
	for (size_t i = 0; i < s->boundary_count; i++) {
		const struct boundary *b = &s->boundaries[i];

		if (size < b->size + 2 || memcmp(line + 2, b->text, b->size) != 0)
			continue;
		if (++s->boundary_lines > BOUNDARY_LINES_MAX)
			s->wrong = "the mail has too many parts";
		return;
	}
}

static void
line_look(struct scan *s, const char *line, size_t size)
{
	if (size >= 2 && line[0] == '-' && line[1] == '-') {
		hyphens_count(s, line, size);
		return;
	}
	boundary_look(s, line, size);
	if (!line_starts(line, size, "content-type"))
		return;
	if (++s->types > TYPES_MAX)
		s->wrong = "the mail has too many parts";
	if (line_find(line, size < 4096 ? size : 4096, "message/") && ++s->nested > NESTED_MAX)
		s->wrong = "the mail nests too many messages";
}

static const char *
header_check(const char *raw, size_t size)
{
	size_t body = mail_body_at(raw, size), lines = 0;

	if (body > MAIL_HEADER_MAX)
		return "the mail's headers are too large";
	for (const char *at = raw; (at = memchr(at, '\n', (size_t)(raw + body - at))); at++)
		lines++;
	return lines > MAIL_HEADER_LINES_MAX ? "the mail has too many headers" : NULL;
}

const char *
mail_scan(const char *raw, size_t size)
{
	struct scan s = {.boundary_count = 0};
	const char *at = raw, *end = raw + size;

	if (size > MAIL_SIZE_MAX)
		return "the mail is larger than 25 MiB";
	if (size == 0)
		return "the mail is empty";
	s.wrong = header_check(raw, size);
	while (at < end && !s.wrong) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));
		size_t length = (size_t)((newline ? newline : end) - at);

		line_look(&s, at, length);
		at += length + 1;
	}
	return s.wrong;
}

size_t
mail_body_at(const char *raw, size_t size)
{
	for (const char *at = raw, *end = raw + size; at < end;) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));

		if (!newline)
			return size;
		if (newline == at || (newline == at + 1 && *at == '\r'))
			return (size_t)(newline + 1 - raw);
		at = newline + 1;
	}
	return size;
}
