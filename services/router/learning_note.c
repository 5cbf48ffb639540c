/* learning_note: one function for each command that says something. */
#include "services/router/learning_note.h"

#include <string.h>

#define ACTION(name) KOPRU__V1__COMMAND__ACTION_##name

struct learning_before
learning_before(const struct case_record *r)
{
	return (struct learning_before){r->department, r->triage};
}

static const char *
null_if_empty(const char *text)
{
	return text[0] == '\0' ? NULL : text;
}

/* The only topic of the department among the decision's candidates; NULL: none, or several. */
static const char *
topic_of_department(const Kopru__V1__ApplicationRouted *routed, const char *department)
{
	const char *topic = NULL;

	for (size_t i = 0; i < routed->n_candidates; i++) {
		if (strcmp(routed->candidates[i]->department, department) != 0)
			continue;
		if (topic)
			return NULL;
		topic = routed->candidates[i]->topic;
	}
	return topic;
}

static void
note(struct case_record *r, const char *source, const char *topic)
{
	r->example = (struct case_example){
	    .source = source,
	    .topic = topic,
	    .said = null_if_empty(r->routed->topic),
	    .model_version = r->routed->model_version,
	};
}

static void
note_assign(struct case_record *r, const struct order *order, const struct learning_before *before)
{
	if (r->topic && order->topic[0] != '\0')
		note(r, before->triage ? "triage" : "assign", r->topic);
	else if (strcmp(before->department, order->department) != 0)
		note(r, "transfer", topic_of_department(r->routed, order->department));
}

static void
note_move(struct case_record *r, const struct order *order, const struct learning_before *before)
{
	(void)before;
	note(r, "transfer", topic_of_department(r->routed, order->department));
}

static void
note_hand_back(struct case_record *r, const struct order *order, const struct learning_before *before)
{
	(void)order;
	(void)before;
	note(r, "hand_back", NULL);
}

/* Only what the model decided by itself, and where it still lies: else it confirms somebody else. */
static void
note_kept(struct case_record *r, const struct order *order, const struct learning_before *before)
{
	const Kopru__V1__ApplicationRouted *routed = r->routed;

	if (r->example.source || order->way == LIFECYCLE_OF_PART)
		return;
	if (routed->outcome != KOPRU__V1__APPLICATION_ROUTED__OUTCOME__OUTCOME_SURE || routed->model[0] == '\0' ||
	    routed->rule[0] != '\0')
		return;
	if (!r->topic || strcmp(r->topic, routed->topic) != 0 || strcmp(before->department, routed->department) != 0)
		return;
	note(r, "kept", r->topic);
}

static const struct {
	int action;
	void (*note)(struct case_record *r, const struct order *order, const struct learning_before *before);
} notes[] = {
    {ACTION(ASSIGN), note_assign},
    {ACTION(TRANSFER), note_move},
    {ACTION(FORWARD), note_move},
    {ACTION(HAND_BACK), note_hand_back},
    {ACTION(ACCEPT), note_kept},
    {ACTION(ANSWER), note_kept},
};

static bool
is_staff(int role)
{
	return role == KOPRU__V1__ACTOR__ROLE__ROLE_CLERK || role == KOPRU__V1__ACTOR__ROLE__ROLE_OFFICER ||
	       role == KOPRU__V1__ACTOR__ROLE__ROLE_MANAGER || role == KOPRU__V1__ACTOR__ROLE__ROLE_ARBITER;
}

void
learning_note(struct case_record *r, const struct order *order, const struct learning_before *before)
{
	if (!r->routed || !is_staff((int)order->actor->role))
		return;
	for (size_t i = 0; i < sizeof(notes) / sizeof(notes[0]); i++) {
		if (notes[i].action == order->action)
			notes[i].note(r, order, before);
	}
}
