/* likeness_text: streets, and the words of a text that tell what it is about. */
#include <stdlib.h>
#include <string.h>

#include "common/base/text.h"
#include "common/base/words_tr.h"
#include "services/reporting/likeness.h"

#define STEM 5 /* bytes of a folded word that suffixes leave as they are, nearly always */
#define PIECE 4
#define WORD_MIN 3
#define HASH_START 2166136261U /* FNV-1a */
#define HASH_FACTOR 16777619U

/* In the order of strcmp: politeness, and what every text about a place has. */
static const char *const empty_words[] = {"acil", "acilen", "ama", "and", "apartman", "apartmani", "are", "artik",
    "arz", "belediye", "belediyemiz", "belediyesi", "ben", "bir", "biz", "bizim", "bolgede", "bulunan", "bulvar",
    "bulvari", "burada", "buradaki", "cad", "cadde", "caddemiz", "caddesi", "caddesinde", "cok", "daha", "dear",
    "degil", "diye", "dogru", "ederim", "ederiz", "ediyorum", "ediyoruz", "evimizin", "for", "from", "geregini",
    "gereginin", "gibi", "gun", "gundur", "gunler", "gunlerdir", "hala", "have", "her", "hic", "icin", "ile",
    "ilgilenin", "ilgili", "istiyorum", "istiyoruz", "iyi", "kadar", "karatay", "kolay", "konya", "lutfen", "mah",
    "mahalle", "mahallemiz", "mahallemizde", "mahallesi", "mahallesinde", "merhaba", "numara", "numarali", "number",
    "olan", "olarak", "oldugu", "onunde", "onundeki", "onune", "our", "please", "rica", "saygilar", "saygilarimla",
    "selam", "sizin", "sokagi", "sokagimiz", "sokagimizda", "sokaginda", "sokak", "sokakta", "sonra", "street",
    "tarafindan", "tesekkur", "tesekkurler", "thank", "thanks", "that", "the", "there", "this", "uzerinde", "var",
    "was", "with", "yakin", "yaninda", "yanindaki", "yapilmasi", "yapilmasini", "yardim", "yok", "you", "zaman"};

struct street_word {
	const char *begins;
	char kind;
	bool whole; /* nothing may follow */
	bool named; /* in free text too it follows a name: "Mevlana Caddesi" is one, "karanlık sokak" is not */
};

static const struct street_word street_words[] = {{"sokagim", 0, false, true}, {"sokagi", 's', false, true},
    {"sk", 's', true, true}, {"caddesi", 'c', false, true}, {"cad", 'c', true, true}, {"cd", 'c', true, true},
    {"bulvari", 'b', false, true}, {"blv", 'b', false, true}, {"sok", 's', true, false}, {"sokak", 's', true, false},
    {"street", 's', true, false}, {"cadde", 'c', true, false}, {"avenue", 'c', true, false},
    {"bulvar", 'b', true, false}};

static int
empty_compare(const void *key, const void *word)
{
	return strcmp(key, *(const char *const *)word);
}

static bool
is_empty(const char *word)
{
	return bsearch(word, empty_words, sizeof(empty_words) / sizeof(empty_words[0]), sizeof(empty_words[0]),
		   empty_compare) != NULL;
}

/* NULL: it is no word for a street. */
static const struct street_word *
street_word(const char *word)
{
	for (size_t i = 0; i < sizeof(street_words) / sizeof(street_words[0]); i++) {
		const struct street_word *s = &street_words[i];

		if (s->whole ? strcmp(word, s->begins) == 0 : strncmp(word, s->begins, strlen(s->begins)) == 0)
			return s;
	}
	return NULL;
}

/* The words of a text, folded, each with its NUL. */
static char **
folded_words(struct arena *a, const char *text, size_t *count)
{
	const char *folded = text_fold_tr(a, text ? text : "");
	size_t size = folded ? strlen(folded) : 0;
	struct word_tr *split = arena_array(a, size / 2 + 1, sizeof(*split));
	char **words;

	*count = words_tr_split(folded ? folded : "", size, split);
	words = arena_array(a, *count + 1, sizeof(*words));
	for (size_t i = 0; i < *count; i++)
		words[i] = arena_string_n(a, split[i].text, split[i].size);
	return words;
}

static bool
is_told(const char *list, const char *name)
{
	size_t length = strlen(name);

	for (const char *c = strstr(list, name); c; c = strstr(c + 1, name))
		if ((c == list || c[-1] == ' ') && (c[length] == ' ' || c[length] == '\0'))
			return true;
	return false;
}

static bool
is_number(const char *word)
{
	return word[strspn(word, "0123456789")] == '\0';
}

