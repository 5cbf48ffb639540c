/* clocks: which clocks of a case run, until when, and when the next stage of escalation is reached. They follow from
 * where the case stands and from what ran before; they count from receipt, never from the last edit. Pure. */
#ifndef KOPRU_SERVICES_ROUTER_CLOCKS_H
#define KOPRU_SERVICES_ROUTER_CLOCKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "services/router/catalogue.h"

#define CLOCKS_KINDS 5 /* values of kopru.v1.Clock, of which 0 is none */

/* A row of router.clock. Times are microseconds since 1970; 0: none. */
struct case_clock {
	bool exists;
	bool changed; /* since it was read */
	int legal_basis; /* of the law's; 0 else */
	int64_t started_at; /* of receipt, or of the last lawful start */
	int32_t started_on;
	int64_t due_at; /* first instant at which it is late */
	bool extended;
	int64_t stopped_at; /* since then it stands */
	int stage; /* the last one told */
	int64_t next_at; /* of the next stage; of a fee that is awaited: when it counts as not paid */
	int32_t calendar_version;
};

struct case_record;

/* Brings the clocks to where the record stands now: those that are wanted exist, the others do not; while it is merged, only
 * the law's has stages to tell. What is left of a
 * target that stood while the citizen was asked is put after now, and target_on follows. */
void clocks_settle(const struct catalogue *c, int64_t now, struct case_record *r);

/* By the calendar's version, a clock of the law or a target is due at another instant, and so is the record. A stage before
 * the end that was told stays told; one after it that has not passed any more comes again. */
void clocks_move(const struct catalogue *c, int64_t now, struct case_record *r, int kind, int64_t due_at);

/* The stage that is to be told at an instant: the highest that has passed, at least the one after clock->stage. 0: there
 * is none left. kind is that of kopru.v1.Clock. */
int clocks_stage_due(const struct catalogue *c, int kind, const struct case_clock *clock, int64_t now);
/* The stage after one; 0: none. */
int clocks_stage_after(int stage);
/* Whether the term of this clock has passed to that stage. */
bool clocks_stage_passed(const struct catalogue *c, int kind, const struct case_clock *clock, int stage, int64_t now);

#endif
