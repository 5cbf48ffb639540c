/* rules: see rules.h. */
#include "services/notifier/rules.h"

#include <string.h>

#include "services/notifier/template.h"

#define ALLOW(field) TEMPLATE_ALLOW(TEMPLATE_##field)
#define COMMON                                                                                                         \
	(ALLOW(NUMBER) | ALLOW(RECEIVED_ON) | ALLOW(DUE_ON) | ALLOW(DEPARTMENT) | ALLOW(LAW) | ALLOW(TRACKING_URL) |   \
	    ALLOW(ACCESS_CODE) | ALLOW(OPT_OUT_URL))

/* Of the case, nothing of the applicant. */
#define STAFF (ALLOW(NUMBER) | ALLOW(RECEIVED_ON) | ALLOW(DEPARTMENT) | ALLOW(TOPIC) | ALLOW(CASE_URL))

const struct template_rule template_rules[] = {
    /* Whoever controls the address need not be the applicant: nothing of the case. */
    {TEMPLATE_CONFIRM, POLICY_AT_MOST_ONCE,
	ALLOW(NUMBER) | ALLOW(RECEIVED_ON) | ALLOW(CONFIRM_URL) | ALLOW(OPT_OUT_URL), false},
    {"received", POLICY_AT_MOST_ONCE, COMMON, false},
    {"assigned", POLICY_AT_MOST_ONCE, COMMON, false},
    {"question", POLICY_AT_LEAST_ONCE, COMMON | ALLOW(TEXT) | ALLOW(ANSWER_BY), false},
    {"reminder", POLICY_AT_MOST_ONCE, COMMON | ALLOW(TEXT) | ALLOW(ANSWER_BY), false},
    {"interim_answer", POLICY_AT_LEAST_ONCE, COMMON | ALLOW(TEXT) | ALLOW(FINAL_BY) | ALLOW(JOINT), false},
    {"answered", POLICY_AT_LEAST_ONCE, COMMON | ALLOW(TEXT) | ALLOW(JOINT), false},
    {"closed", POLICY_AT_MOST_ONCE, COMMON | ALLOW(REASON), false},
    {"forwarded", POLICY_AT_LEAST_ONCE,
	COMMON | ALLOW(LAW_FORWARD) | ALLOW(INSTITUTION) | ALLOW(LETTER_ON) | ALLOW(LETTER_NUMBER), false},
    {"rejected", POLICY_AT_LEAST_ONCE, COMMON | ALLOW(TEXT) | ALLOW(REJECT_REASON), false},
    {"merged", POLICY_AT_MOST_ONCE, COMMON, false},
    {"unmerged", POLICY_AT_MOST_ONCE, COMMON, false},
    {"reopened", POLICY_AT_MOST_ONCE, COMMON | ALLOW(REASON), false},
    {"withdrawn", POLICY_AT_MOST_ONCE, COMMON, false},
    {"deadline_moved", POLICY_AT_MOST_ONCE, COMMON | ALLOW(REASON) | ALLOW(OLD_DUE_ON), false},
    {"fee_told", POLICY_AT_LEAST_ONCE, COMMON | ALLOW(TEXT) | ALLOW(PAY_BY), false},
    {"fee_paid", POLICY_AT_MOST_ONCE, COMMON, false},
    {"fee_unpaid", POLICY_AT_LEAST_ONCE, COMMON | ALLOW(PAY_BY), false},
    {"date_promised", POLICY_AT_MOST_ONCE, COMMON | ALLOW(PROMISED_ON) | ALLOW(REASON), false},
    {"promise_moved", POLICY_AT_LEAST_ONCE, COMMON | ALLOW(PROMISED_ON) | ALLOW(OLD_PROMISED_ON) | ALLOW(REASON),
	false},
    {TEMPLATE_STAFF_ESCALATION, POLICY_AT_LEAST_ONCE,
	STAFF | ALLOW(DUE_ON) | ALLOW(CLOCK) | ALLOW(CLOCK_EN) | ALLOW(STAGE), true},
    {TEMPLATE_STAFF_PAGE, POLICY_AT_LEAST_ONCE, STAFF | ALLOW(EMERGENCY), true},
    {TEMPLATE_STAFF_SUMMARY, POLICY_AT_LEAST_ONCE, ALLOW(COUNT) | ALLOW(TEXT), true},
    {NULL, NULL, 0, false},
};

