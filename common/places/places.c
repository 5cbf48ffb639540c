/* places: see the header. */
#include "common/places/places.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/jsontext.h"
#include "common/base/text.h"
#include "common/places/names.h"
#include "common/places/shape.h"

#define LONGITUDE_MAX 1800000000.0 /* 10^-7 degrees */

struct places {
	struct arena *arena;
	struct places_area *areas; /* by code */
	const struct shape **area_shapes; /* NULL: by name only */
	uint32_t *by_size; /* neighbourhoods that have a shape, the smallest first */
	struct places_street *streets;
	const struct shape **street_shapes;
	uint32_t *lined; /* streets that have a line */
	struct shape_box *lined_boxes; /* theirs, side by side: most are passed by */
	struct names *names;
	size_t area_count, by_size_count, street_count, lined_count, points;
};

static int
compare_areas(const void *a, const void *b)
{
	const struct places_area *x = a, *y = b;

	return strcmp(x->code, y->code);
}

static int
shape_take(struct places *p, const char *text, bool area, const struct shape **taken, struct err *e)
{
	struct arena *scratch;
	struct shape *shape;
	int rc;

	*taken = NULL;
	if (!text)
		return 0;
	scratch = arena_new(0);
	shape = arena_alloc(p->arena, sizeof(*shape));
	rc = shape_parse(scratch, text, area, shape, e);
	if (rc == 0) {
		shape->points = arena_copy(p->arena, shape->points, shape->point_count * sizeof(*shape->points));
		shape->rings = arena_copy(p->arena, shape->rings, shape->ring_count * sizeof(*shape->rings));
		shape->stretches =
		    arena_copy(p->arena, shape->stretches, shape->stretch_count * sizeof(*shape->stretches));
		p->points += shape->point_count;
		*taken = shape;
	}
	arena_free(scratch);
	if (rc == 0 && p->points > PLACES_POINTS_MAX)
		return err_set(e, "together with those before it has more than %d points", PLACES_POINTS_MAX);
	return rc;
}

static int
areas_take(struct places *p, const struct places_rows *rows, struct err *e)
{
	struct arena *a = p->arena;

	p->area_count = rows->area_count;
	p->areas = arena_array(a, rows->area_count + 1, sizeof(*p->areas));
	p->area_shapes = arena_array(a, rows->area_count + 1, sizeof(*p->area_shapes));
	for (size_t i = 0; i < rows->area_count; i++)
		p->areas[i] = rows->areas[i];
	qsort(p->areas, p->area_count, sizeof(*p->areas), compare_areas);
	for (size_t i = 0; i < p->area_count; i++) {
		struct places_area *area = &p->areas[i];

		if (i > 0 && strcmp(area->code, p->areas[i - 1].code) == 0)
			return err_set(e, "area \"%s\" stands twice", area->code);
		if (shape_take(p, area->shape, true, &p->area_shapes[i], e) < 0)
			return err_prefix(e, "area \"%s\"", area->code);
		*area = (struct places_area){arena_string(a, area->code), arena_string(a, area->name),
		    arena_string(a, area->district), arena_string(a, area->names), NULL, area->neighbourhood,
		    area->ordinary};
	}
	return 0;
}

static int
streets_take(struct places *p, const struct places_rows *rows, struct err *e)
{
	struct arena *a = p->arena;

	p->street_count = rows->street_count;
	p->streets = arena_array(a, rows->street_count + 1, sizeof(*p->streets));
	p->street_shapes = arena_array(a, rows->street_count + 1, sizeof(*p->street_shapes));
	p->lined = arena_array(a, rows->street_count + 1, sizeof(*p->lined));
	p->lined_boxes = arena_array(a, rows->street_count + 1, sizeof(*p->lined_boxes));
	for (size_t i = 0; i < rows->street_count; i++) {
		const struct places_street *street = &rows->streets[i];

		if (shape_take(p, street->shape, false, &p->street_shapes[i], e) < 0)
			return err_prefix(e, "street \"%s\"", street->name);
		if (p->street_shapes[i]) {
			p->lined_boxes[p->lined_count] = p->street_shapes[i]->box;
			p->lined[p->lined_count++] = (uint32_t)i;
		}
		p->streets[i] = (struct places_street){arena_string(a, street->name), arena_string(a, street->owner),
		    arena_string(a, street->names), NULL};
	}
	return 0;
}

struct by_size {
	uint32_t area;
	double size;
};

static int
compare_sizes(const void *a, const void *b)
{
	const struct by_size *x = a, *y = b;

	if (x->size != y->size)
		return x->size < y->size ? -1 : 1;
	return (x->area > y->area) - (x->area < y->area);
}

