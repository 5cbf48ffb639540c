/* template: a parsed text is a list of parts, each a piece of a line and the field that follows it. */
#include "services/notifier/template.h"

#include <stdbool.h>
#include <string.h>

#include "common/base/text.h"

static const char *const field_names[TEMPLATE_FIELDS] = {
    [TEMPLATE_NUMBER] = "number",
    [TEMPLATE_RECEIVED_ON] = "received_on",
    [TEMPLATE_DUE_ON] = "due_on",
    [TEMPLATE_DEPARTMENT] = "department",
    [TEMPLATE_LAW] = "law",
    [TEMPLATE_LAW_FORWARD] = "law_forward",
    [TEMPLATE_TRACKING_URL] = "tracking_url",
    [TEMPLATE_ACCESS_CODE] = "access_code",
    [TEMPLATE_TEXT] = "text",
    [TEMPLATE_REASON] = "reason",
    [TEMPLATE_REJECT_REASON] = "reject_reason",
    [TEMPLATE_ANSWER_BY] = "answer_by",
    [TEMPLATE_FINAL_BY] = "final_by",
    [TEMPLATE_OLD_DUE_ON] = "old_due_on",
    [TEMPLATE_INSTITUTION] = "institution",
    [TEMPLATE_LETTER_ON] = "letter_on",
    [TEMPLATE_LETTER_NUMBER] = "letter_number",
    [TEMPLATE_JOINT] = "joint",
    [TEMPLATE_PAY_BY] = "pay_by",
    [TEMPLATE_PROMISED_ON] = "promised_on",
    [TEMPLATE_OLD_PROMISED_ON] = "old_promised_on",
    [TEMPLATE_TOPIC] = "topic",
    [TEMPLATE_CLOCK] = "clock",
    [TEMPLATE_CLOCK_EN] = "clock_en",
    [TEMPLATE_STAGE] = "stage",
    [TEMPLATE_EMERGENCY] = "emergency",
    [TEMPLATE_COUNT] = "count",
    [TEMPLATE_CASE_URL] = "case_url",
    [TEMPLATE_CONFIRM_URL] = "confirm_url",
    [TEMPLATE_OPT_OUT_URL] = "opt_out_url",
};

