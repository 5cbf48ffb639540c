/* actions_join: merging cases and splitting one. */
#include <string.h>

#include "common/domain/words.h"
#include "services/router/actions_internal.h"

#define EVENT(name) KOPRU__V1__EVENT__BODY_##name
#define CODE(name) KOPRU__V1__REPLY__CODE__CODE_##name
#define STATE(name) (1U << KOPRU__V1__STATE__STATE_##name)
#define CAN_LEAD (STATE(RECEIVED) | STATE(ASSIGNED) | STATE(IN_PROGRESS) | STATE(REOPENED) | STATE(WAITING_FOR_CITIZEN))

/* A manager merges within the department; desk and arbiter see all. */
static bool
may_lead(const struct deed *d, const struct case_record *leader)
{
	if (!leader)
		return false;
	return (d->who & (LIFECYCLE_CLERK | LIFECYCLE_ARBITER)) != 0 ||
	       strcmp(leader->department, d->record->department) == 0;
}

static bool
check_leader(struct deed *d, const struct case_record *leader)
{
	const struct word *state = NULL;

	if (!may_lead(d, leader))
		return deed_invalid(d, SENTENCE_MERGE_INTO_NONE, NULL);
	if (leader == d->record)
		return deed_invalid(d, SENTENCE_MERGE_SELF, NULL);
	if ((CAN_LEAD & (1U << leader->state)) == 0) {
		state = word_find(state_words, leader->state);
		return deed_refuse(d, CODE(CONFLICT), SENTENCE_MERGE_INTO_STATE,
		    &(struct sentence_words){{leader->number, !state              ? "?"
							      : d->order->english ? state->name_en
										  : state->name_tr}});
	}
	if (cases_member_count(d->cases, leader) >= ACTIONS_MEMBERS_MAX)
		return deed_conflict(d, SENTENCE_MERGE_FULL, arena_printf(d->cases->arena, "%d", ACTIONS_MEMBERS_MAX));
	return true;
}

static bool
check_member(struct deed *d)
{
	const struct case_record *r = d->record;
	size_t members = cases_member_count(d->cases, r);

	if (members > 0)
		return deed_conflict(d, SENTENCE_MERGE_HAS_MEMBERS, arena_printf(d->cases->arena, "%zu", members));
	for (size_t i = 0; i < r->part_count; i++) {
		if (!r->parts[i].answered)
			return deed_conflict(d, SENTENCE_PARTS_OPEN, r->parts[i].department);
	}
	return true;
}

bool
action_merge(struct deed *d)
{
	struct case_record *r = d->record, *leader = cases_find(d->cases, &d->order->into);
	struct case_telling telling = {0}, told_leader = {.record = leader};
	Kopru__V1__CaseMerged body;
	Kopru__V1__MemberAdded added;

	if (!check_leader(d, leader) || !check_member(d))
		return false;
	record_drop_draft(r);
	r->merged = true;
	r->merged_into = leader->application_id;
	r->state_before = r->state;
	r->state = d->order->rule->to;
	kopru__v1__member_added__init(&added);
	added.member = deed_id(d, &r->application_id);
	added.member_number = deed_string(d, r->number);
	deed_tell(d, &told_leader, EVENT(MEMBER_ADDED), &added);
	kopru__v1__case_merged__init(&body);
	body.reason = deed_string(d, d->order->reason);
	deed_tell(d, &telling, EVENT(CASE_MERGED), &body);
	return true;
}

void
deed_member_removed(struct deed *d, struct case_record *leader, const struct case_record *member)
{
	struct case_telling telling = {.record = leader};
	Kopru__V1__MemberRemoved body;

	kopru__v1__member_removed__init(&body);
	body.member = deed_id(d, &member->application_id);
	body.member_number = deed_string(d, member->number);
	deed_tell(d, &telling, EVENT(MEMBER_REMOVED), &body);
}

void
deed_unmerge(struct deed *d, struct case_record *member, const char *reason)
{
	struct case_record *leader = cases_find(d->cases, &member->merged_into);
	struct case_telling telling = {.record = member};
	Kopru__V1__CaseUnmerged body;

	kopru__v1__case_unmerged__init(&body);
	body.reason = deed_string(d, reason);
	body.from = deed_id(d, &member->merged_into);
	body.from_number = deed_string(d, leader ? leader->number : "");
	member->merged = false;
	member->state = member->state_before;
	member->state_before = 0;
	if (leader)
		deed_member_removed(d, leader, member);
	deed_tell(d, &telling, EVENT(CASE_UNMERGED), &body);
}

