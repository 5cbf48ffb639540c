/* router_actions: what the table of the lifecycle cannot say: versions, drafts, questions, merging, splitting, masking. */
#include "services/router/actions.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/domain/deadlines.h"
#include "tests/harness/case_world.h"

#define CLOCK_LAW KOPRU__V1__CLOCK__CLOCK_LAW
#define CLOCK_TARGET KOPRU__V1__CLOCK__CLOCK_TARGET

static struct verdict
decide_as(struct world *w, int role, const char *department, int action, enum lifecycle_way way, struct case_record *r)
{
	actor_set(&w->actor, TYPE(SYSTEM), "somebody", role, department);
	return actions_decide(&w->cases, order_set(w, action, way, r));
}

static void
test_a_wrong_version_is_a_conflict_that_tells_the_right_one(void **state)
{
	struct world *w = *state;
	struct case_record *r = NULL;
	struct verdict verdict;

	begin(w);
	r = record_add(w, 0);
	actor_set(&w->actor, TYPE(SYSTEM), "somebody", ROLE(MANAGER), "TEM");
	order_set(w, ACTION(ACCEPT), LIFECYCLE_PLAIN, r)->expected_version = 7;
	verdict = actions_decide(&w->cases, &w->order);
	assert_int_equal(verdict.code, CODE(CONFLICT));
	assert_int_equal(verdict.version, 2);
	assert_non_null(strstr(verdict.text, "version 2"));
	assert_true(verdict.kept);
	w->order.application_id.bytes[0] = 99; /* there is no such case */
	verdict = actions_decide(&w->cases, &w->order);
	assert_int_equal(verdict.code, CODE(NOT_FOUND));
	assert_false(verdict.kept);
}

static void
test_a_refusal_says_what_is_allowed(void **state)
{
	struct world *w = *state;
	struct case_record *r = NULL;
	struct verdict verdict;

	begin(w);
	r = record_add(w, 0);
	r->state = STATE(ANSWERED);
	verdict = decide_as(w, ROLE(MANAGER), "TEM", ACTION(ACCEPT), LIFECYCLE_PLAIN, r);
	assert_non_null(strstr(verdict.text, "Answered"));
	assert_non_null(strstr(verdict.text, "Close"));
	assert_non_null(strstr(verdict.text, "Reopen"));
	assert_null(strstr(verdict.text, "Withdraw"));
	w->order.english = false;
	verdict = actions_decide(&w->cases, &w->order);
	assert_non_null(strstr(verdict.text, "Cevaplandı"));
	assert_non_null(strstr(verdict.text, "Yeniden aç"));
}

static void
test_two_hand_backs_go_to_the_arbiter(void **state)
{
	struct world *w = *state;
	struct case_record *r = NULL;

	begin(w);
	r = record_add(w, 0);
	r->topic = "TEM-01";
	assert_int_equal(decide_as(w, ROLE(OFFICER), "TEM", ACTION(HAND_BACK), LIFECYCLE_PLAIN, r).code, CODE(OK));
	assert_string_equal(r->department, "HM");
	assert_false(r->with_arbiter);
	assert_int_equal(decide_as(w, ROLE(CLERK), "", ACTION(ASSIGN), LIFECYCLE_PLAIN, r).code, CODE(OK));
	assert_string_equal(r->department, "ZAB");
	assert_int_equal(decide_as(w, ROLE(MANAGER), "ZAB", ACTION(HAND_BACK), LIFECYCLE_PLAIN, r).code, CODE(OK));
	assert_true(r->with_arbiter && r->hand_backs == 2);
	assert_int_equal(
	    r->arbiter_due_on, calendar_add_working_days(catalogue_calendar(w->catalogue), w->cases.today, 2));
	assert_int_equal(r->due_on, 20640); /* the citizen's clock runs on */
	assert_int_equal(decide_as(w, ROLE(CLERK), "", ACTION(ASSIGN), LIFECYCLE_PLAIN, r).code, CODE(FORBIDDEN));
	assert_int_equal(decide_as(w, ROLE(ARBITER), "", ACTION(ASSIGN), LIFECYCLE_PLAIN, r).code, CODE(OK));
	assert_false(r->with_arbiter);
	assert_int_equal(r->arbiter_due_on, 0);
	assert_int_equal(decide_as(w, ROLE(OFFICER), "ZAB", ACTION(HAND_BACK), LIFECYCLE_PLAIN, r).code, CODE(OK));
	assert_true(r->with_arbiter);
}

