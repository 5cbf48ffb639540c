/* shape: see the header. */
#include "common/places/shape.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define E7 1e7
#define HALF_TURN 3.14159265358979323846

/* A product of two distances in 10^-7 degrees has up to 64 bits, and two of them are compared. */
__extension__ typedef __int128 wide;

int
shape_side(struct shape_point a, struct shape_point b, struct shape_point c)
{
	wide left = (wide)((int64_t)b.longitude - a.longitude) * ((int64_t)c.latitude - a.latitude);
	wide right = (wide)((int64_t)b.latitude - a.latitude) * ((int64_t)c.longitude - a.longitude);

	return (left > right) - (left < right);
}

bool
shape_boxes_meet(const struct shape_box *a, const struct shape_box *b)
{
	return a->low.latitude <= b->high.latitude && b->low.latitude <= a->high.latitude &&
	       a->low.longitude <= b->high.longitude && b->low.longitude <= a->high.longitude;
}

static bool
box_holds(const struct shape_box *box, struct shape_point p)
{
	return p.latitude >= box->low.latitude && p.latitude <= box->high.latitude &&
	       p.longitude >= box->low.longitude && p.longitude <= box->high.longitude;
}

/* Does the edge cross the half line that goes from p to the east? An end on the line counts as above it: so of edges that
 * meet there each way through is counted once, and a point on an edge is east or west of it whichever way it is drawn. */
static bool
edge_crosses(struct shape_point a, struct shape_point b, struct shape_point p)
{
	if ((a.latitude <= p.latitude) == (b.latitude <= p.latitude))
		return false;
	return a.latitude < b.latitude ? shape_side(a, b, p) > 0 : shape_side(b, a, p) > 0;
}

bool
shape_holds(const struct shape *s, struct shape_point p)
{
	bool inside = false;

	if (!s->area || !box_holds(&s->box, p))
		return false;
	for (uint32_t i = 0; i < s->stretch_count; i++) {
		const struct shape_stretch *stretch = &s->stretches[i];
		const struct shape_point *points = s->points + stretch->first;

		if (p.latitude < stretch->box.low.latitude || p.latitude > stretch->box.high.latitude ||
		    p.longitude > stretch->box.high.longitude)
			continue;
		for (uint32_t k = 0; k < stretch->edges; k++)
			inside ^= edge_crosses(points[k], points[k + 1], p);
	}
	return inside;
}

/* The usual series of the WGS 84 ellipsoid. */
struct shape_plane
shape_plane_at(struct shape_point p)
{
	double f = p.latitude / E7 * HALF_TURN / 180;

	return (struct shape_plane){
	    .at = p,
	    .latitude = (111132.92 - 559.82 * cos(2 * f) + 1.175 * cos(4 * f) - 0.0023 * cos(6 * f)) / E7,
	    .longitude = (111412.84 * cos(f) - 93.5 * cos(3 * f) + 0.118 * cos(5 * f)) / E7,
	};
}

static double
edge_metres(struct shape_point a, struct shape_point b, const struct shape_plane *plane)
{
	double ax = ((double)a.longitude - plane->at.longitude) * plane->longitude;
	double ay = ((double)a.latitude - plane->at.latitude) * plane->latitude;
	double dx = ((double)b.longitude - a.longitude) * plane->longitude;
	double dy = ((double)b.latitude - a.latitude) * plane->latitude;
	double length = dx * dx + dy * dy;
	double along = length > 0 ? -(ax * dx + ay * dy) / length : 0;

	along = fmin(fmax(along, 0), 1);
	return hypot(ax + along * dx, ay + along * dy);
}

/* Is the point more than at_most metres outside of the box? */
static bool
is_far(const struct shape_box *box, const struct shape_plane *plane, double at_most)
{
	return ((double)box->low.latitude - plane->at.latitude) * plane->latitude > at_most ||
	       ((double)plane->at.latitude - box->high.latitude) * plane->latitude > at_most ||
	       ((double)box->low.longitude - plane->at.longitude) * plane->longitude > at_most ||
	       ((double)plane->at.longitude - box->high.longitude) * plane->longitude > at_most;
}

double
shape_metres(const struct shape *s, const struct shape_plane *plane, double at_most)
{
	double least = INFINITY;

	if (is_far(&s->box, plane, at_most))
		return INFINITY;
	for (uint32_t i = 0; i < s->stretch_count; i++) {
		const struct shape_stretch *stretch = &s->stretches[i];

		if (is_far(&stretch->box, plane, fmin(at_most, least)))
			continue;
		for (uint32_t k = stretch->first; k < stretch->first + stretch->edges; k++)
			least = fmin(least, edge_metres(s->points[k], s->points[k + 1], plane));
	}
	return least <= at_most ? least : INFINITY;
}

double
shape_size(const struct shape *s)
{
	double size = 0;

	for (uint32_t i = 0; i < s->ring_count && s->area; i++) {
		const struct shape_point *points = s->points + s->rings[i].first;
		double ring = 0;

		for (uint32_t k = 1; k + 2 < s->rings[i].points; k++)
			ring += ((double)points[k].longitude - points[0].longitude) *
				    ((double)points[k + 1].latitude - points[0].latitude) -
				((double)points[k + 1].longitude - points[0].longitude) *
				    ((double)points[k].latitude - points[0].latitude);
		size += s->rings[i].hole ? -fabs(ring) : fabs(ring);
	}
	return size / 2 / E7 / E7;
}

const char *
shape_point_text(struct shape_point p, char text[SHAPE_POINT_TEXT_SIZE])
{
	uint32_t latitude = (uint32_t)labs((long)p.latitude), longitude = (uint32_t)labs((long)p.longitude);

	(void)snprintf(text, SHAPE_POINT_TEXT_SIZE, "%s%u.%07u, %s%u.%07u", p.latitude < 0 ? "-" : "",
	    latitude / 10000000, latitude % 10000000, p.longitude < 0 ? "-" : "", longitude / 10000000,
	    longitude % 10000000);
	return text;
}
