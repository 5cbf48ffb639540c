/* Any text as a table of holidays: refused with a reason, or a calendar that finds its working days. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/domain/deadlines.h"
#include "kopru/v1/application.pb-c.h"

#define BASIS(name) KOPRU__V1__LEGAL_BASIS__LEGAL_BASIS_##name

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
		struct deadline due = deadline_legal(c, BASIS(3071), date, false);
		struct deadline later = deadline_legal(c, BASIS(4982), date, true);
		struct deadline_target target = {.working_days = date % 7};
		struct deadline_clock clock = deadline_clock_legal(BASIS(4982), date, later.at);

		if (due.on < date + 30 || !calendar_is_working_day(c, due.on) || calendar_stands(c, due.on))
			abort();
		if (later.on < date + 40 || !calendar_is_working_day(c, later.on) || calendar_stands(c, later.on) ||
		    deadline_legal(c, BASIS(4982), date, false).on >= later.on)
			abort();
		if (deadline_target(c, date_start_in_istanbul(date), &target).on < date + date % 7)
			abort();
		if (deadline_stage(c, &clock, 50) >= later.at || deadline_stage(c, &clock, 150) <= later.at)
			abort();
	}
	calendar_free(c);
	free(csv);
	return 0;
}
