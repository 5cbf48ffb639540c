/* topics: the catalogue's keywords, sorted by their first word, looked up letter by letter along each word of a text. */
#include "services/router/topics.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/text.h"
#include "common/base/words_tr.h"

#define KEYWORD_WORDS 6 /* more words are not looked at */
#define TEXT_BYTES (64 * 1024) /* more of one field is not looked at */
#define EVIDENCE_HALF 4000 /* evidence that gives half of the highest score when nothing speaks for another topic */

struct keyword {
	const char *text;
	struct word_tr words[KEYWORD_WORDS];
	size_t word_count;
	size_t topic; /* while building: the one topic */
	const size_t *topics;
	size_t topic_count;
	uint32_t weight; /* rarity and length */
};

struct topics {
	struct arena *arena;
	struct topics_topic *list; /* codes and departments, sorted by code */
	size_t count;
	struct keyword *keywords; /* sorted by first word, then by the rest */
	size_t keyword_count;
	size_t first[257]; /* keywords whose first byte is b stand at first[b] .. first[b + 1] - 1 */
};

/* One ranking under way. */
struct ranking {
	const struct topics *topics;
	struct arena *arena;
	bool *seen; /* by keyword */
	uint32_t *evidence; /* by topic */
	uint64_t total;
	const char **reasons; /* by topic, TOPICS_REASONS each */
	size_t *reason_counts;
};

static int
compare_bytes(const char *a, size_t a_size, const char *b, size_t b_size)
{
	int order = memcmp(a, b, a_size < b_size ? a_size : b_size);

	return order != 0 ? order : (a_size > b_size) - (a_size < b_size);
}

static int
compare_keywords(const void *a, const void *b)
{
	const struct keyword *x = a, *y = b;
	int order = compare_bytes(x->words[0].text, x->words[0].size, y->words[0].text, y->words[0].size);

	if (order == 0)
		order = strcmp(x->text, y->text);
	if (order == 0)
		order = (x->topic > y->topic) - (x->topic < y->topic);
	return order;
}

static int
compare_topics(const void *a, const void *b)
{
	const struct topics_topic *x = a, *y = b;

	return strcmp(x->code, y->code);
}

/* log2(x / y) in thousandths, x >= y > 0. */
static uint32_t
log2_thousandths(size_t x, size_t y)
{
	uint64_t ratio = ((uint64_t)x << 32) / y, fraction = 500;
	uint32_t result = 0;

	for (; ratio >= (uint64_t)2 << 32; ratio >>= 1)
		result += 1000;
	for (; fraction > 0; fraction /= 2) {
		ratio = ((ratio >> 16) * (ratio >> 16));
		if (ratio >= (uint64_t)2 << 32) {
			ratio >>= 1;
			result += (uint32_t)fraction;
		}
	}
	return result;
}

/* Rare, long and several words weigh more: a word of six letters that one topic of a hundred has weighs about 6600. */
static uint32_t
keyword_weight(const struct keyword *keyword, size_t topics)
{
	static const uint32_t by_letters[] = {0, 20, 40, 60, 75, 90, 100};
	size_t letters = 0;
	uint32_t weight = log2_thousandths(topics + 1, keyword->topic_count);

	for (size_t i = 0; i < keyword->word_count; i++)
		letters += keyword->words[i].size;
	weight = weight * by_letters[letters < 6 ? letters : 6] / 100;
	return weight + weight * (uint32_t)(keyword->word_count - 1) / 2;
}

/* False when the keyword has no word. People write "alinmiyo" for "alinmiyor": the last letter is not asked for. */
static bool
keyword_split(struct topics *t, struct keyword *keyword, const char *text)
{
	size_t size = strlen(text);
	struct word_tr *words = arena_array(t->arena, size / 2 + 1, sizeof(*words));

	keyword->text = text;
	keyword->word_count = words_tr_split(text, size, words);
	if (keyword->word_count > KEYWORD_WORDS)
		keyword->word_count = KEYWORD_WORDS;
	for (size_t i = 0; i < keyword->word_count; i++) {
		keyword->words[i] = words[i];
		if (words[i].size >= 6 && memcmp(words[i].text + words[i].size - 3, "yor", 3) == 0)
			keyword->words[i].size--;
	}
	return keyword->word_count > 0;
}

/* Keywords that several topics have become one with several topics. */
static void
keywords_merge(struct topics *t)
{
	size_t *topics = arena_array(t->arena, t->keyword_count + 1, sizeof(*topics));
	size_t kept = 0;

	for (size_t i = 0; i < t->keyword_count; i++) {
		struct keyword *last = kept > 0 ? &t->keywords[kept - 1] : NULL;

		topics[i] = t->keywords[i].topic;
		if (last && strcmp(last->text, t->keywords[i].text) == 0) {
			if (topics[i] != topics[i - 1])
				last->topic_count++;
			else
				topics[i] = topics[i - 1];
			continue;
		}
		t->keywords[kept] = t->keywords[i];
		t->keywords[kept].topics = &topics[i];
		t->keywords[kept++].topic_count = 1;
	}
	t->keyword_count = kept;
}

