/* streams: `kopru streams`: heads, cursors and what waits. */
#include <stdio.h>

#include "services/kopru/command.h"
#include "services/kopru/store.h"
#include "services/kopru/table.h"

static void
build(void *arg, struct db_tx *tx)
{
	(void)arg;
	db_call(tx, &kopru_statements[STREAMS]);
}

static void
number_add(struct table *t, const struct db_results *r, size_t row, int column)
{
	if (db_null(r, 0, row, column))
		table_add_text(t, NULL);
	else
		table_add_number(t, db_int8(r, 0, row, column));
}

static int
read_result(void *arg, const struct db_results *r, struct err *e)
{
	static const struct table_column columns[] = {{"stream", false}, {"writer", false}, {"head", true},
	    {"consumer", false}, {"cursor", true}, {"lag", true}, {"oldest_seconds", true}, {"parked", true}, {0}};
	const struct command_line *line = arg;
	struct arena *a = arena_new(0);
	struct table *t = table_new(a, columns);

	(void)e;
	for (size_t i = 0; i < db_rows(r, 0); i++) {
		bool known = !db_null(r, 0, i, 3);

		table_add_text(t, db_text(r, 0, i, 0));
		table_add_text(t, db_text(r, 0, i, 1));
		number_add(t, r, i, 2);
		table_add_text(t, known ? db_text(r, 0, i, 3) : NULL);
		number_add(t, r, i, 4);
		number_add(t, r, i, 5);
		number_add(t, r, i, 6);
		if (known)
			table_add_number(t, db_int8(r, 0, i, 7));
		else
			table_add_text(t, NULL);
	}
	table_print(t, line->json, stdout);
	arena_free(a);
	return 0;
}

int
streams_show(const struct command_line *line, struct err *e)
{
	struct command_line copy = *line;
	const struct store_work work = {build, read_result, &copy};

	return store_run(&work, e);
}