bool
action_unmerge(struct deed *d)
{
	deed_unmerge(d, d->record, d->order->reason);
	return true;
}

static bool
check_parts(struct deed *d)
{
	const struct order *o = d->order;
	const struct case_record *r = d->record;

	for (size_t i = 0; i < r->part_count; i++) {
		if (!r->parts[i].answered)
			return deed_conflict(d, SENTENCE_PARTS_OPEN, r->parts[i].department);
	}
	for (size_t i = 0; i < o->part_count; i++) {
		if (!catalogue_department(d->cases->catalogue, o->parts[i]->department))
			return deed_invalid(d, SENTENCE_DEPARTMENT_UNKNOWN, o->parts[i]->department);
		for (size_t k = 0; k < i; k++) {
			if (strcmp(o->parts[i]->department, o->parts[k]->department) == 0)
				return deed_invalid(d, SENTENCE_PARTS_TWICE, o->parts[i]->department);
		}
	}
	return true;
}

static Kopru__V1__Part *
part_message(struct deed *d, const struct case_part *part)
{
	const struct catalogue_department *department = catalogue_department(d->cases->catalogue, part->department);
	Kopru__V1__Part *message = arena_alloc(d->cases->arena, sizeof(*message));

	kopru__v1__part__init(message);
	message->number = part->number;
	message->department = deed_string(d, part->department);
	message->department_name = deed_string(d, department ? department->name_tr : "");
	message->task = deed_string(d, part->task);
	message->answered = part->answered;
	return message;
}

bool
action_split(struct deed *d)
{
	const struct order *o = d->order;
	struct case_record *r = d->record;
	struct case_telling telling = {.to_parts = true};
	Kopru__V1__CaseSplit body;

	if (!check_parts(d))
		return false;
	r->part_count = o->part_count;
	r->parts = arena_array(d->cases->arena, o->part_count, sizeof(*r->parts));
	r->parts_changed = true;
	r->state = o->rule->to;
	r->triage = false;
	kopru__v1__case_split__init(&body);
	body.n_parts = o->part_count;
	body.parts = arena_array(d->cases->arena, o->part_count, sizeof(*body.parts));
	for (size_t i = 0; i < o->part_count; i++) {
		r->parts[i] = (struct case_part){(uint32_t)i + 1, o->parts[i]->department, o->parts[i]->task, false};
		body.parts[i] = part_message(d, &r->parts[i]);
	}
	body.reason = deed_string(d, o->reason);
	telling.application = &body.application;
	deed_tell(d, &telling, EVENT(CASE_SPLIT), &body);
	return true;
}

static const char *
part_numbers(struct deed *d)
{
	const struct case_record *r = d->record;
	const char *all = "";

	for (size_t i = 0; i < r->part_count; i++)
		all = arena_printf(d->cases->arena, "%s%s%u", all, *all ? ", " : "", r->parts[i].number);
	return *all ? all : "-";
}

static bool
part_is_theirs(const struct deed *d, const struct case_part *part)
{
	const Kopru__V1__Actor *actor = d->order->actor;
	bool desk = (d->who & LIFECYCLE_CLERK) != 0;

	return strcmp(desk ? CATALOGUE_DESK : actor->department, part->department) == 0;
}

bool
action_answer_part(struct deed *d)
{
	struct case_record *r = d->record;
	const char *number = arena_printf(d->cases->arena, "%u", d->order->part);
	struct case_part *part = NULL;
	struct case_telling telling = {0};
	Kopru__V1__PartAnswered body;

	for (size_t i = 0; i < r->part_count; i++) {
		if (r->parts[i].number == d->order->part)
			part = &r->parts[i];
	}
	if (!part)
		return deed_refuse(
		    d, CODE(INVALID), SENTENCE_PART_UNKNOWN, &(struct sentence_words){{number, part_numbers(d)}});
	if (!part_is_theirs(d, part))
		return deed_refuse(
		    d, CODE(FORBIDDEN), SENTENCE_PART_OTHERS, &(struct sentence_words){{number, part->department}});
	if (part->answered)
		return deed_conflict(d, SENTENCE_PART_ANSWERED, number);
	part->answered = true;
	r->parts_changed = true;
	telling.also = part->department;
	kopru__v1__part_answered__init(&body);
	body.part = part_message(d, part);
	body.text = deed_string(d, d->order->text);
	deed_tell(d, &telling, EVENT(PART_ANSWERED), &body);
	return true;
}
