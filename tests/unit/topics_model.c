/* topics: a model learns, is saved and read, refuses what is no model, and says why. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/topics/features.h"
#include "common/topics/figures.h"
#include "common/topics/model.h"

#define PER_LABEL 60
#define LABELS 4
#define EXAMPLES (PER_LABEL * LABELS)

/* Made-up sentences: a word of the label among words that all have. */
static const char *const own[LABELS][4] = {
    {"çukur", "asfalt", "kaldırım", "yol"},
    {"çöp", "konteyner", "temizlik", "süpürge"},
    {"ağaç", "park", "çimen", "budama"},
    {"köpek", "kedi", "aşı", "barınak"},
};
static const char *const label_names[LABELS] = {"YOL", "TEM", "PRK", "VET"};
static const char *const any[] = {"mahallemizde", "lütfen", "sokağın", "başında", "günlerdir", "sorun", "var",
    "ilgilenilmesini", "rica", "ederim", "evimizin", "önünde"};

struct world {
	struct arena *a;
	struct model_example examples[EXAMPLES];
};

/* Small and the same everywhere. */
static unsigned
roll(unsigned *state, unsigned sides)
{
	*state = *state * 1664525u + 1013904223u;
	return (*state >> 16) % sides;
}

static const char *
sentence(struct arena *a, size_t label, unsigned *state)
{
	const char *words[6];

	for (size_t i = 0; i < 6; i++)
		words[i] = any[roll(state, sizeof(any) / sizeof(any[0]))];
	words[roll(state, 6)] = own[label][roll(state, 4)];
	/* Now and then nothing, or the wrong thing, is said. */
	if (roll(state, 8) == 0)
		words[roll(state, 6)] = own[roll(state, LABELS)][roll(state, 4)];
	return arena_printf(a, "%s %s %s %s %s %s.", words[0], words[1], words[2], words[3], words[4], words[5]);
}

static void
fill(struct arena *a, struct model_example *examples, unsigned seed)
{
	unsigned state = seed;

	for (size_t i = 0; i < EXAMPLES; i++)
		examples[i] = (struct model_example){label_names[i % LABELS], sentence(a, i % LABELS, &state)};
}

static struct model *
train(const struct model_example *examples, size_t count, unsigned threads, struct err *e)
{
	const struct model_training t = {examples, count, 20783, threads, NULL, NULL};

	return model_train(&t, e);
}

static int
set_up(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	w->a = arena_new(0);
	fill(w->a, w->examples, 1);
	*state = w;
	return 0;
}

static int
tear_down(void **state)
{
	struct world *w = *state;

	arena_free(w->a);
	free(w);
	return 0;
}

static void
learns_labels_from_texts(void **state)
{
	struct world *w = *state;
	struct model_score scores[8];
	struct err e;
	struct model *m = train(w->examples, EXAMPLES, 2, &e);

	assert_non_null(m);
	assert_int_equal(model_labels(m), LABELS);
	assert_int_equal(model_examples(m), EXAMPLES);
	assert_string_equal(model_label(m, 0), "PRK");
	assert_null(model_label(m, LABELS));
	assert_memory_equal(model_name(m), "2026-11-26-", 11);
	assert_int_equal(strlen(model_name(m)), 19);
	assert_true(model_figures(m).accuracy > 0.8 && model_figures(m).top3 >= model_figures(m).accuracy);
	assert_int_equal(model_ask(m, w->a, "Evimizin önünde BÜYÜK BİR ÇUKUR var", scores, 8), LABELS);
	assert_string_equal(scores[0].label, "YOL");
	assert_true(scores[0].probability > 0.7);
	assert_int_equal(model_ask(m, w->a, "cukur", scores, 1), 1);
	assert_string_equal(scores[0].label, "YOL");
	assert_int_equal(model_ask(m, w->a, "", scores, 8), 0);
	assert_int_equal(model_ask(m, w->a, "?!", scores, 8), 0);
	assert_int_equal(model_ask(m, w->a, "\xff\xfe", scores, 8), 0);
	assert_int_equal(model_ask(m, w->a, "qqqq wwww", scores, 8), 0);
	model_free(m);
}

/* Same examples, same bytes, however many threads; and other examples, another name. */
static void
same_examples_same_bytes(void **state)
{
	struct world *w = *state;
	struct err e;
	size_t one_size, three_size;
	struct model *one = train(w->examples, EXAMPLES, 1, &e), *three = train(w->examples, EXAMPLES, 3, &e);
	struct model *less = train(w->examples, EXAMPLES - 1, 3, &e);
	const uint8_t *one_bytes = model_save(one, w->a, &one_size),
		      *three_bytes = model_save(three, w->a, &three_size);

	assert_int_equal(one_size, three_size);
	assert_memory_equal(one_bytes, three_bytes, one_size);
	assert_string_not_equal(model_name(one), model_name(less));
	model_free(one);
	model_free(three);
	model_free(less);
}

static void
saved_is_read_as_the_same(void **state)
{
	struct world *w = *state;
	struct err e;
	size_t size, again_size;
	struct model *m = train(w->examples, EXAMPLES, 1, &e);
	const uint8_t *bytes = model_save(m, w->a, &size), *again;
	struct model *read = model_load(bytes, size, &e);
	struct model_score before[LABELS], after[LABELS];

	assert_non_null(read);
	again = model_save(read, w->a, &again_size);
	assert_int_equal(size, again_size);
	assert_memory_equal(bytes, again, size);
	assert_string_equal(model_name(m), model_name(read));
	assert_int_equal(model_memory(m), model_memory(read));
	model_ask(m, w->a, w->examples[5].text, before, LABELS);
	model_ask(read, w->a, w->examples[5].text, after, LABELS);
	for (size_t i = 0; i < LABELS; i++) {
		assert_string_equal(before[i].label, after[i].label);
		assert_true(before[i].probability == after[i].probability);
	}
	model_free(m);
	model_free(read);
}

