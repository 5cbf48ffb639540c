/* names_words: the words of an address: which are names, which say what is named. Pure. */
#ifndef KOPRU_COMMON_PLACES_NAMES_WORDS_H
#define KOPRU_COMMON_PLACES_NAMES_WORDS_H

#include <stddef.h>

#include "common/base/arena.h"

enum names_kind {
	NAMES_PLAIN,
	NAMES_QUARTER, /* mah., mahallesinde ... */
	NAMES_STREET, /* cad., bulvarında, yolu ...: text is the word without suffixes */
	NAMES_AROUND, /* of a field: the district, the province */
};

struct names_word {
	const char *text;
	size_t size;
	enum names_kind kind;
};

/* Words of folded text, at most as many as fit into NAMES_TEXT_MAX bytes; points into text and constants. */
struct names_word *names_words_split(struct arena *a, const char *folded, size_t *count);

#endif
