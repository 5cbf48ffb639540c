/* step: one reader for each event that says more than that it happened. */
#include "services/reporting/step.h"

#include "common/domain/calendar.h"
#include "common/domain/words.h"

typedef void step_reader(const Kopru__V1__Event *event, struct step *s);

static const char *
text_or_null(const char *text)
{
	return text && *text ? text : NULL;
}

static void
assigned_read(const Kopru__V1__Event *event, struct step *s)
{
	s->internal = event->case_assigned->reason;
}

static void
transferred_read(const Kopru__V1__Event *event, struct step *s)
{
	s->internal = event->case_transferred->reason;
}

static void
handed_back_read(const Kopru__V1__Event *event, struct step *s)
{
	s->internal = event->case_handed_back->reason;
}

static void
asked_read(const Kopru__V1__Event *event, struct step *s)
{
	s->text = event->citizen_asked->text;
	s->day = event->citizen_asked->answer_by;
}

static void
reminded_read(const Kopru__V1__Event *event, struct step *s)
{
	s->day = event->citizen_reminded->answer_by;
}

static void
expired_read(const Kopru__V1__Event *event, struct step *s)
{
	s->day = event->question_expired->answer_by;
}

static void
replied_read(const Kopru__V1__Event *event, struct step *s)
{
	s->text = event->citizen_replied->text;
}

static void
added_read(const Kopru__V1__Event *event, struct step *s)
{
	s->text = event->citizen_added->text;
}

static void
note_read(const Kopru__V1__Event *event, struct step *s)
{
	s->internal = event->note_added->text;
}

static void
drafted_read(const Kopru__V1__Event *event, struct step *s)
{
	s->internal = event->answer_drafted->text;
}

static void
approved_read(const Kopru__V1__Event *event, struct step *s)
{
	s->internal = event->answer_approved->text;
}

static void
answered_read(const Kopru__V1__Event *event, struct step *s)
{
	s->text = event->case_answered->text;
}

static void
interim_read(const Kopru__V1__Event *event, struct step *s)
{
	s->text = event->interim_answer_given->text;
	s->day = event->interim_answer_given->final_by;
}

static void
forwarded_read(const Kopru__V1__Event *event, struct step *s)
{
	s->internal = event->case_forwarded->letter;
	s->name = event->case_forwarded->institution_name;
	s->reference = event->case_forwarded->letter_number;
	s->day = event->case_forwarded->letter_on;
}

static void
rejected_read(const Kopru__V1__Event *event, struct step *s)
{
	s->text = event->case_rejected->text;
	s->code = (int32_t)event->case_rejected->reason;
}

static void
merged_read(const Kopru__V1__Event *event, struct step *s)
{
	s->internal = event->case_merged->reason;
}

static void
unmerged_read(const Kopru__V1__Event *event, struct step *s)
{
	s->internal = event->case_unmerged->reason;
}

static void
member_added_read(const Kopru__V1__Event *event, struct step *s)
{
	s->name = event->member_added->member_number;
}

static void
member_removed_read(const Kopru__V1__Event *event, struct step *s)
{
	s->name = event->member_removed->member_number;
}

static void
split_read(const Kopru__V1__Event *event, struct step *s)
{
	s->internal = event->case_split->reason;
}

static void
part_answered_read(const Kopru__V1__Event *event, struct step *s)
{
	s->internal = event->part_answered->text;
	s->code = event->part_answered->part ? (int32_t)event->part_answered->part->number : 0;
}

static void
reopened_read(const Kopru__V1__Event *event, struct step *s)
{
	s->internal = event->case_reopened->reason;
}

static void
closed_read(const Kopru__V1__Event *event, struct step *s)
{
	s->internal = event->case_closed->reason;
}

static void
withdrawn_read(const Kopru__V1__Event *event, struct step *s)
{
	s->text = event->case_withdrawn->reason;
}

