/* session: see session.h. */
#include "services/kopru/session.h"

#include <string.h>

#include "services/kopru/settings.h"

int
session_open(struct session *s, struct err *e)
{
	struct settings settings = {0};

	*s = (struct session){.arena = arena_new(0)};
	if (conf_load(kopru_keys, &settings, e) == 0) {
		s->database = arena_string(s->arena, settings.database);
		s->script = script_open(s->database, "kopru", e);
		conf_free(kopru_keys, &settings);
	}
	if (s->script)
		return 0;
	session_close(s);
	return -1;
}

void
session_close(struct session *s)
{
	script_close(s->script);
	arena_free(s->arena);
	*s = (struct session){0};
}

int
session_ask(struct session *s, int statement, const char *const *values, struct script_rows *rows, struct err *e)
{
	return script_call(s->script, &operator_statements[statement], values, s->arena, rows, e);
}

int
session_list(const struct session_listing *listing, struct err *e)
{
	struct session s;
	struct script_rows rows;
	struct table *t = NULL;
	int rc = -1;

	if (session_open(&s, e) < 0)
		return -1;
	if (session_ask(&s, listing->statement, listing->values, &rows, e) == 0) {
		t = table_new(s.arena, listing->columns);
		table_add_rows(t, &rows);
		if (rows.count == 0 && !listing->json)
			puts(listing->empty);
		else
			table_print(t, listing->json, stdout);
		rc = 0;
	}
	session_close(&s);
	return rc;
}

const char *
session_array(struct arena *a, const struct script_rows *rows, size_t column)
{
	size_t size = 3;
	char *text, *to;

	for (size_t i = 0; i < rows->count; i++)
		size += 2 * strlen(rows->cells[i * rows->columns + column]) + 3;
	text = to = arena_alloc(a, size);
	*to++ = '{';
	for (size_t i = 0; i < rows->count; i++) {
		if (i > 0)
			*to++ = ',';
		*to++ = '"';
		for (const char *c = rows->cells[i * rows->columns + column]; *c; c++) {
			if (*c == '"' || *c == '\\')
				*to++ = '\\';
			*to++ = *c;
		}
		*to++ = '"';
	}
	*to++ = '}';
	*to = '\0';
	return text;
}
