/* explain: which words spoke for a label (see model.h). */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/topics/ask.h"

/* A word of the folded text, what it is called in the text as written, and its part. */
struct told {
	struct feature_word word, called;
	double weight;
	size_t place;
};

struct telling {
	const struct model *m;
	const struct features *all;
	size_t label;
	double words, pieces; /* lengths of the two vectors */
};

static size_t
label_find(const struct model *m, const char *label)
{
	size_t i = 0;

	while (i < m->labels && strcmp(m->label[i], label) != 0)
		i++;
	return i;
}

/* What a slot adds to the label's score, shared by all its places in the text. */
static double
slot_part(const struct telling *t, const struct feature *f, uint32_t in_text)
{
	uint32_t row = t->m->row_of[f->slot];
	const struct model_row *r;

	if (row == 0)
		return 0;
	r = model_row(t->m, row - 1);
	return (double)(model_term(in_text) * r->idf * (float)r->weights[t->label] * t->m->scale[t->label]) * f->count /
	       in_text;
}

static double
list_part(const struct telling *t, const struct feature_list *part, const struct feature_list *all)
{
	double sum = 0;

	for (size_t i = 0; i < part->count; i++)
		sum += slot_part(t, &part->list[i], features_count(all, part->list[i].slot));
	return sum;
}

/* What a word, its pieces and the pair with the one before it add to the score. */
static double
word_part(const struct telling *t, const struct features *f)
{
	double part = 0;

	if (t->words > 0)
		part += list_part(t, &f->words, &t->all->words) / t->words;
	if (t->pieces > 0)
		part += list_part(t, &f->pieces, &t->all->pieces) / t->pieces;
	return part;
}

/* written has the same words as folded, one by one, or is NULL. */
static size_t
tell_words(const struct telling *t, const char *folded, const char *written, struct told *told)
{
	struct feature_word before = {NULL, 0}, called;
	struct arena *scratch = arena_new(0);
	size_t count = 0;

	for (const char *at = folded; features_next_word(&at, &told[count].word); count++) {
		struct told *w = &told[count];
		struct features f = features_of_word(scratch, &before, &w->word);

		w->called = written && features_next_word(&written, &called) ? called : w->word;
		w->weight = word_part(t, &f);
		w->place = count;
		if (f.words.count > 0)
			before = w->word;
		arena_reset(scratch);
	}
	arena_free(scratch);
	return count;
}

static size_t
words_of(const char *text)
{
	struct feature_word word;
	size_t count = 0;

	while (features_next_word(&text, &word))
		count++;
	return count;
}

static int
compare_words(const struct feature_word *a, const struct feature_word *b)
{
	int order = memcmp(a->start, b->start, a->size < b->size ? a->size : b->size);

	if (order != 0 || a->size == b->size)
		return order;
	return a->size < b->size ? -1 : 1;
}

static int
compare_by_word(const void *a, const void *b)
{
	const struct told *left = a, *right = b;
	int order = compare_words(&left->word, &right->word);

	return order != 0 ? order : left->place < right->place ? -1 : 1;
}

static int
compare_by_weight(const void *a, const void *b)
{
	const struct told *left = a, *right = b;

	if (left->weight != right->weight)
		return left->weight < right->weight ? 1 : -1;
	return left->place < right->place ? -1 : 1;
}

/* A word that stands there more than once is told once, with all its parts. */
static size_t
join_words(struct told *told, size_t count)
{
	size_t n = 0;

	qsort(told, count, sizeof(*told), compare_by_word);
	for (size_t i = 0; i < count; i++) {
		if (n > 0 && compare_words(&told[n - 1].word, &told[i].word) == 0)
			told[n - 1].weight += told[i].weight;
		else
			told[n++] = told[i];
	}
	qsort(told, n, sizeof(*told), compare_by_weight);
	return n;
}

size_t
model_explain(
    const struct model *m, struct arena *a, const char *text, const char *label, struct model_word *words, size_t room)
{
	const char *folded = features_fold(a, text);
	struct features all = features_read(a, folded);
	struct telling t = {
	    m, &all, label_find(m, label), (double)ask_length(m, &all.words), (double)ask_length(m, &all.pieces)};
	size_t count = words_of(folded), n = 0;
	struct told *told = arena_array(a, count + 1, sizeof(*told));

	if (t.label == m->labels)
		return 0;
	count = join_words(told, tell_words(&t, folded, words_of(text) == count ? text : NULL, told));
	for (; n < room && n < count && told[n].weight > 0; n++) {
		const char *word = arena_string_n(a, told[n].called.start, told[n].called.size);

		words[n] = (struct model_word){word, told[n].weight};
	}
	return n;
}