static void
test_four_eyes(void **state)
{
	struct world *w = *state;
	struct case_record *r = NULL;

	begin(w);
	r = record_add(w, 0);
	assert_int_equal(decide_as(w, ROLE(MANAGER), "TEM", ACTION(APPROVE), LIFECYCLE_PLAIN, r).code, CODE(CONFLICT));
	assert_int_equal(decide_as(w, ROLE(MANAGER), "TEM", ACTION(DRAFT), LIFECYCLE_PLAIN, r).code, CODE(OK));
	assert_int_equal(decide_as(w, ROLE(MANAGER), "TEM", ACTION(APPROVE), LIFECYCLE_PLAIN, r).code, CODE(FORBIDDEN));
	assert_int_equal(
	    decide_as(w, ROLE(OFFICER), "TEM", ACTION(ANSWER), LIFECYCLE_WITH_DRAFT, r).code, CODE(CONFLICT));
	r->drafted_by = &w->drafter;
	assert_int_equal(decide_as(w, ROLE(MANAGER), "TEM", ACTION(APPROVE), LIFECYCLE_PLAIN, r).code, CODE(OK));
	assert_int_equal(decide_as(w, ROLE(MANAGER), "TEM", ACTION(APPROVE), LIFECYCLE_PLAIN, r).code, CODE(CONFLICT));
	r->approved_by = &w->approver;
	assert_int_equal(decide_as(w, ROLE(OFFICER), "TEM", ACTION(ANSWER), LIFECYCLE_WITH_DRAFT, r).code, CODE(OK));
	assert_string_equal(event_in(w, "case", r)->case_answered->text, "text");
	assert_string_equal(event_in(w, "case", r)->case_answered->approved_by->id, "approver");
	assert_null(r->draft);
}

static void
test_a_new_draft_takes_the_approval_with_it(void **state)
{
	struct world *w = *state;
	struct case_record *r = NULL;

	begin(w);
	r = record_add(w, 0);
	r->draft = "old";
	r->drafted_by = &w->drafter;
	r->approved_by = &w->approver;
	assert_int_equal(decide_as(w, ROLE(OFFICER), "TEM", ACTION(DRAFT), LIFECYCLE_PLAIN, r).code, CODE(OK));
	assert_null(r->approved_by);
	assert_int_equal(
	    decide_as(w, ROLE(OFFICER), "TEM", ACTION(ANSWER), LIFECYCLE_WITH_DRAFT, r).code, CODE(CONFLICT));
}

/* I-13: what a department may not see is not in its bytes. */
static void
test_departments_see_what_they_may(void **state)
{
	struct world *w = *state;
	struct case_record *r = NULL;
	const Kopru__V1__Event *event = NULL;

	begin(w);
	r = record_add(w, 0);
	assert_int_equal(decide_as(w, ROLE(MANAGER), "TEM", ACTION(TRANSFER), LIFECYCLE_PLAIN, r).code, CODE(OK));
	event = event_in(w, "department/ZAB", r); /* gets it, whole */
	assert_string_equal(event->case_transferred->application->text, "Çöp alınmadı");
	assert_string_equal(event->case_transferred->application->applicant->name, "Deneme Şahıs");
	assert_string_equal(event->standing->applicant->email, "deneme@example.org");
	assert_int_equal(event->standing->access_code_generation, 0);
	event = event_in(w, "department/TEM", r); /* had it */
	assert_null(event->case_transferred->application);
	assert_true(event->standing->applicant->masked);
	assert_string_equal(event->standing->applicant->name, "");
	event = event_in(w, "case", r);
	assert_null(event->case_transferred->application);
	assert_int_equal(event->standing->access_code_generation, 1);

	w->applicant.hide_identity = true;
	assert_int_equal(decide_as(w, ROLE(MANAGER), "ZAB", ACTION(TRANSFER), LIFECYCLE_PLAIN, r).code, CODE(INVALID));
	order_set(w, ACTION(TRANSFER), LIFECYCLE_PLAIN, r)->department = "FEN";
	assert_int_equal(actions_decide(&w->cases, &w->order).code, CODE(OK));
	event = event_in(w, "department/FEN", r);
	assert_string_equal(event->case_transferred->application->text, "Çöp alınmadı");
	assert_string_equal(event->case_transferred->application->external_id, "");
	assert_string_equal(event->case_transferred->application->applicant->name, "");
	assert_string_equal(event->standing->applicant->email, "");
	assert_string_equal(event_in(w, "case", r)->standing->applicant->email, "deneme@example.org");
}

static void
test_notes_and_drafts_stay_in_the_house(void **state)
{
	struct world *w = *state;
	struct case_record *r = NULL;

	begin(w);
	r = record_add(w, 0);
	r->parts = arena_alloc(w->arena, sizeof(*r->parts));
	r->parts[0] = (struct case_part){1, "FEN", "task", true};
	r->part_count = 1;
	assert_int_equal(decide_as(w, ROLE(OFFICER), "TEM", ACTION(NOTE), LIFECYCLE_PLAIN, r).code, CODE(OK));
	assert_non_null(event_in(w, "department/TEM", r));
	assert_null(event_in(w, "department/FEN", r));
	assert_int_equal(w->cases.entry_count, 2);
}

