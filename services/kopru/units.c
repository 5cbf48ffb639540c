/* units: topics and departments from a day on: `kopru topics add', `change', `retire', `list' and `kopru department
 * change', `retire'. The old row ends where the new one begins; what was said of a case then stays. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/file.h"
#include "common/base/text.h"
#include "common/domain/calendar.h"
#include "services/kopru/catalogue.h"
#include "services/kopru/command.h"
#include "services/kopru/session.h"
#include "services/kopru/units.sql.h"
#include "services/kopru/units_fields.h"

#define NEEDED_MAX 10 /* of what is named */

struct unit {
	const struct command_line *line;
	struct session session;
	const char *code, *on;
	char today[DATE_TEXT_SIZE];
};

static int
ask(struct unit *u, int statement, const char *const *values, struct script_rows *rows, struct err *e)
{
	return script_call(u->session.script, &units_statements[statement], values, u->session.arena, rows, e);
}

/* --on: of what ends it must be told, else it is today. */
static int
unit_open(struct unit *u, const struct command_line *line, bool on_needed, struct err *e)
{
	int32_t day;

	*u = (struct unit){.line = line, .code = line->count > 0 ? line->arguments[0] : ""};
	date_text(command_today(), u->today);
	if ((on_needed && !line->on) || (line->on && !date_parse(line->on, &day))) {
		err_set(e,
		    line->on ? "--on is \"%.40s\"; allowed is a day, YYYY-MM-DD"
			     : "--on is needed: the first day on which it is no more",
		    line->on);
		return COMMAND_WRONG_USAGE;
	}
	u->on = line->on ? line->on : u->today;
	return session_open(&u->session, e);
}

static int
unit_close(struct unit *u, int rc)
{
	session_close(&u->session);
	return rc;
}

/* Does what the fields name exist on that day? */
static int
units_check(struct unit *u, struct err *e)
{
	const struct command_line *line = u->line;
	const char *const values[] = {
	    line->department ? line->department : "", line->shared_with ? line->shared_with : "", u->on, NULL};
	struct script_rows rows;

	if (ask(u, UNITS_UNKNOWN, values, &rows, e) < 0)
		return -1;
	return rows.count == 0 ? 0 : err_set(e, "\"%.40s\" is no department on %s", rows.cells[0], u->on);
}

/* The fields of the command line as JSON text. */
static int
fields_text(struct unit *u, bool topic, json_t *more, const char **text, struct err *e)
{
	json_t *fields = units_fields(u->session.arena, u->line, topic, e);
	char *dumped;

	if (!fields) {
		json_decref(more);
		return COMMAND_WRONG_USAGE;
	}
	json_object_update(fields, more);
	json_decref(more);
	dumped = json_dumps(fields, JSON_COMPACT);
	*text = arena_string(u->session.arena, dumped);
	free(dumped);
	json_decref(fields);
	return 0;
}

static int
add(struct unit *u, struct err *e)
{
	const struct command_line *line = u->line;
	const char *values[] = {NULL, NULL};
	struct script_rows rows;
	int rc;

	if (!units_topic_code_valid(u->code))
		return err_set(e, "\"%.40s\" is no topic's code: 2 to 5 of A-Z, \"-\" and two digits are", u->code);
	if (!line->department || !line->category)
		return err_set(e, "--department and --category are needed");
	rc = fields_text(u, true,
	    json_pack("{s:s, s:s, s:s, s:s}", "code", u->code, "name_tr", line->arguments[1], "name_en",
		line->arguments[2], "valid_from", u->on),
	    &values[0], e);
	if (rc < 0)
		return rc;
	if (units_check(u, e) < 0 || ask(u, TOPIC_ADD, values, &rows, e) < 0)
		return -1;
	if (rows.count == 0)
		return err_set(e, "there is a topic \"%s\" already, or was; change it", u->code);
	command_say(line->json, json_pack("{s:s, s:s}", "code", u->code, "from", u->on), "topic %s begins on %s\n",
	    u->code, u->on);
	return 0;
}

int
topics_add(const struct command_line *line, struct err *e)
{
	struct unit u;
	int rc = units_name_check("Turkish", line->arguments[1], e) < 0 ||
			 units_name_check("English", line->arguments[2], e) < 0
		     ? -1
		     : unit_open(&u, line, false, e);

	return rc < 0 ? rc : unit_close(&u, add(&u, e));
}

struct unit_kind {
	const char *name;
	bool topic;
	int later, change, needed, retire; /* statements */
};

