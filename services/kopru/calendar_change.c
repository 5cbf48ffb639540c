/* calendar_change: `kopru calendar add`, `remove` and `import`: a new version of the calendar, once it is known whose
 * deadlines it moves and that it can be true. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/file.h"
#include "common/base/text.h"
#include "services/kopru/calendar.h"

#define REASON_MAX 500
#define NAME_MAX_LENGTH 120
#define BY_MAX 120
#define FILE_SIZE_MAX (4 * 1024 * 1024)
#define ROWS_MAX 40000

struct change {
	const struct command_line *line;
	struct session session;
	struct calendar_rows days; /* as they will be; room for ROWS_MAX */
	size_t more, less; /* days that come and go */
	int32_t newest;
};

/* What is done to the days. */
typedef int change_apply(struct change *c, struct err *e);

static int
words_check(const struct command_line *line, struct err *e)
{
	const struct {
		const char *option, *text;
		size_t most;
	} words[] = {{"--reason", line->reason, REASON_MAX}, {"--by", line->by, BY_MAX}};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (words[i].text && text_valid(words[i].text, strlen(words[i].text)) && !text_blank(words[i].text) &&
		    text_length(words[i].text) <= words[i].most && !text_has_line_break_or_control(words[i].text))
			continue;
		err_set(e, "%s is needed: 1 to %zu characters on one line%s", words[i].option, words[i].most,
		    i == 0 ? "; citizens whose date moves are told it" : "");
		return COMMAND_WRONG_USAGE;
	}
	return 0;
}

static int
kind_parse(const char *text, enum calendar_kind *kind, struct err *e)
{
	if (calendar_kind_find(text, kind))
		return 0;
	err_set(e, "\"%.40s\" is no kind of day; allowed are %s", text, calendar_kind_list());
	return COMMAND_WRONG_USAGE;
}

static int
row_add(struct change *c, struct calendar_row row, struct err *e)
{
	if (c->days.count == ROWS_MAX)
		return err_set(e, "the calendar would have more than %d days", ROWS_MAX);
	c->days.list[c->days.count++] = row;
	c->more++;
	return 0;
}

static int
add(struct change *c, struct err *e)
{
	const char *const *words = c->line->arguments;
	struct calendar_row row = {.name = words[2]};
	int32_t to = 0;

	if (calendar_range_parse(words[0], &row.day, &to, e) < 0 || kind_parse(words[1], &row.kind, e) < 0)
		return COMMAND_WRONG_USAGE;
	if (!text_valid(row.name, strlen(row.name)) || text_blank(row.name) ||
	    text_length(row.name) > NAME_MAX_LENGTH || text_has_line_break_or_control(row.name)) {
		err_set(e, "the name must have 1 to %d characters on one line", NAME_MAX_LENGTH);
		return COMMAND_WRONG_USAGE;
	}
	for (; row.day <= to; row.day++) {
		if (row_add(c, row, e) < 0)
			return -1;
	}
	return 0;
}

static int
take_away(struct change *c, struct err *e)
{
	const char *const *words = c->line->arguments;
	enum calendar_kind kind = CALENDAR_KINDS;
	int32_t from = 0, to = 0;
	size_t kept = 0;

	if (calendar_range_parse(words[0], &from, &to, e) < 0 || kind_parse(words[1], &kind, e) < 0)
		return COMMAND_WRONG_USAGE;
	for (size_t i = 0; i < c->days.count; i++) {
		const struct calendar_row *row = &c->days.list[i];

		if (row->kind != kind || row->day < from || row->day > to)
			c->days.list[kept++] = *row;
	}
	c->less = c->days.count - kept;
	c->days.count = kept;
	return c->less > 0 ? 0 : err_set(e, "%s has no %s", words[0], calendar_kind_token(kind));
}