static void
sizes_sort(struct places *p)
{
	struct arena *scratch = arena_new(0);
	struct by_size *sizes = arena_array(scratch, p->area_count + 1, sizeof(*sizes));

	p->by_size = arena_array(p->arena, p->area_count + 1, sizeof(*p->by_size));
	for (size_t i = 0; i < p->area_count; i++)
		if (p->areas[i].neighbourhood && p->area_shapes[i])
			sizes[p->by_size_count++] = (struct by_size){(uint32_t)i, shape_size(p->area_shapes[i])};
	qsort(sizes, p->by_size_count, sizeof(*sizes), compare_sizes);
	for (size_t i = 0; i < p->by_size_count; i++)
		p->by_size[i] = sizes[i].area;
	arena_free(scratch);
}

struct name_list {
	struct arena *arena;
	struct names_name *list;
	size_t count;
};

/* The name and each line of names. */
static void
names_add(struct name_list *to, struct names_name name, const char *own, const char *names)
{
	char *rest = arena_string(to->arena, names), *line;

	name.text = text_fold_tr(to->arena, own);
	if (name.text && to->count < PLACES_NAMES_MAX)
		to->list[to->count++] = name;
	while ((line = strsep(&rest, "\n"))) {
		name.text = *line ? text_fold_tr(to->arena, line) : NULL;
		if (name.text && to->count < PLACES_NAMES_MAX)
			to->list[to->count++] = name;
	}
}

/* The name, and one for each line. */
static size_t
names_count(const char *names)
{
	size_t count = 2;

	for (; *names; names++)
		count += *names == '\n';
	return count;
}

static void
names_make(struct places *p)
{
	struct name_list to = {.arena = arena_new(0)};
	size_t room = 0;

	for (size_t i = 0; i < p->area_count; i++)
		room += names_count(p->areas[i].names);
	for (size_t i = 0; i < p->street_count; i++)
		room += names_count(p->streets[i].names);
	to.list = arena_array(to.arena, (room < PLACES_NAMES_MAX ? room : PLACES_NAMES_MAX) + 1, sizeof(*to.list));
	for (size_t i = 0; i < p->area_count; i++)
		if (p->areas[i].neighbourhood)
			names_add(&to,
			    (struct names_name){.place = (uint32_t)i,
				.ordinary = p->areas[i].ordinary,
				.own = *p->areas[i].district == '\0'},
			    p->areas[i].name, p->areas[i].names);
	for (size_t i = 0; i < p->street_count; i++)
		names_add(&to, (struct names_name){.place = (uint32_t)i, .street = true}, p->streets[i].name,
		    p->streets[i].names);
	p->names = names_new(p->arena, to.list, to.count);
	arena_free(to.arena);
}

struct places *
places_new(const struct places_rows *rows, struct err *e)
{
	struct arena *a = arena_new(0);
	struct places *p = arena_alloc(a, sizeof(*p));

	p->arena = a;
	if (rows->area_count > PLACES_MAX || rows->street_count > PLACES_MAX) {
		err_set(e, "there are %zu areas and %zu streets; at most %d of each are taken", rows->area_count,
		    rows->street_count, PLACES_MAX);
		places_free(p);
		return NULL;
	}
	jsontext_start();
	if (areas_take(p, rows, e) < 0 || streets_take(p, rows, e) < 0) {
		places_free(p);
		return NULL;
	}
	sizes_sort(p);
	names_make(p);
	return p;
}

void
places_free(struct places *p)
{
	if (p)
		arena_free(p->arena);
}

/* ---- Asking ------------------------------------------------------------------------------------------------------ */

static const struct places_area *
area_at(const struct places *p, struct shape_point point)
{
	for (size_t i = 0; i < p->by_size_count; i++)
		if (shape_holds(p->area_shapes[p->by_size[i]], point))
			return &p->areas[p->by_size[i]];
	return NULL;
}

/* All that is at most that far from the point; a little more does no harm. */
static struct shape_box
box_around(const struct shape_plane *plane, double metres)
{
	double latitude = ceil(metres / plane->latitude), longitude = ceil(metres / plane->longitude);

	longitude = fmin(longitude, LONGITUDE_MAX);
	return (struct shape_box){
	    .low = {(int32_t)(plane->at.latitude - latitude),
		(int32_t)fmax(plane->at.longitude - longitude, -LONGITUDE_MAX)},
	    .high = {(int32_t)(plane->at.latitude + latitude),
		(int32_t)fmin(plane->at.longitude + longitude, LONGITUDE_MAX)},
	};
}

/* As shape_boxes_meet, without branches: thousands are asked and few meet. */
static bool
is_near(const struct shape_box *a, const struct shape_box *b)
{
	return ((a->low.latitude <= b->high.latitude) & (b->low.latitude <= a->high.latitude) &
		   (a->low.longitude <= b->high.longitude) & (b->low.longitude <= a->high.longitude)) != 0;
}

