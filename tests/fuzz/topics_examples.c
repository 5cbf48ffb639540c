/* Any bytes as a file of labelled texts: refused with its line, or texts that can be folded, counted and learnt. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/topics/evaluate.h"
#include "common/topics/features.h"

#define LEARNT_MAX 12

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_features(struct arena *a, const char *text)
{
	struct features f = features_read(a, features_fold(a, text));
	struct features plain = features_read(a, features_fold(a, evaluate_plain_letters(a, text)));

	if (f.words.count < 1 && f.pieces.count > 2 * strlen(text))
		abort();
	for (size_t i = 0; i < f.pieces.count; i++) {
		if (f.pieces.list[i].slot >= FEATURES_SLOTS || f.pieces.list[i].count < 1 ||
		    features_count(&f.pieces, f.pieces.list[i].slot) != f.pieces.list[i].count)
			abort();
	}
	if (plain.words.count > strlen(text) + 1)
		abort();
}

static void
learn(struct arena *a, const struct examples *x)
{
	const struct model_training t = {x->list, x->count, 20000, 1, NULL, NULL};
	struct err e = {""};
	struct model *m = model_train(&t, &e);
	struct model_score score;

	if (!m && e.text[0] == '\0')
		abort();
	if (m && model_ask(m, a, x->list[0].text, &score, 1) == 1 && !(score.probability > 0 && score.probability <= 1))
		abort();
	model_free(m);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new(0);
	char *text = arena_string_n(a, (const char *)data, size);
	struct examples x = {0};
	struct err e = {""};
	size_t labels;

	if (examples_add(a, &x, text, size, &e) != 0) {
		if (e.text[0] == '\0')
			abort();
	} else {
		examples_labels(a, &x, &labels);
		if (labels < 1 || labels > x.count)
			abort();
		for (size_t i = 0; i < x.count && i < LEARNT_MAX; i++)
			check_features(a, x.list[i].text);
		if (x.count <= LEARNT_MAX)
			learn(a, &x);
	}
	arena_free(a);
	return 0;
}
