/* shape_read: a geometry of GeoJSON becomes a shape, or is refused with what is wrong and where. */
#include <math.h>
#include <string.h>

#include "common/base/jsontext.h"
#include "common/places/shape.h"

#define E7 1e7
/* Karatay's town hall. Within so many degrees of it lies what is imported; swapped, it would lie in Iraq. */
#define HOME_LATITUDE 37.9
#define HOME_LONGITUDE 33.0
#define HOME_DEGREES 2.4

struct reading {
	struct arena *arena;
	struct shape *shape;
	struct err *e;
};

static bool
is_home(double latitude, double longitude)
{
	return fabs(latitude - HOME_LATITUDE) < HOME_DEGREES && fabs(longitude - HOME_LONGITUDE) < HOME_DEGREES;
}

static int
point_read(const json_t *json, struct shape_point *point, struct err *e)
{
	size_t numbers = json_array_size(json); /* the third is the height */
	double longitude, latitude;

	if (!json_is_array(json) || numbers < 2 || numbers > 3)
		return err_set(e, "a position must be an array of two numbers, longitude and latitude");
	for (size_t i = 0; i < numbers; i++)
		if (!json_is_number(json_array_get(json, i)))
			return err_set(e, "a position holds what is no number");
	longitude = json_number_value(json_array_get(json, 0));
	latitude = json_number_value(json_array_get(json, 1));
	if (!(fabs(longitude) <= 180 && fabs(latitude) <= 90))
		return err_set(e,
		    "the position [%.7g, %.7g] is outside of the world: longitude from -180 to 180 comes first, then "
		    "latitude from -90 to 90, in degrees (WGS 84)",
		    longitude, latitude);
	if (is_home(longitude, latitude))
		return err_set(e,
		    "the position [%.7g, %.7g] is latitude before longitude; GeoJSON wants longitude first", longitude,
		    latitude);
	*point = (struct shape_point){(int32_t)llround(latitude * E7), (int32_t)llround(longitude * E7)};
	return 0;
}

static void
box_widen(struct shape_box *box, struct shape_point p)
{
	box->low.latitude = p.latitude < box->low.latitude ? p.latitude : box->low.latitude;
	box->low.longitude = p.longitude < box->low.longitude ? p.longitude : box->low.longitude;
	box->high.latitude = p.latitude > box->high.latitude ? p.latitude : box->high.latitude;
	box->high.longitude = p.longitude > box->high.longitude ? p.longitude : box->high.longitude;
}

/* Points of the array, one after another the same left out. */
static int
points_read(struct reading *r, const json_t *json, struct shape_ring *ring)
{
	struct shape *s = r->shape;

	for (size_t i = 0; i < json_array_size(json); i++) {
		struct shape_point p, *last = s->points + s->point_count - 1;

		if (point_read(json_array_get(json, i), &p, r->e) < 0)
			return err_prefix(r->e, "position %zu", i + 1);
		if (ring->points > 0 && last->latitude == p.latitude && last->longitude == p.longitude)
			continue;
		s->points[s->point_count++] = p;
		ring->points++;
	}
	return 0;
}

static int
ring_check(const struct reading *r, const struct shape_ring *ring, size_t given)
{
	const struct shape *s = r->shape;
	struct shape_point first = s->points[ring->first], last = s->points[ring->first + ring->points - 1];
	char from[SHAPE_POINT_TEXT_SIZE], to[SHAPE_POINT_TEXT_SIZE];

	if (!s->area)
		return ring->points >= 2 ? 0 : err_set(r->e, "a line needs two points that differ");
	if (first.latitude != last.latitude || first.longitude != last.longitude)
		return err_set(r->e, "it is not closed: it begins at %s and ends at %s", shape_point_text(first, from),
		    shape_point_text(last, to));
	if (given < 4 || ring->points < 4)
		return err_set(r->e, "it has too few points: three that differ and the first again are the least");
	return 0;
}

static void
stretches_cut(struct shape *s, uint32_t ring)
{
	const struct shape_ring *cut = &s->rings[ring];

	for (uint32_t done = 0; done + 1 < cut->points;) {
		uint32_t left = cut->points - 1 - done;
		struct shape_stretch *stretch = &s->stretches[s->stretch_count++];

		stretch->first = cut->first + done;
		stretch->edges = left < SHAPE_STRETCH_EDGES ? left : SHAPE_STRETCH_EDGES;
		stretch->ring = ring;
		stretch->box = (struct shape_box){s->points[stretch->first], s->points[stretch->first]};
		for (uint32_t i = 1; i <= stretch->edges; i++)
			box_widen(&stretch->box, s->points[stretch->first + i]);
		if (s->stretch_count == 1)
			s->box = stretch->box;
		box_widen(&s->box, stretch->box.low);
		box_widen(&s->box, stretch->box.high);
		done += stretch->edges;
	}
}

