/* deciding: the steps in their order, and the outcome. */
#include "services/router/deciding.h"

#include <string.h>

#include "common/base/text.h"
#include "services/router/deciding_internal.h"

#define TEXT_BYTES (64 * 1024) /* more of a text is not looked at */
#define SURE_MIN 550 /* so sure, in thousandths, a department's matter must be to be routed */
#define SURE_MARGIN 150 /* and so much surer than any other department's */
#define OLD_US (INT64_C(24) * 3600 * 1000000) /* so old, what is kept for the desk alarms nobody */
#define URGENT_MIN 300 /* so likely a topic of life safety is acted on: 76 of 100 such texts, 3 of 100 others */

static bool
is_chosen(const struct decision *decision)
{
	return decision->outcome == KOPRU__V1__APPLICATION_ROUTED__OUTCOME__OUTCOME_CHOSEN;
}

static void
text_fold(struct deciding_case *c)
{
	const char *subject = c->application->subject, *text = c->application->text;
	char *whole = arena_printf(c->arena, "%s\n%s", subject, text);
	size_t size = strnlen(whole, TEXT_BYTES + 1);
	const char *folded = NULL;

	if (size > TEXT_BYTES) {
		for (size = TEXT_BYTES; size > 0 && ((unsigned char)whole[size] & 0xc0) == 0x80;)
			size--;
		whole[size] = '\0';
	}
	folded = text_fold_tr(c->arena, whole);
	c->folded = folded ? folded : ""; /* malformed: nothing to go by */
}

/* A topic that a person chose stands before what the text says. */
static void
chosen_first(struct deciding_case *c, const struct catalogue_topic *topic)
{
	struct decision *decision = c->decision;
	struct topics_candidate chosen = {
	    .topic = topic->code, .department = topic->department, .score = TOPICS_SCORE_MAX};
	const char **reasons = arena_array(c->arena, 1, sizeof(*reasons));
	size_t kept = 0;

	reasons[0] = arena_printf(c->arena, "topic: %s chosen", topic->code);
	chosen.reasons = reasons;
	chosen.reason_count = 1;
	for (size_t i = 0; i < decision->candidate_count; i++)
		if (strcmp(decision->candidates[i].topic, topic->code) != 0)
			decision->candidates[kept++] = decision->candidates[i];
	kept -= kept == TOPICS_CANDIDATES;
	memmove(&decision->candidates[1], &decision->candidates[0], kept * sizeof(chosen));
	decision->candidates[0] = chosen;
	decision->candidate_count = kept + 1;
	decision->outcome = KOPRU__V1__APPLICATION_ROUTED__OUTCOME__OUTCOME_CHOSEN;
}

static void
evidence_weigh(struct deciding_case *c)
{
	const Kopru__V1__Application *application = c->application;
	const struct catalogue_topic *chosen = catalogue_topic(c->d->catalogue, application->topic);
	struct decision *decision = c->decision;

	if (strcmp(application->topic, DECIDING_DESK_TOPIC) == 0) {
		decision->outcome = KOPRU__V1__APPLICATION_ROUTED__OUTCOME__OUTCOME_CHOSEN;
		return;
	}
	decision->candidate_count =
	    deciding_rank(c, application->subject, application->text, application, decision->candidates);
	if (chosen) {
		chosen_first(c, chosen);
		return;
	}
	if (!c->danger)
		deciding_basket(c);
	if (!decision->basket)
		deciding_matters(c);
}

/* Adds why this candidate does not decide. */
static void
candidate_doubt(struct arena *a, struct topics_candidate *candidate, const char *reason)
{
	const char **reasons = arena_array(a, candidate->reason_count + 1, sizeof(*reasons));

	if (candidate->reason_count > 0)
		memcpy(reasons, candidate->reasons, candidate->reason_count * sizeof(*reasons));
	reasons[candidate->reason_count++] = reason;
	candidate->reasons = reasons;
}

static void
department_doubt(struct deciding_case *c, struct topics_candidate *candidate)
{
	c->doubt = candidate->department;
	candidate_doubt(c->arena, candidate,
	    arena_printf(c->arena, "department: %s is not valid or has no stream", candidate->department));
}

static bool
is_sure(const struct deciding_case *c, const char *department)
{
	const struct decision *decision = c->decision;
	uint32_t sure = deciding_sureness(decision->candidates, decision->candidate_count, department);

	if (!c->d->model)
		return decision->candidates[0].score >= TOPICS_SCORE_MIN;
	if (sure < SURE_MIN)
		return false;
	for (size_t i = 0; i < decision->candidate_count; i++) {
		const char *other = decision->candidates[i].department;

		if (strcmp(other, department) != 0 &&
		    deciding_sureness(decision->candidates, decision->candidate_count, other) + SURE_MARGIN > sure)
			return false;
	}
	return true;
}

/* What is set aside, or not, is no department's matter. */
static bool
is_basket(const struct deciding_case *c, const struct topics_candidate *candidate)
{
	return *catalogue_topic(c->d->catalogue, candidate->topic)->basket != '\0';
}

