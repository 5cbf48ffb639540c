/* places: where something is: a point or words of an address to neighbourhood, district and the street's owner. Made of
 * polygons, lines and names; never changed, only replaced. Pure. */
#ifndef KOPRU_COMMON_PLACES_PLACES_H
#define KOPRU_COMMON_PLACES_PLACES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/arena.h"
#include "common/base/err.h"

#define PLACES_STREET_METRES 20 /* so near a point is on a street */
#define PLACES_NAMED_METRES 200 /* and so near when words name this street */
#define PLACES_MAX 20000 /* areas, and streets */
#define PLACES_POINTS_MAX 1000000 /* of all shapes together */
#define PLACES_NAMES_MAX 100000

/* What told the neighbourhood (places_answer.how). */
#define PLACES_BY_POINT "point"
#define PLACES_BY_POINT_NOT_WORDS "point, not words" /* which name another one */
#define PLACES_BY_FIELD "neighbourhood"
#define PLACES_BY_ADDRESS "address"
#define PLACES_BY_TEXT "text"

struct places_area {
	const char *code, *name, *district; /* district "": our own */
	const char *names; /* other names, one a line */
	const char *shape; /* GeoJSON geometry: Polygon or MultiPolygon; NULL: by name only; NULL in answers */
	bool neighbourhood; /* else: an area that rules may name */
	bool
	    ordinary; /* its name is a word like others ("yenice"): counts only beside "mahalle", or alone in its field */
};

struct places_street {
	const char *name, *owner;
	const char *names; /* other names, one a line */
	const char *shape; /* LineString or MultiLineString; NULL: by name only; NULL in answers */
};

struct places_rows {
	const struct places_area *areas;
	size_t area_count;
	const struct places_street *streets;
	size_t street_count;
};

struct places;

/* Copies. NULL with a reason when a shape is no shape (common/places/shape.h) or there are too many, or a code twice. */
struct places *places_new(const struct places_rows *rows, struct err *e);
void places_free(struct places *p); /* NULL is fine */

/* What is known of an application's place. Texts may be "" but not NULL; degrees times 10^7. */
struct places_question {
	bool has_point;
	int32_t latitude_e7, longitude_e7;
	const char *neighbourhood, *address; /* as given */
	const char *text; /* of the application: looked through last */
};

/* All live as long as p; NULL: not known. */
struct places_answer {
	const struct places_area *neighbourhood;
	const struct places_street *street; /* with an owner of its own */
	const char *how; /* one of PLACES_BY_...: what told the neighbourhood */
};

/* The neighbourhood is told by the point, else by the field, the address, the text, in this order. The street by the
 * point, when a line is near; else by words. p is not NULL. */
void places_find(const struct places *p, struct arena *scratch, const struct places_question *question,
    struct places_answer *answer);
/* Is the point in the area of that code? */
bool places_within(const struct places *p, const char *area, int32_t latitude_e7, int32_t longitude_e7);
const struct places_area *places_area(const struct places *p, const char *code); /* NULL: none */
size_t places_size(const struct places *p, size_t *streets); /* areas */

#endif
