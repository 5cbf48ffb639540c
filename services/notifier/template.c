/* template: a parsed text is a list of parts, each a piece of the file and the field that follows it. */
#include "services/notifier/template.h"

#include <string.h>

#include "common/base/text.h"

static const char *const field_names[TEMPLATE_FIELDS] = {
    [TEMPLATE_NUMBER] = "number",
    [TEMPLATE_RECEIVED_ON] = "received_on",
    [TEMPLATE_DUE_ON] = "due_on",
    [TEMPLATE_DEPARTMENT] = "department",
    [TEMPLATE_LAW] = "law",
    [TEMPLATE_TRACKING_URL] = "tracking_url",
    [TEMPLATE_ACCESS_CODE] = "access_code",
};

struct part {
	const char *text;
	size_t size;
	int field; /* TEMPLATE_FIELDS: none follows */
};

struct parts {
	struct part *list;
	size_t count;
};

struct template
{
	struct parts subject;
	struct parts body;
};

static int
field_find(const char *name, size_t size)
{
	for (int i = 0; i < TEMPLATE_FIELDS; i++)
		if (strlen(field_names[i]) == size && memcmp(field_names[i], name, size) == 0)
			return i;
	return TEMPLATE_FIELDS;
}

static int
line_of(const char *start, const char *at)
{
	int line = 1;

	for (const char *c = start; c < at; c++)
		line += *c == '\n';
	return line;
}

/* Cuts text (inside file, NUL-terminated) into parts. */
static int
parts_cut(struct arena *a, const char *path, const char *file, const char *text, struct parts *parts, struct err *e)
{
	size_t places = 1;

	for (const char *c = strstr(text, "{{"); c; c = strstr(c + 2, "{{"))
		places++;
	parts->list = arena_array(a, places, sizeof(*parts->list));
	parts->count = 0;
	for (;;) {
		const char *open = strstr(text, "{{");
		const char *close = open ? strstr(open, "}}") : NULL;
		struct part *part = &parts->list[parts->count++];

		part->text = text;
		part->size = open ? (size_t)(open - text) : strlen(text);
		part->field = TEMPLATE_FIELDS;
		if (!open)
			return 0;
		if (!close)
			return err_set(e, "%s:%d: \"{{\" without \"}}\"", path, line_of(file, open));
		part->field = field_find(open + 2, (size_t)(close - open - 2));
		if (part->field == TEMPLATE_FIELDS)
			return err_set(e,
			    "%s:%d: unknown placeholder \"{{%.*s}}\"; known are number, received_on, due_on, "
			    "department, law, tracking_url and access_code",
			    path, line_of(file, open), (int)(close - open - 2 < 40 ? close - open - 2 : 40), open + 2);
		text = close + 2;
	}
}

/* A copy with every line ended by one LF; NUL-terminated. */
static char *
lines_normalize(struct arena *a, const char *data, size_t size)
{
	char *text = arena_alloc(a, size + 1);
	size_t used = 0;

	for (size_t i = 0; i < size; i++) {
		if (data[i] != '\r')
			text[used++] = data[i];
		else if (i + 1 == size || data[i + 1] != '\n')
			text[used++] = '\n';
	}
	text[used] = '\0';
	return text;
}

static int
line_of_bad_byte(const char *data, size_t size)
{
	size_t start = 0;
	int line = 1;

	for (size_t i = 0; i < size; i++) {
		if (data[i] != '\n')
			continue;
		if (!text_valid(data + start, i - start))
			return line;
		start = i + 1;
		line++;
	}
	return line;
}

/* Cuts the file into its subject (NUL-terminated, a copy) and its body. */
static int
file_cut(struct arena *a, const char *path, const char *file, const char **subject, const char **body, struct err *e)
{
	static const char head[] = "Subject: ";
	const char *end = strchr(file, '\n');

	if (strncmp(file, head, sizeof(head) - 1) != 0)
		return err_set(e, "%s:1: the first line must be \"Subject: ...\"", path);
	if (!end || end[1] != '\n')
		return err_set(e, "%s:2: an empty line must follow the subject", path);
	*subject = arena_string_n(a, file + sizeof(head) - 1, (size_t)(end - file) - (sizeof(head) - 1));
	*body = end + 2;
	if (text_blank(*subject) || text_has_line_break_or_control(*subject))
		return err_set(e, "%s:1: the subject is empty or holds a control character", path);
	if (text_blank(*body))
		return err_set(e, "%s:3: the body is empty", path);
	return 0;
}

struct template *
template_parse(struct arena *a, const char *path, const char *data, size_t size, struct err *e)
{
	struct template *t = arena_alloc(a, sizeof(*t));
	const char *file = NULL, *subject = NULL, *body = NULL;

	if (size > TEMPLATE_SIZE_MAX) {
		err_set(e, "%s:1: %zu bytes; at most %d are allowed", path, size, TEMPLATE_SIZE_MAX);
		return NULL;
	}
	if (!text_valid(data, size)) {
		err_set(e, "%s:%d: not UTF-8, or a NUL byte", path, line_of_bad_byte(data, size));
		return NULL;
	}
	file = lines_normalize(a, data, size);
	if (file_cut(a, path, file, &subject, &body, e) < 0 ||
	    parts_cut(a, path, subject, subject, &t->subject, e) < 0 || parts_cut(a, path, file, body, &t->body, e) < 0)
		return NULL;
	return t;
}

static char *
parts_render(struct arena *a, const struct parts *parts, const char *const *fields)
{
	size_t size = 1, used = 0;
	char *text;

	for (size_t i = 0; i < parts->count; i++) {
		const struct part *part = &parts->list[i];

		size += part->size + (part->field < TEMPLATE_FIELDS ? strlen(fields[part->field]) : 0);
	}
	text = arena_alloc(a, size);
	for (size_t i = 0; i < parts->count; i++) {
		const struct part *part = &parts->list[i];
		size_t length = part->field < TEMPLATE_FIELDS ? strlen(fields[part->field]) : 0;

		memcpy(text + used, part->text, part->size);
		used += part->size;
		if (length)
			memcpy(text + used, fields[part->field], length);
		used += length;
	}
	text[used] = '\0';
	return text;
}

char *
template_subject(struct arena *a, const struct template *t, const char *const *fields)
{
	return parts_render(a, &t->subject, fields);
}

char *
template_body(struct arena *a, const struct template *t, const char *const *fields)
{
	return parts_render(a, &t->body, fields);
}
