/* line_events: what each type of event says besides where its case stands: one table. */
#include "services/department/line_parts.h"

/* Rows of one type of event stand together. */
#define ROW(tag, message, field, name, put)                                                                            \
	{                                                                                                              \
		KOPRU__V1__EVENT__BODY_##tag, name, put, offsetof(Kopru__V1__##message, field)                         \
	}

/* at: the whole message. */
static void
put_parts(json_t *object, const char *name, const void *at)
{
	const Kopru__V1__CaseSplit *split = at;
	json_t *list = json_array(), *holder = json_object();

	for (size_t i = 0; i < split->n_parts; i++) {
		line_put_part(holder, name, &split->parts[i]);
		json_array_append(list, json_object_get(holder, name));
	}
	json_decref(holder);
	json_object_set_new(object, name, list);
}

static const struct line_field fields[] = {
    ROW(APPLICATION_RECEIVED, ApplicationReceived, application, "due_on", line_put_due_on),
    ROW(APPLICATION_RECEIVED, ApplicationReceived, application, "application", line_put_application),
    ROW(APPLICATION_ROUTED, ApplicationRouted, department, "department", line_put_text),
    ROW(APPLICATION_ROUTED, ApplicationRouted, department_name, "department_name", line_put_text),
    ROW(APPLICATION_ROUTED, ApplicationRouted, outside, "outside", line_put_switch),
    ROW(APPLICATION_ROUTED, ApplicationRouted, topic, "topic", line_put_text),
    ROW(APPLICATION_ROUTED, ApplicationRouted, topic_name, "topic_name", line_put_text),
    ROW(APPLICATION_ROUTED, ApplicationRouted, state, "state", line_put_state),
    ROW(APPLICATION_ROUTED, ApplicationRouted, triage, "triage", line_put_switch),
    ROW(APPLICATION_ROUTED, ApplicationRouted, application, "due_on", line_put_due_on),
    ROW(APPLICATION_ROUTED, ApplicationRouted, target_on, "target_on", line_put_date),
    ROW(APPLICATION_ROUTED, ApplicationRouted, outcome, "outcome", line_put_outcome),
    ROW(APPLICATION_ROUTED, ApplicationRouted, urgent, "urgent", line_put_switch),
    ROW(APPLICATION_ROUTED, ApplicationRouted, emergency, "emergency", line_put_text),
    ROW(APPLICATION_ROUTED, ApplicationRouted, institution_phone, "institution_phone", line_put_text),
    ROW(APPLICATION_ROUTED, ApplicationRouted, rule, "rule", line_put_text),
    ROW(APPLICATION_ROUTED, ApplicationRouted, reason_tr, "reason", line_put_text),
    ROW(APPLICATION_ROUTED, ApplicationRouted, reason_en, "reason_en", line_put_text),
    ROW(APPLICATION_ROUTED, ApplicationRouted, n_matters, "matters", line_put_matters),
    ROW(APPLICATION_ROUTED, ApplicationRouted, application, "application", line_put_application),
    ROW(ERASED, Erased, reason, "reason", line_put_text),
    ROW(CASE_ASSIGNED, CaseAssigned, from_department, "from_department", line_put_text),
    ROW(CASE_ASSIGNED, CaseAssigned, reason, "reason", line_put_text),
    ROW(CASE_ASSIGNED, CaseAssigned, application, "application", line_put_application),
    ROW(CASE_TRANSFERRED, CaseTransferred, from_department, "from_department", line_put_text),
    ROW(CASE_TRANSFERRED, CaseTransferred, reason, "reason", line_put_text),
    ROW(CASE_TRANSFERRED, CaseTransferred, application, "application", line_put_application),
    ROW(CASE_HANDED_BACK, CaseHandedBack, from_department, "from_department", line_put_text),
    ROW(CASE_HANDED_BACK, CaseHandedBack, reason, "reason", line_put_text),
    ROW(CASE_HANDED_BACK, CaseHandedBack, application, "application", line_put_application),
    ROW(CITIZEN_ASKED, CitizenAsked, text, "text", line_put_text),
    ROW(CITIZEN_ASKED, CitizenAsked, answer_by, "answer_by", line_put_date),
    ROW(CITIZEN_REMINDED, CitizenReminded, text, "text", line_put_text),
    ROW(CITIZEN_REMINDED, CitizenReminded, answer_by, "answer_by", line_put_date),
    ROW(QUESTION_EXPIRED, QuestionExpired, answer_by, "answer_by", line_put_date),
    ROW(CITIZEN_REPLIED, CitizenReplied, text, "text", line_put_text),
    ROW(CITIZEN_REPLIED, CitizenReplied, n_attachments, "attachments", line_put_attachments),
    ROW(CITIZEN_ADDED, CitizenAdded, text, "text", line_put_text),
    ROW(CITIZEN_ADDED, CitizenAdded, n_attachments, "attachments", line_put_attachments),
    ROW(NOTE_ADDED, NoteAdded, text, "text", line_put_text),
    ROW(ANSWER_DRAFTED, AnswerDrafted, text, "text", line_put_text),
    ROW(ANSWER_APPROVED, AnswerApproved, text, "text", line_put_text),
    ROW(ANSWER_APPROVED, AnswerApproved, drafted_by, "drafted_by", line_put_actor),
    ROW(CASE_ANSWERED, CaseAnswered, text, "text", line_put_text),
    ROW(CASE_ANSWERED, CaseAnswered, leading_number, "leading_number", line_put_text),
    ROW(CASE_ANSWERED, CaseAnswered, approved_by, "approved_by", line_put_actor),
    ROW(INTERIM_ANSWER_GIVEN, InterimAnswerGiven, text, "text", line_put_text),
    ROW(INTERIM_ANSWER_GIVEN, InterimAnswerGiven, final_by, "final_by", line_put_date),
    ROW(INTERIM_ANSWER_GIVEN, InterimAnswerGiven, leading_number, "leading_number", line_put_text),
    ROW(CASE_FORWARDED, CaseForwarded, from_department, "from_department", line_put_text),
    ROW(CASE_FORWARDED, CaseForwarded, institution, "institution", line_put_text),
    ROW(CASE_FORWARDED, CaseForwarded, institution_name, "institution_name", line_put_text),
    ROW(CASE_FORWARDED, CaseForwarded, letter, "letter", line_put_text),
    ROW(CASE_FORWARDED, CaseForwarded, letter_on, "letter_on", line_put_date),
    ROW(CASE_FORWARDED, CaseForwarded, letter_number, "letter_number", line_put_text),
    ROW(CASE_FORWARDED, CaseForwarded, application, "application", line_put_application),
    ROW(CASE_REJECTED, CaseRejected, reason, "reason", line_put_reject_reason),
    ROW(CASE_REJECTED, CaseRejected, text, "text", line_put_text),
    ROW(CASE_MERGED, CaseMerged, reason, "reason", line_put_text),
    ROW(CASE_UNMERGED, CaseUnmerged, reason, "reason", line_put_text),
    ROW(CASE_UNMERGED, CaseUnmerged, from, "from", line_put_uuid),
    ROW(CASE_UNMERGED, CaseUnmerged, from_number, "from_number", line_put_text),
    ROW(MEMBER_ADDED, MemberAdded, member, "member", line_put_uuid),
    ROW(MEMBER_ADDED, MemberAdded, member_number, "member_number", line_put_text),
    ROW(MEMBER_REMOVED, MemberRemoved, member, "member", line_put_uuid),
    ROW(MEMBER_REMOVED, MemberRemoved, member_number, "member_number", line_put_text),
    ROW(CASE_SPLIT, CaseSplit, base, "parts", put_parts),
    ROW(CASE_SPLIT, CaseSplit, reason, "reason", line_put_text),
    ROW(CASE_SPLIT, CaseSplit, application, "application", line_put_application),
    ROW(PART_ANSWERED, PartAnswered, part, "part", line_put_part),
    ROW(PART_ANSWERED, PartAnswered, text, "text", line_put_text),
    ROW(CASE_REOPENED, CaseReopened, reason, "reason", line_put_text),
    ROW(CASE_CLOSED, CaseClosed, reason, "reason", line_put_text),
    ROW(CASE_WITHDRAWN, CaseWithdrawn, reason, "reason", line_put_text),
    ROW(DEADLINE_MOVED, DeadlineMoved, old_due_on, "old_due_on", line_put_date),
    ROW(DEADLINE_MOVED, DeadlineMoved, reason, "reason", line_put_text),
    ROW(DEADLINE_MOVED, DeadlineMoved, calendar_version, "calendar_version", line_put_number),
    ROW(DEADLINE_MOVED, DeadlineMoved, clock, "clock", line_put_clock),
    ROW(DEADLINE_MOVED, DeadlineMoved, old_target_on, "old_target_on", line_put_date),
    ROW(CASE_ESCALATED, CaseEscalated, clock, "clock", line_put_clock),
    ROW(CASE_ESCALATED, CaseEscalated, stage, "stage", line_put_number),
    ROW(CASE_ESCALATED, CaseEscalated, due_at, "due_at", line_put_time),
    ROW(CASE_ESCALATED, CaseEscalated, to, "to", line_put_role),
    ROW(CASE_ESCALATED, CaseEscalated, to_mayor, "to_mayor", line_put_switch),
    ROW(CASE_ESCALATED, CaseEscalated, overtaken, "overtaken", line_put_number),
    ROW(FEE_TOLD, FeeTold, text, "text", line_put_text),
    ROW(FEE_TOLD, FeeTold, pay_by, "pay_by", line_put_date),
    ROW(FEE_PAID, FeePaid, paid_on, "paid_on", line_put_date),
    ROW(FEE_PAID, FeePaid, evidence, "evidence", line_put_text),
    ROW(FEE_PAID, FeePaid, old_due_on, "old_due_on", line_put_date),
    ROW(DATE_PROMISED, DatePromised, promised_on, "promised_on", line_put_date),
    ROW(DATE_PROMISED, DatePromised, old_promised_on, "old_promised_on", line_put_date),
    ROW(DATE_PROMISED, DatePromised, reason, "reason", line_put_text),
    {0},
};

bool
line_put_body(json_t *object, const Kopru__V1__Event *event)
{
	const struct word *word = word_find(event_words, (int)event->body_case);

	if (!word)
		return false;
	line_set_text(object, "type", word->token);
	/* Whichever body it has, its address stands in the same place. */
	line_put_fields(object, fields, (int)event->body_case, event->case_assigned);
	return true;
}