static const struct unit_kind topic_kind = {"topic", true, TOPIC_LATER, TOPIC_CHANGE, TOPIC_NEEDED, TOPIC_RETIRE};
static const struct unit_kind department_kind = {
    "department", false, DEPARTMENT_LATER, DEPARTMENT_CHANGE, DEPARTMENT_NEEDED, DEPARTMENT_RETIRE};

static int
change(struct unit *u, const struct unit_kind *kind, struct err *e)
{
	const char *const asked[] = {u->code, u->on, NULL};
	const char *values[] = {u->code, u->on, NULL, NULL};
	struct script_rows rows;
	int rc = fields_text(u, kind->topic, json_object(), &values[2], e);

	if (rc < 0)
		return rc;
	if (strcmp(values[2], "{}") == 0) {
		err_set(e, "nothing is told that is to be another");
		return COMMAND_WRONG_USAGE;
	}
	if (units_check(u, e) < 0 || ask(u, kind->later, asked, &rows, e) < 0)
		return -1;
	if (rows.count > 0)
		return err_set(
		    e, "%s %.40s cannot be changed from %s on: %s", kind->name, u->code, u->on, rows.cells[0]);
	if (ask(u, kind->change, values, &rows, e) < 0)
		return -1;
	command_say(u->line->json, json_pack("{s:s, s:s}", "code", u->code, "from", u->on),
	    "%s %s is another from %s on; what was said of cases before stays\n", kind->name, u->code, u->on);
	return 0;
}

int
topics_change(const struct command_line *line, struct err *e)
{
	struct unit u;
	int rc = unit_open(&u, line, false, e);

	return rc < 0 ? rc : unit_close(&u, change(&u, &topic_kind, e));
}

int
department_change(const struct command_line *line, struct err *e)
{
	struct unit u;
	int rc = unit_open(&u, line, false, e);

	return rc < 0 ? rc : unit_close(&u, change(&u, &department_kind, e));
}

static int
needed_check(struct unit *u, const struct unit_kind *kind, struct err *e)
{
	const char *const values[] = {u->code, kind->topic ? NULL : u->on, NULL};
	const char *all = "";
	struct script_rows rows;

	if (ask(u, kind->needed, values, &rows, e) < 0)
		return -1;
	for (size_t i = 0; i < rows.count && i < NEEDED_MAX; i++)
		all = arena_printf(u->session.arena, "%s%s%s", all, i > 0 ? ", " : "", rows.cells[i]);
	return rows.count == 0 ? 0
			       : err_set(e, "%s %.40s is needed by %s%s", kind->name, u->code, all,
				     rows.count > NEEDED_MAX ? " and others" : "");
}

static int
retire(struct unit *u, const struct unit_kind *kind, struct err *e)
{
	const char *const values[] = {u->code, u->on, NULL};
	struct script_rows rows;

	if (needed_check(u, kind, e) < 0 || ask(u, kind->retire, values, &rows, e) < 0)
		return -1;
	if (rows.count == 0)
		return err_set(e, "there is no %s \"%.40s\" that is in force before %s", kind->name, u->code, u->on);
	command_say(u->line->json, json_pack("{s:s, s:s}", "code", u->code, "to", u->on), "%s %s ends on %s\n",
	    kind->name, u->code, u->on);
	return 0;
}

int
topics_retire(const struct command_line *line, struct err *e)
{
	struct unit u;
	int rc = unit_open(&u, line, true, e);

	return rc < 0 ? rc : unit_close(&u, retire(&u, &topic_kind, e));
}

int
department_retire(const struct command_line *line, struct err *e)
{
	struct unit u;
	int rc = unit_open(&u, line, true, e);

	return rc < 0 ? rc : unit_close(&u, retire(&u, &department_kind, e));
}

static int
list(struct unit *u, struct err *e)
{
	static const struct table_column columns[] = {{"code", false}, {"name_tr", false}, {"department", false},
	    {"competence", false}, {"shared_with", false}, {"days", true}, {"minutes", true}, {"priority", false},
	    {"emergency", false}, {"basket", false}, {"open311", false}, {"from", false}, {"to", false},
	    {"keywords", false}, {0}};
	const char *const values[] = {u->on, NULL};
	struct script_rows rows;
	struct table *t;

	if (ask(u, TOPICS_LIST, values, &rows, e) < 0)
		return -1;
	t = table_new(u->session.arena, columns);
	table_add_rows(t, &rows);
	table_print(t, u->line->json, stdout);
	return 0;
}

int
topics_list(const struct command_line *line, struct err *e)
{
	struct unit u;
	int rc = unit_open(&u, line, false, e);

	return rc < 0 ? rc : unit_close(&u, list(&u, e));
}
