/* figures_internal: what the files of figures share; nobody else includes it. Pure. */
#ifndef KOPRU_SERVICES_REPORTING_FIGURES_INTERNAL_H
#define KOPRU_SERVICES_REPORTING_FIGURES_INTERNAL_H

#include "services/reporting/figures.h"

/* One group. */
struct figure {
	struct figure *next; /* in its chain */
	int table;
	const char *key; /* as it was added */
	const char *name; /* as it was added; "" when it has none */
	int32_t first, last; /* days that a group of time reaches over, not cut to the period */
	const char *token, *label; /* for programs; for people */
	struct figures_counts counts;
	int32_t *spread[FIGURES_LAPSES]; /* DURATION_BUCKETS each; NULL: nothing yet */
};

struct figures_day {
	int64_t growth, open;
};

struct figures {
	struct arena *arena;
	int32_t from, to;
	bool english;
	struct figure **chains;
	struct figure *total;
	struct figure **sorted[FIGURES_TABLES]; /* after figures_finish */
	size_t counts[FIGURES_TABLES];
	struct figures_day *days; /* of the period */
	size_t days_count; /* for which there is a backlog */
	int64_t open_before;
};

/* Names. */
void figures_name(const struct figures *f, struct figure *figure);
/* Address of the list behind a group. */
const char *figures_list(const struct figures *f, const struct figure *figure);
const char *figures_table_name(int table);
/* Median, 90th percentile or mean (percent 50, 90, 0) in hours; false when nothing was measured. */
bool figures_hours(const struct figure *figure, int lapse, int percent, double *hours);

#endif
