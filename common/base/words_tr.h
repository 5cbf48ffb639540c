/* words_tr: folded Turkish text as words, and when a word of a text is a form of a keyword's word. Pure. */
#ifndef KOPRU_COMMON_BASE_WORDS_TR_H
#define KOPRU_COMMON_BASE_WORDS_TR_H

#include <stdbool.h>
#include <stddef.h>

#include "common/base/arena.h"

#define WORDS_TR_SHORT 3 /* so short a keyword's word is no mere prefix: "is" begins half of all texts */

struct word_tr {
	const char *text; /* not NUL-terminated */
	size_t size;
};

/* Splits folded text into words of letters and digits; points into text. Room for size / 2 + 1 words is enough. */
size_t words_tr_split(const char *text, size_t size, struct word_tr *words);

/* The words with one blank between them, whatever stood there; what goes beyond max bytes is left out. */
const char *words_tr_join(struct arena *a, const struct word_tr *words, size_t count, size_t max);

/* Is word the keyword's word with something after it? Up to WORDS_TR_SHORT letters: only with suffixes of nouns. A hard
 * last consonant may have softened ("kopek", "kopegi"). */
bool word_tr_is_form(const struct word_tr *word, const struct word_tr *keyword);

/* Does text (what follows a short word) consist of suffixes of nouns? True when empty. */
bool word_tr_is_suffixes(const char *text, size_t size);

/* The hard consonant that c may stand for before a vowel ('g' for 'k', 'b' for 'p', 'd' for 't'), 0 for none. */
char word_tr_hard(char c, char next);

#endif
