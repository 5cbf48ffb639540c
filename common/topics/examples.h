/* examples: labelled texts from a file of lines "label<TAB>text". Pure. */
#ifndef KOPRU_COMMON_TOPICS_EXAMPLES_H
#define KOPRU_COMMON_TOPICS_EXAMPLES_H

#include <stddef.h>

#include "common/base/arena.h"
#include "common/base/err.h"
#include "common/topics/model.h"

#define EXAMPLES_FILE_MAX (48 * 1024 * 1024) /* bytes */

struct examples {
	struct model_example *list;
	size_t count, room;
};

/* Adds a file's texts. data: size bytes and a NUL after them, which stay and are cut at tabs and line ends in place.
 * UTF-8, a BOM may lead, lines may end in CR LF; a tab after the first is part of the text. Refused, with its line: no
 * tab, a label that is empty, blank around or longer than MODEL_LABEL_SIZE - 1 bytes, a text that is empty or longer than
 * MODEL_TEXT_MAX bytes, what is not UTF-8 or holds control characters, more than MODEL_EXAMPLES_MAX texts in all. */
int examples_add(struct arena *a, struct examples *x, char *data, size_t size, struct err *e);

/* The labels, each once, sorted by bytes, in a. */
const char **examples_labels(struct arena *a, const struct examples *x, size_t *count);

#endif
