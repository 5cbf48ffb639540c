/* train: scores become probabilities (see train.h). */
#include "common/topics/train.h"

#include <math.h>

#define SHARPNESS_MIN 0.5
#define SHARPNESS_MAX 20.0
#define MIDDLE_MIN (-1.0)
#define MIDDLE_MAX 1.5
#define ROUNDS 3
#define SEARCH_STEPS 14

/* What is sought: the two numbers with which what is true surprises least. */
struct search {
	const struct train_data *d;
	const float *scores;
	double sharpness, middle;
};

static double
surprise(const struct search *s)
{
	const struct train_data *d = s->d;
	const struct model_calibration c = {(float)s->sharpness, (float)s->middle};
	double sum = 0;

	for (size_t i = 0; i < d->count; i++) {
		const float *scores = s->scores + i * d->labels;
		float all = 0;

		for (size_t k = 0; k < d->labels; k++)
			all += model_chance(c, scores[k]);
		sum -= log((double)(model_chance(c, scores[d->truth[i]]) / all));
	}
	return sum;
}

static double
surprise_at(struct search *s, double *number, double value)
{
	*number = value;
	return surprise(s);
}

/* Golden section on one of the two numbers, which ends as the best one. */
static void
search_number(struct search *s, double *number, double low, double high)
{
	const double golden = 0.6180339887498949;
	double left = high - golden * (high - low), right = low + golden * (high - low);
	double at_left = surprise_at(s, number, left), at_right = surprise_at(s, number, right);

	for (int i = 0; i < SEARCH_STEPS; i++) {
		if (at_left < at_right) {
			high = right;
			right = left;
			at_right = at_left;
			left = high - golden * (high - low);
			at_left = surprise_at(s, number, left);
		} else {
			low = left;
			left = right;
			at_left = at_right;
			right = low + golden * (high - low);
			at_right = surprise_at(s, number, right);
		}
	}
	*number = (low + high) / 2;
}

struct model_calibration
train_calibrate(const struct train_data *d, const float *scores)
{
	struct search s = {d, scores, 5, 0};
	double width = 4; /* the search for sharpness: from a fourth of it to four times, then closer */

	for (int i = 0; i < ROUNDS; i++) {
		double low = fmax(s.sharpness / width, SHARPNESS_MIN), high = fmin(s.sharpness * width, SHARPNESS_MAX);

		search_number(&s, &s.sharpness, low, high);
		search_number(&s, &s.middle, MIDDLE_MIN, MIDDLE_MAX);
		width = 2;
	}
	return (struct model_calibration){(float)s.sharpness, (float)s.middle};
}