static void
test_forwarding_tells_the_institution_without_the_applicant(void **state)
{
	struct world *w = *state;
	struct case_record *r = NULL;
	const Kopru__V1__Event *event = NULL;
	int32_t today = 0;

	begin(w);
	r = record_add(w, 0);
	today = w->cases.today;
	actor_set(&w->actor, TYPE(SYSTEM), "somebody", ROLE(MANAGER), "TEM");
	order_set(w, ACTION(FORWARD), LIFECYCLE_PLAIN, r)->department = "FEN";
	assert_int_equal(actions_decide(&w->cases, &w->order).code, CODE(INVALID)); /* not outside */
	w->order.department = "NONE";
	assert_int_equal(actions_decide(&w->cases, &w->order).code, CODE(INVALID));
	w->order.department = "KOSKI";
	w->order.day = today + 1;
	assert_int_equal(actions_decide(&w->cases, &w->order).code, CODE(INVALID)); /* a letter of tomorrow */
	w->order.day = 0;
	assert_int_equal(actions_decide(&w->cases, &w->order).code, CODE(OK));
	event = event_in(w, "department/KOSKI", r);
	assert_int_equal(event->case_forwarded->letter_on, today);
	assert_string_equal(event->case_forwarded->application->text, "Çöp alınmadı");
	assert_true(event->case_forwarded->application->applicant->masked);
	assert_string_equal(event->standing->applicant->name, "");
	assert_null(event_in(w, "department/TEM", r)->case_forwarded->application);
	assert_string_equal(r->department, "TEM");
}

/* The letter that the institution got. */
static const char *
letter_forwarded(struct world *w, const struct case_record *r)
{
	return event_in(w, "department/KOSKI", r)->case_forwarded->letter;
}

static void
test_forwarding_without_a_letter_composes_the_institutions(void **state)
{
	struct world *w = *state;
	struct case_record *r = NULL;
	const char *letter = NULL;

	begin(w);
	r = record_add(w, 0);
	actor_set(&w->actor, TYPE(SYSTEM), "somebody", ROLE(MANAGER), "TEM");
	order_set(w, ACTION(FORWARD), LIFECYCLE_PLAIN, r)->department = "NOLETTER";
	w->order.text = "";
	assert_int_equal(actions_decide(&w->cases, &w->order).code, CODE(INVALID));
	assert_int_equal(w->cases.entry_count, 0);
	w->order.department = "KOSKI";
	assert_int_equal(actions_decide(&w->cases, &w->order).code, CODE(OK));
	letter = letter_forwarded(w, r);
	assert_string_equal(
	    letter, arena_printf(w->arena, "KOSKİ: %s, 18.05.2026, başvuruda belirtilen konu {other", r->number));
	begin(w);
	r = record_add(w, 0);
	order_set(w, ACTION(FORWARD), LIFECYCLE_PLAIN, r)->department = "KOSKI";
	w->order.text = "Gereği için";
	assert_int_equal(actions_decide(&w->cases, &w->order).code, CODE(OK));
	assert_string_equal(letter_forwarded(w, r), "Gereği için");
}

static struct case_record *
merged_pair(struct world *w, struct case_record **leader)
{
	struct case_record *member = NULL;

	begin(w);
	member = record_add(w, 0);
	*leader = record_add(w, 1);
	(*leader)->department = "FEN";
	member->state = STATE(IN_PROGRESS);
	assert_int_equal(decide_as(w, ROLE(CLERK), "", ACTION(MERGE), LIFECYCLE_PLAIN, member).code, CODE(OK));
	return member;
}

static void
test_what_is_done_to_the_leading_case_is_done_to_its_members(void **state)
{
	struct world *w = *state;
	struct case_record *leader = NULL, *member = merged_pair(w, &leader);

	assert_string_equal(event_in(w, "case", leader)->member_added->member_number, member->number);
	assert_string_equal(event_in(w, "case", member)->standing->merged_into_number, leader->number);
	assert_int_equal(
	    decide_as(w, ROLE(MANAGER), "FEN", ACTION(INTERIM_ANSWER), LIFECYCLE_PLAIN, leader).code, CODE(OK));
	assert_int_equal(member->state, STATE(MERGED));
	assert_true(member->final_owed);
	assert_string_equal(event_in(w, "case", member)->interim_answer_given->leading_number, leader->number);
	assert_int_equal(
	    decide_as(w, ROLE(MANAGER), "FEN", ACTION(ANSWER), LIFECYCLE_WITH_TEXT, leader).code, CODE(OK));
	assert_int_equal(member->state, STATE(ANSWERED));
	assert_false(member->merged);
	assert_int_equal(member->answers, 1);
	assert_string_equal(event_in(w, "case", member)->case_answered->leading_number, leader->number);
	assert_string_equal(event_in(w, "case", leader)->case_answered->leading_number, "");
	assert_non_null(event_in(w, "department/TEM", member)->case_answered);
}

static void
file_set(struct world *w, Kopru__V1__Attachment *file)
{
	kopru__v1__attachment__init(file);
	file->id = (ProtobufCBinaryData){16, arena_alloc(w->arena, 16)};
	file->sha256 = (ProtobufCBinaryData){32, arena_alloc(w->arena, 32)};
	file->name = arena_string(w->arena, "Deneme Şahıs.jpg");
	file->media_type = arena_string(w->arena, "image/jpeg");
	file->size = 7;
}

