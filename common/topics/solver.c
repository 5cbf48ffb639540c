/* solver: see solver.h. */
#include "common/topics/solver.h"

#include <stdlib.h>
#include <string.h>

#define TOLERANCE 0.1f /* of a gradient; liblinear's own */
#define SMALL 0.02f /* a gradient that is not worth a walk through the row */
#define ROUNDS_MAX 100
#define REST_MAX 8 /* rounds that a row is left alone which did not move in so many */
#define HALF_COST 0.5f /* 1 / 2C */

/* Rounds in which a row has not moved, and those for which it is left alone now. */
struct rest {
	uint8_t still, left;
};

struct state {
	const struct solver_task *task;
	solver_lanes *weights, *duals; /* of each column; of each chosen row */
	float *squares; /* of each chosen row: x·x */
	uint32_t *order; /* places in chosen */
	struct rest *rest; /* of each chosen row */
	uint64_t dice;
};

static uint64_t
roll(uint64_t *dice)
{
	*dice ^= *dice << 13;
	*dice ^= *dice >> 7;
	*dice ^= *dice << 17;
	return *dice;
}

static void
shuffle(struct state *s)
{
	for (size_t i = s->task->chosen_count; i > 1; i--) {
		size_t other = (size_t)(roll(&s->dice) % i);
		uint32_t swap = s->order[i - 1];

		s->order[i - 1] = s->order[other];
		s->order[other] = swap;
	}
}

void
solver_scores(const struct solver_rows *rows, size_t row, const solver_lanes *weights, solver_lanes *scores)
{
	solver_lanes sum = {0};

	for (size_t i = rows->start[row]; i < rows->start[row + 1]; i++) {
		__builtin_prefetch(&weights[rows->column[i + SOLVER_AHEAD]]);
		sum += weights[rows->column[i]] * rows->value[i];
	}
	*scores = sum;
}

static void
add_row(const struct solver_rows *rows, size_t row, const solver_lanes *change, solver_lanes *weights)
{
	solver_lanes add = *change;

	for (size_t i = rows->start[row]; i < rows->start[row + 1]; i++)
		weights[rows->column[i]] += add * rows->value[i];
}

/* One row's step for every label. Returns the greatest gradient that its bounds leave. */
static float
step(struct state *s, size_t place)
{
	const struct solver_task *t = s->task;
	uint32_t row = t->chosen[place];
	size_t own = (size_t)t->truth[row] - t->first_label;
	solver_lanes scores, change = {0};
	float most = 0;

	solver_scores(t->rows, row, s->weights, &scores);
	for (size_t k = 0; k < SOLVER_LANES; k++) {
		float side = k == own ? 1 : -1, dual = s->duals[place][k];
		float gradient = side * scores[k] - 1 + HALF_COST * dual, next, far;

		if (gradient > 0 && dual <= 0)
			gradient = 0;
		far = gradient < 0 ? -gradient : gradient;
		most = far > most ? far : most;
		if (far < SMALL)
			continue;
		next = dual - gradient / (s->squares[place] + HALF_COST);
		next = next > 0 ? next : 0;
		change[k] = (next - dual) * side;
		s->duals[place][k] = next;
	}
	if (most >= SMALL)
		add_row(t->rows, row, &change, s->weights);
	return most;
}

static bool
is_stopped(const struct solver_task *t)
{
	return t->stop && t->stop(t->arg);
}

/* A step for each row, or for each that is not left alone. Returns the greatest gradient. */
static float
round_of(struct state *s, bool all)
{
	float most = 0;

	shuffle(s);
	for (size_t i = 0; i < s->task->chosen_count; i++) {
		struct rest *rest = &s->rest[s->order[i]];
		float far;

		if (rest->left > 0 && !all) {
			rest->left--;
			continue;
		}
		far = step(s, s->order[i]);
		most = far > most ? far : most;
		rest->still = far >= SMALL ? 0 : rest->still < REST_MAX ? rest->still + 1 : REST_MAX;
		rest->left = rest->still;
	}
	return most;
}

/* Ends with a round of all rows. */
static bool
solve(struct state *s)
{
	bool all = true, done = false;

	for (int round = 0; round < ROUNDS_MAX && !done; round++) {
		bool near;

		if (is_stopped(s->task))
			return false;
		near = round_of(s, all) <= TOLERANCE;
		done = near && all;
		all = near;
	}
	return true;
}

static float
square_of(const struct solver_rows *rows, size_t row)
{
	float sum = 0;

	for (size_t i = rows->start[row]; i < rows->start[row + 1]; i++)
		sum += rows->value[i] * rows->value[i];
	return sum;
}

bool
solver_fit(const struct solver_task *task, solver_lanes *weights)
{
	size_t count = task->chosen_count;
	struct state s = {task, weights, aligned_alloc(sizeof(solver_lanes), (count + 1) * sizeof(solver_lanes)),
	    calloc(count + 1, sizeof(*s.squares)), calloc(count + 1, sizeof(*s.order)),
	    calloc(count + 1, sizeof(*s.rest)), 0x9e3779b97f4a7c15u};
	bool done = s.duals && s.squares && s.order && s.rest;

	if (done) {
		memset(s.duals, 0, (count + 1) * sizeof(*s.duals));
		for (size_t i = 0; i < count; i++) {
			s.order[i] = (uint32_t)i;
			s.squares[i] = square_of(task->rows, task->chosen[i]);
		}
		done = solve(&s);
	}
	free(s.duals);
	free(s.squares);
	free(s.order);
	free(s.rest);
	return done;
}
