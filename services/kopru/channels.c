/* channels: `kopru channels`: what comes in over which source, what waits, and what went wrong; `kopru media retry`: files of
 * messages that intake gave up are wanted again. */
#include <stdio.h>
#include <string.h>

#include "services/kopru/command.h"
#include "services/kopru/session.h"

#define AGE_MAX 86400
#define LIMIT_MAX 100000
#define STATE_COLUMN 1

static int
show(struct session *s, const char *const *values, bool json, struct err *e)
{
	static const struct table_column columns[] = {{"source", false}, {"state", false}, {"last_at", false},
	    {"refused_last_hour", true}, {"backlog", true}, {"oldest_seconds", true}, {"triage", true},
	    {"told_unknown", true}, {"configured", false}, {"error", false}, {"error_at", false}, {0}};
	struct script_rows rows;
	struct table *t;
	size_t unwell = 0;

	if (session_ask(s, CHANNELS, values, &rows, e) < 0)
		return -1;
	t = table_new(s->arena, columns);
	table_add_rows(t, &rows);
	if (rows.count == 0 && !json)
		puts("no channel is configured, and nothing has come in");
	else
		table_print(t, json, stdout);
	for (size_t i = 0; i < rows.count; i++)
		unwell += strcmp(rows.cells[i * rows.columns + STATE_COLUMN], "well") != 0;
	return unwell == 0 ? 0 : err_set(e, "%zu not well", unwell);
}

int
channels_show(const struct command_line *line, struct err *e)
{
	static const long range[] = {1, AGE_MAX};
	struct session s;
	char text[24];
	const char *const values[] = {text, NULL};
	long age;
	int rc;

	if (command_number("--age", line->age, range, 60, &age, e) < 0)
		return COMMAND_WRONG_USAGE;
	snprintf(text, sizeof(text), "%ld", age);
	if (session_open(&s, e) < 0)
		return -1;
	rc = show(&s, values, line->json, e);
	session_close(&s);
	return rc;
}

int
media_retry(const struct command_line *line, struct err *e)
{
	static const struct table_column columns[] = {
	    {"source", false}, {"received_at", false}, {"inbound", true}, {"reason", false}, {0}};
	static const long range[] = {1, LIMIT_MAX};
	char text[24];
	long limit;
	const char *const values[] = {text, NULL};
	const struct session_listing listing = {.statement = MEDIA_RETRY,
	    .values = values,
	    .columns = columns,
	    .empty = "no file is given up",
	    .json = line->json};

	if (command_number("--limit", line->limit, range, 100, &limit, e) < 0)
		return COMMAND_WRONG_USAGE;
	snprintf(text, sizeof(text), "%ld", limit);
	return session_list(&listing, e);
}
