/* words: every value of the protos has its word, and every word its value. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/base/text.h"
#include "common/domain/words.h"
#include "kopru/v1/event.pb-c.h"

struct table {
	const struct word *words;
	const ProtobufCEnumDescriptor *values;
	const char *prefix;
};

static const struct table tables[] = {
    {kind_words, &kopru__v1__kind__descriptor, "KIND_"},
    {channel_words, &kopru__v1__channel__descriptor, "CHANNEL_"},
    {state_words, &kopru__v1__state__descriptor, "STATE_"},
    {legal_basis_words, &kopru__v1__legal_basis__descriptor, "LEGAL_BASIS_"},
    {prefers_words, &kopru__v1__prefers__descriptor, "PREFERS_"},
    {clock_words, &kopru__v1__clock__descriptor, "CLOCK_"},
};

static void
every_value_of_the_protos_has_its_word(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++) {
		unsigned words = 0;

		for (const struct word *w = tables[i].words; w->value; w++)
			words++;
		assert_int_equal(words + 1, tables[i].values->n_values); /* without UNSPECIFIED */
		for (unsigned j = 0; j < tables[i].values->n_values; j++) {
			const ProtobufCEnumValue *value = &tables[i].values->values[j];
			const struct word *word = word_find(tables[i].words, value->value);

			if (value->value == 0)
				continue;
			assert_non_null(word);
			assert_true(ascii_equal_nocase(value->name + strlen(tables[i].prefix), word->token));
		}
	}
}

static void
words_are_found_both_ways(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++) {
		for (const struct word *w = tables[i].words; w->value; w++) {
			assert_int_equal(word_value(tables[i].words, w->token), w->value);
			assert_string_equal(word_token(tables[i].words, w->value), w->token);
			assert_true(text_valid(w->name_tr, strlen(w->name_tr)) && !text_blank(w->name_tr));
			assert_true(text_valid(w->name_en, strlen(w->name_en)) && !text_blank(w->name_en));
		}
	}
}

static void
the_unknown_is_unknown(void **state)
{
	(void)state;
	assert_int_equal(word_value(kind_words, "istek"), 0);
	assert_int_equal(word_value(kind_words, ""), 0);
	assert_int_equal(word_value(kind_words, "Request"), 0);
	assert_null(word_find(kind_words, 0));
	assert_null(word_find(kind_words, 99));
	assert_string_equal(word_token(kind_words, -1), "unknown");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_value_of_the_protos_has_its_word),
	    cmocka_unit_test(words_are_found_both_ways),
	    cmocka_unit_test(the_unknown_is_unknown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
