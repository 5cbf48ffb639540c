/* model: a classifier of Turkish texts into labels: trained, saved, read, asked. Character 3- to 5-grams and word 1- and
 * 2-grams over folded text, hashed into a fixed table, sublinear TF-IDF, one linear classifier for each label
 * (solver.h), scores calibrated to probabilities. Pure. */
#ifndef KOPRU_COMMON_TOPICS_MODEL_H
#define KOPRU_COMMON_TOPICS_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/arena.h"
#include "common/base/err.h"

#define MODEL_LABELS_MAX 256
#define MODEL_LABEL_SIZE 40 /* bytes, with NUL */
#define MODEL_TEXT_MAX (16 * 1024) /* bytes of a text that are looked at */
#define MODEL_FILE_MAX (64 * 1024 * 1024)
#define MODEL_NAME_SIZE 64
#define MODEL_EXAMPLES_MAX 100000
#define MODEL_TRAINING_BYTES (32 * 1024 * 1024) /* of all its texts; training takes about 40 times as much memory */

struct model;

/* One labelled text. */
struct model_example {
	const char *label, *text;
};

struct model_training {
	const struct model_example *examples;
	size_t count;
	int32_t trained_on; /* day */
	unsigned threads; /* 1 .. 8 */
	bool (*stop)(void *arg); /* asked now and then; true: give up. NULL: never */
	void *arg;
};

/* A model's own figures, from cross-validation within its training. Shares, 0..1. */
struct model_figures {
	double accuracy, macro_f1, top3;
	double coverage, precision; /* precision where it is sure, and how much that is */
};

/* What a model says of a text. */
struct model_score {
	const char *label; /* the model's */
	double probability;
};

/* Needs at least two labels with two texts each. NULL with a reason: one class, no text, too much, stopped. */
struct model *model_train(const struct model_training *training, struct err *e);
void model_free(struct model *m); /* NULL is fine */

/* The file's bytes, in a. */
const uint8_t *model_save(const struct model *m, struct arena *a, size_t *size);
/* Refuses what is truncated, damaged (checksum), of a later version, or too big. Copies. */
struct model *model_load(const void *bytes, size_t size, struct err *e);

/* "2026-11-26-9f3a2c11": training day and the first of the data's hash. */
const char *model_name(const struct model *m);
size_t model_labels(const struct model *m);
const char *model_label(const struct model *m, size_t i);
size_t model_examples(const struct model *m); /* it was trained on */
struct model_figures model_figures(const struct model *m);
size_t model_memory(const struct model *m); /* bytes */

/* The likeliest labels, best first; at most room. 0 when nothing of the text is known. scratch: reset by nobody here. */
size_t model_ask(
    const struct model *m, struct arena *scratch, const char *text, struct model_score *scores, size_t room);

/* Words of the text, as written and folded, that spoke most for a label, strongest first; weight: their part of the
 * score. Texts live in a. */
struct model_word {
	const char *word;
	double weight;
};
size_t model_explain(
    const struct model *m, struct arena *a, const char *text, const char *label, struct model_word *words, size_t room);

#endif
