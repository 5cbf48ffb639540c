/* outlines: outer rings as edges; every edge against every other whose boxes meet. */
#include "common/rules/outlines.h"

#include <math.h>
#include <string.h>

#include <jansson.h>

#include "common/base/jsontext.h"

#define JSON_DEPTH 6
#define NEAR 1e-7 /* degrees: about a centimetre */

struct point {
	double x, y;
};

struct box {
	struct point low, high;
};

struct ring {
	struct point *points; /* closed: the last is the first */
	size_t count;
};

struct outline {
	struct ring *rings;
	size_t count;
	bool holes;
	struct box box;
};

static void
box_take(struct box *box, const struct point *p, bool first)
{
	box->low.x = first || p->x < box->low.x ? p->x : box->low.x;
	box->low.y = first || p->y < box->low.y ? p->y : box->low.y;
	box->high.x = first || p->x > box->high.x ? p->x : box->high.x;
	box->high.y = first || p->y > box->high.y ? p->y : box->high.y;
}

static struct box
edge_box(const struct point *edge)
{
	struct box box;

	box_take(&box, &edge[0], true);
	box_take(&box, &edge[1], false);
	return box;
}

static bool
boxes_meet(const struct box *a, const struct box *b)
{
	return a->low.x <= b->high.x && b->low.x <= a->high.x && a->low.y <= b->high.y && b->low.y <= a->high.y;
}

static bool
ring_read(struct arena *a, struct outline *outline, const json_t *json)
{
	struct ring *ring = &outline->rings[outline->count];
	size_t count = json_array_size(json);

	if (count < 4)
		return false;
	*ring = (struct ring){.points = arena_array(a, count, sizeof(*ring->points)), .count = count};
	for (size_t i = 0; i < count; i++) {
		const json_t *pair = json_array_get(json, i);

		if (!json_is_number(json_array_get(pair, 0)) || !json_is_number(json_array_get(pair, 1)))
			return false;
		ring->points[i].x = json_number_value(json_array_get(pair, 0));
		ring->points[i].y = json_number_value(json_array_get(pair, 1));
		box_take(&outline->box, &ring->points[i], outline->count == 0 && i == 0);
	}
	outline->count++;
	return true;
}

static bool
polygon_read(struct arena *a, struct outline *outline, const json_t *polygon)
{
	outline->holes = outline->holes || json_array_size(polygon) > 1;
	return ring_read(a, outline, json_array_get(polygon, 0));
}

struct outline *
outline_read(struct arena *a, const char *geojson)
{
	struct jsontext_fault fault;
	struct arena *scratch = arena_new(0);
	const json_t *json = jsontext_read(scratch, geojson, strlen(geojson), JSON_DEPTH, &fault);
	const char *type = json_string_value(json_object_get(json, "type"));
	const json_t *coordinates = json_object_get(json, "coordinates");
	struct outline *outline = arena_alloc(a, sizeof(*outline));
	bool read = false;

	if (type && strcmp(type, "Polygon") == 0) {
		outline->rings = arena_array(a, 1, sizeof(*outline->rings));
		read = polygon_read(a, outline, coordinates);
	} else if (type && strcmp(type, "MultiPolygon") == 0) {
		outline->rings = arena_array(a, json_array_size(coordinates) + 1, sizeof(*outline->rings));
		read = json_array_size(coordinates) > 0;
		for (size_t i = 0; i < json_array_size(coordinates) && read; i++)
			read = polygon_read(a, outline, json_array_get(coordinates, i));
	}
	arena_free(scratch);
	return read ? outline : NULL;
}

/* On which side of the edge p lies: below, on it, above 0. */
static double
side(const struct point *edge, const struct point *p)
{
	return (edge[1].x - edge[0].x) * (p->y - edge[0].y) - (edge[1].y - edge[0].y) * (p->x - edge[0].x);
}

static bool
is_on_edge(const struct point *edge, const struct point *p)
{
	struct box box = edge_box(edge), at = {*p, *p};
	double x = edge[1].x - edge[0].x, y = edge[1].y - edge[0].y;

	return boxes_meet(&box, &at) && side(edge, p) * side(edge, p) <= NEAR * NEAR * (x * x + y * y);
}

enum where {
	OUTSIDE,
	BORDER,
	INSIDE,
};

