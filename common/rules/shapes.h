/* shapes: do two polygons of GeoJSON meet, does one lie in the other. For telling that a rule can never hold; what an
 * application's point lies in, others say. Pure. */
#ifndef KOPRU_COMMON_RULES_SHAPES_H
#define KOPRU_COMMON_RULES_SHAPES_H

#include <stdbool.h>
#include <stddef.h>

#include "common/base/arena.h"

struct shape;

/* A Polygon or MultiPolygon geometry; lives in a. NULL: it is none (whoever imports areas says why). */
struct shape *shape_read(struct arena *a, const char *geojson);
/* False only when nothing lies in both. Holes are not looked at. */
bool shapes_meet(const struct shape *a, const struct shape *b);
/* True only when all of inner lies in outer. */
bool shape_within(const struct shape *inner, const struct shape *outer);

#endif
