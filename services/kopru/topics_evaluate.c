/* topics_evaluate: `kopru topics evaluate`: how good a model, or a training, is on labelled texts. */
#include <stdlib.h>

#include "common/topics/evaluate.h"
#include "services/kopru/command.h"
#include "services/kopru/table.h"
#include "services/kopru/topics.h"

#define FOLDS_DEFAULT 5
#define BLOCK_DEFAULT 15
#define MISTAKES_SHOWN 10

/* How often one label's texts were said to be another's. */
struct mistake {
	size_t truth, said, count;
};

static int
compare_mistakes(const void *a, const void *b)
{
	const struct mistake *left = a, *right = b;

	if (left->count != right->count)
		return left->count < right->count ? 1 : -1;
	if (left->truth != right->truth)
		return left->truth < right->truth ? -1 : 1;
	return left->said < right->said ? -1 : left->said > right->said;
}

/* All pairs of what was true and what was said, the most frequent first. said == label_count: nothing. */
static struct mistake *
pairs_of(struct arena *a, const struct evaluation *v, size_t *count)
{
	size_t side = v->label_count + 1;
	struct mistake *pairs = arena_array(a, side * side, sizeof(*pairs));

	for (size_t i = 0; i < side * side; i++)
		pairs[i] = (struct mistake){i / side, i % side, 0};
	for (size_t i = 0; i < v->count; i++) {
		size_t said = v->cases[i].best[0] == FIGURES_NONE ? v->label_count : v->cases[i].best[0];

		pairs[v->cases[i].truth * side + said].count++;
	}
	qsort(pairs, side * side, sizeof(*pairs), compare_mistakes);
	for (*count = 0; *count < side * side && pairs[*count].count > 0;)
		++*count;
	return pairs;
}

static const char *
said_label(const struct evaluation *v, size_t said)
{
	return said < v->label_count ? v->labels[said] : NULL;
}

static json_t *
labels_json(const struct evaluation *v, const struct evaluate_figures *f)
{
	json_t *list = json_array();

	for (size_t i = 0; i < v->label_count; i++) {
		const struct figures_label *l = &f->labels[i];

		json_array_append_new(
		    list, json_pack("{s:s, s:I, s:I, s:I, s:f, s:f, s:f}", "label", v->labels[i], "texts",
			      (json_int_t)l->count, "said", (json_int_t)l->said, "right", (json_int_t)l->right,
			      "precision", l->precision, "recall", l->recall, "f1", l->f1));
	}
	return list;
}

static json_t *
confusion_json(struct arena *a, const struct evaluation *v)
{
	size_t count;
	const struct mistake *pairs = pairs_of(a, v, &count);
	json_t *list = json_array();

	for (size_t i = 0; i < count; i++) {
		json_array_append_new(list, json_pack("{s:s, s:s?, s:I}", "label", v->labels[pairs[i].truth], "said",
						said_label(v, pairs[i].said), "texts", (json_int_t)pairs[i].count));
	}
	return list;
}

static void
print_json(struct arena *a, const struct evaluation *v, const struct evaluate_figures *f, const char *model)
{
	json_t *o = json_pack("{s:s?, s:I, s:I, s:f, s:f, s:f, s:f, s:f, s:f, s:f, s:f, s:o, s:o}", "model", model,
	    "texts", (json_int_t)v->count, "unknown", (json_int_t)v->unknown, "accuracy", f->accuracy, "macro_f1",
	    f->macro_f1, "folded_accuracy", f->folded_accuracy, "top3", f->top3, "precision_at_70", f->precision_at_70,
	    "coverage_at_95", f->coverage, "probability_at_95", f->probability, "train_s", v->train_seconds, "labels",
	    labels_json(v, f), "confusion", confusion_json(a, v));

	command_say(true, o, "%s", "");
}