/* One array of positions. */
static int
ring_read(struct reading *r, const json_t *json, uint32_t polygon, bool hole)
{
	struct shape *s = r->shape;
	struct shape_ring *ring = &s->rings[s->ring_count];
	const char *what = !s->area ? "line" : hole ? "hole" : "outline";

	*ring = (struct shape_ring){.first = s->point_count, .polygon = polygon, .hole = hole};
	if (!json_is_array(json) || json_array_size(json) == 0)
		return err_set(r->e, "%s %u: it must be an array of positions, and not empty", what, s->ring_count + 1);
	if (points_read(r, json, ring) < 0 || ring_check(r, ring, json_array_size(json)) < 0)
		return err_prefix(r->e, "%s %u", what, s->ring_count + 1);
	stretches_cut(s, s->ring_count++);
	return 0;
}

/* Deepest arrays of the coordinates: their number, and of how many elements they are all together. */
static void
count_rings(const json_t *json, unsigned depth, size_t *rings, size_t *points)
{
	if (depth == 0) {
		(*rings)++;
		*points += json_array_size(json);
		return;
	}
	for (size_t i = 0; i < json_array_size(json); i++)
		count_rings(json_array_get(json, i), depth - 1, rings, points);
}

static int
room_make(struct reading *r, const json_t *coordinates, unsigned depth)
{
	size_t rings = 0, points = 0;

	count_rings(coordinates, depth, &rings, &points);
	if (points > SHAPE_POINTS_MAX)
		return err_set(r->e, "it has %zu points; at most %d are taken", points, SHAPE_POINTS_MAX);
	if (rings > SHAPE_RINGS_MAX)
		return err_set(r->e, "it has %zu parts; at most %d are taken", rings, SHAPE_RINGS_MAX);
	r->shape->points = arena_array(r->arena, points + 1, sizeof(*r->shape->points));
	r->shape->rings = arena_array(r->arena, rings + 1, sizeof(*r->shape->rings));
	r->shape->stretches =
	    arena_array(r->arena, points / SHAPE_STRETCH_EDGES + rings + 1, sizeof(*r->shape->stretches));
	return 0;
}

static int
polygon_read(struct reading *r, const json_t *json, uint32_t polygon)
{
	if (!json_is_array(json) || json_array_size(json) == 0)
		return err_set(r->e, "a polygon must be an array of rings, and not empty");
	for (size_t i = 0; i < json_array_size(json); i++)
		if (ring_read(r, json_array_get(json, i), polygon, i > 0) < 0)
			return -1;
	return 0;
}

static const struct {
	const char *type;
	bool area;
	unsigned depth; /* of arrays around arrays of positions */
} types[] = {
    {"Polygon", true, 1},
    {"MultiPolygon", true, 2},
    {"LineString", false, 0},
    {"MultiLineString", false, 1},
};

static int
coordinates_read(struct reading *r, const json_t *coordinates, unsigned depth)
{
	if (!json_is_array(coordinates) || json_array_size(coordinates) == 0)
		return err_set(r->e, "it has no \"coordinates\", or they are empty");
	if (room_make(r, coordinates, depth) < 0)
		return -1;
	if (depth == 0)
		return ring_read(r, coordinates, 0, false);
	if (depth == 1 && r->shape->area)
		return polygon_read(r, coordinates, 0);
	for (size_t i = 0; i < json_array_size(coordinates); i++) {
		const json_t *part = json_array_get(coordinates, i);

		if ((r->shape->area ? polygon_read(r, part, (uint32_t)i) : ring_read(r, part, (uint32_t)i, false)) < 0)
			return -1;
	}
	return 0;
}

int
shape_read(struct arena *a, const json_t *geometry, bool area, struct shape *shape, struct err *e)
{
	struct reading r = {.arena = a, .shape = shape, .e = e};
	const char *type = json_string_value(json_object_get(geometry, "type"));

	*shape = (struct shape){.area = area};
	for (size_t i = 0; type && i < sizeof(types) / sizeof(types[0]); i++) {
		if (types[i].area != area || strcmp(types[i].type, type) != 0)
			continue;
		if (coordinates_read(&r, json_object_get(geometry, "coordinates"), types[i].depth) < 0)
			return -1;
		return area ? shape_check(shape, e) : 0;
	}
	return err_set(e, "the geometry is %s; allowed are %s", type ? type : "none",
	    area ? "Polygon and MultiPolygon" : "LineString and MultiLineString");
}

int
shape_parse(struct arena *a, const char *text, bool area, struct shape *shape, struct err *e)
{
	struct jsontext_fault fault;
	const json_t *json = jsontext_read(a, text, strlen(text), SHAPE_DEPTH_MAX, &fault);

	return json ? shape_read(a, json, area, shape, e) : err_set(e, "%s", fault.en);
}