/* Kinds that a file gives together: whole and half ones. */
static enum calendar_kind
family_of(enum calendar_kind kind)
{
	if (kind == CALENDAR_HALF_HOLIDAY)
		return CALENDAR_HOLIDAY;
	return kind == CALENDAR_HALF_LEAVE ? CALENDAR_LEAVE : kind;
}

static int
year_of(int32_t day)
{
	int year, month, ignored;

	date_to_civil(day, &year, &month, &ignored);
	return year;
}

static bool
row_is_in(const struct calendar_rows *rows, const struct calendar_row *row)
{
	for (size_t i = 0; i < rows->count; i++) {
		if (rows->list[i].day == row->day && rows->list[i].kind == row->kind &&
		    strcmp(rows->list[i].name, row->name) == 0)
			return true;
	}
	return false;
}

/* In the years of the file, the days of its kinds are what it says. */
static int
replace(struct change *c, const struct calendar_rows *file, struct err *e)
{
	int first = year_of(file->list[0].day), last = year_of(file->list[file->count - 1].day);
	bool families[CALENDAR_KINDS] = {false};
	struct calendar_rows before = {
	    arena_copy(c->session.arena, c->days.list, c->days.count * sizeof(*c->days.list)), c->days.count};

	for (size_t i = 0; i < file->count; i++)
		families[family_of(file->list[i].kind)] = true;
	c->days.count = 0;
	for (size_t i = 0; i < before.count; i++) {
		const struct calendar_row *row = &before.list[i];
		int year = year_of(row->day);

		if (year < first || year > last || !families[family_of(row->kind)])
			c->days.list[c->days.count++] = *row;
		else
			c->less += !row_is_in(file, row);
	}
	for (size_t i = 0; i < file->count; i++) {
		if (row_add(c, file->list[i], e) < 0)
			return -1;
		c->more -= row_is_in(&before, &file->list[i]);
	}
	return c->more + c->less > 0 ? 0 : err_set(e, "nothing would change: the calendar has these days already");
}

static int
import(struct change *c, struct err *e)
{
	const char *path = c->line->arguments[0];
	struct calendar_rows file;
	char *text = NULL;
	size_t size = 0;

	if (file_read(c->session.arena, path, FILE_SIZE_MAX, &text, &size, e) < 0)
		return -1;
	if (!text_valid(text, size))
		return err_set(e, "%s is not UTF-8; spreadsheets call it \"CSV UTF-8\"", path);
	if (calendar_rows_read(c->session.arena, text, &file, e) < 0)
		return err_prefix(e, "%s", path);
	return replace(c, &file, e);
}

/* The years that open deadlines need are all there. */
static int
needed_check(struct change *c, struct err *e)
{
	struct calendar *made = calendar_make(&c->days, e);
	char first[DATE_TEXT_SIZE], last[DATE_TEXT_SIZE];
	struct script_rows rows;
	int32_t from = 0, to = 0;
	int rc = -1;

	if (!made)
		return -1;
	if (calendar_ask(&c->session, CALENDAR_NEEDED, NULL, &rows, e) == 0) {
		from = (int32_t)strtol(rows.cells[0], NULL, 10);
		to = (int32_t)strtol(rows.cells[1], NULL, 10);
		date_text(from, first);
		date_text(to, last);
		rc = calendar_knows(made, from) && calendar_knows(made, to)
			 ? 0
			 : err_set(
			       e, "it does not cover all years that open deadlines need: from %s to %s", first, last);
	}
	calendar_free(made);
	return rc;
}

static const char *
days_array(struct change *c, int column)
{
	struct script_rows rows = {.count = c->days.count, .columns = 1};
	struct arena *a = c->session.arena;
	char day[DATE_TEXT_SIZE];

	rows.cells = arena_array(a, rows.count + 1, sizeof(*rows.cells));
	for (size_t i = 0; i < rows.count; i++) {
		const struct calendar_row *row = &c->days.list[i];

		date_text(row->day, day);
		rows.cells[i] = column == 0   ? arena_string(a, day)
				: column == 1 ? calendar_kind_token(row->kind)
					      : row->name;
	}
	return session_array(a, &rows, 0);
}