static void
refuses(const uint8_t *bytes, size_t size, const char *reason)
{
	struct err e = {""};
	struct model *m = model_load(bytes, size, &e);

	assert_null(m);
	if (!strstr(e.text, reason))
		fail_msg("\"%s\" does not say \"%s\"", e.text, reason);
}

static void
refuses_what_is_no_model(void **state)
{
	struct world *w = *state;
	struct err e;
	size_t size;
	struct model *m = train(w->examples, EXAMPLES, 1, &e);
	const uint8_t *bytes = model_save(m, w->a, &size);
	uint8_t *other = arena_alloc(w->a, size + 1);

	refuses(bytes, 0, "no model");
	refuses((const uint8_t *)"label\ttext\n and so on and so on", 30, "no model");
	for (size_t cut = 20; cut < size; cut += size / 50 + 1)
		refuses(bytes, cut, "cut off");
	refuses(bytes, size - 1, "cut off");
	memcpy(other, bytes, size);
	refuses(other, size + 1, "too long");
	for (size_t at = 20; at < size; at += size / 50 + 1) {
		other[at] ^= 0x10;
		refuses(other, size, "damaged");
		other[at] ^= 0x10;
	}
	other[8] = 2;
	refuses(other, size, "later");
	refuses(bytes, (size_t)MODEL_FILE_MAX + 1, "allowed");
	model_free(m);
}

static void
refuses_training(const struct model_example *examples, size_t count, const char *reason)
{
	struct err e = {""};
	struct model *m = train(examples, count, 1, &e);

	assert_null(m);
	if (!strstr(e.text, reason))
		fail_msg("\"%s\" does not say \"%s\"", e.text, reason);
}

static bool
at_once(void *arg)
{
	(void)arg;
	return true;
}

static void
refuses_what_teaches_nothing(void **state)
{
	struct world *w = *state;
	const struct model_training stopped = {w->examples, EXAMPLES, 20783, 2, at_once, NULL};
	struct model_example x[6] = {{"A", "bir iki"}, {"A", "bir üç"}, {"B", "dört beş"}, {"B", "dört altı"}};
	struct model_example *many = arena_array(w->a, MODEL_LABELS_MAX + 1, 2 * sizeof(*many));
	struct err e = {""};

	refuses_training(x, 0, "two labels");
	refuses_training(x, 2, "two labels");
	refuses_training(x, 3, "two labels");
	x[3].text = " \t";
	refuses_training(x, 4, "text 4: it is empty");
	x[3].text = "\xc3(";
	refuses_training(x, 4, "text 4: it is not UTF-8");
	x[3] = (struct model_example){"", "dört"};
	refuses_training(x, 4, "text 4: its label");
	x[3].label = "a label that is longer than forty bytes, which is too long";
	refuses_training(x, 4, "text 4: its label");
	refuses_training(x, MODEL_EXAMPLES_MAX + 1, "100001 texts are more");
	for (size_t i = 0; i < 2 * (MODEL_LABELS_MAX + 1); i++)
		many[i] = (struct model_example){arena_printf(w->a, "L%zu", i / 2), "bir iki"};
	refuses_training(many, 2 * (MODEL_LABELS_MAX + 1), "257 labels are more");
	assert_null(model_train(&stopped, &e));
	assert_string_equal(e.text, "the training was stopped");
}

/* Where it says p, it is right in p of the cases or nearly so, on texts that it has not seen. */
static void
a_sure_mistake_is_rare(void **state)
{
	struct world *w = *state;
	struct model_example held_out[EXAMPLES];
	struct model_score score;
	double said = 0, right = 0, sure = 0, sure_wrong = 0;
	struct err e;
	struct model *m = train(w->examples, EXAMPLES, 2, &e);

	fill(w->a, held_out, 99);
	for (size_t i = 0; i < EXAMPLES; i++) {
		bool is_right;

		assert_int_equal(model_ask(m, w->a, held_out[i].text, &score, 1), 1);
		is_right = strcmp(score.label, held_out[i].label) == 0;
		said += score.probability;
		right += is_right;
		if (score.probability >= 0.9) {
			sure++;
			sure_wrong += !is_right;
		}
	}
	assert_true(sure > EXAMPLES / 4.0);
	assert_true(sure_wrong <= 0.1 * sure);
	assert_true(right >= said - 0.05 * EXAMPLES);
	model_free(m);
}

static void
explains_by_the_word(void **state)
{
	struct world *w = *state;
	struct model_word words[3];
	struct err e;
	struct model *m = train(w->examples, EXAMPLES, 2, &e);

	assert_true(model_explain(m, w->a, "Mahallemizde ÇÖP var, çöp!", "TEM", words, 3) >= 1);
	assert_string_equal(words[0].word, "ÇÖP");
	assert_true(words[0].weight > 0);
	assert_true(model_explain(m, w->a, "evimizin önünde bir köpek ile çukur", "VET", words, 3) >= 1);
	assert_string_equal(words[0].word, "köpek");
	assert_int_equal(model_explain(m, w->a, "köpek", "none of its labels", words, 3), 0);
	assert_int_equal(model_explain(m, w->a, "", "VET", words, 3), 0);
	model_free(m);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(learns_labels_from_texts, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(same_examples_same_bytes, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(saved_is_read_as_the_same, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(refuses_what_is_no_model, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(refuses_what_teaches_nothing, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(a_sure_mistake_is_rare, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(explains_by_the_word, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
