/* fuzz places_geojson: any bytes as a file of places: refused with a reason, or places each of which can be read again from
 * the text that is stored, is in the set that is made of all, and tells the same of a point and of words each time. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/text.h"
#include "common/places/places.h"
#include "common/places/places_file.h"
#include "common/places/shape.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
require(int holds)
{
	if (!holds)
		abort();
}

/* A corner is on the edge, at no distance; a point outside of the box is outside. */
static void
check_shape(struct arena *a, const struct places_feature *f)
{
	struct shape_plane plane;
	struct shape_point outside;
	struct shape shape;
	struct err e = {""};

	require(shape_parse(a, f->shape, f->kind != PLACES_STREET, &shape, &e) == 0);
	require(shape.point_count >= 2 && shape.point_count <= SHAPE_POINTS_MAX && shape.stretch_count > 0);
	plane = shape_plane_at(shape.points[0]);
	require(shape_metres(&shape, &plane, 1) == 0);
	outside = shape.box.high;
	if (outside.latitude < 900000000) {
		outside.latitude++;
		require(!shape_holds(&shape, outside));
	}
	require(shape_size(&shape) >= 0 || !shape.area);
}

static void
check_feature(struct arena *a, const struct places_feature *f)
{
	require(text_valid(f->name, strlen(f->name)) && !text_blank(f->name));
	require(f->kind == PLACES_STREET ? *f->owner != '\0' : places_code_valid(f->code));
	require(f->kind != PLACES_AREA || f->shape);
	if (f->shape)
		check_shape(a, f);
}

static struct places *
set_make(struct arena *a, const struct places_file *file)
{
	struct places_area *areas = arena_array(a, file->count + 1, sizeof(*areas));
	struct places_street *streets = arena_array(a, file->count + 1, sizeof(*streets));
	struct places_rows rows = {.areas = areas, .streets = streets};
	struct err e = {""};

	for (size_t i = 0; i < file->count; i++) {
		const struct places_feature *f = &file->list[i];

		if (f->kind == PLACES_STREET)
			streets[rows.street_count++] = (struct places_street){f->name, f->owner, f->names, f->shape};
		else
			areas[rows.area_count++] = (struct places_area){f->code, f->name, f->district, f->names,
			    f->shape, f->kind == PLACES_NEIGHBOURHOOD, f->ordinary};
	}
	return places_new(&rows, &e);
}

static void
check_words(struct arena *a, const struct places *p, const char *text)
{
	struct places_question q = {true, 379000000, 331000000, text, text, text};
	struct places_answer first, second;

	places_find(p, a, &q, &first);
	places_find(p, a, &q, &second);
	require(
	    first.neighbourhood == second.neighbourhood && first.street == second.street && first.how == second.how);
	require(!first.neighbourhood == !first.how);
}

static void
check_set(struct arena *a, const struct places_file *file, const char *text)
{
	struct places *p = set_make(a, file);

	require(p != NULL);
	for (size_t i = 0; i < file->count && i < 8; i++) {
		const struct places_feature *f = &file->list[i];

		require(f->kind == PLACES_STREET || places_area(p, f->code));
		check_words(a, p, f->name);
	}
	if (text_valid(text, strlen(text)))
		check_words(a, p, text);
	places_free(p);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct places_file_defaults defaults[] = {
	    {"neighbourhood", NULL, NULL}, {"street", "KBB", "fuzz"}, {NULL, NULL, NULL}};
	struct arena *a = arena_new(0);
	char *text = arena_string_n(a, (const char *)data, size);
	struct places_file file;
	struct err e = {""};

	if (places_file_read(a, text, size, &defaults[size % 3], &file, &e) == 0) {
		for (size_t i = 0; i < file.count; i++)
			check_feature(a, &file.list[i]);
		check_set(a, &file, text);
	} else {
		require(e.text[0] != '\0');
	}
	arena_free(a);
	return 0;
}
