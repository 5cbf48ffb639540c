/* topics: which topics an application may be about. Text and fields in, ranked candidates with scores and reasons
 * out, by the catalogue's keywords. deciding_rank joins them with what the model says. Pure. */
#ifndef KOPRU_SERVICES_ROUTER_TOPICS_H
#define KOPRU_SERVICES_ROUTER_TOPICS_H

#include <stddef.h>
#include <stdint.h>

#include "common/base/arena.h"

#define TOPICS_CANDIDATES 5 /* most candidates for one application */
#define TOPICS_REASONS 8 /* most reasons of one candidate */
#define TOPICS_WORD "word: " /* how a reason begins that is a word of the text */
#define TOPICS_SCORE_MAX 1000
#define TOPICS_SCORE_MIN 300 /* below it a candidate is only a suggestion to the desk */

struct topics;

/* A row of the catalogue. Keywords are folded; one of several words means words that follow each other. */
struct topics_topic {
	const char *code;
	const char *department;
	const char *const *keywords;
	size_t keyword_count;
};

/* What is known of an application. Texts may be "" but not NULL; kind and channel are those of proto/kopru/v1. */
struct topics_question {
	const char *text;
	const char *subject;
	const char *topic; /* chosen by the applicant or a clerk */
	int kind;
	int channel;
	const char *neighbourhood;
};

struct topics_candidate {
	const char *topic;
	const char *department;
	uint32_t score; /* thousandths, 0..TOPICS_SCORE_MAX */
	const char *const *reasons;
	size_t reason_count;
};

/* What the words of a text say for one topic. */
struct topics_weight {
	uint32_t evidence; /* a rare word of six letters or more that one topic has gives about 6600 */
	const char *const *reasons; /* "word: cop" */
	size_t reason_count;
};

/* Copies what it is given. */
struct topics *topics_new(const struct topics_topic *list, size_t count);
void topics_free(struct topics *t); /* NULL is fine */

/* One for each topic, in order of their codes. subject, text: as written or folded. Lives in a. */
struct topics_weight *topics_weigh(const struct topics *t, struct arena *a, const char *subject, const char *text);

/* The candidates, best first, ties by code: how many. A chosen topic that the catalogue knows comes first with
 * the highest score. All that is given lives in a, not in t. */
size_t topics_rank(const struct topics *t, struct arena *a, const struct topics_question *question,
    struct topics_candidate candidates[TOPICS_CANDIDATES]);

#endif
