/* topics: what is counted of a text, and the figures of answers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/topics/evaluate.h"
#include "common/topics/features.h"
#include "common/topics/figures.h"

static int
set_up(void **state)
{
	*state = arena_new(0);
	return 0;
}

static int
tear_down(void **state)
{
	arena_free(*state);
	return 0;
}

static void
assert_same_list(const struct feature_list *a, const struct feature_list *b)
{
	assert_int_equal(a->count, b->count);
	for (size_t i = 0; i < a->count; i++) {
		assert_int_equal(a->list[i].slot, b->list[i].slot);
		assert_int_equal(a->list[i].count, b->list[i].count);
	}
}

static void
spelling_and_case_make_no_difference(void **state)
{
	static const char *const pairs[][2] = {
	    {"Çöp TOPLANMIYOR", "cop toplanmiyor"},
	    {"IŞIK, ışık; ISIK", "isik isik isik"},
	    {"İsmil'de  su\tyok!", "ismil de su yok"},
	    {"Karatay’ın “parkı”…", "karatay in parki"},
	    {"kâğıt\u00a0— Lâle", "kagit lale"},
	    {"C\u0327o\u0308p", "\u00e7\u00f6p"}, /* decomposed */
	    {"112'yi arayın", "112 yi arayin"},
	};

	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		struct features a = features_read(*state, features_fold(*state, pairs[i][0]));
		struct features b = features_read(*state, features_fold(*state, pairs[i][1]));

		assert_true(a.words.count > 0 && a.pieces.count > 0);
		assert_same_list(&a.words, &b.words);
		assert_same_list(&a.pieces, &b.pieces);
		b = features_read(*state, features_fold(*state, evaluate_plain_letters(*state, pairs[i][0])));
		assert_same_list(&a.words, &b.words);
		assert_same_list(&a.pieces, &b.pieces);
	}
}

static void
words_pairs_and_pieces_are_counted(void **state)
{
	struct features f = features_read(*state, "aaa aaa"), of_word;
	struct feature_word before = {"aaa", 3}, word = {"aaa", 3};

	assert_int_equal(f.words.count, 2); /* aaa, twice; aaa aaa */
	assert_int_equal(f.words.list[0].count, 2);
	assert_int_equal(f.words.list[1].count, 1);
	assert_int_equal(f.pieces.count, 6); /* _aa aaa aa_ _aaa aaa_ _aaa_ */
	for (size_t i = 0; i < f.pieces.count; i++) {
		assert_int_equal(f.pieces.list[i].count, 2);
		assert_int_equal(features_count(&f.pieces, f.pieces.list[i].slot), 2);
	}
	of_word = features_of_word(*state, &before, &word);
	assert_int_equal(of_word.words.count, 2);
	assert_int_equal(of_word.words.list[1].slot, f.words.list[1].slot);
	assert_int_equal(features_count(&f.words, of_word.words.list[0].slot), 2);
	/* A single letter has its one piece and is no word. */
	f = features_read(*state, "a");
	assert_int_equal(f.words.count, 0);
	assert_int_equal(f.pieces.count, 1);
	/* Pieces do not reach from one word into the next. */
	assert_int_equal(features_read(*state, "ab cd").pieces.count, 6);
	assert_int_equal(features_read(*state, "").pieces.count, 0);
}

static void
a_long_text_is_cut_between_letters(void **state)
{
	char *text = arena_alloc(*state, MODEL_TEXT_MAX + 8);
	const char *folded;

	text[0] = 'a';
	for (size_t i = 1; i < MODEL_TEXT_MAX + 4; i += 2)
		memcpy(text + i, "\xc5\x9f", 2);
	folded = features_fold(*state, text);
	assert_int_equal(strlen(folded), 1 + (MODEL_TEXT_MAX - 1) / 2);
	assert_int_equal(folded[strlen(folded) - 1], 's');
	assert_string_equal(features_fold(*state, "\xc5"), "");
}

static void
assert_near(double is, double wanted)
{
	assert_true(is - wanted < 1e-6 && wanted - is < 1e-6);
}

static void
figures_are_those_of_the_definitions(void **state)
{
	/* labels 0, 1, 2; one text of label 3, which is never said; one that nothing is said of */
	struct figures_case cases[] = {{0, {0, 1, 2}, 0.9f}, {0, {0, 1, 2}, 0.8f}, {0, {1, 0, 2}, 0.7f},
	    {1, {1, 0, 2}, 0.6f}, {1, {2, 0, 1}, 0.5f}, {2, {2, 1, 0}, 0.4f}, {3, {0, 1, 2}, 0.3f},
	    {2, {FIGURES_NONE, FIGURES_NONE, FIGURES_NONE}, 0}};
	struct figures_label labels[4];
	double precision, probability, macro;

	(void)state;
	assert_near(figures_accuracy(cases, 8), 4 / 8.0);
	assert_near(figures_top3(cases, 8), 6 / 8.0);
	macro = figures_of_labels(cases, 8, labels, 4);
	assert_int_equal(labels[0].count, 3);
	assert_int_equal(labels[0].said, 3);
	assert_near(labels[0].precision, 2 / 3.0);
	assert_near(labels[1].f1, 2 * 1 / 4.0);
	assert_near(labels[2].recall, 1 / 2.0);
	assert_near(labels[3].precision, 0);
	assert_near(macro, (2 / 3.0 + 1 / 2.0 + 1 / 2.0 + 0) / 4);
	assert_near(figures_precision_at(cases, 8, 0.5), 3 / 4.0);
	assert_near(figures_coverage_at(cases, 8, 0.75, &precision, &probability), 4 / 8.0);
	assert_near(precision, 3 / 4.0);
	assert_near(probability, 0.6);
	/* Of what is equally likely all or nothing is covered. */
	for (size_t i = 0; i < 8; i++)
		cases[i].probability = 0.5f;
	assert_near(figures_coverage_at(cases, 8, 0.75, &precision, &probability), 0);
	assert_near(figures_coverage_at(cases, 8, 0.5, &precision, &probability), 1);
	assert_near(figures_accuracy(cases, 0), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(spelling_and_case_make_no_difference, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(words_pairs_and_pieces_are_counted, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(a_long_text_is_cut_between_letters, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(figures_are_those_of_the_definitions, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