/* The citizen's is the law's date; the municipality's own target is for those who work on the case. */
static void
deadline_read(const Kopru__V1__Event *event, struct step *s)
{
	const Kopru__V1__DeadlineMoved *moved = event->deadline_moved;

	if (moved->clock != KOPRU__V1__CLOCK__CLOCK_UNSPECIFIED && moved->clock != KOPRU__V1__CLOCK__CLOCK_LAW) {
		s->visible = false;
		s->internal = moved->reason;
		s->day = moved->old_target_on;
		return;
	}
	s->text = moved->reason;
	s->day = moved->old_due_on;
	s->due_on = event->standing ? event->standing->due_on : 0;
}

/* Among officials: the citizen's is the date, not who was reminded of it. */
static void
escalated_read(const Kopru__V1__Event *event, struct step *s)
{
	s->code = (int32_t)event->case_escalated->stage;
	s->internal = word_token(clock_words, (int)event->case_escalated->clock);
	s->day = date_in_istanbul(event->case_escalated->due_at - 1);
}

static void
fee_told_read(const Kopru__V1__Event *event, struct step *s)
{
	s->text = event->fee_told->text;
	s->day = event->fee_told->pay_by;
}

static void
fee_paid_read(const Kopru__V1__Event *event, struct step *s)
{
	s->internal = event->fee_paid->evidence;
	s->day = event->fee_paid->paid_on;
	s->due_on = event->standing ? event->standing->due_on : 0;
}

static void
promised_read(const Kopru__V1__Event *event, struct step *s)
{
	s->text = event->date_promised->reason;
	s->day = event->date_promised->promised_on;
}

static const struct {
	Kopru__V1__Event__BodyCase body;
	bool visible;
	step_reader *read; /* NULL: it says no more */
} readers[] = {
    {KOPRU__V1__EVENT__BODY_APPLICATION_RECEIVED, true, NULL},
    {KOPRU__V1__EVENT__BODY_APPLICATION_ROUTED, true, NULL},
    {KOPRU__V1__EVENT__BODY_CASE_ASSIGNED, true, assigned_read},
    {KOPRU__V1__EVENT__BODY_CASE_ACCEPTED, true, NULL},
    {KOPRU__V1__EVENT__BODY_CASE_TRANSFERRED, true, transferred_read},
    {KOPRU__V1__EVENT__BODY_CASE_HANDED_BACK, true, handed_back_read},
    {KOPRU__V1__EVENT__BODY_CITIZEN_ASKED, true, asked_read},
    {KOPRU__V1__EVENT__BODY_CITIZEN_REMINDED, true, reminded_read},
    {KOPRU__V1__EVENT__BODY_QUESTION_EXPIRED, true, expired_read},
    {KOPRU__V1__EVENT__BODY_CITIZEN_REPLIED, true, replied_read},
    {KOPRU__V1__EVENT__BODY_CITIZEN_ADDED, true, added_read},
    {KOPRU__V1__EVENT__BODY_NOTE_ADDED, false, note_read},
    {KOPRU__V1__EVENT__BODY_ANSWER_DRAFTED, false, drafted_read},
    {KOPRU__V1__EVENT__BODY_ANSWER_APPROVED, false, approved_read},
    {KOPRU__V1__EVENT__BODY_CASE_ANSWERED, true, answered_read},
    {KOPRU__V1__EVENT__BODY_INTERIM_ANSWER_GIVEN, true, interim_read},
    {KOPRU__V1__EVENT__BODY_CASE_FORWARDED, true, forwarded_read},
    {KOPRU__V1__EVENT__BODY_CASE_REJECTED, true, rejected_read},
    {KOPRU__V1__EVENT__BODY_CASE_MERGED, true, merged_read},
    {KOPRU__V1__EVENT__BODY_CASE_UNMERGED, true, unmerged_read},
    {KOPRU__V1__EVENT__BODY_MEMBER_ADDED, false, member_added_read},
    {KOPRU__V1__EVENT__BODY_MEMBER_REMOVED, false, member_removed_read},
    {KOPRU__V1__EVENT__BODY_CASE_SPLIT, true, split_read},
    {KOPRU__V1__EVENT__BODY_PART_ANSWERED, false, part_answered_read},
    {KOPRU__V1__EVENT__BODY_CASE_REOPENED, true, reopened_read},
    {KOPRU__V1__EVENT__BODY_CASE_CLOSED, true, closed_read},
    {KOPRU__V1__EVENT__BODY_CASE_WITHDRAWN, true, withdrawn_read},
    {KOPRU__V1__EVENT__BODY_DEADLINE_MOVED, true, deadline_read},
    {KOPRU__V1__EVENT__BODY_CASE_ESCALATED, false, escalated_read},
    {KOPRU__V1__EVENT__BODY_FEE_TOLD, true, fee_told_read},
    {KOPRU__V1__EVENT__BODY_FEE_PAID, true, fee_paid_read},
    {KOPRU__V1__EVENT__BODY_DATE_PROMISED, true, promised_read},
};