/* The applicant adds to r; what stream got of it. */
static const Kopru__V1__CitizenAdded *
added_in(struct world *w, const char *stream, const struct case_record *r)
{
	const Kopru__V1__Event *event = event_in(w, stream, r);

	assert_non_null(event);
	assert_int_equal(event->body_case, KOPRU__V1__EVENT__BODY_CITIZEN_ADDED);
	assert_string_equal(event->citizen_added->text, "text");
	assert_int_equal(event->citizen_added->n_attachments, 1);
	assert_int_equal(event->citizen_added->attachments[0]->size, 7);
	return event->citizen_added;
}

/* I-13: whoever works on it hears of it, and reads names of files only where the applicant's is read. */
static void
test_an_addition_reaches_all_who_work_on_it(void **state)
{
	struct world *w = *state;
	struct case_record *leader = NULL, *r = merged_pair(w, &leader);
	Kopru__V1__Attachment file, *files[] = {&file};
	const Kopru__V1__Event *event = NULL;

	r->parts = arena_alloc(w->arena, sizeof(*r->parts));
	r->parts[0] = (struct case_part){1, "ZAB", "task", false};
	r->part_count = 1;
	file_set(w, &file);
	actor_set(&w->actor, TYPE(CITIZEN), "public", ROLE(APPLICANT), "");
	order_set(w, ACTION(CITIZEN_ADD), LIFECYCLE_PLAIN, r);
	w->order.attachments = files;
	w->order.attachment_count = 1;
	assert_int_equal(actions_decide(&w->cases, &w->order).code, CODE(OK));
	assert_int_equal(r->state, STATE(MERGED));
	assert_string_equal(added_in(w, "case", r)->attachments[0]->name, "Deneme Şahıs.jpg");
	assert_string_equal(added_in(w, "department/TEM", r)->attachments[0]->name, "Deneme Şahıs.jpg");
	assert_string_equal(added_in(w, "department/FEN", r)->attachments[0]->name, ""); /* of the leading case */
	assert_string_equal(added_in(w, "department/ZAB", r)->attachments[0]->name, ""); /* of a part */
	event = event_in(w, "department/FEN", r);
	assert_string_equal(event->standing->merged_into_number, leader->number);
	assert_string_equal(event->standing->applicant->name, "");

	w->applicant.hide_identity = true;
	w->order.expected_version = 0;
	assert_int_equal(actions_decide(&w->cases, &w->order).code, CODE(OK));
	assert_string_equal(added_in(w, "department/TEM", r)->attachments[0]->name, "");
	assert_string_equal(added_in(w, "case", r)->attachments[0]->name, "Deneme Şahıs.jpg");
	assert_string_equal(file.name, "Deneme Şahıs.jpg");
}

static void
test_a_reply_brings_its_files(void **state)
{
	struct world *w = *state;
	Kopru__V1__Attachment file, *files[] = {&file};
	struct case_record *r = NULL;

	begin(w);
	r = record_add(w, 0);
	r->state = STATE(WAITING_FOR_CITIZEN);
	w->applicant.anonymous = true;
	file_set(w, &file);
	actor_set(&w->actor, TYPE(CITIZEN), "public", ROLE(APPLICANT), "");
	order_set(w, ACTION(CITIZEN_REPLY), LIFECYCLE_PLAIN, r);
	w->order.attachments = files;
	w->order.attachment_count = 1;
	assert_int_equal(actions_decide(&w->cases, &w->order).code, CODE(OK));
	assert_string_equal(event_in(w, "case", r)->citizen_replied->attachments[0]->name, "Deneme Şahıs.jpg");
	assert_string_equal(event_in(w, "department/TEM", r)->citizen_replied->attachments[0]->name, "");
}

/* I-13: who brought it, recordings, public posts and names of files say who the applicant is. */
static void
test_origin_is_masked_with_the_applicant(void **state)
{
	struct world *w = *state;
	struct case_record *r = NULL;
	Kopru__V1__Attachment file, *files[] = {&file};
	Kopru__V1__Origin origin;
	const Kopru__V1__Application *shown = NULL;

	begin(w);
	r = record_add(w, 0);
	file_set(w, &file);
	kopru__v1__origin__init(&origin);
	origin.brought_by = origin.recording = origin.source_url = file.name;
	origin.entered_by = origin.registry_number = arena_string(w->arena, "E-1");
	origin.reply_by = 20000;
	w->application.origin = &origin;
	w->application.attachments = files;
	w->application.n_attachments = 1;
	assert_int_equal(decide_as(w, ROLE(MANAGER), "TEM", ACTION(TRANSFER), LIFECYCLE_PLAIN, r).code, CODE(OK));
	shown = event_in(w, "department/ZAB", r)->case_transferred->application;
	assert_string_equal(shown->origin->brought_by, "Deneme Şahıs.jpg");
	assert_string_equal(shown->attachments[0]->name, "Deneme Şahıs.jpg");
	w->applicant.anonymous = true;
	order_set(w, ACTION(TRANSFER), LIFECYCLE_PLAIN, r)->department = "TEM";
	actor_set(&w->actor, TYPE(SYSTEM), "somebody", ROLE(MANAGER), "ZAB");
	assert_int_equal(actions_decide(&w->cases, &w->order).code, CODE(OK));
	shown = event_in(w, "department/TEM", r)->case_transferred->application;
	assert_string_equal(shown->origin->brought_by, "");
	assert_string_equal(shown->origin->recording, "");
	assert_string_equal(shown->origin->source_url, "");
	assert_string_equal(shown->origin->entered_by, "E-1");
	assert_int_equal(shown->origin->reply_by, 20000);
	assert_string_equal(shown->attachments[0]->name, "");
	assert_string_equal(shown->attachments[0]->media_type, "image/jpeg");
	assert_string_equal(origin.brought_by, "Deneme Şahıs.jpg");
}

