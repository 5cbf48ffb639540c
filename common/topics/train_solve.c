/* train: one solver for each fold and block of labels, on threads (see train.h). */
#include "common/topics/train.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define THREADS_MAX 8
#define NO_FOLD TRAIN_FOLDS

/* A task is a block of labels and a fold that is left out, or none: those of all examples come first. */
struct pool {
	const struct train_data *d;
	const struct model_training *t;
	struct train_result *r;
	atomic_size_t next;
	atomic_bool stopped, failed;
};

/* What a thread's task needs. */
struct room {
	uint32_t *chosen;
	solver_lanes *weights;
};

static solver_lanes *
lanes_new(size_t count)
{
	solver_lanes *lanes = aligned_alloc(sizeof(*lanes), count * sizeof(*lanes));

	if (lanes)
		memset(lanes, 0, count * sizeof(*lanes));
	return lanes;
}

static bool
on_stop(void *arg)
{
	struct pool *p = arg;

	if (p->t->stop && p->t->stop(p->t->arg))
		p->stopped = true;
	return p->stopped || p->failed;
}

static bool
fit(struct pool *p, struct room *room, size_t block, size_t without, solver_lanes *weights)
{
	const struct train_data *d = p->d;
	struct solver_task task = {.rows = &d->rows,
	    .chosen = room->chosen,
	    .truth = d->truth,
	    .first_label = (uint16_t)(block * SOLVER_LANES),
	    .stop = on_stop,
	    .arg = p};

	for (size_t i = 0; i < d->count; i++) {
		if (d->fold[i] != without)
			room->chosen[task.chosen_count++] = (uint32_t)i;
	}
	return solver_fit(&task, weights);
}

/* The scores of what was left out. */
static void
set_scores(const struct train_data *d, struct train_result *r, size_t block, size_t fold, const solver_lanes *weights)
{
	size_t first = block * SOLVER_LANES,
	       count = d->labels - first < SOLVER_LANES ? d->labels - first : SOLVER_LANES;
	solver_lanes scores;

	for (size_t i = 0; i < d->count; i++) {
		if (d->fold[i] != fold)
			continue;
		solver_scores(&d->rows, i, weights, &scores);
		for (size_t k = 0; k < count; k++)
			r->scores[i * d->labels + first + k] = scores[k];
	}
}

static bool
do_task(struct pool *p, struct room *room, size_t task)
{
	const struct train_data *d = p->d;
	size_t block = task % p->r->blocks, fold = task / p->r->blocks;

	if (fold == 0)
		return fit(p, room, block, NO_FOLD, p->r->weights + block * d->rows.columns);
	memset(room->weights, 0, d->rows.columns * sizeof(*room->weights));
	if (!fit(p, room, block, fold - 1, room->weights))
		return false;
	set_scores(d, p->r, block, fold - 1, room->weights);
	return true;
}

static void *
work(void *arg)
{
	struct pool *p = arg;
	struct room room = {calloc(p->d->count, sizeof(*room.chosen)), lanes_new(p->d->rows.columns)};
	bool ready = room.chosen && room.weights;
	size_t task;

	if (!ready)
		p->failed = true;
	while (ready && !on_stop(p) && (task = p->next++) < p->r->blocks * (TRAIN_FOLDS + 1)) {
		if (!do_task(p, &room, task) && !p->stopped)
			p->failed = true;
	}
	free(room.chosen);
	free(room.weights);
	return NULL;
}

int
train_solve(const struct train_data *d, const struct model_training *t, struct train_result *r, struct err *e)
{
	struct pool p = {.d = d, .t = t, .r = r};
	unsigned wanted = t->threads < 1 ? 1 : t->threads > THREADS_MAX ? THREADS_MAX : t->threads, others = 0;
	pthread_t threads[THREADS_MAX];

	r->blocks = (d->labels + SOLVER_LANES - 1) / SOLVER_LANES;
	if (!(r->weights = lanes_new(r->blocks * d->rows.columns)))
		return err_set(e, "no memory for the training");
	r->scores = arena_array(d->a, d->labels * d->count, sizeof(*r->scores));
	/* A thread that is not to be had is no reason to fail: this one does its part. */
	while (others + 1 < wanted && pthread_create(&threads[others], NULL, work, &p) == 0)
		others++;
	work(&p);
	while (others > 0)
		pthread_join(threads[--others], NULL);
	if (p.failed)
		return err_set(e, "no memory for the training");
	return p.stopped ? err_set(e, "the training was stopped") : 0;
}

void
train_result_free(struct train_result *r)
{
	free(r->weights);
}
