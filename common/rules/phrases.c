/* phrases: a hash table by first words; each word of a text asks for all its beginnings, letter by letter. */
#include "common/rules/phrases.h"

#include <string.h>

#include "common/base/words_tr.h"
#include "common/rules/rule.h"

#define HASH_START UINT32_C(2166136261) /* FNV-1a */
#define HASH_STEP UINT32_C(16777619)

struct phrase {
	struct word_tr words[RULE_PHRASE_MAX];
	size_t count;
};

struct slot {
	uint32_t hash;
	uint32_t first, end; /* phrases that begin with one word; first == end: free */
};

struct phrases {
	struct phrase *list;
	size_t count;
	struct slot *slots; /* a power of two, at most half full */
	uint32_t mask;
	uint64_t sizes[256]; /* by first byte: which sizes first words have */
};

static uint32_t
hash_step(uint32_t hash, char c)
{
	return (hash ^ (unsigned char)c) * HASH_STEP;
}

static uint32_t
hash_word(const struct word_tr *word)
{
	uint32_t hash = HASH_START;

	for (size_t i = 0; i < word->size; i++)
		hash = hash_step(hash, word->text[i]);
	return hash;
}

static bool
same_word(const struct word_tr *a, const struct word_tr *b)
{
	return a->size == b->size && memcmp(a->text, b->text, a->size) == 0;
}

static void
slot_add(struct phrases *p, size_t first, size_t end)
{
	const struct word_tr *word = &p->list[first].words[0];
	uint32_t hash = hash_word(word), at = hash & p->mask;

	while (p->slots[at].end > p->slots[at].first)
		at = (at + 1) & p->mask;
	p->slots[at] = (struct slot){.hash = hash, .first = (uint32_t)first, .end = (uint32_t)end};
	p->sizes[(unsigned char)word->text[0]] |= UINT64_C(1) << word->size;
}

struct phrases *
phrases_new(struct arena *a, const char *const *texts, size_t count)
{
	struct phrases *p = arena_alloc(a, sizeof(*p));
	size_t slots = 2;

	while (slots < 2 * count)
		slots *= 2;
	p->count = count;
	p->list = arena_array(a, count + 1, sizeof(*p->list));
	p->slots = arena_array(a, slots, sizeof(*p->slots));
	p->mask = (uint32_t)slots - 1;
	for (size_t i = 0; i < count; i++)
		p->list[i].count = rule_phrase_split(texts[i], p->list[i].words);
	for (size_t i = 0; i < count;) {
		size_t end = i + 1;

		while (end < count && same_word(&p->list[i].words[0], &p->list[end].words[0]))
			end++;
		slot_add(p, i, end);
		i = end;
	}
	return p;
}

/* One text under way. */
struct finding {
	const struct phrases *phrases;
	const struct word_tr *words;
	size_t count;
	uint64_t *bits;
};

static void
phrases_try(struct finding *f, const struct slot *slot, size_t at)
{
	for (size_t i = slot->first; i < slot->end; i++) {
		const struct phrase *phrase = &f->phrases->list[i];
		size_t same = 0;

		if (phrase->count > f->count - at)
			continue;
		while (same < phrase->count && word_tr_is_form(&f->words[at + same], &phrase->words[same]))
			same++;
		if (same == phrase->count)
			f->bits[i / 64] |= UINT64_C(1) << (i % 64);
	}
}

static void
slots_try(struct finding *f, uint32_t hash, size_t size, size_t at)
{
	const struct phrases *p = f->phrases;

	for (uint32_t i = hash & p->mask; p->slots[i].end > p->slots[i].first; i = (i + 1) & p->mask)
		if (p->slots[i].hash == hash && p->list[p->slots[i].first].words[0].size == size)
			phrases_try(f, &p->slots[i], at);
}

static void
word_find_at(struct finding *f, size_t at)
{
	const struct word_tr *word = &f->words[at];
	uint64_t sizes = f->phrases->sizes[(unsigned char)word->text[0]];
	uint32_t hash = HASH_START;

	for (size_t size = 1; size <= word->size && sizes >> size != 0 && size <= RULE_WORD_BYTES; size++) {
		char last = word->text[size - 1];
		char hard = size < word->size ? word_tr_hard(last, word->text[size]) : 0;

		if ((sizes >> size) & 1) {
			slots_try(f, hash_step(hash, last), size, at);
			if (hard != 0)
				slots_try(f, hash_step(hash, hard), size, at);
		}
		hash = hash_step(hash, last);
	}
}

uint64_t *
phrases_find(const struct phrases *p, struct arena *scratch, const char *folded)
{
	size_t size = strnlen(folded, PHRASES_TEXT_BYTES);
	struct finding f = {.phrases = p};
	struct word_tr *words;

	f.bits = arena_array(scratch, p->count / 64 + 1, sizeof(*f.bits));
	if (p->count == 0 || size == 0)
		return f.bits;
	words = arena_array(scratch, size / 2 + 1, sizeof(*words));
	f.count = words_tr_split(folded, size, words);
	f.words = words;
	for (size_t i = 0; i < f.count; i++)
		word_find_at(&f, i);
	return f.bits;
}
