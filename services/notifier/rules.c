/* rules: see rules.h. */
#include "services/notifier/rules.h"

#include <string.h>

#include "services/notifier/template.h"

#define ALLOW(field) TEMPLATE_ALLOW(TEMPLATE_##field)
#define COMMON                                                                                                         \
	(ALLOW(NUMBER) | ALLOW(RECEIVED_ON) | ALLOW(DUE_ON) | ALLOW(DEPARTMENT) | ALLOW(LAW) | ALLOW(TRACKING_URL) |   \
	    ALLOW(ACCESS_CODE) | ALLOW(OPT_OUT_URL))

const struct template_rule template_rules[] = {
    /* Whoever controls the address need not be the applicant: nothing of the case. */
    {TEMPLATE_CONFIRM, POLICY_AT_MOST_ONCE,
	ALLOW(NUMBER) | ALLOW(RECEIVED_ON) | ALLOW(CONFIRM_URL) | ALLOW(OPT_OUT_URL)},
    {"received", POLICY_AT_MOST_ONCE, COMMON},
    {"assigned", POLICY_AT_MOST_ONCE, COMMON},
    {"question", POLICY_AT_LEAST_ONCE, COMMON | ALLOW(TEXT) | ALLOW(ANSWER_BY)},
    {"reminder", POLICY_AT_MOST_ONCE, COMMON | ALLOW(TEXT) | ALLOW(ANSWER_BY)},
    {"interim_answer", POLICY_AT_LEAST_ONCE, COMMON | ALLOW(TEXT) | ALLOW(FINAL_BY) | ALLOW(JOINT)},
    {"answered", POLICY_AT_LEAST_ONCE, COMMON | ALLOW(TEXT) | ALLOW(JOINT)},
    {"closed", POLICY_AT_MOST_ONCE, COMMON | ALLOW(REASON)},
    {"forwarded", POLICY_AT_LEAST_ONCE,
	COMMON | ALLOW(LAW_FORWARD) | ALLOW(INSTITUTION) | ALLOW(LETTER_ON) | ALLOW(LETTER_NUMBER)},
    {"rejected", POLICY_AT_LEAST_ONCE, COMMON | ALLOW(TEXT) | ALLOW(REJECT_REASON)},
    {"merged", POLICY_AT_MOST_ONCE, COMMON},
    {"unmerged", POLICY_AT_MOST_ONCE, COMMON},
    {"reopened", POLICY_AT_MOST_ONCE, COMMON | ALLOW(REASON)},
    {"withdrawn", POLICY_AT_MOST_ONCE, COMMON},
    {"deadline_moved", POLICY_AT_MOST_ONCE, COMMON | ALLOW(REASON) | ALLOW(OLD_DUE_ON)},
    {NULL, NULL, 0},
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
    {KOPRU__V1__EVENT__BODY_FEE_TOLD, NULL, NULL, NULL},
    {KOPRU__V1__EVENT__BODY_FEE_PAID, NULL, NULL, NULL},
    {KOPRU__V1__EVENT__BODY_DATE_PROMISED, NULL, NULL, NULL},
};

const struct template_rule *
template_rule_find(const char *name)
{
	for (const struct template_rule *rule = template_rules; rule->name; rule++)
		if (strcmp(rule->name, name) == 0)
			return rule;
	return NULL;
}

const struct event_rule *
event_rule_find(int body_case)
{
	for (size_t i = 0; i < sizeof(event_rules) / sizeof(event_rules[0]); i++)
		if (event_rules[i].body_case == body_case)
			return &event_rules[i];
	return NULL;
}
