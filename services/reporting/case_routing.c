/* case_routing: see the header. */
#include "services/reporting/case_routing.h"

#include <string.h>

#include "common/domain/words.h"

static json_t *
text_or_none(const char *text)
{
	return text && *text ? json_string(text) : json_null();
}

static void
set_word(json_t *json, const char *key, const char *text_key, const struct word *words, const char *token, bool english)
{
	const struct word *word = *token ? word_find(words, word_value(words, token)) : NULL;

	json_object_set_new(json, key, text_or_none(token));
	json_object_set_new(json, text_key, text_or_none(!word ? NULL : english ? word->name_en : word->name_tr));
}

static json_t *
words_json(struct arena *a, const char *words)
{
	json_t *list = json_array();
	char *rest = arena_string(a, words ? words : ""), *word = NULL;

	while ((word = strsep(&rest, "\n")))
		if (*word)
			json_array_append_new(list, json_string(word));
	return list;
}

static json_t *
candidate_json(struct arena *a, const struct routed_candidate *c, bool whole, bool english)
{
	json_t *json = json_object();

	json_object_set_new(json, "topic", text_or_none(c->topic));
	json_object_set_new(json, "topic_text", text_or_none(english ? c->topic_name_en : c->topic_name));
	json_object_set_new(json, "department", text_or_none(c->department));
	json_object_set_new(
	    json, "department_text", text_or_none(english ? c->department_name_en : c->department_name));
	json_object_set_new(json, "score", json_real(c->score / 1000.0));
	if (whole)
		json_object_set_new(json, "words", words_json(a, c->words));
	return json;
}

json_t *
case_routing_json(
    struct arena *a, const struct db_results *results, const struct store_routed_calls *calls, bool whole, bool english)
{
	json_t *json = NULL, *candidates = NULL, *matters = NULL;
	struct routed routed;
	const char *reason = NULL;

	if (!store_get_case_routing(results, calls->routing, &routed))
		return json_null();
	json = json_object();
	candidates = json_array();
	matters = json_array();
	reason = english ? routed.reason_en : routed.reason_tr;
	set_word(json, "outcome", "outcome_text", outcome_words, routed.outcome, english);
	set_word(json, "basket", "basket_text", basket_words, routed.basket, english);
	json_object_set_new(json, "urgent", json_boolean(routed.urgent));
	json_object_set_new(json, "emergency", text_or_none(routed.emergency));
	json_object_set_new(json, "institution_phone", text_or_none(routed.phone));
	json_object_set_new(json, "confidence", json_real(routed.confidence / 1000.0));
	json_object_set_new(json, "reason", text_or_none(whole ? reason : routed_without_words(a, reason)));
	json_object_set_new(json, "rule", text_or_none(routed.rule));
	json_object_set_new(
	    json, "rules_version", routed.rules_version > 0 ? json_integer(routed.rules_version) : json_null());
	json_object_set_new(json, "model", text_or_none(routed.model));
	for (size_t row = 0; row < db_rows(results, calls->candidates); row++) {
		struct routed_candidate c;

		store_get_case_candidate(results, calls->candidates, row, &c);
		json_array_append_new(c.matter ? matters : candidates, candidate_json(a, &c, whole, english));
	}
	json_object_set_new(json, "candidates", candidates);
	json_object_set_new(json, "matters", matters);
	return json;
}
