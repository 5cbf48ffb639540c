/* duration: see the header. */
#include "services/reporting/duration.h"

#include <math.h>

#define MINUTE INT64_C(60000000)
#define STEP 1.04

int32_t
duration_minutes(int64_t from, int64_t to)
{
	int64_t minutes = to > from ? (to - from) / MINUTE : 0;

	return minutes > INT32_MAX ? INT32_MAX : (int32_t)minutes;
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
