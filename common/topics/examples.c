/* examples: see examples.h. */
#include "common/topics/examples.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/text.h"

static void
examples_grow(struct arena *a, struct examples *x)
{
	struct model_example *list = arena_array(a, 2 * x->room + 64, sizeof(*list));

	if (x->count > 0)
		memcpy(list, x->list, x->count * sizeof(*list));
	x->list = list;
	x->room = 2 * x->room + 64;
}

static int
check_label(const char *label, size_t size, size_t line, struct err *e)
{
	if (size == 0)
		return err_set(e, "line %zu: there is no label before the tab", line);
	if (size >= MODEL_LABEL_SIZE) {
		return err_set(
		    e, "line %zu: the label has %zu bytes; %d are allowed", line, size, MODEL_LABEL_SIZE - 1);
	}
	if (label[0] == ' ' || label[size - 1] == ' ' || text_has_control(label))
		return err_set(e, "line %zu: the label begins or ends with a blank or holds a control character", line);
	return 0;
}

static int
check_text(const char *text, size_t size, size_t line, struct err *e)
{
	if (text_blank(text))
		return err_set(e, "line %zu: there is no text after the tab", line);
	if (size > MODEL_TEXT_MAX)
		return err_set(e, "line %zu: the text has %zu bytes; %d are allowed", line, size, MODEL_TEXT_MAX);
	if (text_has_control(text))
		return err_set(e, "line %zu: the text holds a control character", line);
	return 0;
}

/* line: NUL-terminated, without its end. */
static int
add_line(struct arena *a, struct examples *x, char *line, size_t size, size_t number, struct err *e)
{
	char *tab = memchr(line, '\t', size);

	if (!text_valid(line, size))
		return err_set(e, "line %zu: it is not UTF-8", number);
	if (!tab)
		return err_set(e, "line %zu: there is no tab; a line is a label, a tab and a text", number);
	*tab = '\0';
	if (check_label(line, (size_t)(tab - line), number, e) != 0 ||
	    check_text(tab + 1, size - (size_t)(tab + 1 - line), number, e) != 0)
		return -1;
	if (x->count == MODEL_EXAMPLES_MAX)
		return err_set(e, "line %zu: more than %d texts", number, MODEL_EXAMPLES_MAX);
	if (x->count == x->room)
		examples_grow(a, x);
	x->list[x->count++] = (struct model_example){line, tab + 1};
	return 0;
}

int
examples_add(struct arena *a, struct examples *x, char *data, size_t size, struct err *e)
{
	char *end = data + size;
	size_t number = 1;

	if (size >= 3 && memcmp(data, "\xef\xbb\xbf", 3) == 0)
		data += 3;
	for (char *next; data < end; data = next, number++) {
		char *line_end = memchr(data, '\n', (size_t)(end - data));

		next = line_end ? line_end + 1 : end;
		if (!line_end)
			line_end = end;
		if (line_end > data && line_end[-1] == '\r')
			line_end--;
		*line_end = '\0';
		if (add_line(a, x, data, (size_t)(line_end - data), number, e) != 0)
			return -1;
	}
	return number > 1 ? 0 : err_set(e, "it is empty");
}

static int
compare_labels(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

const char **
examples_labels(struct arena *a, const struct examples *x, size_t *count)
{
	const char **labels = arena_array(a, x->count + 1, sizeof(*labels));

	for (size_t i = 0; i < x->count; i++)
		labels[i] = x->list[i].label;
	qsort(labels, x->count, sizeof(*labels), compare_labels);
	*count = 0;
	for (size_t i = 0; i < x->count; i++) {
		if (i == 0 || strcmp(labels[i], labels[*count - 1]) != 0)
			labels[(*count)++] = labels[i];
	}
	return labels;
}