/* Where the case stands: the first two events say it in their own body. */
static void
place_read(const Kopru__V1__Event *event, struct step *s)
{
	const Kopru__V1__Standing *standing = event->standing;

	if (event->body_case == KOPRU__V1__EVENT__BODY_APPLICATION_RECEIVED) {
		s->state = KOPRU__V1__STATE__STATE_RECEIVED;
		s->at = event->application_received->application->received_at;
	} else if (event->body_case == KOPRU__V1__EVENT__BODY_APPLICATION_ROUTED) {
		s->state = (int32_t)event->application_routed->state;
		s->department = text_or_null(event->application_routed->department);
		s->department_name = text_or_null(event->application_routed->department_name);
	} else if (standing) {
		s->state = (int32_t)standing->state;
		s->department = text_or_null(standing->department);
		s->department_name = text_or_null(standing->department_name);
		s->department_name_en = text_or_null(standing->department_name_en);
	}
}

void
step_read_event(const Kopru__V1__Event *event, struct step *step)
{
	struct step s = {.version = (int32_t)event->version, .at = event->at};

	uuid_from_bytes(event->application_id.data, event->application_id.len, &s.application_id);
	s.event = word_token(event_words, (int)event->body_case);
	if (event->actor) {
		s.actor_type = (int32_t)event->actor->type;
		s.actor_role = (int32_t)event->actor->role;
		s.actor_department = text_or_null(event->actor->department);
	}
	place_read(event, &s);
	for (size_t i = 0; i < sizeof(readers) / sizeof(readers[0]); i++) {
		if (readers[i].body != event->body_case)
			continue;
		s.visible = readers[i].visible;
		if (readers[i].read)
			readers[i].read(event, &s);
	}
	s.text = text_or_null(s.text);
	s.internal = text_or_null(s.internal);
	s.name = text_or_null(s.name);
	s.reference = text_or_null(s.reference);
	*step = s;
}

static struct part
part_read(const Kopru__V1__Event *event, const Kopru__V1__Part *from)
{
	struct part part = {
	    .number = (int32_t)from->number,
	    .version = (int32_t)event->version,
	    .department = from->department,
	    .department_name = from->department_name,
	    .task = text_or_null(from->task),
	    .answered_at = from->answered ? event->at : 0,
	};

	uuid_from_bytes(event->application_id.data, event->application_id.len, &part.application_id);
	return part;
}

size_t
step_read_parts(const Kopru__V1__Event *event, struct part *parts, size_t max)
{
	size_t count = 0;

	if (event->body_case == KOPRU__V1__EVENT__BODY_CASE_SPLIT) {
		for (size_t i = 0; i < event->case_split->n_parts && count < max; i++)
			parts[count++] = part_read(event, event->case_split->parts[i]);
	} else if (event->body_case == KOPRU__V1__EVENT__BODY_PART_ANSWERED && event->part_answered->part && max > 0) {
		parts[count] = part_read(event, event->part_answered->part);
		parts[count].answered_at = event->at;
		parts[count++].answer = text_or_null(event->part_answered->text);
	}
	return count;
}
