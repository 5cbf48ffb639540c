/* actions_question: asking the citizen, what becomes of the question, and what the citizen adds unasked. */
#include "services/router/actions_internal.h"

#define EVENT(name) KOPRU__V1__EVENT__BODY_##name

/* Halfway; a question of one day is not reminded of. */
static int32_t
halfway(int32_t today, int32_t answer_by)
{
	return answer_by - today >= 2 ? today + (answer_by - today) / 2 : 0;
}

bool
action_ask(struct deed *d)
{
	struct case_record *r = d->record;
	int32_t today = d->cases->today, answer_by = today + d->cases->settings->question_days;
	struct case_telling telling = {0};
	Kopru__V1__CitizenAsked body;

	if (!deed_day(d, FIELD_ANSWER_BY, today + 1, today + ACTIONS_DAYS_MAX, &answer_by))
		return false;
	r->question = d->order->text;
	r->answer_by = answer_by;
	r->remind_on = halfway(today, answer_by);
	r->question_changed = true;
	r->state = d->order->rule->to;
	r->triage = false;
	kopru__v1__citizen_asked__init(&body);
	body.text = deed_string(d, r->question);
	body.answer_by = answer_by;
	deed_tell(d, &telling, EVENT(CITIZEN_ASKED), &body);
	return true;
}

bool
action_reply(struct deed *d)
{
	Kopru__V1__CitizenReplied body;
	struct case_telling telling = {.attachments = &body.attachments, .attachment_count = &body.n_attachments};

	record_drop_question(d->record);
	d->record->state = d->order->rule->to;
	kopru__v1__citizen_replied__init(&body);
	body.text = deed_string(d, d->order->text);
	body.attachments = d->order->attachments;
	body.n_attachments = d->order->attachment_count;
	deed_tell(d, &telling, EVENT(CITIZEN_REPLIED), &body);
	return true;
}

/* Whoever works on it hears of it: the departments of its parts, and where it is merged, that of the leading case. */
bool
action_add(struct deed *d)
{
	const struct case_record *r = d->record, *leader = r->merged ? cases_find(d->cases, &r->merged_into) : NULL;
	Kopru__V1__CitizenAdded body;
	struct case_telling telling = {.also = leader ? leader->department : NULL,
	    .to_parts = true,
	    .attachments = &body.attachments,
	    .attachment_count = &body.n_attachments};

	kopru__v1__citizen_added__init(&body);
	body.text = deed_string(d, d->order->text);
	body.attachments = d->order->attachments;
	body.n_attachments = d->order->attachment_count;
	deed_tell(d, &telling, EVENT(CITIZEN_ADDED), &body);
	return true;
}

bool
action_remind(struct deed *d)
{
	struct case_record *r = d->record;
	struct case_telling telling = {0};
	Kopru__V1__CitizenReminded body;

	if (!r->question || r->remind_on == 0 || r->remind_on > d->cases->today)
		return deed_conflict(d, SENTENCE_NOT_DUE, NULL);
	r->remind_on = 0;
	r->question_changed = true;
	kopru__v1__citizen_reminded__init(&body);
	body.text = deed_string(d, r->question);
	body.answer_by = r->answer_by;
	deed_tell(d, &telling, EVENT(CITIZEN_REMINDED), &body);
	return true;
}

bool
action_expire(struct deed *d)
{
	struct case_record *r = d->record;
	struct case_telling telling = {0};
	Kopru__V1__QuestionExpired body;

	if (r->answer_by >= d->cases->today)
		return deed_conflict(d, SENTENCE_NOT_DUE, NULL);
	kopru__v1__question_expired__init(&body);
	body.answer_by = r->answer_by;
	record_drop_question(r);
	r->state = d->order->rule->to;
	deed_tell(d, &telling, EVENT(QUESTION_EXPIRED), &body);
	return true;
}
