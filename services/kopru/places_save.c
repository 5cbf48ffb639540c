/* places_save: places of a file are checked against what is stored, and stored, all or nothing. */
#include <stdlib.h>
#include <string.h>

#include "services/kopru/places.h"

int
places_ask(struct session *s, int statement, const char *const *values, struct script_rows *rows, struct err *e)
{
	return script_call(s->script, &areas_statements[statement], values, s->arena, rows, e);
}

static json_t *
names_json(const char *names)
{
	json_t *list = json_array();

	while (*names) {
		size_t size = strcspn(names, "\n");

		json_array_append_new(list, json_stringn(names, size));
		names += size + (names[size] == '\n');
	}
	return list;
}

static json_t *
feature_json(const struct places_feature *f)
{
	json_t *shape = f->shape ? json_loads(f->shape, 0, NULL) : NULL;
	json_t *json = json_pack("{s:s, s:s, s:s, s:o, s:s, s:s, s:s, s:b}", "kind", places_kind_name(f->kind), "code",
	    f->code, "name", f->name, "names", names_json(f->names), "district", f->district, "owner", f->owner,
	    "source", f->source, "ordinary", (int)f->ordinary);

	if (!json || (f->shape && !shape))
		abort(); /* it was checked when it was read */
	if (shape)
		json_object_set_new(json, "shape", shape);
	return json;
}

static const char *
file_text(struct arena *a, const struct places_file *file)
{
	json_t *list = json_array();
	const char *kept;
	char *text;

	for (size_t i = 0; i < file->count; i++)
		json_array_append_new(list, feature_json(&file->list[i]));
	text = json_dumps(list, JSON_COMPACT | JSON_REAL_PRECISION(12));
	kept = arena_string(a, text ? text : "[]");
	free(text);
	json_decref(list);
	return kept;
}

/* The first column of some rows, for a sentence. */
static const char *
cells_joined(struct arena *a, const struct script_rows *rows)
{
	const char *all = "";

	for (size_t i = 0; i < rows->count && i < 10; i++)
		all = arena_printf(a, "%s%s%s", all, i > 0 ? ", " : "", rows->cells[i * rows->columns]);
	return rows->count > 10 ? arena_printf(a, "%s ...", all) : all;
}

static int
check(struct session *s, const char *const *values, struct err *e)
{
	struct script_rows rows;

	if (places_ask(s, PLACES_OWNERS_UNKNOWN, values, &rows, e) < 0)
		return -1;
	if (rows.count > 0)
		return err_set(e, "owners of streets that are no department: %s", cells_joined(s->arena, &rows));
	if (places_ask(s, PLACES_OF_ANOTHER_KIND, values, &rows, e) < 0)
		return -1;
	if (rows.count > 0)
		return err_set(e, "there already, and of another kind: %s", cells_joined(s->arena, &rows));
	return 0;
}

int
places_save(struct session *s, const struct places_file *file, const struct places_saving *how,
    struct places_saved *saved, struct err *e)
{
	const char *text = file_text(s->arena, file);
	const char *const checked[] = {text, NULL}, *const values[] = {
							text, how->ends, how->only_new ? "new" : "", NULL};
	struct script_rows rows;

	*saved = (struct places_saved){0};
	if (check(s, checked, e) < 0)
		return -1;
	if (how->dry_run)
		return 0;
	if (places_ask(s, PLACES_SAVE, values, &rows, e) < 0)
		return -1;
	*saved = (struct places_saved){
	    strtol(rows.cells[0], NULL, 10), strtol(rows.cells[1], NULL, 10), strtol(rows.cells[2], NULL, 10)};
	return 0;
}
