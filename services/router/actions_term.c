/* actions_term: what is told about terms: the fee that interrupts one, its payment, and the dates that are promised. */
#include "common/domain/deadlines.h"
#include "common/domain/words.h"
#include "services/router/actions_internal.h"

#define EVENT(name) KOPRU__V1__EVENT__BODY_##name
#define FEE_WORKING_DAYS 15 /* to pay; Law 4982 art. 11 */

static const char *
basis_name(const struct deed *d, int basis)
{
	const struct word *word = word_find(legal_basis_words, basis);

	return !word ? "?" : d->order->english ? word->name_en : word->name_tr;
}

/* The term is interrupted, and begins anew with the payment: until then the last day is the one that follows when it is
 * paid in time, at the last moment. */
bool
action_tell_fee(struct deed *d)
{
	struct case_record *r = d->record;
	const struct calendar *calendar = catalogue_calendar(d->cases->catalogue);
	int32_t today = d->cases->today;
	int32_t pay_by = calendar_add_working_days(calendar, today, FEE_WORKING_DAYS);
	struct case_telling telling = {0};
	Kopru__V1__FeeTold body;
	char day[DATE_TEXT_SIZE];

	if (r->legal_basis != KOPRU__V1__LEGAL_BASIS__LEGAL_BASIS_4982)
		return deed_invalid(d, SENTENCE_FEE_BASIS, basis_name(d, r->legal_basis));
	if (r->fee_told_on != 0)
		return deed_conflict(d, SENTENCE_FEE_TWICE, NULL);
	date_text(r->due_on, day);
	if (today > r->due_on)
		return deed_conflict(d, SENTENCE_FEE_LATE, day);
	if (!deed_day(d, FIELD_PAY_BY, pay_by, today + ACTIONS_DAYS_MAX, &pay_by))
		return false;
	r->fee_told_on = today;
	r->fee_due_on = pay_by;
	r->due_on = deadline_legal(calendar, r->legal_basis, pay_by, r->extended).on;
	kopru__v1__fee_told__init(&body);
	body.text = deed_string(d, d->order->text);
	body.pay_by = pay_by;
	deed_tell(d, &telling, EVENT(FEE_TOLD), &body);
	return true;
}

bool
action_fee_was_paid(struct deed *d)
{
	struct case_record *r = d->record;
	int32_t paid_on = d->cases->today;
	struct case_telling telling = {0};
	Kopru__V1__FeePaid body;

	if (r->fee_due_on == 0)
		return deed_conflict(d, SENTENCE_FEE_NONE, NULL);
	if (!deed_day(d, FIELD_PAID_ON, r->fee_told_on, d->cases->today, &paid_on))
		return false;
	kopru__v1__fee_paid__init(&body);
	body.paid_on = paid_on;
	body.evidence = deed_string(d, d->order->reason);
	body.old_due_on = r->due_on;
	r->fee_due_on = 0;
	r->clocks[KOPRU__V1__CLOCK__CLOCK_LAW] =
	    (struct case_clock){.exists = true, .changed = true, .started_at = d->cases->now, .started_on = paid_on};
	r->due_on = deadline_legal(catalogue_calendar(d->cases->catalogue), r->legal_basis, paid_on, r->extended).on;
	deed_tell(d, &telling, EVENT(FEE_PAID), &body);
	return true;
}

bool
action_promise(struct deed *d)
{
	struct case_record *r = d->record;
	int32_t today = d->cases->today, promised_on = 0;
	struct case_telling telling = {0};
	Kopru__V1__DatePromised body;
	char day[DATE_TEXT_SIZE];

	if (!deed_day(d, FIELD_PROMISED_ON, today, today + ACTIONS_DAYS_MAX, &promised_on))
		return false;
	date_text(r->promised_on, day);
	if (promised_on == r->promised_on)
		return deed_conflict(d, SENTENCE_PROMISE_SAME, day);
	if (r->promised_on != 0 && d->order->reason[0] == '\0')
		return deed_invalid(d, SENTENCE_PROMISE_REASON, day);
	kopru__v1__date_promised__init(&body);
	body.promised_on = promised_on;
	body.old_promised_on = r->promised_on;
	body.reason = deed_string(d, d->order->reason);
	r->promised_on = promised_on;
	deed_tell(d, &telling, EVENT(DATE_PROMISED), &body);
	return true;
}

