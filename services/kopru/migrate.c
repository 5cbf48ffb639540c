/* migrate: `kopru migrate`: numbered files, forward only, each one transaction, one operator at a time. */
#include "services/kopru/migrations.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/db/script.h"
#include "services/kopru/command.h"
#include "services/kopru/migrate.sql.h"
#include "services/kopru/settings.h"

#define TRIES 20

static int
call(struct script *s, int statement, struct err *e)
{
	return script_call(s, &migrate_statements[statement], NULL, NULL, NULL, e);
}

static int
lock(struct script *s, struct arena *a, struct err *e)
{
	struct script_rows rows;

	if (script_call(s, &migrate_statements[MIGRATE_LOCK_TRY], NULL, a, &rows, e) < 0)
		return -1;
	if (strcmp(rows.cells[0], "t") == 0)
		return 0;
	fputs("waiting for another `kopru migrate'\n", stderr);
	return call(s, MIGRATE_LOCK, e);
}

/* Compares what was applied with the files; applied becomes how many. */
static int
applied_check(struct script *s, struct arena *a, const struct migrations *m, size_t *applied, struct err *e)
{
	struct script_rows rows;
	const char **names, **checksums;

	if (script_call(s, &migrate_statements[MIGRATIONS_APPLIED], NULL, a, &rows, e) < 0)
		return -1;
	names = arena_array(a, rows.count + 1, sizeof(*names));
	checksums = arena_array(a, rows.count + 1, sizeof(*checksums));
	for (size_t i = 0; i < rows.count; i++) {
		const char **row = &rows.cells[i * rows.columns];

		if (strtol(row[0], NULL, 10) != (long)i + 1)
			return err_set(e, "the database says that \"%s\" was applied without %04zu", row[1], i + 1);
		names[i] = row[1];
		checksums[i] = row[2];
	}
	*applied = rows.count;
	return migrations_check(m, names, checksums, rows.count, e);
}

/* Roles belong to the whole cluster: another database's migration may change one at the same moment. */
static bool
is_crossed(const struct err *e)
{
	return strstr(e->text, "tuple concurrently updated") != NULL;
}

static int
apply(struct script *s, const struct migration *m, struct err *e)
{
	char number[16];
	const char *const values[] = {number, m->name, m->checksum, NULL};
	int rc = -1;

	snprintf(number, sizeof(number), "%d", m->number);
	for (unsigned tries = 0; rc < 0 && tries < TRIES; tries++) {
		rc = script_apply(s, m->text, &migrate_statements[MIGRATION_RECORD], values, e);
		if (rc < 0 && !is_crossed(e))
			break;
	}
	return rc < 0 ? err_prefix(e, "%s", m->name) : 0;
}

/* Each one is told when it is done: some take a while. */
static int
apply_all(struct script *s, const struct migrations *m, size_t applied, json_t *names, struct err *e)
{
	for (size_t i = applied; i < m->count; i++) {
		if (apply(s, &m->list[i], e) < 0)
			return -1;
		if (names) {
			json_array_append_new(names, json_string(m->list[i].name));
			continue;
		}
		printf("%s applied\n", m->list[i].name);
		fflush(stdout);
	}
	return 0;
}

static int
migrate(struct script *s, struct arena *a, const struct migrations *m, bool json, struct err *e)
{
	json_t *names = json ? json_array() : NULL;
	size_t applied = 0;
	int rc;

	if (lock(s, a, e) < 0 || call(s, MIGRATE_LIMIT, e) < 0 || call(s, MIGRATE_SCHEMA, e) < 0 ||
	    call(s, MIGRATE_TABLE, e) < 0 || applied_check(s, a, m, &applied, e) < 0)
		rc = -1;
	else
		rc = apply_all(s, m, applied, names, e);
	if (rc == 0 && json)
		command_say(true, json_pack("{s:O, s:I}", "applied", names, "at", (json_int_t)m->count), "%s", "");
	else if (rc == 0 && applied == m->count)
		printf("nothing to do, the database is at %04zu\n", m->count);
	else if (rc == 0)
		printf("%zu applied, the database is at %04zu\n", m->count - applied, m->count);
	json_decref(names);
	return rc;
}

int
migrate_run(const struct command_line *line, struct err *e)
{
	struct settings settings = {0};
	struct arena *a = NULL;
	struct script *s = NULL;
	struct migrations m;
	int rc = -1;

	if (conf_load(kopru_keys, &settings, e) < 0)
		return -1;
	a = arena_new(0);
	if (migrations_read(a, line->folder, &m, e) < 0 || !(s = script_open(settings.database, "kopru", e)))
		goto out;
	rc = migrate(s, a, &m, line->json, e);

out:
	script_close(s);
	arena_free(a);
	conf_free(kopru_keys, &settings);
	return rc;
}
