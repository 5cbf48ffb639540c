/* lifecycle: the table, and the few questions that it answers. */
#include "services/router/lifecycle.h"

#include <string.h>

#include "kopru/v1/command.pb-c.h"
#include "services/router/catalogue.h"

#define STATE(name) (1U << KOPRU__V1__STATE__STATE_##name)
#define ACTION(name) KOPRU__V1__COMMAND__ACTION_##name
#define EVENT(name) KOPRU__V1__EVENT__BODY_##name
#define TO(name) KOPRU__V1__STATE__STATE_##name

/* Somebody works on it, or should. */
#define WORK (STATE(RECEIVED) | STATE(ASSIGNED) | STATE(IN_PROGRESS) | STATE(REOPENED))
#define OPEN (WORK | STATE(WAITING_FOR_CITIZEN))
#define HELD (STATE(ASSIGNED) | STATE(IN_PROGRESS) | STATE(REOPENED))
#define DONE (STATE(ANSWERED) | STATE(FORWARDED) | STATE(REJECTED) | STATE(WITHDRAWN))
/* After the answer it is added to, too: whoever answered sees it, and may reopen the case. */
#define ADDABLE (OPEN | STATE(MERGED) | STATE(ANSWERED) | STATE(FORWARDED) | STATE(REJECTED))
#define ANY (OPEN | DONE | STATE(CLOSED) | STATE(MERGED))

#define APPLICANT LIFECYCLE_APPLICANT
#define CLERK LIFECYCLE_CLERK
#define FREE LIFECYCLE_CLERK_FREE
#define DESK LIFECYCLE_CLERK_OWN
#define OFFICER LIFECYCLE_OFFICER_OWN
#define MANAGER LIFECYCLE_MANAGER_OWN
#define PARTNER (LIFECYCLE_OFFICER_PART | LIFECYCLE_MANAGER_PART)
#define ARBITER LIFECYCLE_ARBITER
#define CLOCK LIFECYCLE_SERVICE

#define VERSION LIFECYCLE_VERSION
#define REASON LIFECYCLE_REASON
#define REASON_MAY LIFECYCLE_REASON_MAY
#define TEXT LIFECYCLE_TEXT
#define DEPARTMENT LIFECYCLE_DEPARTMENT

/* An interim answer binds the municipality in writing (Law 3071 art. 7) just as a final one does, so it is the manager's;
 * an officer sends what a manager approved. */
