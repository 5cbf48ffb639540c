/* rules_set: what a set names exists while the rule counts, and each rule can hold. */
#include <stdlib.h>
#include <string.h>

#include "common/base/text.h"
#include "common/domain/calendar.h"
#include "common/rules/rules_checking.h"

static bool
same_line(const char *line, size_t size, const char *text)
{
	return strlen(text) == size && memcmp(line, text, size) == 0;
}

static bool
area_is_called(const struct rules_area *area, const char *folded)
{
	for (const char *line = area->names; *line;) {
		size_t size = strcspn(line, "\n");

		if (same_line(line, size, folded))
			return true;
		line += size + (line[size] == '\n');
	}
	return false;
}

/* Refuses what is not valid on each day from from on until to. */
static int
dates_cover(const char *what, const char *code, const int32_t valid[2], const struct rule *r, struct err *e)
{
	char from[DATE_TEXT_SIZE], to[DATE_TEXT_SIZE] = "open";

	if (valid[0] <= r->valid_from && (valid[1] == 0 || (r->valid_to != 0 && r->valid_to <= valid[1])))
		return 0;
	date_text(valid[0], from);
	if (valid[1] != 0)
		date_text(valid[1], to);
	return err_set(
	    e, "%s \"%s\" is valid from %s to %s, which is not all of the rule's time", what, code, from, to);
}

static int
department_check(
    const struct rules_checking *c, const char *field, const char *code, const struct rule *r, struct err *e)
{
	const struct rules_department *d = checking_department(c, code);

	if (!d)
		return err_set(
		    e, "\"%s\": there is no department \"%s\" (kopru department list shows them)", field, code);
	if (dates_cover("department", code, (const int32_t[]){d->valid_from, d->valid_to}, r, e) < 0)
		return err_prefix(e, "\"%s\"", field);
	return 0;
}

static int
topic_check(const struct rules_checking *c, const char *field, const char *code, const struct rule *r, struct err *e)
{
	const struct rules_topic *t = checking_topic(c, code);

	if (!t)
		return err_set(e, "\"%s\": there is no topic \"%s\"; allowed are a topic's code (\"YOL-01\")%s", field,
		    code, strcmp(field, "when.topics") == 0 ? " or a category (\"YOL\")" : "");
	if (dates_cover("topic", code, (const int32_t[]){t->valid_from, t->valid_to}, r, e) < 0)
		return err_prefix(e, "\"%s\"", field);
	return 0;
}

static bool
category_exists(const struct rules_checking *c, const char *category)
{
	size_t size = strlen(category);

	for (size_t i = 0; i < c->known->topic_count; i++) {
		const char *code = c->known->topics[i].code;

		if (rule_category_size(code) == size && strncmp(code, category, size) == 0)
			return true;
	}
	return false;
}

static int
topics_check(const struct rules_checking *c, const struct rule *r, struct err *e)
{
	for (size_t i = 0; i < r->topics.count; i++)
		if (!category_exists(c, r->topics.items[i]) &&
		    topic_check(c, "when.topics", r->topics.items[i], r, e) < 0)
			return -1;
	for (size_t i = 0; i < r->street_owners.count; i++)
		if (department_check(c, "when.street_owners", r->street_owners.items[i], r, e) < 0)
			return -1;
	return 0;
}

/* By code, or by any of its names. NULL with a reason. */
static const struct rules_area *
neighbourhood_find(const struct rules_checking *c, const char *text, struct err *e)
{
	const struct rules_area *area = checking_area(c, text);
	const char *folded = text_fold_tr(c->arena, text);

	if (area && area->neighbourhood)
		return area;
	area = NULL;
	for (size_t i = 0; i < c->known->area_count; i++) {
		const struct rules_area *other = &c->known->areas[i];

		if (!other->neighbourhood || !area_is_called(other, folded))
			continue;
		if (area) {
			err_set(e,
			    "\"when.neighbourhoods\": both \"%s\" and \"%s\" are called \"%s\": name one by its "
			    "code",
			    area->code, other->code, rule_shown(text).text);
			return NULL;
		}
		area = other;
	}
	if (!area)
		err_set(e,
		    "\"when.neighbourhoods\": there is no neighbourhood \"%s\"; allowed are codes and names of "
		    "those "
		    "that are loaded (%s)",
		    rule_shown(text).text, c->known->area_count > 0 ? "router.area has them" : "none is loaded yet");
	return area;
}

static int
areas_check(struct rules_checking *c, struct rule *r, struct err *e)
{
	for (size_t i = 0; i < r->neighbourhoods.count; i++) {
		const struct rules_area *area = neighbourhood_find(c, r->neighbourhoods.items[i], e);

		if (!area)
			return -1;
		if (dates_cover("it", area->code, (const int32_t[]){area->valid_from, area->valid_to}, r, e) < 0)
			return err_prefix(e, "\"when.neighbourhoods\"");
		r->neighbourhoods.items[i] = arena_string(c->arena, area->code);
	}
	for (size_t i = 0; i < r->areas.count; i++) {
		const struct rules_area *area = checking_area(c, r->areas.items[i]);

		if (!area)
			return err_set(e,
			    "\"when.areas\": there is no area \"%s\"; allowed are codes of areas that are loaded",
			    rule_shown(r->areas.items[i]).text);
		if (!area->shape)
			return err_set(e, "\"when.areas\": the shape of \"%s\" is not known: no point can lie in it",
			    r->areas.items[i]);
		if (dates_cover("it", area->code, (const int32_t[]){area->valid_from, area->valid_to}, r, e) < 0)
			return err_prefix(e, "\"when.areas\"");
	}
	return 0;
}

