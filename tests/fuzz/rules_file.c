/* fuzz rules_file: any bytes as a file of rules: refused with a reason, or a set that is the same when it is written and read
 * again, that can be compiled, and of which the most specific rule that holds decides, the same one each time; what the check
 * says of it is the same a second time. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/text.h"
#include "common/rules/rules_set.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define ASKED 20

static void
require(int holds)
{
	if (!holds)
		abort();
}

static const struct rules_department departments[] = {{"KBB", 1, 0}, {"FEN", 1, 0}, {"OLD", 1, 20000}};
static const struct rules_topic topics[] = {{"YOL-01", "FEN", 1, 0}, {"YOL-02", "FEN", 1, 0}, {"DIS-12", "KBB", 1, 0}};
static const struct rules_area areas[] = {
    {"fetih", "fetih", "{\"type\":\"Polygon\",\"coordinates\":[[[0,0],[1,0],[1,1],[0,1],[0,0]]]}", true, 1, 0},
    {"merkez", "merkez", "{\"type\":\"Polygon\",\"coordinates\":[[[0,0],[9,0],[9,9],[0,9],[0,0]]]}", false, 1, 0},
    {"uzak", "uzak", "{\"type\":\"Polygon\",\"coordinates\":[[[20,0],[29,0],[29,9],[20,0]]]}", false, 1, 0}};
static const struct rules_known known = {departments, 3, topics, 3, areas, 3, 20500};

static char *
set_text(const struct rules_set *set)
{
	json_t *list = json_array();
	char *text = NULL;

	for (size_t i = 0; i < set->count; i++)
		json_array_append_new(list, json_pack("{s:o, s:o}", "when", rule_conditions_json(&set->list[i]), "then",
						rule_outcome_json(&set->list[i])));
	text = json_dumps(list, JSON_COMPACT);
	json_decref(list);
	require(text != NULL);
	return text;
}

/* Its conditions and outcomes, written and read again, are the same. */
static void
check_written(struct arena *a, const struct rules_set *set)
{
	struct rules_set again = {.list = arena_array(a, set->count + 1, sizeof(struct rule)), .count = set->count};
	struct err e = {""};
	char *first = set_text(set), *second;

	for (size_t i = 0; i < set->count; i++) {
		json_t *when = rule_conditions_json(&set->list[i]), *then = rule_outcome_json(&set->list[i]);

		require(rule_read(a, when, then, &again.list[i], &e) == 0);
		require(rule_compare(&set->list[i], &again.list[i]) == 0);
		json_decref(when);
		json_decref(then);
	}
	second = set_text(&again);
	require(strcmp(first, second) == 0);
	free(first);
	free(second);
}

static const struct rule *
rule_find(const struct rules_set *set, const char *code)
{
	for (size_t i = 0; i < set->count; i++)
		if (strcmp(set->list[i].code, code) == 0)
			return &set->list[i];
	return NULL;
}

/* Each rule asks with its own first names: whatever decides is valid, and of this set. */
static void
check_picks(struct arena *a, const struct rules_set *set, const struct rules *rules)
{
	for (size_t i = 0; i < set->count && i < ASKED; i++) {
		const struct rule *r = &set->list[i], *picked;
		struct rules_facts facts = {.on = r->valid_from,
		    .topic = r->topics.count > 0 ? r->topics.items[0] : "",
		    .neighbourhood = r->neighbourhoods.count > 0 ? r->neighbourhoods.items[0] : "",
		    .street_owner = r->street_owners.count > 0 ? r->street_owners.items[0] : "",
		    .areas = r->areas.items,
		    .area_count = r->areas.count,
		    .kind = 2,
		    .channel = 12,
		    .received_at = INT64_C(1779094800000000),
		    .folded = r->any.count > 0   ? r->any.items[0]
			      : r->all.count > 0 ? r->all.items[0]
						 : ""};
		struct rules_outcome first, second;

		if (!rules_pick(rules, a, &facts, &first))
			continue;
		require(rules_pick(rules, a, &facts, &second) && strcmp(first.rule, second.rule) == 0);
		picked = rule_find(set, first.rule);
		require(picked != NULL && rule_valid_on(picked, facts.on));
	}
}

static void
check_set(struct arena *a, struct rules_set *set)
{
	struct err first = {""}, second = {""};
	struct rules *rules = rules_set_compile(set, 1, &first);

	require(rules != NULL && rules_count(rules) == set->count);
	check_written(a, set);
	check_picks(a, set, rules);
	rules_free(rules);
	if (rules_set_check(a, set, &known, &first) < 0)
		require(first.text[0] != '\0' && rules_set_check(a, set, &known, &second) < 0);
	else
		require(rules_set_check(a, set, &known, &second) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new(0);
	char *text = malloc(size + 1);
	struct rules_set set;
	struct err e = {""};

	require(text != NULL);
	memcpy(text, data, size);
	text[size] = '\0';
	if (rules_set_read(a, text, size, &set, &e) < 0)
		require(e.text[0] != '\0' && text_valid(e.text, strlen(e.text)));
	else
		check_set(a, &set);
	free(text);
	arena_free(a);
	return 0;
}
