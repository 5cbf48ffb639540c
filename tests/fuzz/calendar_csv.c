/* Any text as a table of holidays: refused with a reason, or a calendar that finds its working days. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/domain/calendar.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *csv = malloc(size + 1);
	struct err e = {""};
	struct calendar *c;

	if (!csv)
		abort();
	memcpy(csv, data, size);
	csv[size] = '\0';
	if (!(c = calendar_new(csv, &e)) && e.text[0] == '\0')
		abort();
	for (int32_t date = 18000; c && date < 22500; date += 97) {
		int32_t due = calendar_due_3071(c, date), later = calendar_due_4982(c, date, true);

		if (due < date + 30 || !calendar_is_working_day(c, due))
			abort();
		if (later < date + 40 || !calendar_is_working_day(c, later) ||
		    calendar_due_4982(c, date, false) >= later)
			abort();
	}
	calendar_free(c);
	free(csv);
	return 0;
}