static void
fill_question(const Kopru__V1__Event *event, struct notice_fields *f)
{
	f->text = event->citizen_asked->text;
	f->answer_by = event->citizen_asked->answer_by;
}

static void
fill_reminder(const Kopru__V1__Event *event, struct notice_fields *f)
{
	f->text = event->citizen_reminded->text;
	f->answer_by = event->citizen_reminded->answer_by;
}

static void
fill_interim_answer(const Kopru__V1__Event *event, struct notice_fields *f)
{
	f->text = event->interim_answer_given->text;
	f->final_by = event->interim_answer_given->final_by;
	f->joint = *event->interim_answer_given->leading_number;
}

static void
fill_answer(const Kopru__V1__Event *event, struct notice_fields *f)
{
	f->text = event->case_answered->text;
	f->joint = *event->case_answered->leading_number;
}

/* The letter to the institution is not the applicant's to read here. */
static void
fill_forward(const Kopru__V1__Event *event, struct notice_fields *f)
{
	const Kopru__V1__CaseForwarded *forwarded = event->case_forwarded;

	f->institution = *forwarded->institution_name ? forwarded->institution_name : forwarded->institution;
	f->letter_on = forwarded->letter_on;
	f->letter_number = forwarded->letter_number;
}

static void
fill_rejection(const Kopru__V1__Event *event, struct notice_fields *f)
{
	f->text = event->case_rejected->text;
	f->reject_reason = (int32_t)event->case_rejected->reason;
}

static void
fill_reopening(const Kopru__V1__Event *event, struct notice_fields *f)
{
	f->reason = event->case_reopened->reason;
}

static void
fill_closing(const Kopru__V1__Event *event, struct notice_fields *f)
{
	f->reason = event->case_closed->reason;
}

static void
fill_deadline(const Kopru__V1__Event *event, struct notice_fields *f)
{
	f->old_due_on = event->deadline_moved->old_due_on;
	f->reason = event->deadline_moved->reason;
}

/* The municipality's own targets are nobody else's. */
static bool
tells_deadline(const Kopru__V1__Event *event)
{
	Kopru__V1__Clock clock = event->deadline_moved->clock;

	return clock == KOPRU__V1__CLOCK__CLOCK_UNSPECIFIED || clock == KOPRU__V1__CLOCK__CLOCK_LAW;
}

static void
fill_fee(const Kopru__V1__Event *event, struct notice_fields *f)
{
	f->text = event->fee_told->text;
	f->pay_by = event->fee_told->pay_by;
}

static void
fill_promise(const Kopru__V1__Event *event, struct notice_fields *f)
{
	f->promised_on = event->date_promised->promised_on;
	f->old_promised_on = event->date_promised->old_promised_on;
	f->reason = event->date_promised->reason;
}

static void
fill_unpaid(const Kopru__V1__Event *event, struct notice_fields *f)
{
	f->pay_by = event->standing->fee_due_on;
}

/* Why a case was assigned, transferred, merged or taken apart is among officials, and may speak of others; why it was
 * withdrawn is the applicant's own text. */
