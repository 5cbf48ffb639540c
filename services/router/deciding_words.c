/* deciding_words: which words of the text decided: the keywords of the catalogue that stand in it, then what the model
 * goes by; each once, as it is written. */
#include <string.h>

#include "common/base/text.h"
#include "common/base/words_tr.h"
#include "services/router/deciding_internal.h"

#define WEIGHT_SHARE 0.25 /* a word of the model that weighs less than so much of its heaviest is not named */
#define WORD_BYTES 60
#define PHRASE_BYTES 150 /* of words of danger, whose folded ones are at most 120 */

/* The text as written and as folded, word by word. */
struct spelling {
	const struct word_tr *folded, *written;
	size_t count;
	bool *taken;
};

static const struct word_tr *
words_of(struct arena *a, const char *text, size_t *count)
{
	size_t size = strlen(text);
	struct word_tr *words = arena_array(a, size / 2 + 1, sizeof(*words));

	*count = words_tr_split(text, size, words);
	return words;
}

static struct spelling
spelling_make(const struct deciding_case *c)
{
	const Kopru__V1__Application *application = c->application;
	size_t written = 0;
	struct spelling s = {.folded = words_of(c->arena, c->folded, &s.count)};

	s.written =
	    words_of(c->arena, arena_printf(c->arena, "%s\n%s", application->subject, application->text), &written);
	if (written != s.count)
		s.written = s.folded; /* signs that fold to words or away: rather as they are folded */
	s.taken = arena_array(c->arena, s.count + 1, sizeof(*s.taken));
	return s;
}

/* Do the words at i.. follow the keyword's? How many, or 0. */
static size_t
stands_at(const struct spelling *s, size_t i, const struct word_tr *keyword, size_t count)
{
	for (size_t k = 0; k < count; k++) {
		struct word_tr stem = keyword[k];

		if (stem.size >= 6 && memcmp(stem.text + stem.size - 3, "yor", 3) == 0)
			stem.size--;
		if (i + k >= s->count || s->taken[i + k] || !word_tr_is_form(&s->folded[i + k], &stem))
			return 0;
	}
	return count;
}

static void
word_add(struct deciding_case *c, struct spelling *s, const char *keyword)
{
	size_t count = 0;
	const struct word_tr *words = words_of(c->arena, keyword, &count);

	for (size_t i = 0; i < s->count && count > 0 && c->word_count < DECIDING_WORDS; i++) {
		size_t found = stands_at(s, i, words, count);
		const char *written = NULL;

		if (found == 0)
			continue;
		for (size_t k = 0; k < found; k++)
			s->taken[i + k] = true;
		written = words_tr_join(c->arena, &s->written[i], found, WORD_BYTES + 1);
		if (strlen(written) <= WORD_BYTES)
			c->words[c->word_count++] = written;
		return;
	}
}

static void
model_words_add(struct deciding_case *c, struct spelling *s, const char *topic)
{
	struct model_word said[DECIDING_WORDS];
	size_t count = model_explain(c->d->model, c->arena, c->folded, topic, said, DECIDING_WORDS);

	for (size_t i = 0; i < count; i++)
		if (said[i].weight > 0 && said[i].weight >= said[0].weight * WEIGHT_SHARE)
			word_add(c, s, text_fold_tr(c->arena, said[i].word));
}

/* They are reasons of the candidate, too. */
static void
reasons_set(struct deciding_case *c, struct topics_candidate *candidate)
{
	const char **reasons = arena_array(c->arena, c->word_count + 1, sizeof(*reasons));

	for (size_t i = 0; i < c->word_count; i++)
		reasons[i] = arena_printf(c->arena, TOPICS_WORD "%s", c->words[i]);
	candidate->reasons = reasons;
	candidate->reason_count = c->word_count;
}

/* The longest first: "cop alinmiyor" says more than "cop". */
static void
keywords_add(struct deciding_case *c, struct spelling *s, const struct topics_candidate *best)
{
	bool added[TOPICS_REASONS] = {false};

	for (size_t round = 0; round < best->reason_count && round < TOPICS_REASONS; round++) {
		size_t longest = TOPICS_REASONS;

		for (size_t i = 0; i < best->reason_count && i < TOPICS_REASONS; i++)
			if (!added[i] && strncmp(best->reasons[i], TOPICS_WORD, strlen(TOPICS_WORD)) == 0 &&
			    (longest == TOPICS_REASONS || strlen(best->reasons[i]) > strlen(best->reasons[longest])))
				longest = i;
		if (longest == TOPICS_REASONS)
			return;
		added[longest] = true;
		word_add(c, s, best->reasons[longest] + strlen(TOPICS_WORD));
	}
}

static bool
are_same(const struct word_tr *a, const struct word_tr *b, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (a[i].size != b[i].size || memcmp(a[i].text, b[i].text, a[i].size) != 0)
			return false;
	return true;
}

/* "kocam beni dovuyor" as it is written: "Kocam beni dövüyor". */
static void
danger_spell(struct deciding_case *c, const struct spelling *s)
{
	size_t count = 0;
	const struct word_tr *words = words_of(c->arena, c->danger_phrase, &count);

	for (size_t i = 0; i + count <= s->count; i++) {
		if (!are_same(&s->folded[i], words, count))
			continue;
		c->danger_phrase = words_tr_join(c->arena, &s->written[i], count, PHRASE_BYTES);
		return;
	}
}

void
deciding_words(struct deciding_case *c)
{
	struct topics_candidate *best = &c->decision->candidates[0];
	struct spelling s = spelling_make(c);

	if (c->danger)
		danger_spell(c, &s);
	if (c->decision->candidate_count == 0)
		return;
	keywords_add(c, &s, best);
	if (c->d->model && c->word_count < DECIDING_WORDS)
		model_words_add(c, &s, best->topic);
	if (c->d->model && c->decision->outcome != KOPRU__V1__APPLICATION_ROUTED__OUTCOME__OUTCOME_CHOSEN && !c->doubt)
		reasons_set(c, best);
}
