/* reconcile: `kopru reconcile`: proves from the database that nothing that was accepted is lost, doubled or out of order
 * (I-01, I-05, I-06, I-07), or says which applications are. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "services/kopru/command.h"
#include "services/kopru/reconcile.sql.h"
#include "services/kopru/session.h"

#define EXCEPTIONS_MAX 100000

/* In the order of reconcile_counts. Those that are wrong when they are not zero. */
static const struct count {
	const char *name, *meaning;
	bool wrong;
} counts[] = {
    {"accepted", "applications that intake answered for", false},
    {"stored", "with exactly one received event", false},
    {"routed", "with exactly one decision, one case and one routed event", false},
    {"delivered_events", "with exactly one first event in a department's stream", false},
    {"noticed", "with a notice, or the reason why there is none", false},
    {"waiting", "not there yet: their event lies before a consumer's cursor", false},
    {"parked", "with an event that nobody could digest (kopru parked list)", false},
    {"lost", "where something is missing and nothing explains it", true},
    {"duplicated", "with more of something than one", true},
    {"misordered", "whose versions are not in order in some stream", true},
    {"strangers", "that have traces, but that intake does not know", true},
    {"gaps", "events that are missing in the middle of streams", true},
};

#define COUNTS (sizeof(counts) / sizeof(counts[0]))

static int
prepare(struct session *s, struct err *e)
{
	for (int i = RECONCILE_BEGIN; i < RECONCILE_COUNTS; i++)
		if (script_call(s->script, &reconcile_statements[i], NULL, NULL, NULL, e) < 0)
			return err_prefix(e, "%s", reconcile_statements[i].name);
	return 0;
}

static void
print_json(const struct script_rows *numbers, const struct script_rows *exceptions)
{
	json_t *json = json_object(), *list = json_array();

	for (size_t i = 0; i < COUNTS; i++)
		json_object_set_new(json, counts[i].name, json_integer(strtoll(numbers->cells[i], NULL, 10)));
	for (size_t i = 0; i < exceptions->count; i++)
		json_array_append_new(list,
		    json_pack("{s:s, s:s}", "number", exceptions->cells[2 * i], "what", exceptions->cells[2 * i + 1]));
	json_object_set_new(json, "exceptions", list);
	json_dumpf(json, stdout, JSON_INDENT(2));
	putchar('\n');
	json_decref(json);
}

static void
print_text(struct session *s, const struct script_rows *numbers, const struct script_rows *exceptions)
{
	static const struct table_column number_columns[] = {
	    {"what", false}, {"applications", true}, {"meaning", false}, {0}};
	static const struct table_column columns[] = {{"number", false}, {"what", false}, {0}};
	struct table *t = table_new(s->arena, number_columns);

	for (size_t i = 0; i < COUNTS; i++) {
		table_add_text(t, counts[i].name);
		table_add_number(t, strtoll(numbers->cells[i], NULL, 10));
		table_add_text(t, counts[i].meaning);
	}
	table_print(t, false, stdout);
	if (exceptions->count == 0)
		return;
	t = table_new(s->arena, columns);
	table_add_rows(t, exceptions);
	putchar('\n');
	table_print(t, false, stdout);
}

static int
reconcile(struct session *s, const struct command_line *line, long limit, struct err *e)
{
	const char *const values[] = {arena_printf(s->arena, "%ld", limit), NULL};
	struct script_rows numbers, exceptions;
	long long wrong = 0;

	if (prepare(s, e) < 0 ||
	    script_call(s->script, &reconcile_statements[RECONCILE_COUNTS], NULL, s->arena, &numbers, e) < 0 ||
	    script_call(s->script, &reconcile_statements[RECONCILE_EXCEPTIONS], values, s->arena, &exceptions, e) < 0 ||
	    script_call(s->script, &reconcile_statements[RECONCILE_END], NULL, NULL, NULL, e) < 0)
		return -1;
	if (line->json)
		print_json(&numbers, &exceptions);
	else
		print_text(s, &numbers, &exceptions);
	for (size_t i = 0; i < COUNTS; i++)
		wrong += counts[i].wrong ? strtoll(numbers.cells[i], NULL, 10) : 0;
	return wrong == 0
		   ? 0
		   : err_set(e, "it does not add up: lost, duplicated, misordered, strangers and gaps should be 0");
}

int
reconcile_run(const struct command_line *line, struct err *e)
{
	static const long range[] = {0, EXCEPTIONS_MAX};
	struct session s;
	long limit;
	int rc;

	if (command_number("--limit", line->limit, range, 100, &limit, e) < 0)
		return COMMAND_WRONG_USAGE;
	if (session_open(&s, e) < 0)
		return -1;
	rc = reconcile(&s, line, limit, e);
	session_close(&s);
	return rc;
}