static void
test_merging_has_limits(void **state)
{
	struct world *w = *state;
	struct case_record *leader = NULL, *member = merged_pair(w, &leader), *third = record_add(w, 2);

	/* not into a member, not with members, not into itself, a manager not into another department's */
	assert_int_equal(decide_as(w, ROLE(CLERK), "", ACTION(MERGE), LIFECYCLE_PLAIN, leader).code, CODE(INVALID));
	order_set(w, ACTION(MERGE), LIFECYCLE_PLAIN, third)->into = member->application_id;
	assert_int_equal(actions_decide(&w->cases, &w->order).code, CODE(CONFLICT));
	order_set(w, ACTION(MERGE), LIFECYCLE_PLAIN, leader)->into = third->application_id;
	assert_int_equal(actions_decide(&w->cases, &w->order).code, CODE(CONFLICT));
	assert_int_equal(decide_as(w, ROLE(MANAGER), "TEM", ACTION(MERGE), LIFECYCLE_PLAIN, third).code, CODE(INVALID));
	leader->state = STATE(ANSWERED);
	assert_int_equal(decide_as(w, ROLE(CLERK), "", ACTION(MERGE), LIFECYCLE_PLAIN, third).code, CODE(CONFLICT));
}

static void
test_unmerging_restores_the_state_before(void **state)
{
	struct world *w = *state;
	struct case_record *leader = NULL, *member = merged_pair(w, &leader);

	assert_int_equal(decide_as(w, ROLE(ARBITER), "", ACTION(UNMERGE), LIFECYCLE_PLAIN, member).code, CODE(OK));
	assert_int_equal(member->state, STATE(IN_PROGRESS));
	assert_false(member->merged);
	assert_string_equal(event_in(w, "case", member)->case_unmerged->from_number, leader->number);
	assert_string_equal(event_in(w, "case", leader)->member_removed->member_number, member->number);
}

static void
test_withdrawing_frees_the_others(void **state)
{
	struct world *w = *state;
	struct case_record *leader = NULL, *member = merged_pair(w, &leader);

	assert_int_equal(decide_as(w, ROLE(APPLICANT), "", ACTION(WITHDRAW), LIFECYCLE_PLAIN, leader).code, CODE(OK));
	assert_int_equal(leader->state, STATE(WITHDRAWN));
	assert_int_equal(member->state, STATE(IN_PROGRESS));
	member = merged_pair(w, &leader);
	assert_int_equal(decide_as(w, ROLE(APPLICANT), "", ACTION(WITHDRAW), LIFECYCLE_PLAIN, member).code, CODE(OK));
	assert_int_equal(member->state, STATE(WITHDRAWN));
	assert_int_equal(cases_member_count(&w->cases, leader), 0);
	assert_string_equal(event_in(w, "case", leader)->member_removed->member_number, member->number);
}

static void
test_a_split_case_waits_for_its_parts(void **state)
{
	struct world *w = *state;
	struct case_record *r = NULL;
	const Kopru__V1__Event *event = NULL;

	begin(w);
	r = record_add(w, 0);
	assert_int_equal(decide_as(w, ROLE(MANAGER), "TEM", ACTION(SPLIT), LIFECYCLE_PLAIN, r).code, CODE(OK));
	event = event_in(w, "department/FEN", r);
	assert_int_equal(event->case_split->n_parts, 1);
	assert_string_equal(event->case_split->parts[0]->department_name, "Fen İşleri");
	assert_string_equal(event->case_split->application->text, "Çöp alınmadı");
	assert_null(event_in(w, "department/TEM", r)->case_split->application);
	assert_int_equal(decide_as(w, ROLE(MANAGER), "TEM", ACTION(SPLIT), LIFECYCLE_PLAIN, r).code, CODE(CONFLICT));
	assert_int_equal(
	    decide_as(w, ROLE(MANAGER), "TEM", ACTION(ANSWER), LIFECYCLE_WITH_TEXT, r).code, CODE(CONFLICT));
	assert_int_equal(decide_as(w, ROLE(OFFICER), "FEN", ACTION(ANSWER), LIFECYCLE_OF_PART, r).code, CODE(OK));
	assert_non_null(event_in(w, "department/FEN", r)->part_answered);
	assert_string_equal(event_in(w, "department/TEM", r)->part_answered->text, "text");
	assert_int_equal(decide_as(w, ROLE(OFFICER), "FEN", ACTION(ANSWER), LIFECYCLE_OF_PART, r).code, CODE(CONFLICT));
	order_set(w, ACTION(ANSWER), LIFECYCLE_OF_PART, r)->part = 9;
	assert_int_equal(actions_decide(&w->cases, &w->order).code, CODE(INVALID));
	assert_int_equal(decide_as(w, ROLE(MANAGER), "TEM", ACTION(ANSWER), LIFECYCLE_WITH_TEXT, r).code, CODE(OK));
	assert_int_equal(decide_as(w, ROLE(MANAGER), "TEM", ACTION(REOPEN), LIFECYCLE_PLAIN, r).code, CODE(OK));
	assert_int_equal(r->part_count, 0);
}