static int
outcome_check(const struct rules_checking *c, const struct rule *r, struct err *e)
{
	if (r->department && department_check(c, "then.department", r->department, r, e) < 0)
		return -1;
	if (!r->topic)
		return 0;
	if (topic_check(c, "then.topic", r->topic, r, e) < 0)
		return -1;
	if (r->department)
		return 0;
	return department_check(c, "then.topic", checking_topic(c, r->topic)->department, r, e);
}

/* Each neighbourhood reaches into one of the areas. */
static int
places_meet(struct rules_checking *c, const struct rule *r, struct err *e)
{
	if (!(r->kinds & RULE_AREA))
		return 0;
	for (size_t i = 0; i < r->neighbourhoods.count; i++) {
		bool meets = false;

		for (size_t k = 0; k < r->areas.count && !meets; k++)
			meets = checking_areas_meet(c, r->neighbourhoods.items[i], r->areas.items[k]);
		if (!meets)
			return err_set(e,
			    "it can never hold in neighbourhood \"%s\" of \"when.neighbourhoods\": that lies outside "
			    "of \"when.areas\"",
			    r->neighbourhoods.items[i]);
	}
	return 0;
}

static int
time_check(const struct rule *r, int32_t today, struct err *e)
{
	char over[DATE_TEXT_SIZE];

	if (r->valid_to != 0 && r->valid_to <= today) {
		date_text(r->valid_to, over);
		return err_set(e, "it can never hold: \"valid_to\" is %s, so it is over", over);
	}
	if (!(r->kinds & RULE_WORKING_TIME) || !r->working_time)
		return 0;
	if (r->kinds & RULE_WEEKDAYS && !(r->weekdays & RULE_WORKDAYS))
		return err_set(e, "it can never hold: \"when.weekdays\" has no day with \"when.working_time\"");
	if (r->kinds & RULE_HOURS && !rule_hours_open(&r->hours))
		return err_set(e,
		    "it can never hold: no minute of \"when.hours\" is in \"when.working_time\" (08:30 to 12:30, "
		    "13:30 to 17:30)");
	return 0;
}

static int
rule_check(struct rules_checking *c, struct rule *r, struct err *e)
{
	if (topics_check(c, r, e) < 0 || areas_check(c, r, e) < 0 ||
	    rule_list_sort("when.neighbourhoods", &r->neighbourhoods, e) < 0 || outcome_check(c, r, e) < 0 ||
	    places_meet(c, r, e) < 0 || time_check(r, c->known->today, e) < 0)
		return -1;
	if (rule_words_contradict(r))
		return err_set(e, "it can never hold: \"when.words\" wants what its \"none\" forbids");
	return 0;
}

static bool
same_text(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

static bool
same_outcome(const struct rule *a, const struct rule *b)
{
	return a->triage == b->triage && same_text(a->department, b->department) && same_text(a->topic, b->topic);
}

/* first comes before second, or is as specific. */
static int
pair_check(struct rules_checking *c, const struct rule *first, const struct rule *second, struct err *e)
{
	const char *witness;

	if (rule_covers(c, first, second))
		return err_set(e, "rule \"%s\" can never decide: \"%s\", which is %s specific, holds wherever it does",
		    second->code, first->code, rule_compare(first, second) == 0 ? "as" : "more");
	if (rule_compare(first, second) != 0 || same_outcome(first, second))
		return 0;
	witness = rules_witness(c, first, second);
	if (!witness)
		return 0;
	return err_set(e,
	    "rules \"%s\" and \"%s\" tie: as specific as each other, both hold for %s, and they decide otherwise; one "
	    "of "
	    "them needs another condition",
	    first->code, second->code, witness);
}

static int
compare_rules(const void *a, const void *b)
{
	const struct rule *const *x = a, *const *y = b;
	int order = rule_compare(*x, *y);

	return order != 0 ? order : strcmp((*x)->code, (*y)->code);
}

static int
pairs_check(struct rules_checking *c, const struct rules_set *set, struct err *e)
{
	const struct rule **sorted = arena_array(c->arena, set->count + 1, sizeof(*sorted));

	for (size_t i = 0; i < set->count; i++)
		sorted[i] = &set->list[i];
	qsort(sorted, set->count, sizeof(*sorted), compare_rules);
	for (size_t i = 0; i < set->count; i++)
		for (size_t k = i + 1; k < set->count; k++)
			if (pair_check(c, sorted[i], sorted[k], e) < 0)
				return -1;
	return 0;
}

int
rules_set_check(struct arena *a, struct rules_set *set, const struct rules_known *known, struct err *e)
{
	struct rules_checking c;

	checking_start(&c, a, known);
	for (size_t i = 0; i < set->count; i++)
		if (rule_check(&c, &set->list[i], e) < 0)
			return err_prefix(e, "rule \"%s\"", set->list[i].code);
	return pairs_check(&c, set, e);
}
