/* topics: the solver finds what liblinear finds, says the same on every thread, and can be stopped. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <linear.h>

#include "common/topics/solver.h"

#define ROWS 400
#define COLUMNS 120 /* the last one is 1 everywhere */
#define CELLS 12
#define LABELS 20
#define BLOCKS ((LABELS + SOLVER_LANES - 1) / SOLVER_LANES)

struct world {
	uint32_t start[ROWS + 1], column[ROWS * CELLS + SOLVER_AHEAD], chosen[ROWS];
	float value[ROWS * CELLS];
	uint16_t truth[ROWS];
	struct solver_rows rows;
	solver_lanes *weights;
};

static unsigned
roll(unsigned *state, unsigned sides)
{
	*state = *state * 1664525u + 1013904223u;
	return (*state >> 16) % sides;
}

static int
set_up(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	unsigned dice = 7;
	uint32_t at = 0;

	for (uint32_t i = 0; i < ROWS; i++) {
		w->truth[i] = (uint16_t)roll(&dice, LABELS);
		w->chosen[i] = i;
		for (uint32_t k = 0; k + 1 < CELLS; k++) {
			/* ascending, and mostly near the label's own columns */
			w->column[at] = k * 10 + (w->truth[i] + roll(&dice, 4)) % 10;
			w->value[at++] = 0.1f + 0.01f * (float)roll(&dice, 40);
		}
		w->column[at] = COLUMNS - 1;
		w->value[at++] = 1;
		w->start[i + 1] = at;
	}
	w->rows = (struct solver_rows){ROWS, COLUMNS, w->start, w->column, w->value};
	w->weights = aligned_alloc(sizeof(solver_lanes), BLOCKS * COLUMNS * sizeof(solver_lanes));
	memset(w->weights, 0, BLOCKS * COLUMNS * sizeof(solver_lanes));
	*state = w;
	return 0;
}

static int
tear_down(void **state)
{
	struct world *w = *state;

	free(w->weights);
	free(w);
	return 0;
}

static bool
fit(struct world *w, uint16_t block, bool (*stop)(void *))
{
	const struct solver_task task = {
	    &w->rows, w->chosen, ROWS, w->truth, (uint16_t)(block * SOLVER_LANES), stop, NULL};

	return solver_fit(&task, w->weights + block * COLUMNS);
}

/* |w|²/2 + Σ max(0, 1 - y·w·x)² */
static double
cost(const struct world *w, size_t label, const double *weights)
{
	double sum = 0;

	for (size_t i = 0; i < COLUMNS; i++)
		sum += weights[i] * weights[i] / 2;
	for (size_t i = 0; i < ROWS; i++) {
		double score = 0, less;

		for (size_t k = w->start[i]; k < w->start[i + 1]; k++)
			score += weights[w->column[k]] * (double)w->value[k];
		less = 1 - (w->truth[i] == label ? score : -score);
		sum += less > 0 ? less * less : 0;
	}
	return sum;
}

static void
on_print(const char *text)
{
	(void)text;
}

static void
ask_liblinear(const struct world *w, size_t label, double weights[COLUMNS])
{
	static struct feature_node nodes[ROWS][CELLS + 1], *x[ROWS];
	static double y[ROWS];
	const struct problem problem = {ROWS, COLUMNS, y, x, -1};
	const struct parameter parameter = {.solver_type = L2R_L2LOSS_SVC_DUAL, .eps = 1e-4, .C = 1, .p = 0.1};
	struct model *m;

	for (size_t i = 0; i < ROWS; i++) {
		for (size_t k = 0; k < CELLS; k++) {
			size_t at = w->start[i] + k;

			nodes[i][k] = (struct feature_node){(int)w->column[at] + 1, (double)w->value[at]};
		}
		nodes[i][CELLS].index = -1;
		x[i] = nodes[i];
		y[i] = w->truth[i] == label ? 1 : -1;
	}
	set_print_string_function(on_print);
	m = train(&problem, &parameter);
	assert_int_equal(m->label[0], 1);
	memcpy(weights, m->w, COLUMNS * sizeof(*weights));
	free_and_destroy_model(&m);
}

static void
finds_what_liblinear_finds(void **state)
{
	struct world *w = *state;

	for (uint16_t block = 0; block < BLOCKS; block++)
		assert_true(fit(w, block, NULL));
	for (size_t label = 0; label < LABELS; label++) {
		const solver_lanes *lanes = w->weights + label / SOLVER_LANES * COLUMNS;
		double ours[COLUMNS], theirs[COLUMNS], best;

		for (size_t i = 0; i < COLUMNS; i++)
			ours[i] = (double)lanes[i][label % SOLVER_LANES];
		ask_liblinear(w, label, theirs);
		best = cost(w, label, theirs);
		assert_true(cost(w, label, ours) < 1.005 * best);
		for (size_t i = 0; i < COLUMNS; i++)
			assert_true(ours[i] - theirs[i] < 0.1 && theirs[i] - ours[i] < 0.1);
	}
}

static void
a_label_without_rows_is_always_denied(void **state)
{
	struct world *w = *state;
	solver_lanes scores;

	assert_true(fit(w, BLOCKS - 1, NULL));
	for (size_t i = 0; i < ROWS; i++) {
		solver_scores(&w->rows, i, w->weights + (BLOCKS - 1) * COLUMNS, &scores);
		assert_true(scores[SOLVER_LANES - 1] < -0.7f);
	}
}

static bool
at_once(void *arg)
{
	(void)arg;
	return true;
}

static void
can_be_stopped(void **state)
{
	assert_false(fit(*state, 0, at_once));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(finds_what_liblinear_finds, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(a_label_without_rows_is_always_denied, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(can_be_stopped, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
