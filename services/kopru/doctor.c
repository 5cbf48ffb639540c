/* doctor: `kopru doctor`: what is wrong, why it matters and what to do. Most checks are statements of doctor.sql. */
#include "services/kopru/doctor.h"

#include <jansson.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "common/base/conf.h"
#include "services/kopru/doctor.sql.h"
#include "services/kopru/operator.sql.h"

#define CHECKS_MAX 64
#define AGE_MAX 86400

static const struct conf_key doctor_keys[] = {
    {"KOPRU_DATABASE", CONF_SECRET, offsetof(struct doctor_conf, database), NULL,
	"connection string of the database, as its owner", 0, 0},
    {"KOPRU_SERVICES", CONF_TEXT, offsetof(struct doctor_conf, services), "",
	"where services say how they are: NAME=unix:/path or NAME=host:port, comma-separated", 0, 0},
    {"KOPRU_STATE", CONF_TEXT, offsetof(struct doctor_conf, state), "", "folder of the state, whose disk is looked at",
	0, 0},
    {0},
};

/* The checks that are more than a statement. */
static const struct check {
	const char *name;
	bool database; /* needs it */
	void (*make)(struct doctor *d);
} checks[] = {
    {"migrations", true, doctor_migrations},
    {"clock", true, doctor_clock},
    {"disks", false, doctor_disks},
    {"services", false, doctor_services},
};

void
doctor_find(struct doctor *d, enum finding_state state, const char *what, const char *why, const char *run)
{
	struct finding *f = arena_alloc(d->arena, sizeof(*f));

	f->state = state;
	f->check = d->check;
	f->what = arena_string(d->arena, what);
	f->why = arena_string(d->arena, why);
	f->run = arena_string(d->arena, run);
	*d->last = f;
	d->last = &f->next;
}

static void
check_begin(struct doctor *d, const char *name)
{
	char *text = arena_string(d->arena, name);

	for (char *c = text; *c; c++)
		if (*c == '_')
			*c = ' ';
	d->check = text;
	if (d->checks_count < CHECKS_MAX)
		d->checks[d->checks_count++] = text;
}

static void
database_check(struct doctor *d, const struct db_statement *statement)
{
	struct script_rows rows;
	struct err e;

	check_begin(d, statement->name);
	if (script_call(d->script, statement, NULL, d->arena, &rows, &e) < 0) {
		doctor_find(d, FINDING_NOTE, arena_printf(d->arena, "this could not be looked at: %s", e.text),
		    "The schema is another one than this program's, or KOPRU_DATABASE does not connect as the owner",
		    "kopru migrate");
		return;
	}
	for (size_t i = 0; i < rows.count; i++) {
		const char **row = &rows.cells[i * rows.columns];

		doctor_find(d, strcmp(row[0], "wrong") == 0 ? FINDING_WRONG : FINDING_NOTE, row[1], row[2], row[3]);
	}
}

static void
database_open(struct doctor *d, long age)
{
	char text[24];
	const char *const values[] = {text, NULL};
	struct err e;

	check_begin(d, "database");
	snprintf(text, sizeof(text), "%ld", age);
	d->script = script_open(d->conf->database, "kopru doctor", &e);
	if (d->script && script_call(d->script, &operator_statements[DOCTOR_SESSION], values, NULL, NULL, &e) < 0) {
		script_close(d->script);
		d->script = NULL;
	}
	if (!d->script)
		doctor_find(d, FINDING_WRONG, e.text, "Without the database nothing can be entered, routed or shown",
		    "is PostgreSQL running, and is KOPRU_DATABASE right? (make status)");
}

static void
look(struct doctor *d, long age)
{
	database_open(d, age);
	for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++) {
		if (checks[i].database && !d->script)
			continue;
		check_begin(d, checks[i].name);
		checks[i].make(d);
	}
	for (const struct db_statement *s = doctor_statements; d->script && s->name; s++)
		database_check(d, s);
}

static size_t
count(const struct doctor *d, enum finding_state state)
{
	size_t n = 0;

	for (const struct finding *f = d->first; f; f = f->next)
		n += f->state == state;
	return n;
}

static void
findings_print(const struct doctor *d)
{
	for (const struct finding *f = d->first; f; f = f->next) {
		printf("%-6s %s: %s\n       why: %s\n", f->state == FINDING_WRONG ? "WRONG" : "note", f->check, f->what,
		    f->why);
		if (*f->run)
			printf("       do:  %s\n", f->run);
	}
	printf("%zu checks, %zu wrong, %zu notes\n", d->checks_count, count(d, FINDING_WRONG), count(d, FINDING_NOTE));
}

static void
findings_print_json(const struct doctor *d)
{
	json_t *json = json_pack("{s:b, s:[], s:[]}", "well", count(d, FINDING_WRONG) == 0, "findings", "checks");

	for (const struct finding *f = d->first; f; f = f->next)
		json_array_append_new(json_object_get(json, "findings"),
		    json_pack("{s:s, s:s, s:s, s:s, s:s}", "check", f->check, "state",
			f->state == FINDING_WRONG ? "wrong" : "note", "what", f->what, "why", f->why, "run", f->run));
	for (size_t i = 0; i < d->checks_count; i++)
		json_array_append_new(json_object_get(json, "checks"), json_string(d->checks[i]));
	json_dumpf(json, stdout, JSON_INDENT(2));
	putchar('\n');
	json_decref(json);
}

int
doctor_run(const struct command_line *line, struct err *e)
{
	static const long range[] = {1, AGE_MAX};
	struct doctor_conf conf = {0};
	struct doctor d = {.conf = &conf, .folder = line->folder, .last = &d.first};
	size_t wrong;
	long age;

	if (command_number("--age", line->age, range, 60, &age, e) < 0)
		return COMMAND_WRONG_USAGE;
	if (conf_load(doctor_keys, &conf, e) < 0)
		return -1;
	d.arena = arena_new(0);
	d.checks = arena_array(d.arena, CHECKS_MAX, sizeof(*d.checks));
	look(&d, age);
	if (line->json)
		findings_print_json(&d);
	else
		findings_print(&d);
	wrong = count(&d, FINDING_WRONG);
	script_close(d.script);
	arena_free(d.arena);
	conf_free(doctor_keys, &conf);
	return wrong == 0 ? 0 : err_set(e, "%zu wrong", wrong);
}
