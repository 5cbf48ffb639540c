/* actions_answer: drafts and their approval, final and interim answers, forwarding and rejecting. What is done to a
 * leading case is done to its members too, each with its own event. */
#include <string.h>

#include "services/router/actions_internal.h"
#include "services/router/cover_letter.h"

#define EVENT(name) KOPRU__V1__EVENT__BODY_##name
#define CODE(name) KOPRU__V1__REPLY__CODE__CODE_##name

static bool
same_actor(const Kopru__V1__Actor *a, const Kopru__V1__Actor *b)
{
	return a->type == b->type && strcmp(a->id, b->id) == 0;
}

static Kopru__V1__Actor *
actor_copy(struct deed *d, const Kopru__V1__Actor *actor)
{
	return actor ? arena_copy(d->cases->arena, actor, sizeof(*actor)) : NULL;
}

bool
action_draft(struct deed *d)
{
	struct case_record *r = d->record;
	struct case_telling telling = {.internal = true};
	Kopru__V1__AnswerDrafted body;

	r->draft = d->order->text;
	r->drafted_by = d->order->actor;
	r->approved_by = NULL;
	r->draft_changed = true;
	kopru__v1__answer_drafted__init(&body);
	body.text = deed_string(d, r->draft);
	deed_tell(d, &telling, EVENT(ANSWER_DRAFTED), &body);
	return true;
}

/* Four eyes: never by whoever drafted it. A department's software is one actor; it answers with its own text. */
bool
action_approve(struct deed *d)
{
	struct case_record *r = d->record;
	struct case_telling telling = {.internal = true};
	Kopru__V1__AnswerApproved body;

	if (!r->draft)
		return deed_conflict(d, SENTENCE_DRAFT_NONE, NULL);
	if (r->approved_by)
		return deed_conflict(d, SENTENCE_DRAFT_APPROVED, NULL);
	if (same_actor(r->drafted_by, d->order->actor))
		return deed_refuse(d, CODE(FORBIDDEN), SENTENCE_FOUR_EYES, NULL);
	r->approved_by = d->order->actor;
	r->draft_changed = true;
	kopru__v1__answer_approved__init(&body);
	body.text = deed_string(d, r->draft);
	body.drafted_by = actor_copy(d, r->drafted_by);
	deed_tell(d, &telling, EVENT(ANSWER_APPROVED), &body);
	return true;
}

/* The leading case (record NULL) and then each member. leading is the leading case's number for a member, "" else. */
typedef void one_do(struct deed *d, struct case_record *r, const char *leading, const void *what);

static void
each(struct deed *d, one_do *one, const void *what)
{
	struct case_record *leader = d->record, *member = NULL;
	size_t i = 0;

	while ((member = cases_member(d->cases, leader, &i)))
		one(d, member, leader->number, what);
	one(d, leader, "", what); /* last: the reply says its place */
}

/* What is answered. */
struct answer {
	const char *text;
	const Kopru__V1__Actor *approved_by;
};

static void
answer_one(struct deed *d, struct case_record *r, const char *leading, const void *what)
{
	const struct answer *answer = what;
	struct case_telling telling = {.record = r, .to_parts = true};
	Kopru__V1__CaseAnswered body;

	record_finish(r, d->order->rule->to);
	r->final_owed = false;
	r->answers++;
	kopru__v1__case_answered__init(&body);
	body.text = deed_string(d, answer->text);
	body.leading_number = deed_string(d, leading);
	body.approved_by = actor_copy(d, answer->approved_by);
	deed_tell(d, &telling, EVENT(CASE_ANSWERED), &body);
}

static const char *
parts_open(struct deed *d)
{
	const struct case_record *r = d->record;
	const char *all = NULL;

	for (size_t i = 0; i < r->part_count; i++) {
		if (!r->parts[i].answered)
			all = arena_printf(
			    d->cases->arena, "%s%s%s", all ? all : "", all ? ", " : "", r->parts[i].department);
	}
	return all;
}

bool
action_answer(struct deed *d)
{
	const struct case_record *r = d->record;
	struct answer answer = {d->order->text, NULL};
	const char *open = NULL;

	if (d->order->way == LIFECYCLE_OF_PART)
		return action_answer_part(d);
	if (d->order->way == LIFECYCLE_WITH_DRAFT) {
		if (!r->draft)
			return deed_conflict(d, SENTENCE_DRAFT_NONE, NULL);
		if (!r->approved_by)
			return deed_conflict(d, SENTENCE_DRAFT_UNAPPROVED, NULL);
		answer = (struct answer){r->draft, r->approved_by};
	}
	if ((open = parts_open(d)))
		return deed_conflict(d, SENTENCE_PARTS_OPEN, open);
	each(d, answer_one, &answer);
	return true;
}

