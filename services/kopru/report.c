/* report: `kopru report summary` and `kopru report year`: asks reporting as any holder of an API key does. On a terminal and
 * in a pipe the tables that a person reads; JSON and files as reporting gives them. */
#include <errno.h>
#include <jansson.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/conf.h"
#include "common/base/csv.h"
#include "common/base/file.h"
#include "common/domain/calendar.h"
#include "services/kopru/command.h"
#include "services/kopru/http_get.h"
#include "services/kopru/table.h"

#define ROWS_MAX 1000000
#define SECONDS_MAX 120
#define KEY_SIZE_MAX 1024

struct report_conf {
	const char *url, *key;
};

static const struct conf_key report_keys[] = {
    {"KOPRU_URL", CONF_TEXT, offsetof(struct report_conf, url), "http://127.0.0.1:8080",
	"where the API is: http://host:port, or unix:/path of reporting's own socket", 0, 0},
    {"KOPRU_KEY", CONF_SECRET, offsetof(struct report_conf, key), "", "API key with the right reports", 0, 0},
    {0},
};

struct report {
	const struct command_line *line;
	struct report_conf conf;
	struct arena *arena;
	const char *key;
	const char *path; /* "/api/v1/reports/year/2020?" */
};

/* What a person reads of the figures; a column that the answer does not have is left out. */
static const struct table_column shown[] = {{"name", false}, {"count", true}, {"answered", true}, {"open", true},
    {"overdue", true}, {"forwarded", true}, {"handed_back", true}, {"reopened", true}, {"answer_median_hours", true},
    {"answer_p90_hours", true}, {"answer_mean_hours", true}, {"mean_days", true}, {0}};
/* Tables that are too long to be read. */
static const char *const hidden[] = {"by_day", "by_week", "by_neighbourhood", NULL};

static int
key_find(struct report *r, struct err *e)
{
	size_t size;
	char *text;

	r->key = r->conf.key;
	if (r->line->key_file) {
		if (file_read(r->arena, r->line->key_file, KEY_SIZE_MAX, &text, &size, e) < 0)
			return err_prefix(e, "--key-file");
		text[strcspn(text, "\r\n")] = '\0';
		r->key = text;
	}
	if (strspn(r->key, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") != strlen(r->key))
		return err_set(e, "the API key holds a character that no key has");
	return *r->key ? 0
		       : err_set(e, "an API key with the right \"reports\" is needed: KOPRU_KEY, KOPRU_KEY_FILE or "
				    "--key-file (kopru key create NAME --rights reports)");
}

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
	rc = err_set(e, "%s answered %ld: %s%s%s%s%s", r->conf.url, got->status, title ? title : "no problem document",
	    field ? ": " : "", field ? field : "", text ? ": " : "", text ? text : "");
	json_decref(json);
	return rc;
}

static int
fetch(const struct report *r, const char *format, FILE *out, struct http_got *got, struct err *e)
{
	bool local = strncmp(r->conf.url, "unix:", 5) == 0;
	struct http_question question = {.key = r->key, .out = out, .seconds = SECONDS_MAX};

	question.socket = local ? r->conf.url + 5 : NULL;
	question.url =
	    arena_printf(r->arena, "%s%sformat=%s", local ? "http://localhost" : r->conf.url, r->path, format);
	if (http_get(&question, r->arena, got, e) < 0)
		return err_prefix(e, "%s", r->conf.url);
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
		return err_prefix(e, "%s gave what is no table", r->conf.url);
	columns = columns_choose(r->arena, &csv);
	if (!columns->name)
		return err_set(e, "%s gave a table without figures", r->conf.url);
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
		return err_set(e, "%s gave what is no JSON", r->conf.url);
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
	if (conf_load(report_keys, &r.conf, e) < 0)
		return -1;
	r.arena = arena_new(0);
	rc = key_find(&r, e) < 0 ? -1 : report_give(&r, e);
	arena_free(r.arena);
	conf_free(report_keys, &r.conf);
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
