/* ask: the scores of a text's features, for the files of common/topics only. */
#ifndef KOPRU_COMMON_TOPICS_ASK_H
#define KOPRU_COMMON_TOPICS_ASK_H

#include "common/topics/model_internal.h"

/* scores: one for each of the model's labels. How many of the features the model knows; 0: the scores are the biases. */
size_t ask_scores(const struct model *m, struct arena *scratch, const struct features *f, float *scores);
/* Scores become probabilities, whose sum is 1. */
void ask_chances(const struct model *m, float *scores);
/* How long a text's list of features is as a vector, counted as ask_scores does; 0 when it has none. */
float ask_length(const struct model *m, const struct feature_list *l);

#endif
