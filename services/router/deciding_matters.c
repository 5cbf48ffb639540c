/* deciding_matters: a text is cut into clauses and each is ranked for itself; what several departments are sure of is
 * several matters. */
#include <string.h>

#include "common/base/words_tr.h"
#include "services/router/deciding_internal.h"

#define CLAUSES_MAX 12 /* of one text; the rest is not looked at */
#define CLAUSE_WORDS 2 /* fewer belong to the next */
#define CLAUSE_BYTES 1000
#define CLEAR_MIN 900 /* so clear a text has one matter */
#define MATTER_MIN 700 /* so sure a clause is of its topic */
#define MIXED_MAX 500 /* below it nothing is sure of the whole */
#define MATTERS_SHARE 900 /* of the whole, when it is matters */

/* Words that begin another matter. */
static const char *const joining[] = {"ayrica", "birde", "bide", "ayriyeten", "ayriyetten", "ikincisi", "ucuncusu"};

struct clause {
	const char *text;
	size_t size;
};

struct cutting {
	struct clause list[CLAUSES_MAX];
	size_t count;
	const char *begin; /* of the one under way */
	size_t words;
};

static bool
begins_matter(const struct word_tr *word, const struct word_tr *next)
{
	for (size_t i = 0; i < sizeof(joining) / sizeof(joining[0]); i++)
		if (word->size == strlen(joining[i]) && memcmp(word->text, joining[i], word->size) == 0)
			return true;
	return next && word->size == 3 && memcmp(word->text, "bir", 3) == 0 && next->size == 2 &&
	       memcmp(next->text, "de", 2) == 0;
}

static void
clause_end(struct cutting *cut, const char *end)
{
	size_t size = (size_t)(end - cut->begin);

	if (cut->words < CLAUSE_WORDS || cut->count == CLAUSES_MAX)
		return;
	cut->list[cut->count++] = (struct clause){cut->begin, size < CLAUSE_BYTES ? size : CLAUSE_BYTES};
	cut->begin = end;
	cut->words = 0;
}

/* Is there a sign between the two words that ends a clause? "No.5" and "12.30" have none. */
static bool
is_cut(const struct word_tr *word, const struct word_tr *next)
{
	const char *at = word->text + word->size;

	for (; at < next->text; at++)
		if (strchr("!?;\n,", *at) || (*at == '.' && at + 1 < next->text))
			return true;
	return false;
}

static void
clauses_cut(struct cutting *cut, const struct word_tr *words, size_t count)
{
	if (count > 0)
		cut->begin = words[0].text;
	for (size_t i = 0; i < count; i++) {
		const struct word_tr *next = i + 1 < count ? &words[i + 1] : NULL;

		if (i > 0 && begins_matter(&words[i], next))
			clause_end(cut, words[i].text);
		cut->words++;
		if (next && is_cut(&words[i], next))
			clause_end(cut, next->text);
	}
	if (count > 0)
		clause_end(cut, words[count - 1].text + words[count - 1].size);
}

static bool
has_topic(const struct decision *decision, const char *topic)
{
	for (size_t i = 0; i < decision->matter_count; i++)
		if (strcmp(decision->matters[i].topic, topic) == 0)
			return true;
	return false;
}

static void
matter_take(struct deciding_case *c, const struct clause *clause)
{
	struct topics_candidate found[TOPICS_CANDIDATES];
	struct decision *decision = c->decision;
	size_t count = deciding_rank(c, "", arena_string_n(c->arena, clause->text, clause->size), NULL, found);
	const struct catalogue_topic *topic = count > 0 ? catalogue_topic(c->d->catalogue, found[0].topic) : NULL;

	if (!topic || found[0].score < MATTER_MIN || *topic->basket || has_topic(decision, topic->code) ||
	    !catalogue_department(c->d->catalogue, topic->department) || decision->matter_count == DECIDING_MATTERS)
		return;
	decision->matters[decision->matter_count++] = found[0];
}

/* Nothing is sure of the whole: then its matters are what there is to pick from, in their order. */
static void
matters_first(struct decision *decision)
{
	struct topics_candidate others[TOPICS_CANDIDATES];
	size_t count = 0, kept = 0;

	for (size_t i = 0; i < decision->candidate_count; i++)
		if (!has_topic(decision, decision->candidates[i].topic))
			others[kept++] = decision->candidates[i];
	for (; count < decision->matter_count && count < TOPICS_CANDIDATES; count++) {
		decision->candidates[count] = decision->matters[count];
		decision->candidates[count].score = (uint32_t)(MATTERS_SHARE / decision->matter_count);
	}
	for (size_t i = 0; i < kept && count < TOPICS_CANDIDATES; i++) {
		decision->candidates[count] = others[i];
		decision->candidates[count].score =
		    others[i].score * (TOPICS_SCORE_MAX - MATTERS_SHARE) / TOPICS_SCORE_MAX;
		count++;
	}
	decision->candidate_count = count;
}

void
deciding_matters(struct deciding_case *c)
{
	struct decision *decision = c->decision;
	size_t size = strlen(c->folded), count = 0;
	struct cutting cut = {.count = 0};
	struct word_tr *words = NULL;
	bool several = false;

	if (!c->d->model || decision->candidate_count == 0 || decision->candidates[0].score >= CLEAR_MIN)
		return;
	words = arena_array(c->arena, size / 2 + 1, sizeof(*words));
	count = words_tr_split(c->folded, size, words);
	clauses_cut(&cut, words, count);
	for (size_t i = 0; cut.count > 1 && i < cut.count; i++)
		matter_take(c, &cut.list[i]);
	for (size_t i = 1; i < decision->matter_count; i++)
		several = several || strcmp(decision->matters[i].department, decision->matters[0].department) != 0;
	if (!several)
		decision->matter_count = 0;
	else if (decision->candidates[0].score < MIXED_MAX)
		matters_first(decision);
}
