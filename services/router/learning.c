/* learning: take the lease, read the corpus, train on a worker, write what came of it. Everything between is given up when
 * the database or the lease is lost: whoever takes the lease next begins anew. */
#include "services/router/learning.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/base/jsontext.h"
#include "common/base/log.h"
#include "common/domain/calendar.h"
#include "common/loop/worker.h"
#include "services/router/learning_store.h"

#define LOOK_MS 2000 /* for something to learn; and the lease is renewed */
#define LEASE_SECONDS 8
#define NICENESS 10

enum ending { PUBLISHED, REFUSED, FAILED };
static const char *const endings[] = {"published", "refused", "failed"};

/* One training. */
struct lesson {
	struct learning *learning; /* not for the worker */
	struct uuid holder;
	int32_t active; /* version that was active when it began; 0: none */
	int64_t since;
	struct learning_place place;
	struct corpus *corpus;
	const struct models_one *compared; /* NULL: none is in force */
	int32_t today;
	atomic_bool given_up;
	struct arena *arena; /* of the trial */
	struct trial *trial;
};

struct learning {
	struct loop *loop;
	struct learning_conf conf;
	struct loop_timer *timer;
	struct lesson *lesson; /* NULL: none is under way */
	struct worker *worker;
	bool asking, renewing, stopping;
	struct metric *running, *ended[3], *seconds;
};

static struct lesson *
lesson_new(struct learning *l, const struct uuid *holder)
{
	struct lesson *lesson = calloc(1, sizeof(*lesson));

	if (!lesson)
		abort();
	lesson->learning = l;
	lesson->holder = *holder;
	lesson->since = clock_monotonic();
	lesson->today = date_in_istanbul(source_now(l->conf.source));
	lesson->place =
	    (struct learning_place){.own_at = INT64_C(4102444800000000) /* 2100 */, .months = l->conf.months};
	atomic_init(&lesson->given_up, false);
	return lesson;
}

static void
lesson_end(struct learning *l)
{
	struct lesson *lesson = l->lesson;

	if (!lesson)
		return;
	models_release(lesson->compared);
	corpus_free(lesson->corpus);
	arena_free(lesson->arena);
	free(lesson);
	l->lesson = NULL;
	metric_set(l->running, 0);
}

static void
give_up(struct learning *l, const char *reason)
{
	log_warn("learning.given_up", "reason=\"%s\"", reason);
	lesson_end(l);
}

static bool
is_given_up(void *arg)
{
	struct lesson *lesson = arg;

	return atomic_load(&lesson->given_up);
}

/* On the worker, whose niceness is its own (Linux). */
static void
work(void *arg)
{
	struct lesson *lesson = arg;
	const struct models_one *compared = lesson->compared;
	const struct trial_wish wish = {.corpus = lesson->corpus,
	    .active = compared ? compared->model : NULL,
	    .active_name = compared ? compared->name : "",
	    .active_version = compared ? compared->version : 0,
	    .today = lesson->today,
	    .stop = is_given_up,
	    .arg = lesson};

	(void)setpriority(PRIO_PROCESS, (id_t)syscall(SYS_gettid), NICENESS);
	lesson->trial = trial_run(lesson->arena, &wish);
}

static enum ending
ending_of(const struct trial *t)
{
	if (!t->trained)
		return FAILED;
	return t->better ? PUBLISHED : REFUSED;
}

static void
on_written(void *arg, enum db_outcome outcome, const struct db_results *results, const struct err *e)
{
	struct learning *l = arg;
	const struct trial *t = l->lesson->trial;
	enum ending ending = ending_of(t);

	(void)results;
	if (outcome != DB_COMMITTED) {
		give_up(l, e->text);
		return;
	}
	metric_add(l->ended[ending], 1);
	metric_set(l->seconds, (clock_monotonic() - l->lesson->since) / 1000000);
	log_info("learning.ended", "outcome=%s name=%s own=%zu shipped=%zu erased=%zu reason=\"%s\"", endings[ending],
	    t->trained ? t->name : "none", l->lesson->corpus->own_count, l->lesson->corpus->shipped_count,
	    l->lesson->corpus->erased, t->reason);
	lesson_end(l);
	if (ending == PUBLISHED)
		models_look(refresh_models(l->conf.refresh));
}

static void
on_trained(void *arg)
{
	struct lesson *lesson = arg;
	struct learning *l = lesson->learning;
	const struct trial *t = lesson->trial;
	struct db_tx *tx = NULL;

	worker_free(l->worker);
	l->worker = NULL;
	if (l->stopping || atomic_load(&lesson->given_up)) {
		give_up(l, "the lease, or the service, came to its end");
		return;
	}
	tx = db_begin(l->conf.db);
	learning_store_end(tx, &lesson->holder, endings[ending_of(t)], t->reason, t->figures);
	if (t->trained)
		learning_store_model(tx, t, lesson->active);
	db_commit(tx, on_written, l);
}

static void
train(struct learning *l)
{
	struct lesson *lesson = l->lesson;
	struct err e;

	lesson->compared = models_hold(refresh_models(l->conf.refresh));
	lesson->arena = arena_new(0);
	log_info("learning.began", "own=%zu shipped=%zu active=%s", lesson->corpus->own_count,
	    lesson->corpus->shipped_count, lesson->compared ? lesson->compared->name : "none");
	l->worker = worker_start(l->loop, work, on_trained, lesson, &e);
	if (!l->worker)
		give_up(l, e.text);
}

