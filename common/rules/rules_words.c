/* rules_checking: what the words of rules say about each other. */
#include <string.h>

#include "common/rules/rules_checking.h"

#define FILLER "zqz" /* stands between phrases, so that none arises there */
#define LONGER "zq" /* no suffix: after it a short word is none any more */

/* A form of word is a form of other too. */
static bool
word_implies(const struct word_tr *word, const struct word_tr *other)
{
	if (word->size == other->size && memcmp(word->text, other->text, word->size) == 0)
		return true;
	return other->size > WORDS_TR_SHORT && word_tr_is_form(word, other);
}

bool
phrase_implies(const char *phrase, const char *other)
{
	struct word_tr words[RULE_PHRASE_MAX], others[RULE_PHRASE_MAX];
	size_t count = rule_phrase_split(phrase, words), other_count = rule_phrase_split(other, others);

	for (size_t at = 0; at + other_count <= count; at++) {
		size_t same = 0;

		while (same < other_count && word_implies(&words[at + same], &others[same]))
			same++;
		if (same == other_count)
			return true;
	}
	return false;
}

static bool
implies_any(const char *phrase, const struct rule_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		if (phrase_implies(phrase, list->items[i]))
			return true;
	return false;
}

/* Does whatever r asks for imply one of list? */
static bool
rule_implies(const struct rule *r, const struct rule_list *list)
{
	for (size_t i = 0; i < r->all.count; i++)
		if (implies_any(r->all.items[i], list))
			return true;
	for (size_t i = 0; i < r->any.count; i++)
		if (!implies_any(r->any.items[i], list))
			return false;
	return r->any.count > 0;
}

bool
rule_words_contradict(const struct rule *r)
{
	return rule_implies(r, &r->none);
}

bool
rule_words_cover(const struct rule *a, const struct rule *b)
{
	for (size_t i = 0; i < a->all.count; i++) {
		const struct rule_list one = {.items = &a->all.items[i], .count = 1};

		if (!rule_implies(b, &one))
			return false;
	}
	if (a->any.count > 0 && !rule_implies(b, &a->any))
		return false;
	for (size_t i = 0; i < a->none.count; i++)
		if (!implies_any(a->none.items[i], &b->none))
			return false;
	return true;
}

/* Adds the phrase, each long word longer when asked for. */
static const char *
text_add(struct arena *a, const char *text, const char *phrase, bool longer)
{
	struct word_tr words[RULE_PHRASE_MAX];
	size_t count = rule_phrase_split(phrase, words);

	text = arena_printf(a, "%s%s", text, *text ? " " FILLER : "");
	for (size_t i = 0; i < count; i++)
		text = arena_printf(a, "%s%s%.*s%s", text, *text ? " " : "", (int)words[i].size, words[i].text,
		    longer && words[i].size > WORDS_TR_SHORT ? LONGER : "");
	return text;
}

static bool
text_has(struct arena *a, const char *text, const char *phrase)
{
	struct word_tr wanted[RULE_PHRASE_MAX], *words = arena_array(a, strlen(text) / 2 + 1, sizeof(*words));
	size_t wanted_count = rule_phrase_split(phrase, wanted), count = words_tr_split(text, strlen(text), words);

	for (size_t at = 0; at + wanted_count <= count; at++) {
		size_t same = 0;

		while (same < wanted_count && word_tr_is_form(&words[at + same], &wanted[same]))
			same++;
		if (same == wanted_count)
			return true;
	}
	return false;
}

static bool
text_allowed(struct arena *a, const char *text, const struct rule *r)
{
	for (size_t i = 0; i < r->none.count; i++)
		if (text_has(a, text, r->none.items[i]))
			return false;
	return true;
}

/* A text of all that both want and of one choice of each (NULL: none is wanted); NULL when one forbids it. */
static const char *
text_try(struct arena *a, const struct rule *const rules[2], const char *const choices[2], bool longer)
{
	const char *text = "";

	for (size_t r = 0; r < 2; r++)
		for (size_t i = 0; i < rules[r]->all.count; i++)
			text = text_add(a, text, rules[r]->all.items[i], longer);
	for (size_t r = 0; r < 2; r++)
		if (choices[r])
			text = text_add(a, text, choices[r], longer);
	if (!*text)
		text = FILLER;
	return text_allowed(a, text, rules[0]) && text_allowed(a, text, rules[1]) ? text : NULL;
}

const char *
rules_text_common(struct arena *a, const struct rule *first, const struct rule *second)
{
	const struct rule *const rules[2] = {first, second};
	size_t x = first->any.count > 0 ? first->any.count : 1, y = second->any.count > 0 ? second->any.count : 1;

	for (size_t i = 0; i < x * y * 2; i++) {
		const char *const choices[2] = {first->any.count > 0 ? first->any.items[i / 2 / y] : NULL,
		    second->any.count > 0 ? second->any.items[i / 2 % y] : NULL};
		struct arena *scratch = arena_new(0);
		const char *text = text_try(scratch, rules, choices, i % 2 == 1);

		text = text ? arena_printf(a, "\"%s\"", text) : NULL;
		arena_free(scratch);
		if (text)
			return text;
	}
	return NULL;
}
