/* train: the parts of model_train, for the files of common/topics only. */
#ifndef KOPRU_COMMON_TOPICS_TRAIN_H
#define KOPRU_COMMON_TOPICS_TRAIN_H

#include "common/topics/model_internal.h"
#include "common/topics/solver.h"

#define TRAIN_FOLDS 3

/* A training as numbers. All of it lives in its arena. */
struct train_data {
	struct arena *a;
	size_t count, labels;
	const char **label; /* sorted by bytes */
	uint16_t *truth; /* of each example: its place in label */
	uint8_t *fold; /* of each example: which fold leaves it out */
	uint32_t *column_of; /* of each slot: from 1; 0: none */
	float *idf; /* of each column of a slot */
	float idf_unknown;
	struct solver_rows rows; /* the last column is 1 in each */
	uint32_t *start, *column;
	float *value;
};

/* Labels, folds and the matrix. NULL with a reason when nothing can be learnt from it. */
struct train_data *train_data_new(const struct model_training *t, struct err *e);
void train_data_free(struct train_data *d); /* NULL is fine */

/* What the solvers make: for each label the weights of all examples, and for each example and label the score that a
 * model gives that has not seen it. */
struct train_result {
	size_t blocks; /* of SOLVER_LANES labels; the last one may have lanes without label */
	solver_lanes *weights; /* blocks * columns */
	float *scores; /* count * labels */
};

/* -1 with a reason: stopped, no memory. Give what it made back in any case. */
int train_solve(const struct train_data *d, const struct model_training *t, struct train_result *r, struct err *e);
void train_result_free(struct train_result *r);

/* With which the scores of what was left out are least surprised by what is true. */
struct model_calibration train_calibrate(const struct train_data *d, const float *scores);
/* The figures of the scores of what was left out. */
struct model_figures train_figures(const struct train_data *d, const float *scores, struct model_calibration by);

#endif
