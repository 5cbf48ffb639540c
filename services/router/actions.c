/* actions: who, which version, which state; then the action's own function. */
#include "services/router/actions.h"

#include <string.h>

#include "common/domain/words.h"
#include "services/router/actions_internal.h"
#include "services/router/learning_note.h"

#define ACTION(name) KOPRU__V1__COMMAND__ACTION_##name
#define CODE(name) KOPRU__V1__REPLY__CODE__CODE_##name

static const struct action {
	int action;
	action_do *does;
} actions[] = {
    {ACTION(ASSIGN), action_assign},
    {ACTION(ACCEPT), action_accept},
    {ACTION(TRANSFER), action_transfer},
    {ACTION(HAND_BACK), action_hand_back},
    {ACTION(ASK), action_ask},
    {ACTION(CITIZEN_REPLY), action_reply},
    {ACTION(CITIZEN_ADD), action_add},
    {ACTION(REMIND), action_remind},
    {ACTION(EXPIRE), action_expire},
    {ACTION(NOTE), action_note},
    {ACTION(DRAFT), action_draft},
    {ACTION(APPROVE), action_approve},
    {ACTION(ANSWER), action_answer},
    {ACTION(INTERIM_ANSWER), action_interim_answer},
    {ACTION(FORWARD), action_forward},
    {ACTION(REJECT), action_reject},
    {ACTION(EXTEND), action_extend},
    {ACTION(SPLIT), action_split},
    {ACTION(MERGE), action_merge},
    {ACTION(UNMERGE), action_unmerge},
    {ACTION(WITHDRAW), action_withdraw},
    {ACTION(CLOSE), action_close},
    {ACTION(REOPEN), action_reopen},
    {ACTION(TELL_FEE), action_tell_fee},
    {ACTION(FEE_WAS_PAID), action_fee_was_paid},
    {ACTION(PROMISE), action_promise},
    {ACTION(ESCALATE), action_escalate},
    {ACTION(RECOMPUTE), action_recompute},
};

bool
deed_refuse(struct deed *d, int code, enum sentence_id id, const struct sentence_words *words)
{
	d->code = code;
	d->text = sentence_make(d->cases->arena, id, d->order->english, words);
	return false;
}

bool
deed_invalid(struct deed *d, enum sentence_id id, const char *word)
{
	return deed_refuse(d, CODE(INVALID), id, &(struct sentence_words){{word}});
}

bool
deed_conflict(struct deed *d, enum sentence_id id, const char *word)
{
	return deed_refuse(d, CODE(CONFLICT), id, &(struct sentence_words){{word}});
}

bool
deed_day(struct deed *d, enum field_id field, int32_t earliest, int32_t latest, int32_t *day)
{
	char from[DATE_TEXT_SIZE], to[DATE_TEXT_SIZE];
	const struct sentence_words words = {{sentence_field(field, d->order->english), from, to}};

	if (d->order->day == 0)
		return true;
	if (d->order->day >= earliest && d->order->day <= latest) {
		*day = d->order->day;
		return true;
	}
	date_text(earliest, from);
	date_text(latest, to);
	return deed_refuse(d, CODE(INVALID), SENTENCE_DAY_PAST, &words);
}

char *
deed_string(struct deed *d, const char *text)
{
	return arena_string(d->cases->arena, text);
}

ProtobufCBinaryData
deed_id(struct deed *d, const struct uuid *id)
{
	return (ProtobufCBinaryData){.len = UUID_SIZE, .data = arena_copy(d->cases->arena, id->bytes, UUID_SIZE)};
}

void
deed_tell(struct deed *d, struct case_telling *telling, int event, void *body)
{
	if (!telling->record)
		telling->record = d->record;
	telling->actor = d->order->actor;
	telling->traceparent = d->order->traceparent;
	telling->event = event;
	telling->body = body;
	cases_tell(d->cases, telling);
}

int32_t
record_received_on(const struct case_record *r)
{
	return date_in_istanbul(r->received_at);
}

void
record_drop_draft(struct case_record *r)
{
	if (!r->draft)
		return;
	r->draft = NULL;
	r->drafted_by = r->approved_by = NULL;
	r->draft_changed = true;
}

void
record_drop_question(struct case_record *r)
{
	if (!r->question)
		return;
	r->question = NULL;
	r->answer_by = r->remind_on = 0;
	r->question_changed = true;
}

void
record_finish(struct case_record *r, int state)
{
	record_drop_draft(r);
	record_drop_question(r);
	r->state = state;
	r->triage = false;
	r->with_arbiter = false;
	r->arbiter_due_on = 0;
	r->promised_on = 0;
	r->fee_due_on = 0;
	r->merged = false;
	r->state_before = 0;
}

