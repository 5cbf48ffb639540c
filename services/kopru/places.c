/* places: `kopru places import', `list', `find' and `retire'. */
#include "services/kopru/places.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/file.h"
#include "common/base/text.h"
#include "common/domain/calendar.h"
#include "common/places/places.h"
#include "services/kopru/command.h"

#define E7 1e7

static int
day_check(const char *option, const char *day, struct err *e)
{
	int32_t date;

	if (!day || date_parse(day, &date))
		return 0;
	err_set(e, "%s is \"%.40s\"; allowed is a day, YYYY-MM-DD", option, day);
	return COMMAND_WRONG_USAGE;
}

/* ---- import ------------------------------------------------------------------------------------------------------ */

static int
file_take(struct arena *a, const struct command_line *line, struct places_file *file, struct err *e)
{
	const struct places_file_defaults defaults = {
	    .kind = line->kind, .owner = line->owner, .source = line->source ? line->source : "import"};
	char *text;
	size_t size;

	if (file_read(a, line->arguments[0], PLACES_FILE_MAX, &text, &size, e) < 0)
		return -1;
	return places_file_read(a, text, size, &defaults, file, e) < 0 ? err_prefix(e, "%s", line->arguments[0]) : 0;
}

static int
options_check(const struct command_line *line, struct err *e)
{
	enum places_kind kind;

	if (line->kind && !places_kind_find(line->kind, &kind)) {
		err_set(e, "--kind is \"%.40s\"; allowed are neighbourhood, area and street", line->kind);
		return COMMAND_WRONG_USAGE;
	}
	if (line->replace && (!line->kind || strcmp(line->kind, "street") != 0)) {
		err_set(e, "--replace goes with --kind street");
		return COMMAND_WRONG_USAGE;
	}
	return 0;
}

int
places_import(const struct command_line *line, struct err *e)
{
	char today[DATE_TEXT_SIZE];
	struct places_saving how = {.ends = "", .dry_run = line->dry_run};
	struct places_file file;
	struct places_saved saved;
	struct session s;
	int rc = options_check(line, e);

	if (rc < 0)
		return rc;
	if (session_open(&s, e) < 0)
		return -1;
	date_text(command_today(), today);
	if (line->replace)
		how.ends = today;
	rc = file_take(s.arena, line, &file, e);
	if (rc == 0)
		rc = places_save(&s, &file, &how, &saved, e);
	if (rc < 0)
		err_prefix(e, "nothing was stored");
	else
		command_say(line->json,
		    json_pack("{s:I, s:I, s:I, s:I, s:b}", "places", (json_int_t)file.count, "areas",
			(json_int_t)saved.areas, "streets", (json_int_t)saved.streets, "ended", (json_int_t)saved.ended,
			"stored", (int)!line->dry_run),
		    line->dry_run ? "%zu places can be stored\n"
				  : "of %zu places new or changed: areas %ld, streets %ld; streets that end: %ld\n",
		    file.count, saved.areas, saved.streets, saved.ended);
	session_close(&s);
	return rc;
}

/* ---- list -------------------------------------------------------------------------------------------------------- */

int
places_list(const struct command_line *line, struct err *e)
{
	static const struct table_column columns[] = {{"kind", false}, {"code", false}, {"name", false},
	    {"other_names", false}, {"district", false}, {"owner", false}, {"shape", false}, {"from", false},
	    {"to", false}, {"source", false}, {0}};
	const char *const values[] = {line->kind ? line->kind : "", line->on ? line->on : "", NULL};
	struct script_rows rows;
	struct session s;
	struct table *t;
	int rc = options_check(line, e);

	if (rc < 0 || (rc = day_check("--on", line->on, e)) < 0)
		return rc;
	if (session_open(&s, e) < 0)
		return -1;
	rc = places_ask(&s, PLACES_LIST, values, &rows, e);
	if (rc == 0) {
		t = table_new(s.arena, columns);
		table_add_rows(t, &rows);
		if (rows.count == 0 && !line->json)
			puts("there are no places");
		else
			table_print(t, line->json, stdout);
	}
	session_close(&s);
	return rc;
}

/* ---- find -------------------------------------------------------------------------------------------------------- */

static const char *
or_null(const char *text)
{
	return *text ? text : NULL;
}

int
places_rows_load(struct session *s, struct places_rows *set, struct err *e)
{
	char today[DATE_TEXT_SIZE];
	const char *const values[] = {today, NULL};
	struct script_rows areas, streets;
	struct places_area *area;
	struct places_street *street;

	date_text(command_today(), today);
	if (places_ask(s, PLACES_AREAS, values, &areas, e) < 0 ||
	    places_ask(s, PLACES_STREETS, values, &streets, e) < 0)
		return -1;
	area = arena_array(s->arena, areas.count + 1, sizeof(*area));
	street = arena_array(s->arena, streets.count + 1, sizeof(*street));
	for (size_t i = 0; i < areas.count; i++) {
		const char **cells = areas.cells + i * areas.columns;

		area[i] = (struct places_area){cells[0], cells[2], cells[4], cells[3], or_null(cells[6]),
		    strcmp(cells[1], "neighbourhood") == 0, *cells[5] != '\0'};
	}
	for (size_t i = 0; i < streets.count; i++) {
		const char **cells = streets.cells + i * streets.columns;

		street[i] = (struct places_street){cells[0], cells[1], cells[2], or_null(cells[3])};
	}
	*set = (struct places_rows){area, areas.count, street, streets.count};
	return 0;
}

