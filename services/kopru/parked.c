/* parked: `kopru parked list` and `kopru parked release`. The consumer does the work (common/feed/turns_released.c); here it
 * is asked for, and waited for. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "common/base/ids.h"
#include "services/kopru/command.h"
#include "services/kopru/session.h"

#define LOOK_MS 200
#define LIST_MAX 100000
#define WAIT_MAX 3600

int
parked_list(const struct command_line *line, struct err *e)
{
	static const struct table_column columns[] = {{"consumer", false}, {"stream", false}, {"seq", true},
	    {"number", false}, {"application", false}, {"kind", false}, {"failures", true}, {"since", false},
	    {"release", false}, {"later", true}, {"reason", false}, {0}};
	static const long range[] = {1, LIST_MAX};
	long limit;
	char text[24];
	const char *const values[] = {line->consumer ? line->consumer : "", text, NULL};
	const struct session_listing listing = {.statement = PARKED_LIST,
	    .values = values,
	    .columns = columns,
	    .empty = "nothing is parked",
	    .json = line->json};

	if (command_number("--limit", line->limit, range, 100, &limit, e) < 0)
		return COMMAND_WRONG_USAGE;
	snprintf(text, sizeof(text), "%ld", limit);
	return session_list(&listing, e);
}

/* Which ones? $1 to $4 of parked_want. */
static int
choose(struct session *s, const struct command_line *line, const char **values, struct err *e)
{
	struct script_rows rows;
	struct uuid id;

	if (line->count > 0)
		memcpy(values, line->arguments, 3 * sizeof(*values));
	else if (line->consumer)
		values[0] = line->consumer;
	if (!line->application)
		return 0;
	if (session_ask(s, APPLICATION_FIND, (const char *const[]){line->application, NULL}, &rows, e) < 0)
		return -1;
	/* Parked may also be what intake does not know (any more): its id is enough. */
	values[3] = rows.count > 0 ? rows.cells[0] : line->application;
	return rows.count > 0 || uuid_parse(line->application, &id)
		   ? 0
		   : err_set(e, "there is no application \"%.60s\"", line->application);
}

/* How many rows have that outcome. */
static size_t
count(const struct script_rows *rows, const char *outcome)
{
	size_t n = 0;

	for (size_t i = 0; i < rows->count; i++)
		n += strcmp(rows->cells[i * rows->columns + 3], outcome) == 0;
	return n;
}

/* Until none is only asked for, or the time is over. */
static int
await(struct session *s, const struct script_rows *wanted, long seconds, struct script_rows *rows, struct err *e)
{
	const char *const values[] = {session_array(s->arena, wanted, 0), session_array(s->arena, wanted, 1),
	    session_array(s->arena, wanted, 2), NULL};
	int64_t end = clock_monotonic() + seconds * 1000000;

	for (;;) {
		if (session_ask(s, PARKED_OUTCOME, values, rows, e) < 0)
			return -1;
		if (count(rows, "asked") == 0 || clock_monotonic() >= end)
			return 0;
		nanosleep(&(struct timespec){.tv_nsec = LOOK_MS * 1000000}, NULL);
	}
}

static int
tell(struct session *s, const struct script_rows *rows, bool json, struct err *e)
{
	static const struct table_column columns[] = {
	    {"consumer", false}, {"stream", false}, {"seq", true}, {"outcome", false}, {"reason", false}, {0}};
	struct table *t = table_new(s->arena, columns);
	size_t again = count(rows, "parked again"), asked = count(rows, "asked");

	table_add_rows(t, rows);
	table_print(t, json, stdout);
	if (asked > 0)
		fprintf(stderr,
		    "%zu not digested yet: they are asked for, and go as soon as their consumer runs and comes to "
		    "them\n",
		    asked);
	if (again > 0)
		return err_set(e, "%zu could not be digested and are parked again", again);
	return 0;
}

static int
release(struct session *s, const struct command_line *line, long seconds, struct err *e)
{
	const char *values[] = {"", "", "", "", NULL};
	struct script_rows wanted, rows;

	if (choose(s, line, values, e) < 0 || session_ask(s, PARKED_WANT, values, &wanted, e) < 0)
		return -1;
	if (wanted.count == 0)
		return err_set(e, "nothing such is parked (`kopru parked list' shows what is)");
	if (await(s, &wanted, seconds, &rows, e) < 0)
		return -1;
	return tell(s, &rows, line->json, e);
}

int
parked_release(const struct command_line *line, struct err *e)
{
	static const long seconds_range[] = {0, WAIT_MAX}, seq_range[] = {1, 0x7fffffffffffffff};
	int ways = (line->count > 0) + (line->application != NULL) + (line->consumer != NULL);
	struct session s;
	long seconds, seq;
	int rc;

	if (ways != 1) {
		err_set(e, "one of CONSUMER STREAM SEQ, --application and --consumer says which");
		return COMMAND_WRONG_USAGE;
	}
	if (command_number("--wait", line->wait, seconds_range, 10, &seconds, e) < 0 ||
	    (line->count > 0 && command_number("SEQ", line->arguments[2], seq_range, 0, &seq, e) < 0))
		return COMMAND_WRONG_USAGE;
	if (session_open(&s, e) < 0)
		return -1;
	rc = release(&s, line, seconds, e);
	session_close(&s);
	return rc;
}
