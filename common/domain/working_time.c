/* working_time: see the header. */
#include "common/domain/working_time.h"

#include <stdbool.h>
#include <stddef.h>

#define MINUTE INT64_C(60000000)
#define DAY_MINUTES (24 * 60)
#define DAYS_MAX 36525

/* The hours of the municipality, in minutes after midnight. */
static const struct {
	int32_t from, to;
} hours[] = {
    {8 * 60 + 30, 12 * 60 + 30}, /* all that is worked on a half day */
    {13 * 60 + 30, 17 * 60 + 30},
};

struct span {
	int64_t from, to;
};

/* What counts of a day; gives how many spans it is. */
static size_t
spans_of(const struct calendar *c, enum time_measure measure, int32_t day, struct span spans[2])
{
	int64_t midnight = date_start_in_istanbul(day);
	size_t count = 0;

	if (measure != TIME_OFFICE) {
		if (calendar_stands(c, day) || (measure == TIME_WORKING_DAYS && !calendar_is_working_day(c, day)))
			return 0;
		spans[0] = (struct span){midnight, midnight + DAY_MINUTES * MINUTE};
		return 1;
	}
	if (!calendar_is_office_day(c, day))
		return 0;
	count = calendar_is_office_morning(c, day) ? 1 : sizeof(hours) / sizeof(hours[0]);
	for (size_t i = 0; i < count; i++)
		spans[i] = (struct span){midnight + hours[i].from * MINUTE, midnight + hours[i].to * MINUTE};
	return count;
}

int64_t
working_time_between(const struct calendar *c, enum time_measure measure, int64_t from, int64_t to)
{
	int32_t day = date_in_istanbul(from), last = date_in_istanbul(to);
	struct span spans[2];
	int64_t worked = 0;

	if (to <= from)
		return 0;
	last = last - day > DAYS_MAX ? day + DAYS_MAX : last;
	for (; day <= last; day++) {
		size_t count = spans_of(c, measure, day, spans);

		for (size_t i = 0; i < count; i++) {
			int64_t start = spans[i].from > from ? spans[i].from : from;
			int64_t end = spans[i].to < to ? spans[i].to : to;

			worked += end > start ? end - start : 0;
		}
	}
	return worked;
}

int64_t
working_time_after(const struct calendar *c, enum time_measure measure, int64_t from, int64_t amount)
{
	int32_t first = date_in_istanbul(from), day = first;
	struct span spans[2];

	if (amount <= 0)
		return from;
	for (; day - first <= DAYS_MAX; day++) {
		size_t count = spans_of(c, measure, day, spans);

		for (size_t i = 0; i < count; i++) {
			int64_t start = spans[i].from > from ? spans[i].from : from;

			if (spans[i].to <= start)
				continue;
			if (amount <= spans[i].to - start)
				return start + amount;
			amount -= spans[i].to - start;
		}
	}
	return date_start_in_istanbul(day);
}

int32_t
working_time_minutes(const struct calendar *c, int64_t from, int64_t to)
{
	return (int32_t)(working_time_between(c, TIME_OFFICE, from, to) / MINUTE);
}

int64_t
working_time_closes(const struct calendar *c, int32_t day)
{
	return date_start_in_istanbul(day) + hours[calendar_is_office_morning(c, day) ? 0 : 1].to * MINUTE;
}
