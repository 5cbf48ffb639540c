/* deciding_danger: words of danger to life in a text: fire, gas, live wires, somebody trapped, injured, threatened. What is
 * over, denied or only feared is left out. Pure. */
#ifndef KOPRU_SERVICES_ROUTER_DECIDING_DANGER_H
#define KOPRU_SERVICES_ROUTER_DECIDING_DANGER_H

#include <stdbool.h>

#include "common/base/arena.h"

/* words: one after the other in one sentence, at most two others between two of them; each may be one of several with |
 * between them and stands for its forms, with = before it for itself only. Those with + before them, which come last,
 * stand anywhere in the text. */
struct danger {
	const char *words;
	const char *unless; /* words of the same sentence with which it is none; NULL: there are none */
	bool lasting; /* what was last week is dangerous today */
	const char *topic; /* whose matter it is when nothing else is sure; NULL: what the text is about */
	const char *emergency; /* what to call at once */
	const char *reason_tr, *reason_en;
};

extern const struct danger danger_rows[]; /* words NULL ends it */
/* Of a topic of life safety what is none: invoices, extinguishers, seminars. Its topic, words and lasting count. */
extern const struct danger danger_calm_rows[]; /* words NULL ends it */

/* The table, ready to be looked up. */
struct dangers;

struct dangers *dangers_new(void);
void dangers_free(struct dangers *d); /* NULL is fine */

/* The first row of the table that stands in the text, NULL for none. folded: subject and text; phrase: its words there, as
 * they are folded, in a. */
const struct danger *dangers_find(const struct dangers *d, struct arena *a, const char *folded, const char **phrase);

/* Does the text, in which no row stands, speak of the topic without danger: in words of a calm row, or of what is long past?
 * Not when it asks for help at once. */
bool dangers_calm(struct arena *a, const char *folded, const char *topic);

#endif