/* "Işık Sokak'ta": what stands behind an apostrophe. */
static bool
is_ending(const char *word)
{
	static const char *const endings[] = {"ta", "tan", "taki", "de", "den", "deki"};

	for (size_t i = 0; word && i < sizeof(endings) / sizeof(endings[0]); i++)
		if (strcmp(word, endings[i]) == 0)
			return true;
	return false;
}

/* Does word, before what s is for and next, name a street? */
static bool
is_name(const char *word, const struct street_word *s, const char *next, bool address)
{
	return s && s->kind && strlen(word) >= 2 && !is_empty(word) && !street_word(word) &&
	       (address || s->named || is_number(word) || is_ending(next));
}

const char *
likeness_streets(struct arena *a, const char *text, bool address)
{
	size_t count, found = 0;
	char **words = folded_words(a, text, &count);
	const char *list = "";

	for (size_t i = 1; i < count && found < LIKENESS_STREETS_MAX; i++) {
		const struct street_word *s = street_word(words[i]);
		const char *name;

		if (!is_name(words[i - 1], s, words[i + 1], address))
			continue;
		name = arena_printf(a, "%s.%c", words[i - 1], s->kind);
		if (is_told(list, name))
			continue;
		list = arena_printf(a, "%s%s%s", list, *list ? " " : "", name);
		found++;
	}
	return list;
}

/* Does place, a neighbourhood and streets, name it? */
static bool
is_place(const char *place, const char *word)
{
	size_t length = strlen(word);

	for (const char *c = strstr(place, word); c; c = strstr(c + 1, word))
		if ((c == place || c[-1] == ' ') && (c[length] == ' ' || c[length] == '\0' || c[length] == '.'))
			return true;
	return false;
}

static uint32_t
hash(const char *text, size_t size)
{
	uint32_t value = HASH_START;

	for (size_t i = 0; i < size; i++)
		value = (value ^ (uint8_t)text[i]) * HASH_FACTOR;
	return value;
}

static int
hash_compare(const void *left, const void *right)
{
	uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;

	return (a > b) - (a < b);
}

static size_t
each_once(uint32_t *list, size_t count)
{
	size_t kept = 0;

	qsort(list, count, sizeof(*list), hash_compare);
	for (size_t i = 0; i < count; i++)
		if (i == 0 || list[i] != list[i - 1])
			list[kept++] = list[i];
	return kept;
}

static void
add_word(struct arena *a, const char *word, struct likeness_text *read)
{
	const char *whole = arena_printf(a, "_%s_", word);
	size_t size = strlen(word);

	read->words[read->word_count++] = hash(word, size < STEM ? size : STEM);
	for (size_t i = 0; i + PIECE <= size + 2; i++)
		read->pieces[read->piece_count++] = hash(whole + i, PIECE);
}

void
likeness_text_read(struct arena *a, const char *text, const char *place, struct likeness_text *read)
{
	size_t count, letters = 0;
	char **words = folded_words(a, text, &count);

	for (size_t i = 0; i < count; i++)
		letters += strlen(words[i]) + 2;
	*read = (struct likeness_text){.words = arena_array(a, count + 1, sizeof(*read->words)),
	    .pieces = arena_array(a, letters + 1, sizeof(*read->pieces))};
	for (size_t i = 0; i < count; i++) {
		if (!is_number(words[i]) && strlen(words[i]) >= WORD_MIN && !is_empty(words[i]) &&
		    (!place || !is_place(place, words[i])))
			add_word(a, words[i], read);
	}
	read->word_count = each_once(read->words, read->word_count);
	read->piece_count = each_once(read->pieces, read->piece_count);
}

static size_t
common(const uint32_t *left, size_t left_count, const uint32_t *right, size_t right_count)
{
	size_t i = 0, k = 0, found = 0;

	while (i < left_count && k < right_count) {
		found += left[i] == right[k];
		if (left[i] < right[k])
			i++;
		else if (left[i] > right[k])
			k++;
		else
			i++, k++;
	}
	return found;
}

/* Words by how much of the shorter text stands in the longer one, so that a long letter is like the short message about the
 * same thing; below four words one would be too much of them, and the sum counts. Pieces by the sum (Dice). */
int
likeness_of_texts(const struct likeness_text *left, const struct likeness_text *right)
{
	size_t words = common(left->words, left->word_count, right->words, right->word_count);
	size_t pieces = common(left->pieces, left->piece_count, right->pieces, right->piece_count);
	size_t least = left->word_count < right->word_count ? left->word_count : right->word_count;

	if (least == 0)
		return 0;
	return (int)((least >= 4 ? 1000 * words / least : 2000 * words / (left->word_count + right->word_count)) / 2 +
		     1000 * pieces / (left->piece_count + right->piece_count));
}
