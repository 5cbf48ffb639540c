/* Any bytes as text: nothing malformed is folded, and the fast way gives what the slow one gives. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_valid(struct arena *a, const char *text)
{
	char *folded = text_fold_tr(a, text);
	/* A letter outside of the fast way makes all of it go the slow way. */
	char *slow = text_fold_tr(a, arena_printf(a, "ñ %s", text));
	char *trimmed = text_trim(a, text);

	if (!folded || !slow || strcmp(folded, slow + strlen("ñ ")) != 0)
		abort();
	if (!text_valid(folded, strlen(folded)) || !text_lower_tr(a, text) || !text_upper_tr(a, text))
		abort();
	if (!text_normalize(a, text) || text_length(text) > strlen(text))
		abort();
	if (text_blank(text) != (*trimmed == '\0') || !text_valid(trimmed, strlen(trimmed)))
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new(0);
	char *text = malloc(size + 1);

	if (!text)
		abort();
	memcpy(text, data, size);
	text[size] = '\0';
	if (text_valid(text, size)) {
		if (strlen(text) != size)
			abort();
		/* A combining mark at the beginning belongs to what stands before it; here that is a space. */
		check_valid(a, text);
	} else {
		text_trim(a, text);
		text_blank(text);
		text_has_control(text);
		text_has_line_break_or_control(text);
		if (!text_valid(text, strlen(text)) && (text_fold_tr(a, text) || text_normalize(a, text)))
			abort();
	}
	free(text);
	arena_free(a);
	return 0;
}
