/* places_file: places as a file of GeoJSON has them (RFC 7946): checked, and ready to be stored. Pure. */
#ifndef KOPRU_COMMON_PLACES_PLACES_FILE_H
#define KOPRU_COMMON_PLACES_PLACES_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include "common/base/arena.h"
#include "common/base/err.h"

#define PLACES_FILE_MAX (32 * 1024 * 1024) /* bytes */
#define PLACES_FILE_FEATURES_MAX 20000
#define PLACES_FILE_DEPTH_MAX 16
#define PLACES_FILE_CODE_MAX 60 /* bytes */
#define PLACES_FILE_NAME_MAX 120 /* characters */
#define PLACES_FILE_NAMES_MAX 50 /* other names of one place */

enum places_kind {
	PLACES_NEIGHBOURHOOD,
	PLACES_AREA,
	PLACES_STREET,
};

/* One place. Texts are never NULL but shape. */
struct places_feature {
	enum places_kind kind;
	const char *code; /* of an area: of the file, or made of its name (and district) */
	const char *name;
	const char *names; /* other names, one a line */
	const char *district; /* of a neighbourhood that is another municipality's */
	const char *owner; /* of a street */
	const char *source;
	const char *shape; /* its geometry as text; NULL: it has none */
	bool ordinary; /* the name is a word like others */
};

/* What the file's features do not say themselves; each may be NULL. */
struct places_file_defaults {
	const char *kind, *owner, *source;
};

struct places_file {
	struct places_feature *list;
	size_t count;
};

/* A FeatureCollection, or one Feature, with the properties kind, name (or ad), code, names (an array), district, owner,
 * source, ordinary. All of it is checked (common/places/shape.h), no code may stand twice; the reason names the feature.
 * It lives in a. */
int places_file_read(struct arena *a, const char *text, size_t size, const struct places_file_defaults *defaults,
    struct places_file *file, struct err *e);

/* "neighbourhood", "area", "street". */
const char *places_kind_name(enum places_kind kind);
bool places_kind_find(const char *name, enum places_kind *kind);
/* "Sultan Mesud Mahallesi": "sultanmesud"; with a district "selcuklu-sancak". "" when nothing is left. */
const char *places_code(struct arena *a, const char *name, const char *district);
/* a-z, 0-9, "-" and "_", at most PLACES_FILE_CODE_MAX, not beginning with a sign. */
bool places_code_valid(const char *code);

#endif
