/* say: what a command that changes something tells when it is done. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "services/kopru/command.h"

void
command_say(bool json, json_t *object, const char *format, ...)
{
	va_list arguments;

	if (!object)
		abort(); /* json_pack was given what does not fit */
	if (json) {
		json_dumpf(object, stdout, JSON_INDENT(2));
		putchar('\n');
	} else {
		va_start(arguments, format);
		vprintf(format, arguments);
		va_end(arguments);
	}
	json_decref(object);
}
