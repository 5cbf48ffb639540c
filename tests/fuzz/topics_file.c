/* fuzz topics_file: any text as the table of topics: refused with a row, or topics each of which has a code of its own, a
 * department that is there and folded keywords; and whatever text is asked about, they rank in order, best first, each
 * once, with the same result the second time. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/text.h"
#include "services/kopru/catalogue.h"
#include "services/router/topics.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define TOPICS_ASKED 40

static void
require(int holds)
{
	if (!holds)
		abort();
}

static void
check_keywords(struct arena *a, const char *keywords)
{
	const char *again = text_fold_tr(a, keywords);

	require(strcmp(again, keywords) == 0);
	require(*keywords != ',' && !strstr(keywords, ",,"));
}

static void
check_catalogue(struct arena *a, const struct catalogue *c)
{
	require(c->departments_count >= 1 && strcmp(c->departments[0].code, "HM") == 0);
	for (size_t i = 0; i < c->topics_count && i < TOPICS_ASKED; i++) {
		const struct catalogue_topic *t = &c->topics[i];
		size_t departments = 0;

		require(catalogue_code_valid(t->department) && !text_blank(t->code));
		require(t->target_working_days >= 0 && t->target_working_days <= 365);
		check_keywords(a, t->keywords);
		for (size_t j = 0; j < i; j++)
			require(strcmp(c->topics[j].code, t->code) != 0);
		for (size_t j = 0; j < c->departments_count; j++)
			departments += strcmp(c->departments[j].code, t->department) == 0;
		require(departments == 1);
	}
}

static struct topics *
topics_make(struct arena *a, const struct catalogue *c)
{
	struct topics_topic *list = arena_array(a, TOPICS_ASKED, sizeof(*list));
	size_t count = c->topics_count < TOPICS_ASKED ? c->topics_count : TOPICS_ASKED;

	for (size_t i = 0; i < count; i++) {
		char *rest = arena_string(a, c->topics[i].keywords), *word;
		const char **words = arena_array(a, strlen(rest) + 1, sizeof(*words));
		size_t words_count = 0;

		while (*rest && (word = strsep(&rest, ","))) {
			words[words_count++] = word;
			if (!rest)
				break;
		}
		list[i] = (struct topics_topic){c->topics[i].code, c->topics[i].department, words, words_count};
	}
	return topics_new(list, count);
}

static void
check_rank(struct arena *a, const struct topics *t, const struct topics_question *question)
{
	struct topics_candidate first[TOPICS_CANDIDATES], second[TOPICS_CANDIDATES];
	size_t count = topics_rank(t, a, question, first);

	require(count <= TOPICS_CANDIDATES && topics_rank(t, a, question, second) == count);
	for (size_t i = 0; i < count; i++) {
		require(first[i].score <= TOPICS_SCORE_MAX && first[i].reason_count <= TOPICS_REASONS);
		require(strcmp(first[i].topic, second[i].topic) == 0 && first[i].score == second[i].score);
		require(i == 0 || first[i].score <= first[i - 1].score);
		for (size_t j = 0; j < i; j++)
			require(strcmp(first[i].topic, first[j].topic) != 0);
	}
}

/* The table asks itself: its own rows are the text. */
static void
check_topics(struct arena *a, const struct catalogue *c, const char *text)
{
	struct topics *t = topics_make(a, c);
	struct topics_question question = {text, "", "", 1, 1, ""};

	if (text_valid(text, strlen(text)))
		check_rank(a, t, &question);
	for (size_t i = 0; i < c->topics_count && i < 4; i++) {
		question = (struct topics_question){
		    c->topics[i].keywords, c->topics[i].name_tr, c->topics[i].code, 2, 3, "Fetih"};
		if (text_valid(question.text, strlen(question.text)) &&
		    text_valid(question.subject, strlen(question.subject)) &&
		    text_valid(question.topic, strlen(question.topic)))
			check_rank(a, t, &question);
	}
	topics_free(t);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new(0);
	char *text = malloc(size + 1);
	struct err e = {""};
	struct catalogue c;

	require(text != NULL);
	memcpy(text, data, size);
	text[size] = '\0';
	if (catalogue_parse(a, text, "date,name,kind\n2026-04-23,Bayram,tam\n", &c, &e) == 0) {
		check_catalogue(a, &c);
		check_topics(a, &c, text);
	} else {
		require(strncmp(e.text, "topics", 6) == 0);
	}
	free(text);
	arena_free(a);
	return 0;
}