/* "37.87,32.49" */
static int
point_read(const char *text, struct places_question *q, struct err *e)
{
	char *end = NULL;
	double latitude, longitude = NAN;

	errno = 0;
	latitude = strtod(text, &end);
	if (end != text && *end == ',')
		longitude = strtod(end + 1, &end);
	if (errno != 0 || *end != '\0' || !(fabs(latitude) <= 90 && fabs(longitude) <= 180)) {
		err_set(e, "--point is \"%.60s\"; allowed is LATITUDE,LONGITUDE in degrees, as 37.8712,32.4987", text);
		return COMMAND_WRONG_USAGE;
	}
	q->has_point = true;
	q->latitude_e7 = (int32_t)lround(latitude * E7);
	q->longitude_e7 = (int32_t)lround(longitude * E7);
	return 0;
}

static json_t *
areas_json(const struct places *p, const struct places_rows *set, const struct places_question *q)
{
	json_t *list = json_array();

	for (size_t i = 0; i < set->area_count && q->has_point; i++)
		if (places_within(p, set->areas[i].code, q->latitude_e7, q->longitude_e7))
			json_array_append_new(list, json_string(set->areas[i].code));
	return list;
}

static void
found_print(const struct command_line *line, const struct places_answer *found, json_t *areas)
{
	const struct places_area *n = found->neighbourhood;
	const struct places_street *street = found->street;
	json_t *object = json_pack("{s:s?, s:s?, s:s?, s:s?, s:s?, s:s?, s:O}", "code", n ? n->code : NULL, "name",
	    n ? n->name : NULL, "district", n ? n->district : NULL, "how", found->how, "street",
	    street ? street->name : NULL, "owner", street ? street->owner : NULL, "areas", areas);

	if (line->json) {
		command_say(true, object, "%s", "");
		return;
	}
	json_decref(object);
	printf("neighbourhood: %s%s%s%s%s%s\n", n ? n->name : "not known", n ? " (" : "", n ? n->code : "",
	    n && *n->district ? ", of " : "", n ? n->district : "", n ? ")" : "");
	printf("by: %s\n", found->how ? found->how : "nothing");
	printf("street: %s%s%s\n", street ? street->name : "none with an owner of its own", street ? ", of " : "",
	    street ? street->owner : "");
	for (size_t i = 0; i < json_array_size(areas); i++)
		printf("in: %s\n", json_string_value(json_array_get(areas, i)));
}

static int
find(struct session *s, const struct command_line *line, const struct places_question *q, struct err *e)
{
	struct places_rows set;
	struct places_answer found;
	struct places *p;
	json_t *areas;

	if (places_rows_load(s, &set, e) < 0)
		return -1;
	p = places_new(&set, e);
	if (!p)
		return err_prefix(e, "what is stored cannot be used");
	places_find(p, s->arena, q, &found);
	areas = areas_json(p, &set, q);
	found_print(line, &found, areas);
	json_decref(areas);
	places_free(p);
	return 0;
}

int
places_find_run(const struct command_line *line, struct err *e)
{
	const char *text = line->count > 0 ? line->arguments[0] : "";
	struct places_question q = {.neighbourhood = text, .address = text, .text = ""};
	struct session s;
	int rc = 0;

	if (!line->point && line->count == 0) {
		err_set(e, "a text or --point is needed");
		return COMMAND_WRONG_USAGE;
	}
	if (!text_valid(text, strlen(text)))
		return err_set(e, "the text is not UTF-8");
	if (line->point && (rc = point_read(line->point, &q, e)) < 0)
		return rc;
	if (session_open(&s, e) < 0)
		return -1;
	rc = find(&s, line, &q, e);
	session_close(&s);
	return rc;
}

/* ---- retire ------------------------------------------------------------------------------------------------------ */

static int
retire(struct session *s, const struct command_line *line, struct err *e)
{
	const char *const asked[] = {line->arguments[0], NULL}, *const values[] = {line->arguments[0], line->on, NULL};
	struct script_rows rows;

	if (places_ask(s, PLACE_RULES, asked, &rows, e) < 0)
		return -1;
	if (rows.count > 0)
		return err_set(e, "rules in force name \"%s\": %s%s; change them first", line->arguments[0],
		    rows.cells[0], rows.count > 1 ? " and others" : "");
	if (places_ask(s, PLACE_RETIRE, values, &rows, e) < 0)
		return -1;
	if (rows.count == 0)
		return err_set(
		    e, "there is no place \"%.80s\" that is in force before %s", line->arguments[0], line->on);
	command_say(line->json,
	    json_pack("{s:s, s:s, s:s}", "code", line->arguments[0], "name", rows.cells[0], "to", line->on),
	    "%s ends on %s\n", rows.cells[0], line->on);
	return 0;
}

int
places_retire(const struct command_line *line, struct err *e)
{
	struct session s;
	int rc = day_check("--on", line->on, e);

	if (rc < 0)
		return rc;
	if (!line->on) {
		err_set(e, "--on is needed: the first day on which it is no more");
		return COMMAND_WRONG_USAGE;
	}
	if (session_open(&s, e) < 0)
		return -1;
	rc = retire(&s, line, e);
	session_close(&s);
	return rc;
}
