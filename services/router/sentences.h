/* sentences: what a refused command is told, in Turkish and in English, and what is allowed instead. Pure. */
#ifndef KOPRU_SERVICES_ROUTER_SENTENCES_H
#define KOPRU_SERVICES_ROUTER_SENTENCES_H

#include <stdbool.h>

#include "common/base/arena.h"

/* A text in both languages. */
struct sentence {
	const char *tr, *en;
};

/* With the words that stand for {0} to {3}; NULL where there is none. */
struct sentence_words {
	const char *words[4];
};

enum sentence_id {
	SENTENCE_NOT_FOUND,
	SENTENCE_FORBIDDEN, /* action, allowed actions */
	SENTENCE_VERSION_OLD, /* version now, version expected */
	SENTENCE_VERSION_MISSING, /* action */
	SENTENCE_STATE, /* state, action, allowed actions */
	SENTENCE_ACTOR,
	SENTENCE_ACTION_UNKNOWN,
	SENTENCE_ID, /* field */
	SENTENCE_EMPTY, /* field */
	SENTENCE_LONG, /* field, most, length */
	SENTENCE_CONTROL, /* field */
	SENTENCE_DEPARTMENT_UNKNOWN, /* code */
	SENTENCE_DEPARTMENT_SAME, /* code */
	SENTENCE_TOPIC_UNKNOWN, /* code */
	SENTENCE_INSTITUTION_INSIDE, /* code */
	SENTENCE_LETTER_NONE, /* code */
	SENTENCE_LEGAL_REASON, /* allowed ones */
	SENTENCE_DAY_PAST, /* field, earliest, latest */
	SENTENCE_SAME_COMMAND,
	SENTENCE_DRAFT_NONE,
	SENTENCE_DRAFT_APPROVED,
	SENTENCE_DRAFT_UNAPPROVED,
	SENTENCE_FOUR_EYES,
	SENTENCE_TEXT_IS_NOT_YOURS,
	SENTENCE_ATTACHMENTS, /* most */
	SENTENCE_PARTS_OPEN, /* departments */
	SENTENCE_PARTS_COUNT, /* most */
	SENTENCE_PARTS_TWICE, /* department */
	SENTENCE_PART_UNKNOWN, /* number, those that exist */
	SENTENCE_PART_ANSWERED, /* number */
	SENTENCE_PART_OTHERS, /* number, department */
	SENTENCE_MERGE_SELF,
	SENTENCE_MERGE_INTO_NONE,
	SENTENCE_MERGE_INTO_STATE, /* number, state */
	SENTENCE_MERGE_HAS_MEMBERS, /* count */
	SENTENCE_MERGE_FULL, /* most */
	SENTENCE_EXTEND_BASIS, /* legal basis */
	SENTENCE_EXTEND_TWICE,
	SENTENCE_EXTEND_LATE, /* day */
	SENTENCE_FEE_BASIS, /* legal basis */
	SENTENCE_FEE_TWICE,
	SENTENCE_FEE_LATE, /* day */
	SENTENCE_FEE_NONE,
	SENTENCE_FEE_UNPAID,
	SENTENCE_PROMISE_SAME, /* day */
	SENTENCE_PROMISE_REASON, /* day */
	SENTENCE_DAY_MISSING, /* field */
	SENTENCE_NOT_DUE,
	SENTENCE_LEADER_WITHDRAWN,
	SENTENCE_BUSY,
	SENTENCE_UNKNOWN,
	SENTENCE_REFUSED,
	SENTENCE_COUNT
};

enum field_id {
	FIELD_REASON,
	FIELD_TEXT,
	FIELD_DEPARTMENT,
	FIELD_TOPIC,
	FIELD_INSTITUTION,
	FIELD_LETTER,
	FIELD_LETTER_NUMBER,
	FIELD_TASK,
	FIELD_APPLICATION,
	FIELD_INTO,
	FIELD_ANSWER_BY,
	FIELD_FINAL_BY,
	FIELD_LETTER_ON,
	FIELD_PAY_BY,
	FIELD_PAID_ON,
	FIELD_EVIDENCE,
	FIELD_PROMISED_ON,
};

const char *sentence_make(struct arena *a, enum sentence_id id, bool english, const struct sentence_words *words);
const char *sentence_field(enum field_id field, bool english);

#endif
