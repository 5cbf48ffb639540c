/* cases: what one batch of commands works on in memory: the cases as they were read, changed command by command, and the
 * events that tell it. Pure. */
#ifndef KOPRU_SERVICES_ROUTER_CASES_H
#define KOPRU_SERVICES_ROUTER_CASES_H

#include "common/base/arena.h"
#include "common/base/ids.h"
#include "proto/kopru/v1/event.pb-c.h"
#include "services/router/catalogue.h"
#include "services/router/clocks.h"

struct case_part {
	uint32_t number;
	const char *department, *task;
	bool answered;
};

/* What a human said of a case's topic; source NULL: nothing. */
struct case_example {
	const char *source; /* as router.example has it */
	const char *topic; /* NULL: only that what was said is wrong */
	const char *said; /* by the decision; NULL: nothing */
	uint32_t model_version; /* of the decision; 0: none */
};

/* One case. Texts are borrowed from whoever lives as long as the batch. */
struct case_record {
	struct uuid application_id;
	const char *number;
	int32_t version, stored_version; /* now, and as it was read */
	int32_t changed_version; /* since then only the router's clock spoke, of which no command need know */
	int state;
	const char *department;
	const char *topic; /* NULL: none */
	bool triage;
	int64_t received_at;
	int32_t due_on, target_on; /* target 0: none */
	int kind, channel, legal_basis;
	uint32_t hand_backs, answers;
	bool with_arbiter, final_owed, extended;
	int32_t arbiter_due_on; /* 0: none */
	int32_t promised_on; /* the last date that the citizen was told; 0: none */
	int32_t fee_told_on, fee_due_on; /* Law 4982; due 0: none is awaited */
	bool merged;
	struct uuid merged_into; /* when merged */
	int state_before; /* when merged */
	struct case_clock clocks[CLOCKS_KINDS]; /* by kind */
	int64_t term_from; /* clocks that are new begin then; 0: with the receipt */
	const char *draft; /* NULL: none */
	const Kopru__V1__Actor *drafted_by, *approved_by; /* NULL: none, not approved */
	const char *question; /* NULL: none is open */
	int32_t answer_by, remind_on; /* of the question; remind_on 0: was reminded */
	struct case_part *parts;
	size_t part_count;
	Kopru__V1__Application *application; /* NULL: erased */
	const Kopru__V1__ApplicationRouted *routed; /* the decision; NULL: erased */
	struct case_example example;
	uint32_t access_code_generation;
	bool draft_changed, question_changed, parts_changed;
};

/* An event as it goes into one stream. */
struct case_entry {
	const char *stream;
	const char *kind;
	struct uuid event_id, application_id;
	int64_t at;
	const uint8_t *event; /* packed */
	size_t size;
};

/* A deadline that a change of the calendar moved: so it is listed. */
struct case_move {
	struct uuid application_id;
	int kind; /* of kopru.v1.Clock */
	int64_t old_due_at, new_due_at;
	int32_t calendar_version;
	struct case_move *next;
};

struct cases_settings {
	int question_days; /* calendar days for a reply that says no day */
	int arbiter_working_days;
};

struct cases {
	struct arena *arena;
	const struct catalogue *catalogue;
	const struct cases_settings *settings;
	int64_t now;
	int32_t today;
	struct uuid (*new_id)(void);
	struct case_record **records; /* by application id */
	size_t record_count;
	struct case_entry *entries; /* in order */
	size_t entry_count, entry_room;
	size_t case_entry_count; /* of them in stream "case" */
	size_t entry_bytes;
	struct case_move *moves; /* in no order */
	size_t move_count;
};

/* NULL when it was not read: there is no such case. */
struct case_record *cases_find(const struct cases *c, const struct uuid *application_id);
/* The first after i that is merged into leader; i counts on. NULL at the end. Start with i = 0. */
struct case_record *cases_member(const struct cases *c, const struct case_record *leader, size_t *i);
size_t cases_member_count(const struct cases *c, const struct case_record *leader);

/* One thing that happened to a record, whose fields are as they stand afterwards. */
struct case_telling {
	struct case_record *record; /* its version is moved on */
	const Kopru__V1__Actor *actor;
	const char *traceparent;
	int event; /* tag of Event.body */
	void *body;
	Kopru__V1__Application **application; /* in the body, for those that get the case by this; NULL: nobody does */
	const char *gets; /* department that gets it; NULL */
	const char *also; /* another department that is told: it had the case, or answered a part; NULL */
	Kopru__V1__Attachment ***attachments; /* in the body; NULL: it has none */
	const size_t *attachment_count; /* of them */
	bool internal; /* of the owning department only */
	bool to_parts; /* the departments of its parts are told, too; with application: they get it */
};

/* Adds the event to stream "case" and, masked, to those of the departments concerned. */
void cases_tell(struct cases *c, const struct case_telling *telling);

#endif
