/* rules_active: `kopru rules replay, activate, rollback'. */
#include "services/kopru/rules_active.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "services/kopru/rules_replay.h"

#define NAME_MAX_LETTERS 100
#define CASES_KEPT 100 /* with the version, as it was activated */

static int
days_option(const struct command_line *line, long *days, struct err *e)
{
	static const long range[] = {1, RULES_REPLAY_DAYS_MAX};

	return command_number("--days", line->days, range, RULES_REPLAY_DAYS, days, e);
}

/* What was right when it was saved need not be right any more. Rules that are over do no harm. */
static int
version_check(struct session *s, long version, struct rules_set *set, struct err *e)
{
	struct rules_known known;
	struct rules_set current = {0};

	if (rules_version_load(s, version, set, e) < 0 || rules_known_load(s, &known, e) < 0)
		return -1;
	current.list = arena_array(s->arena, set->count + 1, sizeof(*current.list));
	for (size_t i = 0; i < set->count; i++)
		if (set->list[i].valid_to == 0 || set->list[i].valid_to > known.today)
			current.list[current.count++] = set->list[i];
	if (rules_set_check(s->arena, &current, &known, e) < 0)
		return err_prefix(e, "version %ld cannot become active", version);
	return 0;
}

static char *
replay_text(struct arena *a, const struct rules_replay *replay)
{
	json_t *json = rules_replay_json(replay, CASES_KEPT);
	size_t size = json_dumpb(json, NULL, 0, JSON_COMPACT);
	char *text = arena_alloc(a, size + 1);

	json_dumpb(json, text, size, JSON_COMPACT);
	json_decref(json);
	return text;
}

struct change {
	long version, before; /* before 0: none */
	const char *how, *by;
	const char *replay; /* JSON; "": none */
};

static int
change_make(struct session *s, const struct change *change, struct err *e)
{
	const char *const values[] = {arena_printf(s->arena, "%ld", change->version),
	    arena_printf(s->arena, "%ld", change->before), change->how, change->by, change->replay, NULL};

	return rules_ask(s, RULES_SET_ACTIVE, values, NULL, e);
}

int
rules_make_active(struct session *s, const struct command_line *line, long version, struct err *e)
{
	struct change change = {.version = version, .how = "activate", .by = line->by};
	struct rules_replay replay;
	struct rules_set set;
	long days;

	if (days_option(line, &days, e) < 0)
		return COMMAND_WRONG_USAGE;
	if (rules_active_version(s, &change.before, e) < 0)
		return -1;
	if (change.before == version)
		return err_set(e, "version %ld is active already", version);
	if (version_check(s, version, &set, e) < 0 ||
	    rules_replay_run(s->arena, &set, days, CASES_KEPT, &replay, e) < 0)
		return -1;
	change.replay = replay_text(s->arena, &replay);
	if (change_make(s, &change, e) < 0)
		return -1;
	command_say(line->json,
	    json_pack("{s:I, s:s, s:I, s:o}", "version", (json_int_t)version, "state", "active", "before",
		(json_int_t)change.before, "replay", rules_replay_json(&replay, CASES_KEPT)),
	    "version %ld is active; routers take it within 10 s. %zu of %zu decisions of the last %ld days would have "
	    "gone "
	    "elsewhere (kopru rules replay %ld shows them)\n",
	    version, replay.moved, replay.decisions, days, version);
	return 0;
}

int
rules_activate(const struct command_line *line, struct err *e)
{
	struct session s;
	long version;
	int rc;

	if ((rc = rules_version_parse(line->arguments[0], &version, e)) < 0)
		return rc;
	if (rules_option_text("--by", line->by, NAME_MAX_LETTERS, e) < 0)
		return COMMAND_WRONG_USAGE;
	if (session_open(&s, e) < 0)
		return -1;
	rc = rules_make_active(&s, line, version, e);
	session_close(&s);
	return rc;
}

/* The set that the active one took the place of. */
static int
rollback(struct session *s, const struct command_line *line, struct err *e)
{
	struct change change = {.how = "rollback", .by = line->by, .replay = ""};
	struct script_rows rows;
	struct rules_set set;

	if (rules_active_version(s, &change.before, e) < 0)
		return -1;
	if (change.before == 0)
		return err_set(e, "no rules are active");
	if (rules_ask(s, RULES_BEFORE, (const char *const[]){arena_printf(s->arena, "%ld", change.before), NULL}, &rows,
		e) < 0)
		return -1;
	if (rows.count == 0 || !*rows.cells[0])
		return err_set(
		    e, "nothing was active before version %ld; to have no rules, save a file with none", change.before);
	change.version = strtol(rows.cells[0], NULL, 10);
	if (version_check(s, change.version, &set, e) < 0 || change_make(s, &change, e) < 0)
		return -1;
	command_say(line->json,
	    json_pack("{s:I, s:s, s:I}", "version", (json_int_t)change.version, "state", "active", "before",
		(json_int_t)change.before),
	    "version %ld is active again instead of %ld; routers take it within 10 s\n", change.version, change.before);
	return 0;
}

int
rules_rollback(const struct command_line *line, struct err *e)
{
	struct session s;
	int rc;

	if (rules_option_text("--by", line->by, NAME_MAX_LETTERS, e) < 0)
		return COMMAND_WRONG_USAGE;
	if (session_open(&s, e) < 0)
		return -1;
	rc = rollback(&s, line, e);
	session_close(&s);
	return rc;
}

/* A version by its number, the active one when nothing is named, or a file. */
static int
set_find(struct session *s, const char *name, struct rules_set *set, struct err *e)
{
	struct rules_known known;
	long version;

	if (name && strspn(name, "0123456789") < strlen(name))
		return rules_known_load(s, &known, e) < 0 ? -1 : rules_file_load(s, name, &known, set, e);
	if (name) {
		int rc = rules_version_parse(name, &version, e);

		return rc < 0 ? rc : rules_version_load(s, version, set, e);
	}
	if (rules_active_version(s, &version, e) < 0)
		return -1;
	return version > 0 ? rules_version_load(s, version, set, e)
			   : err_set(e, "no rules are active: name a version or a file");
}

int
rules_replay(const struct command_line *line, struct err *e)
{
	static const long range[] = {1, RULES_REPLAY_CASES_MAX};
	struct rules_replay replay;
	struct rules_set set;
	struct session s;
	long days, limit;
	int rc;

	if (days_option(line, &days, e) < 0 || command_number("--limit", line->limit, range, 100, &limit, e) < 0)
		return COMMAND_WRONG_USAGE;
	if (session_open(&s, e) < 0)
		return -1;
	rc = set_find(&s, line->count > 0 ? line->arguments[0] : NULL, &set, e);
	if (rc == 0)
		rc = rules_replay_run(s.arena, &set, days, (size_t)limit, &replay, e);
	if (rc == 0)
		rules_replay_print(&replay, line->json);
	session_close(&s);
	return rc;
}
