/* shape: an area or a line on the ground, read from a GeoJSON geometry (RFC 7946): is a point in it, how far is it.
 * Coordinates are degrees times 10^7, and whether a point is in an area is computed exactly. Pure. */
#ifndef KOPRU_COMMON_PLACES_SHAPE_H
#define KOPRU_COMMON_PLACES_SHAPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "common/base/arena.h"
#include "common/base/err.h"

#define SHAPE_POINTS_MAX 20000 /* of one shape */
#define SHAPE_RINGS_MAX 1000
#define SHAPE_DEPTH_MAX 8 /* of a geometry's text: an object with arrays of arrays */
#define SHAPE_STRETCH_EDGES 32
#define SHAPE_POINT_TEXT_SIZE 40

struct shape_point {
	int32_t latitude, longitude;
};

struct shape_box {
	struct shape_point low, high; /* both are in it */
};

/* Edges that follow each other: from points[first] to points[first + edges]. */
struct shape_stretch {
	uint32_t first, edges, ring;
	struct shape_box box;
};

/* Of an area the rings (the first point again at the end), of a line its pieces. */
struct shape_ring {
	uint32_t first, points;
	uint32_t polygon;
	bool hole;
};

struct shape {
	bool area; /* else: a line */
	struct shape_point *points;
	struct shape_ring *rings;
	struct shape_stretch *stretches;
	uint32_t point_count, ring_count, stretch_count;
	struct shape_box box;
};

/* area: Polygon or MultiPolygon; else LineString or MultiLineString. It lives in a. The reason says what is wrong and
 * where: not closed, too few points, crossing itself, a hole outside, no WGS 84, latitude before longitude, too much. */
int shape_read(struct arena *a, const json_t *geometry, bool area, struct shape *shape, struct err *e);
/* The same of a text that is a geometry. */
int shape_parse(struct arena *a, const char *text, bool area, struct shape *shape, struct err *e);

/* A point on the edge of two areas that share this edge is in one of them. */
bool shape_holds(const struct shape *s, struct shape_point p);
/* A plane that touches the ground (WGS 84) at a point: metres of 10^-7 degrees there. */
struct shape_plane {
	struct shape_point at;
	double latitude, longitude;
};
struct shape_plane shape_plane_at(struct shape_point p);
/* How far the plane's point is from the edges; more than at_most gives INFINITY. */
double shape_metres(const struct shape *s, const struct shape_plane *plane, double at_most);
/* Square degrees: to tell smaller areas from larger ones. */
double shape_size(const struct shape *s);
/* "37.8712345, 32.4987654": latitude first, as people say it. */
const char *shape_point_text(struct shape_point p, char text[SHAPE_POINT_TEXT_SIZE]);

/* Do the rings make an area? Called by shape_read. */
int shape_check(const struct shape *s, struct err *e);
/* 1: c is to the left of the way from a to b, -1: to the right, 0: on its line. Exact. */
int shape_side(struct shape_point a, struct shape_point b, struct shape_point c);
bool shape_boxes_meet(const struct shape_box *a, const struct shape_box *b);

#endif
