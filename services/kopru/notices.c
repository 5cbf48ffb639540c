/* notices: `kopru notices list` and `kopru notices retry`. Nobody's address is shown whole. */
#include <stdio.h>
#include <string.h>

#include "common/base/ids.h"
#include "services/kopru/command.h"
#include "services/kopru/session.h"

#define LIMIT_MAX 100000

static int
state_check(const char *state, const char *const *allowed, const char *text, struct err *e)
{
	for (; state && *allowed; allowed++)
		if (strcmp(*allowed, state) == 0)
			return 0;
	if (!state)
		return 0;
	err_set(e, "--state is \"%.40s\"; allowed are %s", state, text);
	return COMMAND_WRONG_USAGE;
}

int
notices_list(const struct command_line *line, struct err *e)
{
	static const struct table_column columns[] = {{"id", false}, {"number", false}, {"template", false},
	    {"language", false}, {"to", false}, {"state", false}, {"attempts", true}, {"created_at", false},
	    {"next_at", false}, {"finished_at", false}, {"reason", false}, {0}};
	static const char *const states[] = {"pending", "held", "sending", "sent", "failed", "unknown", "none", NULL};
	static const long range[] = {1, LIMIT_MAX};
	char text[24];
	long limit;
	const char *const values[] = {line->state ? line->state : "", line->number ? line->number : "", text, NULL};
	const struct session_listing listing = {.statement = NOTICES_LIST,
	    .values = values,
	    .columns = columns,
	    .empty = "there are no such notices",
	    .json = line->json};

	if (command_number("--limit", line->limit, range, 100, &limit, e) < 0 ||
	    state_check(line->state, states, "pending, held, sending, sent, failed, unknown and none", e) < 0)
		return COMMAND_WRONG_USAGE;
	snprintf(text, sizeof(text), "%ld", limit);
	return session_list(&listing, e);
}

static int
retry(struct session *s, const char *const *values, bool json, struct err *e)
{
	static const struct table_column columns[] = {{"id", false}, {"number", false}, {"template", false}, {0}};
	struct script_rows rows;
	struct table *t;

	if (session_ask(s, NOTICES_RETRY, values, &rows, e) < 0)
		return -1;
	if (rows.count == 0)
		return err_set(e,
		    "there is no such notice that can be tried again: it must be failed, unknown or held, "
		    "and still have an address");
	t = table_new(s->arena, columns);
	table_add_rows(t, &rows);
	table_print(t, json, stdout);
	fprintf(stderr, "%zu will be tried again\n", rows.count);
	return 0;
}

int
notices_retry(const struct command_line *line, struct err *e)
{
	static const char *const states[] = {"failed", "unknown", "held", NULL};
	static const long range[] = {1, LIMIT_MAX};
	struct uuid id;
	struct session s;
	char text[24];
	long limit;
	const char *const values[] = {
	    line->count > 0 ? line->arguments[0] : "", line->state ? line->state : "", text, NULL};
	int rc;

	if ((line->count > 0) == (line->state != NULL)) {
		err_set(e, "either ID or --state says which");
		return COMMAND_WRONG_USAGE;
	}
	if (line->count > 0 && !uuid_parse(line->arguments[0], &id)) {
		err_set(e, "\"%.60s\" is no id of a notice (kopru notices list shows them)", line->arguments[0]);
		return COMMAND_WRONG_USAGE;
	}
	if (command_number("--limit", line->limit, range, 100, &limit, e) < 0 ||
	    state_check(line->state, states, "failed, unknown and held", e) < 0)
		return COMMAND_WRONG_USAGE;
	snprintf(text, sizeof(text), "%ld", limit);
	if (session_open(&s, e) < 0)
		return -1;
	rc = retry(&s, values, line->json, e);
	session_close(&s);
	return rc;
}