/* By the parity of edges to the east, over all outer rings. */
static enum where
point_where(const struct outline *outline, const struct point *p)
{
	bool inside = false;

	for (size_t r = 0; r < outline->count; r++) {
		for (size_t i = 0; i + 1 < outline->rings[r].count; i++) {
			const struct point *edge = &outline->rings[r].points[i], *a = &edge[0], *b = &edge[1];

			if (is_on_edge(edge, p))
				return BORDER;
			if ((a->y > p->y) != (b->y > p->y) &&
			    p->x < (b->x - a->x) * (p->y - a->y) / (b->y - a->y) + a->x)
				inside = !inside;
		}
	}
	return inside ? INSIDE : OUTSIDE;
}

/* Do they cross, ends not counted: neighbours share a border and do not cross it. */
static bool
edges_cross(const struct point *a, const struct point *b)
{
	return side(a, &b[0]) * side(a, &b[1]) < 0 && side(b, &a[0]) * side(b, &a[1]) < 0;
}

static bool
edge_crosses(const struct point *edge, const struct outline *outline)
{
	struct box box = edge_box(edge);

	if (!boxes_meet(&box, &outline->box))
		return false;
	for (size_t r = 0; r < outline->count; r++) {
		for (size_t i = 0; i + 1 < outline->rings[r].count; i++) {
			struct box other = edge_box(&outline->rings[r].points[i]);

			if (boxes_meet(&box, &other) && edges_cross(edge, &outline->rings[r].points[i]))
				return true;
		}
	}
	return false;
}

static bool
outlines_cross(const struct outline *a, const struct outline *b)
{
	for (size_t r = 0; r < a->count; r++)
		for (size_t i = 0; i + 1 < a->rings[r].count; i++)
			if (edge_crosses(&a->rings[r].points[i], b))
				return true;
	return false;
}

/* Some point in the middle of a ring: between the first two edges that a line from the west comes to. */
static struct point
ring_middle(const struct ring *ring)
{
	struct point low = ring->points[0], next = {0, 0}, middle;
	double first = HUGE_VAL, second = HUGE_VAL;
	bool found = false;

	for (size_t i = 0; i < ring->count; i++)
		if (ring->points[i].y < low.y)
			low = ring->points[i];
	for (size_t i = 0; i < ring->count; i++) {
		if (ring->points[i].y > low.y && (!found || ring->points[i].y < next.y))
			next = ring->points[i];
		found = found || ring->points[i].y > low.y;
	}
	middle.y = (low.y + next.y) / 2; /* no corner lies between */
	for (size_t i = 0; i + 1 < ring->count; i++) {
		const struct point *a = &ring->points[i], *b = &ring->points[i + 1];
		double x = (b->x - a->x) * (middle.y - a->y) / (b->y - a->y) + a->x;

		if ((a->y > middle.y) == (b->y > middle.y))
			continue;
		second = x < first ? first : x < second ? x : second;
		first = x < first ? x : first;
	}
	middle.x = (first + second) / 2;
	return middle;
}

/* Is a corner, or the middle of an edge or of a ring, of a inside b? */
static bool
reaches_into(const struct outline *a, const struct outline *b)
{
	for (size_t r = 0; r < a->count; r++) {
		const struct ring *ring = &a->rings[r];
		struct point middle = ring_middle(ring);

		if (point_where(b, &middle) == INSIDE)
			return true;
		for (size_t i = 0; i + 1 < ring->count; i++) {
			const struct point *p = &ring->points[i];
			struct point between = {(p[0].x + p[1].x) / 2, (p[0].y + p[1].y) / 2};

			if (point_where(b, p) == INSIDE || point_where(b, &between) == INSIDE)
				return true;
		}
	}
	return false;
}

bool
outlines_meet(const struct outline *a, const struct outline *b)
{
	return boxes_meet(&a->box, &b->box) && (outlines_cross(a, b) || reaches_into(a, b) || reaches_into(b, a));
}

bool
outline_within(const struct outline *inner, const struct outline *outer)
{
	if (outer->holes || !boxes_meet(&inner->box, &outer->box) || outlines_cross(inner, outer))
		return false;
	for (size_t r = 0; r < inner->count; r++) {
		const struct ring *ring = &inner->rings[r];

		for (size_t i = 0; i + 1 < ring->count; i++) {
			const struct point *p = &ring->points[i];
			struct point between = {(p[0].x + p[1].x) / 2, (p[0].y + p[1].y) / 2};

			if (point_where(outer, p) == OUTSIDE || point_where(outer, &between) == OUTSIDE)
				return false;
		}
	}
	return true;
}
