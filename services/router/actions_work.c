/* actions_work: whose a case is, notes, terms, and its end. */
#include <string.h>

#include "common/domain/deadlines.h"
#include "common/domain/words.h"
#include "services/router/actions_internal.h"
#include "services/router/routing.h"

#define HAND_BACKS_TO_ARBITER 2
#define EVENT(name) KOPRU__V1__EVENT__BODY_##name

/* The case is another department's from now on; a draft of the former one goes. */
static void
move(struct deed *d, const struct catalogue_department *department)
{
	struct case_record *r = d->record;

	record_drop_draft(r);
	r->department = deed_string(d, department->code);
	r->state = d->order->rule->to;
	r->triage = false;
	r->with_arbiter = false;
	r->arbiter_due_on = 0;
}

static void
topic_set(struct deed *d, const struct catalogue_topic *topic)
{
	struct case_record *r = d->record;
	const struct case_clock *clock = &r->clocks[KOPRU__V1__CLOCK__CLOCK_TARGET];
	int64_t from = r->term_from ? r->term_from : clock->exists ? clock->started_at : r->received_at;

	r->topic = topic ? deed_string(d, topic->code) : NULL;
	r->target_on = routing_target(d->cases->catalogue, topic, from, r->term_from ? NULL : r->application).on;
}

/* When the law's term began: with the receipt, or anew since; while a fee is awaited, with its payment on the last day. */
static int32_t
term_started_on(const struct case_record *r)
{
	const struct case_clock *clock = &r->clocks[KOPRU__V1__CLOCK__CLOCK_LAW];

	if (r->fee_due_on != 0)
		return r->fee_due_on;
	return clock->exists ? clock->started_on : record_received_on(r);
}

bool
action_assign(struct deed *d)
{
	const struct order *o = d->order;
	const struct catalogue_department *department = catalogue_department(d->cases->catalogue, o->department);
	const struct catalogue_topic *topic = catalogue_topic(d->cases->catalogue, o->topic);
	const char *from = d->record->department;
	struct case_telling telling = {0};
	Kopru__V1__CaseAssigned body;

	if (!department)
		return deed_invalid(d, SENTENCE_DEPARTMENT_UNKNOWN, o->department);
	if (o->topic[0] != '\0' && !topic)
		return deed_invalid(d, SENTENCE_TOPIC_UNKNOWN, o->topic);
	move(d, department);
	topic_set(d, topic);
	kopru__v1__case_assigned__init(&body);
	body.from_department = deed_string(d, from);
	body.reason = deed_string(d, o->reason);
	if (strcmp(from, department->code) != 0) {
		telling.gets = department->code;
		telling.also = from;
		telling.application = &body.application;
	}
	deed_tell(d, &telling, EVENT(CASE_ASSIGNED), &body);
	return true;
}

bool
action_accept(struct deed *d)
{
	struct case_telling telling = {0};
	Kopru__V1__CaseAccepted body;

	d->record->state = d->order->rule->to;
	d->record->triage = false;
	kopru__v1__case_accepted__init(&body);
	deed_tell(d, &telling, EVENT(CASE_ACCEPTED), &body);
	return true;
}

bool
action_transfer(struct deed *d)
{
	const struct order *o = d->order;
	const struct catalogue_department *department = catalogue_department(d->cases->catalogue, o->department);
	const char *from = d->record->department;
	struct case_telling telling = {.also = from};
	Kopru__V1__CaseTransferred body;

	if (!department)
		return deed_invalid(d, SENTENCE_DEPARTMENT_UNKNOWN, o->department);
	if (strcmp(from, department->code) == 0)
		return deed_invalid(d, SENTENCE_DEPARTMENT_SAME, o->department);
	move(d, department);
	kopru__v1__case_transferred__init(&body);
	body.from_department = deed_string(d, from);
	body.reason = deed_string(d, o->reason);
	telling.gets = department->code;
	telling.application = &body.application;
	deed_tell(d, &telling, EVENT(CASE_TRANSFERRED), &body);
	return true;
}

/* The citizen's clock runs on; what two departments did not want, the arbiter decides on. */
bool
action_hand_back(struct deed *d)
{
	struct case_record *r = d->record;
	const struct cases *c = d->cases;
	const char *from = r->department;
	struct case_telling telling = {.gets = CATALOGUE_DESK, .also = from};
	Kopru__V1__CaseHandedBack body;

	move(d, catalogue_department(c->catalogue, CATALOGUE_DESK));
	r->triage = !r->topic;
	r->hand_backs++;
	if (r->hand_backs >= HAND_BACKS_TO_ARBITER) {
		r->with_arbiter = true;
		r->arbiter_due_on = calendar_add_working_days(
		    catalogue_calendar(c->catalogue), c->today, c->settings->arbiter_working_days);
	}
	kopru__v1__case_handed_back__init(&body);
	body.from_department = deed_string(d, from);
	body.reason = deed_string(d, d->order->reason);
	telling.application = &body.application;
	deed_tell(d, &telling, EVENT(CASE_HANDED_BACK), &body);
	return true;
}

