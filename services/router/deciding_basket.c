/* deciding_basket: thanks, what is nobody's matter, and what belongs to an earlier application. */
#include <string.h>

#include "common/base/words_tr.h"
#include "services/router/deciding_internal.h"

#define BASKET_MIN 600 /* so sure a basket must be */

static const struct {
	const char *token; /* of the catalogue */
	int basket;
	bool asks_nothing; /* a text that asks for something is none */
} baskets[] = {
    {"thanks", KOPRU__V1__APPLICATION_ROUTED__BASKET__BASKET_THANKS, true},
    {"irrelevant", KOPRU__V1__APPLICATION_ROUTED__BASKET__BASKET_IRRELEVANT, false},
    {"follow_up", KOPRU__V1__APPLICATION_ROUTED__BASKET__BASKET_FOLLOW_UP, false},
};

/* Words that ask or complain, by their beginnings. */
static const char *const asking[] = {"rica", "lutfen", "talep", "istiyo", "isteri", "isterim", "istegim", "yalniz",
    "ancak", "fakat", "ama", "keske", "bekliyo", "beklemek", "yapilsin", "konulsun", "gonderin", "yapin",
    "yaparmisiniz", "hala", "halen", "magdur", "sikayet", "yapilmasi", "edilmesi", "konulmasi", "ihtiyac"};
static const char *const not_done[] = {"miyo", "muyo"}; /* within a word: "calismiyor" */

static bool
word_asks(const struct word_tr *word)
{
	for (size_t i = 0; i < sizeof(asking) / sizeof(asking[0]); i++)
		if (word_tr_is_form(word, &(struct word_tr){asking[i], strlen(asking[i])}))
			return true;
	for (size_t i = 0; i < sizeof(not_done) / sizeof(not_done[0]); i++)
		if (word->size > 6 && memmem(word->text, word->size, not_done[i], strlen(not_done[i])))
			return true;
	return false;
}

static bool
text_asks(const struct deciding_case *c)
{
	size_t size = strlen(c->folded);
	struct word_tr *words = arena_array(c->arena, size / 2 + 1, sizeof(*words));
	size_t count = words_tr_split(c->folded, size, words);

	for (size_t i = 0; i < count; i++)
		if (word_asks(&words[i]))
			return true;
	return false;
}

/* Without the topic at first; the others share what it had. */
static void
candidate_drop(struct decision *decision)
{
	uint32_t left = TOPICS_SCORE_MAX - decision->candidates[0].score;

	decision->candidate_count--;
	memmove(&decision->candidates[0], &decision->candidates[1],
	    decision->candidate_count * sizeof(decision->candidates[0]));
	for (size_t i = 0; left > 0 && i < decision->candidate_count; i++)
		decision->candidates[i].score = decision->candidates[i].score * TOPICS_SCORE_MAX / left;
}

void
deciding_basket(struct deciding_case *c)
{
	struct decision *decision = c->decision;
	const struct catalogue_topic *topic =
	    decision->candidate_count > 0 ? catalogue_topic(c->d->catalogue, decision->candidates[0].topic) : NULL;

	for (size_t i = 0; topic && i < sizeof(baskets) / sizeof(baskets[0]); i++) {
		if (strcmp(baskets[i].token, topic->basket) != 0)
			continue;
		if (baskets[i].asks_nothing && text_asks(c))
			candidate_drop(decision);
		else if (decision->candidates[0].score >= BASKET_MIN)
			decision->basket = baskets[i].basket;
		return;
	}
}
