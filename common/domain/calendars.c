/* calendars: see the header. */
#include "common/domain/calendars.h"

#include <stdlib.h>

#include "kopru/v1/event.pb-c.h"

struct calendars {
	int32_t newest;
	struct calendar *list[]; /* by version - 1 */
};

static struct calendar *
version_make(const struct calendars_day *days, size_t count, int32_t version, struct calendar_row *room, struct err *e)
{
	struct calendar_rows rows = {.list = room};
	struct calendar *c = NULL;

	for (size_t i = 0; i < count; i++) {
		if (days[i].version_from > version || (days[i].version_to != 0 && days[i].version_to <= version))
			continue;
		rows.list[rows.count++] = (struct calendar_row){days[i].day, days[i].kind, ""};
	}
	c = calendar_make(&rows, e);
	if (!c)
		err_prefix(e, "version %d of the calendar", version);
	return c;
}

struct calendars *
calendars_new(const struct calendars_day *days, size_t count, int32_t newest, struct err *e)
{
	struct calendar_row *room = calloc(count + 1, sizeof(*room));
	struct calendars *c = NULL;
	bool whole = true;

	if (newest < 1 || newest > CALENDARS_MAX) {
		err_set(e, "the calendar has %d versions; 1 to %d are allowed", newest, CALENDARS_MAX);
		free(room);
		return NULL;
	}
	c = calloc(1, sizeof(*c) + (size_t)newest * sizeof(struct calendar *));
	if (!room || !c)
		abort();
	c->newest = newest;
	for (int32_t version = 1; whole && version <= newest; version++) {
		c->list[version - 1] = version_make(days, count, version, room, e);
		whole = c->list[version - 1] != NULL;
	}
	free(room);
	if (whole)
		return c;
	calendars_free(c);
	return NULL;
}

void
calendars_free(struct calendars *c)
{
	if (!c)
		return;
	for (int32_t i = 0; i < c->newest; i++)
		calendar_free(c->list[i]);
	free(c);
}

const struct calendar *
calendars_version(const struct calendars *c, int32_t version)
{
	return version >= 1 && version <= c->newest ? c->list[version - 1] : NULL;
}

int32_t
calendars_newest(const struct calendars *c)
{
	return c->newest;
}

/* The one by which it was computed; of before there were versions, the first. */
static const struct calendar *
calendar_before(const struct calendars *c, const struct calendars_group *g)
{
	const struct calendar *before = calendars_version(c, g->version);

	return before ? before : c->list[0];
}

/* Intake may have told it by another version than the router's: the newest one that gives it is believed. */
static int64_t
law_due(const struct calendars *c, const struct calendars_group *g)
{
	for (int32_t version = c->newest; version >= 1; version--) {
		if (deadline_legal(c->list[version - 1], g->legal_basis, g->started_on, g->extended).at == g->due_at)
			return deadline_legal(c->list[c->newest - 1], g->legal_basis, g->started_on, g->extended).at;
	}
	return g->due_at;
}

static bool
is_given_day(const struct calendars_group *g)
{
	return g->due_at == date_start_in_istanbul(date_in_istanbul(g->due_at));
}

static bool
ends_at_closing(const struct calendar *before, const struct calendars_group *g)
{
	int32_t day = date_in_istanbul(g->due_at);

	return calendar_is_office_day(before, day) && working_time_closes(before, day) == g->due_at;
}

/* Does a day of the term have other office hours than before? */
static bool
offices_differ(const struct calendar *before, const struct calendar *now, const struct calendars_group *g)
{
	int32_t last = date_in_istanbul(g->due_at);

	for (int32_t day = g->started_on; day <= last; day++) {
		if (calendar_is_office_day(before, day) != calendar_is_office_day(now, day) ||
		    calendar_is_office_morning(before, day) != calendar_is_office_morning(now, day))
			return true;
	}
	return false;
}

bool
calendars_needs_start(const struct calendars *c, const struct calendars_group *g)
{
	const struct calendar *before = calendar_before(c, g);

	return g->clock == KOPRU__V1__CLOCK__CLOCK_TARGET && !is_given_day(g) && !ends_at_closing(before, g) &&
	       offices_differ(before, c->list[c->newest - 1], g);
}

static int64_t
days_due(const struct calendar *before, const struct calendar *now, const struct calendars_group *g)
{
	int32_t last = date_in_istanbul(g->due_at), day = g->started_on;
	int days = 0;

	for (int32_t date = g->started_on + 1; date <= last; date++)
		days += calendar_is_office_day(before, date);
	if (days > 0 || !calendar_is_office_day(now, day))
		day = calendar_add_office_days(now, day, days > 0 ? days : 1);
	return working_time_closes(now, day);
}

static int64_t
target_due(const struct calendars *c, const struct calendars_group *g)
{
	const struct calendar *before = calendar_before(c, g), *now = c->list[c->newest - 1];

	if (is_given_day(g))
		return g->due_at;
	if (!offices_differ(before, now, g))
		return g->due_at;
	if (ends_at_closing(before, g))
		return days_due(before, now, g);
	return working_time_after(
	    now, TIME_OFFICE, g->started_at, working_time_between(before, TIME_OFFICE, g->started_at, g->due_at));
}

int64_t
calendars_due(const struct calendars *c, const struct calendars_group *g)
{
	if (g->clock == KOPRU__V1__CLOCK__CLOCK_LAW)
		return law_due(c, g);
	return g->clock == KOPRU__V1__CLOCK__CLOCK_TARGET ? target_due(c, g) : g->due_at;
}