static void
print_labels(struct arena *a, const struct evaluation *v, const struct evaluate_figures *f)
{
	static const struct table_column columns[] = {{"label", false}, {"texts", true}, {"said", true},
	    {"precision", true}, {"recall", true}, {"f1", true}, {0}};
	struct table *t = table_new(a, columns);

	for (size_t i = 0; i < v->label_count; i++) {
		const struct figures_label *l = &f->labels[i];

		table_add_text(t, v->labels[i]);
		table_add_number(t, (int64_t)l->count);
		table_add_number(t, (int64_t)l->said);
		table_add_text(t, arena_printf(a, "%.3f", l->precision));
		table_add_text(t, arena_printf(a, "%.3f", l->recall));
		table_add_text(t, arena_printf(a, "%.3f", l->f1));
	}
	table_print(t, false, stdout);
}

static void
print_mistakes(struct arena *a, const struct evaluation *v)
{
	size_t count, shown = 0;
	const struct mistake *pairs = pairs_of(a, v, &count);

	puts("\nMost frequent mistakes:");
	for (size_t i = 0; i < count && shown < MISTAKES_SHOWN; i++) {
		const char *said = said_label(v, pairs[i].said);

		if (pairs[i].said == pairs[i].truth)
			continue;
		printf("  %s said to be %s: %zu\n", v->labels[pairs[i].truth], said ? said : "nothing", pairs[i].count);
		shown++;
	}
	if (shown == 0)
		puts("  none");
}

static void
print_text(struct arena *a, const struct evaluation *v, const struct evaluate_figures *f, const char *model)
{
	printf("%s%s: %zu texts, %zu labels\n\n", model ? "Model " : "Cross-validation", model ? model : "", v->count,
	    v->label_count);
	printf("  accuracy                   %.4f\n", f->accuracy);
	printf("  macro-F1                   %.4f\n", f->macro_f1);
	printf("  without Turkish letters    %.4f (accuracy)\n", f->folded_accuracy);
	printf("  among the first three      %.4f\n", f->top3);
	printf("  precision of the surest 70 %%  %.4f\n", f->precision_at_70);
	printf("  coverage at precision 0.95 %.4f (probability %.3f and more)\n", f->coverage, f->probability);
	if (v->unknown > 0)
		printf("  %zu texts have a label that the model does not know\n", v->unknown);
	putchar('\n');
	print_labels(a, v, f);
	print_mistakes(a, v);
}

static int
folds_of(const struct command_line *line, struct evaluate_folds *how, struct err *e)
{
	static const long folds_range[2] = {2, 20}, block_range[2] = {1, 1000};
	long folds, block;
	int rc = command_number("--folds", line->folds, folds_range, FOLDS_DEFAULT, &folds, e);

	if (rc == 0)
		rc = command_number("--block", line->block, block_range, BLOCK_DEFAULT, &block, e);
	if (rc != 0)
		return rc;
	*how = (struct evaluate_folds){(size_t)folds, (size_t)block, topics_threads(), topics_clock};
	return 0;
}

static int
evaluate_in(struct arena *a, const struct command_line *line, const struct evaluate_folds *how, struct err *e)
{
	struct examples x = {0};
	struct evaluation v;
	struct evaluate_figures f;
	struct model *m = NULL;
	int rc;

	if (topics_read(a, line->arguments, 1, &x, e) != 0 || (line->model && !(m = topics_model(line->model, e))))
		return -1;
	rc = m ? evaluate_model(a, &x, m, &v, e) : evaluate_folds(a, &x, how, &v, e);
	if (rc == 0) {
		f = evaluate_figures(a, &v);
		(line->json ? print_json : print_text)(a, &v, &f, m ? model_name(m) : NULL);
	} else {
		err_prefix(e, "%s", line->arguments[0]);
	}
	model_free(m);
	return rc;
}

int
topics_evaluate(const struct command_line *line, struct err *e)
{
	struct evaluate_folds how;
	struct arena *a;
	int rc;

	if (line->model && (line->folds || line->block)) {
		err_set(e, "--folds and --block are of cross-validation, which is without --model");
		return COMMAND_WRONG_USAGE;
	}
	if ((rc = folds_of(line, &how, e)) != 0)
		return rc;
	a = arena_new(0);
	rc = evaluate_in(a, line, &how, e);
	arena_free(a);
	return rc;
}
