/* deadlines: see the header. */
#include "common/domain/deadlines.h"

#include <stddef.h>

#include "kopru/v1/application.pb-c.h"

#define BASIS(name) KOPRU__V1__LEGAL_BASIS__LEGAL_BASIS_##name
#define MINUTE INT64_C(60000000)
#define SATURDAY 5
#define PERCENT 100

static const struct term {
	int legal_basis;
	int days, extended;
	bool working;
} terms[] = {
    {BASIS(3071), 30, 30, false},
    {BASIS(4982), 15, 30, true},
    {BASIS(6698), 30, 30, false},
};

static const struct term *
term_of(int legal_basis)
{
	for (size_t i = 0; i < sizeof(terms) / sizeof(terms[0]); i++) {
		if (terms[i].legal_basis == legal_basis)
			return &terms[i];
	}
	return NULL;
}

int
deadline_legal_basis(int kind)
{
	return kind == KOPRU__V1__KIND__KIND_INFORMATION_REQUEST ? BASIS(4982) : BASIS(3071);
}

int
deadline_days(int legal_basis, bool extended, bool *working)
{
	const struct term *term = term_of(legal_basis);

	*working = term && term->working;
	if (!term)
		return 0;
	return extended ? term->extended : term->days;
}

static enum deadline_day
day_of(const struct calendar *c, bool working, int32_t day)
{
	if (calendar_stands(c, day))
		return DEADLINE_STANDS;
	if (!working || calendar_is_working_day(c, day))
		return DEADLINE_COUNTED;
	return date_weekday(day) < SATURDAY ? DEADLINE_HOLIDAY : DEADLINE_WEEKEND;
}

enum deadline_day
deadline_day(const struct calendar *c, int legal_basis, int32_t day)
{
	const struct term *term = term_of(legal_basis);

	return day_of(c, term && term->working, day);
}

struct deadline
deadline_day_given(int32_t day)
{
	if (day == 0)
		return (struct deadline){0, 0};
	return (struct deadline){day, date_start_in_istanbul(day + 1)};
}

struct deadline
deadline_legal(const struct calendar *c, int legal_basis, int32_t started_on, bool extended)
{
	bool working = false;
	int left = deadline_days(legal_basis, extended, &working);
	int32_t day = started_on;

	if (left == 0)
		return (struct deadline){0, 0};
	while (left > 0)
		left -= day_of(c, working, ++day) == DEADLINE_COUNTED;
	while (day_of(c, true, day) != DEADLINE_COUNTED)
		day++;
	return deadline_day_given(day);
}

static struct deadline
target_days(const struct calendar *c, int64_t received_at, int days)
{
	int32_t day = date_in_istanbul(received_at);

	if (days > 0)
		day = calendar_add_office_days(c, day, days);
	else if (!calendar_is_office_day(c, day) || received_at >= working_time_closes(c, day))
		day = calendar_add_office_days(c, day, 1);
	return (struct deadline){day, working_time_closes(c, day)};
}

static struct deadline
target_minutes(const struct calendar *c, int64_t received_at, int minutes)
{
	int64_t at = working_time_after(c, TIME_OFFICE, received_at, minutes * MINUTE);

	return (struct deadline){date_in_istanbul(at), at};
}

struct deadline
deadline_target(const struct calendar *c, int64_t received_at, const struct deadline_target *target)
{
	struct deadline own = {0, 0}, asked = deadline_day_given(target->reply_by);

	if (target->working_minutes > 0)
		own = target_minutes(c, received_at, target->working_minutes);
	else if (target->working_days >= 0)
		own = target_days(c, received_at, target->working_days);
	if (asked.on == 0)
		return own;
	return own.on == 0 || asked.at < own.at ? asked : own;
}

struct deadline_clock
deadline_clock_legal(int legal_basis, int32_t started_on, int64_t due_at)
{
	const struct term *term = term_of(legal_basis);

	return (struct deadline_clock){.measure = term && term->working ? TIME_WORKING_DAYS : TIME_DAYS,
	    .from = date_start_in_istanbul(started_on + 1),
	    .due_at = due_at};
}

int64_t
deadline_stage(const struct calendar *c, const struct deadline_clock *clock, unsigned percent)
{
	int64_t term = working_time_between(c, clock->measure, clock->from, clock->due_at);

	if (percent == PERCENT)
		return clock->due_at;
	if (percent < PERCENT)
		return working_time_after(c, clock->measure, clock->from, term * percent / PERCENT);
	return working_time_after(c, clock->measure, clock->due_at, term * (percent - PERCENT) / PERCENT);
}
