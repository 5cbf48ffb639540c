/* figures: how good answers were, from what was true and what was said. Pure. */
#ifndef KOPRU_COMMON_TOPICS_FIGURES_H
#define KOPRU_COMMON_TOPICS_FIGURES_H

#include <stddef.h>
#include <stdint.h>

#define FIGURES_BEST 3
#define FIGURES_NONE UINT16_MAX

/* One text: its label, the likeliest ones, best first (FIGURES_NONE: fewer), and the first one's probability. */
struct figures_case {
	uint16_t truth, best[FIGURES_BEST];
	float probability;
};

struct figures_label {
	size_t count, said, right; /* texts of it, texts that were said to be, both */
	double precision, recall, f1; /* 0 where there is nothing to divide by */
};

/* Shares, 0..1. 0 for no case. */
double figures_accuracy(const struct figures_case *cases, size_t count);
double figures_top3(const struct figures_case *cases, size_t count);
/* labels: so many rows of list are filled. Macro-F1 is the mean over those that are true or said of some text. */
double figures_of_labels(const struct figures_case *cases, size_t count, struct figures_label *list, size_t labels);

/* Both sort the cases by probability, the highest first. */
/* The share that is right among that share of the cases whose first answer is likeliest. */
double figures_precision_at(struct figures_case *cases, size_t count, double coverage);
/* The greatest share of the cases, likeliest first, of which at least that precision holds. *precision: what it is there
 * (0 when no share has it), *probability: of the last of them. */
double figures_coverage_at(
    struct figures_case *cases, size_t count, double wanted, double *precision, double *probability);

#endif
