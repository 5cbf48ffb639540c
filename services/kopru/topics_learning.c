/* topics_learning: `kopru topics learn` and `status`. The routers learn; here it is asked for, waited for and shown. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "common/base/ids.h"
#include "services/kopru/topics.h"
#include "services/kopru/topics.sql.h"
#include "services/kopru/topics_database.h"

#define LOOK_MS 200
#define WAIT_MAX 86400
#define BY_NOBODY "operator"

void
topics_texts_put(struct db_tx *tx, const struct examples *texts)
{
	static const int statements[] = {TEXTS_FORGET, TEXTS_LOAD};

	for (size_t k = 0; k < sizeof(statements) / sizeof(statements[0]); k++) {
		db_call(tx, &kopru_statements[statements[k]]);
		db_bind_array(tx, DB_TEXTS, texts->count);
		for (size_t i = 0; i < texts->count; i++)
			db_put_text(tx, texts->list[i].label);
		db_bind_array(tx, DB_TEXTS, texts->count);
		for (size_t i = 0; i < texts->count; i++)
			db_put_text(tx, texts->list[i].text);
	}
}

static void
texts_build(void *arg, struct db_tx *tx)
{
	topics_texts_put(tx, arg);
}

static int
texts_read(void *arg, const struct db_results *r, struct err *e)
{
	(void)arg;
	(void)r;
	(void)e;
	return 0;
}

static int
texts_load(const char *path, struct err *e)
{
	struct arena *a = arena_new(0);
	struct examples texts = {0};
	const struct store_work work = {texts_build, texts_read, &texts};
	int rc = topics_read(a, &path, 1, &texts, e);

	if (rc == 0)
		rc = store_run(&work, e);
	arena_free(a);
	return rc;
}

/* Until a training that began after wanted has ended, or the time is over: then outcome stays "". */
static int
await(struct session *s, const char *wanted, long seconds, const char **outcome, const char **reason, struct err *e)
{
	const char *const values[] = {wanted, NULL};
	int64_t end = clock_monotonic() + seconds * 1000000;
	struct script_rows rows;

	*outcome = *reason = "";
	for (;;) {
		if (topics_ask(s, TOPICS_OUTCOME, values, &rows, e) < 0)
			return -1;
		if (rows.count > 0) {
			*outcome = rows.cells[0];
			*reason = rows.cells[1];
		}
		if (rows.count > 0 || clock_monotonic() >= end)
			return 0;
		nanosleep(&(struct timespec){.tv_nsec = LOOK_MS * 1000000}, NULL);
	}
}

static int
learn(struct session *s, const struct command_line *line, long seconds, struct err *e)
{
	const char *const values[] = {line->by ? line->by : BY_NOBODY, NULL};
	const char *outcome = "", *reason = "";
	struct script_rows rows;

	if (topics_ask(s, TOPICS_WANT, values, &rows, e) < 0 ||
	    await(s, rows.cells[0], seconds, &outcome, &reason, e) < 0)
		return -1;
	if (*outcome)
		command_say(line->json, json_pack("{s:s, s:s}", "outcome", outcome, "reason", reason), "%s: %s\n",
		    outcome, reason);
	else
		command_say(line->json, json_pack("{s:s}", "outcome", "asked"),
		    "asked for: a router trains within seconds when it may (ROUTER_LEARNING); `kopru topics status' "
		    "shows what comes of it\n");
	return strcmp(outcome, "failed") == 0 ? err_set(e, "%s", reason) : 0;
}

int
topics_learn(const struct command_line *line, struct err *e)
{
	static const long range[] = {0, WAIT_MAX};
	struct session s;
	long seconds;
	int rc;

	if (command_number("--wait", line->wait, range, 300, &seconds, e) < 0)
		return COMMAND_WRONG_USAGE;
	if (line->texts && texts_load(line->texts, e) < 0)
		return -1;
	if (session_open(&s, e) < 0)
		return -1;
	rc = learn(&s, line, seconds, e);
	session_close(&s);
	return rc;
}

/* What status shows. */
struct status {
	struct script_rows learning, drift, rates;
};

static const struct table_column drift_columns[] = {{"what", false}, {"part", true}, {"whole", true},
    {"part_before", true}, {"whole_before", true}, {"drifts", false}, {0}};
static const struct table_column rate_columns[] = {{"topic", false}, {"decided", true}, {"unsure", true},
    {"corrected", true}, {"decided_before", true}, {"unsure_before", true}, {"corrected_before", true}, {0}};

static struct table *
table_of(struct session *s, const struct table_column *columns, const struct script_rows *rows)
{
	struct table *t = table_new(s->arena, columns);

	table_add_rows(t, rows);
	return t;
}

static void
status_print_json(struct session *s, const struct status *x)
{
	static const char *const names[] = {"version", "name", "active_since", "own_examples", "shipped_examples",
	    "wanted_at", "wanted_by", "running_since", "ended_at", "outcome", "reason"};
	json_t *json = json_object();

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		json_object_set_new(json, names[i], json_string(x->learning.cells[i]));
	json_object_set_new(json, "figures", json_loads(x->learning.cells[11], 0, NULL));
	json_object_set_new(json, "drift", table_json(table_of(s, drift_columns, &x->drift)));
	json_object_set_new(json, "topics", table_json(table_of(s, rate_columns, &x->rates)));
	command_say(true, json, "%s", "");
}

static void
status_print(struct session *s, const struct status *x)
{
	const char *const *c = x->learning.cells;

	if (*c[0])
		printf("Active model:  %s %s, since %s\n", c[0], c[1], c[2]);
	else
		puts("Active model:  none; the file of ROUTER_MODEL_FILE decides, or keywords alone");
	printf("Examples:      %s own, %s shipped\n", c[3], c[4]);
	if (*c[5])
		printf("Asked for:     %s, by %s\n", c[5], c[6]);
	if (*c[7])
		printf("Training:      since %s\n", c[7]);
	if (*c[8])
		printf("Last training: %s: %s %s\n\n", c[8], c[9], c[10]);
	else
		puts("Last training: none\n");
	puts("Against the weeks before (last 7 days, 28 days before):");
	table_print(table_of(s, drift_columns, &x->drift), false, stdout);
	puts("\nTopics:");
	table_print(table_of(s, rate_columns, &x->rates), false, stdout);
}

int
topics_status(const struct command_line *line, struct err *e)
{
	struct status x;
	struct session s;
	int rc = -1;

	if (session_open(&s, e) < 0)
		return -1;
	if (topics_ask(&s, TOPICS_LEARNING, NULL, &x.learning, e) == 0 &&
	    topics_ask(&s, TOPICS_DRIFT, NULL, &x.drift, e) == 0 &&
	    topics_ask(&s, TOPICS_RATES, NULL, &x.rates, e) == 0) {
		if (line->json)
			status_print_json(&s, &x);
		else
			status_print(&s, &x);
		rc = 0;
	}
	session_close(&s);
	return rc;
}