static void
on_own(void *arg, enum db_outcome outcome, const struct db_results *results, const struct err *e)
{
	struct learning *l = arg;
	struct db_tx *tx = NULL;

	if (outcome != DB_COMMITTED || l->stopping) {
		give_up(l, outcome == DB_COMMITTED ? "the service stops" : e->text);
		return;
	}
	if (!learning_store_own_read(results, &l->lesson->place, l->lesson->corpus)) {
		train(l);
		return;
	}
	tx = db_begin(l->conf.db);
	learning_store_own(tx, &l->lesson->place);
	db_read(tx, on_own, l);
}

static void
on_shipped(void *arg, enum db_outcome outcome, const struct db_results *results, const struct err *e)
{
	struct learning *l = arg;
	struct lesson *lesson = l->lesson;
	struct db_tx *tx = NULL;
	bool more = false;

	if (outcome != DB_COMMITTED || l->stopping) {
		give_up(l, outcome == DB_COMMITTED ? "the service stops" : e->text);
		return;
	}
	more = learning_store_shipped_read(results, &lesson->place, lesson->corpus);
	tx = db_begin(l->conf.db);
	if (more)
		learning_store_shipped(tx, &lesson->place);
	else
		learning_store_own(tx, &lesson->place);
	db_read(tx, more ? on_shipped : on_own, l);
}

static void
on_taken(void *arg, enum db_outcome outcome, const struct db_results *results, const struct err *e)
{
	struct learning *l = arg;
	struct lesson *lesson = l->lesson;
	struct db_tx *tx = NULL;

	l->asking = false;
	if (outcome != DB_COMMITTED && outcome != DB_UNAVAILABLE)
		log_warn("learning.unread", "outcome=%s reason=\"%s\"", db_outcome_text(outcome), e->text);
	if (outcome != DB_COMMITTED || l->stopping || !learning_store_taken(results, &lesson->active)) {
		lesson_end(l);
		return;
	}
	metric_set(l->running, 1);
	lesson->corpus = corpus_new(refresh_catalogue(l->conf.refresh), l->conf.bytes);
	tx = db_begin(l->conf.db);
	learning_store_shipped(tx, &lesson->place);
	db_read(tx, on_shipped, l);
}

static void
take(struct learning *l)
{
	struct models *models = refresh_models(l->conf.refresh);
	const struct models_one *now = models_now(models);
	struct learning_taking taking = {.holder = uuid_new(),
	    .lease_seconds = LEASE_SECONDS,
	    .days = l->conf.days,
	    .examples = l->conf.examples,
	    .in_force = now ? now->version : 0,
	    .refused = models_refused(models)};
	struct db_tx *tx = db_begin(l->conf.db);

	l->asking = true;
	l->lesson = lesson_new(l, &taking.holder);
	learning_store_take(tx, &taking);
	db_commit(tx, on_taken, l);
}

static void
on_renewed(void *arg, enum db_outcome outcome, const struct db_results *results, const struct err *e)
{
	struct learning *l = arg;

	(void)e;
	l->renewing = false;
	if (outcome == DB_COMMITTED && db_rows(results, 0) == 0 && l->lesson)
		atomic_store(&l->lesson->given_up, true);
}

static void
renew(struct learning *l)
{
	struct db_tx *tx = db_begin(l->conf.db);

	l->renewing = true;
	learning_store_renew(tx, &l->lesson->holder, LEASE_SECONDS);
	db_commit(tx, on_renewed, l);
}

static void
on_look(void *arg)
{
	struct learning *l = arg;

	timer_start(l->timer, LOOK_MS);
	if (l->stopping || !db_is_up(l->conf.db) || !refresh_ready(l->conf.refresh) ||
	    !source_knows_time(l->conf.source))
		return;
	models_look(refresh_models(l->conf.refresh)); /* cheap, and the other router may have published */
	if (!l->lesson)
		take(l);
	else if (!l->asking && !l->renewing)
		renew(l);
}

static void
on_stop(void *arg)
{
	learning_stop(arg);
}

struct learning *
learning_new(struct loop *loop, const struct learning_conf *conf, struct metrics *m)
{
	static const char name[] = "kopru_router_learning_total", help[] = "Trainings by their end";
	struct learning *l = calloc(1, sizeof(*l));

	if (!l)
		abort();
	jsontext_start();
	l->loop = loop;
	l->conf = *conf;
	l->running = metrics_gauge(m, "kopru_router_learning_running", "", "1 while a model is being trained here");
	l->seconds = metrics_gauge(m, "kopru_router_learning_seconds", "", "How long the last training here took");
	for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
		char labels[40];

		(void)snprintf(labels, sizeof(labels), "outcome=\"%s\"", endings[i]);
		l->ended[i] = metrics_counter(m, name, labels, help);
	}
	l->timer = timer_new(loop, on_look, l);
	loop_on_stop(loop, on_stop, l);
	if (conf->on)
		timer_start(l->timer, LOOK_MS);
	return l;
}

void
learning_stop(struct learning *l)
{
	if (!l)
		return;
	l->stopping = true;
	timer_stop(l->timer);
	if (l->lesson)
		atomic_store(&l->lesson->given_up, true);
}

void
learning_free(struct learning *l)
{
	if (!l)
		return;
	worker_free(l->worker);
	lesson_end(l);
	timer_free(l->timer);
	free(l);
}
