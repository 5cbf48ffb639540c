/* rules: texts of all rules become numbers of tables, sorted by how specific the rules are; the first that holds decides. */
#include "common/rules/rules.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/jsontext.h"
#include "common/rules/phrases.h"
#include "common/rules/rule.h"

#define JSON_DEPTH 4
#define NOWHERE SIZE_MAX

/* Texts that rules name, sorted, each once; a text's place is its number. */
struct names {
	const char **texts;
	size_t count;
};

/* Places in a table of names, rising. */
struct places_list {
	size_t *places;
	size_t count;
};

struct compiled {
	const struct rule *rule;
	struct places_list topics, neighbourhoods, areas, street_owners, all, any, none;
};

struct rules {
	struct arena *arena;
	uint32_t version;
	struct rule *read; /* as read */
	struct compiled *list; /* the most specific first */
	size_t count;
	struct names topics, neighbourhoods, areas, street_owners, words;
	struct phrases *phrases;
};

/* An application as the rules see it. */
struct seen {
	const struct rules_facts *facts;
	size_t topic, category, neighbourhood, street_owner; /* NOWHERE: no rule names it */
	const uint64_t *words;
	bool *areas; /* by place */
	int day, minute, weekday;
	bool open;
};

static int
compare_texts(const void *a, const void *b)
{
	const char *const *x = a, *const *y = b;

	return strcmp(*x, *y);
}

static size_t
names_find(const struct names *names, const char *text)
{
	const char **found = NULL;

	if (names->count > 0)
		found = bsearch(&text, names->texts, names->count, sizeof(text), compare_texts);
	return found ? (size_t)(found - names->texts) : NOWHERE;
}

static void
names_add(struct names *names, const struct rule_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		names->texts[names->count++] = list->items[i];
}

static void
names_sort(struct names *names)
{
	size_t kept = 0;

	qsort(names->texts, names->count, sizeof(*names->texts), compare_texts);
	for (size_t i = 0; i < names->count; i++)
		if (kept == 0 || strcmp(names->texts[kept - 1], names->texts[i]) != 0)
			names->texts[kept++] = names->texts[i];
	names->count = kept;
}

static void
names_make(struct rules *r)
{
	size_t topics = 0, neighbourhoods = 0, areas = 0, owners = 0, words = 0;

	for (size_t i = 0; i < r->count; i++) {
		const struct rule *rule = &r->read[i];

		topics += rule->topics.count;
		neighbourhoods += rule->neighbourhoods.count;
		areas += rule->areas.count;
		owners += rule->street_owners.count;
		words += rule->all.count + rule->any.count + rule->none.count;
	}
	r->topics.texts = arena_array(r->arena, topics + 1, sizeof(char *));
	r->neighbourhoods.texts = arena_array(r->arena, neighbourhoods + 1, sizeof(char *));
	r->areas.texts = arena_array(r->arena, areas + 1, sizeof(char *));
	r->street_owners.texts = arena_array(r->arena, owners + 1, sizeof(char *));
	r->words.texts = arena_array(r->arena, words + 1, sizeof(char *));
	for (size_t i = 0; i < r->count; i++) {
		const struct rule *rule = &r->read[i];

		names_add(&r->topics, &rule->topics);
		names_add(&r->neighbourhoods, &rule->neighbourhoods);
		names_add(&r->areas, &rule->areas);
		names_add(&r->street_owners, &rule->street_owners);
		names_add(&r->words, &rule->all);
		names_add(&r->words, &rule->any);
		names_add(&r->words, &rule->none);
	}
	names_sort(&r->topics);
	names_sort(&r->neighbourhoods);
	names_sort(&r->areas);
	names_sort(&r->street_owners);
	names_sort(&r->words);
}

static struct places_list
places_make(struct rules *r, const struct names *names, const struct rule_list *list)
{
	struct places_list places = {.count = list->count};

	places.places = arena_array(r->arena, list->count + 1, sizeof(*places.places));
	for (size_t i = 0; i < list->count; i++)
		places.places[i] = names_find(names, list->items[i]);
	return places;
}

