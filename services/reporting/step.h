/* step: what one event adds to the history of its application: what the citizen may read, and what only those who work
 * on the case may. Pure. */
#ifndef KOPRU_SERVICES_REPORTING_STEP_H
#define KOPRU_SERVICES_REPORTING_STEP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/ids.h"
#include "proto/kopru/v1/event.pb-c.h"

/* Texts are the event's own; NULL where it has none. */
struct step {
	struct uuid application_id;
	int32_t version;
	int64_t at; /* of version 1: when the application was received, which may be long before it was entered */
	const char *event; /* token of event_words */
	bool visible; /* to the citizen; then text, name, day, code and due_on are too */
	int32_t state;
	int32_t actor_type, actor_role;
	const char *actor_department;
	const char *department, *department_name, *department_name_en; /* whose the case is after it */
	const char *text; /* for the citizen: a question, a reply, an answer ... */
	const char *internal; /* for who works on it: a reason, a note, a draft, a letter ... */
	const char *name; /* of an institution; or the number of another application, on an invisible step */
	const char *reference; /* number of a letter */
	int32_t code; /* why it was rejected; number of a part; stage of an escalation */
	int32_t
	    day; /* answer by, final answer by, date of the letter, the day that was due before, the fee's day, the promised day;
		      0: none */
	int32_t due_on; /* of a deadline that moved or began anew; 0: none */
};

/* Of an event that application_read_event took. */
void step_read_event(const Kopru__V1__Event *event, struct step *step);

/* One part of a split case. */
struct part {
	struct uuid application_id;
	int32_t number, version;
	const char *department, *department_name, *task;
	int64_t answered_at; /* 0: not yet */
	const char *answer;
};

/* How many parts the event speaks of, at most max, which are written. */
size_t step_read_parts(const Kopru__V1__Event *event, struct part *parts, size_t max);

#endif
