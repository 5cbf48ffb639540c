/* rule: order of rules, spans on a circle, and small questions about one rule. */
#include "common/rules/rule.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CATEGORY_WIDTH 1000 /* a category is wider than any list of topics */

static int
count_bits(unsigned bits)
{
	return __builtin_popcount(bits);
}

/* The fewer the narrower. */
static long
topics_width(const struct rule *r)
{
	long width = 0;

	for (size_t i = 0; i < r->topics.count; i++)
		width += strchr(r->topics.items[i], '-') ? 1 : CATEGORY_WIDTH;
	return width;
}

/* More words that must stand are narrower, then fewer to choose from (none: no choice was asked for), then more that must
 * not. */
static long
words_width(const struct rule *r)
{
	long any = r->any.count > 0 ? (long)r->any.count : RULE_WORDS_MAX + 1;

	return ((RULE_WORDS_MAX - (long)r->all.count) * (RULE_WORDS_MAX + 2) + any) * (RULE_WORDS_MAX + 2) +
	       (RULE_WORDS_MAX - (long)r->none.count);
}

static long
width(const struct rule *r, enum rule_kind kind)
{
	switch (kind) {
	case RULE_WORDS:
		return words_width(r);
	case RULE_NEIGHBOURHOOD:
		return (long)r->neighbourhoods.count;
	case RULE_AREA:
		return (long)r->areas.count;
	case RULE_STREET_OWNER:
		return (long)r->street_owners.count;
	case RULE_TOPIC:
		return topics_width(r);
	case RULE_DATES:
		return rule_span_size(&r->dates, RULE_DAYS);
	case RULE_HOURS:
		return rule_span_size(&r->hours, RULE_MINUTES);
	case RULE_WEEKDAYS:
		return count_bits(r->weekdays);
	case RULE_WORKING_TIME:
		return 0;
	case RULE_CHANNEL:
		return count_bits(r->channels);
	case RULE_KIND:
		return count_bits(r->application_kinds);
	}
	return 0;
}

int
rule_compare(const struct rule *a, const struct rule *b)
{
	int more = count_bits(b->kinds) - count_bits(a->kinds);

	if (more != 0)
		return more;
	if (a->kinds != b->kinds)
		return a->kinds > b->kinds ? -1 : 1;
	for (unsigned kind = 1 << (RULE_KINDS - 1); kind > 0; kind >>= 1) {
		long x = width(a, (enum rule_kind)kind), y = width(b, (enum rule_kind)kind);

		if (x != y)
			return x < y ? -1 : 1;
	}
	return 0;
}

int
rule_span_size(const struct rule_span *span, int circle)
{
	return (span->to - span->from + circle) % circle;
}

bool
rule_span_has(const struct rule_span *span, int at)
{
	if (span->from < span->to)
		return at >= span->from && at < span->to;
	return at >= span->from || at < span->to;
}

bool
rule_span_covers(const struct rule_span *outer, const struct rule_span *inner, int circle)
{
	int before = (inner->from - outer->from + circle) % circle;

	return before + rule_span_size(inner, circle) <= rule_span_size(outer, circle);
}

bool
rule_span_meets(const struct rule_span *a, const struct rule_span *b)
{
	return rule_span_has(a, b->from) || rule_span_has(b, a->from);
}

bool
rule_is_open(int minute, bool half)
{
	const struct rule_span morning = {8 * 60 + 30, 12 * 60 + 30}, afternoon = {13 * 60 + 30, 17 * 60 + 30};

	return rule_span_has(&morning, minute) || (!half && rule_span_has(&afternoon, minute));
}

bool
rule_hours_open(const struct rule_span *hours)
{
	for (int minute = 0; minute < RULE_MINUTES; minute++)
		if (rule_span_has(hours, minute) && rule_is_open(minute, false))
			return true;
	return false;
}

static const int days_before[] = {0, 31, 60, 91, 121, 152, 182, 213, 244, 274, 305, 335};

int
rule_day_of_year(int month, int day)
{
	return days_before[month - 1] + day - 1;
}

void
rule_day_text(int day, char text[8])
{
	int month = 12;

	while (days_before[month - 1] > day)
		month--;
	snprintf(text, 8, "%02u-%02u", (unsigned)month % 100, (unsigned)(day - days_before[month - 1] + 1) % 100);
}

void
rule_minute_text(int minute, char text[8])
{
	snprintf(text, 8, "%02u:%02u", (unsigned)(minute / 60) % 100, (unsigned)minute % 60);
}

bool
rule_valid_on(const struct rule *r, int32_t day)
{
	return r->valid_from <= day && (r->valid_to == 0 || day < r->valid_to);
}

static int
compare_items(const void *a, const void *b)
{
	const char *const *x = a, *const *y = b;

	return strcmp(*x, *y);
}

bool
rule_list_has(const struct rule_list *list, const char *item)
{
	return list->count > 0 && bsearch(&item, list->items, list->count, sizeof(item), compare_items) != NULL;
}

size_t
rule_category_size(const char *topic)
{
	return strcspn(topic, "-");
}

size_t
rule_phrase_split(const char *phrase, struct word_tr words[RULE_PHRASE_MAX])
{
	size_t count = 0;

	for (const char *at = phrase; *at && count < RULE_PHRASE_MAX;) {
		size_t size = strcspn(at, " ");

		words[count++] = (struct word_tr){.text = at, .size = size};
		at += size + (at[size] == ' ');
	}
	return count;
}