static void
interim_one(struct deed *d, struct case_record *r, const char *leading, const void *what)
{
	const int32_t *final_by = what;
	struct case_telling telling = {.record = r};
	Kopru__V1__InterimAnswerGiven body;

	r->final_owed = true;
	if (*final_by != 0)
		r->promised_on = *final_by;
	kopru__v1__interim_answer_given__init(&body);
	body.text = deed_string(d, d->order->text);
	body.final_by = *final_by;
	body.leading_number = deed_string(d, leading);
	deed_tell(d, &telling, EVENT(INTERIM_ANSWER_GIVEN), &body);
}

bool
action_interim_answer(struct deed *d)
{
	int32_t final_by = 0, today = d->cases->today;

	if (!deed_day(d, FIELD_FINAL_BY, today, today + ACTIONS_DAYS_MAX, &final_by))
		return false;
	each(d, interim_one, &final_by);
	return true;
}

/* To where, and when. */
struct forwarding {
	const struct catalogue_department *institution;
	int32_t letter_on;
};

/* As somebody wrote it, else from the institution's template: each application has its own number and day. */
static const char *
letter_of(struct deed *d, const struct case_record *r, const struct forwarding *forwarding)
{
	const struct catalogue_topic *topic = r->topic ? catalogue_topic(d->cases->catalogue, r->topic) : NULL;
	const struct cover_letter_words words = {
	    .number = r->number,
	    .received_on = record_received_on(r),
	    .topic = topic ? topic->name_tr : NULL,
	    .institution = forwarding->institution->name_tr,
	};

	if (*d->order->text)
		return d->order->text;
	return cover_letter_compose(d->cases->arena, forwarding->institution->letter, &words);
}

/* The file stays with the department that forwarded it: it answers for the forwarding, and reopens it when the
 * institution says that it is not competent. */
static void
forward_one(struct deed *d, struct case_record *r, const char *leading, const void *what)
{
	const struct forwarding *forwarding = what;
	struct case_telling telling = {.record = r, .gets = forwarding->institution->code, .to_parts = false};
	Kopru__V1__CaseForwarded body;

	(void)leading;
	record_finish(r, d->order->rule->to);
	kopru__v1__case_forwarded__init(&body);
	body.from_department = deed_string(d, r->department);
	body.institution = deed_string(d, forwarding->institution->code);
	body.institution_name = deed_string(d, forwarding->institution->name_tr);
	body.letter = deed_string(d, letter_of(d, r, forwarding));
	body.letter_on = forwarding->letter_on;
	body.letter_number = deed_string(d, d->order->letter_number);
	telling.application = &body.application;
	deed_tell(d, &telling, EVENT(CASE_FORWARDED), &body);
}

bool
action_forward(struct deed *d)
{
	const char *code = d->order->department;
	struct forwarding forwarding = {catalogue_department(d->cases->catalogue, code), d->cases->today};

	if (!forwarding.institution)
		return deed_invalid(d, SENTENCE_DEPARTMENT_UNKNOWN, code);
	if (!forwarding.institution->outside)
		return deed_invalid(d, SENTENCE_INSTITUTION_INSIDE, code);
	if (*d->order->text == '\0' && *forwarding.institution->letter == '\0')
		return deed_invalid(d, SENTENCE_LETTER_NONE, code);
	if (!deed_day(d, FIELD_LETTER_ON, record_received_on(d->record), d->cases->today, &forwarding.letter_on))
		return false;
	each(d, forward_one, &forwarding);
	return true;
}

static void
reject_one(struct deed *d, struct case_record *r, const char *leading, const void *what)
{
	struct case_telling telling = {.record = r, .to_parts = true};
	Kopru__V1__CaseRejected body;

	(void)leading;
	(void)what;
	record_finish(r, d->order->rule->to);
	kopru__v1__case_rejected__init(&body);
	body.reason = (Kopru__V1__CaseRejected__Reason)d->order->legal_reason;
	body.text = deed_string(d, d->order->text);
	deed_tell(d, &telling, EVENT(CASE_REJECTED), &body);
}

bool
action_reject(struct deed *d)
{
	each(d, reject_one, NULL);
	return true;
}
