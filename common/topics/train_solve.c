/* train: one solver for each label and fold, on threads (see train.h). */
#include "common/topics/train.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define THREADS_MAX 8

/* A task is a label, and a fold that is left out or none: the one of all examples comes first. */
struct pool {
	const struct train_data *d;
	const struct model_training *t;
	struct train_result *r;
	atomic_size_t next;
	atomic_bool stopped, failed;
};

/* Rows and sides of a thread's task. */
struct room {
	const struct solver_cell **rows;
	double *sides, *weights;
};

static bool
room_new(struct room *room, const struct train_data *d)
{
	room->rows = calloc(d->count, sizeof(const struct solver_cell *));
	room->sides = calloc(d->count, sizeof(*room->sides));
	room->weights = calloc(d->columns, sizeof(*room->weights));
	return room->rows && room->sides && room->weights;
}

static void
room_free(struct room *room)
{
	free(room->rows);
	free(room->sides);
	free(room->weights);
}

/* Nothing to learn when one side is empty: then the other one is always meant. */
static bool
fit(const struct train_data *d, struct room *room, size_t label, size_t without, double *weights)
{
	size_t count = 0, ours = 0;

	for (size_t i = 0; i < d->count; i++) {
		if (d->fold[i] == without)
			continue;
		room->rows[count] = d->rows[i];
		ours += d->truth[i] == label;
		room->sides[count++] = d->truth[i] == label ? 1 : -1;
	}
	if (ours > 0 && ours < count)
		return solver_fit(room->rows, room->sides, count, d->columns, weights);
	memset(weights, 0, d->columns * sizeof(*weights));
	weights[d->columns - 1] = ours > 0 ? 1 : -1;
	return true;
}

static bool
do_task(struct pool *p, struct room *room, size_t task)
{
	const struct train_data *d = p->d;
	size_t label = task % d->labels, fold = task / d->labels;

	if (fold == 0)
		return fit(d, room, label, SIZE_MAX, p->r->weights + label * d->columns);
	if (!fit(d, room, label, fold - 1, room->weights))
		return false;
	for (size_t i = 0; i < d->count; i++) {
		if (d->fold[i] == fold - 1)
			p->r->scores[i * d->labels + label] = (float)solver_score(d->rows[i], room->weights);
	}
	return true;
}

static void *
work(void *arg)
{
	struct pool *p = arg;
	struct room room;
	size_t task;

	if (!room_new(&room, p->d))
		p->failed = true;
	while (!p->failed && !p->stopped && (task = p->next++) < p->d->labels * (TRAIN_FOLDS + 1)) {
		if (p->t->stop && p->t->stop(p->t->arg))
			p->stopped = true;
		else if (!do_task(p, &room, task))
			p->failed = true;
	}
	room_free(&room);
	return NULL;
}

int
train_solve(const struct train_data *d, const struct model_training *t, struct train_result *r, struct err *e)
{
	struct pool p = {.d = d, .t = t, .r = r};
	unsigned wanted = t->threads < 1 ? 1 : t->threads > THREADS_MAX ? THREADS_MAX : t->threads, others = 0;
	pthread_t threads[THREADS_MAX];

	r->weights = arena_array(d->a, d->labels * d->columns, sizeof(*r->weights));
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
