/* rules_set: a set of rules out of a file, and whether it may become a version: what it names exists, every rule can hold,
 * none hides another, none ties. Pure.
 *
 * {"rules": [{"code": "kbb-yol", "owner": "Fen İşleri", "reason": "...", "valid_from": "2026-01-01", "valid_to": "2027-01-01",
 *             "when": {...}, "then": {"department": "KBB"}}]}
 *
 * valid_to is the first day on which the rule counts no more; it may be left out. README has all conditions. */
#ifndef KOPRU_COMMON_RULES_RULES_SET_H
#define KOPRU_COMMON_RULES_RULES_SET_H

#include "common/rules/rule.h"
#include "common/rules/rules.h"

#define RULES_FILE_BYTES (16 * 1024 * 1024)
#define RULES_RULE_BYTES (64 * 1024) /* of one rule as compact JSON */

struct rules_set {
	struct rule *list;
	size_t count;
};

/* All lives in a. The reason names the rule and the field, and what is allowed. */
int rules_set_read(struct arena *a, const char *text, size_t size, struct rules_set *set, struct err *e);
/* What the router would make of it; rules_free it. */
struct rules *rules_set_compile(const struct rules_set *set, uint32_t version, struct err *e);

struct rules_department {
	const char *code;
	int32_t valid_from, valid_to; /* as in rules; 0: open */
};

struct rules_topic {
	const char *code, *department;
	int32_t valid_from, valid_to;
};

struct rules_area {
	const char *code;
	const char *names; /* folded, one a line; the first is its name */
	const char *shape; /* GeoJSON geometry; NULL: not known */
	bool neighbourhood;
	int32_t valid_from, valid_to;
};

/* What there is, as the database has it; in any order, borrowed. */
struct rules_known {
	const struct rules_department *departments;
	size_t department_count;
	const struct rules_topic *topics;
	size_t topic_count;
	const struct rules_area *areas;
	size_t area_count;
	int32_t today; /* what was over before is not asked for */
};

/* Refuses with the first reason found. Names of neighbourhoods in set become their codes. */
int rules_set_check(struct arena *a, struct rules_set *set, const struct rules_known *known, struct err *e);

#endif
