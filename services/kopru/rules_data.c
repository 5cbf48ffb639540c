/* rules_data: see the header. */
#include "services/kopru/rules_data.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/file.h"
#include "common/base/ids.h"
#include "common/base/jsontext.h"
#include "common/base/text.h"
#include "services/kopru/command.h"
#include "services/kopru/places.h"

#define JSON_DEPTH 4

int
rules_ask(struct session *s, int statement, const char *const *values, struct script_rows *rows, struct err *e)
{
	return script_call(s->script, &rule_sets_statements[statement], values, s->arena, rows, e);
}

static const char *
cell(const struct script_rows *rows, size_t row, size_t column)
{
	return rows->cells[row * rows->columns + column];
}

static int32_t
day_cell(const struct script_rows *rows, size_t row, size_t column)
{
	return (int32_t)strtol(cell(rows, row, column), NULL, 10);
}

static int
departments_load(struct session *s, struct rules_known *known, struct err *e)
{
	struct script_rows rows;
	struct rules_department *list;

	if (rules_ask(s, RULES_DEPARTMENTS, NULL, &rows, e) < 0)
		return -1;
	list = arena_array(s->arena, rows.count + 1, sizeof(*list));
	for (size_t i = 0; i < rows.count; i++)
		list[i] = (struct rules_department){cell(&rows, i, 0), day_cell(&rows, i, 1), day_cell(&rows, i, 2)};
	known->departments = list;
	known->department_count = rows.count;
	return 0;
}

static int
topics_load(struct session *s, struct rules_known *known, struct err *e)
{
	struct script_rows rows;
	struct rules_topic *list;

	if (rules_ask(s, RULES_TOPICS, NULL, &rows, e) < 0)
		return -1;
	list = arena_array(s->arena, rows.count + 1, sizeof(*list));
	for (size_t i = 0; i < rows.count; i++)
		list[i] = (struct rules_topic){
		    cell(&rows, i, 0), cell(&rows, i, 1), day_cell(&rows, i, 2), day_cell(&rows, i, 3)};
	known->topics = list;
	known->topic_count = rows.count;
	return 0;
}

static int
areas_load(struct session *s, struct rules_known *known, struct err *e)
{
	struct script_rows rows;
	struct rules_area *list;

	if (rules_ask(s, RULES_AREA_ROWS, NULL, &rows, e) < 0)
		return -1;
	list = arena_array(s->arena, rows.count + 1, sizeof(*list));
	for (size_t i = 0; i < rows.count; i++) {
		const char *names = arena_printf(s->arena, "%s\n%s", cell(&rows, i, 1), cell(&rows, i, 2));

		list[i] = (struct rules_area){
		    .code = cell(&rows, i, 0),
		    .names = text_fold_tr(s->arena, names),
		    .shape = *cell(&rows, i, 4) ? cell(&rows, i, 4) : NULL,
		    .neighbourhood = cell(&rows, i, 3)[0] == 't',
		    .valid_from = day_cell(&rows, i, 5),
		    .valid_to = day_cell(&rows, i, 6),
		};
	}
	known->areas = list;
	known->area_count = rows.count;
	return 0;
}

int
rules_known_load(struct session *s, struct rules_known *known, struct err *e)
{
	*known = (struct rules_known){.today = command_today()};
	if (departments_load(s, known, e) < 0 || topics_load(s, known, e) < 0)
		return -1;
	return areas_load(s, known, e);
}

int
rules_places_load(struct session *s, struct places **places, struct err *e)
{
	struct places_rows rows;

	if (places_rows_load(s, &rows, e) < 0)
		return -1;
	*places = places_new(&rows, e);
	return *places ? 0 : err_prefix(e, "places");
}

int
rules_calendar_load(struct session *s, struct calendar **calendar, struct err *e)
{
	struct script_rows rows;
	struct calendar_rows days = {0};

	if (rules_ask(s, RULES_CALENDAR, NULL, &rows, e) < 0)
		return -1;
	days.list = arena_array(s->arena, rows.count + 1, sizeof(*days.list));
	for (size_t i = 0; i < rows.count; i++) {
		struct calendar_row *row = &days.list[days.count];

		*row = (struct calendar_row){.day = day_cell(&rows, i, 0), .name = ""};
		days.count += calendar_kind_find(cell(&rows, i, 1), &row->kind);
	}
	*calendar = calendar_make(&days, e);
	return *calendar ? 0 : err_prefix(e, "calendar");
}

