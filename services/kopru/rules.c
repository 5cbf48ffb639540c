/* rules: `kopru rules list, show, check, save, history': sets of rules and their versions. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/text.h"
#include "services/kopru/rules_active.h"
#include "services/kopru/rules_data.h"

#define NAME_MAX_LETTERS 100
#define REASON_MAX_LETTERS 500

static int
list_print(
    struct session *s, int statement, const struct table_column *columns, const char *empty, bool json, struct err *e)
{
	struct script_rows rows;
	struct table *t;

	if (rules_ask(s, statement, NULL, &rows, e) < 0)
		return -1;
	t = table_new(s->arena, columns);
	table_add_rows(t, &rows);
	if (rows.count == 0 && !json)
		puts(empty);
	else
		table_print(t, json, stdout);
	return 0;
}

int
rules_list(const struct command_line *line, struct err *e)
{
	static const struct table_column columns[] = {{"version", true}, {"state", false}, {"rules", true},
	    {"made_by", false}, {"made_at", false}, {"activated_at", false}, {"reason", false}, {0}};
	struct session s;
	int rc;

	if (session_open(&s, e) < 0)
		return -1;
	rc = list_print(&s, RULES_VERSIONS, columns, "there are no rules yet", line->json, e);
	session_close(&s);
	return rc;
}

int
rules_history(const struct command_line *line, struct err *e)
{
	static const struct table_column columns[] = {{"at", false}, {"how", false}, {"version", true},
	    {"before", true}, {"by", false}, {"reason", false}, {"decisions", true}, {"moved", true}, {0}};
	struct session s;
	int rc;

	if (session_open(&s, e) < 0)
		return -1;
	rc = list_print(&s, RULES_HISTORY, columns, "no rules were ever active", line->json, e);
	session_close(&s);
	return rc;
}

static char *
object_text(struct arena *a, json_t *json)
{
	size_t size = json_dumpb(json, NULL, 0, JSON_COMPACT);
	char *text = arena_alloc(a, size + 1);

	json_dumpb(json, text, size, JSON_COMPACT);
	json_decref(json);
	return text;
}

static void
set_print(struct session *s, const struct rules_set *set)
{
	static const struct table_column columns[] = {{"code", false}, {"valid_from", false}, {"valid_to", false},
	    {"when", false}, {"then", false}, {"owner", false}, {"reason", false}, {0}};
	struct table *t = table_new(s->arena, columns);

	for (size_t i = 0; i < set->count; i++) {
		const struct rule *r = &set->list[i];
		char from[DATE_TEXT_SIZE], to[DATE_TEXT_SIZE] = "";

		date_text(r->valid_from, from);
		if (r->valid_to != 0)
			date_text(r->valid_to, to);
		table_add_text(t, r->code);
		table_add_text(t, from);
		table_add_text(t, to);
		table_add_text(t, object_text(s->arena, rule_conditions_json(r)));
		table_add_text(t, object_text(s->arena, rule_outcome_json(r)));
		table_add_text(t, r->owner);
		table_add_text(t, r->reason);
	}
	table_print(t, false, stdout);
}

static int
show(struct session *s, long version, bool json, struct err *e)
{
	struct rules_set set;

	if (version == 0 && rules_active_version(s, &version, e) < 0)
		return -1;
	if (version == 0)
		return err_set(e, "no rules are active (kopru rules list shows the versions)");
	if (rules_version_load(s, version, &set, e) < 0)
		return -1;
	if (json)
		command_say(true, rules_set_json(&set), "%s", "");
	else
		set_print(s, &set);
	return 0;
}

int
rules_show(const struct command_line *line, struct err *e)
{
	struct session s;
	long version = 0;
	int rc;

	if (line->count > 0 && (rc = rules_version_parse(line->arguments[0], &version, e)) < 0)
		return rc;
	if (session_open(&s, e) < 0)
		return -1;
	rc = show(&s, version, line->json, e);
	session_close(&s);
	return rc;
}

/* The file's set, checked. */
static int
file_check(struct session *s, const char *path, struct rules_set *set, struct err *e)
{
	struct rules_known known;

	return rules_known_load(s, &known, e) < 0 ? -1 : rules_file_load(s, path, &known, set, e);
}

int
rules_check(const struct command_line *line, struct err *e)
{
	struct rules_set set = {0};
	struct session s;
	int rc;

	if (session_open(&s, e) < 0)
		return -1;
	rc = file_check(&s, line->arguments[0], &set, e);
	session_close(&s);
	if (rc == 0)
		command_say(line->json, json_pack("{s:I}", "rules", (json_int_t)set.count),
		    "%zu rules, nothing is wrong with them\n", set.count);
	return rc;
}

int
rules_option_text(const char *option, const char *text, size_t most, struct err *e)
{
	if (text && !text_blank(text) && text_valid(text, strlen(text)) && !text_has_line_break_or_control(text) &&
	    text_length(text) <= most)
		return 0;
	err_set(e, "%s wants a text of one line, 1 to %zu letters", option, most);
	return COMMAND_WRONG_USAGE;
}

static int
versions_count(struct session *s, size_t *count, struct err *e)
{
	struct script_rows rows;

	if (rules_ask(s, RULES_VERSIONS, NULL, &rows, e) < 0)
		return -1;
	*count = rows.count;
	return 0;
}

/* As columns of router.rule. */
static json_t *
rows_json(const struct rules_set *set)
{
	json_t *all = rules_set_json(set), *list = json_incref(json_object_get(all, "rules"));
	size_t i;
	json_t *rule;

	json_array_foreach(list, i, rule)
	{
		json_object_set(rule, "conditions", json_object_get(rule, "when"));
		json_object_set(rule, "outcome", json_object_get(rule, "then"));
		json_object_del(rule, "when");
		json_object_del(rule, "then");
	}
	json_decref(all);
	return list;
}

static int
save(struct session *s, const struct command_line *line, struct err *e)
{
	struct rules_set set = {0};
	struct script_rows rows;
	const char *values[4] = {line->reason, line->by, NULL, NULL};
	size_t versions = 0;
	long version;

	if (line->first && versions_count(s, &versions, e) < 0)
		return -1;
	if (versions > 0) {
		command_say(line->json, json_pack("{s:n}", "version"), "there are rules already: nothing is done\n");
		return 0;
	}
	if (file_check(s, line->arguments[0], &set, e) < 0)
		return -1;
	values[2] = object_text(s->arena, rows_json(&set));
	if (rules_ask(s, RULES_ADD, values, &rows, e) < 0)
		return -1;
	version = strtol(rows.cells[0], NULL, 10);
	if (line->activate)
		return rules_make_active(s, line, version, e);
	command_say(line->json,
	    json_pack(
		"{s:I, s:s, s:I}", "version", (json_int_t)version, "state", "draft", "rules", (json_int_t)set.count),
	    "version %ld: %zu rules, a draft (kopru rules replay %ld, kopru rules activate %ld)\n", version, set.count,
	    version, version);
	return 0;
}

int
rules_save(const struct command_line *line, struct err *e)
{
	struct session s;
	int rc;

	if (rules_option_text("--reason", line->reason, REASON_MAX_LETTERS, e) < 0 ||
	    rules_option_text("--by", line->by, NAME_MAX_LETTERS, e) < 0)
		return COMMAND_WRONG_USAGE;
	if (session_open(&s, e) < 0)
		return -1;
	rc = save(&s, line, e);
	session_close(&s);
	return rc;
}
