/* case: `kopru case NUMBER`: for an operator on the phone with a department: where a case stands, what happened to it and
 * when, who was told. Nothing of what was written in it, and nobody's name or address. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/domain/number.h"
#include "common/domain/words.h"
#include "services/kopru/command.h"
#include "services/kopru/session.h"

static const struct table_column case_columns[] = {{"number", false}, {"state", false}, {"version", true},
    {"department", false}, {"department_name", false}, {"topic", false}, {"received_at", false}, {"due_on", false},
    {"target_on", false}, {"waits_for", false}, {0}};
static const struct table_column event_columns[] = {
    {"version", true}, {"at", false}, {"event", false}, {"by", false}, {"of", false}, {"department", false}, {0}};
static const struct table_column notice_columns[] = {
    {"template", false}, {"state", false}, {"finished_at", false}, {"reason", false}, {0}};
static const struct table_column parked_columns[] = {
    {"consumer", false}, {"stream", false}, {"seq", true}, {"release", false}, {0}};

static const struct part {
	const char *name;
	int statement;
	const struct table_column *columns;
	const struct word *words; /* whose numbers stand in column; NULL: none do */
	size_t column;
} parts[] = {
    {"case", CASE_SHOW, case_columns, state_words, 1},
    {"events", CASE_EVENTS, event_columns, role_words, 3},
    {"notices", CASE_NOTICES, notice_columns, NULL, 0},
    {"parked", CASE_PARKED, parked_columns, NULL, 0},
};

#define PARTS (sizeof(parts) / sizeof(parts[0]))

struct shown {
	struct table *table;
	size_t rows;
};

static int
part_read(struct session *s, const struct part *p, const char *number, struct shown *shown, struct err *e)
{
	const char *const values[] = {number, NULL};
	struct script_rows rows;

	if (session_ask(s, p->statement, values, &rows, e) < 0)
		return -1;
	for (size_t i = 0; p->words && i < rows.count; i++) {
		const char **cell = &rows.cells[i * rows.columns + p->column];
		const struct word *word = word_find(p->words, (int)strtol(*cell, NULL, 10));

		*cell = word ? word->token : "";
	}
	shown->table = table_new(s->arena, p->columns);
	shown->rows = rows.count;
	table_add_rows(shown->table, &rows);
	return 0;
}

static void
print_text(const struct shown *shown)
{
	for (size_t i = 0; i < PARTS; i++) {
		if (shown[i].rows == 0)
			continue;
		printf("%s%s\n", i == 0 ? "" : "\n", parts[i].name);
		table_print(shown[i].table, false, stdout);
	}
}

/* The case itself is one object, what belongs to it are lists. */
static void
print_json(const struct shown *shown)
{
	json_t *rows = table_json(shown[0].table), *json = json_array_get(rows, 0);

	for (size_t i = 1; i < PARTS; i++)
		json_object_set_new(json, parts[i].name, table_json(shown[i].table));
	json_dumpf(json, stdout, JSON_INDENT(2));
	putchar('\n');
	json_decref(rows);
}

static int
show(struct session *s, const char *number, bool json, struct err *e)
{
	struct shown shown[PARTS];

	for (size_t i = 0; i < PARTS; i++) {
		if (part_read(s, &parts[i], number, &shown[i], e) < 0)
			return -1;
		if (shown[0].rows == 0)
			return err_set(e, "there is no application \"%s\"", number);
	}
	if (json)
		print_json(shown);
	else
		print_text(shown);
	return 0;
}

int
case_show(const struct command_line *line, struct err *e)
{
	char number[NUMBER_TEXT_SIZE];
	struct session s;
	int year, rc;
	int32_t serial;

	if (!number_parse(line->arguments[0], &year, &serial) || !number_format(year, serial, number)) {
		err_set(e,
		    "\"%.40s\" is no application's number: its check digit, or its form HM-YYYY-NNNNNNN-C, is wrong",
		    line->arguments[0]);
		return COMMAND_WRONG_USAGE;
	}
	if (session_open(&s, e) < 0)
		return -1;
	rc = show(&s, number, line->json, e);
	session_close(&s);
	return rc;
}
