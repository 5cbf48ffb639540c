/* duration: how long something took, in minutes, and the fine buckets that percentiles are read from. Working time:
 * common/domain/working_time.h. Pure. */
#ifndef KOPRU_SERVICES_REPORTING_DURATION_H
#define KOPRU_SERVICES_REPORTING_DURATION_H

#include <stddef.h>
#include <stdint.h>

/* Minutes below DURATION_EXACT have a bucket each; above, each bucket reaches 4 % further than the one before, so that
 * its middle is at most 2 % beside what it holds. The last one begins beyond forty years. */
#define DURATION_EXACT 50
#define DURATION_BUCKETS 384

/* Whole minutes between two instants; 0 when to is before from. */
int32_t duration_minutes(int64_t from, int64_t to);

/* Which bucket holds so many minutes: 0 to DURATION_BUCKETS - 1. */
int32_t duration_bucket(int32_t minutes);
/* What stands for a bucket, in minutes: its middle. */
double duration_of_bucket(int32_t bucket);

/* The nearest rank: the smallest value with at least percent of all values at or below it. counts has
 * DURATION_BUCKETS elements, which sum to total > 0. */
double duration_percentile(const int32_t *counts, int64_t total, int percent);

#endif
