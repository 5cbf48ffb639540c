/* departments: `kopru department add` and `list`. */
#include <stdio.h>

#include "common/base/text.h"
#include "services/kopru/catalogue.h"
#include "services/kopru/command.h"
#include "services/kopru/store.h"
#include "services/kopru/table.h"

static int
name_check(const char *what, const char *name, struct err *e)
{
	if (text_blank(name) || text_length(name) > 200 || text_has_line_break_or_control(name))
		return err_set(e, "the %s name must have 1 to 200 characters on one line", what);
	return 0;
}

static void
add_build(void *arg, struct db_tx *tx)
{
	const struct command_line *line = arg;

	db_call(tx, &kopru_statements[DEPARTMENT_ADD]);
	for (int i = 0; i < 3; i++)
		db_bind_text(tx, line->arguments[i]);
	db_bind_bool(tx, line->outside);
	db_call(tx, &kopru_statements[DEPARTMENT_STREAMS_LOAD]);
	db_bind_array(tx, DB_TEXTS, 1);
	db_put_text(tx, line->arguments[0]);
}

static int
add_read(void *arg, const struct db_results *r, struct err *e)
{
	const struct command_line *line = arg;

	if (db_rows(r, 0) == 0)
		return err_set(e, "there is a department \"%s\" already", line->arguments[0]);
	command_say(line->json, json_pack("{s:s}", "code", line->arguments[0]),
	    "department %s added; next: kopru department key %s\n", line->arguments[0], line->arguments[0]);
	return 0;
}

int
department_add(const struct command_line *line, struct err *e)
{
	struct command_line copy = *line;
	const struct store_work work = {add_build, add_read, &copy};

	if (!catalogue_code_valid(line->arguments[0]))
		return err_set(e, "\"%s\" is no department's code: 2 to 12 of A-Z and 0-9 are", line->arguments[0]);
	if (name_check("Turkish", line->arguments[1], e) < 0 || name_check("English", line->arguments[2], e) < 0)
		return -1;
	return store_run(&work, e);
}

static void
list_build(void *arg, struct db_tx *tx)
{
	(void)arg;
	db_call(tx, &kopru_statements[DEPARTMENTS]);
}

static int
list_read(void *arg, const struct db_results *r, struct err *e)
{
	static const struct table_column columns[] = {{"code", false}, {"name_tr", false}, {"name_en", false},
	    {"outside", false}, {"keys", true}, {"topics", true}, {"events", true}, {0}};
	const struct command_line *line = arg;
	struct arena *a = arena_new(0);
	struct table *t = table_new(a, columns);

	(void)e;
	for (size_t i = 0; i < db_rows(r, 0); i++) {
		table_add_text(t, db_text(r, 0, i, 0));
		table_add_text(t, db_text(r, 0, i, 1));
		table_add_text(t, db_text(r, 0, i, 2));
		table_add_switch(t, db_bool(r, 0, i, 3));
		table_add_number(t, db_int8(r, 0, i, 4));
		table_add_number(t, db_int8(r, 0, i, 5));
		table_add_number(t, db_int8(r, 0, i, 6));
	}
	table_print(t, line->json, stdout);
	arena_free(a);
	return 0;
}

int
department_list(const struct command_line *line, struct err *e)
{
	struct command_line copy = *line;
	const struct store_work work = {list_build, list_read, &copy};

	return store_run(&work, e);
}