static int
compare_rules(const void *a, const void *b)
{
	const struct compiled *x = a, *y = b;
	int order = rule_compare(x->rule, y->rule);

	return order != 0 ? order : strcmp(x->rule->code, y->rule->code);
}

static void
compile(struct rules *r)
{
	names_make(r);
	r->phrases = phrases_new(r->arena, r->words.texts, r->words.count);
	r->list = arena_array(r->arena, r->count + 1, sizeof(*r->list));
	for (size_t i = 0; i < r->count; i++) {
		const struct rule *rule = &r->read[i];

		r->list[i] = (struct compiled){
		    .rule = rule,
		    .topics = places_make(r, &r->topics, &rule->topics),
		    .neighbourhoods = places_make(r, &r->neighbourhoods, &rule->neighbourhoods),
		    .areas = places_make(r, &r->areas, &rule->areas),
		    .street_owners = places_make(r, &r->street_owners, &rule->street_owners),
		    .all = places_make(r, &r->words, &rule->all),
		    .any = places_make(r, &r->words, &rule->any),
		    .none = places_make(r, &r->words, &rule->none),
		};
	}
	qsort(r->list, r->count, sizeof(*r->list), compare_rules);
}

static int
row_read(struct arena *a, const struct rules_row *row, struct rule *rule, struct err *e)
{
	struct arena *scratch = arena_new(0);
	struct jsontext_fault fault = {"", ""};
	json_t *when, *then;
	int rc;

	*rule =
	    (struct rule){.code = arena_string(a, row->code), .valid_from = row->valid_from, .valid_to = row->valid_to};
	when = jsontext_read(scratch, row->conditions, strlen(row->conditions), JSON_DEPTH, &fault);
	then = when ? jsontext_read(scratch, row->outcome, strlen(row->outcome), JSON_DEPTH, &fault) : NULL;
	rc = then ? rule_read(a, when, then, rule, e) : err_set(e, "%s", fault.en);
	arena_free(scratch);
	return rc < 0 ? err_prefix(e, "rule \"%s\"", row->code) : 0;
}

struct rules *
rules_new(const struct rules_row *rows, size_t count, uint32_t version, struct err *e)
{
	struct arena *a = arena_new(0);
	struct rules *r = arena_alloc(a, sizeof(*r));

	jsontext_start();
	*r = (struct rules){.arena = a, .version = version, .count = count};
	r->read = arena_array(a, count + 1, sizeof(*r->read));
	for (size_t i = 0; i < count; i++) {
		if (row_read(a, &rows[i], &r->read[i], e) < 0) {
			arena_free(a);
			return NULL;
		}
	}
	compile(r);
	return r;
}

void
rules_free(struct rules *r)
{
	if (r)
		arena_free(r->arena);
}

uint32_t
rules_version(const struct rules *r)
{
	return r ? r->version : 0;
}

size_t
rules_count(const struct rules *r)
{
	return r ? r->count : 0;
}

const char *const *
rules_areas(const struct rules *r, size_t *count)
{
	*count = r ? r->areas.count : 0;
	return r ? r->areas.texts : NULL;
}

static void
see_time(struct seen *seen)
{
	const struct rules_facts *facts = seen->facts;
	int32_t date = date_in_istanbul(facts->received_at);
	bool half = facts->calendar && calendar_is_office_morning(facts->calendar, date), works;
	int year, month, day;

	date_to_civil(date, &year, &month, &day);
	seen->day = rule_day_of_year(month, day);
	seen->weekday = date_weekday(date);
	seen->minute = (int)((facts->received_at - date_start_in_istanbul(date)) / (60 * INT64_C(1000000)));
	works = facts->calendar ? calendar_is_office_day(facts->calendar, date) : seen->weekday < 5;
	seen->open = works && rule_is_open(seen->minute, half);
}

