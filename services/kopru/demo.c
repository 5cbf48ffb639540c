/* demo: `kopru demo`: a municipality's departments with their streams, topics and holidays. Run again it brings
 * in what is new or another in the files; names of departments stay, and nothing is taken away. With --data places, phones
 * and letters of institutions come too, where there are none. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/file.h"
#include "services/kopru/catalogue.h"
#include "services/kopru/command.h"
#include "services/kopru/places.h"
#include "services/kopru/store.h"
#include "services/kopru/topics.h"
#include "services/kopru/topics_database.h"

#define FILE_SIZE_MAX (8 * 1024 * 1024)
#define STREETS_FILE "streets.geojson"

struct demo {
	struct catalogue catalogue;
	struct examples texts;
	size_t departments, topics, holidays; /* calls */
	bool json;
};

#define PUT_ALL(tx, type, put, list, count, field)                                                                     \
	do {                                                                                                           \
		db_bind_array(tx, type, count);                                                                        \
		for (size_t i = 0; i < (count); i++)                                                                   \
			put(tx, (list)[i].field);                                                                      \
	} while (0)

static void
build(void *arg, struct db_tx *tx)
{
	struct demo *demo = arg;
	const struct catalogue *c = &demo->catalogue;
	size_t n = c->departments_count;

	demo->departments = db_call(tx, &kopru_statements[DEPARTMENTS_LOAD]);
	PUT_ALL(tx, DB_TEXTS, db_put_text, c->departments, n, code);
	PUT_ALL(tx, DB_TEXTS, db_put_text, c->departments, n, name_tr);
	PUT_ALL(tx, DB_TEXTS, db_put_text, c->departments, n, name_en);
	PUT_ALL(tx, DB_BOOLS, db_put_bool, c->departments, n, outside);

	db_call(tx, &kopru_statements[DEPARTMENT_STREAMS_LOAD]);
	PUT_ALL(tx, DB_TEXTS, db_put_text, c->departments, n, code);

	n = c->topics_count;
	demo->topics = db_call(tx, &kopru_statements[TOPICS_LOAD]);
	PUT_ALL(tx, DB_TEXTS, db_put_text, c->topics, n, code);
	PUT_ALL(tx, DB_TEXTS, db_put_text, c->topics, n, name_tr);
	PUT_ALL(tx, DB_TEXTS, db_put_text, c->topics, n, name_en);
	PUT_ALL(tx, DB_TEXTS, db_put_text, c->topics, n, category_tr);
	PUT_ALL(tx, DB_TEXTS, db_put_text, c->topics, n, department);
	PUT_ALL(tx, DB_TEXTS, db_put_text, c->topics, n, competence);
	PUT_ALL(tx, DB_INT4S, db_put_int4, c->topics, n, target_working_days);
	PUT_ALL(tx, DB_TEXTS, db_put_text, c->topics, n, priority);
	PUT_ALL(tx, DB_TEXTS, db_put_text, c->topics, n, keywords);
	PUT_ALL(tx, DB_BOOLS, db_put_bool, c->topics, n, open311);
	PUT_ALL(tx, DB_TEXTS, db_put_text, c->topics, n, shared_with);
	PUT_ALL(tx, DB_TEXTS, db_put_text, c->topics, n, emergency);
	PUT_ALL(tx, DB_TEXTS, db_put_text, c->topics, n, basket);
	PUT_ALL(tx, DB_INT4S, db_put_int4, c->topics, n, target_working_minutes);

	n = c->holidays_count;
	demo->holidays = db_call(tx, &kopru_statements[HOLIDAYS_LOAD]);
	PUT_ALL(tx, DB_DATES, db_put_date, c->holidays, n, day);
	PUT_ALL(tx, DB_TEXTS, db_put_text, c->holidays, n, name_tr);
	PUT_ALL(tx, DB_BOOLS, db_put_bool, c->holidays, n, half);
	if (demo->texts.count > 0)
		topics_texts_put(tx, &demo->texts);
	db_call(tx, &kopru_statements[CALENDAR_BEGIN]);
}