int
rules_file_load(
    struct session *s, const char *path, const struct rules_known *known, struct rules_set *set, struct err *e)
{
	char *text;
	size_t size;

	if (file_read(s->arena, path, RULES_FILE_BYTES, &text, &size, e) < 0)
		return -1;
	if (rules_set_read(s->arena, text, size, set, e) < 0 || rules_set_check(s->arena, set, known, e) < 0)
		return err_prefix(e, "%s", path);
	return 0;
}

static int
rule_load(struct session *s, const struct script_rows *rows, size_t row, struct rule *r, struct err *e)
{
	struct jsontext_fault fault = {"", ""};
	const char *conditions = cell(rows, row, 5), *outcome = cell(rows, row, 6);
	json_t *when = jsontext_read(s->arena, conditions, strlen(conditions), JSON_DEPTH, &fault);
	json_t *then = when ? jsontext_read(s->arena, outcome, strlen(outcome), JSON_DEPTH, &fault) : NULL;

	*r = (struct rule){.code = cell(rows, row, 0),
	    .owner = cell(rows, row, 1),
	    .reason = cell(rows, row, 2),
	    .valid_from = day_cell(rows, row, 3),
	    .valid_to = day_cell(rows, row, 4)};
	if (!then)
		return err_set(e, "rule \"%s\": %s", r->code, fault.en);
	return rule_read(s->arena, when, then, r, e) < 0 ? err_prefix(e, "rule \"%s\"", r->code) : 0;
}

int
rules_version_load(struct session *s, long version, struct rules_set *set, struct err *e)
{
	const char *const values[] = {arena_printf(s->arena, "%ld", version), NULL};
	struct script_rows rows;

	jsontext_start();
	if (rules_ask(s, RULES_STATE, values, &rows, e) < 0)
		return -1;
	if (rows.count == 0)
		return err_set(e, "there is no version %ld of the rules (kopru rules list shows them)", version);
	if (rules_ask(s, RULES_OF, values, &rows, e) < 0)
		return -1;
	*set =
	    (struct rules_set){.list = arena_array(s->arena, rows.count + 1, sizeof(*set->list)), .count = rows.count};
	for (size_t i = 0; i < rows.count; i++)
		if (rule_load(s, &rows, i, &set->list[i], e) < 0)
			return -1;
	return 0;
}

int
rules_active_version(struct session *s, long *version, struct err *e)
{
	struct script_rows rows;

	if (rules_ask(s, RULES_ACTIVE, NULL, &rows, e) < 0)
		return -1;
	*version = rows.count > 0 ? strtol(rows.cells[0], NULL, 10) : 0;
	return 0;
}

int
rules_version_parse(const char *text, long *version, struct err *e)
{
	static const long range[] = {1, INT32_MAX};

	if (command_number("VERSION", text, range, 0, version, e) == 0)
		return 0;
	err_set(e, "\"%.60s\" is no version: versions are numbers (kopru rules list shows them)", text);
	return COMMAND_WRONG_USAGE;
}

json_t *
rules_set_json(const struct rules_set *set)
{
	json_t *list = json_array();

	for (size_t i = 0; i < set->count; i++) {
		const struct rule *r = &set->list[i];
		char from[DATE_TEXT_SIZE], to[DATE_TEXT_SIZE];
		json_t *json;

		date_text(r->valid_from, from);
		json = json_pack("{s:s, s:s, s:s, s:s}", "code", r->code, "owner", r->owner, "reason", r->reason,
		    "valid_from", from);
		if (r->valid_to != 0) {
			date_text(r->valid_to, to);
			json_object_set_new(json, "valid_to", json_string(to));
		}
		json_object_set_new(json, "when", rule_conditions_json(r));
		json_object_set_new(json, "then", rule_outcome_json(r));
		json_array_append_new(list, json);
	}
	return json_pack("{s:o}", "rules", list);
}
