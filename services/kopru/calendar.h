/* calendar: what the commands of `kopru calendar' share. */
#ifndef KOPRU_SERVICES_KOPRU_CALENDAR_H
#define KOPRU_SERVICES_KOPRU_CALENDAR_H

#include "common/domain/calendars.h"
#include "services/kopru/calendar.sql.h"
#include "services/kopru/command.h"
#include "services/kopru/session.h"

/* As session_ask, of calendar.sql. */
int calendar_ask(struct session *s, int statement, const char *const *values, struct script_rows *rows, struct err *e);

/* The days of a version ("" for the newest), as they are in order. */
int calendar_days_read(struct session *s, const char *version, struct calendar_rows *rows, struct err *e);
/* The same; version: NULL for the newest. A version that is not, or is empty, is an error. */
int calendar_version_read(struct session *s, const char *version, struct calendar_rows *rows, struct err *e);

/* "2026-10-29" or "2026-10-29..2026-11-02": first and last day, at most a year. */
int calendar_range_parse(const char *text, int32_t *from, int32_t *to, struct err *e);

/* A deadline that moves, for those that are told of it. */
struct calendar_move {
	struct calendars_group group;
	int64_t due_at; /* by the new version */
	int64_t count;
};

struct calendar_moves {
	struct calendar_move *list;
	size_t count;
	int64_t deadlines; /* in all */
};

/* Which open deadlines would move, were these the days of the next version. */
int calendar_foresee(
    struct session *s, int32_t newest, const struct calendar_rows *after, struct calendar_moves *moves, struct err *e);
/* Prints how many and whose; at most limit of them by number. With json: into the object, as "moves". */
int calendar_foreseen_print(struct session *s, const struct calendar_moves *moves, const struct command_line *line,
    json_t *json, struct err *e);

#endif
