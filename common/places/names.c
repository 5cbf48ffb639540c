/* names: see the header. All names stand in one sorted list, joined to one word each; a text is walked through it. */
#include "common/places/names.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/text.h"
#include "common/base/words_tr.h"
#include "common/places/names_words.h"

#define NAME_WORDS_MAX 8
#define JOINED_MIN 10 /* so long a name is a name in pieces too: "yeni kent" may be a new town */
#define GUESSED_MIN 6 /* shorter names are not guessed when a letter is wrong */
#define GUESSES_MAX 16 /* of one text */

struct name {
	const char *key;
	size_t size, words; /* words: of how many it was made */
	bool street, ordinary, own;
	const uint32_t *places;
	size_t place_count;
};

struct names {
	struct name *list; /* by key, then neighbourhoods before streets */
	size_t count;
};

/* ---- Making ------------------------------------------------------------------------------------------------------ */

static int
compare_names(const void *a, const void *b)
{
	const struct name *x = a, *y = b;
	int order = strcmp(x->key, y->key);

	return order ? order : (int)x->street - (int)y->street;
}

/* Without "mahalle"; false when nothing is left. */
static bool
key_make(struct arena *a, const struct names_name *from, struct name *name)
{
	size_t count, room = strlen(from->text) * 2 + 16;
	const struct names_word *words = names_words_split(a, from->text, &count);
	char *key = arena_alloc(a, room);

	*name = (struct name){.key = key, .street = from->street, .ordinary = from->ordinary, .own = from->own};
	for (size_t i = 0; i < count; i++) {
		if (words[i].kind == NAMES_QUARTER)
			continue;
		if (name->size + words[i].size >= room)
			return false;
		memcpy(key + name->size, words[i].text, words[i].size);
		name->size += words[i].size;
		name->words++;
	}
	return name->size > 1 && name->size <= NAMES_LENGTH_MAX && name->words <= NAME_WORDS_MAX;
}

static bool
has_place(const struct name *name, uint32_t place)
{
	for (size_t i = 0; i < name->place_count; i++)
		if (name->places[i] == place)
			return true;
	return false;
}

/* Names of the same key become one with the places of all; our own neighbourhood stands for itself only. */
static void
name_merge(struct arena *a, struct name *into, const struct name *from)
{
	uint32_t *places;

	into->words = from->words > into->words ? from->words : into->words;
	if (!into->street && into->own != from->own) {
		if (from->own) {
			into->places = from->places;
			into->place_count = from->place_count;
			into->ordinary = from->ordinary;
			into->own = true;
		}
		return;
	}
	into->ordinary = into->ordinary || from->ordinary;
	if (has_place(into, from->places[0]))
		return;
	places = arena_array(a, into->place_count + 1, sizeof(*places));
	memcpy(places, into->places, into->place_count * sizeof(*places));
	places[into->place_count++] = from->places[0];
	into->places = places;
}

struct names *
names_new(struct arena *a, const struct names_name *list, size_t count)
{
	struct names *n = arena_alloc(a, sizeof(*n));
	size_t made = 0;

	n->list = arena_array(a, count + 1, sizeof(*n->list));
	for (size_t i = 0; i < count; i++) {
		if (!key_make(a, &list[i], &n->list[made]))
			continue;
		n->list[made].places = arena_copy(a, &list[i].place, sizeof(list[i].place));
		n->list[made++].place_count = 1;
	}
	qsort(n->list, made, sizeof(*n->list), compare_names);
	for (size_t i = 0; i < made; i++) {
		if (n->count > 0 && compare_names(&n->list[n->count - 1], &n->list[i]) == 0)
			name_merge(a, &n->list[n->count - 1], &n->list[i]);
		else
			n->list[n->count++] = n->list[i];
	}
	return n;
}

/* ---- Walking ----------------------------------------------------------------------------------------------------- */

/* Names from low to high have begun with what was walked so far: depth letters. */
struct walk {
	const struct names *names;
	size_t low, high, depth;
};

