/* err: see err.h. */
#include "common/base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#undef err_set
#undef err_prefix

int
err_set(struct err *e, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	if (vsnprintf(e->text, sizeof e->text, format, args) < 0)
		e->text[0] = '\0';
	va_end(args);
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
	return -1;
}
