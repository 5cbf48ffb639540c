/* cover_letter: see the header. */
#include "services/router/cover_letter.h"

#include <stdio.h>
#include <string.h>

#include "common/domain/calendar.h"

#define NO_TOPIC "başvuruda belirtilen konu"
#define DAY_SIZE 48
#define PLACES 4

struct place {
	const char *mark, *word;
};

static const struct place *
place_at(const struct place *places, const char *text)
{
	for (size_t i = 0; i < PLACES; i++)
		if (strncmp(text, places[i].mark, strlen(places[i].mark)) == 0)
			return &places[i];
	return NULL;
}

/* With to NULL only its size. */
static size_t
fill(const struct place *places, const char *template, char *to)
{
	size_t size = 0;

	while (*template) {
		const struct place *place = *template == '{' ? place_at(places, template) : NULL;
		const char *from = place ? place->word : template;
		size_t length = place ? strlen(place->word) : 1;

		if (to)
			memcpy(to + size, from, length);
		size += length;
		template += place ? strlen(place->mark) : 1;
	}
	return size;
}

const char *
cover_letter_compose(struct arena *a, const char *template, const struct cover_letter_words *words)
{
	int year, month, day;
	char date[DAY_SIZE];
	const struct place places[PLACES] = {{"{number}", words->number}, {"{date}", date},
	    {"{topic}", words->topic ? words->topic : NO_TOPIC}, {"{institution}", words->institution}};
	char *text;

	date_to_civil(words->received_on, &year, &month, &day);
	(void)snprintf(date, sizeof(date), "%02d.%02d.%04d", day, month, year);
	text = arena_alloc(a, fill(places, template, NULL) + 1);
	fill(places, template, text);
	return text;
}
