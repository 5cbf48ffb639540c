/* lifecycle: which action is allowed in which state to whom, what state and event it gives and what must come with it:
 * one table. Pure. */
#ifndef KOPRU_SERVICES_ROUTER_LIFECYCLE_H
#define KOPRU_SERVICES_ROUTER_LIFECYCLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How somebody stands to a case; one person may be several of these at once. */
enum lifecycle_who {
	LIFECYCLE_APPLICANT = 1U << 0, /* whose application it is: intake has checked number and access code */
	LIFECYCLE_CLERK = 1U << 1, /* of the desk, to any case */
	LIFECYCLE_CLERK_FREE = 1U << 2, /* ... that is not with the arbiter */
	LIFECYCLE_CLERK_OWN = 1U << 3, /* ... that is the desk's own, and not with the arbiter */
	LIFECYCLE_OFFICER_OWN = 1U << 4, /* of the owning department */
	LIFECYCLE_MANAGER_OWN = 1U << 5,
	LIFECYCLE_OFFICER_PART = 1U << 6, /* of the department of a part */
	LIFECYCLE_MANAGER_PART = 1U << 7,
	LIFECYCLE_ARBITER = 1U << 8,
	LIFECYCLE_SERVICE = 1U << 9, /* the router's own clock */
};

/* What must come with an action. */
enum lifecycle_need {
	LIFECYCLE_VERSION = 1U << 0, /* the version that the actor saw */
	LIFECYCLE_REASON = 1U << 1,
	LIFECYCLE_REASON_MAY = 1U << 2, /* may be empty */
	LIFECYCLE_TEXT = 1U << 3,
	LIFECYCLE_DEPARTMENT = 1U << 4,
	LIFECYCLE_TOPIC_MAY = 1U << 5,
	LIFECYCLE_INSTITUTION = 1U << 6,
	LIFECYCLE_LETTER = 1U << 7, /* given, or composed from the institution's */
	LIFECYCLE_LEGAL_REASON = 1U << 8,
	LIFECYCLE_INTO = 1U << 9, /* another case */
	LIFECYCLE_PARTS = 1U << 10,
	LIFECYCLE_PART = 1U << 11,
	LIFECYCLE_DAY_MAY = 1U << 12, /* a date that may be left out */
	LIFECYCLE_DRAFT = 1U << 13, /* a draft is there */
	LIFECYCLE_APPROVED = 1U << 14, /* an approved draft is there */
	LIFECYCLE_CONTENT = 1U << 15, /* a text, attachments, or both */
	LIFECYCLE_DAY = 1U << 16, /* a date */
	LIFECYCLE_EVIDENCE = 1U << 17, /* of a payment */
};

/* The ways of Answer. All other actions have one. */
enum lifecycle_way {
	LIFECYCLE_PLAIN,
	LIFECYCLE_WITH_TEXT,
	LIFECYCLE_WITH_DRAFT, /* the approved draft */
	LIFECYCLE_OF_PART,
};

#define LIFECYCLE_STAYS 0 /* the state stays */
#define LIFECYCLE_BACK (-1) /* the state before the merging */

struct lifecycle_rule {
	int action; /* tag of Command.action; 0 ends the table */
	enum lifecycle_way way;
	unsigned states; /* from these: bits 1 << STATE */
	unsigned who; /* to these */
	int to; /* a state, LIFECYCLE_STAYS or LIFECYCLE_BACK */
	int event; /* tag of Event.body */
	unsigned needs;
};

extern const struct lifecycle_rule lifecycle_rules[];

/* NULL when there is none (another action). */
const struct lifecycle_rule *lifecycle_find(int action, enum lifecycle_way way);
bool lifecycle_state_allows(const struct lifecycle_rule *rule, int state);

/* What is asked about who stands how to a case. */
struct lifecycle_actor {
	int role; /* of proto Actor */
	const char *department; /* of an officer or a manager */
};

struct lifecycle_case {
	const char *department;
	bool with_arbiter;
	const char *const *part_departments;
	size_t part_count;
};

/* Bits of lifecycle_who; 0: the case is none of theirs, and they may not even learn that it exists. */
unsigned lifecycle_who(const struct lifecycle_actor *actor, const struct lifecycle_case *c);

/* The next action that is allowed to who in the state, after rule (NULL: the first); NULL at the end. */
const struct lifecycle_rule *lifecycle_next(const struct lifecycle_rule *rule, int state, unsigned who);

#endif
