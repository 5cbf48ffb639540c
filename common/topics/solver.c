/* solver: see solver.h. */
#include "common/topics/solver.h"

#include <limits.h>
#include <pthread.h>
#include <string.h>

#include <linear.h>

#define TOLERANCE 0.05

_Static_assert(sizeof(struct solver_cell) == sizeof(struct feature_node), "a row is handed over as it is");

static void
on_print(const char *text)
{
	(void)text;
}

static void
be_quiet(void)
{
	set_print_string_function(on_print);
}

bool
solver_fit(const struct solver_cell *const *rows, const double *sides, size_t count, size_t columns, double *weights)
{
	static pthread_once_t quiet = PTHREAD_ONCE_INIT;
	union { /* liblinear changes neither */
		const struct solver_cell *const *ours;
		struct feature_node **theirs;
	} x = {rows};
	union {
		const double *ours;
		double *theirs;
	} y = {sides};
	struct problem problem = {(int)count, (int)columns, y.theirs, x.theirs, -1};
	struct parameter parameter = {.solver_type = L2R_L2LOSS_SVC, .eps = TOLERANCE, .C = 1, .p = 0.1};
	struct model *m;

	if (count > INT_MAX / 2 || columns > INT_MAX / 2)
		return false;
	pthread_once(&quiet, be_quiet);
	m = train(&problem, &parameter);
	if (!m)
		return false;
	memcpy(weights, m->w, columns * sizeof(*weights));
	free_and_destroy_model(&m);
	return true;
}

double
solver_score(const struct solver_cell *row, const double *weights)
{
	double score = 0;

	for (; row->column > 0; row++)
		score += row->value * weights[row->column - 1];
	return score;
}