static void
keywords_build(struct topics *t)
{
	size_t count = 0;

	for (size_t i = 0; i < t->count; i++)
		count += t->list[i].keyword_count;
	t->keywords = arena_array(t->arena, count + 1, sizeof(*t->keywords));
	for (size_t i = 0; i < t->count; i++)
		for (size_t k = 0; k < t->list[i].keyword_count; k++) {
			struct keyword *keyword = &t->keywords[t->keyword_count];

			keyword->topic = i;
			if (keyword_split(t, keyword, arena_string(t->arena, t->list[i].keywords[k])))
				t->keyword_count++;
		}
	qsort(t->keywords, t->keyword_count, sizeof(*t->keywords), compare_keywords);
	keywords_merge(t);
	for (size_t i = 0; i < t->keyword_count; i++) {
		t->keywords[i].weight = keyword_weight(&t->keywords[i], t->count);
		t->first[(unsigned char)t->keywords[i].words[0].text[0] + 1] = i + 1;
	}
	for (size_t b = 1; b < 257; b++)
		if (t->first[b] < t->first[b - 1])
			t->first[b] = t->first[b - 1];
}

struct topics *
topics_new(const struct topics_topic *list, size_t count)
{
	struct arena *arena = arena_new(0);
	struct topics *t = arena_alloc(arena, sizeof(*t));

	t->arena = arena;
	t->count = count;
	t->list = arena_array(arena, count + 1, sizeof(*t->list));
	for (size_t i = 0; i < count; i++) {
		t->list[i] = list[i];
		t->list[i].code = arena_string(arena, list[i].code);
		t->list[i].department = arena_string(arena, list[i].department);
	}
	qsort(t->list, count, sizeof(*t->list), compare_topics);
	keywords_build(t);
	return t;
}

void
topics_free(struct topics *t)
{
	if (t)
		arena_free(t->arena);
}

static void
keyword_found(struct ranking *r, size_t index)
{
	const struct keyword *keyword = &r->topics->keywords[index];
	const char *reason = r->seen[index] ? NULL : arena_printf(r->arena, TOPICS_WORD "%s", keyword->text);

	if (!reason)
		return;
	r->seen[index] = true;
	for (size_t i = 0; i < keyword->topic_count; i++) {
		size_t topic = keyword->topics[i];

		r->evidence[topic] += keyword->weight;
		r->total += keyword->weight;
		if (r->reason_counts[topic] < TOPICS_REASONS)
			r->reasons[topic * TOPICS_REASONS + r->reason_counts[topic]++] = reason;
	}
}

/* The first word fits; do the others, one after the other? */
static void
keyword_try(struct ranking *r, size_t index, const struct word_tr *words, size_t count)
{
	const struct keyword *keyword = &r->topics->keywords[index];

	if (keyword->word_count > count)
		return;
	for (size_t i = 0; i < keyword->word_count; i++)
		if (!word_tr_is_form(&words[i], &keyword->words[i]))
			return;
	keyword_found(r, index);
}

/* The first keyword in lo..hi-1 whose first word has a byte >= c at depth; all of them agree before it. */
static size_t
bound(const struct topics *t, size_t lo, size_t hi, size_t depth, unsigned char c)
{
	while (lo < hi) {
		size_t middle = lo + (hi - lo) / 2;
		const struct word_tr *word = &t->keywords[middle].words[0];

		if (word->size <= depth || (unsigned char)word->text[depth] < c)
			lo = middle + 1;
		else
			hi = middle;
	}
	return lo;
}

/* Tries the keywords of lo..hi-1 whose first word ends at depth. */
static size_t
try_ending(struct ranking *r, size_t lo, size_t hi, size_t depth, const struct word_tr *words, size_t count)
{
	for (; lo < hi && r->topics->keywords[lo].words[0].size == depth; lo++)
		keyword_try(r, lo, words, count);
	return lo;
}

/* Walks the sorted keywords along the first word of words. */
static void
rank_word(struct ranking *r, const struct word_tr *words, size_t count)
{
	const struct topics *t = r->topics;
	const struct word_tr *word = &words[0];
	size_t lo = t->first[(unsigned char)word->text[0]], hi = t->first[(unsigned char)word->text[0] + 1];

	for (size_t depth = 1; lo < hi; depth++) {
		lo = try_ending(r, lo, hi, depth, words, count);
		if (depth >= word->size)
			return;
		if (depth + 1 < word->size && word_tr_hard(word->text[depth], word->text[depth + 1])) {
			unsigned char hard = (unsigned char)word_tr_hard(word->text[depth], word->text[depth + 1]);

			try_ending(r, bound(t, lo, hi, depth, hard), bound(t, lo, hi, depth, hard + 1), depth + 1,
			    words, count);
		}
		hi = bound(t, lo, hi, depth, (unsigned char)(word->text[depth] + 1));
		lo = bound(t, lo, hi, depth, (unsigned char)word->text[depth]);
	}
}

