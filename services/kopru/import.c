/* import: `kopru import cimer`, `kopru import old`, `kopru import mapping`: files of other systems come in. */
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/file.h"
#include "services/kopru/command.h"
#include "services/kopru/import_preview.h"
#include "services/kopru/import_run.h"

#define MAPPING_MAX ((size_t)256 * 1024)
#define SOURCE_MAX 40

/* What one run needs; all but the file lives in the arena. */
struct import {
	const struct command_line *line;
	struct arena *arena;
	struct import_mapping mapping;
	struct import_columns columns;
	struct import_source source;
	struct import_file *file;
	struct session session;
	struct api api;
};

static const char *
mapping_path(struct arena *a, const struct command_line *line, const char *usual)
{
	const char *folder = getenv("KOPRU_MAPPINGS");

	if (line->mapping)
		return line->mapping;
	return arena_printf(a, "%s/%s", folder && *folder ? folder : "deploy/data/mappings", usual);
}

static int
mapping_load(struct arena *a, const char *path, struct import_mapping *m, char **text, struct err *e)
{
	size_t size;

	if (file_read(a, path, MAPPING_MAX, text, &size, e) < 0)
		return -1;
	return import_mapping_read(a, *text, m, e) < 0 ? err_prefix(e, "%s", path) : 0;
}

static int
prepare(struct import *i, const char *usual, struct err *e)
{
	const struct import_csv_row *head;
	char *text;

	if (mapping_load(i->arena, mapping_path(i->arena, i->line, usual), &i->mapping, &text, e) < 0 ||
	    !(i->file = import_file_open(i->line->arguments[0], e)))
		return -1;
	if (strcmp(i->source.name, "cimer") == 0 && strcmp(i->mapping.channel, "cimer") != 0)
		return err_set(
		    e, "the mapping's channel is \"%s\"; that of CİMER's files must be \"cimer\"", i->mapping.channel);
	head = import_file_head(i->file);
	if (import_columns_find(i->arena, &i->mapping, head->cells, head->count, &i->columns, e) < 0)
		return err_prefix(e, "%s", i->line->arguments[0]);
	i->source.mapping = &i->mapping;
	i->source.columns = &i->columns;
	return 0;
}

static void
say_counts(const struct import *i, const struct import_counts *c, const char *errors)
{
	json_t *json = json_pack("{s:s,s:I,s:I,s:I,s:I,s:I,s:b}", "source", i->source.name, "rows", (json_int_t)c->rows,
	    i->line->dry_run ? "valid" : "new", (json_int_t)c->stored, "repeated", (json_int_t)c->repeated, "refused",
	    (json_int_t)c->refused, "answered", (json_int_t)c->answered, "dry_run", (int)i->line->dry_run);

	if (c->refused > 0)
		json_object_set_new(json, "errors", json_string(errors));
	command_say(i->line->json, json,
	    "%s: %" PRIu64 " rows: %" PRIu64 " %s, %" PRIu64 " there already, %" PRIu64 " refused%s%s%s",
	    i->source.name, c->rows, c->stored, i->line->dry_run ? "valid (a dry run: nothing was stored)" : "new",
	    c->repeated, c->refused, c->refused > 0 ? " (see " : "", c->refused > 0 ? errors : "",
	    c->refused > 0 ? ")" : "");
}

/* The file's proof of origin: its row among what came in. */
static int
inbound_begin(struct import *i, int64_t *id, struct err *e)
{
	const char *values[] = {i->source.name, import_file_hash(i->file),
	    arena_printf(i->arena, "%" PRIu64, import_file_size(i->file)), NULL};
	struct script_rows rows;

	if (session_ask(&i->session, IMPORT_BEGIN, values, &rows, e) < 0)
		return -1;
	*id = strtoll(rows.cells[0], NULL, 10);
	return 0;
}

static int
inbound_end(struct import *i, int64_t id, const struct import_counts *c, bool whole, struct err *e)
{
	const char *values[] = {arena_printf(i->arena, "%" PRId64, id),
	    arena_printf(i->arena,
		"%s: %" PRIu64 " rows, %" PRIu64 " new, %" PRIu64 " there already, %" PRIu64 " refused",
		whole ? "imported" : "import broken off", c->rows, c->stored, c->repeated, c->refused),
	    NULL};

	return session_ask(&i->session, IMPORT_END, values, NULL, e);
}

static int
run(struct import *i, struct import_report *report, struct import_counts *counts, struct err *e)
{
	struct import_job job = {.source = &i->source,
	    .file = i->file,
	    .report = report,
	    .api = &i->api,
	    .session = i->line->dry_run ? NULL : &i->session,
	    .dry_run = i->line->dry_run};
	struct err ignored;
	int rc;

	if (!job.dry_run && (session_open(&i->session, e) < 0 || inbound_begin(i, &job.inbound_id, e) < 0))
		return -1;
	rc = import_run(&job, counts, e);
	if (!job.dry_run && inbound_end(i, job.inbound_id, counts, rc == 0, rc == 0 ? e : &ignored) < 0)
		rc = -1;
	return rc;
}

