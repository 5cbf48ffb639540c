/* words_tr: splitting, suffixes of nouns and softened consonants of folded Turkish. */
#include "common/base/words_tr.h"

#include <string.h>

#define SUFFIXES_MAX 4

/* Folded, so that each stands for its vowel-harmony twins (lar, ler; i, ı; u, ü). */
static const char *const suffixes[] = {"lar", "ler", "imiz", "umuz", "iniz", "unuz", "miz", "muz", "niz", "nuz", "im",
    "um", "in", "un", "yum", "yun", "nin", "nun", "si", "su", "i", "u", "yi", "yu", "ni", "nu", "a", "e", "ya", "ye",
    "na", "ne", "da", "de", "ta", "te", "nda", "nde", "dan", "den", "tan", "ten", "ndan", "nden", "la", "le", "yla",
    "yle", "ki", "li", "lu", "lik", "luk", "siz", "suz", "ci", "cu", "dir", "dur", "tir", "tur", "lanma", "lenme",
    NULL};

static bool
is_letter(unsigned char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z');
}

/* Bytes of the separator at text, 0 when a word goes on there. Quotation marks, dashes, symbols and emoji
 * (U+0080..U+00BF, U+2000..U+2FFF, U+FExx and beyond the first plane) separate; other letters do not. */
static size_t
separator_size(const char *text, size_t size)
{
	unsigned char c = (unsigned char)text[0];
	size_t wanted = 1;

	if (c < 0x80)
		return is_letter(c) ? 0 : 1;
	if (c == 0xc2)
		wanted = 2;
	else if (c == 0xe2 || c == 0xef)
		wanted = 3;
	else if (c >= 0xf0)
		wanted = 4;
	else
		return 0;
	return wanted < size ? wanted : size;
}

size_t
words_tr_split(const char *text, size_t size, struct word_tr *words)
{
	size_t count = 0;
	bool inside = false;

	for (size_t i = 0; i < size;) {
		size_t skip = separator_size(text + i, size - i);

		if (skip > 0) {
			inside = false;
			i += skip;
			continue;
		}
		if (!inside)
			words[count++] = (struct word_tr){.text = text + i, .size = 0};
		inside = true;
		words[count - 1].size++;
		i++;
	}
	return count;
}

const char *
words_tr_join(struct arena *a, const struct word_tr *words, size_t count, size_t max)
{
	char *text = arena_alloc(a, max + 1);
	size_t at = 0;

	for (size_t i = 0; i < count; i++) {
		size_t room = max - at, size = words[i].size;

		if (room < 2)
			break;
		if (i > 0)
			text[at++] = ' ';
		room = max - at;
		for (size = size < room ? size : room; size < words[i].size && size > 0; size--)
			if (((unsigned char)words[i].text[size] & 0xc0) != 0x80)
				break; /* a whole character ends here */
		memcpy(text + at, words[i].text, size);
		at += size;
	}
	text[at] = '\0';
	return text;
}

static bool
suffixes_from(const char *text, size_t size, unsigned left)
{
	if (size == 0)
		return true;
	if (left == 0)
		return false;
	for (const char *const *suffix = suffixes; *suffix; suffix++) {
		size_t length = strlen(*suffix);

		if (length <= size && memcmp(text, *suffix, length) == 0 &&
		    suffixes_from(text + length, size - length, left - 1))
			return true;
	}
	return false;
}

bool
word_tr_is_suffixes(const char *text, size_t size)
{
	return suffixes_from(text, size, SUFFIXES_MAX);
}

static bool
is_vowel(char c)
{
	return c == 'a' || c == 'e' || c == 'i' || c == 'o' || c == 'u';
}

char
word_tr_hard(char c, char next)
{
	if (!is_vowel(next))
		return 0;
	return (char)(c == 'g' ? 'k' : c == 'b' ? 'p' : c == 'd' ? 't' : 0);
}

bool
word_tr_is_form(const struct word_tr *word, const struct word_tr *keyword)
{
	size_t size = keyword->size;

	if (word->size < size || size == 0)
		return false;
	if (size <= WORDS_TR_SHORT)
		return memcmp(word->text, keyword->text, size) == 0 &&
		       word_tr_is_suffixes(word->text + size, word->size - size);
	if (memcmp(word->text, keyword->text, size - 1) != 0)
		return false;
	if (word->text[size - 1] == keyword->text[size - 1])
		return true;
	return word->size > size && word_tr_hard(word->text[size - 1], word->text[size]) == keyword->text[size - 1];
}