static void
test_a_term_is_extended_once_and_in_time(void **state)
{
	struct world *w = *state;
	struct case_record *r = NULL;

	begin(w);
	r = record_add(w, 0);
	r->legal_basis = KOPRU__V1__LEGAL_BASIS__LEGAL_BASIS_3071;
	assert_int_equal(decide_as(w, ROLE(MANAGER), "TEM", ACTION(EXTEND), LIFECYCLE_PLAIN, r).code, CODE(INVALID));
	r->legal_basis = KOPRU__V1__LEGAL_BASIS__LEGAL_BASIS_4982;
	r->due_on = w->cases.today - 1;
	assert_int_equal(decide_as(w, ROLE(MANAGER), "TEM", ACTION(EXTEND), LIFECYCLE_PLAIN, r).code, CODE(CONFLICT));
	r->due_on = w->cases.today;
	assert_int_equal(decide_as(w, ROLE(MANAGER), "TEM", ACTION(EXTEND), LIFECYCLE_PLAIN, r).code, CODE(OK));
	assert_int_equal(event_in(w, "case", r)->deadline_moved->old_due_on, w->cases.today);
	assert_int_equal(event_in(w, "case", r)->standing->due_on,
	    deadline_legal(catalogue_calendar(w->catalogue), KOPRU__V1__LEGAL_BASIS__LEGAL_BASIS_4982,
		date_in_istanbul(RECEIVED_AT), true)
		.on);
	assert_int_equal(decide_as(w, ROLE(MANAGER), "TEM", ACTION(EXTEND), LIFECYCLE_PLAIN, r).code, CODE(CONFLICT));
}

/* The term begins anew with the payment: until then the last day is that of one on its last day. */
static void
test_a_term_that_awaits_a_fee_is_extended_from_its_payment(void **state)
{
	struct world *w = *state;
	const struct calendar *calendar = catalogue_calendar(w->catalogue);
	struct case_record *r = NULL;

	begin(w);
	r = record_add(w, 0);
	r->legal_basis = KOPRU__V1__LEGAL_BASIS__LEGAL_BASIS_4982;
	r->due_on = deadline_legal(calendar, r->legal_basis, date_in_istanbul(RECEIVED_AT), false).on;
	order_set(w, ACTION(TELL_FEE), LIFECYCLE_PLAIN, r)->day = 0;
	actor_set(&w->actor, TYPE(SYSTEM), "somebody", ROLE(MANAGER), "TEM");
	assert_int_equal(actions_decide(&w->cases, &w->order).code, CODE(OK));
	assert_true(r->fee_due_on > w->cases.today);
	assert_int_equal(decide_as(w, ROLE(MANAGER), "TEM", ACTION(EXTEND), LIFECYCLE_PLAIN, r).code, CODE(OK));
	assert_int_equal(r->due_on, deadline_legal(calendar, r->legal_basis, r->fee_due_on, true).on);
}

/* The law's clock, and a target that stands, as they were read; due in ten days. */
static struct case_record *
record_with_clocks(struct world *w)
{
	int64_t due_at = date_start_in_istanbul(w->cases.today + 11);
	struct case_record *r = record_add(w, 0);

	r->due_on = r->target_on = w->cases.today + 10;
	r->legal_basis = KOPRU__V1__LEGAL_BASIS__LEGAL_BASIS_3071;
	r->clocks[CLOCK_LAW] = (struct case_clock){.exists = true,
	    .legal_basis = r->legal_basis,
	    .started_on = w->cases.today - 20,
	    .due_at = due_at,
	    .stage = 50};
	r->clocks[CLOCK_TARGET] = (struct case_clock){
	    .exists = true, .started_at = w->cases.now - 1000000, .started_on = w->cases.today, .due_at = due_at};
	return r;
}

