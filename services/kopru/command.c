/* command: what the commands' functions share: what is told when something was done, and options that are numbers. */
#include "services/kopru/command.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "common/domain/calendar.h"

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

int32_t
command_today(void)
{
	return date_in_istanbul((int64_t)time(NULL) * 1000000);
}

int
command_number(const char *option, const char *text, const long range[2], long fallback, long *number, struct err *e)
{
	char *end = NULL;

	*number = fallback;
	if (!text)
		return 0;
	errno = 0;
	*number = strtol(text, &end, 10);
	if (errno == 0 && end != text && *end == '\0' && *number >= range[0] && *number <= range[1])
		return 0;
	err_set(e, "%s is \"%.60s\"; allowed is a number from %ld to %ld", option, text, range[0], range[1]);
	return COMMAND_WRONG_USAGE;
}
