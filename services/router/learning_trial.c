/* learning_trial: the newest decisions are held out, the rest is learnt, both models are asked about what was held out. */
#include "services/router/learning_trial.h"

#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "common/topics/figures.h"

#define NEVER 1e-9 /* of rounding */

/* What a model said of the cases that were held out. */
struct answers {
	struct figures_label *labels; /* by topic of the corpus */
	double accuracy, macro_f1, top3;
};

static size_t
held_out_of(const struct corpus *c)
{
	return c->own_count / TRIAL_HELD_OUT_SHARE;
}

/* Decisions that judge. */
struct held {
	struct model_example *list;
	size_t count;
};

static int
compare_texts(const void *left, const void *right)
{
	const struct model_example *a = left, *b = right;

	return strcmp(a->text, b->text);
}

/* Of what was held out, what is no text that is learnt as well: the same one comes over several channels, or from many. */
static struct held
held_of(struct arena *a, const struct corpus *c, size_t held_out, const struct model_training *training)
{
	struct held held = {.list = arena_array(a, held_out + 1, sizeof(*held.list))};
	struct model_example *learnt = arena_array(a, training->count + 1, sizeof(*learnt));

	if (training->count > 0)
		memcpy(learnt, training->examples, training->count * sizeof(*learnt));
	qsort(learnt, training->count, sizeof(*learnt), compare_texts);
	for (size_t i = 0; i < held_out; i++) {
		if (!bsearch(&c->own[i], learnt, training->count, sizeof(*learnt), compare_texts))
			held.list[held.count++] = c->own[i];
	}
	return held;
}

static struct model_training
training_of(struct arena *a, const struct trial_wish *w, size_t held_out)
{
	const struct corpus *c = w->corpus;
	size_t own = c->own_count - held_out;
	struct model_example *all = arena_array(a, c->shipped_count + own + 1, sizeof(*all));

	if (c->shipped_count > 0)
		memcpy(all, c->shipped, c->shipped_count * sizeof(*all));
	if (own > 0)
		memcpy(all + c->shipped_count, c->own + held_out, own * sizeof(*all));
	return (struct model_training){.examples = all,
	    .count = c->shipped_count + own,
	    .trained_on = w->today,
	    .threads = 1,
	    .stop = w->stop,
	    .arg = w->arg};
}

static struct answers
ask(struct arena *a, const struct corpus *c, const struct held *held, const struct model *model)
{
	struct figures_case *cases = arena_array(a, held->count, sizeof(*cases));
	struct arena *scratch = arena_new(0);
	struct answers answers = {.labels = arena_array(a, c->topic_count + 1, sizeof(*answers.labels))};

	for (size_t i = 0; i < held->count; i++) {
		struct model_score scores[FIGURES_BEST];
		size_t count = model_ask(model, scratch, held->list[i].text, scores, FIGURES_BEST);

		cases[i].truth = (uint16_t)corpus_topic(c, held->list[i].label);
		cases[i].probability = count > 0 ? (float)scores[0].probability : 0;
		for (size_t k = 0; k < FIGURES_BEST; k++)
			cases[i].best[k] = k < count ? (uint16_t)corpus_topic(c, scores[k].label) : FIGURES_NONE;
		arena_reset(scratch);
	}
	arena_free(scratch);
	answers.accuracy = figures_accuracy(cases, held->count);
	answers.top3 = figures_top3(cases, held->count);
	answers.macro_f1 = figures_of_labels(cases, held->count, answers.labels, c->topic_count);
	return answers;
}

/* NULL: not worse; else why it is. */
static const char *
worse(struct arena *a, const struct corpus *c, const struct answers *new, const struct answers *old)
{
	const char *reason = NULL;

	if (new->macro_f1 + TRIAL_MACRO_TOLERANCE + NEVER < old->macro_f1)
		return arena_printf(
		    a, "macro-F1 %.3f is worse than %.3f of the model in force", new->macro_f1, old->macro_f1);
	for (size_t i = 0; i < c->topic_count; i++) {
		size_t count = new->labels[i].count;
		double allowed = TRIAL_TOPIC_TOLERANCE + 1.0 / (double)(count ? count : 1) + NEVER;

		if (count < TRIAL_TOPIC_MIN || new->labels[i].f1 + allowed >= old->labels[i].f1)
			continue;
		reason = arena_printf(a, "%s%s%s: F1 %.3f is worse than %.3f (%zu cases)", reason ? reason : "",
		    reason ? "; " : "", c->topics[i], new->labels[i].f1, old->labels[i].f1, count);
	}
	return reason;
}