static const struct event_rule event_rules[] = {
    {KOPRU__V1__EVENT__BODY_APPLICATION_ROUTED, "received", NULL, NULL},
    {KOPRU__V1__EVENT__BODY_CASE_ASSIGNED, "assigned", NULL, NULL},
    {KOPRU__V1__EVENT__BODY_CASE_ACCEPTED, NULL, NULL, NULL},
    {KOPRU__V1__EVENT__BODY_CASE_TRANSFERRED, "assigned", NULL, NULL},
    {KOPRU__V1__EVENT__BODY_CASE_HANDED_BACK, NULL, NULL, NULL},
    {KOPRU__V1__EVENT__BODY_CITIZEN_ASKED, "question", fill_question, NULL},
    {KOPRU__V1__EVENT__BODY_CITIZEN_REMINDED, "reminder", fill_reminder, NULL},
    {KOPRU__V1__EVENT__BODY_QUESTION_EXPIRED, NULL, NULL, NULL},
    {KOPRU__V1__EVENT__BODY_CITIZEN_REPLIED, NULL, NULL, NULL},
    {KOPRU__V1__EVENT__BODY_CITIZEN_ADDED, NULL, NULL, NULL},
    {KOPRU__V1__EVENT__BODY_NOTE_ADDED, NULL, NULL, NULL},
    {KOPRU__V1__EVENT__BODY_ANSWER_DRAFTED, NULL, NULL, NULL},
    {KOPRU__V1__EVENT__BODY_ANSWER_APPROVED, NULL, NULL, NULL},
    {KOPRU__V1__EVENT__BODY_CASE_ANSWERED, "answered", fill_answer, NULL},
    {KOPRU__V1__EVENT__BODY_INTERIM_ANSWER_GIVEN, "interim_answer", fill_interim_answer, NULL},
    {KOPRU__V1__EVENT__BODY_CASE_FORWARDED, "forwarded", fill_forward, NULL},
    {KOPRU__V1__EVENT__BODY_CASE_REJECTED, "rejected", fill_rejection, NULL},
    {KOPRU__V1__EVENT__BODY_CASE_MERGED, "merged", NULL, NULL},
    {KOPRU__V1__EVENT__BODY_CASE_UNMERGED, "unmerged", NULL, NULL},
    {KOPRU__V1__EVENT__BODY_MEMBER_ADDED, NULL, NULL, NULL},
    {KOPRU__V1__EVENT__BODY_MEMBER_REMOVED, NULL, NULL, NULL},
    {KOPRU__V1__EVENT__BODY_CASE_SPLIT, NULL, NULL, NULL},
    {KOPRU__V1__EVENT__BODY_PART_ANSWERED, NULL, NULL, NULL},
    {KOPRU__V1__EVENT__BODY_CASE_REOPENED, "reopened", fill_reopening, NULL},
    {KOPRU__V1__EVENT__BODY_CASE_CLOSED, "closed", fill_closing, NULL},
    {KOPRU__V1__EVENT__BODY_CASE_WITHDRAWN, "withdrawn", NULL, NULL},
    {KOPRU__V1__EVENT__BODY_DEADLINE_MOVED, "deadline_moved", fill_deadline, tells_deadline},
    {KOPRU__V1__EVENT__BODY_CASE_ESCALATED, NULL, NULL, NULL},
    {KOPRU__V1__EVENT__BODY_FEE_TOLD, "fee_told", fill_fee, NULL},
    {KOPRU__V1__EVENT__BODY_FEE_PAID, "fee_paid", NULL, NULL},
    {KOPRU__V1__EVENT__BODY_DATE_PROMISED, "date_promised", fill_promise, NULL},
};

const struct template_rule *
template_rule_find(const char *name)
{
	for (const struct template_rule *rule = template_rules; rule->name; rule++)
		if (strcmp(rule->name, name) == 0)
			return rule;
	return NULL;
}

/* By the router's own clock: the fee was not paid in time. */
static const struct event_rule unpaid_rule = {KOPRU__V1__EVENT__BODY_CASE_WITHDRAWN, "fee_unpaid", fill_unpaid, NULL};
static const struct event_rule moved_rule = {KOPRU__V1__EVENT__BODY_DATE_PROMISED, "promise_moved", fill_promise, NULL};

const struct event_rule *
event_rule_of(const Kopru__V1__Event *event)
{
	if (event->body_case == KOPRU__V1__EVENT__BODY_CASE_WITHDRAWN && event->standing &&
	    event->standing->fee_due_on != 0)
		return &unpaid_rule;
	if (event->body_case == KOPRU__V1__EVENT__BODY_DATE_PROMISED && event->date_promised->old_promised_on != 0)
		return &moved_rule;
	return event_rule_find((int)event->body_case);
}

const struct event_rule *
event_rule_find(int body_case)
{
	for (size_t i = 0; i < sizeof(event_rules) / sizeof(event_rules[0]); i++)
		if (event_rules[i].body_case == body_case)
			return &event_rules[i];
	return NULL;
}
