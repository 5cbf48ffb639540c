/* rules: the municipality's own routing rules: which of them holds for an application, the most specific first. Made of
 * rows, compiled as a whole; never changed, only replaced. Pure.
 *
 * Of two rules that hold the more specific one decides: the one with more kinds of condition; then the one that has the
 * kind that stands first among words, neighbourhood, area, street owner, topic, dates, hours, weekdays, working time,
 * channel, kind, where they differ; then the narrower one, kind by kind in the same order; then the first by code. */
#ifndef KOPRU_COMMON_RULES_RULES_H
#define KOPRU_COMMON_RULES_RULES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/arena.h"
#include "common/base/err.h"
#include "common/domain/calendar.h"

#define RULES_MAX 2000 /* of one set */

struct rules;

struct rules_row {
	const char *code;
	int32_t valid_from, valid_to; /* days; valid_to: first day on which it counts no more; 0: open */
	const char *conditions, *outcome; /* JSON, as stored */
};

/* What a rule may ask. Texts may be "" (not known) but not NULL. */
struct rules_facts {
	int32_t on; /* the day of the decision: only rules valid on it count */
	const char *topic; /* the best candidate's, or the one that was chosen */
	const char *neighbourhood; /* code of the area */
	const char *street_owner;
	const char *const *areas; /* codes of the areas in which the point lies: of rules_areas */
	size_t area_count;
	int kind, channel; /* of proto/kopru/v1 */
	int64_t received_at;
	const struct calendar *calendar; /* for working time; NULL: Monday to Friday */
	const char *folded; /* subject, a newline and text, folded; of more than 64 KiB the rest is not looked at */
};

struct rules_outcome {
	const char *rule; /* its code */
	const char *department; /* NULL: the topic's own; may be one that the catalogue does not have any more */
	const char *topic; /* NULL: stays; may be one that the catalogue does not have any more */
	bool triage; /* to the desk, whatever else is known; the others are NULL */
};

/* Copies. NULL with a reason that names the rule when one cannot be read. version: > 0. */
struct rules *rules_new(const struct rules_row *rows, size_t count, uint32_t version, struct err *e);
void rules_free(struct rules *r); /* NULL is fine */
uint32_t rules_version(const struct rules *r); /* 0 for NULL */
size_t rules_count(const struct rules *r); /* 0 for NULL */
/* What rule number i (in the order in which they are asked) would have; false: it does not count on that day. */
bool rules_outcome_at(const struct rules *r, size_t i, int32_t on, struct rules_outcome *outcome);
/* The areas that rules name, in order: what facts.areas has to be asked for. None for NULL. */
const char *const *rules_areas(const struct rules *r, size_t *count);
/* False: none holds, or r is NULL. What it gives lives as long as r. scratch: for the length of the call. */
bool rules_pick(
    const struct rules *r, struct arena *scratch, const struct rules_facts *facts, struct rules_outcome *outcome);

#endif