/* clang-format off */
const struct lifecycle_rule lifecycle_rules[] = {
    {ACTION(ASSIGN), 0, WORK, FREE | ARBITER, TO(ASSIGNED), EVENT(CASE_ASSIGNED), VERSION | DEPARTMENT | LIFECYCLE_TOPIC_MAY | REASON_MAY},
    {ACTION(ACCEPT), 0, STATE(RECEIVED) | STATE(ASSIGNED) | STATE(REOPENED), DESK | OFFICER | MANAGER, TO(IN_PROGRESS), EVENT(CASE_ACCEPTED), VERSION},
    {ACTION(TRANSFER), 0, HELD, FREE | OFFICER | MANAGER | ARBITER, TO(ASSIGNED), EVENT(CASE_TRANSFERRED), VERSION | DEPARTMENT | REASON},
    {ACTION(HAND_BACK), 0, HELD, OFFICER | MANAGER, TO(RECEIVED), EVENT(CASE_HANDED_BACK), VERSION | REASON},
    {ACTION(ASK), 0, WORK, DESK | OFFICER | MANAGER, TO(WAITING_FOR_CITIZEN), EVENT(CITIZEN_ASKED), VERSION | TEXT | LIFECYCLE_DAY_MAY},
    {ACTION(CITIZEN_REPLY), 0, STATE(WAITING_FOR_CITIZEN), APPLICANT, TO(IN_PROGRESS), EVENT(CITIZEN_REPLIED), LIFECYCLE_CONTENT},
    {ACTION(CITIZEN_ADD), 0, ADDABLE, APPLICANT, LIFECYCLE_STAYS, EVENT(CITIZEN_ADDED), LIFECYCLE_CONTENT},
    {ACTION(REMIND), 0, STATE(WAITING_FOR_CITIZEN), CLOCK, LIFECYCLE_STAYS, EVENT(CITIZEN_REMINDED), 0},
    {ACTION(EXPIRE), 0, STATE(WAITING_FOR_CITIZEN), CLOCK, TO(IN_PROGRESS), EVENT(QUESTION_EXPIRED), 0},
    {ACTION(NOTE), 0, ANY, CLERK | OFFICER | MANAGER | ARBITER, LIFECYCLE_STAYS, EVENT(NOTE_ADDED), TEXT},
    {ACTION(DRAFT), 0, OPEN, DESK | OFFICER | MANAGER, LIFECYCLE_STAYS, EVENT(ANSWER_DRAFTED), VERSION | TEXT},
    {ACTION(APPROVE), 0, OPEN, DESK | MANAGER, LIFECYCLE_STAYS, EVENT(ANSWER_APPROVED), VERSION | LIFECYCLE_DRAFT},
    {ACTION(ANSWER), LIFECYCLE_WITH_TEXT, OPEN, DESK | MANAGER, TO(ANSWERED), EVENT(CASE_ANSWERED), VERSION | TEXT},
    {ACTION(ANSWER), LIFECYCLE_WITH_DRAFT, OPEN, DESK | OFFICER | MANAGER, TO(ANSWERED), EVENT(CASE_ANSWERED), VERSION | LIFECYCLE_APPROVED},
    {ACTION(ANSWER), LIFECYCLE_OF_PART, OPEN, PARTNER, LIFECYCLE_STAYS, EVENT(PART_ANSWERED), VERSION | TEXT | LIFECYCLE_PART},
    {ACTION(INTERIM_ANSWER), 0, OPEN, DESK | MANAGER, LIFECYCLE_STAYS, EVENT(INTERIM_ANSWER_GIVEN), VERSION | TEXT | LIFECYCLE_DAY_MAY},
    {ACTION(FORWARD), 0, OPEN, DESK | MANAGER, TO(FORWARDED), EVENT(CASE_FORWARDED), VERSION | LIFECYCLE_INSTITUTION | LIFECYCLE_LETTER},
    {ACTION(REJECT), 0, OPEN, DESK | MANAGER, TO(REJECTED), EVENT(CASE_REJECTED), VERSION | LIFECYCLE_LEGAL_REASON | TEXT},
    {ACTION(EXTEND), 0, OPEN, DESK | MANAGER, LIFECYCLE_STAYS, EVENT(DEADLINE_MOVED), VERSION | REASON},
    {ACTION(TELL_FEE), 0, OPEN, DESK | MANAGER, LIFECYCLE_STAYS, EVENT(FEE_TOLD), VERSION | TEXT | LIFECYCLE_DAY_MAY},
    {ACTION(FEE_WAS_PAID), 0, OPEN, DESK | MANAGER, LIFECYCLE_STAYS, EVENT(FEE_PAID), VERSION | LIFECYCLE_EVIDENCE | LIFECYCLE_DAY_MAY},
    {ACTION(PROMISE), 0, OPEN, DESK | OFFICER | MANAGER, LIFECYCLE_STAYS, EVENT(DATE_PROMISED), VERSION | LIFECYCLE_DAY | REASON_MAY},
    {ACTION(ESCALATE), 0, OPEN | STATE(MERGED), CLOCK, LIFECYCLE_STAYS, EVENT(CASE_ESCALATED), 0},
    {ACTION(RECOMPUTE), 0, OPEN | STATE(MERGED), CLOCK, LIFECYCLE_STAYS, EVENT(DEADLINE_MOVED), 0},
    {ACTION(SPLIT), 0, WORK, DESK | MANAGER, TO(IN_PROGRESS), EVENT(CASE_SPLIT), VERSION | LIFECYCLE_PARTS | REASON},
    {ACTION(MERGE), 0, WORK, CLERK | MANAGER | ARBITER, TO(MERGED), EVENT(CASE_MERGED), VERSION | LIFECYCLE_INTO | REASON},
    {ACTION(UNMERGE), 0, STATE(MERGED), CLERK | MANAGER | ARBITER, LIFECYCLE_BACK, EVENT(CASE_UNMERGED), VERSION | REASON},
    {ACTION(WITHDRAW), 0, OPEN | STATE(MERGED), APPLICANT | CLOCK, TO(WITHDRAWN), EVENT(CASE_WITHDRAWN), REASON_MAY},
    {ACTION(CLOSE), 0, DONE, CLERK | MANAGER | ARBITER, TO(CLOSED), EVENT(CASE_CLOSED), VERSION | REASON_MAY},
    {ACTION(REOPEN), 0, DONE | STATE(CLOSED), CLERK | MANAGER | ARBITER, TO(REOPENED), EVENT(CASE_REOPENED), VERSION | REASON},
    {0, 0, 0, 0, 0, 0, 0},
};
/* clang-format on */

