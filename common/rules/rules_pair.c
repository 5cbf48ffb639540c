/* rules_checking: two rules beside each other: does one cover the other, and is there an application for which both hold. */
#include <string.h>

#include "common/domain/words.h"
#include "common/rules/rules_checking.h"

static bool
list_within(const struct rule_list *inner, const struct rule_list *outer)
{
	for (size_t i = 0; i < inner->count; i++)
		if (!rule_list_has(outer, inner->items[i]))
			return false;
	return true;
}

static const char *
list_common(const struct rule_list *a, const struct rule_list *b)
{
	for (size_t i = 0; i < a->count; i++)
		if (rule_list_has(b, a->items[i]))
			return a->items[i];
	return NULL;
}

/* Named itself, or by its category. */
static bool
topics_have(const struct rules_checking *c, const struct rule_list *topics, const char *code)
{
	return rule_list_has(topics, code) ||
	       rule_list_has(topics, arena_string_n(c->arena, code, rule_category_size(code)));
}

static bool
topics_within(const struct rules_checking *c, const struct rule_list *inner, const struct rule_list *outer)
{
	for (size_t i = 0; i < inner->count; i++)
		if (!topics_have(c, outer, inner->items[i]))
			return false;
	return true;
}

/* A topic that both have: one that either names, or any of a category that both have. */
static const char *
topics_common(const struct rules_checking *c, const struct rule_list *a, const struct rule_list *b)
{
	for (size_t i = 0; i < c->known->topic_count; i++)
		if (topics_have(c, a, c->known->topics[i].code) && topics_have(c, b, c->known->topics[i].code))
			return c->known->topics[i].code;
	return NULL;
}

static bool
neighbourhoods_in_areas(struct rules_checking *c, const struct rule *b, const struct rule_list *areas)
{
	for (size_t i = 0; i < b->neighbourhoods.count; i++) {
		bool within = false;

		for (size_t k = 0; k < areas->count && !within; k++)
			within = checking_area_within(c, b->neighbourhoods.items[i], areas->items[k]);
		if (!within)
			return false;
	}
	return true;
}

static bool
working_time_covers(const struct rule *a, const struct rule *b)
{
	if (b->kinds & RULE_WORKING_TIME)
		return a->working_time == b->working_time;
	if (a->working_time)
		return false;
	return (b->kinds & RULE_WEEKDAYS && !(b->weekdays & RULE_WORKDAYS)) ||
	       (b->kinds & RULE_HOURS && !rule_hours_open(&b->hours));
}

static bool
hours_cover_open(const struct rule_span *hours)
{
	for (int minute = 0; minute < RULE_MINUTES; minute++)
		if (rule_is_open(minute, false) && !rule_span_has(hours, minute))
			return false;
	return true;
}

static bool
hours_cover(const struct rule *a, const struct rule *b)
{
	if (b->kinds & RULE_HOURS)
		return rule_span_covers(&a->hours, &b->hours, RULE_MINUTES);
	return b->kinds & RULE_WORKING_TIME && b->working_time && hours_cover_open(&a->hours);
}

static bool
weekdays_cover(const struct rule *a, const struct rule *b)
{
	if (b->kinds & RULE_WEEKDAYS)
		return (b->weekdays & ~a->weekdays) == 0;
	return b->kinds & RULE_WORKING_TIME && b->working_time && (RULE_WORKDAYS & ~a->weekdays) == 0;
}

static bool
kind_covers(struct rules_checking *c, enum rule_kind kind, const struct rule *a, const struct rule *b)
{
	bool has = (b->kinds & (unsigned)kind) != 0;

	switch (kind) {
	case RULE_KIND:
		return has && (b->application_kinds & ~a->application_kinds) == 0;
	case RULE_CHANNEL:
		return has && (b->channels & ~a->channels) == 0;
	case RULE_WORKING_TIME:
		return working_time_covers(a, b);
	case RULE_WEEKDAYS:
		return weekdays_cover(a, b);
	case RULE_HOURS:
		return hours_cover(a, b);
	case RULE_DATES:
		return has && rule_span_covers(&a->dates, &b->dates, RULE_DAYS);
	case RULE_TOPIC:
		return has && topics_within(c, &b->topics, &a->topics);
	case RULE_STREET_OWNER:
		return has && list_within(&b->street_owners, &a->street_owners);
	case RULE_NEIGHBOURHOOD:
		return has && list_within(&b->neighbourhoods, &a->neighbourhoods);
	case RULE_AREA:
		if (has && list_within(&b->areas, &a->areas))
			return true;
		return b->kinds & RULE_NEIGHBOURHOOD && neighbourhoods_in_areas(c, b, &a->areas);
	case RULE_WORDS:
		return has && rule_words_cover(a, b);
	}
	return false;
}

bool
rule_covers(struct rules_checking *c, const struct rule *a, const struct rule *b)
{
	int32_t from = b->valid_from > c->known->today ? b->valid_from : c->known->today;

	if (a->valid_from > from || (a->valid_to != 0 && (b->valid_to == 0 || b->valid_to > a->valid_to)))
		return false;
	for (unsigned kind = 1; kind < 1U << RULE_KINDS; kind <<= 1)
		if (a->kinds & kind && !kind_covers(c, (enum rule_kind)kind, a, b))
			return false;
	return true;
}

