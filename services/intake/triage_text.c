/* triage_text: bytes for a person's eyes. Pure. */
#include <string.h>

#include "common/base/text.h"
#include "services/intake/triage.h"

/* Bytes of the character at c; 0 when there is none that may be shown. */
static size_t
character(const char *c, size_t left)
{
	unsigned char first = (unsigned char)*c;
	size_t size = first < 0x80 ? 1 : first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;

	if (first < 0x20 || first == 0x7f)
		return first == '\n' || first == '\t' ? 1 : 0;
	if (first == 0xc2 && left > 1 && (unsigned char)c[1] < 0xa0)
		return 0;
	return size <= left && text_valid(c, size) ? size : 0;
}

char *
triage_text(struct arena *a, const void *bytes, size_t size)
{
	const char *from = bytes;
	char *text = arena_alloc(a, size + 1), *to = text;

	for (size_t i = 0; i < size;) {
		size_t length = character(from + i, size - i);

		if (length == 0 && from[i] != '\r')
			*to++ = '?';
		memcpy(to, from + i, length);
		to += length;
		i += length > 0 ? length : 1;
	}
	*to = '\0';
	return text;
}