static bool
same_file(const char *one, const char *other)
{
	struct stat a, b;

	return stat(one, &a) == 0 && stat(other, &b) == 0 && a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

static int
import_all(struct import *i, struct err *e)
{
	const char *errors =
	    i->line->errors ? i->line->errors : arena_printf(i->arena, "%s.errors.csv", i->line->arguments[0]);
	struct import_counts counts = {0};
	struct import_report *report;
	struct err late;
	int rc;

	if (same_file(errors, i->line->arguments[0]) || (i->line->mapping && same_file(errors, i->line->mapping))) {
		err_set(e, "--errors must be another file than those that are read");
		return COMMAND_WRONG_USAGE;
	}
	if (api_find(i->arena, i->line, "applications", &i->api, e) < 0 || !(report = import_report_open(errors, e)))
		return -1;
	import_preview_warn(&i->source);
	rc = run(i, report, &counts, e);
	if (import_report_close(report, &late) < 0 && rc == 0)
		rc = err_set(e, "%s", late.text);
	say_counts(i, &counts, errors);
	if (rc == 0 && counts.refused > 0)
		rc = err_set(e, "%" PRIu64 " rows were refused; correct them and run the same again", counts.refused);
	return rc;
}

/* What is no import leaves its row, too. Where the database is away the refusal is told all the same. */
static void
note_refusal(struct import *i)
{
	struct stat file;
	struct err e;
	const char *values[3] = {i->source.name};

	if (i->line->preview || i->line->dry_run || stat(i->line->arguments[0], &file) < 0)
		return;
	values[1] = arena_printf(i->arena, "%lld", (long long)file.st_size);
	if (session_open(&i->session, &e) < 0 || session_ask(&i->session, IMPORT_REFUSED, values, NULL, &e) < 0)
		fprintf(stderr, "kopru: warning: that this file was refused could not be noted: %s\n", e.text);
}

static int
import_file(const struct command_line *line, const char *source, const char *usual, struct err *e)
{
	static const long range[] = {1, 1000};
	struct import i = {.line = line, .arena = arena_new(0), .source = {.name = source}};
	long rows = 0;
	int rc;

	if (line->preview && command_number("--preview", line->preview, range, 0, &rows, e) < 0)
		rc = COMMAND_WRONG_USAGE;
	else if ((rc = prepare(&i, usual, e)) == 0)
		rc = line->preview ? import_preview(&i.source, i.file, (size_t)rows, line->json, e) : import_all(&i, e);
	else
		note_refusal(&i);
	if (i.session.script)
		session_close(&i.session);
	import_file_close(i.file);
	arena_free(i.arena);
	return rc;
}

int
import_cimer(const struct command_line *line, struct err *e)
{
	return import_file(line, "cimer", "cimer.json", e);
}

int
import_old(const struct command_line *line, struct err *e)
{
	char source[SOURCE_MAX + 8];

	if (!line->mapping || !line->source) {
		err_set(e, "--mapping FILE and --source NAME are needed");
		return COMMAND_WRONG_USAGE;
	}
	if (!*line->source || strlen(line->source) > SOURCE_MAX ||
	    strspn(line->source, "abcdefghijklmnopqrstuvwxyz0123456789_.-") != strlen(line->source)) {
		err_set(e, "--source is 1 to 40 of a-z, 0-9, _ . -");
		return COMMAND_WRONG_USAGE;
	}
	snprintf(source, sizeof(source), "import/%s", line->source);
	return import_file(line, source, "old.json", e);
}

static int
propose(struct arena *a, const struct command_line *line, struct import_file *file, struct err *e)
{
	const struct import_csv_row *head = import_file_head(file);
	struct import_mapping example;
	size_t missing = 0;
	char *text, *proposal;
	json_t *json;
	int rc = 0;

	if (mapping_load(a, mapping_path(a, line, "old.json"), &example, &text, e) < 0)
		return -1;
	if (line->out && access(line->out, F_OK) == 0)
		return err_set(e, "%s is there already", line->out);
	json = import_mapping_propose(a, &example, text, head->cells, head->count, &missing);
	if (!json_object_get(json_object_get(json, "columns"), "hidden") &&
	    !json_is_false(json_object_get(json, "hidden")))
		fputs("warning: no column says who wants to be hidden: name it, or say \"hidden\": false when nobody "
		      "does\n",
		    stderr);
	if (!(proposal = json_dumps(json, JSON_INDENT(2))))
		abort();
	json_decref(json);
	text = arena_printf(a, "%s\n", proposal);
	free(proposal);
	proposal = text;
	if (!line->out)
		fputs(proposal, stdout);
	else if ((rc = file_write_durable(line->out, proposal, strlen(proposal), 0644, e)) == 0)
		command_say(line->json, json_pack("{s:s,s:I}", "mapping", line->out, "missing", (json_int_t)missing),
		    "%s: a proposal; read it before it is used", line->out);
	if (rc == 0 && missing > 0)
		rc = err_set(
		    e, "%zu of number, received_at and text found no column: name them in the mapping", missing);
	return rc;
}

int
import_mapping(const struct command_line *line, struct err *e)
{
	struct arena *a = arena_new(0);
	struct import_file *file = import_file_open(line->arguments[0], e);
	int rc = file ? propose(a, line, file, e) : -1;

	import_file_close(file);
	arena_free(a);
	return rc;
}
