/* neighbourhoods: the municipality's own list of its quarters. What citizens write as theirs may be anything, a name too; the
 * public is shown only what stands in the list, as it is spelt there. Pure. */
#ifndef KOPRU_SERVICES_REPORTING_NEIGHBOURHOODS_H
#define KOPRU_SERVICES_REPORTING_NEIGHBOURHOODS_H

#include "common/base/arena.h"
#include "common/base/err.h"

struct neighbourhoods {
	size_t count;
	const char **names, **keys; /* keys: folded, without spaces */
};

/* Reads csv (NUL-terminated; column name) into list; what it holds is of the arena. -1: it is no such list; e says why. */
int neighbourhoods_parse(struct arena *a, const char *csv, struct neighbourhoods *list, struct err *e);

/* What equal names have in common: folded, without spaces and a "Mahallesi" at the end. From the arena. */
const char *neighbourhoods_key(struct arena *a, const char *text);

/* The name in the list; letters, spaces and a "Mahallesi", "Mah." or "Mh." at the end make no difference. NULL: it is none, or text
 * is NULL. a is for what is made on the way. */
const char *neighbourhoods_find(const struct neighbourhoods *list, struct arena *a, const char *text);

#endif
