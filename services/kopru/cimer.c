/* cimer: answers go back to CİMER by hand, since it takes them no other way: which are owed, one to be copied, and which were
 * handed in. */
#include <jansson.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/csv.h"
#include "common/base/file.h"
#include "common/domain/calendar.h"
#include "common/domain/words.h"
#include "services/kopru/command.h"
#include "services/kopru/session.h"

#define FILE_MAX ((size_t)64 * 1024 * 1024)
#define ROWS_MAX 1000000

enum answer_column { CIMER_NUMBER, OUR_NUMBER, VERSION, ANSWERED_AT, EVENT, ANSWER, HANDED_IN, ANSWER_COLUMNS };

static const char *const column_names[] = {"cimer_number", "number", "version", "answered_at", "event", "answer", NULL};

static int
ask(struct session *s, const char *since, const char *number, struct script_rows *rows, struct err *e)
{
	const char *values[] = {arena_printf(s->arena, "%d", word_value(channel_words, "cimer")), since, number, NULL};

	return session_ask(s, CIMER_ANSWERS, values, rows, e);
}

static int
save(struct session *s, const struct script_rows *rows, const char *path, struct err *e)
{
	char *text = NULL;
	size_t size = 0;
	FILE *file = open_memstream(&text, &size);
	int rc;

	if (!file)
		abort();
	fputs("\xef\xbb\xbf", file); /* spreadsheets need it to see UTF-8 */
	for (size_t i = 0; column_names[i]; i++)
		fprintf(file, "%s%s", i > 0 ? ";" : "", column_names[i]);
	fputs("\r\n", file);
	for (size_t row = 0; row < rows->count; row++) {
		for (size_t i = 0; column_names[i]; i++)
			fprintf(
			    file, "%s%s", i > 0 ? ";" : "", csv_quote(s->arena, rows->cells[row * rows->columns + i]));
		fputs("\r\n", file);
	}
	fclose(file);
	rc = file_write_durable(path, text, size, 0600, e);
	free(text);
	return rc;
}

int
cimer_answers(const struct command_line *line, struct err *e)
{
	struct script_rows rows;
	struct session s;
	int32_t day;
	int rc = -1;

	if (!line->out || (line->since && !date_parse(line->since, &day))) {
		err_set(e, "%s", line->out ? "--since is a day as YYYY-MM-DD" : "--out FILE.csv is needed");
		return COMMAND_WRONG_USAGE;
	}
	if (session_open(&s, e) < 0)
		return -1;
	if (ask(&s, line->since ? line->since : "", "", &rows, e) == 0 && save(&s, &rows, line->out, e) == 0) {
		command_say(line->json, json_pack("{s:s,s:I}", "file", line->out, "answers", (json_int_t)rows.count),
		    "%s: %zu answers that CİMER does not have; then `kopru cimer handed-in --file %s'", line->out,
		    rows.count, line->out);
		rc = 0;
	}
	session_close(&s);
	return rc;
}

static void
print_answer(const char *const *cells, bool json)
{
	json_t *object;

	if (!json) {
		printf("CİMER başvuru no: %s\nBizdeki no: %s\nCevap tarihi: %s%s\n\n%s\n", cells[CIMER_NUMBER],
		    cells[OUR_NUMBER], cells[ANSWERED_AT],
		    strcmp(cells[HANDED_IN], "t") == 0 ? " (CİMER'e girildi)" : "", cells[ANSWER]);
		return;
	}
	object = json_object();
	for (size_t i = 0; column_names[i]; i++)
		json_object_set_new(object, column_names[i],
		    i == VERSION ? json_integer(strtoll(cells[i], NULL, 10)) : json_string(cells[i]));
	json_object_set_new(object, "handed_in", json_boolean(strcmp(cells[HANDED_IN], "t") == 0));
	json_dumpf(object, stdout, JSON_INDENT(2));
	putchar('\n');
	json_decref(object);
}

int
cimer_answer(const struct command_line *line, struct err *e)
{
	struct script_rows rows;
	struct session s;
	int rc;

	if (session_open(&s, e) < 0)
		return -1;
	rc = ask(&s, "", line->arguments[0], &rows, e);
	if (rc == 0 && rows.count != 1)
		rc = err_set(e, "%s CİMER case \"%.40s\" with a final answer",
		    rows.count == 0 ? "there is no" : "there is more than one", line->arguments[0]);
	if (rc == 0)
		print_answer(rows.cells, line->json);
	session_close(&s);
	return rc;
}

static const char *
operator_name(void)
{
	const struct passwd *user = getpwuid(getuid());

	return user ? user->pw_name : "kopru";
}

struct marked {
	size_t now, before;
};

static int
mark(struct session *s, const char *number, const char *version, struct marked *marked, struct err *e)
{
	const char *values[] = {number, version, operator_name(), NULL};
	struct script_rows rows;

	if (session_ask(s, CIMER_HAND_IN, values, &rows, e) < 0)
		return -1;
	if (rows.count == 0)
		return err_set(e, "there is no answer in version %.10s of \"%.40s\"", version, number);
	if (strcmp(rows.cells[1], "t") == 0)
		marked->now++;
	else
		marked->before++;
	return 0;
}

/* The version that the file has: what was answered since is another answer. */
static int
mark_file(struct session *s, const char *path, struct marked *marked, struct err *e)
{
	struct csv_table csv;
	size_t size;
	char *text;
	int rc = 0;

	if (file_read(s->arena, path, FILE_MAX, &text, &size, e) < 0)
		return -1;
	if (csv_parse(s->arena, text, ROWS_MAX, &csv, e) < 0)
		return err_prefix(e, "%s", path);
	for (size_t row = 0; row < csv.rows && rc == 0; row++) {
		const char *number = csv_cell(&csv, row, "number"), *version = csv_cell(&csv, row, "version");

		if (!number || !version || !*version || strlen(version) > 9 ||
		    strspn(version, "0123456789") != strlen(version))
			return err_set(e,
			    "%s: the columns number and version are needed, as `kopru cimer answers' saves them", path);
		rc = mark(s, number, version, marked, e);
	}
	return rc;
}

static int
mark_numbers(struct session *s, const struct command_line *line, struct marked *marked, struct err *e)
{
	for (size_t i = 0; i < line->count; i++) {
		struct script_rows rows;

		if (ask(s, "", line->arguments[i], &rows, e) < 0)
			return -1;
		if (rows.count != 1)
			return err_set(e, "there is no CİMER case \"%.40s\" with a final answer", line->arguments[i]);
		if (mark(s, rows.cells[OUR_NUMBER], rows.cells[VERSION], marked, e) < 0)
			return -1;
	}
	return 0;
}

int
cimer_handed_in(const struct command_line *line, struct err *e)
{
	struct marked marked = {0, 0};
	struct session s;
	int rc;

	if ((line->count > 0) == (line->file != NULL)) {
		err_set(e, "either numbers or --file FILE.csv");
		return COMMAND_WRONG_USAGE;
	}
	if (session_open(&s, e) < 0)
		return -1;
	rc = line->file ? mark_file(&s, line->file, &marked, e) : mark_numbers(&s, line, &marked, e);
	if (rc == 0)
		command_say(line->json,
		    json_pack("{s:I,s:I}", "marked", (json_int_t)marked.now, "before", (json_int_t)marked.before),
		    "%zu marked as handed in, %zu were before", marked.now, marked.before);
	session_close(&s);
	return rc;
}
