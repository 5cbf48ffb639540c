/* deciding_danger: rows whose first word stands in the text are looked for sentence by sentence. */
#include "services/router/deciding_danger.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/words_tr.h"
#include "services/router/topics.h"

#define TEXT_BYTES (16 * 1024) /* more is not looked at */
#define ROW_WORDS 4 /* of one row, one after the other */
#define GAP 2 /* other words between two of them */
#define PHRASE_BYTES 120
#define AFTER 3 /* so near behind a phrase its denial stands */

static const char past[] = "gecen|gectigimiz|onceki|evvelki";
static const char times[] = "yil|sene|ay|hafta|kis|yaz|bahar|bayram|gun|donem";
static const char before[] = "once|evvel|oncesi";
static const char once[] = "eskiden|zamaninda|vaktiyle|cocuklugumda";
static const char denied[] = "yok|degil|olmadi|olmamis|yoktu|kalmadi|yasanmadi|cikmadi";
static const char at_once[] =
    "acil|imdat|yetis|yardim|hemen|simdi|yine|hala|halen|help|urgent|=caliyor|=caliyo|otuyo|duman|dumani|alev|"
    "alevler|yarali|patladi|patliyo|dusecek|dustu|mahsur|koku|kokuyo|siziyo|sizdir|kacag|kacak|"
    "kaciriyo|tutustu|olecek|bicak|silah";
static const char done[] =
    "giderildi|onarildi|takildi|kapatildi|halledildi|duzeldi|kaldirildi|degistirildi|=sonduruldu|"
    "=sondu|=sondurdu|=sondurduk|yenilendi";
static const char *const not_done[] = {
    "madi", "medi", "mami", "memi", "mayan", "meyen", "masin", "mesin", "madan", "meden", "maz", "mez"};

struct dangers {
	struct topics *first; /* of each row the first words */
	struct topics_topic *rows;
	size_t count;
	struct arena *arena;
};

struct sentence {
	const struct word_tr *words;
	size_t count;
};

/* The alternatives of a token, one after the other: false when there are no more. */
static bool
alternative_next(const char **at, struct word_tr *word, bool *exact)
{
	const char *text = *at;

	if (*text == '\0' || *text == ' ')
		return false;
	*exact = *text == '=';
	text += *exact;
	*word = (struct word_tr){.text = text, .size = strcspn(text, "| ")};
	text += word->size;
	*at = *text == '|' ? text + 1 : text;
	return true;
}

/* "yaralanmadi" is a form of "yaralan" that says the opposite. */
static bool
is_negated(const struct word_tr *word, const struct word_tr *stem)
{
	for (size_t i = 0; i < sizeof(not_done) / sizeof(not_done[0]); i++) {
		size_t size = strlen(not_done[i]);

		if (word->size >= stem->size + size && memcmp(word->text + stem->size, not_done[i], size) == 0)
			return true;
	}
	return false;
}

static bool
is_one_of(const struct word_tr *word, const char *token)
{
	struct word_tr one;
	bool exact;

	while (alternative_next(&token, &one, &exact)) {
		if (exact ? word->size == one.size && memcmp(word->text, one.text, one.size) == 0
			  : word_tr_is_form(word, &one) && !is_negated(word, &one))
			return true;
	}
	return false;
}

static bool
holds(const struct sentence *s, const char *list)
{
	for (size_t i = 0; list && i < s->count; i++)
		if (is_one_of(&s->words[i], list))
			return true;
	return false;
}

/* "gecen yil", "iki hafta once", "eskiden". */
static bool
is_past(const struct sentence *s)
{
	for (size_t i = 0; i + 1 < s->count; i++) {
		if (is_one_of(&s->words[i], past) && is_one_of(&s->words[i + 1], times))
			return true;
		if (is_one_of(&s->words[i], times) && is_one_of(&s->words[i + 1], before))
			return true;
	}
	return holds(s, once);
}

/* Where the row's words end when they begin at first; 0: they do not stand there. */
static size_t
row_end(const struct danger *row, const struct sentence *s, size_t first)
{
	const char *token = row->words;
	size_t at = first;

	for (size_t k = 0; k < ROW_WORDS; k++) {
		size_t last = k == 0 ? first : at + GAP;

		while (at < s->count && at <= last && !is_one_of(&s->words[at], token))
			at++;
		if (at >= s->count || at > last)
			return 0;
		at++;
		token += strcspn(token, " ");
		if (*token == '\0' || token[1] == '+')
			return at;
		token++;
	}
	return 0;
}

static bool
is_of_row(const struct danger *row, const struct word_tr *word)
{
	for (const char *token = row->words; *token; token += *token == ' ') {
		if (is_one_of(word, token))
			return true;
		token += strcspn(token, " ");
	}
	return false;
}