const struct lifecycle_rule *
lifecycle_find(int action, enum lifecycle_way way)
{
	for (const struct lifecycle_rule *rule = lifecycle_rules; rule->action != 0; rule++) {
		if (rule->action == action && rule->way == way)
			return rule;
	}
	return NULL;
}

bool
lifecycle_state_allows(const struct lifecycle_rule *rule, int state)
{
	return state > 0 && state < 32 && (rule->states & (1U << state)) != 0;
}

static bool
has_part(const struct lifecycle_case *c, const char *department)
{
	for (size_t i = 0; i < c->part_count; i++) {
		if (strcmp(c->part_departments[i], department) == 0)
			return true;
	}
	return false;
}

/* Whoever acts for department HM acts as the desk. */
static unsigned
clerk_bits(const struct lifecycle_case *c)
{
	unsigned who = LIFECYCLE_CLERK;

	if (!c->with_arbiter)
		who |= LIFECYCLE_CLERK_FREE;
	if (!c->with_arbiter && strcmp(c->department, CATALOGUE_DESK) == 0)
		who |= LIFECYCLE_CLERK_OWN;
	if (has_part(c, CATALOGUE_DESK))
		who |= LIFECYCLE_OFFICER_PART;
	return who;
}

static unsigned
department_bits(const struct lifecycle_case *c, const char *department, unsigned own, unsigned part)
{
	unsigned who = 0;

	if (!department || department[0] == '\0')
		return 0;
	if (strcmp(department, CATALOGUE_DESK) == 0)
		return clerk_bits(c);
	if (strcmp(department, c->department) == 0)
		who |= own;
	if (has_part(c, department))
		who |= part;
	return who;
}

unsigned
lifecycle_who(const struct lifecycle_actor *actor, const struct lifecycle_case *c)
{
	switch (actor->role) {
	case KOPRU__V1__ACTOR__ROLE__ROLE_APPLICANT:
		return LIFECYCLE_APPLICANT;
	case KOPRU__V1__ACTOR__ROLE__ROLE_CLERK:
		return clerk_bits(c);
	case KOPRU__V1__ACTOR__ROLE__ROLE_OFFICER:
		return department_bits(c, actor->department, LIFECYCLE_OFFICER_OWN, LIFECYCLE_OFFICER_PART);
	case KOPRU__V1__ACTOR__ROLE__ROLE_MANAGER:
		return department_bits(c, actor->department, LIFECYCLE_MANAGER_OWN, LIFECYCLE_MANAGER_PART);
	case KOPRU__V1__ACTOR__ROLE__ROLE_ARBITER:
		return LIFECYCLE_ARBITER;
	case KOPRU__V1__ACTOR__ROLE__ROLE_SERVICE:
		return LIFECYCLE_SERVICE;
	default:
		return 0;
	}
}

const struct lifecycle_rule *
lifecycle_next(const struct lifecycle_rule *rule, int state, unsigned who)
{
	for (rule = rule ? rule + 1 : lifecycle_rules; rule->action != 0; rule++) {
		if ((rule->who & who) != 0 && lifecycle_state_allows(rule, state))
			return rule;
	}
	return NULL;
}
