/* calendar: `kopru calendar show`, `history` and `moved`: what the calendar is, was, and did. */
#include "services/kopru/calendar.h"

#include <stdlib.h>
#include <string.h>

#define LIMIT_MAX 10000000
#define RANGE_DAYS_MAX 366

int
calendar_ask(struct session *s, int statement, const char *const *values, struct script_rows *rows, struct err *e)
{
	return script_call(s->script, &calendar_statements[statement], values, s->arena, rows, e);
}

int
calendar_days_read(struct session *s, const char *version, struct calendar_rows *rows, struct err *e)
{
	const char *const values[] = {version, NULL};
	struct script_rows found;

	if (calendar_ask(s, CALENDAR_DAYS, values, &found, e) < 0)
		return -1;
	*rows = (struct calendar_rows){.list = arena_array(s->arena, found.count + 1, sizeof(*rows->list))};
	for (size_t i = 0; i < found.count; i++) {
		const char *const *cells = &found.cells[i * found.columns];
		struct calendar_row *row = &rows->list[rows->count];

		row->day = (int32_t)strtol(cells[0], NULL, 10);
		row->name = cells[2];
		if (!calendar_kind_find(cells[1], &row->kind))
			return err_set(e, "this version knows no kind of day \"%.40s\"", cells[1]);
		rows->count++;
	}
	return 0;
}

int
calendar_version_read(struct session *s, const char *version, struct calendar_rows *rows, struct err *e)
{
	if (calendar_days_read(s, version ? version : "", rows, e) < 0)
		return -1;
	if (rows->count > 0)
		return 0;
	return version ? err_set(e, "there is no version %.20s of the calendar", version)
		       : err_set(e, "there is no calendar yet (`kopru demo' or `kopru calendar import')");
}

static int
day_parse(const char *text, int32_t *day, struct err *e)
{
	if (date_parse(text, day))
		return 0;
	err_set(e, "\"%.40s\" is no day; 2026-10-29 is one, of the years 1900 to 2200", text);
	return COMMAND_WRONG_USAGE;
}

int
calendar_range_parse(const char *text, int32_t *from, int32_t *to, struct err *e)
{
	const char *dots = strstr(text, "..");
	char first[DATE_TEXT_SIZE] = "";

	if (!dots) {
		if (day_parse(text, from, e) < 0)
			return COMMAND_WRONG_USAGE;
		*to = *from;
		return 0;
	}
	if (dots - text >= (ptrdiff_t)sizeof(first) || dots[2] == '\0') {
		err_set(e, "\"%.40s\" does not end; 2020-03-13..2020-06-15 does", text);
		return COMMAND_WRONG_USAGE;
	}
	memcpy(first, text, (size_t)(dots - text));
	if (day_parse(first, from, e) < 0 || day_parse(dots + 2, to, e) < 0)
		return COMMAND_WRONG_USAGE;
	if (*to >= *from && *to - *from < RANGE_DAYS_MAX)
		return 0;
	err_set(e, "\"%.40s\" has to end after it begins, within %d days", text, RANGE_DAYS_MAX);
	return COMMAND_WRONG_USAGE;
}

static const char *
weekday_name(int32_t day)
{
	static const char *const names[] = {"Pzt", "Sal", "Çar", "Per", "Cum", "Cmt", "Paz"};

	return names[date_weekday(day)];
}

static int
show(struct session *s, const struct command_line *line, int32_t from, int32_t to, struct err *e)
{
	static const struct table_column columns[] = {
	    {"date", false}, {"weekday", false}, {"name", false}, {"kind", false}, {0}};
	struct table *t = table_new(s->arena, columns);
	struct calendar_rows rows;
	char day[DATE_TEXT_SIZE];

	if (calendar_version_read(s, line->version, &rows, e) < 0)
		return -1;
	for (size_t i = 0; i < rows.count; i++) {
		if (rows.list[i].day < from || rows.list[i].day > to)
			continue;
		date_text(rows.list[i].day, day);
		table_add_text(t, arena_string(s->arena, day));
		table_add_text(t, weekday_name(rows.list[i].day));
		table_add_text(t, rows.list[i].name);
		table_add_text(t, calendar_kind_token(rows.list[i].kind));
	}
	table_print(t, line->json, stdout);
	return 0;
}

int
calendar_show(const struct command_line *line, struct err *e)
{
	static const long versions[] = {1, CALENDARS_MAX};
	int32_t from = INT32_MIN, to = INT32_MAX;
	struct session s;
	long version = 0;
	int rc;

	if (command_number("--version", line->version, versions, 0, &version, e) < 0 ||
	    (line->from && day_parse(line->from, &from, e) < 0) || (line->to && day_parse(line->to, &to, e) < 0))
		return COMMAND_WRONG_USAGE;
	if (session_open(&s, e) < 0)
		return -1;
	rc = show(&s, line, from, to, e);
	session_close(&s);
	return rc;
}

static int
version_check(struct session *s, const char *version, struct err *e)
{
	struct script_rows rows;

	if (calendar_ask(s, CALENDAR_NEWEST, NULL, &rows, e) < 0)
		return -1;
	if (strtol(version, NULL, 10) <= strtol(rows.cells[0], NULL, 10))
		return 0;
	return err_set(e, "there is no version %.20s of the calendar", version);
}

/* values: NULL, or the version first. */
static int
list(const struct command_line *line, int statement, const char *const *values, const struct table_column *columns,
    struct err *e)
{
	struct script_rows rows;
	struct table *t = NULL;
	struct session s;
	int rc = -1;

	if (session_open(&s, e) < 0)
		return -1;
	if ((!values || version_check(&s, values[0], e) == 0) && calendar_ask(&s, statement, values, &rows, e) == 0) {
		t = table_new(s.arena, columns);
		table_add_rows(t, &rows);
		table_print(t, line->json, stdout);
		rc = 0;
	}
	session_close(&s);
	return rc;
}

int
calendar_history(const struct command_line *line, struct err *e)
{
	static const struct table_column columns[] = {{"version", true}, {"made_at", false}, {"by", false},
	    {"reason", false}, {"days_more", true}, {"days_less", true}, {"moved", true}, {"recomputed_at", false},
	    {0}};

	return list(line, CALENDAR_HISTORY, NULL, columns, e);
}

int
calendar_moved(const struct command_line *line, struct err *e)
{
	static const struct table_column columns[] = {{"number", false}, {"clock", false}, {"from", false},
	    {"to", false}, {"why", false}, {"moved_at", false}, {0}};
	static const long versions[] = {1, CALENDARS_MAX}, limits[] = {1, LIMIT_MAX};
	char version[24], limit[24];
	const char *const values[] = {version, limit, NULL};
	long number = 0, most = 0;

	if (command_number("VERSION", line->arguments[0], versions, 0, &number, e) < 0 ||
	    command_number("--limit", line->limit, limits, LIMIT_MAX, &most, e) < 0)
		return COMMAND_WRONG_USAGE;
	snprintf(version, sizeof(version), "%ld", number);
	snprintf(limit, sizeof(limit), "%ld", most);
	return list(line, CALENDAR_MOVED, values, columns, e);
}
