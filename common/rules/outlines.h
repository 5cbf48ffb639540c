/* outlines: do two polygons of GeoJSON meet, does one lie in the other. For telling that a rule can never hold; what an
 * application's point lies in, others say. Pure. */
#ifndef KOPRU_COMMON_RULES_OUTLINES_H
#define KOPRU_COMMON_RULES_OUTLINES_H

#include <stdbool.h>
#include <stddef.h>

#include "common/base/arena.h"

struct outline;

/* A Polygon or MultiPolygon geometry; lives in a. NULL: it is none (whoever imports areas says why). */
struct outline *outline_read(struct arena *a, const char *geojson);
/* False only when nothing lies in both. Holes are not looked at. */
bool outlines_meet(const struct outline *a, const struct outline *b);
/* True only when all of inner lies in outer. */
bool outline_within(const struct outline *inner, const struct outline *outer);

#endif