/* Within one line of the file. */
struct part {
	const char *text;
	size_t size;
	int field; /* TEMPLATE_FIELDS: none follows */
	bool last; /* of its line */
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

/* Where a text is cut. */
struct cutting {
	struct arena *arena;
	const char *path;
	const char *file; /* its begin, NUL-terminated */
	uint32_t allowed;
};

static int
field_find(const char *name, size_t size, uint32_t allowed)
{
	for (int i = 0; i < TEMPLATE_FIELDS; i++)
		if ((allowed & TEMPLATE_ALLOW(i)) && strlen(field_names[i]) == size &&
		    memcmp(field_names[i], name, size) == 0)
			return i;
	return TEMPLATE_FIELDS;
}

static const char *
names_allowed(struct arena *a, uint32_t allowed)
{
	const char *names = "";

	for (int i = 0; i < TEMPLATE_FIELDS; i++)
		if (allowed & TEMPLATE_ALLOW(i))
			names = arena_printf(a, "%s%s%s", names, *names ? ", " : "", field_names[i]);
	return names;
}

static int
line_of(const char *start, const char *at)
{
	int line = 1;

	for (const char *c = start; c < at; c++)
		line += *c == '\n';
	return line;
}

/* A placeholder at open; gives what follows it, NULL with the reason. */
static const char *
field_cut(const struct cutting *cut, const char *open, const char *line_end, int *field, struct err *e)
{
	const char *close = strstr(open, "}}");
	int line = line_of(cut->file, open), size;

	if (!close || close > line_end) {
		err_set(e, "%s:%d: \"{{\" without \"}}\" on the same line", cut->path, line);
		return NULL;
	}
	size = (int)(close - open - 2);
	*field = field_find(open + 2, (size_t)size, cut->allowed);
	if (*field < TEMPLATE_FIELDS)
		return close + 2;
	err_set(e, "%s:%d: placeholder \"{{%.*s}}\" is not known here; allowed are %s", cut->path, line,
	    size < 40 ? size : 40, open + 2, names_allowed(cut->arena, cut->allowed));
	return NULL;
}

/* Cuts text, line by line. */
static int
parts_cut(const struct cutting *cut, const char *text, struct parts *parts, struct err *e)
{
	size_t places = 1;

	for (const char *c = text; *c; c++)
		places += *c == '\n' || (c[0] == '{' && c[1] == '{');
	parts->list = arena_array(cut->arena, places, sizeof(*parts->list));
	parts->count = 0;
	while (*text) {
		const char *line_end = strchr(text, '\n') ? strchr(text, '\n') : text + strlen(text);
		const char *open = strstr(text, "{{");
		struct part *part = &parts->list[parts->count++];

		*part = (struct part){.text = text, .field = TEMPLATE_FIELDS};
		part->last = !open || open >= line_end;
		part->size = (size_t)((part->last ? line_end : open) - text);
		if (part->last)
			text = *line_end ? line_end + 1 : line_end;
		else
			text = field_cut(cut, open, line_end, &part->field, e);
		if (!text)
			return -1;
	}
	return 0;
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
template_parse(struct arena *a, const char *path, const char *data, size_t size, uint32_t allowed, struct err *e)
{
	struct template *t = arena_alloc(a, sizeof(*t));
	struct cutting cut = {.arena = a, .path = path, .allowed = allowed};
	const char *subject = NULL, *body = NULL;

	if (size > TEMPLATE_SIZE_MAX) {
		err_set(e, "%s:1: %zu bytes; at most %d are allowed", path, size, TEMPLATE_SIZE_MAX);
		return NULL;
	}
	if (!text_valid(data, size)) {
		err_set(e, "%s:%d: not UTF-8, or a NUL byte", path, line_of_bad_byte(data, size));
		return NULL;
	}
	cut.file = lines_normalize(a, data, size);
	if (file_cut(a, path, cut.file, &subject, &body, e) < 0 || parts_cut(&cut, body, &t->body, e) < 0)
		return NULL;
	cut.file = subject;
	return parts_cut(&cut, subject, &t->subject, e) < 0 ? NULL : t;
}

/* The parts from first to the end of its line; false when one of its fields is empty. */
static bool
line_given(const struct parts *parts, size_t first, const char *const *fields, size_t *end)
{
	bool given = true;

	for (*end = first; *end < parts->count; ++*end) {
		const struct part *part = &parts->list[*end];

		if (part->field < TEMPLATE_FIELDS && !*fields[part->field])
			given = false;
		if (part->last)
			break;
	}
	*end += *end < parts->count;
	return given;
}

static size_t
size_bound(const struct parts *parts, const char *const *fields)
{
	size_t size = 1;

	for (size_t i = 0; i < parts->count; i++) {
		const struct part *part = &parts->list[i];

		size += part->size + 1 + (part->field < TEMPLATE_FIELDS ? strlen(fields[part->field]) : 0);
	}
	return size;
}

static size_t
line_render(char *text, const struct part *part, const struct part *end, const char *const *fields)
{
	size_t used = 0;

	for (; part < end; part++) {
		memcpy(text + used, part->text, part->size);
		used += part->size;
		if (part->field < TEMPLATE_FIELDS) {
			size_t length = strlen(fields[part->field]);

			memcpy(text + used, fields[part->field], length);
			used += length;
		}
	}
	text[used++] = '\n';
	return used;
}

/* Two empty lines around one that was left out become one. */
static char *
parts_render(struct arena *a, const struct parts *parts, const char *const *fields)
{
	char *text = arena_alloc(a, size_bound(parts, fields));
	size_t used = 0, end;
	bool after_gap = false;

	for (size_t i = 0; i < parts->count; i = end) {
		const struct part *part = &parts->list[i];
		bool given = line_given(parts, i, fields, &end);
		bool gap = part->last && part->size == 0;

		if (!given || (gap && after_gap))
			continue;
		used += line_render(text + used, part, &parts->list[end], fields);
		after_gap = gap;
	}
	text[used] = '\0';
	return text;
}

char *
template_subject(struct arena *a, const struct template *t, const char *const *fields)
{
	char *text = parts_render(a, &t->subject, fields);
	size_t size = strlen(text);

	if (size > 0)
		text[size - 1] = '\0';
	return text;
}

char *
template_body(struct arena *a, const struct template *t, const char *const *fields)
{
	return parts_render(a, &t->body, fields);
}
