/* phrases: words and phrases of all rules in one table, so that a text is gone through once: which of them stand in it.
 * A word stands where a word of the text is a form of it (words_tr.h), a phrase where its words follow each other. Pure. */
#ifndef KOPRU_COMMON_RULES_PHRASES_H
#define KOPRU_COMMON_RULES_PHRASES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/arena.h"

#define PHRASES_TEXT_BYTES (64 * 1024) /* more of a text is not looked at */

struct phrases;

/* texts: sorted, each once, of at most RULE_PHRASE_MAX words with one space between; borrowed. Lives in a. */
struct phrases *phrases_new(struct arena *a, const char *const *texts, size_t count);

/* Bits by place in texts, in scratch. */
uint64_t *phrases_find(const struct phrases *p, struct arena *scratch, const char *folded);

static inline bool
phrases_has(const uint64_t *bits, size_t place)
{
	return (bits[place / 64] >> (place % 64)) & 1;
}

#endif