bool
action_note(struct deed *d)
{
	struct case_telling telling = {.internal = true};
	Kopru__V1__NoteAdded body;

	kopru__v1__note_added__init(&body);
	body.text = deed_string(d, d->order->text);
	deed_tell(d, &telling, EVENT(NOTE_ADDED), &body);
	return true;
}

bool
action_extend(struct deed *d)
{
	struct case_record *r = d->record;
	const struct word *basis = word_find(legal_basis_words, r->legal_basis);
	char day[DATE_TEXT_SIZE];
	struct case_telling telling = {0};
	Kopru__V1__DeadlineMoved body;

	if (r->legal_basis != KOPRU__V1__LEGAL_BASIS__LEGAL_BASIS_4982)
		return deed_invalid(d, SENTENCE_EXTEND_BASIS,
		    !basis              ? "?"
		    : d->order->english ? basis->name_en
					: basis->name_tr);
	if (r->extended)
		return deed_conflict(d, SENTENCE_EXTEND_TWICE, NULL);
	date_text(r->due_on, day);
	if (d->cases->today > r->due_on)
		return deed_conflict(d, SENTENCE_EXTEND_LATE, day);
	kopru__v1__deadline_moved__init(&body);
	body.old_due_on = r->due_on;
	body.reason = deed_string(d, d->order->reason);
	r->extended = true;
	r->due_on =
	    deadline_legal(catalogue_calendar(d->cases->catalogue), r->legal_basis, term_started_on(r), true).on;
	deed_tell(d, &telling, EVENT(DEADLINE_MOVED), &body);
	return true;
}

/* What was merged into it stands alone again; where it was merged itself, the leading case is told. By the router's
 * clock: the fee was not paid in time, which counts as a withdrawal (Law 4982 art. 11). */
bool
action_withdraw(struct deed *d)
{
	struct case_record *r = d->record, *member = NULL;
	struct case_record *leader = r->merged ? cases_find(d->cases, &r->merged_into) : NULL;
	struct case_telling telling = {.to_parts = true};
	Kopru__V1__CaseWithdrawn body;
	bool unpaid = (d->order->rule->who & d->who) == LIFECYCLE_SERVICE;
	int32_t fee_due_on = r->fee_due_on;
	size_t i = 0;

	if (unpaid && (fee_due_on == 0 || fee_due_on >= d->cases->today))
		return deed_conflict(d, SENTENCE_NOT_DUE, NULL);
	while ((member = cases_member(d->cases, r, &i)))
		deed_unmerge(d, member, sentence_make(d->cases->arena, SENTENCE_LEADER_WITHDRAWN, false, NULL));
	record_finish(r, d->order->rule->to);
	r->fee_due_on = unpaid ? fee_due_on : 0; /* says why */
	if (leader)
		deed_member_removed(d, leader, r);
	kopru__v1__case_withdrawn__init(&body);
	body.reason = deed_string(
	    d, unpaid ? sentence_make(d->cases->arena, SENTENCE_FEE_UNPAID, false, NULL) : d->order->reason);
	deed_tell(d, &telling, EVENT(CASE_WITHDRAWN), &body);
	return true;
}

bool
action_close(struct deed *d)
{
	struct case_telling telling = {0};
	Kopru__V1__CaseClosed body;

	d->record->state = d->order->rule->to;
	kopru__v1__case_closed__init(&body);
	body.reason = deed_string(d, d->order->reason);
	deed_tell(d, &telling, EVENT(CASE_CLOSED), &body);
	return true;
}

/* Parts belonged to the answer before, and so did the term: the law's begins anew. */
bool
action_reopen(struct deed *d)
{
	struct case_record *r = d->record;
	struct case_telling telling = {0};
	Kopru__V1__CaseReopened body;
	int32_t due_on = 0;

	r->state = d->order->rule->to;
	r->final_owed = false;
	r->extended = false;
	r->fee_told_on = r->fee_due_on = 0;
	r->term_from = d->cases->now;
	due_on = deadline_legal(catalogue_calendar(d->cases->catalogue), r->legal_basis, d->cases->today, false).on;
	r->due_on = due_on != 0 ? due_on : r->due_on;
	topic_set(d, r->topic ? catalogue_topic(d->cases->catalogue, r->topic) : NULL);
	if (r->part_count > 0) {
		r->part_count = 0;
		r->parts_changed = true;
	}
	kopru__v1__case_reopened__init(&body);
	body.reason = deed_string(d, d->order->reason);
	deed_tell(d, &telling, EVENT(CASE_REOPENED), &body);
	return true;
}