/* What a witness says, piece by piece. */
struct saying {
	struct arena *arena;
	const char *text;
};

static bool
say(struct saying *s, const char *what, const char *value)
{
	if (!value)
		return false;
	s->text = arena_printf(s->arena, "%s%s%s%s", s->text, *s->text ? ", " : "", what, value);
	return true;
}

static const char *
bit_common(unsigned a, unsigned b, const struct word *words)
{
	for (; words->value != 0; words++)
		if (a & b & (1U << words->value))
			return words->token;
	return NULL;
}

/* An area of each, and the neighbourhood when there is one, that lie over each other. */
static bool
say_areas(
    struct rules_checking *c, struct saying *s, const struct rule *a, const struct rule *b, const char *neighbourhood)
{
	for (size_t i = 0; i < a->areas.count; i++) {
		for (size_t k = 0; k < b->areas.count; k++) {
			const char *x = a->areas.items[i], *y = b->areas.items[k];

			if (!checking_areas_meet(c, x, y) ||
			    (neighbourhood && (!checking_areas_meet(c, neighbourhood, x) ||
						  !checking_areas_meet(c, neighbourhood, y))))
				continue;
			return say(s, "a point in ", strcmp(x, y) == 0 ? x : arena_printf(s->arena, "%s and %s", x, y));
		}
	}
	return false;
}

static bool
say_places(struct rules_checking *c, struct saying *s, const struct rule *a, const struct rule *b)
{
	if (a->kinds & RULE_STREET_OWNER && !say(s, "a street of ", list_common(&a->street_owners, &b->street_owners)))
		return false;
	if (!(a->kinds & RULE_NEIGHBOURHOOD))
		return !(a->kinds & RULE_AREA) || say_areas(c, s, a, b, NULL);
	if (!(a->kinds & RULE_AREA))
		return say(s, "neighbourhood ", list_common(&a->neighbourhoods, &b->neighbourhoods));
	for (size_t i = 0; i < a->neighbourhoods.count; i++) {
		const char *neighbourhood = a->neighbourhoods.items[i];

		if (rule_list_has(&b->neighbourhoods, neighbourhood) && say_areas(c, s, a, b, neighbourhood))
			return say(s, "neighbourhood ", neighbourhood);
	}
	return false;
}

/* The first place in both spans; -1: none. open: only minutes of working time. */
static int
span_common(const struct rule_span *a, const struct rule_span *b, int circle, bool open)
{
	for (int at = 0; at < circle; at++)
		if (rule_span_has(a, at) && rule_span_has(b, at) && (!open || rule_is_open(at, false)))
			return at;
	return -1;
}

/* Every date falls on every weekday in some year, and holidays on any workday. */
static bool
say_time(struct saying *s, const struct rule *a, const struct rule *b)
{
	unsigned weekdays = a->weekdays & b->weekdays;
	bool open = a->kinds & RULE_WORKING_TIME && a->working_time;
	char text[8];
	int at;

	if (a->kinds & RULE_WORKING_TIME) {
		if (a->working_time != b->working_time)
			return false;
		say(s, open ? "in" : "outside of", " working time");
	}
	if (a->kinds & RULE_WEEKDAYS) {
		weekdays = open ? weekdays & RULE_WORKDAYS : weekdays;
		if (!say(s, "on ", bit_common(weekdays << 1, weekdays << 1, weekday_words)))
			return false;
	}
	if (a->kinds & RULE_HOURS) {
		at = span_common(&a->hours, &b->hours, RULE_MINUTES, open);
		if (at < 0)
			return false;
		rule_minute_text(at, text);
		say(s, "at ", text);
	}
	if (a->kinds & RULE_DATES) {
		at = span_common(&a->dates, &b->dates, RULE_DAYS, false);
		if (at < 0)
			return false;
		rule_day_text(at, text);
		say(s, "on ", text);
	}
	return true;
}

static bool
validity_meets(const struct rules_checking *c, const struct rule *a, const struct rule *b)
{
	int32_t from = a->valid_from > b->valid_from ? a->valid_from : b->valid_from;

	from = from > c->known->today ? from : c->known->today;
	return (a->valid_to == 0 || from < a->valid_to) && (b->valid_to == 0 || from < b->valid_to);
}

const char *
rules_witness(struct rules_checking *c, const struct rule *a, const struct rule *b)
{
	struct saying s = {.arena = c->arena, .text = ""};

	if (a->kinds != b->kinds || !validity_meets(c, a, b))
		return NULL;
	if (a->kinds & RULE_TOPIC && !say(&s, "topic ", topics_common(c, &a->topics, &b->topics)))
		return NULL;
	if (a->kinds & RULE_CHANNEL && !say(&s, "channel ", bit_common(a->channels, b->channels, channel_words)))
		return NULL;
	if (a->kinds & RULE_KIND &&
	    !say(&s, "kind ", bit_common(a->application_kinds, b->application_kinds, kind_words)))
		return NULL;
	if (!say_places(c, &s, a, b) || !say_time(&s, a, b))
		return NULL;
	if (a->kinds & RULE_WORDS && !say(&s, "the text ", rules_text_common(c->arena, a, b)))
		return NULL;
	return s.text;
}