static const char *
action_name(int action, bool english)
{
	const struct word *word = word_find(action_words, action);

	if (!word)
		return "";
	return english ? word->name_en : word->name_tr;
}

/* What this actor may do in this state: names, each once. */
static const char *
allowed_actions(struct deed *d)
{
	const struct lifecycle_rule *rule = NULL;
	const char *all = "";
	int last = 0;

	while ((rule = lifecycle_next(rule, d->record->state, d->who))) {
		if (rule->action == last)
			continue;
		last = rule->action;
		all = arena_printf(
		    d->cases->arena, "%s%s%s", all, *all ? ", " : "", action_name(rule->action, d->order->english));
	}
	return *all ? all : "-";
}

static unsigned
who_of(struct deed *d)
{
	const struct case_record *r = d->record;
	const struct lifecycle_actor actor = {(int)d->order->actor->role, d->order->actor->department};
	const char **departments = arena_array(d->cases->arena, r->part_count + 1, sizeof(*departments));
	const struct lifecycle_case stands = {r->department, r->with_arbiter, departments, r->part_count};

	for (size_t i = 0; i < r->part_count; i++)
		departments[i] = r->parts[i].department;
	return lifecycle_who(&actor, &stands);
}

static bool
check_forbidden(struct deed *d)
{
	const struct lifecycle_rule *rule = d->order->rule;
	const struct sentence_words words = {{action_name(rule->action, d->order->english), allowed_actions(d)}};

	if ((rule->who & d->who) != 0)
		return true;
	if (rule->way == LIFECYCLE_WITH_TEXT && (d->who & LIFECYCLE_OFFICER_OWN) != 0)
		return deed_refuse(d, CODE(FORBIDDEN), SENTENCE_TEXT_IS_NOT_YOURS, NULL);
	return deed_refuse(d, CODE(FORBIDDEN), SENTENCE_FORBIDDEN, &words);
}

static bool
check_version(struct deed *d)
{
	uint32_t version = (uint32_t)d->record->version, expected = d->order->expected_version;
	struct arena *a = d->cases->arena;

	if (expected == 0 || (expected >= (uint32_t)d->record->changed_version && expected <= version))
		return true; /* where it may be 0 was checked before */
	return deed_refuse(d, CODE(CONFLICT), SENTENCE_VERSION_OLD,
	    &(struct sentence_words){{arena_printf(a, "%u", version), arena_printf(a, "%u", expected)}});
}

static bool
check_state(struct deed *d)
{
	const struct word *state = word_find(state_words, d->record->state);
	bool english = d->order->english;

	if (lifecycle_state_allows(d->order->rule, d->record->state))
		return true;
	return deed_refuse(d, CODE(CONFLICT), SENTENCE_STATE,
	    &(struct sentence_words){{!state    ? "?"
				      : english ? state->name_en
						: state->name_tr,
		action_name(d->order->action, english), allowed_actions(d)}});
}

static bool
deed_do(struct deed *d)
{
	for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++) {
		if (actions[i].action == d->order->action)
			return actions[i].does(d);
	}
	return deed_refuse(d, CODE(UNSUPPORTED), SENTENCE_ACTION_UNKNOWN, NULL);
}

struct verdict
actions_decide(struct cases *c, const struct order *order)
{
	struct deed d = {.cases = c, .order = order, .record = cases_find(c, &order->application_id), .text = ""};
	struct verdict verdict = {.code = CODE(OK), .text = ""};
	struct learning_before before;
	bool allowed = false;

	d.who = d.record ? who_of(&d) : 0;
	if (d.who == 0) { /* unknown and forbidden look alike */
		verdict.code = CODE(NOT_FOUND);
		verdict.text = sentence_make(c->arena, SENTENCE_NOT_FOUND, order->english, NULL);
		return verdict;
	}
	verdict.kept = true;
	before = learning_before(d.record);
	allowed = check_forbidden(&d) && check_version(&d) && check_state(&d);
	if (allowed && deed_do(&d)) {
		verdict.place = c->case_entry_count;
		learning_note(d.record, order, &before);
	} else {
		verdict.code = d.code;
		verdict.text = d.text;
		/* What is not due yet by a clock that went back is asked again, under the same id. */
		verdict.kept = !allowed || d.who != LIFECYCLE_SERVICE;
	}
	verdict.version = (uint32_t)d.record->version;
	return verdict;
}