static void
test_a_change_of_the_calendar_moves_what_it_found(void **state)
{
	const int64_t day_us = INT64_C(86400000000);
	struct world *w = *state;
	struct case_record *r = NULL;
	const Kopru__V1__DeadlineMoved *moved = NULL;
	int64_t due_at = 0;

	begin(w);
	r = record_with_clocks(w);
	due_at = r->clocks[CLOCK_LAW].due_at;
	assert_int_equal(decide_as(w, ROLE(SERVICE), NULL, ACTION(RECOMPUTE), LIFECYCLE_PLAIN, r).code, CODE(OK));
	moved = event_in(w, "case", r)->deadline_moved;
	assert_int_equal(moved->old_due_on, w->cases.today + 10);
	assert_int_equal(moved->clock, CLOCK_LAW);
	assert_int_equal(moved->old_target_on, 0);
	assert_int_equal(r->due_on, w->cases.today + 11);
	assert_int_equal(r->target_on, w->cases.today + 10);
	assert_true(r->clocks[CLOCK_LAW].due_at == due_at + day_us && r->clocks[CLOCK_LAW].changed);
	assert_int_equal(r->clocks[CLOCK_LAW].calendar_version, catalogue_calendar_version(w->catalogue));
	assert_int_equal(w->cases.move_count, 1);
	assert_true(w->cases.moves->old_due_at == due_at && w->cases.moves->new_due_at == due_at + day_us);
	/* Once: it is due elsewhere now. */
	w->order.clock_due_at = due_at;
	assert_int_equal(actions_decide(&w->cases, &w->order).code, CODE(CONFLICT));

	order_set(w, ACTION(RECOMPUTE), LIFECYCLE_PLAIN, r)->clock = CLOCK_TARGET;
	w->order.clock_due_at = due_at;
	w->order.new_due_at = due_at - day_us;
	assert_int_equal(actions_decide(&w->cases, &w->order).code, CODE(OK));
	moved = event_in(w, "case", r)->deadline_moved;
	assert_int_equal(moved->old_due_on, 0);
	assert_int_equal(moved->old_target_on, w->cases.today + 10);
	assert_int_equal(r->target_on, w->cases.today + 9);
	assert_int_equal(r->due_on, w->cases.today + 11);
}

static void
test_what_has_changed_meanwhile_is_not_moved(void **state)
{
	struct world *w = *state;
	struct case_record *r = NULL;

	begin(w);
	r = record_with_clocks(w);
	order_set(w, ACTION(RECOMPUTE), LIFECYCLE_PLAIN, r);
	actor_set(&w->actor, TYPE(SERVICE), "router", ROLE(SERVICE), NULL);
	w->order.calendar_version++; /* of a calendar that this router does not have yet */
	assert_int_equal(actions_decide(&w->cases, &w->order).code, CODE(CONFLICT));
	w->order.calendar_version--;
	w->order.clock_due_at++;
	assert_int_equal(actions_decide(&w->cases, &w->order).code, CODE(CONFLICT));
	w->order.clock_due_at--;
	w->order.clock = KOPRU__V1__CLOCK__CLOCK_PROMISE; /* a day that was promised follows no calendar */
	assert_int_equal(actions_decide(&w->cases, &w->order).code, CODE(CONFLICT));
	w->order.clock = CLOCK_LAW;
	r->clocks[CLOCK_LAW].stopped_at = w->cases.now; /* a fee is awaited: the term will begin anew */
	assert_int_equal(actions_decide(&w->cases, &w->order).code, CODE(CONFLICT));
	r->clocks[CLOCK_LAW] = (struct case_clock){.exists = false};
	assert_int_equal(actions_decide(&w->cases, &w->order).code, CODE(CONFLICT));
	assert_int_equal(w->cases.move_count, 0);
	assert_int_equal(r->version, r->stored_version);
}

static void
test_a_question_is_reminded_of_once_and_expires(void **state)
{
	struct world *w = *state;
	struct case_record *r = NULL;
	struct verdict verdict;
	int32_t today = 0;

	begin(w);
	r = record_add(w, 0);
	today = w->cases.today;
	assert_int_equal(decide_as(w, ROLE(OFFICER), "TEM", ACTION(ASK), LIFECYCLE_PLAIN, r).code, CODE(OK));
	assert_int_equal(r->answer_by, today + 10);
	assert_int_equal(r->remind_on, today + 5);
	verdict = decide_as(w, ROLE(SERVICE), "", ACTION(REMIND), LIFECYCLE_PLAIN, r);
	assert_int_equal(verdict.code, CODE(CONFLICT));
	assert_false(verdict.kept); /* the same command comes again, when it is due */
	w->cases.today += 5;
	assert_int_equal(decide_as(w, ROLE(SERVICE), "", ACTION(REMIND), LIFECYCLE_PLAIN, r).code, CODE(OK));
	assert_int_equal(decide_as(w, ROLE(SERVICE), "", ACTION(REMIND), LIFECYCLE_PLAIN, r).code, CODE(CONFLICT));
	w->cases.today += 5;
	assert_int_equal(decide_as(w, ROLE(SERVICE), "", ACTION(EXPIRE), LIFECYCLE_PLAIN, r).code, CODE(CONFLICT));
	w->cases.today += 1;
	assert_int_equal(decide_as(w, ROLE(SERVICE), "", ACTION(EXPIRE), LIFECYCLE_PLAIN, r).code, CODE(OK));
	assert_int_equal(r->state, STATE(IN_PROGRESS));
	assert_null(r->question);
	assert_int_equal(event_in(w, "case", r)->standing->answer_by, 0);
	order_set(w, ACTION(ASK), LIFECYCLE_PLAIN, r)->day = w->cases.today; /* too early */
	actor_set(&w->actor, TYPE(SYSTEM), "somebody", ROLE(OFFICER), "TEM");
	assert_int_equal(actions_decide(&w->cases, &w->order).code, CODE(INVALID));
	w->order.day = w->cases.today + 1;
	assert_int_equal(actions_decide(&w->cases, &w->order).code, CODE(OK));
	assert_int_equal(r->remind_on, 0);
}

