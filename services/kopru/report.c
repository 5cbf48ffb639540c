/* report: `kopru report summary` and `kopru report year`: asks reporting as any holder of an API key does. On a terminal and
 * in a pipe the tables that a person reads; JSON and files as reporting gives them. */
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/csv.h"
#include "common/domain/calendar.h"
#include "services/kopru/api.h"
#include "services/kopru/command.h"
#include "services/kopru/http_get.h"
#include "services/kopru/table.h"

#define ROWS_MAX 1000000
#define SECONDS_MAX 120

struct report {
	const struct command_line *line;
	struct api api;
	struct arena *arena;
	const char *path; /* "/api/v1/reports/year/2020?" */
};

/* What a person reads of the figures; a column that the answer does not have is left out. */
static const struct table_column shown[] = {{"name", false}, {"count", true}, {"answered", true}, {"open", true},
    {"overdue", true}, {"forwarded", true}, {"handed_back", true}, {"reopened", true}, {"answer_median_hours", true},
    {"answer_p90_hours", true}, {"answer_mean_hours", true}, {"mean_days", true}, {0}};
/* Tables that are too long to be read. */
static const char *const hidden[] = {"by_day", "by_week", "by_neighbourhood", NULL};

/* What reporting says is wrong, in one line. */
static int
refused(const struct report *r, const struct http_got *got, struct err *e)
{
	json_t *json = json_loads(got->body, 0, NULL), *fault = json_array_get(json_object_get(json, "errors"), 0);
	const char *title = json_string_value(json_object_get(json, "title"));
	const char *field = json_string_value(json_object_get(fault, "field"));
	const char *text = json_string_value(json_object_get(fault, "text"));
	int rc;

	if (!text)
		text = json_string_value(json_object_get(json, "detail"));
	rc = err_set(e, "%s answered %ld: %s%s%s%s%s", r->api.name, got->status, title ? title : "no problem document",
	    field ? ": " : "", field ? field : "", text ? ": " : "", text ? text : "");
	json_decref(json);
	return rc;
}

static int
fetch(const struct report *r, const char *format, FILE *out, struct http_got *got, struct err *e)
{
	struct http_question question = {
	    .key = r->api.key, .socket = r->api.socket, .out = out, .seconds = SECONDS_MAX};

	question.url = arena_printf(r->arena, "%s%sformat=%s", r->api.url, r->path, format);
	if (http_get(&question, r->arena, got, e) < 0)
		return err_prefix(e, "%s", r->api.name);
	return got->status == 200 ? 0 : refused(r, got, e);
}

/* Under another name first, so that what stands there stays whole. */
static int
save(const struct report *r, const char *format, const char *path, struct err *e)
{
	const char *temporary = arena_printf(r->arena, "%s.tmp", path);
	FILE *file = fopen(temporary, "wx");
	struct http_got got;
	long size;
	int rc;

	if (!file)
		return err_set(e, "cannot write %s: %s", temporary, strerror(errno));
	rc = fetch(r, format, file, &got, e);
	size = ftell(file);
	if ((fflush(file) != 0 || fsync(fileno(file)) < 0) && rc == 0)
		rc = err_set(e, "cannot write %s: %s", temporary, strerror(errno));
	fclose(file);
	if (rc == 0 && rename(temporary, path) < 0)
		rc = err_set(e, "cannot write %s: %s", path, strerror(errno));
	if (rc < 0)
		unlink(temporary);
	else
		printf("%s: %ld bytes\n", path, size);
	return rc;
}

static bool
is_hidden(const char *table)
{
	for (const char *const *name = hidden; *name; name++)
		if (strcmp(*name, table) == 0)
			return true;
	return false;
}