static int
save(struct change *c, int32_t *version, struct err *e)
{
	const char *const values[] = {arena_printf(c->session.arena, "%d", c->newest), c->line->reason, c->line->by,
	    days_array(c, 0), days_array(c, 1), days_array(c, 2), NULL};
	struct script_rows rows;

	if (calendar_ask(&c->session, CALENDAR_SAVE, values, &rows, e) < 0)
		return -1;
	if (rows.count == 0)
		return err_set(e, "somebody else changed the calendar meanwhile; nothing was saved, try again");
	*version = (int32_t)strtol(rows.cells[0], NULL, 10);
	return 0;
}

static int
tell(struct change *c, const struct calendar_moves *moves, int32_t version, struct err *e)
{
	const struct command_line *line = c->line;
	json_t *json = line->json ? json_pack("{s:i, s:I, s:I, s:b}", "version", (int)version, "days_more",
					(json_int_t)c->more, "days_less", (json_int_t)c->less, "saved", !line->dry_run)
				  : NULL;

	if (!line->json)
		printf("version %d%s: days more %zu, days less %zu; open deadlines that move: %lld\n", version,
		    line->dry_run ? ", if it is saved" : " is saved", c->more, c->less, (long long)moves->deadlines);
	if (calendar_foreseen_print(&c->session, moves, line, json, e) < 0) {
		json_decref(json);
		return -1;
	}
	if (json) {
		json_dumpf(json, stdout, JSON_INDENT(2));
		putchar('\n');
		json_decref(json);
	}
	return 0;
}

static int
days_read(struct change *c, struct err *e)
{
	struct calendar_rows rows;

	if (calendar_days_read(&c->session, "", &rows, e) < 0)
		return -1;
	if (rows.count > ROWS_MAX)
		return err_set(e, "the calendar has more than %d days", ROWS_MAX);
	c->days.list = arena_array(c->session.arena, ROWS_MAX, sizeof(*c->days.list));
	memcpy(c->days.list, rows.list, rows.count * sizeof(*rows.list));
	c->days.count = rows.count;
	return 0;
}

static int
change(struct change *c, change_apply *apply, struct err *e)
{
	struct calendar_moves moves;
	struct script_rows rows;
	int32_t version = 0;
	int rc;

	if (calendar_ask(&c->session, CALENDAR_NEWEST, NULL, &rows, e) < 0)
		return -1;
	version = c->newest = (int32_t)strtol(rows.cells[0], NULL, 10);
	version++;
	if (version > CALENDARS_MAX)
		return err_set(e, "the calendar has %d versions already", CALENDARS_MAX);
	if (days_read(c, e) < 0)
		return -1;
	rc = apply(c, e);
	if (rc < 0)
		return rc;
	if (calendar_rows_check(c->session.arena, &c->days, e) < 0 || needed_check(c, e) < 0 ||
	    calendar_foresee(&c->session, c->newest, &c->days, &moves, e) < 0)
		return err_prefix(e, "nothing was saved");
	if (!c->line->dry_run && save(c, &version, e) < 0)
		return -1;
	return tell(c, &moves, version, e);
}

static int
run(const struct command_line *line, change_apply *apply, struct err *e)
{
	struct change c = {.line = line};
	int rc = words_check(line, e);

	if (rc < 0)
		return rc;
	if (session_open(&c.session, e) < 0)
		return -1;
	rc = change(&c, apply, e);
	session_close(&c.session);
	return rc;
}

int
calendar_add(const struct command_line *line, struct err *e)
{
	return run(line, add, e);
}

int
calendar_remove(const struct command_line *line, struct err *e)
{
	return run(line, take_away, e);
}

int
calendar_import(const struct command_line *line, struct err *e)
{
	return run(line, import, e);
}
