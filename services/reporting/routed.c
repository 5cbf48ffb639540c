/* routed: see the header. */
#include "services/reporting/routed.h"

#include <string.h>

#include <jansson.h>

#include "common/domain/words.h"

#define CANDIDATES_MAX 5
#define WORDS_MAX 16
#define WORD "word: " /* how a reason begins that is a word */
#define OPENED "\xe2\x80\x9c"
#define CLOSED "\xe2\x80\x9d"

static json_t *
words_json(const Kopru__V1__Candidate *candidate)
{
	json_t *words = json_array();

	for (size_t i = 0; i < candidate->n_reasons && i < WORDS_MAX; i++)
		if (strncmp(candidate->reasons[i], WORD, strlen(WORD)) == 0)
			json_array_append_new(words, json_string(candidate->reasons[i] + strlen(WORD)));
	return words;
}

/* As text in a. */
static const char *
candidates_json(struct arena *a, Kopru__V1__Candidate *const *list, size_t count)
{
	json_t *json = json_array();
	char *text = NULL;
	size_t size = 0;

	for (size_t i = 0; i < count && i < CANDIDATES_MAX; i++)
		json_array_append_new(
		    json, json_pack("{s:s, s:s, s:i, s:o}", "topic", list[i]->topic, "department", list[i]->department,
			      "score", (int)list[i]->score, "words", words_json(list[i])));
	size = json_dumpb(json, NULL, 0, JSON_COMPACT);
	text = arena_alloc(a, size + 1);
	(void)json_dumpb(json, text, size, JSON_COMPACT);
	json_decref(json);
	return text;
}

bool
routed_read_event(const Kopru__V1__Event *event, struct arena *a, struct routed *routed)
{
	const Kopru__V1__ApplicationRouted *from = NULL;

	if (event->body_case != KOPRU__V1__EVENT__BODY_APPLICATION_ROUTED)
		return false;
	from = event->application_routed;
	if (from->outcome == KOPRU__V1__APPLICATION_ROUTED__OUTCOME__OUTCOME_UNSPECIFIED)
		return false;
	*routed = (struct routed){
	    .outcome = word_token(outcome_words, (int)from->outcome),
	    .basket = from->basket ? word_token(basket_words, (int)from->basket) : "",
	    .urgent = from->urgent,
	    .confidence = from->confidence <= 1000 ? (int32_t)from->confidence : 1000,
	    .rules_version = from->rules_version <= INT32_MAX ? (int32_t)from->rules_version : 0,
	    .rule = from->rule,
	    .model = from->model,
	    .reason_tr = from->reason_tr,
	    .reason_en = from->reason_en,
	    .emergency = from->emergency,
	    .phone = from->institution_phone,
	    .candidates = candidates_json(a, from->candidates, from->n_candidates),
	    .matters = candidates_json(a, from->matters, from->n_matters),
	};
	return uuid_from_bytes(event->application_id.data, event->application_id.len, &routed->application_id);
}

const char *
routed_without_words(struct arena *a, const char *reason)
{
	const char *shown = "";

	for (const char *at = reason;;) {
		const char *opened = strstr(at, OPENED), *closed = opened ? strstr(opened, CLOSED) : NULL;

		if (!opened)
			return arena_printf(a, "%s%s", shown, at);
		shown = arena_printf(a, "%s%.*s" OPENED "…" CLOSED, shown, (int)(opened - at), at);
		if (!closed)
			return shown;
		at = closed + strlen(CLOSED);
	}
}