static void
test_an_erased_application_has_no_applicant(void **state)
{
	struct world *w = *state;
	struct case_record *r = NULL;
	const Kopru__V1__Event *event = NULL;

	begin(w);
	r = record_add(w, 0);
	r->application = NULL;
	r->access_code_generation = 0;
	assert_int_equal(decide_as(w, ROLE(MANAGER), "TEM", ACTION(TRANSFER), LIFECYCLE_PLAIN, r).code, CODE(OK));
	event = event_in(w, "department/ZAB", r);
	assert_null(event->case_transferred->application);
	assert_true(event->standing->applicant->masked);
	assert_null(event_in(w, "case", r)->standing->applicant);
}

static void
test_the_desk_is_whoever_acts_for_it(void **state)
{
	struct world *w = *state;
	struct case_record *r = NULL;

	begin(w);
	r = record_add(w, 0);
	assert_int_equal(decide_as(w, ROLE(MANAGER), "HM", ACTION(ASSIGN), LIFECYCLE_PLAIN, r).code, CODE(OK));
	assert_int_equal(decide_as(w, ROLE(MANAGER), "HM", ACTION(ACCEPT), LIFECYCLE_PLAIN, r).code, CODE(FORBIDDEN));
	assert_int_equal(decide_as(w, ROLE(MANAGER), "", ACTION(ACCEPT), LIFECYCLE_PLAIN, r).code, CODE(NOT_FOUND));
}

static void
test_assigning_wants_what_exists_and_sets_the_target(void **state)
{
	struct world *w = *state;
	struct case_record *r = NULL;

	begin(w);
	r = record_add(w, 0);
	actor_set(&w->actor, TYPE(CLERK), "somebody", ROLE(CLERK), "");
	order_set(w, ACTION(ASSIGN), LIFECYCLE_PLAIN, r)->department = "NONE";
	assert_int_equal(actions_decide(&w->cases, &w->order).code, CODE(INVALID));
	w->order.department = "TEM";
	w->order.topic = "NON-01";
	assert_int_equal(actions_decide(&w->cases, &w->order).code, CODE(INVALID));
	w->order.topic = "TEM-01";
	assert_int_equal(actions_decide(&w->cases, &w->order).code, CODE(OK));
	assert_int_equal(r->target_on,
	    calendar_add_working_days(catalogue_calendar(w->catalogue), date_in_istanbul(RECEIVED_AT), 3));
	assert_string_equal(event_in(w, "case", r)->standing->topic_name, "Çöp");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_a_wrong_version_is_a_conflict_that_tells_the_right_one),
	    cmocka_unit_test(test_a_refusal_says_what_is_allowed),
	    cmocka_unit_test(test_two_hand_backs_go_to_the_arbiter),
	    cmocka_unit_test(test_four_eyes),
	    cmocka_unit_test(test_a_new_draft_takes_the_approval_with_it),
	    cmocka_unit_test(test_departments_see_what_they_may),
	    cmocka_unit_test(test_notes_and_drafts_stay_in_the_house),
	    cmocka_unit_test(test_forwarding_tells_the_institution_without_the_applicant),
	    cmocka_unit_test(test_forwarding_without_a_letter_composes_the_institutions),
	    cmocka_unit_test(test_what_is_done_to_the_leading_case_is_done_to_its_members),
	    cmocka_unit_test(test_an_addition_reaches_all_who_work_on_it),
	    cmocka_unit_test(test_a_reply_brings_its_files),
	    cmocka_unit_test(test_origin_is_masked_with_the_applicant),
	    cmocka_unit_test(test_merging_has_limits),
	    cmocka_unit_test(test_unmerging_restores_the_state_before),
	    cmocka_unit_test(test_withdrawing_frees_the_others),
	    cmocka_unit_test(test_a_split_case_waits_for_its_parts),
	    cmocka_unit_test(test_a_term_is_extended_once_and_in_time),
	    cmocka_unit_test(test_a_term_that_awaits_a_fee_is_extended_from_its_payment),
	    cmocka_unit_test(test_a_change_of_the_calendar_moves_what_it_found),
	    cmocka_unit_test(test_what_has_changed_meanwhile_is_not_moved),
	    cmocka_unit_test(test_a_question_is_reminded_of_once_and_expires),
	    cmocka_unit_test(test_an_erased_application_has_no_applicant),
	    cmocka_unit_test(test_the_desk_is_whoever_acts_for_it),
	    cmocka_unit_test(test_assigning_wants_what_exists_and_sets_the_target),
	};

	return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
