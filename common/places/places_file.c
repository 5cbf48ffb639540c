/* places_file: see the header. */
#include "common/places/places_file.h"

#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "common/base/jsontext.h"
#include "common/base/text.h"
#include "common/places/names_words.h"
#include "common/places/shape.h"

#define OWNER_MAX 12

static const char *const kinds[] = {
    [PLACES_NEIGHBOURHOOD] = "neighbourhood", [PLACES_AREA] = "area", [PLACES_STREET] = "street"};

const char *
places_kind_name(enum places_kind kind)
{
	return kinds[kind];
}

bool
places_kind_find(const char *name, enum places_kind *kind)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (strcmp(kinds[i], name) != 0)
			continue;
		*kind = (enum places_kind)i;
		return true;
	}
	return false;
}

bool
places_code_valid(const char *code)
{
	size_t size = strlen(code);

	return size > 0 && size <= PLACES_FILE_CODE_MAX && *code != '-' && *code != '_' &&
	       strspn(code, "abcdefghijklmnopqrstuvwxyz0123456789_-") == size;
}

/* Letters and digits of the folded name, without "mahalle". */
static char *
letters(struct arena *a, const char *text)
{
	const char *folded = text_fold_tr(a, text);
	size_t count, size = 0;
	const struct names_word *words = folded ? names_words_split(a, folded, &count) : NULL;
	char *code = arena_alloc(a, strlen(text) * 2 + 16);

	for (size_t i = 0; words && i < count; i++) {
		if (words[i].kind == NAMES_QUARTER)
			continue;
		for (size_t k = 0; k < words[i].size; k++)
			if ((words[i].text[k] >= 'a' && words[i].text[k] <= 'z') || ascii_digit(words[i].text[k]))
				code[size++] = words[i].text[k];
	}
	code[size] = '\0';
	return code;
}

const char *
places_code(struct arena *a, const char *name, const char *district)
{
	const char *code = letters(a, name);

	return *district && *code ? arena_printf(a, "%s-%s", letters(a, district), code) : code;
}

/* ---- Properties -------------------------------------------------------------------------------------------------- */

struct reading {
	struct arena *arena;
	const struct places_file_defaults *defaults;
	struct err *e;
};

static bool
name_valid(const char *text)
{
	return !text_blank(text) && text_length(text) <= PLACES_FILE_NAME_MAX && !text_has_line_break_or_control(text);
}

/* fallback, which may be NULL for "", when it is not there. */
static int
text_take(struct reading *r, const json_t *properties, const char *key, const char *fallback, const char **text)
{
	const json_t *json = json_object_get(properties, key);

	*text = fallback ? fallback : "";
	if (!json || json_is_null(json))
		return 0;
	if (!json_is_string(json))
		return err_set(r->e, "\"%s\" is no text", key);
	*text = text_trim(r->arena, json_string_value(json));
	if (**text && !name_valid(*text))
		return err_set(r->e, "\"%s\" must have at most %d characters on one line", key, PLACES_FILE_NAME_MAX);
	return 0;
}

static int
names_take(struct reading *r, const json_t *json, const char **names)
{
	const char *all = "";

	if (json && !json_is_null(json) && !json_is_array(json))
		return err_set(r->e, "\"names\" is no array of texts");
	if (json_array_size(json) > PLACES_FILE_NAMES_MAX)
		return err_set(r->e, "\"names\" has more than %d texts", PLACES_FILE_NAMES_MAX);
	for (size_t i = 0; i < json_array_size(json); i++) {
		const char *name = json_string_value(json_array_get(json, i));

		if (!name || !name_valid(name))
			return err_set(r->e, "\"names\" holds what is no name of 1 to %d characters on one line",
			    PLACES_FILE_NAME_MAX);
		all = arena_printf(r->arena, "%s%s%s", all, *all ? "\n" : "", text_trim(r->arena, name));
	}
	*names = all;
	return 0;
}

static int
kind_take(struct reading *r, const json_t *properties, enum places_kind *kind)
{
	const char *name;

	if (text_take(r, properties, "kind", r->defaults->kind, &name) < 0)
		return -1;
	if (*name == '\0')
		return err_set(r->e, "it is not told what it is: \"kind\" neighbourhood, area or street");
	if (!places_kind_find(name, kind))
		return err_set(r->e, "\"kind\" is \"%.40s\"; allowed are neighbourhood, area and street", name);
	return 0;
}