static int
read_result(void *arg, const struct db_results *r, struct err *e)
{
	const struct demo *demo = arg;

	(void)e;
	command_say(demo->json,
	    json_pack("{s:I, s:I, s:I}", "departments", (json_int_t)db_rows(r, demo->departments), "topics",
		(json_int_t)db_rows(r, demo->topics), "holidays", (json_int_t)db_rows(r, demo->holidays)),
	    "new or changed: departments %zu of %zu, topics %zu of %zu, holidays %zu of %zu\n",
	    db_rows(r, demo->departments), demo->catalogue.departments_count, db_rows(r, demo->topics),
	    demo->catalogue.topics_count, db_rows(r, demo->holidays), demo->catalogue.holidays_count);
	return 0;
}

/* A NUL would end it early, and what stands after it would be left out silently. */
static int
table_read(struct arena *a, const char *path, char **text, struct err *e)
{
	size_t size;

	if (file_read(a, path, FILE_SIZE_MAX, text, &size, e) < 0)
		return -1;
	return strlen(*text) == size ? 0 : err_set(e, "%s is no UTF-8 text; spreadsheets call it \"CSV UTF-8\"", path);
}

/* A file of the folder. */
static int
data_read(struct arena *a, const char *folder, const char *name, char **text, struct err *e)
{
	return table_read(a, arena_printf(a, "%s/%s", folder, name), text, e);
}

static int
features_read_file(struct arena *a, const char *folder, const char *name, struct places_file *file, struct err *e)
{
	static const struct places_file_defaults kinds[] = {{.kind = "street"}, {.kind = "neighbourhood"}};
	char *text;

	if (data_read(a, folder, name, &text, e) < 0)
		return -1;
	return places_file_read(a, text, strlen(text), &kinds[strcmp(name, STREETS_FILE) != 0], file, e) < 0
		   ? err_prefix(e, "%s", name)
		   : 0;
}

struct data {
	struct places_file places;
	json_t *institutions;
};

static int
data_parse(struct arena *a, const char *folder, struct data *data, struct err *e)
{
	struct places_file shapes, streets;
	char *names, *institutions;

	if (data_read(a, folder, "neighbourhood_names.csv", &names, e) < 0 ||
	    data_read(a, folder, "institutions.csv", &institutions, e) < 0 ||
	    features_read_file(a, folder, "areas.geojson", &shapes, e) < 0 ||
	    features_read_file(a, folder, STREETS_FILE, &streets, e) < 0)
		return -1;
	if (places_data_read(a, names, &shapes, &streets, &data->places, e) < 0)
		return err_prefix(e, "neighbourhood_names.csv");
	data->institutions = places_institutions_read(a, institutions, e);
	return data->institutions ? 0 : err_prefix(e, "institutions.csv");
}

/* What is there stays as it is: it may be the municipality's own by now. */
static int
data_store(struct session *s, const struct data *data, bool json, struct err *e)
{
	static const struct places_saving how = {.ends = "", .only_new = true};
	char *institutions = json_dumps(data->institutions, JSON_COMPACT);
	const char *const values[] = {institutions, NULL};
	struct places_saved saved;
	struct script_rows rows;
	int rc = places_ask(s, INSTITUTIONS_SAVE, values, &rows, e);

	free(institutions);
	if (rc == 0)
		rc = places_save(s, &data->places, &how, &saved, e);
	if (rc == 0 && !json)
		printf("new: areas %ld, streets %ld, institutions %zu\n", saved.areas, saved.streets, rows.count);
	return rc;
}

/* After the departments, which keep the streets. */
static int
data_load(const struct command_line *line, const struct data *data, struct err *e)
{
	struct session s;
	int rc;

	if (session_open(&s, e) < 0)
		return -1;
	rc = data_store(&s, data, line->json, e);
	session_close(&s);
	return rc;
}

int
demo_run(const struct command_line *line, struct err *e)
{
	struct data data = {.institutions = NULL};
	struct arena *a = arena_new(0);
	struct demo demo = {.json = line->json};
	const struct store_work work = {build, read_result, &demo};
	char *topics, *holidays;
	int rc = -1;

	if (table_read(a, line->arguments[0], &topics, e) < 0 || table_read(a, line->arguments[1], &holidays, e) < 0 ||
	    catalogue_parse(a, topics, holidays, &demo.catalogue, e) < 0 ||
	    (line->data && data_parse(a, line->data, &data, e) < 0))
		goto out;
	if (line->texts && topics_read(a, &line->texts, 1, &demo.texts, e) < 0)
		goto out;
	rc = store_run(&work, e);
	if (rc == 0 && line->data)
		rc = data_load(line, &data, e);

out:
	json_decref(data.institutions);
	arena_free(a);
	return rc;
}