static size_t
first_above(const struct walk *w, unsigned char letter)
{
	size_t low = w->low, high = w->high;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if ((unsigned char)w->names->list[middle].key[w->depth] > letter)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

static bool
walk_on(struct walk *w, char letter)
{
	size_t high = first_above(w, (unsigned char)letter);

	w->low = first_above(w, (unsigned char)((unsigned char)letter - 1));
	w->high = high;
	w->depth++;
	return w->low < w->high;
}

/* What was walked is a name as it stands; of two the neighbourhood. */
static const struct name *
walk_name(const struct walk *w)
{
	return w->low < w->high && w->names->list[w->low].size == w->depth ? &w->names->list[w->low] : NULL;
}

struct match {
	const struct name *name;
	size_t words; /* of the text */
};

/* What follows a name's last letter in its word must be suffixes. */
static void
match_take(struct match *m, const struct walk *w, const struct names_word *word, size_t at, size_t words)
{
	const struct name *name = walk_name(w);

	if (!name || !word_tr_is_suffixes(word->text + at, word->size - at))
		return;
	*m = (struct match){.name = name, .words = words};
}

/* Walks one word; false when no name goes on like that. */
static bool
walk_word(struct walk *w, const struct names_word *word, size_t words, struct match *m)
{
	for (size_t i = 0; i < word->size; i++) {
		char hard = i + 1 < word->size ? word_tr_hard(word->text[i], word->text[i + 1]) : '\0';
		struct walk softened = *w;

		if (hard && walk_on(&softened, hard))
			match_take(m, &softened, word, i + 1, words);
		if (!walk_on(w, word->text[i]))
			return false;
		match_take(m, w, word, i + 1, words);
	}
	return true;
}

/* The longest name that begins with the first word; name is NULL for none. */
static struct match
match_at(const struct names *n, const struct names_word *words, size_t count)
{
	struct match m = {NULL, 0};
	struct walk w = {.names = n, .low = 0, .high = n->count, .depth = 0};

	for (size_t i = 0; i < count && i < NAME_WORDS_MAX && words[i].kind != NAMES_QUARTER; i++)
		if (!walk_word(&w, &words[i], i + 1, &m))
			break;
	return m;
}

/* ---- A letter that is wrong -------------------------------------------------------------------------------------- */

/* Is one made of the other by changing, leaving out, adding or swapping one letter? */
static bool
is_near(const char *a, size_t a_size, const char *b, size_t b_size)
{
	size_t front = 0, back = 0, shorter = a_size < b_size ? a_size : b_size;

	if (a_size > b_size + 1 || b_size > a_size + 1)
		return false;
	while (front < shorter && a[front] == b[front])
		front++;
	while (back < shorter - front && a[a_size - 1 - back] == b[b_size - 1 - back])
		back++;
	if (front + back + 1 >= a_size && front + back + 1 >= b_size)
		return true;
	return a_size == b_size && front + back + 2 == a_size && a[front] == b[front + 1] && a[front + 1] == b[front];
}

/* The only neighbourhood whose name is so near; NULL for none or several. */
static const struct name *
guess(const struct names *n, const char *text, size_t size)
{
	const struct name *found = NULL;

	if (size < GUESSED_MIN || size > NAMES_LENGTH_MAX)
		return NULL;
	for (size_t i = 0; i < n->count; i++) {
		const struct name *name = &n->list[i];

		if (name->street || name->size < GUESSED_MIN || name->place_count != 1 ||
		    !is_near(name->key, name->size, text, size))
			continue;
		if (found && found->places[0] != name->places[0])
			return NULL;
		found = name;
	}
	return found;
}

static const struct name *
guess_words(const struct names *n, const struct names_word *words, size_t count)
{
	char joined[NAMES_LENGTH_MAX + 2];
	size_t size = 0;

	for (size_t i = 0; i < count; i++) {
		if (words[i].kind != NAMES_PLAIN || size + words[i].size > sizeof(joined))
			return NULL;
		memcpy(joined + size, words[i].text, words[i].size);
		size += words[i].size;
	}
	return guess(n, joined, size);
}

/* ---- A text ------------------------------------------------------------------------------------------------------ */

struct search {
	const struct names *names;
	const struct names_word *words;
	size_t count;
	struct names_found *found;
	bool sure; /* the neighbourhood stands beside "mahalle" */
	unsigned guesses;
};

static void
neighbourhood_take(struct search *s, const struct name *name, bool sure)
{
	if (name->place_count != 1 || s->sure || (s->found->neighbourhood_known && !sure))
		return;
	s->found->neighbourhood_known = true;
	s->found->neighbourhood = name->places[0];
	s->sure = sure;
}

static void
street_take(struct search *s, const struct name *name)
{
	if (s->found->street_known)
		return;
	s->found->street_known = true;
	s->found->streets = name->places;
	s->found->street_count = name->place_count;
}

static void
match_use(struct search *s, size_t at, const struct match *m)
{
	const struct names_word *next = at + m->words < s->count ? &s->words[at + m->words] : NULL;
	bool sure = next && next->kind == NAMES_QUARTER;
	bool pieces = m->words > m->name->words && m->name->size < JOINED_MIN;

	if (m->name->street)
		street_take(s, m->name);
	else if (next && next->kind == NAMES_STREET)
		return; /* "Fetih Caddesi" is no quarter */
	else if (sure || !(m->name->ordinary || pieces))
		neighbourhood_take(s, m->name, sure);
}

/* Before the "mahalle" at that place. */
static void
guess_before(struct search *s, size_t at)
{
	for (size_t words = 1; words <= at && words <= 3 && !s->sure && s->guesses < GUESSES_MAX; words++) {
		const struct name *name = guess_words(s->names, s->words + at - words, words);

		s->guesses++;
		if (name)
			neighbourhood_take(s, name, true);
	}
}

static void
text_search(struct search *s)
{
	for (size_t i = 0; i < s->count;) {
		struct match m = match_at(s->names, s->words + i, s->count - i);

		if (m.name)
			match_use(s, i, &m);
		i += m.name ? m.words : 1;
	}
	for (size_t i = 1; i < s->count && !s->sure; i++)
		if (s->words[i].kind == NAMES_QUARTER)
			guess_before(s, i);
}

/* The field of a neighbourhood holds nothing but its name and "mahalle", and with around district and province. */
static bool
field_search(struct search *s, struct arena *scratch, bool around)
{
	struct names_word *words = arena_array(scratch, s->count + 1, sizeof(*words));
	const struct name *name;
	struct match m;
	size_t count = 0;

	for (size_t i = 0; i < s->count; i++)
		if (s->words[i].kind != NAMES_QUARTER && !(around && s->words[i].kind == NAMES_AROUND))
			words[count++] = s->words[i];
	m = match_at(s->names, words, count);
	name = m.name && m.words == count ? m.name : guess_words(s->names, words, count);
	if (!name || name->street || name->place_count != 1)
		return false;
	neighbourhood_take(s, name, true);
	return true;
}

/* Cut between two characters. */
static const char *
text_cut(struct arena *a, const char *text)
{
	size_t size = strnlen(text, NAMES_TEXT_MAX + 1);

	if (size <= NAMES_TEXT_MAX)
		return text;
	for (size = NAMES_TEXT_MAX; size > 0 && ((unsigned char)text[size] & 0xc0) == 0x80;)
		size--;
	return arena_string_n(a, text, size);
}

void
names_find(const struct names *n, struct arena *scratch, const char *text, bool alone, struct names_found *found)
{
	struct search s = {.names = n, .found = found};
	const char *folded;

	*found = (struct names_found){0};
	if (*text == '\0' || n->count == 0 || !(folded = text_fold_tr(scratch, text_cut(scratch, text))))
		return;
	s.words = names_words_split(scratch, folded, &s.count);
	if (!alone || (!field_search(&s, scratch, false) && !field_search(&s, scratch, true)))
		text_search(&s);
}