static int
owner_check(struct reading *r, const struct places_feature *f)
{
	size_t size = strlen(f->owner);

	if (f->kind != PLACES_STREET)
		return 0;
	if (size == 0)
		return err_set(r->e, "a street needs an \"owner\", the code of who keeps it");
	if (size < 2 || size > OWNER_MAX || strspn(f->owner, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") != size)
		return err_set(r->e, "\"owner\" is no department's code: \"%.40s\"", f->owner);
	return 0;
}

static int
code_take(struct reading *r, const json_t *properties, struct places_feature *f)
{
	if (f->kind == PLACES_STREET)
		return 0;
	if (text_take(r, properties, "code", "", &f->code) < 0)
		return -1;
	if (*f->code == '\0')
		f->code = places_code(r->arena, f->name, f->district);
	if (!places_code_valid(f->code))
		return err_set(r->e, "\"%.80s\" is no code: 1 to %d of a-z, 0-9, - and _ are, not a sign first",
		    f->code, PLACES_FILE_CODE_MAX);
	return 0;
}

static int
properties_take(struct reading *r, const json_t *properties, struct places_feature *f)
{
	const char *name, *ad;

	f->code = "";
	if (text_take(r, properties, "name", "", &name) < 0 || text_take(r, properties, "ad", "", &ad) < 0 ||
	    kind_take(r, properties, &f->kind) < 0 || text_take(r, properties, "district", "", &f->district) < 0 ||
	    text_take(r, properties, "owner", r->defaults->owner, &f->owner) < 0 ||
	    text_take(r, properties, "source", r->defaults->source, &f->source) < 0 ||
	    names_take(r, json_object_get(properties, "names"), &f->names) < 0)
		return -1;
	f->name = *name ? name : ad;
	f->ordinary = json_is_true(json_object_get(properties, "ordinary"));
	if (*f->name == '\0')
		return err_set(r->e, "it has no \"name\" (or \"ad\")");
	return owner_check(r, f) < 0 ? -1 : code_take(r, properties, f);
}

/* ---- Geometries -------------------------------------------------------------------------------------------------- */

/* Only what is needed, as text. */
static const char *
geometry_text(struct arena *a, json_t *geometry)
{
	json_t *type = json_object_get(geometry, "type"), *coordinates = json_object_get(geometry, "coordinates");
	json_t *copy = json_pack("{s:O, s:O}", "type", type, "coordinates", coordinates);
	char *text = copy ? json_dumps(copy, JSON_COMPACT | JSON_REAL_PRECISION(12)) : NULL;
	const char *kept = text ? arena_string(a, text) : NULL;

	if (!kept)
		abort(); /* it was checked before */
	free(text);
	json_decref(copy);
	return kept;
}

static int
geometry_take(struct reading *r, json_t *geometry, struct places_feature *f)
{
	struct arena *scratch;
	struct shape shape;
	int rc;

	if (!geometry || json_is_null(geometry)) {
		if (f->kind == PLACES_AREA)
			return err_set(r->e, "it has no geometry, which an area needs");
		return 0;
	}
	scratch = arena_new(0);
	rc = shape_read(scratch, geometry, f->kind != PLACES_STREET, &shape, r->e);
	arena_free(scratch);
	if (rc == 0)
		f->shape = geometry_text(r->arena, geometry);
	return rc;
}

static int
feature_read(struct reading *r, const json_t *json, struct places_feature *f)
{
	const json_t *properties = json_object_get(json, "properties");
	const char *type = json_string_value(json_object_get(json, "type"));

	if (!type || strcmp(type, "Feature") != 0)
		return err_set(r->e, "it is no Feature");
	if (properties_take(r, properties, f) < 0)
		return -1;
	if (geometry_take(r, json_object_get(json, "geometry"), f) < 0)
		return err_prefix(r->e, "\"%.60s\"", f->name);
	return 0;
}

/* ---- The whole --------------------------------------------------------------------------------------------------- */

static int
compare_codes(const void *a, const void *b)
{
	const struct places_feature *const *x = a, *const *y = b;

	return strcmp((*x)->code, (*y)->code);
}

static int
codes_check(struct reading *r, const struct places_file *file)
{
	const struct places_feature **list = arena_array(r->arena, file->count + 1, sizeof(*list));
	size_t count = 0;

	for (size_t i = 0; i < file->count; i++)
		if (file->list[i].kind != PLACES_STREET)
			list[count++] = &file->list[i];
	qsort(list, count, sizeof(*list), compare_codes);
	for (size_t i = 1; i < count; i++)
		if (strcmp(list[i]->code, list[i - 1]->code) == 0)
			return err_set(r->e, "\"%s\" stands twice", list[i]->code);
	return 0;
}

/* Before RFC 7946 a file could say that it is in other coordinates. */
static int
crs_check(struct reading *r, const json_t *json)
{
	const json_t *crs = json_object_get(json, "crs");
	const char *name = json_string_value(json_object_get(json_object_get(crs, "properties"), "name"));

	if (!crs || json_is_null(crs) || (name && (strstr(name, "CRS84") || strstr(name, "4326"))))
		return 0;
	return err_set(r->e, "its coordinates are \"%.60s\"; only WGS 84 in degrees (EPSG:4326) is taken",
	    name ? name : "of an unknown kind");
}

static int
collection_read(struct reading *r, const json_t *json, struct places_file *file)
{
	const json_t *list = json_object_get(json, "features");
	const char *type = json_string_value(json_object_get(json, "type"));
	bool one = type && strcmp(type, "Feature") == 0;
	size_t count = one ? 1 : json_array_size(list);

	if (!one && (!type || strcmp(type, "FeatureCollection") != 0 || !json_is_array(list)))
		return err_set(r->e, "it is no GeoJSON FeatureCollection: its \"type\" is \"%.40s\"", type ? type : "");
	if (count == 0)
		return err_set(r->e, "it has no features");
	if (count > PLACES_FILE_FEATURES_MAX)
		return err_set(r->e, "it has %zu features; at most %d are taken", count, PLACES_FILE_FEATURES_MAX);
	if (crs_check(r, json) < 0)
		return -1;
	file->list = arena_array(r->arena, count, sizeof(*file->list));
	file->count = count;
	for (size_t i = 0; i < count; i++)
		if (feature_read(r, one ? json : json_array_get(list, i), &file->list[i]) < 0)
			return err_prefix(r->e, "feature %zu", i + 1);
	return codes_check(r, file);
}

int
places_file_read(struct arena *a, const char *text, size_t size, const struct places_file_defaults *defaults,
    struct places_file *file, struct err *e)
{
	struct reading r = {.arena = a, .defaults = defaults, .e = e};
	struct arena *parsed = arena_new(0);
	struct jsontext_fault fault;
	const json_t *json;
	int rc = -1;

	*file = (struct places_file){0};
	jsontext_start();
	json = jsontext_read(parsed, text, size, PLACES_FILE_DEPTH_MAX, &fault);
	if (json)
		rc = collection_read(&r, json, file);
	else
		err_set(e, "%s", fault.en);
	arena_free(parsed);
	return rc;
}
