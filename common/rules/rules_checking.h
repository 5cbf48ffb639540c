/* rules_checking: what the parts of rules_set_check share. Pure. */
#ifndef KOPRU_COMMON_RULES_RULES_CHECKING_H
#define KOPRU_COMMON_RULES_RULES_CHECKING_H

#include "common/rules/rules_set.h"

struct rules_checking {
	struct arena *arena;
	const struct rules_known *known;
	const struct rules_department **departments; /* sorted by code, as those below */
	const struct rules_topic **topics;
	const struct rules_area **areas;
	struct outline **shapes; /* by place in areas, once read */
	bool *shapes_read;
	char *meetings; /* by two places: 0 not looked yet, 'y', 'n' */
};

void checking_start(struct rules_checking *c, struct arena *a, const struct rules_known *known);

/* NULL: there is none. */
const struct rules_department *checking_department(const struct rules_checking *c, const char *code);
const struct rules_topic *checking_topic(const struct rules_checking *c, const char *code);
const struct rules_area *checking_area(const struct rules_checking *c, const char *code);

/* False only when both shapes are known and nothing lies in both. */
bool checking_areas_meet(struct rules_checking *c, const char *a, const char *b);
/* True only when both shapes are known and all of inner lies in outer. */
bool checking_area_within(struct rules_checking *c, const char *inner, const char *outer);

/* Wherever the one stands, the other stands too. */
bool phrase_implies(const char *phrase, const char *other);
/* Whatever text b wants, a wants it too. */
bool rule_words_cover(const struct rule *a, const struct rule *b);
/* A text that both want, quoted, in a; NULL: there is none. */
const char *rules_text_common(struct arena *a, const struct rule *first, const struct rule *second);
/* No text can have what the rule asks for and lack what it must not have. */
bool rule_words_contradict(const struct rule *r);

/* Does a hold wherever b does? Only for certain; false when it cannot be told. */
bool rule_covers(struct rules_checking *c, const struct rule *a, const struct rule *b);
/* An application for which both hold, in words; NULL: there is none. */
const char *rules_witness(struct rules_checking *c, const struct rule *a, const struct rule *b);

#endif
