/* rule: conditions and outcome as JSON again, in the form in which they are read. */
#include <stdio.h>

#include "common/rules/rule.h"

static json_t *
list_json(const struct rule_list *list)
{
	json_t *json = json_array();

	for (size_t i = 0; i < list->count; i++)
		json_array_append_new(json, json_string(list->items[i]));
	return json;
}

static json_t *
bits_json(unsigned bits, const struct word *words)
{
	json_t *json = json_array();

	for (; words->value != 0; words++)
		if (bits & (1U << words->value))
			json_array_append_new(json, json_string(words->token));
	return json;
}

static json_t *
dates_json(const struct rule_span *dates)
{
	char from[8], to[8];

	rule_day_text(dates->from, from);
	rule_day_text((dates->to + RULE_DAYS - 1) % RULE_DAYS, to);
	return json_pack("{s:s, s:s}", "from", from, "to", to);
}

static json_t *
hours_json(const struct rule_span *hours)
{
	char from[8], to[8];

	rule_minute_text(hours->from, from);
	rule_minute_text(hours->to == 0 ? RULE_MINUTES : hours->to, to);
	return json_pack("{s:s, s:s}", "from", from, "to", to);
}

static json_t *
words_json(const struct rule *r)
{
	json_t *json = json_object();

	if (r->all.count > 0)
		json_object_set_new(json, "all", list_json(&r->all));
	if (r->any.count > 0)
		json_object_set_new(json, "any", list_json(&r->any));
	if (r->none.count > 0)
		json_object_set_new(json, "none", list_json(&r->none));
	return json;
}

json_t *
rule_conditions_json(const struct rule *r)
{
	json_t *json = json_object();

	if (r->kinds & RULE_WORDS)
		json_object_set_new(json, "words", words_json(r));
	if (r->kinds & RULE_NEIGHBOURHOOD)
		json_object_set_new(json, "neighbourhoods", list_json(&r->neighbourhoods));
	if (r->kinds & RULE_AREA)
		json_object_set_new(json, "areas", list_json(&r->areas));
	if (r->kinds & RULE_STREET_OWNER)
		json_object_set_new(json, "street_owners", list_json(&r->street_owners));
	if (r->kinds & RULE_TOPIC)
		json_object_set_new(json, "topics", list_json(&r->topics));
	if (r->kinds & RULE_DATES)
		json_object_set_new(json, "dates", dates_json(&r->dates));
	if (r->kinds & RULE_HOURS)
		json_object_set_new(json, "hours", hours_json(&r->hours));
	if (r->kinds & RULE_WEEKDAYS)
		json_object_set_new(json, "weekdays", bits_json(r->weekdays << 1, weekday_words));
	if (r->kinds & RULE_WORKING_TIME)
		json_object_set_new(json, "working_time", json_boolean(r->working_time));
	if (r->kinds & RULE_CHANNEL)
		json_object_set_new(json, "channels", bits_json(r->channels, channel_words));
	if (r->kinds & RULE_KIND)
		json_object_set_new(json, "kinds", bits_json(r->application_kinds, kind_words));
	return json;
}

json_t *
rule_outcome_json(const struct rule *r)
{
	json_t *json = json_object();

	if (r->department)
		json_object_set_new(json, "department", json_string(r->department));
	if (r->topic)
		json_object_set_new(json, "topic", json_string(r->topic));
	if (r->triage)
		json_object_set_new(json, "triage", json_true());
	return json;
}
