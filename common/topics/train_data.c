/* train: labels, folds and the matrix (see train.h). */
#include "common/topics/train.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/text.h"

#define DOCUMENTS_MIN 2 /* a slot that fewer texts have says nothing of others */
#define STOP_EVERY 256

struct slots {
	uint32_t *texts; /* that have it */
	uint32_t *last; /* the one that was counted last, from 1 */
};

static int
compare_labels(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int
check_examples(const struct model_training *t, struct err *e)
{
	size_t bytes = 0;

	if (t->count > MODEL_EXAMPLES_MAX)
		return err_set(
		    e, "%zu texts are more than the %d that a model is trained on", t->count, MODEL_EXAMPLES_MAX);
	for (size_t i = 0; i < t->count; i++) {
		const struct model_example *x = &t->examples[i];
		size_t size = strlen(x->label);

		if (size == 0 || size >= MODEL_LABEL_SIZE || text_has_line_break_or_control(x->label) ||
		    !text_valid(x->label, size))
			return err_set(
			    e, "text %zu: its label must be text of 1 to %d bytes", i + 1, MODEL_LABEL_SIZE - 1);
		if (!text_valid(x->text, strlen(x->text)) || text_blank(x->text))
			return err_set(e, "text %zu: it is %s", i + 1, text_blank(x->text) ? "empty" : "not UTF-8");
		bytes += strnlen(x->text, MODEL_TEXT_MAX);
	}
	if (bytes > MODEL_TRAINING_BYTES)
		return err_set(
		    e, "the texts have %zu bytes; a model is trained on %d at most", bytes, MODEL_TRAINING_BYTES);
	return 0;
}

static int
set_labels(struct train_data *d, const struct model_training *t, struct err *e)
{
	const char **all = arena_array(d->a, t->count, sizeof(*all));

	for (size_t i = 0; i < t->count; i++)
		all[i] = t->examples[i].label;
	qsort(all, t->count, sizeof(*all), compare_labels);
	for (size_t i = 0; i < t->count; i++) {
		if (i == 0 || strcmp(all[i], all[i - 1]) != 0)
			all[d->labels++] = all[i];
	}
	d->label = all;
	if (d->labels > MODEL_LABELS_MAX)
		return err_set(e, "%zu labels are more than the %d that a model may have", d->labels, MODEL_LABELS_MAX);
	d->truth = arena_array(d->a, t->count, sizeof(*d->truth));
	for (size_t i = 0; i < t->count; i++) {
		const char **found = bsearch(&t->examples[i].label, all, d->labels, sizeof(*all), compare_labels);

		d->truth[i] = (uint16_t)(found - all);
	}
	return 0;
}

/* Each fold has its part of each label's texts, one after the other: neighbours, which are alike, are left out together,
 * so that the figures and the probabilities are those of texts that are new. */
static int
set_folds(struct train_data *d, struct err *e)
{
	size_t *counts = arena_array(d->a, d->labels, sizeof(*counts));
	size_t *seen = arena_array(d->a, d->labels, sizeof(*seen)), with_two = 0;

	for (size_t i = 0; i < d->count; i++)
		counts[d->truth[i]]++;
	for (size_t i = 0; i < d->labels; i++)
		with_two += counts[i] >= 2;
	if (with_two < 2) {
		return err_set(e, "%zu texts of %zu labels: at least two labels with two texts each are needed",
		    d->count, d->labels);
	}
	d->fold = arena_array(d->a, d->count, sizeof(*d->fold));
	for (size_t i = 0; i < d->count; i++) {
		size_t label = d->truth[i];

		d->fold[i] = (uint8_t)(seen[label]++ * TRAIN_FOLDS / counts[label]);
	}
	return 0;
}

static bool
is_stopped(const struct model_training *t, size_t i)
{
	return t->stop && i % STOP_EVERY == 0 && t->stop(t->arg);
}

static void
slots_count(struct slots *s, const struct feature_list *l, uint32_t text)
{
	for (size_t i = 0; i < l->count; i++) {
		if (s->last[l->list[i].slot] == text)
			continue;
		s->last[l->list[i].slot] = text;
		s->texts[l->list[i].slot]++;
	}
}

/* Columns are for the slots that enough texts have, and no more of them than a model has room for. */
static void
set_columns(struct train_data *d, const struct slots *s)
{
	size_t most = model_rows_most(d->labels), found = SIZE_MAX;
	uint32_t wanted = DOCUMENTS_MIN - 1;

	while (found > most) {
		wanted++;
		found = 0;
		for (size_t i = 0; i < FEATURES_SLOTS; i++)
			found += s->texts[i] >= wanted;
	}
	d->column_of = arena_array(d->a, FEATURES_SLOTS, sizeof(*d->column_of));
	d->idf = arena_array(d->a, found + 1, sizeof(*d->idf));
	for (size_t i = 0; i < FEATURES_SLOTS; i++) {
		if (s->texts[i] < wanted)
			continue;
		d->idf[d->rows.columns++] = (float)(log((1.0 + (double)d->count) / (1.0 + s->texts[i])) + 1);
		d->column_of[i] = (uint32_t)d->rows.columns;
	}
	d->rows.columns++;
	d->idf_unknown = (float)(log((1.0 + (double)d->count) / 2) + 1);
}

/* Adds the cells of one list, as a vector of length 1. */
static size_t
add_cells(struct train_data *d, size_t at, const struct feature_list *l)
{
	size_t first = at;
	float square = 0;

	for (size_t i = 0; i < l->count; i++) {
		uint32_t column = d->column_of[l->list[i].slot];
		float value = model_term(l->list[i].count) * (column ? d->idf[column - 1] : d->idf_unknown);

		square += value * value;
		if (!column)
			continue;
		d->column[at] = column - 1;
		d->value[at++] = value;
	}
	for (size_t i = first; i < at; i++)
		d->value[i] /= sqrtf(square);
	return at;
}

/* Some more than there are cells: the solver looks ahead. */
static void
set_room(struct train_data *d, size_t cells)
{
	d->start = arena_array(d->a, d->count + 1, sizeof(*d->start));
	d->column = arena_array(d->a, cells + SOLVER_AHEAD, sizeof(*d->column));
	d->value = arena_array(d->a, cells, sizeof(*d->value));
	d->rows.count = d->count;
	d->rows.start = d->start;
	d->rows.column = d->column;
	d->rows.value = d->value;
}

static void
add_row(struct train_data *d, size_t row, const struct features *f)
{
	size_t at = add_cells(d, add_cells(d, d->start[row], &f->words), &f->pieces);

	d->column[at] = (uint32_t)d->rows.columns - 1;
	d->value[at] = 1;
	d->start[row + 1] = (uint32_t)at + 1;
}

static int
set_rows(struct train_data *d, const struct model_training *t, struct err *e)
{
	struct slots s = {
	    arena_array(d->a, FEATURES_SLOTS, sizeof(*s.texts)), arena_array(d->a, FEATURES_SLOTS, sizeof(*s.last))};
	struct arena *scratch = arena_new(0);
	struct features f;
	size_t i, cells = 0;

	for (i = 0; i < d->count && !is_stopped(t, i); i++) {
		f = features_read(scratch, features_fold(scratch, t->examples[i].text));
		slots_count(&s, &f.words, (uint32_t)i + 1);
		slots_count(&s, &f.pieces, (uint32_t)i + 1);
		cells += f.words.count + f.pieces.count;
		arena_reset(scratch);
	}
	set_columns(d, &s);
	set_room(d, cells + d->count);
	for (i = 0; i < d->count && !is_stopped(t, i); i++) {
		f = features_read(scratch, features_fold(scratch, t->examples[i].text));
		add_row(d, i, &f);
		arena_reset(scratch);
	}
	arena_free(scratch);
	if (i < d->count)
		return err_set(e, "the training was stopped");
	return d->rows.columns > 1 ? 0 : err_set(e, "the texts have no word or piece of a word in common");
}

struct train_data *
train_data_new(const struct model_training *t, struct err *e)
{
	struct arena *a = arena_new(0);
	struct train_data *d = arena_alloc(a, sizeof(*d));

	d->a = a;
	d->count = t->count;
	if (check_examples(t, e) == 0 && set_labels(d, t, e) == 0 && set_folds(d, e) == 0 && set_rows(d, t, e) == 0)
		return d;
	arena_free(a);
	return NULL;
}

void
train_data_free(struct train_data *d)
{
	if (d)
		arena_free(d->a);
}
