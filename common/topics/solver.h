/* solver: linear classifiers, one for each label against all others, many labels at once. Pure.
 * Support vector machines with squared hinge loss: for each label it minimises |w|²/2 + C Σ max(0, 1 - y·w·x)², C = 1, by
 * dual coordinate descent (Hsieh, Chang, Lin, Keerthi, Sundararajan 2008), as liblinear's L2R_L2LOSS_SVC_DUAL does, whose
 * answer is this one's (tests/unit/topics_solver.c). Not liblinear itself: that draws from rand(), which threads share, so
 * that the same texts would not give the same model; it cannot be stopped; and it takes one label at a time. */
#ifndef KOPRU_COMMON_TOPICS_SOLVER_H
#define KOPRU_COMMON_TOPICS_SOLVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SOLVER_AHEAD 12 /* so many columns behind the last one can be read */
#define SOLVER_LANES 16 /* labels at once: their weights fill a line of the processor's cache */

/* A sparse matrix, row by row: cells start[i] .. start[i + 1] - 1 are row i's, columns count from 0. */
struct solver_rows {
	size_t count, columns;
	const uint32_t *start, *column;
	const float *value;
};

typedef float solver_lanes __attribute__((vector_size(SOLVER_LANES * sizeof(float))));

struct solver_task {
	const struct solver_rows *rows;
	const uint32_t *chosen; /* rows that are learnt from, in this order at first */
	size_t chosen_count;
	const uint16_t *truth; /* each row's label */
	uint16_t first_label; /* lane k is label first_label + k */
	bool (*stop)(void *arg); /* NULL: never */
	void *arg;
};

/* weights: columns of them, zeroed. The same task gives the same weights, on any thread. A label that has no row gets
 * weights that say no to all. false: stopped, or no memory. */
bool solver_fit(const struct solver_task *task, solver_lanes *weights);
/* The scores of a row. */
void solver_scores(const struct solver_rows *rows, size_t row, const solver_lanes *weights, solver_lanes *scores);

#endif
