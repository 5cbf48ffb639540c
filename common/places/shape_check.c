/* shape_check: rings that make an area: none meets itself, none crosses another, holes lie in their outline. */
#include "common/places/shape.h"

#define SAME(a, b) ((a).latitude == (b).latitude && (a).longitude == (b).longitude)

/* Where they meet, one of their ends, or between them. */
static int
refuse(const char *what, struct shape_point at, struct err *e)
{
	char text[SHAPE_POINT_TEXT_SIZE];

	return err_set(e, "%s near %s (latitude, longitude)", what, shape_point_text(at, text));
}

static struct shape_box
box_of(struct shape_point a, struct shape_point b)
{
	return (struct shape_box){
	    .low = {a.latitude < b.latitude ? a.latitude : b.latitude,
		a.longitude < b.longitude ? a.longitude : b.longitude},
	    .high = {a.latitude > b.latitude ? a.latitude : b.latitude,
		a.longitude > b.longitude ? a.longitude : b.longitude},
	};
}

/* Each goes from one side of the other to the other side. */
static bool
edges_cross(const struct shape_point *a, const struct shape_point *b)
{
	return shape_side(a[0], a[1], b[0]) * shape_side(a[0], a[1], b[1]) < 0 &&
	       shape_side(b[0], b[1], a[0]) * shape_side(b[0], b[1], a[1]) < 0;
}

static bool
is_on(const struct shape_point *edge, struct shape_point p)
{
	struct shape_box box = box_of(edge[0], edge[1]), point = {p, p};

	return shape_side(edge[0], edge[1], p) == 0 && shape_boxes_meet(&box, &point);
}

static bool
edges_meet(const struct shape_point *a, const struct shape_point *b)
{
	return edges_cross(a, b) || is_on(a, b[0]) || is_on(a, b[1]) || is_on(b, a[0]) || is_on(b, a[1]);
}

/* b begins where a ends; it may not go back over a. */
static bool
turns_back(const struct shape_point *a, const struct shape_point *b)
{
	return is_on(a, b[1]) || is_on(b, a[0]);
}

/* Of one ring: do edges i and j, i < j, meet elsewhere than where one follows the other? */
static bool
ring_meets_itself(const struct shape *s, const struct shape_ring *ring, uint32_t i, uint32_t j)
{
	const struct shape_point *a = s->points + i, *b = s->points + j;

	if (j == i + 1)
		return turns_back(a, b);
	if (i == ring->first && j == ring->first + ring->points - 2)
		return turns_back(b, a);
	return edges_meet(a, b);
}

/* Of edges that meet. */
static struct shape_point
meeting(const struct shape_point *a, const struct shape_point *b)
{
	double ax = (double)a[1].longitude - a[0].longitude, ay = (double)a[1].latitude - a[0].latitude;
	double bx = (double)b[1].longitude - b[0].longitude, by = (double)b[1].latitude - b[0].latitude;
	double along = ((double)b[0].longitude - a[0].longitude) * by - ((double)b[0].latitude - a[0].latitude) * bx;

	if (!edges_cross(a, b))
		return is_on(a, b[0]) ? b[0] : is_on(a, b[1]) ? b[1] : is_on(b, a[0]) ? a[0] : a[1];
	along /= ax * by - ay * bx;
	return (struct shape_point){(int32_t)(a[0].latitude + along * ay), (int32_t)(a[0].longitude + along * ax)};
}

static int
stretches_check(const struct shape *s, const struct shape_stretch *a, const struct shape_stretch *b, struct err *e)
{
	for (uint32_t i = a->first; i < a->first + a->edges; i++) {
		struct shape_box box = box_of(s->points[i], s->points[i + 1]);

		if (!shape_boxes_meet(&box, &b->box))
			continue;
		for (uint32_t j = a == b ? i + 1 : b->first; j < b->first + b->edges; j++) {
			const struct shape_point *one = s->points + i, *other = s->points + j;
			struct shape_box box_of_other = box_of(other[0], other[1]);

			if (!shape_boxes_meet(&box, &box_of_other))
				continue;
			if (a->ring == b->ring && ring_meets_itself(s, &s->rings[a->ring], i, j))
				return refuse("it crosses or touches itself", meeting(one, other), e);
			if (a->ring != b->ring && edges_cross(one, other))
				return refuse("two of its outlines or holes cross", meeting(one, other), e);
		}
	}
	return 0;
}

