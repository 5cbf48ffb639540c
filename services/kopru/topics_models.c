/* topics_models: `kopru topics publish`, `models` and `rollback`: which model the routers decide by. They look every ten
 * seconds. */
#include <stdio.h>
#include <string.h>

#include <sodium.h>

#include "common/base/file.h"
#include "common/base/text.h"
#include "services/kopru/command.h"
#include "services/kopru/topics.h"
#include "services/kopru/topics.sql.h"
#include "services/kopru/topics_database.h"

#define BY_MAX 120 /* bytes */
#define REASON_MAX 1000
#define LIST_MAX 100000

int
topics_ask(struct session *s, int statement, const char *const *values, struct script_rows *rows, struct err *e)
{
	return script_call(s->script, &topics_statements[statement], values, s->arena, rows, e);
}

int
topics_who(const struct command_line *line, struct err *e)
{
	const char *reason = line->reason ? line->reason : "";

	if (!line->by || text_blank(line->by))
		err_set(e, "--by is missing: who decided it");
	else if (strlen(line->by) > BY_MAX || text_has_line_break_or_control(line->by))
		err_set(e, "--by is a name of at most %d bytes, in one line", BY_MAX);
	else if (strlen(reason) > REASON_MAX || text_has_line_break_or_control(reason))
		err_set(e, "--reason is a text of at most %d bytes, in one line", REASON_MAX);
	else
		return 0;
	return COMMAND_WRONG_USAGE;
}

static bool
is_among(const struct script_rows *codes, const char *label)
{
	for (size_t i = 0; i < codes->count; i++) {
		if (strcmp(codes->cells[i * codes->columns], label) == 0)
			return true;
	}
	return false;
}

static bool
has_label(const struct model *m, const char *code)
{
	for (size_t i = 0; i < model_labels(m); i++) {
		if (strcmp(model_label(m, i), code) == 0)
			return true;
	}
	return false;
}

/* Labels that are no topic refuse it; *lacking: topics that it will never say, "" for none. */
static int
labels_check(struct session *s, const struct model *m, const char **lacking, struct err *e)
{
	struct script_rows codes;
	const char *unknown = "";

	*lacking = "";
	if (topics_ask(s, TOPICS_TODAY, NULL, &codes, e) < 0)
		return -1;
	for (size_t i = 0; i < model_labels(m); i++) {
		if (!is_among(&codes, model_label(m, i)))
			unknown = arena_printf(s->arena, "%s%s%s", unknown, *unknown ? ", " : "", model_label(m, i));
	}
	for (size_t i = 0; i < codes.count; i++) {
		const char *code = codes.cells[i * codes.columns];

		if (!has_label(m, code))
			*lacking = arena_printf(s->arena, "%s%s%s", *lacking, **lacking ? ", " : "", code);
	}
	return *unknown ? err_set(e, "it has labels that are no topics of today's catalogue: %s", unknown) : 0;
}

static const char *
figures_text(struct arena *a, const struct model *m)
{
	struct model_figures f = model_figures(m);

	return arena_printf(a,
	    "{\"examples\": %zu, \"labels\": %zu, \"cross_validation\": {\"accuracy\": %.4f, \"macro_f1\": %.4f, "
	    "\"top3\": %.4f, \"coverage\": %.4f, \"precision\": %.4f}}",
	    model_examples(m), model_labels(m), f.accuracy, f.macro_f1, f.top3, f.coverage, f.precision);
}

/* What a file holds, once it is known to be a model. */
struct published {
	struct model *model;
	char *bytes;
	size_t size;
};

