/* calendar_due: `kopru calendar due`: until when the law wants an answer, and which days were counted; of many days at
 * once with --batch. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/file.h"
#include "common/domain/words.h"
#include "services/kopru/calendar.h"

#define FILE_SIZE_MAX (4 * 1024 * 1024)
#define LINE_SIZE 80

struct question {
	int legal_basis;
	int32_t day;
	bool extended;
};

static int
basis_parse(const char *text, int *legal_basis, struct err *e)
{
	bool working = false;

	for (const struct word *word = legal_basis_words; word->value != 0; word++) {
		if (strcmp(word->token, text) == 0 && deadline_days(word->value, false, &working) > 0) {
			*legal_basis = word->value;
			return 0;
		}
	}
	err_set(e, "\"%.40s\" is no law with a term; 3071, 4982 and 6698 are", text);
	return COMMAND_WRONG_USAGE;
}

static int
question_parse(const char *basis, const char *day, struct question *q, struct err *e)
{
	if (basis_parse(basis, &q->legal_basis, e) < 0)
		return COMMAND_WRONG_USAGE;
	if (date_parse(day, &q->day))
		return 0;
	err_set(e, "\"%.40s\" is no day; 2026-10-29 is one, of the years 1900 to 2200", day);
	return COMMAND_WRONG_USAGE;
}

static const char *
day_note(enum deadline_day what)
{
	static const char *const notes[] = {
	    [DEADLINE_COUNTED] = "",
	    [DEADLINE_WEEKEND] = "weekend",
	    [DEADLINE_HOLIDAY] = "holiday",
	    [DEADLINE_STANDS] = "the term stands",
	};

	return notes[what];
}

/* Each day after the first: its number in the term, or why it has none. */
static struct table *
explain(struct arena *a, const struct calendar *c, const struct question *q, int32_t due_on)
{
	static const struct table_column columns[] = {{"day", false}, {"counted", true}, {"why_not", false}, {0}};
	bool working = false;
	int days = deadline_days(q->legal_basis, q->extended, &working), count = 0;
	struct table *t = table_new(a, columns);
	char text[DATE_TEXT_SIZE];

	for (int32_t day = q->day + 1; day <= due_on; day++) {
		enum deadline_day what = deadline_day(c, q->legal_basis, day);

		date_text(day, text);
		table_add_text(t, arena_string(a, text));
		if (what == DEADLINE_COUNTED && count < days) {
			table_add_number(t, ++count);
			table_add_text(t, day < due_on || !working ? NULL : "the last day");
		} else {
			table_add_text(t, NULL);
			table_add_text(t, what != DEADLINE_COUNTED ? day_note(what) : "the last day was on none");
		}
	}
	return t;
}

static void
answer(struct arena *a, const struct calendar *c, const struct question *q, bool json)
{
	struct deadline due = deadline_legal(c, q->legal_basis, q->day, q->extended);
	char day[DATE_TEXT_SIZE], due_on[DATE_TEXT_SIZE], late[TIME_TEXT_SIZE];
	struct table *t = explain(a, c, q, due.on);
	json_t *object = NULL;

	date_text(q->day, day);
	date_text(due.on, due_on);
	time_text_istanbul(due.at, late);
	if (!json) {
		printf("from %s (not counted) the last day is %s; late from %s\n", day, due_on, late);
		if (!calendar_knows(c, q->day) || !calendar_knows(c, due.on))
			puts("the calendar does not know the holidays of all these years");
		table_print(t, false, stdout);
		return;
	}
	object = json_pack("{s:s, s:s, s:s, s:b, s:o}", "day", day, "due_on", due_on, "late_from", late, "known",
	    calendar_knows(c, q->day) && calendar_knows(c, due.on), "days", table_json(t));
	json_dumpf(object, stdout, JSON_INDENT(2));
	putchar('\n');
	json_decref(object);
}

/* Lines "4982 2026-11-02" or "4982 2026-11-02 extended"; for each the last day. */
static int
batch(const struct calendar *c, const char *path, struct err *e)
{
	FILE *file = fopen(path, "r");
	char line[LINE_SIZE], due_on[DATE_TEXT_SIZE];
	size_t number = 0;
	int rc = 0;

	if (!file)
		return err_set(e, "cannot read %s: %s", path, strerror(errno));
	while (rc == 0 && fgets(line, sizeof(line), file)) {
		char *rest = line, *basis = strtok_r(line, " \n", &rest), *day = strtok_r(NULL, " \n", &rest);
		char *extended = strtok_r(NULL, " \n", &rest);
		struct question q = {.extended = extended != NULL};

		number++;
		if (!basis || !day || (extended && strcmp(extended, "extended") != 0))
			rc = err_set(e, "\"4982 2026-11-02 extended\" is a line, the last word may be left out");
		else
			rc = question_parse(basis, day, &q, e);
		if (rc < 0) {
			err_prefix(e, "%s, line %zu", path, number);
			continue;
		}
		date_text(deadline_legal(c, q.legal_basis, q.day, q.extended).on, due_on);
		puts(due_on);
	}
	fclose(file);
	return rc;
}

static struct calendar *
calendar_of_file(const char *path, struct err *e)
{
	struct arena *a = arena_new(0);
	struct calendar *c = NULL;
	char *text = NULL;
	size_t size = 0;

	if (file_read(a, path, FILE_SIZE_MAX, &text, &size, e) == 0)
		c = calendar_new(text, e);
	arena_free(a);
	return c;
}

static struct calendar *
calendar_of_database(const char *version, struct err *e)
{
	struct calendar_rows rows;
	struct calendar *c = NULL;
	struct session s;

	if (session_open(&s, e) < 0)
		return NULL;
	if (calendar_version_read(&s, version, &rows, e) == 0)
		c = calendar_make(&rows, e);
	session_close(&s);
	return c;
}

int
calendar_due(const struct command_line *line, struct err *e)
{
	static const long versions[] = {1, CALENDARS_MAX};
	struct question q = {.extended = line->extended};
	struct calendar *c = NULL;
	struct arena *a = NULL;
	long version = 0;
	int rc = command_number("--version", line->version, versions, 0, &version, e);

	if (rc == 0 && (line->batch ? line->count != 0 : line->count != 2)) {
		err_set(e, "it asks for LEGAL_BASIS and DAY, or for --batch");
		rc = COMMAND_WRONG_USAGE;
	}
	if (rc == 0 && !line->batch)
		rc = question_parse(line->arguments[0], line->arguments[1], &q, e);
	if (rc < 0)
		return rc;
	c = line->calendar ? calendar_of_file(line->calendar, e) : calendar_of_database(line->version, e);
	if (!c)
		return -1;
	a = arena_new(0);
	if (line->batch)
		rc = batch(c, line->batch, e);
	else
		answer(a, c, &q, line->json);
	arena_free(a);
	calendar_free(c);
	return rc;
}
