/* deciding_internal: one decision under way, and the steps that it goes through. Pure. */
#ifndef KOPRU_SERVICES_ROUTER_DECIDING_INTERNAL_H
#define KOPRU_SERVICES_ROUTER_DECIDING_INTERNAL_H

#include "services/router/deciding.h"

/* Chosen by whoever enters what the desk itself has, or is to answer. */
#define DECIDING_DESK_TOPIC CATALOGUE_DESK "-00"

struct deciding_case {
	const struct deciding *d;
	struct arena *arena;
	const Kopru__V1__Application *application;
	int64_t now;
	const char *folded; /* subject, a newline and text */
	struct places_answer place;
	const char *const *areas; /* that rules name and in which the point lies */
	size_t area_count;
	const struct danger *danger; /* NULL: none */
	const char *danger_phrase;
	const struct catalogue_topic *alarming; /* a likely topic of life safety, or NULL */
	const char *words[DECIDING_WORDS]; /* that decided, as written */
	size_t word_count;
	const char *doubt; /* code of a department that is not valid, or NULL */
	struct decision *decision;
};

/* The likeliest topics of a text, best first, scores in thousandths that add up to at most 1000: how many. application: its
 * fields speak too; NULL: the text alone. text and subject as written or folded. */
size_t deciding_rank(const struct deciding_case *c, const char *subject, const char *text,
    const Kopru__V1__Application *application, struct topics_candidate candidates[TOPICS_CANDIDATES]);
/* Thousandths that the topic is one of that department, by the same candidates. */
uint32_t deciding_sureness(const struct topics_candidate *candidates, size_t count, const char *department);

void deciding_place(struct deciding_case *c);
/* The topic that the place alone speaks for and how much, NULL for none. */
const char *deciding_place_topic(const struct deciding_case *c, double *weight);
/* After the best candidate's way is known: a rule that holds goes another. */
void deciding_rules(struct deciding_case *c);
/* Fills matters when clauses of the text speak of several topics of several departments, each for itself. */
void deciding_matters(struct deciding_case *c);
/* Of basket topics: the basket of the best candidate when the text asks for nothing; else they make way. */
void deciding_basket(struct deciding_case *c);
/* The words that decided, as they are written. */
void deciding_words(struct deciding_case *c);
void deciding_sentence(struct deciding_case *c);

#endif
