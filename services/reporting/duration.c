/* duration: see the header. */
#include "services/reporting/duration.h"

#include <math.h>

#define MINUTE INT64_C(60000000)
#define STEP 1.04

/* The hours of the municipality, in minutes after midnight. */
static const struct {
	int32_t from, to;
} hours[] = {
    {8 * 60 + 30, 12 * 60 + 30}, /* all that is worked on a half day */
    {13 * 60 + 30, 17 * 60 + 30},
};

int32_t
duration_minutes(int64_t from, int64_t to)
{
	int64_t minutes = to > from ? (to - from) / MINUTE : 0;

	return minutes > INT32_MAX ? INT32_MAX : (int32_t)minutes;
}

/* Of a day's working time, what lies between two instants; microseconds. */
static int64_t
worked_on(const struct calendar *c, int32_t day, int64_t from, int64_t to)
{
	int64_t midnight = date_start_in_istanbul(day), worked = 0;
	size_t count = calendar_is_half_day(c, day) ? 1 : sizeof(hours) / sizeof(hours[0]);

	if (!calendar_is_working_day(c, day))
		return 0;
	for (size_t i = 0; i < count; i++) {
		int64_t start = midnight + hours[i].from * MINUTE, end = midnight + hours[i].to * MINUTE;

		start = start > from ? start : from;
		end = end < to ? end : to;
		worked += end > start ? end - start : 0;
	}
	return worked;
}

int32_t
duration_working_minutes(const struct calendar *c, int64_t from, int64_t to)
{
	int32_t last = date_in_istanbul(to);
	int64_t worked = 0;

	if (to <= from)
		return 0;
	for (int32_t day = date_in_istanbul(from); day <= last; day++)
		worked += worked_on(c, day, from, to);
	return (int32_t)(worked / MINUTE);
}

/* The first minute, as a fraction, of the bucket that comes so many after the exact ones. */
static double
edge(int32_t after)
{
	return DURATION_EXACT * pow(STEP, after);
}

int32_t
duration_bucket(int32_t minutes)
{
	int32_t after;

	if (minutes < DURATION_EXACT)
		return minutes > 0 ? minutes : 0;
	after = (int32_t)(log((double)minutes / DURATION_EXACT) / log(STEP));
	/* The logarithm is rounded; the edges decide. */
	while (after > 0 && minutes < edge(after))
		after--;
	while (minutes >= edge(after + 1))
		after++;
	return DURATION_EXACT + after < DURATION_BUCKETS ? DURATION_EXACT + after : DURATION_BUCKETS - 1;
}

double
duration_of_bucket(int32_t bucket)
{
	if (bucket < DURATION_EXACT)
		return bucket;
	return (edge(bucket - DURATION_EXACT) + edge(bucket - DURATION_EXACT + 1)) / 2;
}

double
duration_percentile(const int32_t *counts, int64_t total, int percent)
{
	int64_t rank = (total * percent + 99) / 100, seen = 0;

	for (int32_t bucket = 0; bucket < DURATION_BUCKETS; bucket++) {
		seen += counts[bucket];
		if (seen >= rank)
			return duration_of_bucket(bucket);
	}
	return duration_of_bucket(DURATION_BUCKETS - 1);
}
