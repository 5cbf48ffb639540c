/* calendar_moves: which open deadlines a change of the calendar would move, before it is saved. */
#include <stdlib.h>
#include <string.h>

#include "kopru/v1/event.pb-c.h"
#include "services/kopru/calendar.h"

#define LIMIT_MAX 10000000
#define LIMIT 1000

static size_t
days_of_versions(const struct script_rows *rows, struct calendars_day *days)
{
	size_t count = 0;

	for (size_t i = 0; i < rows->count; i++) {
		const char *const *cells = &rows->cells[i * rows->columns];
		struct calendars_day day = {
		    .version_from = (int32_t)strtol(cells[0], NULL, 10),
		    .version_to = (int32_t)strtol(cells[1], NULL, 10),
		    .day = (int32_t)strtol(cells[2], NULL, 10),
		};

		if (calendar_kind_find(cells[3], &day.kind))
			days[count++] = day;
	}
	return count;
}

/* All versions and the next one. */
static struct calendars *
calendars_next(struct session *s, int32_t newest, const struct calendar_rows *after, struct err *e)
{
	struct calendars_day *days = NULL;
	struct calendars *c = NULL;
	struct script_rows rows;
	size_t count = 0, old = 0;

	if (calendar_ask(s, CALENDAR_ALL, NULL, &rows, e) < 0)
		return NULL;
	days = arena_array(s->arena, rows.count + after->count + 1, sizeof(*days));
	old = count = days_of_versions(&rows, days);
	for (size_t i = 0; i < old; i++)
		days[i].version_to = days[i].version_to == 0 ? newest + 1 : days[i].version_to;
	for (size_t i = 0; i < after->count; i++)
		days[count++] = (struct calendars_day){newest + 1, 0, after->list[i].day, after->list[i].kind};
	c = calendars_new(days, count, newest + 1, e);
	return c;
}

static struct calendars_group
group_read(const char *const *cells)
{
	return (struct calendars_group){
	    .clock = (int)strtol(cells[0], NULL, 10),
	    .legal_basis = (int)strtol(cells[1], NULL, 10),
	    .started_on = (int32_t)strtol(cells[2], NULL, 10),
	    .extended = strcmp(cells[3], "t") == 0,
	    .due_at = strtoll(cells[4], NULL, 10),
	    .version = (int32_t)strtol(cells[5], NULL, 10),
	    .started_at = strtoll(cells[6], NULL, 10),
	};
}

int
calendar_foresee(
    struct session *s, int32_t newest, const struct calendar_rows *after, struct calendar_moves *moves, struct err *e)
{
	struct calendars *c = calendars_next(s, newest, after, e);
	struct script_rows rows;
	int rc = -1;

	if (!c)
		return -1;
	*moves = (struct calendar_moves){.count = 0};
	if (calendar_ask(s, CALENDAR_GROUPS, NULL, &rows, e) == 0) {
		moves->list = arena_array(s->arena, rows.count + 1, sizeof(*moves->list));
		for (size_t i = 0; i < rows.count; i++) {
			struct calendar_move move = {.group = group_read(&rows.cells[i * rows.columns])};

			move.due_at = calendars_due(c, &move.group);
			move.count = strtoll(rows.cells[i * rows.columns + 7], NULL, 10);
			if (move.due_at == move.group.due_at)
				continue;
			moves->list[moves->count++] = move;
			moves->deadlines += move.count;
		}
		rc = 0;
	}
	calendars_free(c);
	return rc;
}

/* Of a law the last day, of a target the instant. */
static const char *
due_text(struct arena *a, const struct calendars_group *group, int64_t due_at)
{
	char text[TIME_TEXT_SIZE];

	time_text_istanbul(due_at - 1, text);
	if (group->clock == KOPRU__V1__CLOCK__CLOCK_LAW)
		text[DATE_TEXT_SIZE - 1] = '\0';
	return arena_string(a, text);
}

static int
move_print(struct session *s, const struct calendar_move *m, int64_t limit, struct table *t, struct err *e)
{
	const struct calendars_group *g = &m->group;
	struct arena *a = s->arena;
	const char *const values[] = {arena_printf(a, "%d", g->clock), arena_printf(a, "%d", g->legal_basis),
	    arena_printf(a, "%d", g->started_on), g->extended ? "t" : "f",
	    arena_printf(a, "%lld", (long long)g->due_at), arena_printf(a, "%d", g->version),
	    g->started_at == 0 ? "" : arena_printf(a, "%lld", (long long)g->started_at),
	    arena_printf(a, "%lld", (long long)limit), NULL};
	struct script_rows rows;

	if (calendar_ask(s, CALENDAR_GROUP_NUMBERS, values, &rows, e) < 0)
		return -1;
	for (size_t i = 0; i < rows.count; i++) {
		table_add_text(t, rows.cells[i]);
		table_add_text(t, g->clock == KOPRU__V1__CLOCK__CLOCK_LAW ? "law" : "target");
		table_add_text(t, due_text(a, g, g->due_at));
		table_add_text(t, due_text(a, g, m->due_at));
	}
	return 0;
}

int
calendar_foreseen_print(
    struct session *s, const struct calendar_moves *moves, const struct command_line *line, json_t *json, struct err *e)
{
	static const struct table_column columns[] = {
	    {"number", false}, {"clock", false}, {"from", false}, {"to", false}, {0}};
	static const long limits[] = {0, LIMIT_MAX};
	struct table *t = table_new(s->arena, columns);
	long limit = 0;
	int64_t left = 0;

	if (command_number("--limit", line->limit, limits, LIMIT, &limit, e) < 0)
		return COMMAND_WRONG_USAGE;
	left = limit;
	for (size_t i = 0; i < moves->count && left > 0; i++) {
		if (move_print(s, &moves->list[i], left, t, e) < 0)
			return -1;
		left -= moves->list[i].count;
	}
	if (json) {
		json_object_set_new(json, "deadlines", json_integer(moves->deadlines));
		json_object_set_new(json, "moves", table_json(t));
		return 0;
	}
	if (moves->deadlines > 0 && limit > 0)
		table_print(t, false, stdout);
	if (moves->deadlines > limit)
		printf("... and %lld more (--limit)\n", (long long)(moves->deadlines - limit));
	return 0;
}