static const struct places_street *
street_at(const struct places *p, struct shape_point point)
{
	const struct shape_plane plane = shape_plane_at(point);
	const struct shape_box around = box_around(&plane, PLACES_STREET_METRES);
	const struct places_street *nearest = NULL;
	double least = PLACES_STREET_METRES;

	for (size_t i = 0; i < p->lined_count; i++) {
		double metres;

		if (!is_near(&p->lined_boxes[i], &around))
			continue;
		metres = shape_metres(p->street_shapes[p->lined[i]], &plane, least);
		if (metres > least || (nearest && metres == least))
			continue;
		nearest = &p->streets[p->lined[i]];
		least = metres;
	}
	return nearest;
}

static bool
owner_is_one(const struct places_street *streets, const struct names_found *found)
{
	const char *owner, *first = NULL;

	for (size_t i = 0; i < found->street_count; i++) {
		owner = streets[found->streets[i]].owner; /* NOLINT(clang-analyzer-core.NullDereference): never NULL */
		first = first ? first : owner;
		if (strcmp(owner, first) != 0)
			return false;
	}
	return true;
}

/* Streets of one name: the nearest to the point, if they have lines and there is a point; else, when all have one owner,
 * the first. */
static const struct places_street *
street_named(const struct places *p, const struct names_found *found, const struct shape_point *point)
{
	struct shape_plane plane = point ? shape_plane_at(*point) : (struct shape_plane){0};
	const struct places_street *nearest = NULL;
	double least = PLACES_NAMED_METRES;
	bool lines = false;

	for (size_t i = 0; i < found->street_count && point; i++) {
		const struct shape *line = p->street_shapes[found->streets[i]];
		double metres = line ? shape_metres(line, &plane, least) : INFINITY;

		lines = lines || line;
		if (metres > least)
			continue;
		nearest = &p->streets[found->streets[i]];
		least = metres;
	}
	if (lines)
		return nearest;
	return owner_is_one(p->streets, found) ? &p->streets[found->streets[0]] : NULL;
}

struct asking {
	const struct places *places;
	struct arena *scratch;
	const struct shape_point *point; /* NULL: none */
	struct places_answer *answer;
};

static void
words_use(struct asking *q, const char *text, const char *how)
{
	struct places_answer *answer = q->answer;
	bool alone = strcmp(how, PLACES_BY_FIELD) == 0;
	const struct places_area *named;
	struct names_found found;

	names_find(q->places->names, q->scratch, text, alone, &found);
	if (found.neighbourhood_known) {
		named = &q->places->areas[found.neighbourhood];
		if (!answer->neighbourhood) {
			answer->neighbourhood = named;
			answer->how = how;
		} else if (q->point && answer->neighbourhood != named && strcmp(answer->how, PLACES_BY_POINT) == 0 &&
			   strcmp(how, PLACES_BY_TEXT) != 0) {
			answer->how = PLACES_BY_POINT_NOT_WORDS;
		}
	}
	if (found.street_known && !answer->street)
		answer->street = street_named(q->places, &found, q->point);
}

void
places_find(
    const struct places *p, struct arena *scratch, const struct places_question *question, struct places_answer *answer)
{
	struct shape_point point = {question->latitude_e7, question->longitude_e7};
	struct places_answer told = {0};
	struct asking q = {
	    .places = p, .scratch = scratch, .point = question->has_point ? &point : NULL, .answer = &told};

	if (question->has_point) {
		told.neighbourhood = area_at(p, point);
		told.how = told.neighbourhood ? PLACES_BY_POINT : NULL;
		told.street = street_at(p, point);
	}
	words_use(&q, question->neighbourhood, PLACES_BY_FIELD);
	words_use(&q, question->address, PLACES_BY_ADDRESS);
	if (!told.neighbourhood || !told.street)
		words_use(&q, question->text, PLACES_BY_TEXT);
	*answer = told;
}

bool
places_within(const struct places *p, const char *area, int32_t latitude_e7, int32_t longitude_e7)
{
	const struct places_area *found = places_area(p, area);
	const struct shape *shape = found ? p->area_shapes[found - p->areas] : NULL;

	return shape && shape_holds(shape, (struct shape_point){latitude_e7, longitude_e7});
}

const struct places_area *
places_area(const struct places *p, const char *code)
{
	struct places_area wanted = {.code = code};

	return bsearch(&wanted, p->areas, p->area_count, sizeof(wanted), compare_areas);
}

size_t
places_size(const struct places *p, size_t *streets)
{
	*streets = p->street_count;
	return p->area_count;
}
