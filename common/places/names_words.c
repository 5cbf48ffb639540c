/* names_words: see the header. */
#include "common/places/names_words.h"

#include <stdbool.h>
#include <string.h>

#include "common/base/words_tr.h"

/* Folded. longer: also with something after it. Of "köy" only some forms: "koyun" is a sheep. */
static const struct {
	const char *text;
	bool longer;
	enum names_kind kind;
	const char *means;
} signs[] = {
    {"mah", false, NAMES_QUARTER, NULL},
    {"mh", false, NAMES_QUARTER, NULL},
    {"mahl", false, NAMES_QUARTER, NULL},
    {"mhl", false, NAMES_QUARTER, NULL},
    {"mahalle", true, NAMES_QUARTER, NULL},
    {"mahale", true, NAMES_QUARTER, NULL},
    {"koy", false, NAMES_QUARTER, NULL},
    {"koyu", false, NAMES_QUARTER, NULL},
    {"koyund", true, NAMES_QUARTER, NULL},
    {"koyune", false, NAMES_QUARTER, NULL},
    {"koyumuz", true, NAMES_QUARTER, NULL},
    {"kasabasi", true, NAMES_QUARTER, NULL},
    {"cd", false, NAMES_STREET, "caddesi"},
    {"cad", false, NAMES_STREET, "caddesi"},
    {"cadde", true, NAMES_STREET, "caddesi"},
    {"blv", false, NAMES_STREET, "bulvari"},
    {"bulv", false, NAMES_STREET, "bulvari"},
    {"bulvar", true, NAMES_STREET, "bulvari"},
    {"sk", false, NAMES_STREET, "sokagi"},
    {"sok", false, NAMES_STREET, "sokagi"},
    {"sokak", true, NAMES_STREET, "sokagi"},
    {"sokag", true, NAMES_STREET, "sokagi"},
    {"yolu", true, NAMES_STREET, "yolu"},
    {"karatay", true, NAMES_AROUND, NULL},
    {"konya", true, NAMES_AROUND, NULL},
    {"selcuklu", true, NAMES_AROUND, NULL},
    {"meram", true, NAMES_AROUND, NULL},
    {"ilce", true, NAMES_AROUND, NULL},
};

static void
word_classify(struct names_word *word)
{
	for (size_t i = 0; i < sizeof(signs) / sizeof(signs[0]); i++) {
		size_t size;

		if (signs[i].text[0] != word->text[0])
			continue;
		size = strlen(signs[i].text);
		if (word->size < size || memcmp(word->text, signs[i].text, size) != 0 ||
		    (word->size > size && !signs[i].longer))
			continue;
		word->kind = signs[i].kind;
		if (signs[i].means) {
			word->text = signs[i].means;
			word->size = strlen(signs[i].means);
		}
		return;
	}
}

struct names_word *
names_words_split(struct arena *a, const char *folded, size_t *count)
{
	size_t size = strlen(folded);
	struct word_tr *split = arena_array(a, size / 2 + 1, sizeof(*split));
	struct names_word *words;

	*count = words_tr_split(folded, size, split);
	words = arena_array(a, *count + 1, sizeof(*words));
	for (size_t i = 0; i < *count; i++) {
		words[i] = (struct names_word){.text = split[i].text, .size = split[i].size};
		word_classify(&words[i]);
	}
	return words;
}