/* The columns that both are shown and are there. */
static const struct table_column *
columns_choose(struct arena *a, const struct csv_table *csv)
{
	struct table_column *columns = arena_array(a, sizeof(shown) / sizeof(shown[0]), sizeof(*columns));
	size_t count = 0;

	for (const struct table_column *c = shown; c->name; c++)
		for (size_t i = 0; i < csv->columns; i++)
			if (strcmp(csv->head[i], c->name) == 0)
				columns[count++] = *c;
	return columns;
}

/* Consecutive rows of one table; gives the row after them. */
static size_t
print_one(struct arena *a, const struct csv_table *csv, const struct table_column *columns, size_t row)
{
	const char *name = csv_cell(csv, row, "table");
	struct table *t = table_new(a, columns);
	bool show = !name || !is_hidden(name);

	for (; row < csv->rows; row++) {
		const char *here = csv_cell(csv, row, "table");

		if (name && strcmp(here, name) != 0)
			break;
		for (const struct table_column *c = columns; show && c->name; c++)
			table_add_text(t, csv_cell(csv, row, c->name));
	}
	if (show) {
		printf("%s\n", name ? name : "");
		table_print(t, false, stdout);
		putchar('\n');
	}
	return row;
}

static int
print_tables(const struct report *r, struct err *e)
{
	struct http_got got;
	struct csv_table csv;
	const struct table_column *columns;

	if (fetch(r, "csv", NULL, &got, e) < 0)
		return -1;
	if (csv_parse(r->arena, got.body, ROWS_MAX, &csv, e) < 0)
		return err_prefix(e, "%s gave what is no table", r->api.name);
	columns = columns_choose(r->arena, &csv);
	if (!columns->name)
		return err_set(e, "%s gave a table without figures", r->api.name);
	for (size_t row = 0; row < csv.rows;)
		row = print_one(r->arena, &csv, columns, row);
	return 0;
}

static int
print_json(const struct report *r, struct err *e)
{
	struct http_got got;
	json_t *json;

	if (fetch(r, "json", NULL, &got, e) < 0)
		return -1;
	json = json_loads(got.body, 0, NULL);
	if (!json)
		return err_set(e, "%s gave what is no JSON", r->api.name);
	json_dumpf(json, stdout, JSON_INDENT(2));
	putchar('\n');
	json_decref(json);
	return 0;
}

static int
report_give(const struct report *r, struct err *e)
{
	if (r->line->csv)
		return save(r, "csv", r->line->csv, e);
	if (r->line->xlsx)
		return save(r, "xlsx", r->line->xlsx, e);
	return r->line->json ? print_json(r, e) : print_tables(r, e);
}

static int
report_run(const struct command_line *line, const char *path, struct err *e)
{
	struct report r = {.line = line, .path = path};
	int rc;

	if (line->json + (line->csv != NULL) + (line->xlsx != NULL) > 1) {
		err_set(e, "only one of --json, --csv and --xlsx");
		return COMMAND_WRONG_USAGE;
	}
	r.arena = arena_new(0);
	rc = api_find(r.arena, line, "reports", &r.api, e) < 0 ? -1 : report_give(&r, e);
	arena_free(r.arena);
	return rc;
}

int
report_summary(const struct command_line *line, struct err *e)
{
	int32_t from = 0, to = 0;
	char path[96];

	if (!line->from || !line->to || !date_parse(line->from, &from) || !date_parse(line->to, &to) || to < from) {
		err_set(e, "--from and --to are days as YYYY-MM-DD, the first not after the last");
		return COMMAND_WRONG_USAGE;
	}
	snprintf(path, sizeof(path), "/api/v1/reports/summary?from=%s&to=%s&", line->from, line->to);
	return report_run(line, path, e);
}

int
report_year(const struct command_line *line, struct err *e)
{
	static const long range[] = {2000, 2099};
	char path[96];
	long year;

	if (command_number("YEAR", line->arguments[0], range, 0, &year, e) < 0)
		return COMMAND_WRONG_USAGE;
	snprintf(path, sizeof(path), "/api/v1/reports/year/%ld?", year);
	return report_run(line, path, e);
}
