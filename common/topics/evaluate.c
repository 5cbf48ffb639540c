/* evaluate: see evaluate.h. */
#include "common/topics/evaluate.h"

#include <stdlib.h>
#include <string.h>

/* A letter of Turkish and what people type for it. */
static const char *const plain_letters[][2] = {{"ç", "c"}, {"Ç", "C"}, {"ğ", "g"}, {"Ğ", "G"}, {"ı", "i"}, {"İ", "I"},
    {"ö", "o"}, {"Ö", "O"}, {"ş", "s"}, {"Ş", "S"}, {"ü", "u"}, {"Ü", "U"}, {"â", "a"}, {"Â", "A"}, {"î", "i"},
    {"Î", "I"}, {"û", "u"}, {"Û", "U"}};

char *
evaluate_plain_letters(struct arena *a, const char *text)
{
	char *plain = arena_alloc(a, strlen(text) + 1), *out = plain;

	while (*text) {
		size_t i = 0, count = sizeof(plain_letters) / sizeof(plain_letters[0]);

		while (i < count && strncmp(text, plain_letters[i][0], 2) != 0)
			i++;
		*out++ = i < count ? plain_letters[i][1][0] : *text;
		text += i < count ? 2 : 1;
	}
	return plain;
}

static int
compare_labels(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static uint16_t
label_place(const struct evaluation *v, const char *label)
{
	const char **found = bsearch(&label, v->labels, v->label_count, sizeof(*v->labels), compare_labels);

	return found ? (uint16_t)(found - v->labels) : FIGURES_NONE;
}

/* Labels of the texts and, when there is one, of the model. */
static void
set_up(struct arena *a, const struct examples *x, const struct model *m, struct evaluation *v)
{
	size_t own = m ? model_labels(m) : 0, count;
	const char **texts = examples_labels(a, x, &count);
	const char **all = arena_array(a, count + own + 1, sizeof(*all));

	memcpy(all, texts, count * sizeof(*all));
	for (size_t i = 0; i < own; i++)
		all[count + i] = model_label(m, i);
	qsort(all, count + own, sizeof(*all), compare_labels);
	*v = (struct evaluation){.labels = all, .count = x->count};
	for (size_t i = 0; i < count + own; i++) {
		if (i == 0 || strcmp(all[i], all[v->label_count - 1]) != 0)
			all[v->label_count++] = all[i];
	}
	v->cases = arena_array(a, x->count, sizeof(*v->cases));
	v->folded = arena_array(a, x->count, sizeof(*v->folded));
}

static struct figures_case
ask(const struct evaluation *v, const struct model *m, struct arena *scratch, const char *text, uint16_t truth)
{
	struct figures_case c = {truth, {FIGURES_NONE, FIGURES_NONE, FIGURES_NONE}, 0};
	struct model_score scores[FIGURES_BEST];
	size_t count = model_ask(m, scratch, text, scores, FIGURES_BEST);

	for (size_t i = 0; i < count; i++)
		c.best[i] = label_place(v, scores[i].label);
	c.probability = count > 0 ? (float)scores[0].probability : 0;
	return c;
}

static void
ask_both(struct evaluation *v, const struct model *m, struct arena *scratch, const struct examples *x, size_t i)
{
	const struct model_example *one = &x->list[i];
	uint16_t truth = label_place(v, one->label);

	v->cases[i] = ask(v, m, scratch, one->text, truth);
	v->folded[i] = ask(v, m, scratch, evaluate_plain_letters(scratch, one->text), truth);
	arena_reset(scratch);
}

static bool
has_label(const struct model *m, const char *label)
{
	for (size_t i = 0; i < model_labels(m); i++) {
		if (strcmp(model_label(m, i), label) == 0)
			return true;
	}
	return false;
}

int
evaluate_model(struct arena *a, const struct examples *x, const struct model *m, struct evaluation *into, struct err *e)
{
	struct arena *scratch = arena_new(0);

	set_up(a, x, m, into);
	for (size_t i = 0; i < x->count; i++) {
		into->unknown += !has_label(m, x->list[i].label);
		ask_both(into, m, scratch, x, i);
	}
	arena_free(scratch);
	if (into->unknown == x->count)
		return err_set(e, "the model has other labels: none of the texts' labels is one of its");
	return 0;
}

static size_t
fold_of(const struct evaluate_folds *how, size_t i)
{
	return i / how->block % how->folds;
}

/* Trains without the fold, and asks for it. */
static int
do_fold(struct evaluation *v, const struct examples *x, const struct evaluate_folds *how, size_t fold, struct err *e)
{
	struct arena *scratch = arena_new(0);
	struct model_example *others = arena_array(scratch, x->count, sizeof(*others));
	struct model_training t = {others, 0, 0, how->threads, NULL, NULL};
	double start = how->seconds();
	struct model *m;

	for (size_t i = 0; i < x->count; i++) {
		if (fold_of(how, i) != fold)
			others[t.count++] = x->list[i];
	}
	m = model_train(&t, e);
	arena_reset(scratch);
	v->train_seconds += how->seconds() - start;
	for (size_t i = 0; m && i < x->count; i++) {
		if (fold_of(how, i) == fold)
			ask_both(v, m, scratch, x, i);
	}
	arena_free(scratch);
	model_free(m);
	return m ? 0 : err_prefix(e, "without fold %zu of %zu", fold + 1, how->folds);
}

int
evaluate_folds(
    struct arena *a, const struct examples *x, const struct evaluate_folds *how, struct evaluation *into, struct err *e)
{
	if (x->count <= how->block * (how->folds - 1)) {
		return err_set(e,
		    "%zu texts are too few for %zu folds of blocks of %zu: take fewer folds, smaller blocks, or more "
		    "than %zu texts",
		    x->count, how->folds, how->block, how->block * (how->folds - 1));
	}
	set_up(a, x, NULL, into);
	if (into->label_count > MODEL_LABELS_MAX)
		return err_set(
		    e, "%zu labels are more than the %d that a model may have", into->label_count, MODEL_LABELS_MAX);
	for (size_t fold = 0; fold < how->folds; fold++) {
		if (do_fold(into, x, how, fold, e) != 0)
			return -1;
	}
	return 0;
}

struct evaluate_figures
evaluate_figures(struct arena *a, struct evaluation *v)
{
	struct evaluate_figures f = {.labels = arena_array(a, v->label_count, sizeof(*f.labels))};

	f.accuracy = figures_accuracy(v->cases, v->count);
	f.folded_accuracy = figures_accuracy(v->folded, v->count);
	f.top3 = figures_top3(v->cases, v->count);
	f.macro_f1 = figures_of_labels(v->cases, v->count, f.labels, v->label_count);
	f.precision_at_70 = figures_precision_at(v->cases, v->count, EVALUATE_COVERAGE);
	f.coverage = figures_coverage_at(v->cases, v->count, EVALUATE_PRECISION, &f.precision, &f.probability);
	return f;
}
