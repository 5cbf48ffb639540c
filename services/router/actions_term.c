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
