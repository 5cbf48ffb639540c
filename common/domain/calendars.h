/* calendars: all versions of the calendar, and where a deadline lies that was computed by an earlier one. Pure. */
#ifndef KOPRU_COMMON_DOMAIN_CALENDARS_H
#define KOPRU_COMMON_DOMAIN_CALENDARS_H

#include "common/domain/deadlines.h"

#define CALENDARS_MAX 4000 /* versions */

/* A day of some versions: from the first one to before the last one. */
struct calendars_day {
	int32_t version_from, version_to; /* to 0: it still is */
	int32_t day;
	enum calendar_kind kind;
};

struct calendars;

/* Of rows in any order; versions count from 1 to newest. NULL when a version has no public holiday, or there are more
 * than CALENDARS_MAX. */
struct calendars *calendars_new(const struct calendars_day *days, size_t count, int32_t newest, struct err *e);
void calendars_free(struct calendars *c); /* NULL is fine */
/* NULL when there is no such version. */
const struct calendar *calendars_version(const struct calendars *c, int32_t version);
int32_t calendars_newest(const struct calendars *c);

/* Clocks that are due together. */
struct calendars_group {
	int clock; /* kopru.v1.Clock: CLOCK_LAW or CLOCK_TARGET; others follow no calendar */
	int legal_basis;
	int32_t started_on;
	bool extended;
	int64_t due_at;
	int32_t version; /* by which it was computed */
	int64_t started_at; /* asked for when calendars_needs_start */
};

/* Whether started_at is needed: of a target that does not end when the offices close, when a day of its term is another
 * now. */
bool calendars_needs_start(const struct calendars *c, const struct calendars_group *g);
/* When it is due by the newest version: due_at itself when it does not move. A term of law that no version gives was set by
 * somebody and stays; so does a day that was asked for. A target that ends at closing time is taken for one of so many
 * office days, another one for so much office time. */
int64_t calendars_due(const struct calendars *c, const struct calendars_group *g);

#endif
