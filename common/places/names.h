/* names: neighbourhoods and streets in what people write: "Sarıyakup mah.", "fetih mahallesindeyiz", "hacı yusuf
 * mescitte", "Fetih cad.". Joined or in pieces, with suffixes, never from the middle of another word. Pure. */
#ifndef KOPRU_COMMON_PLACES_NAMES_H
#define KOPRU_COMMON_PLACES_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/arena.h"

#define NAMES_TEXT_MAX (16 * 1024) /* of more bytes the rest is not looked at */
#define NAMES_LENGTH_MAX 80 /* bytes of a folded name; longer ones are never found */

struct names_name {
	const char *text; /* folded */
	uint32_t place; /* whose name it is: what is found again */
	bool street;
	bool ordinary; /* a word like others: counts only beside "mahalle", or alone in its field */
	bool own; /* of two neighbourhoods of one name our own is meant */
};

struct names;

/* Copies into a, where it lives. */
struct names *names_new(struct arena *a, const struct names_name *list, size_t count);

struct names_found {
	bool neighbourhood_known, street_known;
	uint32_t neighbourhood; /* place */
	const uint32_t *streets; /* places of that name */
	size_t street_count;
};

/* The best that the text has of both: a neighbourhood beside "mahalle" before one without, then the first. alone: the
 * text is a field for a neighbourhood's name. */
void names_find(const struct names *n, struct arena *scratch, const char *text, bool alone, struct names_found *found);

#endif
