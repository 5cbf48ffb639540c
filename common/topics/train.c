/* train: from labelled texts to a model (see model.h). */
#include "common/topics/train.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "common/topics/figures.h"

#define PRECISION_WANTED 0.95

static struct figures_case
case_of(const float *scores, size_t labels, uint16_t truth, struct model_calibration by)
{
	struct figures_case c = {truth, {FIGURES_NONE, FIGURES_NONE, FIGURES_NONE}, 0};
	float all = 0;

	for (size_t i = 0; i < labels; i++) {
		uint16_t label = (uint16_t)i;

		for (size_t k = 0; k < FIGURES_BEST; k++) {
			uint16_t other = c.best[k];

			if (other != FIGURES_NONE && scores[other] >= scores[label])
				continue;
			c.best[k] = label;
			label = other;
			if (label == FIGURES_NONE)
				break;
		}
	}
	for (size_t i = 0; i < labels; i++)
		all += model_chance(by, scores[i]);
	c.probability = model_chance(by, scores[c.best[0]]) / all;
	return c;
}

struct model_figures
train_figures(const struct train_data *d, const float *scores, struct model_calibration by)
{
	struct figures_case *cases = arena_array(d->a, d->count, sizeof(*cases));
	struct figures_label *labels = arena_array(d->a, d->labels, sizeof(*labels));
	struct model_figures figures;
	double probability;

	for (size_t i = 0; i < d->count; i++)
		cases[i] = case_of(scores + i * d->labels, d->labels, d->truth[i], by);
	figures.accuracy = figures_accuracy(cases, d->count);
	figures.top3 = figures_top3(cases, d->count);
	figures.macro_f1 = figures_of_labels(cases, d->count, labels, d->labels);
	figures.coverage = figures_coverage_at(cases, d->count, PRECISION_WANTED, &figures.precision, &probability);
	return figures;
}

static void
hash_examples(const struct model_training *t, uint8_t hash[MODEL_HASH_SIZE])
{
	crypto_hash_sha256_state state;

	crypto_hash_sha256_init(&state);
	for (size_t i = 0; i < t->count; i++) {
		const char *label = t->examples[i].label, *text = t->examples[i].text;

		crypto_hash_sha256_update(&state, (const uint8_t *)label, strlen(label));
		crypto_hash_sha256_update(&state, (const uint8_t *)"\t", 1);
		crypto_hash_sha256_update(&state, (const uint8_t *)text, strlen(text));
		crypto_hash_sha256_update(&state, (const uint8_t *)"\n", 1);
	}
	crypto_hash_sha256_final(&state, hash);
}

/* A label's weights, in 127ths of the greatest. */
static void
set_weights(struct model *m, size_t label, const struct train_result *r)
{
	const solver_lanes *weights = r->weights + label / SOLVER_LANES * (m->rows + 1);
	size_t lane = label % SOLVER_LANES;
	float most = 0;

	for (size_t i = 0; i < m->rows; i++)
		most = fmaxf(most, fabsf(weights[i][lane]));
	m->scale[label] = most / INT8_MAX;
	m->bias[label] = weights[m->rows][lane];
	for (size_t i = 0; i < m->rows && most > 0; i++) {
		struct model_row *row = (struct model_row *)(void *)(m->table + i * m->row_size);

		row->weights[label] = (int8_t)lrintf(weights[i][lane] * INT8_MAX / most);
	}
}

static struct model *
model_of(const struct train_data *d, const struct train_result *r, struct err *e)
{
	struct model *m = model_new(d->labels, d->rows.columns - 1);

	if (!m) {
		err_set(e, "no memory for the model");
		return NULL;
	}
	m->examples = d->count;
	m->idf_unknown = d->idf_unknown;
	memcpy(m->row_of, d->column_of, FEATURES_SLOTS * sizeof(*m->row_of));
	for (size_t i = 0; i < m->rows; i++)
		((struct model_row *)(void *)(m->table + i * m->row_size))->idf = d->idf[i];
	for (size_t i = 0; i < d->labels; i++) {
		memcpy(m->label[i], d->label[i], strlen(d->label[i]) + 1);
		set_weights(m, i, r);
	}
	return m;
}

struct model *
model_train(const struct model_training *t, struct err *e)
{
	struct train_data *d = train_data_new(t, e);
	struct train_result r = {0};
	struct model *m = NULL;

	if (d && train_solve(d, t, &r, e) == 0 && (m = model_of(d, &r, e))) {
		m->calibration = train_calibrate(d, r.scores);
		m->figures = train_figures(d, r.scores, m->calibration);
		m->trained_on = t->trained_on;
		hash_examples(t, m->data_hash);
		model_set_name(m);
	}
	train_result_free(&r);
	train_data_free(d);
	return m;
}
