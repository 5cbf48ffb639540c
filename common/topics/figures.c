/* figures: see figures.h. */
#include "common/topics/figures.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static bool
is_right(const struct figures_case *c)
{
	return c->best[0] == c->truth;
}

double
figures_accuracy(const struct figures_case *cases, size_t count)
{
	size_t right = 0;

	for (size_t i = 0; i < count; i++)
		right += is_right(&cases[i]);
	return count ? (double)right / (double)count : 0;
}

double
figures_top3(const struct figures_case *cases, size_t count)
{
	size_t right = 0;

	for (size_t i = 0; i < count; i++) {
		bool among = false;

		for (size_t k = 0; k < FIGURES_BEST; k++)
			among = among || cases[i].best[k] == cases[i].truth;
		right += among;
	}
	return count ? (double)right / (double)count : 0;
}

static double
share(size_t part, size_t whole)
{
	return whole ? (double)part / (double)whole : 0;
}

double
figures_of_labels(const struct figures_case *cases, size_t count, struct figures_label *list, size_t labels)
{
	double sum = 0;
	size_t there = 0;

	memset(list, 0, labels * sizeof(*list));
	for (size_t i = 0; i < count; i++) {
		if (cases[i].truth < labels) {
			list[cases[i].truth].count++;
			list[cases[i].truth].right += is_right(&cases[i]);
		}
		if (cases[i].best[0] < labels)
			list[cases[i].best[0]].said++;
	}
	for (size_t i = 0; i < labels; i++) {
		list[i].precision = share(list[i].right, list[i].said);
		list[i].recall = share(list[i].right, list[i].count);
		list[i].f1 = share(2 * list[i].right, list[i].said + list[i].count);
		sum += list[i].f1;
		there += list[i].said + list[i].count > 0;
	}
	return there ? sum / (double)there : 0;
}

static int
compare_cases(const void *a, const void *b)
{
	const struct figures_case *left = a, *right = b;

	if (left->probability != right->probability)
		return left->probability < right->probability ? 1 : -1;
	return is_right(left) - is_right(right); /* what cannot be told apart is not made to look better */
}

double
figures_precision_at(struct figures_case *cases, size_t count, double coverage)
{
	size_t most = (size_t)floor(coverage * (double)count + 1e-9);

	qsort(cases, count, sizeof(*cases), compare_cases);
	return figures_accuracy(cases, most);
}

double
figures_coverage_at(struct figures_case *cases, size_t count, double wanted, double *precision, double *probability)
{
	size_t right = 0, best = 0;

	*precision = *probability = 0;
	qsort(cases, count, sizeof(*cases), compare_cases);
	for (size_t i = 0; i < count; i++) {
		right += is_right(&cases[i]);
		if (i + 1 < count && cases[i + 1].probability == cases[i].probability)
			continue;
		if (share(right, i + 1) >= wanted) {
			best = i + 1;
			*precision = share(right, best);
			*probability = (double)cases[i].probability;
		}
	}
	return share(best, count);
}
