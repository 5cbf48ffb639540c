/* actions_internal: what the files of actions share. Pure. */
#ifndef KOPRU_SERVICES_ROUTER_ACTIONS_INTERNAL_H
#define KOPRU_SERVICES_ROUTER_ACTIONS_INTERNAL_H

#include "services/router/actions.h"
#include "services/router/sentences.h"

/* One command while it is decided on. */
struct deed {
	struct cases *cases;
	struct case_record *record;
	const struct order *order;
	unsigned who;
	int code; /* of Reply */
	const char *text;
};

/* Checks, then changes the record and tells; false: refused, and nothing was changed. */
typedef bool action_do(struct deed *d);

/* Refuses; always false. words may be NULL. */
bool deed_refuse(struct deed *d, int code, enum sentence_id id, const struct sentence_words *words);
bool deed_invalid(struct deed *d, enum sentence_id id, const char *word);
bool deed_conflict(struct deed *d, enum sentence_id id, const char *word);
/* 0 counts as not given and gives otherwise; false: refused, not between earliest and latest. */
bool deed_day(struct deed *d, enum field_id field, int32_t earliest, int32_t latest, int32_t *day);

/* An event with this body on the command's own record (or another one). More of the telling may be set before. */
void deed_tell(struct deed *d, struct case_telling *telling, int event, void *body);
char *deed_string(struct deed *d, const char *text);
ProtobufCBinaryData deed_id(struct deed *d, const struct uuid *id);
int32_t record_received_on(const struct case_record *r);

void record_drop_draft(struct case_record *r);
void record_drop_question(struct case_record *r);
/* Nothing is open any more: neither draft nor question nor arbiter. */
void record_finish(struct case_record *r, int state);
/* Takes a member out, back to its state before, and tells both. */
void deed_unmerge(struct deed *d, struct case_record *member, const char *reason);
/* Tells the leading case that a member has gone. */
void deed_member_removed(struct deed *d, struct case_record *leader, const struct case_record *member);

/* actions_work.c */
action_do action_assign, action_accept, action_transfer, action_hand_back, action_note, action_extend;
action_do action_withdraw, action_close, action_reopen;
/* actions_term.c */
action_do action_tell_fee, action_fee_was_paid, action_promise, action_escalate;
/* actions_recompute.c */
action_do action_recompute;
/* actions_question.c */
action_do action_ask, action_reply, action_add, action_remind, action_expire;
/* actions_answer.c */
action_do action_draft, action_approve, action_answer, action_interim_answer, action_forward, action_reject;
/* actions_join.c */
action_do action_merge, action_unmerge, action_split, action_answer_part;

#endif
