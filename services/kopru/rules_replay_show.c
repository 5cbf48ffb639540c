/* rules_replay: what it found, for a person and for a program. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "services/kopru/rules_replay.h"

static json_t *
case_json(const struct rules_replay_case *c)
{
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "number", c->number, "from", c->from, "from_topic",
	    c->from_topic, "to", c->to, "to_topic", c->to_topic, "rule", c->rule);
}

json_t *
rules_replay_json(const struct rules_replay *replay, size_t cases)
{
	json_t *pairs = json_array(), *list = json_array();

	for (size_t i = 0; i < replay->pair_count; i++)
		json_array_append_new(pairs, json_pack("{s:s, s:s, s:I}", "from", replay->pairs[i].from, "to",
						 replay->pairs[i].to, "count", (json_int_t)replay->pairs[i].count));
	for (size_t i = 0; i < replay->case_count && i < cases; i++)
		json_array_append_new(list, case_json(&replay->cases[i]));
	return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:o, s:o}", "days", (json_int_t)replay->days, "decisions",
	    (json_int_t)replay->decisions, "skipped", (json_int_t)replay->skipped, "held", (json_int_t)replay->held,
	    "moved", (json_int_t)replay->moved, "rules_not_valid", (json_int_t)replay->not_valid, "pairs", pairs,
	    "cases", list);
}

static void
print_cases(const struct rules_replay *replay)
{
	static const struct table_column columns[] = {{"number", false}, {"from", false}, {"from_topic", false},
	    {"to", false}, {"to_topic", false}, {"rule", false}, {0}};
	struct table *t = table_new(replay->arena, columns);

	for (size_t i = 0; i < replay->case_count; i++) {
		const struct rules_replay_case *c = &replay->cases[i];

		table_add_text(t, c->number);
		table_add_text(t, c->from);
		table_add_text(t, *c->from_topic ? c->from_topic : "triage");
		table_add_text(t, c->to);
		table_add_text(t, *c->to_topic ? c->to_topic : "triage");
		table_add_text(t, *c->rule ? c->rule : "none any more");
	}
	putchar('\n');
	table_print(t, false, stdout);
	if (replay->case_count < replay->moved)
		printf("(%zu more: --limit)\n", replay->moved - replay->case_count);
}

static void
print_pairs(const struct rules_replay *replay)
{
	static const struct table_column columns[] = {{"from", false}, {"to", false}, {"cases", true}, {0}};
	struct table *t = table_new(replay->arena, columns);

	for (size_t i = 0; i < replay->pair_count; i++) {
		table_add_text(t, replay->pairs[i].from);
		table_add_text(t, replay->pairs[i].to);
		table_add_number(t, (int64_t)replay->pairs[i].count);
	}
	putchar('\n');
	table_print(t, false, stdout);
}

static int
compare_pairs(const void *a, const void *b)
{
	const struct rules_replay_pair *x = a, *y = b;

	return (x->count < y->count) - (x->count > y->count);
}

void
rules_replay_print(const struct rules_replay *replay, bool json)
{
	qsort(replay->pairs, replay->pair_count, sizeof(*replay->pairs), compare_pairs);
	if (json) {
		json_t *all = rules_replay_json(replay, replay->case_count);

		json_dumpf(all, stdout, JSON_INDENT(2));
		putchar('\n');
		json_decref(all);
		return;
	}
	printf("%zu of %zu decisions of the last %ld days would have gone elsewhere; a rule holds for %zu\n",
	    replay->moved, replay->decisions, replay->days, replay->held);
	if (replay->skipped > 0)
		printf("%zu are erased, or cannot be read\n", replay->skipped);
	if (replay->not_valid > 0)
		printf("%zu rules do not count today, so they held for none of them\n", replay->not_valid);
	if (replay->moved == 0)
		return;
	print_pairs(replay);
	print_cases(replay);
}
