/* ask: see ask.h. */
#include "common/topics/ask.h"

#include <math.h>

#define FAR_MAX 60.0f /* beyond it a chance would be 0 */

struct known {
	const struct model_row *row;
	float value;
};

float
model_term(uint32_t count)
{
	return count < 2 ? (float)count : 1 + logf((float)count);
}

static void
row_fetch(const struct model *m, const struct model_row *row)
{
	const char *at = (const char *)row;

	for (size_t i = 0; i < m->row_size; i += 64)
		__builtin_prefetch(at + i);
}

/* Adds value times the weights to sums. */
static void
row_add(const struct model_row *row, float value, size_t labels, float *restrict sums)
{
	const int8_t *restrict weights = row->weights;

	for (size_t i = 0; i < labels; i++)
		sums[i] += value * (float)weights[i];
}

static size_t
list_known(const struct model *m, const struct feature_list *l, struct known *known, float *unknown)
{
	size_t n = 0;

	for (size_t i = 0; i < l->count; i++) {
		uint32_t row = m->row_of[l->list[i].slot];
		float term = model_term(l->list[i].count);

		if (row == 0) {
			*unknown += term * m->idf_unknown * term * m->idf_unknown;
			continue;
		}
		known[n] = (struct known){model_row(m, row - 1), term};
		row_fetch(m, known[n++].row);
	}
	return n;
}

/* Adds the scores of one list, whose length as a vector becomes 1. Returns how many of it are known. */
static size_t
list_add(const struct model *m, struct arena *scratch, const struct feature_list *l, float *scores)
{
	struct known *known = arena_array(scratch, l->count, sizeof(*known));
	float *sums = arena_array(scratch, m->labels, sizeof(*sums)), square = 0;
	size_t n = list_known(m, l, known, &square);

	for (size_t i = 0; i < n; i++) {
		float value = known[i].value * known[i].row->idf;

		square += value * value;
		row_add(known[i].row, value, m->labels, sums);
	}
	if (n == 0)
		return 0;
	for (size_t i = 0; i < m->labels; i++)
		scores[i] += sums[i] * m->scale[i] / sqrtf(square);
	return n;
}

size_t
ask_scores(const struct model *m, struct arena *scratch, const struct features *f, float *scores)
{
	size_t known;

	for (size_t i = 0; i < m->labels; i++)
		scores[i] = m->bias[i];
	known = list_add(m, scratch, &f->words, scores);
	return known + list_add(m, scratch, &f->pieces, scores);
}

float
ask_length(const struct model *m, const struct feature_list *l)
{
	float square = 0;

	for (size_t i = 0; i < l->count; i++) {
		uint32_t row = m->row_of[l->list[i].slot];
		float value = model_term(l->list[i].count) * (row ? model_row(m, row - 1)->idf : m->idf_unknown);

		square += value * value;
	}
	return sqrtf(square);
}

float
model_chance(struct model_calibration c, float score)
{
	float far = c.sharpness * (score - c.middle);

	return 1 / (1 + expf(-fmaxf(far, -FAR_MAX)));
}

void
ask_chances(const struct model *m, float *scores)
{
	float sum = 0;

	for (size_t i = 0; i < m->labels; i++) {
		scores[i] = model_chance(m->calibration, scores[i]);
		sum += scores[i];
	}
	for (size_t i = 0; i < m->labels; i++)
		scores[i] /= sum;
}
