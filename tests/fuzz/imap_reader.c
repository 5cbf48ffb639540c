/* Any bytes as an IMAP server's answers, in pieces: what is kept is bounded, texts are printable, all bytes are taken. First
 * byte: the size of the pieces. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "services/intake/imap_reader.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define LITERAL_MAX 64

static void
check(const struct imap_event *event)
{
	if (event->size > LITERAL_MAX || (event->data && event->size > event->number))
		abort();
	if (strlen(event->text) >= IMAP_TEXT_SIZE)
		abort();
	for (const char *c = event->text; *c; c++)
		if (*c < ' ' || *c > '~')
			abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct imap_reader r = {.literal_max = LITERAL_MAX};
	size_t piece = size > 0 ? (size_t)data[0] + 1 : 1;

	for (size_t at = 1; at < size; at += piece) {
		const char *text = (const char *)data + at;
		size_t left = size - at < piece ? size - at : piece;
		struct imap_event event;

		while (imap_reader_next(&r, "K1", &text, &left, &event) != IMAP_MORE) {
			check(&event);
			free(event.data);
		}
		if (left != 0)
			abort();
	}
	imap_reader_clear(&r);
	return 0;
}
