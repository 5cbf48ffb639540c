/* rule: one rule as it was read: its conditions, its outcome, and how specific it is. Pure. */
#ifndef KOPRU_COMMON_RULES_RULE_H
#define KOPRU_COMMON_RULES_RULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "common/base/arena.h"
#include "common/base/err.h"
#include "common/base/words_tr.h"
#include "common/domain/words.h"

#define RULE_LIST_MAX 200 /* codes of one condition */
#define RULE_WORDS_MAX 60 /* words and phrases of one list */
#define RULE_PHRASE_MAX 4 /* words of a phrase */
#define RULE_WORD_BYTES 40 /* of one word, folded; at least 2 */
#define RULE_MINUTES (24 * 60)
#define RULE_DAYS 366 /* of a year, 29 February being one of them */
#define RULE_WORKDAYS 0x1fU /* Monday to Friday, of weekdays */

/* Kinds of condition, as bits; the higher one stands first. */
enum rule_kind {
	RULE_KIND = 1 << 0,
	RULE_CHANNEL = 1 << 1,
	RULE_WORKING_TIME = 1 << 2,
	RULE_WEEKDAYS = 1 << 3,
	RULE_HOURS = 1 << 4,
	RULE_DATES = 1 << 5,
	RULE_TOPIC = 1 << 6,
	RULE_STREET_OWNER = 1 << 7,
	RULE_AREA = 1 << 8,
	RULE_NEIGHBOURHOOD = 1 << 9,
	RULE_WORDS = 1 << 10,
};
#define RULE_KINDS 11

/* Sorted, each once. */
struct rule_list {
	const char **items;
	size_t count;
};

/* A circle of count: from is in it, to is not; from after to: over its end. */
struct rule_span {
	int from, to;
};

struct rule {
	const char *code, *owner, *reason;
	int32_t valid_from, valid_to; /* days; valid_to: first day on which it counts no more; 0: open */
	unsigned kinds; /* those that it has */
	struct rule_list topics; /* codes "YOL-01" and categories "YOL" */
	struct rule_list neighbourhoods, areas, street_owners;
	struct rule_span dates; /* days of the year, from 0 */
	struct rule_span hours; /* minutes of the day */
	unsigned weekdays; /* bit 0: Monday */
	bool working_time;
	unsigned channels, application_kinds; /* bits by number of proto/kopru/v1 */
	struct rule_list all, any, none; /* folded words and phrases, one space between their words */
	const char *department, *topic; /* the outcome; NULL: none of its own */
	bool triage;
};

/* Reads conditions and outcome, JSON objects whose keys are known. The reason names the field ("when.hours.from"). What
 * can be seen from the rule alone is refused here too: lists and spans that are empty or hold everything. */
int rule_read(struct arena *a, json_t *when, const json_t *then, struct rule *r, struct err *e);

/* The same again as JSON; the caller's. */
json_t *rule_conditions_json(const struct rule *r);
json_t *rule_outcome_json(const struct rule *r);

extern const struct word weekday_words[]; /* 1: Monday */

/* Below 0: a is the more specific one. 0: equally specific (codes are not looked at). */
int rule_compare(const struct rule *a, const struct rule *b);

/* Of span over a circle of that size: how much is in it; is at in it; is all of inner in outer; is anything in both. */
int rule_span_size(const struct rule_span *span, int circle);
bool rule_span_has(const struct rule_span *span, int at);
bool rule_span_covers(const struct rule_span *outer, const struct rule_span *inner, int circle);
bool rule_span_meets(const struct rule_span *a, const struct rule_span *b);

/* Is the municipality open at that minute of an office day, or of one whose afternoon is a holiday? */
bool rule_is_open(int minute, bool half);
bool rule_hours_open(const struct rule_span *hours); /* at any minute of them */

/* Day of a year from 0, as if each had 366, and back as "MM-DD"; a minute as "HH:MM". */
int rule_day_of_year(int month, int day);
void rule_day_text(int day, char text[8]);
void rule_minute_text(int minute, char text[8]);
bool rule_valid_on(const struct rule *r, int32_t day);
/* The beginning of a text from outside, for a reason: whole characters. */
#define RULE_SHOWN 60
struct rule_shown {
	char text[RULE_SHOWN + 4];
};
struct rule_shown rule_shown(const char *text);

/* Sorts; refuses what stands twice in the field. */
int rule_list_sort(const char *field, struct rule_list *list, struct err *e);
bool rule_list_has(const struct rule_list *list, const char *item);
/* The category of a topic's code ("YOL" of "YOL-01"): its bytes. */
size_t rule_category_size(const char *topic);

/* A phrase as words that point into it: how many. */
size_t rule_phrase_split(const char *phrase, struct word_tr words[RULE_PHRASE_MAX]);

#endif
