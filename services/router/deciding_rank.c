/* deciding_rank: keywords and model, joined: a topic's score is a sum of what each says, and a probability by softmax over
 * all topics. The weights are those with the least loss in cross-validation over deploy/data/texts (README, "Topics, rules
 * and clocks"). */
#include <math.h>
#include <string.h>

#include "services/router/deciding_internal.h"

#define MODEL_ROOM 24 /* labels of the model that are looked at */
#define MODEL_FLOOR 0.00037 /* probability of a topic that the model does not speak of */
#define MODEL_WEIGHT 0.94 /* of the logarithm of the model's probability */
#define KEYWORD_WEIGHT 0.0000963 /* of keywords' evidence */
#define KEYWORD_MAX 14000

/* What was entered beside the text. */
static const struct {
	int kind, legal_basis; /* 0: any */
	const char *topic;
	double weight;
} fields[] = {
    {KOPRU__V1__KIND__KIND_THANKS, 0, "IDR-07", 1.5},
    {KOPRU__V1__KIND__KIND_SUGGESTION, 0, "IDR-08", 0.7},
    {KOPRU__V1__KIND__KIND_INFORMATION_REQUEST, 0, "IDR-01", 3},
    {0, KOPRU__V1__LEGAL_BASIS__LEGAL_BASIS_6698, "IDR-02", 3},
};

struct joining {
	const struct catalogue *catalogue;
	const struct topics_weight *weights;
	double *scores; /* by topic */
	size_t count;
};

static void
score_add(const struct joining *j, const char *code, double weight)
{
	const struct catalogue_topic *topic = catalogue_topic(j->catalogue, code);

	if (topic)
		j->scores[topic - catalogue_topic_at(j->catalogue, 0)] += weight;
}

static void
model_join(const struct joining *j, const struct deciding_case *c, const char *text)
{
	struct model_score said[MODEL_ROOM];
	size_t count = model_ask(c->d->model, c->arena, text, said, MODEL_ROOM);

	for (size_t i = 0; i < count; i++)
		if (said[i].probability > MODEL_FLOOR)
			score_add(j, said[i].label, MODEL_WEIGHT * log(said[i].probability / MODEL_FLOOR));
}

static void
fields_join(const struct joining *j, const struct deciding_case *c, const Kopru__V1__Application *application)
{
	double weight = 0;
	const char *topic = deciding_place_topic(c, &weight);

	if (topic)
		score_add(j, topic, weight);
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		if ((fields[i].kind == 0 || fields[i].kind == (int)application->kind) &&
		    (fields[i].legal_basis == 0 || fields[i].legal_basis == (int)application->legal_basis))
			score_add(j, fields[i].topic, fields[i].weight);
}

static double
scores_sum(const struct joining *j)
{
	double sum = 0;

	for (size_t i = 0; i < j->count; i++)
		sum += exp(j->scores[i]);
	return sum;
}

/* The best topics whose probability rounds to a thousandth or more. */
static size_t
candidates_take(const struct joining *j, struct topics_candidate candidates[TOPICS_CANDIDATES])
{
	double sum = scores_sum(j);
	size_t count = 0;

	for (size_t i = 0; i < j->count; i++) {
		const struct catalogue_topic *topic = catalogue_topic_at(j->catalogue, i);
		uint32_t score = (uint32_t)(TOPICS_SCORE_MAX * exp(j->scores[i]) / sum + 0.5);
		size_t at = count;

		if (score == 0 || j->scores[i] <= 0)
			continue;
		while (at > 0 && candidates[at - 1].score < score)
			at--;
		if (at == TOPICS_CANDIDATES)
			continue;
		count += count < TOPICS_CANDIDATES;
		memmove(&candidates[at + 1], &candidates[at], (count - 1 - at) * sizeof(*candidates));
		candidates[at] = (struct topics_candidate){.topic = topic->code,
		    .department = topic->department,
		    .score = score,
		    .reasons = j->weights[i].reasons,
		    .reason_count = j->weights[i].reason_count};
	}
	return count;
}

static size_t
rank_by_keywords(const struct deciding_case *c, const char *subject, const char *text,
    struct topics_candidate candidates[TOPICS_CANDIDATES])
{
	const struct topics_question question = {.text = text, .subject = subject, .topic = "", .neighbourhood = ""};

	return topics_rank(catalogue_topics(c->d->catalogue), c->arena, &question, candidates);
}

size_t
deciding_rank(const struct deciding_case *c, const char *subject, const char *text,
    const Kopru__V1__Application *application, struct topics_candidate candidates[TOPICS_CANDIDATES])
{
	struct joining j = {.catalogue = c->d->catalogue};

	if (!c->d->model)
		return rank_by_keywords(c, subject, text, candidates);
	(void)catalogue_size(j.catalogue, &j.count);
	j.weights = topics_weigh(catalogue_topics(j.catalogue), c->arena, subject, text);
	j.scores = arena_array(c->arena, j.count + 1, sizeof(*j.scores));
	for (size_t i = 0; i < j.count; i++)
		j.scores[i] =
		    KEYWORD_WEIGHT * (j.weights[i].evidence < KEYWORD_MAX ? j.weights[i].evidence : KEYWORD_MAX);
	model_join(&j, c, *subject ? arena_printf(c->arena, "%s\n%s", subject, text) : text);
	if (application)
		fields_join(&j, c, application);
	return candidates_take(&j, candidates);
}

uint32_t
deciding_sureness(const struct topics_candidate *candidates, size_t count, const char *department)
{
	uint32_t sum = 0;

	for (size_t i = 0; i < count; i++)
		if (strcmp(candidates[i].department, department) == 0)
			sum += candidates[i].score;
	return sum < TOPICS_SCORE_MAX ? sum : TOPICS_SCORE_MAX;
}