enum side {
	OUTSIDE,
	ON,
	INSIDE,
};

static enum side
ring_side(const struct shape *s, const struct shape_ring *ring, struct shape_point p)
{
	bool inside = false;

	for (uint32_t i = ring->first; i + 1 < ring->first + ring->points; i++) {
		struct shape_point a = s->points[i], b = s->points[i + 1];

		if (is_on(s->points + i, p))
			return ON;
		if ((a.latitude <= p.latitude) != (b.latitude <= p.latitude))
			inside ^= (a.latitude < b.latitude ? shape_side(a, b, p) : shape_side(b, a, p)) > 0;
	}
	return inside ? INSIDE : OUTSIDE;
}

/* Of rings that do not cross: on which side of the outer one the inner one is; ON when all its points are on it. */
static enum side
rings_side(const struct shape *s, const struct shape_ring *inner, const struct shape_ring *outer)
{
	for (uint32_t i = 0; i + 1 < inner->points; i++) {
		enum side side = ring_side(s, outer, s->points[inner->first + i]);

		if (side != ON)
			return side;
	}
	return ON;
}

static int
holes_check(const struct shape *s, const struct shape_ring *hole, struct err *e)
{
	const struct shape_ring *outline = hole;

	while (outline->hole)
		outline--;
	for (uint32_t i = 0; i + 1 < hole->points; i++)
		if (ring_side(s, outline, s->points[hole->first + i]) == OUTSIDE)
			return refuse("a hole is outside of its outline", s->points[hole->first + i], e);
	if (rings_side(s, hole, outline) == ON)
		return refuse("a hole touches its outline with all its points", s->points[hole->first], e);
	for (const struct shape_ring *other = outline + 1; other < hole; other++)
		if (rings_side(s, hole, other) != OUTSIDE || rings_side(s, other, hole) != OUTSIDE)
			return refuse("one hole is in another", s->points[hole->first], e);
	return 0;
}

/* Is the outline in that polygon, and in none of its holes? */
static bool
polygon_covers(const struct shape *s, const struct shape_ring *outline, const struct shape_ring *polygon)
{
	const struct shape_ring *end = s->rings + s->ring_count;

	if (rings_side(s, outline, polygon) == OUTSIDE)
		return false;
	for (const struct shape_ring *hole = polygon + 1; hole < end && hole->hole; hole++)
		if (rings_side(s, outline, hole) != OUTSIDE)
			return false;
	return true;
}

static int
polygons_check(const struct shape *s, const struct shape_ring *outline, struct err *e)
{
	for (const struct shape_ring *other = s->rings; other < outline; other++)
		if (!other->hole && (polygon_covers(s, outline, other) || polygon_covers(s, other, outline)))
			return refuse("two of its polygons overlap", s->points[outline->first], e);
	return 0;
}

int
shape_check(const struct shape *s, struct err *e)
{
	for (uint32_t i = 0; i < s->stretch_count; i++)
		for (uint32_t j = i; j < s->stretch_count; j++)
			if (shape_boxes_meet(&s->stretches[i].box, &s->stretches[j].box) &&
			    stretches_check(s, &s->stretches[i], &s->stretches[j], e) < 0)
				return -1;
	for (uint32_t i = 0; i < s->ring_count; i++) {
		const struct shape_ring *ring = &s->rings[i];

		if ((ring->hole ? holes_check(s, ring, e) : polygons_check(s, ring, e)) < 0)
			return -1;
	}
	return 0;
}
