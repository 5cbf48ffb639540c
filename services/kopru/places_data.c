/* places_data: what ships of places and institutions, as its files say. */
#include <string.h>

#include "common/base/csv.h"
#include "common/base/text.h"
#include "services/kopru/catalogue.h"
#include "services/kopru/places.h"

#define ROWS_MAX 20000
#define PHONE_MAX 20
#define LETTER_MAX 8000

/* A cell of a column that must be there; it may be empty. */
static int
cell(const struct csv_table *t, size_t row, const char *column, const char **text, struct err *e)
{
	*text = csv_cell(t, row, column);
	return *text ? 0 : err_set(e, "there is no column \"%s\"", column);
}

/* "Bosna|Bosna Hersek": one a line. */
static const char *
lines(struct arena *a, const char *text)
{
	char *copy = arena_string(a, text);

	for (char *c = copy; *c; c++)
		if (*c == '|')
			*c = '\n';
	return copy;
}

static int
name_take(struct arena *a, const struct csv_table *t, size_t row, struct places_feature *f, struct err *e)
{
	const char *names, *ordinary;

	*f = (struct places_feature){.kind = PLACES_NEIGHBOURHOOD, .owner = ""};
	if (cell(t, row, "code", &f->code, e) < 0 || cell(t, row, "name", &f->name, e) < 0 ||
	    cell(t, row, "district", &f->district, e) < 0 || cell(t, row, "names", &names, e) < 0 ||
	    cell(t, row, "ordinary", &ordinary, e) < 0 || cell(t, row, "source", &f->source, e) < 0)
		return -1;
	if (!places_code_valid(f->code))
		return err_set(e, "row %zu: \"%.80s\" is no code", row + 1, f->code);
	if (text_blank(f->name) || text_has_line_break_or_control(f->name) || text_has_line_break_or_control(names))
		return err_set(e, "row %zu: \"name\" is empty, or a name is not on one line", row + 1);
	if (strcmp(ordinary, "yes") != 0 && strcmp(ordinary, "no") != 0)
		return err_set(e, "row %zu: \"ordinary\" is \"%.40s\"; allowed are yes and no", row + 1, ordinary);
	f->ordinary = strcmp(ordinary, "yes") == 0;
	f->names = lines(a, names);
	return 0;
}

/* The shape of the neighbourhood of that code becomes its own; another feature is one more. */
static void
shape_take(struct places_file *all, const struct places_feature *feature, size_t named)
{
	for (size_t i = 0; i < named; i++) {
		if (strcmp(all->list[i].code, feature->code) != 0 || feature->kind != PLACES_NEIGHBOURHOOD)
			continue;
		all->list[i].shape = feature->shape;
		all->list[i].source = feature->source;
		return;
	}
	all->list[all->count++] = *feature;
}

int
places_data_read(struct arena *a, const char *names, const struct places_file *shapes,
    const struct places_file *streets, struct places_file *all, struct err *e)
{
	struct csv_table t;
	size_t named;

	if (!text_valid(names, strlen(names)))
		return err_set(e, "the names are not UTF-8");
	if (csv_parse(a, names, ROWS_MAX, &t, e) < 0)
		return -1;
	all->list = arena_array(a, t.rows + shapes->count + streets->count + 1, sizeof(*all->list));
	for (all->count = 0; all->count < t.rows; all->count++)
		if (name_take(a, &t, all->count, &all->list[all->count], e) < 0)
			return -1;
	named = all->count;
	for (size_t i = 0; i < shapes->count; i++)
		shape_take(all, &shapes->list[i], named);
	for (size_t i = 0; i < streets->count; i++)
		all->list[all->count++] = streets->list[i];
	return 0;
}

static int
institution_add(json_t *list, const struct csv_table *t, size_t row, struct err *e)
{
	const char *code, *phone, *letter;

	if (cell(t, row, "code", &code, e) < 0 || cell(t, row, "phone", &phone, e) < 0 ||
	    cell(t, row, "letter_tr", &letter, e) < 0)
		return -1;
	if (!catalogue_code_valid(code))
		return err_set(e, "row %zu: \"%.40s\" is no department's code", row + 1, code);
	if (strspn(phone, "0123456789 +") != strlen(phone) || strlen(phone) > PHONE_MAX)
		return err_set(e, "row %zu: \"phone\" is no telephone number", row + 1);
	if (text_length(letter) > LETTER_MAX || text_has_control(letter))
		return err_set(e, "row %zu: \"letter_tr\" has more than %d characters, or control characters", row + 1,
		    LETTER_MAX);
	json_array_append_new(list, json_pack("{s:s, s:s, s:s}", "code", code, "phone", phone, "letter", letter));
	return 0;
}

json_t *
places_institutions_read(struct arena *a, const char *csv, struct err *e)
{
	json_t *list = json_array();
	struct csv_table t;

	if (!text_valid(csv, strlen(csv))) {
		err_set(e, "the institutions are not UTF-8");
		goto refused;
	}
	if (csv_parse(a, csv, ROWS_MAX, &t, e) < 0)
		goto refused;
	for (size_t row = 0; row < t.rows; row++)
		if (institution_add(list, &t, row, e) < 0)
			goto refused;
	return list;

refused:
	json_decref(list);
	return NULL;
}
