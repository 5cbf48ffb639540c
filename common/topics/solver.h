/* solver: one linear classifier of two classes (liblinear). Apart, because liblinear has a struct model of its own. */
#ifndef KOPRU_COMMON_TOPICS_SOLVER_H
#define KOPRU_COMMON_TOPICS_SOLVER_H

#include <stdbool.h>
#include <stddef.h>

/* A row of a sparse matrix, as liblinear wants it: columns from 1 in ascending order, ended by column -1. */
struct solver_cell {
	int column;
	double value;
};

/* Minimises |w|²/2 + Σ max(0, 1 - y·w·x)² (liblinear's L2R_L2LOSS_SVC, C = 1); a bias is a column that is 1 in every row.
 * sides: 1 or -1 for each row, both there. weights: columns of them. No random numbers, unlike liblinear's dual solvers:
 * the same rows give the same weights on any thread. false: no memory. */
bool solver_fit(
    const struct solver_cell *const *rows, const double *sides, size_t count, size_t columns, double *weights);

/* The score of a row: w·x. */
double solver_score(const struct solver_cell *row, const double *weights);

#endif