static void
see(const struct rules *r, struct arena *scratch, const struct rules_facts *facts, struct seen *seen)
{
	size_t category = rule_category_size(facts->topic);

	*seen = (struct seen){.facts = facts};
	seen->topic = names_find(&r->topics, facts->topic);
	seen->category = names_find(&r->topics, arena_string_n(scratch, facts->topic, category));
	seen->neighbourhood = names_find(&r->neighbourhoods, facts->neighbourhood);
	seen->street_owner = names_find(&r->street_owners, facts->street_owner);
	seen->words = phrases_find(r->phrases, scratch, facts->folded);
	seen->areas = arena_array(scratch, r->areas.count + 1, sizeof(*seen->areas));
	for (size_t i = 0; i < facts->area_count; i++) {
		size_t place = names_find(&r->areas, facts->areas[i]);

		if (place != NOWHERE)
			seen->areas[place] = true;
	}
	see_time(seen);
}

static bool
list_has(const struct places_list *list, size_t place)
{
	if (place == NOWHERE)
		return false;
	for (size_t i = 0; i < list->count && list->places[i] <= place; i++)
		if (list->places[i] == place)
			return true;
	return false;
}

static bool
areas_hold(const struct places_list *list, const bool *areas)
{
	for (size_t i = 0; i < list->count; i++)
		if (areas[list->places[i]])
			return true;
	return false;
}

static bool
words_hold(const struct compiled *c, const uint64_t *words)
{
	bool found = c->any.count == 0;

	for (size_t i = 0; i < c->all.count; i++)
		if (!phrases_has(words, c->all.places[i]))
			return false;
	for (size_t i = 0; i < c->any.count && !found; i++)
		found = phrases_has(words, c->any.places[i]);
	for (size_t i = 0; i < c->none.count && found; i++)
		found = !phrases_has(words, c->none.places[i]);
	return found;
}

static bool
has_bit(unsigned bits, int bit)
{
	return bit >= 0 && bit < 32 && (bits >> bit) & 1;
}

/* The cheap ones first. */
static bool
holds(const struct compiled *c, const struct seen *s)
{
	const struct rule *r = c->rule;
	unsigned kinds = r->kinds;

	if (!rule_valid_on(r, s->facts->on))
		return false;
	if ((kinds & RULE_KIND && !has_bit(r->application_kinds, s->facts->kind)) ||
	    (kinds & RULE_CHANNEL && !has_bit(r->channels, s->facts->channel)) ||
	    (kinds & RULE_WORKING_TIME && r->working_time != s->open) ||
	    (kinds & RULE_WEEKDAYS && !has_bit(r->weekdays, s->weekday)) ||
	    (kinds & RULE_HOURS && !rule_span_has(&r->hours, s->minute)) ||
	    (kinds & RULE_DATES && !rule_span_has(&r->dates, s->day)))
		return false;
	if ((kinds & RULE_STREET_OWNER && !list_has(&c->street_owners, s->street_owner)) ||
	    (kinds & RULE_NEIGHBOURHOOD && !list_has(&c->neighbourhoods, s->neighbourhood)) ||
	    (kinds & RULE_TOPIC && !list_has(&c->topics, s->topic) && !list_has(&c->topics, s->category)))
		return false;
	if (kinds & RULE_AREA && !areas_hold(&c->areas, s->areas))
		return false;
	return !(kinds & RULE_WORDS) || words_hold(c, s->words);
}

static struct rules_outcome
outcome_of(const struct rule *rule)
{
	return (struct rules_outcome){
	    .rule = rule->code, .department = rule->department, .topic = rule->topic, .triage = rule->triage};
}

bool
rules_outcome_at(const struct rules *r, size_t i, int32_t on, struct rules_outcome *outcome)
{
	*outcome = outcome_of(r->list[i].rule);
	return rule_valid_on(r->list[i].rule, on);
}

bool
rules_pick(const struct rules *r, struct arena *scratch, const struct rules_facts *facts, struct rules_outcome *outcome)
{
	struct seen seen;

	if (!r || r->count == 0)
		return false;
	see(r, scratch, facts, &seen);
	for (size_t i = 0; i < r->count; i++) {
		if (!holds(&r->list[i], &seen))
			continue;
		*outcome = outcome_of(r->list[i].rule);
		return true;
	}
	return false;
}