static void
rank_text(struct ranking *r, const char *text)
{
	size_t size = strnlen(text, TEXT_BYTES), count = 0;
	const char *folded = NULL;
	struct word_tr *words = NULL;

	if (size == 0)
		return;
	folded = text_fold_tr(r->arena, size < TEXT_BYTES ? text : arena_string_n(r->arena, text, size));
	if (!folded)
		return; /* cut within a letter, or malformed: nothing to go by */
	size = strlen(folded);
	words = arena_array(r->arena, size / 2 + 1, sizeof(*words));
	count = words_tr_split(folded, size, words);
	for (size_t i = 0; i < count; i++)
		rank_word(r, &words[i], count - i);
}

static const struct topics_topic *
topic_find(const struct topics *t, const char *code)
{
	struct topics_topic wanted = {.code = code};

	return bsearch(&wanted, t->list, t->count, sizeof(wanted), compare_topics);
}

/* The best topic not yet among the candidates; false when nothing speaks for any. */
static bool
next_best(const struct ranking *r, const size_t *taken, size_t taken_count, size_t *best)
{
	bool found = false;

	for (size_t i = 0; i < r->topics->count; i++) {
		bool is_taken = false;

		for (size_t k = 0; k < taken_count; k++)
			is_taken = is_taken || taken[k] == i;
		if (is_taken || r->evidence[i] == 0 || (found && r->evidence[i] <= r->evidence[*best]))
			continue;
		*best = i;
		found = true;
	}
	return found;
}

static void
candidate_copy(struct ranking *r, size_t topic, struct topics_candidate *candidate)
{
	uint64_t score = (uint64_t)TOPICS_SCORE_MAX * r->evidence[topic] / (r->total + EVIDENCE_HALF);

	*candidate = (struct topics_candidate){
	    .topic = arena_string(r->arena, r->topics->list[topic].code),
	    .department = arena_string(r->arena, r->topics->list[topic].department),
	    .score = (uint32_t)score,
	    .reasons = &r->reasons[topic * TOPICS_REASONS],
	    .reason_count = r->reason_counts[topic],
	};
}

/* What a person chose stands before what words say. */
static void
candidate_choose(struct ranking *r, size_t topic, struct topics_candidate *candidate)
{
	const char **reasons = arena_array(r->arena, TOPICS_REASONS, sizeof(*reasons));
	size_t count = r->reason_counts[topic] < TOPICS_REASONS ? r->reason_counts[topic] : TOPICS_REASONS - 1;

	candidate_copy(r, topic, candidate);
	reasons[0] = arena_printf(r->arena, "topic: %s chosen", candidate->topic);
	memcpy(&reasons[1], candidate->reasons, count * sizeof(*reasons));
	candidate->reasons = reasons;
	candidate->reason_count = count + 1;
	candidate->score = TOPICS_SCORE_MAX;
}

static struct ranking
ranking_make(const struct topics *t, struct arena *a, const char *subject, const char *text)
{
	struct ranking r = {.topics = t, .arena = a};

	r.seen = arena_array(a, t->keyword_count + 1, sizeof(*r.seen));
	r.evidence = arena_array(a, t->count + 1, sizeof(*r.evidence));
	r.reasons = arena_array(a, t->count * TOPICS_REASONS + 1, sizeof(*r.reasons));
	r.reason_counts = arena_array(a, t->count + 1, sizeof(*r.reason_counts));
	rank_text(&r, subject);
	rank_text(&r, text);
	return r;
}

struct topics_weight *
topics_weigh(const struct topics *t, struct arena *a, const char *subject, const char *text)
{
	struct ranking r = ranking_make(t, a, subject, text);
	struct topics_weight *weights = arena_array(a, t->count + 1, sizeof(*weights));

	for (size_t i = 0; i < t->count; i++)
		weights[i] = (struct topics_weight){r.evidence[i], &r.reasons[i * TOPICS_REASONS], r.reason_counts[i]};
	return weights;
}

size_t
topics_rank(const struct topics *t, struct arena *a, const struct topics_question *question,
    struct topics_candidate candidates[TOPICS_CANDIDATES])
{
	struct ranking r = ranking_make(t, a, question->subject, question->text);
	const struct topics_topic *chosen = topic_find(t, question->topic);
	size_t taken[TOPICS_CANDIDATES] = {0}, count = 0;

	if (chosen) {
		taken[count] = (size_t)(chosen - t->list);
		candidate_choose(&r, taken[count], &candidates[count]);
		count++;
	}
	for (; count < TOPICS_CANDIDATES && next_best(&r, taken, count, &taken[count]); count++)
		candidate_copy(&r, taken[count], &candidates[count]);
	return count;
}
