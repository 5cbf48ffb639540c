/* year: a year's report in the shape in which the municipality published 2020: the Service Desk with all that comes to
 * it, WhatsApp and social media, CİMER; web and Open311, which did not exist then, apart. Pure. */
#ifndef KOPRU_SERVICES_REPORTING_YEAR_H
#define KOPRU_SERVICES_REPORTING_YEAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "common/base/arena.h"

#define YEAR_GROUPS 5 /* the last: channels that this version does not know */
#define YEAR_CHANNELS 16
#define YEAR_COLUMNS 8
#define YEAR_FIRST_NUMBER 3

struct year_counts {
	int64_t received, answered, forwarded, minutes; /* to the answers, a sum */
};

struct year {
	int year;
	struct year_counts total, months[12], groups[YEAR_GROUPS], group_months[YEAR_GROUPS][12],
	    channels[YEAR_CHANNELS];
};

/* month 1 to 12; channel as in proto/kopru/v1. */
void year_add(struct year *y, int month, int32_t channel, const struct year_counts *counts);

/* generated_at: microseconds. */
json_t *year_json(struct arena *a, const struct year *y, int64_t generated_at, bool english);

/* The same as rows; YEAR_COLUMNS texts each. */
extern const char *const year_columns[YEAR_COLUMNS];
void year_rows(struct arena *a, const struct year *y, bool english, void (*on_row)(void *arg, const char *const *cells),
    void *arg);

#endif