/* The best candidate's matter when that is sure enough. */
static void
best_route(struct deciding_case *c)
{
	struct decision *decision = c->decision;
	struct topics_candidate *best = &decision->candidates[0];
	const struct catalogue_department *department = NULL;

	if (decision->candidate_count == 0 || decision->basket)
		return;
	if (!is_chosen(decision) && (is_basket(c, best) || !is_sure(c, best->department))) {
		candidate_doubt(c->arena, best, "score: not sure enough");
		return;
	}
	department = catalogue_department(c->d->catalogue, best->department);
	if (!department) {
		department_doubt(c, best);
		return;
	}
	decision->department = department;
	decision->topic = catalogue_topic(c->d->catalogue, best->topic);
	if (!is_chosen(decision))
		decision->outcome = KOPRU__V1__APPLICATION_ROUTED__OUTCOME__OUTCOME_SURE;
}

/* Whom to send somebody in danger to when nothing is sure: by a topic of life safety that is likely, by the words of
 * danger, by the best candidate. */
static void
danger_route(struct deciding_case *c)
{
	struct decision *decision = c->decision;
	const char *best = decision->candidate_count > 0 ? decision->candidates[0].topic : NULL;
	const char *codes[] = {c->alarming ? c->alarming->code : NULL, c->danger ? c->danger->topic : NULL, best};

	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]) && !decision->topic; i++) {
		const struct catalogue_topic *topic = codes[i] ? catalogue_topic(c->d->catalogue, codes[i]) : NULL;
		const struct catalogue_department *department =
		    topic ? catalogue_department(c->d->catalogue, topic->department) : NULL;

		if (!department)
			continue;
		decision->topic = topic;
		decision->department = department;
	}
}

/* An old system's case, which came in to be kept: not today's danger. */
static bool
is_old(const struct deciding_case *c)
{
	return strcmp(c->application->topic, DECIDING_DESK_TOPIC) == 0 && c->application->received_at > 0 &&
	       c->application->received_at < c->now - OLD_US;
}

/* Of life safety, and chosen by a person or not spoken of as what is no danger. */
static bool
is_alarming(const struct deciding_case *c, const struct catalogue_topic *topic)
{
	return *topic->emergency && (is_chosen(c->decision) || !dangers_calm(c->arena, c->folded, topic->code));
}

/* The likeliest topic of life safety among the candidates, or the one that it was routed as; NULL: none. */
static const struct catalogue_topic *
alarming_topic(const struct deciding_case *c)
{
	const struct decision *decision = c->decision;

	for (size_t i = 0; c->d->model && i < decision->candidate_count && !decision->basket; i++) {
		const struct catalogue_topic *topic = catalogue_topic(c->d->catalogue, decision->candidates[i].topic);

		if (decision->candidates[i].score >= URGENT_MIN && is_alarming(c, topic))
			return topic;
	}
	return decision->topic && is_alarming(c, decision->topic) ? decision->topic : NULL;
}

static void
urgency_see(struct deciding_case *c)
{
	struct decision *decision = c->decision;

	c->alarming = alarming_topic(c);
	if (c->danger)
		decision->emergency = c->danger->emergency;
	else if (c->alarming)
		decision->emergency = c->alarming->emergency;
	decision->urgent = *decision->emergency != '\0';
	if (decision->urgent && !decision->topic &&
	    decision->outcome == KOPRU__V1__APPLICATION_ROUTED__OUTCOME__OUTCOME_UNSPECIFIED)
		danger_route(c); /* neither chosen nor ruled otherwise */
}

static void
outcome_end(struct deciding_case *c)
{
	struct decision *decision = c->decision;

	if (decision->basket)
		decision->outcome = KOPRU__V1__APPLICATION_ROUTED__OUTCOME__OUTCOME_BASKET;
	else if (decision->outcome == KOPRU__V1__APPLICATION_ROUTED__OUTCOME__OUTCOME_UNSPECIFIED)
		decision->outcome = KOPRU__V1__APPLICATION_ROUTED__OUTCOME__OUTCOME_UNSURE;
	if (decision->candidate_count > 0) {
		const struct topics_candidate *best = &decision->candidates[0];

		decision->confidence = best->score;
		decision->sureness =
		    deciding_sureness(decision->candidates, decision->candidate_count, best->department);
	}
	if (decision->department->outside)
		decision->phone = decision->department->phone;
}

void
deciding_decide(const struct deciding *d, struct arena *a, const Kopru__V1__Application *application, int64_t now,
    struct decision *decision)
{
	struct deciding_case c = {.d = d, .arena = a, .application = application, .now = now, .decision = decision};

	*decision = (struct decision){.department = catalogue_department(d->catalogue, CATALOGUE_DESK),
	    .emergency = "",
	    .phone = "",
	    .rule = "",
	    .neighbourhood = "",
	    .street_owner = ""};
	text_fold(&c);
	deciding_place(&c);
	if (d->dangers && !is_old(&c))
		c.danger = dangers_find(d->dangers, a, c.folded, &c.danger_phrase);
	evidence_weigh(&c);
	best_route(&c);
	deciding_rules(&c);
	urgency_see(&c);
	outcome_end(&c);
	deciding_words(&c);
	deciding_sentence(&c);
}
