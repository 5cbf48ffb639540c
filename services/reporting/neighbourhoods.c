/* neighbourhoods: see the header. */
#include "services/reporting/neighbourhoods.h"

#include <string.h>

#include "common/base/csv.h"
#include "common/base/text.h"

#define ROWS_MAX 1000

static const char *const endings[] = {"mahallesi", "mah", "mh"};

const char *
neighbourhoods_key(struct arena *a, const char *text)
{
	char *key = text_fold_tr(a, text);
	size_t size = 0;

	for (const char *c = key; *c; c++)
		if (!strchr(" \t\r\n.-", *c))
			key[size++] = *c;
	key[size] = '\0';
	for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
		size_t length = strlen(endings[i]);

		if (size > length && strcmp(key + size - length, endings[i]) == 0) {
			key[size - length] = '\0';
			break;
		}
	}
	return key;
}

int
neighbourhoods_parse(struct arena *a, const char *csv, struct neighbourhoods *list, struct err *e)
{
	struct csv_table t;

	if (!text_valid(csv, strlen(csv)))
		return err_set(e, "the file is not UTF-8");
	if (csv_parse(a, csv, ROWS_MAX, &t, e) < 0)
		return -1;
	*list = (struct neighbourhoods){
	    .names = arena_array(a, t.rows + 1, sizeof(*list->names)),
	    .keys = arena_array(a, t.rows + 1, sizeof(*list->keys)),
	};
	for (size_t row = 0; row < t.rows; row++) {
		const char *name = csv_cell(&t, row, "name");

		if (!name)
			return err_set(e, "there is no column name");
		if (!*name || text_has_line_break_or_control(name))
			return err_set(e, "row %zu: a name is needed, in one line", row + 1);
		list->names[list->count] = name;
		list->keys[list->count++] = neighbourhoods_key(a, name);
	}
	return list->count > 0 ? 0 : err_set(e, "there is no row");
}

const char *
neighbourhoods_find(const struct neighbourhoods *list, struct arena *a, const char *text)
{
	const char *key = text && list->count > 0 ? neighbourhoods_key(a, text) : NULL;

	for (size_t i = 0; key && i < list->count; i++)
		if (strcmp(list->keys[i], key) == 0)
			return list->names[i];
	return NULL;
}
