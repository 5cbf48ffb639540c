/* rules: the municipality's own routing rules: which of them holds for an application, the most specific first. Made of
 * rows, checked as a whole; never changed, only replaced. Pure. */
#ifndef KOPRU_SERVICES_ROUTER_RULES_H
#define KOPRU_SERVICES_ROUTER_RULES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/arena.h"
#include "common/base/err.h"

#define RULES_MAX 2000

struct rules;

struct rules_row {
	const char *code;
	int32_t valid_from, valid_to; /* days; valid_to 0: open */
	const char *conditions, *outcome; /* JSON, as stored */
};

/* What a rule may ask. Texts may be "" but not NULL. */
struct rules_facts {
	const char *topic; /* the best candidate's, or the one that was chosen */
	const char *neighbourhood; /* code of the area */
	const char *street_owner;
	const char *const *areas; /* codes of the areas in which the point lies */
	size_t area_count;
	int kind, channel; /* of proto/kopru/v1 */
	int64_t received_at;
	const char *folded; /* subject and text, folded */
};

struct rules_outcome {
	const char *rule; /* its code */
	const char *department; /* NULL: the topic's own */
	const char *topic; /* NULL: stays */
	bool triage; /* to the desk, whatever else is known */
};

struct rules *rules_new(const struct rules_row *rows, size_t count, uint32_t version, struct err *e);
void rules_free(struct rules *r); /* NULL is fine */
uint32_t rules_version(const struct rules *r); /* 0 for NULL */
/* False: none holds. What it gives lives as long as r. */
bool rules_pick(const struct rules *r, const struct rules_facts *facts, struct rules_outcome *outcome);

#endif