static int
publish(struct session *s, const struct command_line *line, const struct published *p, struct err *e)
{
	char *hex = arena_alloc(s->arena, 2 * p->size + 1);
	const char *lacking = "";
	const char *const values[] = {model_name(p->model),
	    sodium_bin2hex(hex, 2 * p->size + 1, (const unsigned char *)p->bytes, p->size),
	    figures_text(s->arena, p->model), line->reason ? line->reason : "", line->by, NULL};
	struct script_rows rows;

	if (labels_check(s, p->model, &lacking, e) < 0)
		return -1;
	if (*lacking && !line->yes)
		return err_set(
		    e, "if it is meant that it never says these topics of the catalogue, say --yes: %s", lacking);
	if (topics_ask(s, TOPICS_PUBLISH, values, &rows, e) < 0)
		return -1;
	command_say(line->json,
	    json_pack("{s:s, s:s, s:s, s:s}", "version", rows.cells[0], "name", model_name(p->model), "before",
		rows.cells[1], "lacking", lacking),
	    "version %s is active: model %s, before: %s\n%s%s%s", rows.cells[0], model_name(p->model),
	    *rows.cells[1] ? rows.cells[1] : "none", *lacking ? "It never says these topics of the catalogue: " : "",
	    lacking, *lacking ? "\n" : "");
	return 0;
}

int
topics_publish(const struct command_line *line, struct err *e)
{
	const char *path = line->arguments[0];
	struct arena *a = NULL;
	struct published p = {0};
	struct session s;
	int rc = topics_who(line, e);

	if (rc != 0)
		return rc;
	a = arena_new(0);
	rc = file_read(a, path, MODEL_FILE_MAX, &p.bytes, &p.size, e);
	if (rc == 0 && !(p.model = model_load(p.bytes, p.size, e)))
		rc = err_prefix(e, "%s", path);
	if (rc == 0 && (rc = session_open(&s, e)) == 0) {
		rc = publish(&s, line, &p, e);
		session_close(&s);
	}
	model_free(p.model);
	arena_free(a);
	return rc;
}

int
topics_rollback(const struct command_line *line, struct err *e)
{
	const char *const values[] = {line->by, line->reason ? line->reason : "", NULL};
	struct script_rows rows;
	struct session s;
	int rc = topics_who(line, e);

	if (rc != 0 || (rc = session_open(&s, e)) < 0)
		return rc;
	rc = topics_ask(&s, TOPICS_ROLLBACK, values, &rows, e);
	if (rc == 0 && rows.count == 0)
		rc = err_set(e, "there is no model before the active one to go back to (`kopru topics models'); "
				"`kopru topics publish' takes a file, as the one of ROUTER_MODEL_FILE");
	else if (rc == 0)
		command_say(line->json,
		    json_pack("{s:s, s:s, s:s, s:s}", "from", rows.cells[0], "from_name", rows.cells[1], "version",
			rows.cells[2], "name", rows.cells[3]),
		    "version %s (%s) is active again, instead of version %s (%s)\n", rows.cells[2], rows.cells[3],
		    rows.cells[0], rows.cells[1]);
	session_close(&s);
	return rc;
}

int
topics_models(const struct command_line *line, struct err *e)
{
	static const struct table_column columns[] = {{"version", true}, {"name", false}, {"state", false},
	    {"by", false}, {"made_at", false}, {"active_since", false}, {"accuracy", true}, {"macro_f1", true},
	    {"compared_with", true}, {"reason", false}, {0}};
	static const long range[] = {1, LIST_MAX};
	char text[24];
	const char *const values[] = {text, NULL};
	struct script_rows rows;
	struct table *t = NULL;
	struct session s;
	long limit;
	int rc;

	if (command_number("--limit", line->limit, range, 100, &limit, e) < 0)
		return COMMAND_WRONG_USAGE;
	snprintf(text, sizeof(text), "%ld", limit);
	if (session_open(&s, e) < 0)
		return -1;
	rc = topics_ask(&s, TOPICS_MODELS, values, &rows, e);
	if (rc == 0) {
		t = table_new(s.arena, columns);
		table_add_rows(t, &rows);
		if (rows.count == 0 && !line->json)
			puts("the database has no model: the file of ROUTER_MODEL_FILE decides, or keywords alone");
		else
			table_print(t, line->json, stdout);
	}
	session_close(&s);
	return rc;
}
