/* features: see features.h. */
#include "common/topics/features.h"

#include <stdbool.h>
#include <string.h>

#include "common/base/text.h"
#include "common/topics/model.h"

#define PIECE_MIN 3
#define PIECE_MAX 5
#define WORD_MIN 2 /* bytes; shorter ones say nothing */

static struct feature_list
list_new(struct arena *a, size_t most)
{
	size_t size = 64;

	while (size < most + most / 2)
		size *= 2;
	return (struct feature_list){
	    arena_array(a, most + 1, sizeof(struct feature)), 0, arena_array(a, size, sizeof(uint32_t)), size - 1};
}

static inline void
list_add(struct feature_list *c, uint32_t slot)
{
	size_t i = slot & c->mask;

	while (c->places[i] != 0) {
		struct feature *f = &c->list[c->places[i] - 1];

		if (f->slot == slot) {
			f->count++;
			return;
		}
		i = (i + 1) & c->mask;
	}
	c->list[c->count++] = (struct feature){slot, 1};
	c->places[i] = (uint32_t)c->count;
}

/* The finish of MurmurHash3: every bit of the key reaches the bits that become a slot. */
static inline uint64_t
mix(uint64_t key)
{
	key ^= key >> 33;
	key *= 0xff51afd7ed558ccdu;
	key ^= key >> 33;
	key *= 0xc4ceb9fe1a85ec53u;
	return key ^ key >> 33;
}

static inline uint32_t
slot_of(uint64_t key)
{
	return (uint32_t)(mix(key) >> (64 - FEATURES_SLOT_BITS));
}

static uint64_t
word_key(const struct feature_word *w)
{
	uint64_t key = 0xcbf29ce484222325u;

	for (size_t i = 0; i < w->size; i++)
		key = (key ^ (uint8_t)w->start[i]) * 0x100000001b3u;
	return key | 1;
}

/* The word's pieces, with a blank at both of its ends; a piece is its bytes in one number. */
static inline void
add_pieces(struct feature_list *c, const struct feature_word *w)
{
	static const uint64_t length_mark = (uint64_t)1 << 56;
	uint64_t last = ' ';

	for (size_t i = 0; i <= w->size; i++) {
		last = last << 8 | (i < w->size ? (uint8_t)w->start[i] : (uint8_t)' ');
		if (i + 2 >= 3)
			list_add(c, slot_of((last & 0xffffff) | 3 * length_mark));
		if (i + 2 >= 4)
			list_add(c, slot_of((last & 0xffffffff) | 4 * length_mark));
		if (i + 2 >= 5)
			list_add(c, slot_of((last & 0xffffffffff) | 5 * length_mark));
	}
}

/* The word, and the pair that it makes with the one before it, whose key is *before (0: none). */
static inline void
add_word(struct feature_list *c, uint64_t *before, const struct feature_word *w)
{
	uint64_t key;

	if (w->size < WORD_MIN)
		return;
	key = word_key(w);
	list_add(c, slot_of(key));
	if (*before)
		list_add(c, slot_of(*before * 0x9e3779b97f4a7c15u + key));
	*before = key;
}

/* Bytes of the letter or digit at p; 0 when there is none. Not letters: U+0080..U+00BF and U+2000..U+203F, which are
 * signs. */
static inline size_t
letter_at(const char *p)
{
	unsigned char c = (unsigned char)*p;

	if (c < 0x80)
		return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z');
	if (c < 0xc3 || (c == 0xe2 && (unsigned char)p[1] == 0x80))
		return 0;
	return c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
}

bool
features_next_word(const char **at, struct feature_word *word)
{
	const char *p = *at;
	size_t size;

	while (*p && letter_at(p) == 0)
		p++;
	word->start = p;
	while ((size = letter_at(p)) > 0)
		p += size;
	word->size = (size_t)(p - word->start);
	*at = p;
	return word->size > 0;
}

const char *
features_fold(struct arena *a, const char *text)
{
	size_t size = strnlen(text, MODEL_TEXT_MAX + 1);
	const char *folded;

	if (size > MODEL_TEXT_MAX) {
		for (size = MODEL_TEXT_MAX; size > 0 && ((unsigned char)text[size] & 0xc0) == 0x80; size--)
			;
		text = arena_string_n(a, text, size);
	}
	folded = text_fold_tr(a, text);
	return folded ? folded : "";
}

struct features
features_read(struct arena *a, const char *folded)
{
	size_t size = strlen(folded);
	/* A word of n bytes has at most 3n pieces, and n + 1 bytes with the blank after it. */
	struct feature_list pieces = list_new(a, (PIECE_MAX - PIECE_MIN + 1) * size), words = list_new(a, size);
	struct feature_word word;
	uint64_t before = 0;

	for (const char *at = folded; features_next_word(&at, &word);) {
		add_pieces(&pieces, &word);
		add_word(&words, &before, &word);
	}
	return (struct features){words, pieces};
}

struct features
features_of_word(struct arena *a, const struct feature_word *before, const struct feature_word *word)
{
	struct feature_list pieces = list_new(a, 3 * word->size), words = list_new(a, 2);
	uint64_t key = before && before->size >= WORD_MIN ? word_key(before) : 0;

	add_pieces(&pieces, word);
	add_word(&words, &key, word);
	return (struct features){words, pieces};
}

uint32_t
features_count(const struct feature_list *l, uint32_t slot)
{
	for (size_t i = slot & l->mask; l->places[i] != 0; i = (i + 1) & l->mask) {
		if (l->list[l->places[i] - 1].slot == slot)
			return l->list[l->places[i] - 1].count;
	}
	return 0;
}
