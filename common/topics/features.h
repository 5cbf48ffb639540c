/* features: what a classifier sees of a text: its character 3- to 5-grams within words and its word 1- and 2-grams,
 * counted, by slots of a fixed table. Pure. */
#ifndef KOPRU_COMMON_TOPICS_FEATURES_H
#define KOPRU_COMMON_TOPICS_FEATURES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/arena.h"

#define FEATURES_SLOT_BITS 18
#define FEATURES_SLOTS ((size_t)1 << FEATURES_SLOT_BITS)

struct feature {
	uint32_t slot, count;
};

/* Each slot once, in the order of its first place in the text. */
struct feature_list {
	struct feature *list;
	size_t count;
	uint32_t *places; /* for finding: open addressing, by place in the list + 1 */
	size_t mask;
};

struct features {
	struct feature_list words, pieces; /* word 1- and 2-grams; character n-grams */
};

/* A word of a text: letters and digits, or what is not ASCII. Borrowed from the text. */
struct feature_word {
	const char *start;
	size_t size;
};

/* text folded (text_fold_tr) and cut to MODEL_TEXT_MAX bytes, from a; "" when it is not UTF-8. */
const char *features_fold(struct arena *a, const char *text);
/* The word at or after *at, which moves behind it. false: there is none. Folded and unfolded text have the same words. */
bool features_next_word(const char **at, struct feature_word *word);
/* All of a folded text. Takes about 40 bytes for each of its letters from a, which has no limit. */
struct features features_read(struct arena *a, const char *folded);
/* Those of one word, and of the pair of it and the word before it (NULL: none). */
struct features features_of_word(struct arena *a, const struct feature_word *before, const struct feature_word *word);

/* How often the slot stands in the list; 0: not at all. */
uint32_t features_count(const struct feature_list *l, uint32_t slot);

#endif