/* Whom a stage of each clock is told, beside those of the stages below it. */
static const struct ladder {
	int clock; /* 0: of any other */
	unsigned from; /* percent */
	int role;
	bool to_mayor;
} ladder[] = {
    {KOPRU__V1__CLOCK__CLOCK_TARGET, 100, KOPRU__V1__ACTOR__ROLE__ROLE_ARBITER, false},
    {KOPRU__V1__CLOCK__CLOCK_TARGET, 75, KOPRU__V1__ACTOR__ROLE__ROLE_MANAGER, false},
    {KOPRU__V1__CLOCK__CLOCK_TARGET, 0, KOPRU__V1__ACTOR__ROLE__ROLE_OFFICER, false},
    {0, 100, KOPRU__V1__ACTOR__ROLE__ROLE_ARBITER, true},
    {0, 90, KOPRU__V1__ACTOR__ROLE__ROLE_ARBITER, false},
    {KOPRU__V1__CLOCK__CLOCK_ARBITER, 0, KOPRU__V1__ACTOR__ROLE__ROLE_ARBITER, false},
    {0, 75, KOPRU__V1__ACTOR__ROLE__ROLE_MANAGER, false},
    {0, 0, KOPRU__V1__ACTOR__ROLE__ROLE_OFFICER, false},
};

static const struct ladder *
ladder_find(int clock, unsigned stage)
{
	const struct ladder *step = ladder;

	while (step->from > stage || (step->clock != 0 && step->clock != clock))
		step++;
	return step;
}

/* Due is what the table says; a higher stage than the next one must have passed, too. */
static bool
is_due(const struct deed *d, const struct case_clock *clock)
{
	const struct order *o = d->order;
	int next = clocks_stage_after(clock->stage), stage = (int)o->stage;

	if (!clock->exists || clock->stopped_at != 0 || clock->due_at != o->clock_due_at || next == 0 || stage < next ||
	    stage != clocks_stage_after(stage - 1) || clock->next_at == 0 || clock->next_at > d->cases->now)
		return false;
	return stage == next || clocks_stage_passed(d->cases->catalogue, o->clock, clock, stage, d->cases->now);
}

bool
action_escalate(struct deed *d)
{
	const struct order *o = d->order;
	struct case_clock *clock = NULL;
	const struct ladder *to = NULL;
	struct case_telling telling = {.internal = true};
	Kopru__V1__CaseEscalated body;
	int next = 0;

	if (o->clock <= 0 || o->clock >= CLOCKS_KINDS || o->stage > INT16_MAX)
		return deed_conflict(d, SENTENCE_NOT_DUE, NULL);
	clock = &d->record->clocks[o->clock];
	if (!is_due(d, clock))
		return deed_conflict(d, SENTENCE_NOT_DUE, NULL);
	next = clocks_stage_after(clock->stage);
	to = ladder_find(o->clock, o->stage);
	kopru__v1__case_escalated__init(&body);
	body.clock = (Kopru__V1__Clock)o->clock;
	body.stage = o->stage;
	body.due_at = clock->due_at;
	body.to = (Kopru__V1__Actor__Role)to->role;
	body.to_mayor = to->to_mayor;
	body.overtaken = next < (int)o->stage ? (uint32_t)next : 0;
	clock->stage = (int)o->stage;
	clock->changed = true;
	deed_tell(d, &telling, EVENT(CASE_ESCALATED), &body);
	return true;
}
