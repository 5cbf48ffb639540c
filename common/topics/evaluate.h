/* evaluate: how good a model, or a training, is on labelled texts. Pure. */
#ifndef KOPRU_COMMON_TOPICS_EVALUATE_H
#define KOPRU_COMMON_TOPICS_EVALUATE_H

#include <stddef.h>

#include "common/base/arena.h"
#include "common/base/err.h"
#include "common/topics/examples.h"
#include "common/topics/figures.h"
#include "common/topics/model.h"

#define EVALUATE_COVERAGE 0.7 /* precision_at_70 */
#define EVALUATE_PRECISION 0.95 /* coverage at it */

/* What was true and what was said. Labels: those of the texts and of the model, sorted. */
struct evaluation {
	const char **labels;
	size_t label_count, count;
	struct figures_case *cases, *folded; /* the text as it is; the text typed without Turkish letters */
	size_t unknown; /* texts whose label the model does not have */
	double train_seconds; /* of all the trainings */
};

struct evaluate_folds {
	size_t folds, block; /* row i stands in block i / block, block b in fold b % folds */
	unsigned threads;
	double (*seconds)(void); /* a clock */
};

struct evaluate_figures {
	double accuracy, macro_f1, folded_accuracy, top3, precision_at_70, coverage, precision, probability;
	struct figures_label *labels; /* in the order of the evaluation's */
};

/* Asks the model for each text. -1 with a reason: none of the labels is the model's. */
int evaluate_model(
    struct arena *a, const struct examples *x, const struct model *m, struct evaluation *into, struct err *e);
/* Cross-validation: asks for each fold a model that is trained on the others. -1 with a reason: a fold without texts,
 * others that teach nothing. */
int evaluate_folds(struct arena *a, const struct examples *x, const struct evaluate_folds *how, struct evaluation *into,
    struct err *e);

/* Sorts the cases. */
struct evaluate_figures evaluate_figures(struct arena *a, struct evaluation *v);

/* The text as it is typed where there are no Turkish letters: "Çöp, IŞIK" becomes "Cop, ISIK". */
char *evaluate_plain_letters(struct arena *a, const char *text);

#endif
