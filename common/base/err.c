/* err: see err.h. */
#include "common/base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#undef err_set
#undef err_prefix

/* What was cut to fit may end within a character of UTF-8, which no database takes. */
static void
end_with_character(char *text)
{
	size_t length = strlen(text), start = length;

	while (start > 0 && length - start < 3 && ((unsigned char)text[start - 1] & 0xc0) == 0x80)
		start--;
	if (start == 0 || (unsigned char)text[start - 1] < 0xc0)
		return;
	start--;
	if (length - start < ((unsigned char)text[start] < 0xe0 ? 2U : (unsigned char)text[start] < 0xf0 ? 3U : 4U))
		text[start] = '\0';
}

int
err_set(struct err *e, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	if (vsnprintf(e->text, sizeof e->text, format, args) < 0)
		e->text[0] = '\0';
	va_end(args);
	end_with_character(e->text);
	return -1;
}

int
err_prefix(struct err *e, const char *format, ...)
{
	struct err old = *e;
	size_t length;
	va_list args;

	old.text[sizeof old.text - 1] = '\0';
	va_start(args, format);
	if (vsnprintf(e->text, sizeof e->text, format, args) < 0)
		e->text[0] = '\0';
	va_end(args);
	length = strlen(e->text);
	snprintf(e->text + length, sizeof e->text - length, ": %s", old.text);
	end_with_character(e->text);
	return -1;
}