/* Within the words or behind them, but not as one of them. */
static bool
is_denied(const struct danger *row, const struct sentence *s, size_t first, size_t end)
{
	for (size_t i = first; i < s->count && i < end + AFTER; i++)
		if (is_one_of(&s->words[i], denied) && (i >= end || !is_of_row(row, &s->words[i])))
			return true;
	return false;
}

static bool
row_stands(const struct danger *row, const struct sentence *s, struct arena *a, const char **phrase)
{
	for (size_t i = 0; i < s->count; i++) {
		size_t end = row_end(row, s, i);

		if (end == 0 || is_denied(row, s, i, end))
			continue;
		if (holds(s, row->unless) || holds(s, done) || (!row->lasting && is_past(s)))
			return false;
		*phrase = words_tr_join(a, &s->words[i], end - i, PHRASE_BYTES);
		return true;
	}
	return false;
}

/* The words that may stand anywhere do. */
static bool
has_others(const struct danger *row, const struct sentence *list, size_t count)
{
	for (const char *other = strchr(row->words, '+'); other; other = strchr(other + 1, '+')) {
		bool found = false;

		for (size_t i = 0; i < count && !found; i++)
			found = holds(&list[i], other + 1);
		if (!found)
			return false;
	}
	return true;
}

/* All alternatives of the first word, without their marks. */
static void
first_words(struct arena *a, const struct danger *row, struct topics_topic *to)
{
	const char **words = arena_array(a, strlen(row->words), sizeof(*words));
	const char *token = row->words;
	struct word_tr word;
	bool exact;

	while (alternative_next(&token, &word, &exact))
		words[to->keyword_count++] = arena_string_n(a, word.text, word.size);
	to->keywords = words;
}

struct dangers *
dangers_new(void)
{
	struct arena *a = arena_new(0);
	struct dangers *d = arena_alloc(a, sizeof(*d));

	d->arena = a;
	while (danger_rows[d->count].words)
		d->count++;
	d->rows = arena_array(a, d->count, sizeof(*d->rows));
	for (size_t i = 0; i < d->count; i++) {
		d->rows[i].code = arena_printf(a, "%03zu", i); /* in order of codes, as topics_weigh gives them */
		d->rows[i].department = "";
		first_words(a, &danger_rows[i], &d->rows[i]);
	}
	d->first = topics_new(d->rows, d->count);
	return d;
}

void
dangers_free(struct dangers *d)
{
	if (!d)
		return;
	topics_free(d->first);
	arena_free(d->arena);
}

static struct sentence *
sentences_split(struct arena *a, const char *folded, size_t *count)
{
	size_t size = strnlen(folded, TEXT_BYTES), room = 1;
	struct sentence *list = NULL;

	for (size_t i = 0; i < size; i++)
		room += strchr(".!?;\n", folded[i]) != NULL;
	list = arena_array(a, room, sizeof(*list));
	for (size_t begin = 0; begin < size;) {
		size_t length = strcspn(folded + begin, ".!?;\n");
		struct word_tr *words = NULL;

		if (length > size - begin)
			length = size - begin;
		words = arena_array(a, length / 2 + 1, sizeof(*words));
		list[*count].words = words;
		list[*count].count = words_tr_split(folded + begin, length, words);
		*count += list[*count].count > 0;
		begin += length + 1;
	}
	return list;
}

const struct danger *
dangers_find(const struct dangers *d, struct arena *a, const char *folded, const char **phrase)
{
	const struct topics_weight *weights = topics_weigh(d->first, a, "", folded);
	struct sentence *list = NULL;
	size_t count = 0;

	for (size_t i = 0; i < d->count; i++) {
		if (weights[i].evidence == 0)
			continue;
		if (!list)
			list = sentences_split(a, folded, &count);
		for (size_t k = 0; k < count; k++)
			if (row_stands(&danger_rows[i], &list[k], a, phrase) &&
			    has_others(&danger_rows[i], list, count))
				return &danger_rows[i];
	}
	return NULL;
}

static bool
calm_row_stands(const struct danger *row, const struct sentence *s)
{
	if (!row->lasting && is_past(s))
		return true;
	for (size_t i = 0; i < s->count; i++)
		if (row_end(row, s, i) > 0)
			return true;
	return false;
}

bool
dangers_calm(struct arena *a, const char *folded, const char *topic)
{
	size_t count = 0;
	const struct sentence *list = sentences_split(a, folded, &count);
	bool calm = false;

	for (size_t k = 0; k < count; k++) {
		if (holds(&list[k], at_once))
			return false;
		for (const struct danger *row = danger_calm_rows; row->words && !calm; row++)
			calm = strcmp(row->topic, topic) == 0 && calm_row_stands(row, &list[k]);
	}
	return calm;
}