static json_t *
answers_json(const struct answers *x)
{
	return json_pack("{s:f, s:f, s:f}", "accuracy", x->accuracy, "macro_f1", x->macro_f1, "top3", x->top3);
}

static json_t *
topics_json(const struct corpus *c, const struct answers *new, const struct answers *old)
{
	json_t *list = json_array();

	for (size_t i = 0; i < c->topic_count; i++) {
		json_t *row = NULL;

		if (new->labels[i].count == 0)
			continue;
		row = json_pack("{s:s, s:I, s:f}", "topic", c->topics[i], "cases", (json_int_t) new->labels[i].count,
		    "f1", new->labels[i].f1);
		if (old)
			json_object_set_new(row, "active_f1", json_real(old->labels[i].f1));
		json_array_append_new(list, row);
	}
	return list;
}

static json_t *
own_json(const struct model *m)
{
	struct model_figures f = model_figures(m);

	return json_pack("{s:f, s:f, s:f, s:f, s:f}", "accuracy", f.accuracy, "macro_f1", f.macro_f1, "top3", f.top3,
	    "coverage", f.coverage, "precision", f.precision);
}

static const char *
figures_json(struct arena *a, const struct trial_wish *w, const struct model *model, size_t held,
    const struct answers *new, const struct answers *old)
{
	const struct corpus *c = w->corpus;
	json_t *json = json_pack("{s:I, s:I, s:I, s:I, s:I, s:o, s:o, s:o}", "shipped", (json_int_t)c->shipped_count,
	    "own", (json_int_t)(c->own_count - held_out_of(c)), "held_out", (json_int_t)held, "erased",
	    (json_int_t)c->erased, "labels", (json_int_t)model_labels(model), "cross_validation", own_json(model),
	    "new", answers_json(new), "topics", topics_json(c, new, old));
	char *text = NULL, *kept = NULL;

	if (old) {
		json_object_set_new(json, "active", answers_json(old));
		json_object_set_new(json, "active_version", json_integer(w->active_version));
		json_object_set_new(json, "active_name", json_string(w->active_name));
	}
	text = json_dumps(json, JSON_COMPACT | JSON_REAL_PRECISION(4));
	json_decref(json);
	if (!text)
		abort();
	kept = arena_string(a, text);
	free(text);
	return kept;
}

static void
judge(struct arena *a, const struct trial_wish *w, const struct model *model, const struct held *held, struct trial *t)
{
	struct answers new = ask(a, w->corpus, held, model), old = {0};
	const char *reason = NULL;

	if (w->active) {
		old = ask(a, w->corpus, held, w->active);
		reason = worse(a, w->corpus, &new, &old);
	}
	t->better = !reason;
	if (reason)
		t->reason = reason;
	else if (w->active)
		t->reason = arena_printf(a, "macro-F1 %.3f, before %.3f, of %zu decisions that it was not trained on",
		    new.macro_f1, old.macro_f1, held->count);
	else
		t->reason = arena_printf(
		    a, "macro-F1 %.3f of %zu decisions that it was not trained on", new.macro_f1, held->count);
	t->figures = figures_json(a, w, model, held->count, &new, w->active ? &old : NULL);
}

struct trial *
trial_run(struct arena *a, const struct trial_wish *w)
{
	struct trial *t = arena_alloc(a, sizeof(*t));
	size_t held_out = held_out_of(w->corpus);
	struct model_training training;
	struct held held;
	struct model *model = NULL;
	struct err e;

	if (held_out < TRIAL_HELD_OUT_MIN) {
		t->reason = arena_printf(a, "%zu own decisions are too few to judge a model by; %d are needed",
		    w->corpus->own_count, TRIAL_HELD_OUT_SHARE * TRIAL_HELD_OUT_MIN);
		return t;
	}
	training = training_of(a, w, held_out);
	held = held_of(a, w->corpus, held_out, &training);
	if (held.count < TRIAL_HELD_OUT_MIN) {
		t->reason = arena_printf(a,
		    "only %zu of the newest %zu own decisions are of a text that is not learnt, too; %d are needed",
		    held.count, held_out, TRIAL_HELD_OUT_MIN);
		return t;
	}
	model = model_train(&training, &e);
	if (!model) {
		t->reason = arena_string(a, e.text);
		return t;
	}
	t->trained = true;
	t->name = arena_string(a, model_name(model));
	t->bytes = model_save(model, a, &t->size);
	judge(a, w, model, &held, t);
	model_free(model);
	return t;
}
