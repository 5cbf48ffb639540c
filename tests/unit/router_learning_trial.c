/* router_learning_trial: what a corpus takes and leaves out, and which model is found not to be worse. */
#include "services/router/learning_trial.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "common/base/jsontext.h"
#include "common/base/wire.h"
#include "proto/kopru/v1/event.pb-c.h"

#define MIB ((size_t)1024 * 1024)

struct world {
	struct catalogue *catalogue;
	struct arena *arena;
};

static int
setup(void **state)
{
	static const struct catalogue_department departments[] = {{.code = "FEN", .name_tr = "Fen"},
	    {.code = "HM", .name_tr = "Masa"}, {.code = "TEM", .name_tr = "Temizlik"}};
	static const struct catalogue_topic topics[] = {
	    {.code = "TEM-01", .name_tr = "Çöp", .department = "TEM", .keywords = "cop"},
	    {.code = "YOL-01", .name_tr = "Çukur", .department = "FEN", .keywords = "cukur"}};
	static const struct catalogue_day days[] = {
	    {20455, CALENDAR_HOLIDAY}, {20730, CALENDAR_HOLIDAY}, {20900, CALENDAR_HOLIDAY}};
	static const struct catalogue_rows rows = {departments, 3, topics, 2, days, 3, 1};
	struct world *w = calloc(1, sizeof(*w));
	struct err e;

	assert_non_null(w);
	jsontext_start();
	w->arena = arena_new(0);
	w->catalogue = catalogue_new(&rows, &e);
	if (!w->catalogue)
		fail_msg("%s", e.text);
	*state = w;
	return 0;
}

static int
teardown(void **state)
{
	struct world *w = *state;

	catalogue_free(w->catalogue);
	arena_free(w->arena);
	free(w);
	return 0;
}

static const char *
text_of(struct arena *a, bool road, size_t i)
{
	static const char *const roads[] = {"çukur", "asfalt", "yol bozuk", "kasis", "tamir"};
	static const char *const refuse[] = {"çöp", "konteyner", "koku", "atık", "poşet"};

	return arena_printf(a, "sokakta %s ve %s var lütfen bakın %zu", road ? roads[i % 5] : refuse[i % 5],
	    road ? roads[i / 5 % 5] : refuse[i / 5 % 5], i);
}

static void
own_add(struct world *w, struct corpus *c, const char *topic, const char *text)
{
	Kopru__V1__Event event;
	Kopru__V1__ApplicationRouted routed;
	Kopru__V1__Application application;
	size_t size = 0;
	const uint8_t *bytes = NULL;

	kopru__v1__event__init(&event);
	kopru__v1__application_routed__init(&routed);
	kopru__v1__application__init(&application);
	application.subject = arena_string(w->arena, "Şikâyet");
	application.text = arena_string(w->arena, text);
	routed.application = &application;
	event.body_case = KOPRU__V1__EVENT__BODY_APPLICATION_ROUTED;
	event.application_routed = &routed;
	bytes = wire_pack(w->arena, &event.base, &size);
	assert_non_null(bytes);
	assert_true(corpus_add_own(c, topic, bytes, size));
}

/* count own examples, the newest first; those from wrong_from on say the other topic. */
static struct corpus *
corpus_make(struct world *w, size_t count, size_t wrong_from)
{
	struct corpus *c = corpus_new(w->catalogue, MIB);

	for (size_t i = 0; i < count; i++) {
		bool road = i % 2 == 0, said = i < wrong_from ? road : !road;

		own_add(w, c, said ? "YOL-01" : "TEM-01", text_of(w->arena, road, i));
	}
	return c;
}

static struct trial *
try(struct world *w, const struct corpus *c, const struct model *active)
{
	struct trial_wish wish = {
	    .corpus = c, .active = active, .active_name = "before", .active_version = 7, .today = 20783};

	return trial_run(w->arena, &wish);
}

static struct model *
model_of(const struct trial *t)
{
	struct err e;
	struct model *m = model_load(t->bytes, t->size, &e);

	assert_non_null(m);
	return m;
}

static void
test_a_corpus_leaves_out_what_is_gone_or_unknown(void **state)
{
	struct world *w = *state;
	struct corpus *c = corpus_new(w->catalogue, MIB);
	Kopru__V1__Event erased;
	Kopru__V1__Erased body;
	size_t size = 0;
	const uint8_t *bytes = NULL;

	kopru__v1__event__init(&erased);
	kopru__v1__erased__init(&body);
	erased.body_case = KOPRU__V1__EVENT__BODY_ERASED;
	erased.erased = &body;
	bytes = wire_pack(w->arena, &erased.base, &size);
	assert_true(corpus_add_own(c, "TEM-01", bytes, size));
	assert_true(corpus_add_own(c, "TEM-01", NULL, 0));
	assert_true(corpus_add_own(c, "TEM-01", "\377\377\377", 3));
	assert_int_equal(c->erased, 3);
	own_add(w, c, "XXX-01", "başka");
	assert_true(corpus_add_shipped(c, "XXX-01", "başka"));
	assert_true(corpus_add_shipped(c, "TEM-01", "  "));
	assert_int_equal(c->foreign, 3);
	assert_int_equal(c->own_count + c->shipped_count, 0);
	own_add(w, c, "TEM-01", "çöp");
	assert_string_equal(c->own[0].text, "Şikâyet\nçöp");
	assert_string_equal(c->own[0].label, "TEM-01");
	corpus_free(c);
}

static void
test_a_corpus_is_bounded(void **state)
{
	struct world *w = *state;
	struct corpus *c = corpus_new(w->catalogue, 100);

	assert_true(corpus_add_shipped(c, "TEM-01", "123456789012345678901234567890123456789012345678901234567890"));
	assert_false(corpus_add_shipped(c, "TEM-01", "1234567890123456789012345678901234567890x"));
	assert_false(corpus_add_shipped(c, "TEM-01", "1"));
	assert_true(c->full);
	assert_int_equal(c->shipped_count, 1);
	assert_int_equal(c->bytes, 60);
	corpus_free(c);
}

static void
test_too_few_decisions_judge_nothing(void **state)
{
	struct world *w = *state;
	struct corpus *c = corpus_make(w, 149, 149);
	struct trial *t = try(w, c, NULL);

	assert_false(t->trained);
	assert_non_null(strstr(t->reason, "149 own decisions are too few"));
	corpus_free(c);
}

static void
test_the_first_one_is_good_enough(void **state)
{
	struct world *w = *state;
	struct corpus *c = corpus_make(w, 200, 200);
	struct trial *t = try(w, c, NULL);
	json_t *figures = NULL;

	assert_true(t->trained && t->better);
	figures = json_loads(t->figures, 0, NULL);
	assert_non_null(figures);
	assert_int_equal(json_integer_value(json_object_get(figures, "held_out")), 40);
	assert_int_equal(json_integer_value(json_object_get(figures, "own")), 160);
	assert_null(json_object_get(figures, "active"));
	assert_int_equal(json_array_size(json_object_get(figures, "topics")), 2);
	json_decref(figures);
	corpus_free(c);
}

/* A text that came again is learnt and judges nothing. */
static void
test_what_is_learnt_does_not_judge(void **state)
{
	struct world *w = *state;
	struct corpus *c = corpus_new(w->catalogue, MIB);
	struct trial *t = NULL;
	json_t *figures = NULL;

	for (size_t i = 0; i < 200; i++)
		own_add(w, c, i % 2 == 0 ? "YOL-01" : "TEM-01", text_of(w->arena, i % 2 == 0, i < 10 ? 190 + i : i));
	t = try(w, c, NULL);
	assert_true(t->trained);
	figures = json_loads(t->figures, 0, NULL);
	assert_int_equal(json_integer_value(json_object_get(figures, "held_out")), 30);
	assert_int_equal(json_integer_value(json_object_get(figures, "own")), 160);
	json_decref(figures);
	corpus_free(c);
	c = corpus_new(w->catalogue, MIB);
	for (size_t i = 0; i < 200; i++)
		own_add(w, c, i % 2 == 0 ? "YOL-01" : "TEM-01", text_of(w->arena, i % 2 == 0, i % 20));
	t = try(w, c, NULL);
	assert_false(t->trained);
	assert_non_null(strstr(t->reason, "only 0 of the newest 40"));
	corpus_free(c);
}

/* The newest fifth is right, all else says the other topic: had it been trained on, the new one would not be so bad. */
static void
test_a_worse_one_says_where_and_how_much(void **state)
{
	struct world *w = *state;
	struct corpus *good = corpus_make(w, 200, 200), *bad = corpus_make(w, 200, 40);
	struct trial *first = try(w, good, NULL), *second = NULL;
	struct model *active = model_of(first);
	json_t *figures = NULL, *topic = NULL;

	second = try(w, bad, active);
	assert_true(second->trained && !second->better);
	assert_non_null(strstr(second->reason, "macro-F1"));
	figures = json_loads(second->figures, 0, NULL);
	assert_int_equal(json_integer_value(json_object_get(figures, "active_version")), 7);
	topic = json_array_get(json_object_get(figures, "topics"), 0);
	assert_int_equal(json_integer_value(json_object_get(topic, "cases")), 20);
	assert_true(json_real_value(json_object_get(topic, "f1")) < 0.2);
	assert_true(json_real_value(json_object_get(topic, "active_f1")) > 0.9);
	json_decref(figures);
	model_free(active);
	corpus_free(good);
	corpus_free(bad);
}

static void
test_a_better_one_replaces_a_worse_one(void **state)
{
	struct world *w = *state;
	struct corpus *good = corpus_make(w, 200, 200), *bad = corpus_make(w, 200, 0);
	struct trial *first = try(w, bad, NULL), *second = NULL;
	struct model *active = model_of(first);

	second = try(w, good, active);
	assert_true(second->trained && second->better);
	assert_non_null(strstr(second->reason, "before 0.000"));
	model_free(active);
	corpus_free(good);
	corpus_free(bad);
}

static bool
stop_now(void *arg)
{
	(void)arg;
	return true;
}

static void
test_it_gives_up_when_told_to(void **state)
{
	struct world *w = *state;
	struct corpus *c = corpus_make(w, 400, 400);
	struct trial_wish wish = {.corpus = c, .active_name = "", .today = 20783, .stop = stop_now};
	struct trial *t = trial_run(w->arena, &wish);

	assert_false(t->trained);
	assert_non_null(strstr(t->reason, "stopped"));
	corpus_free(c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_a_corpus_leaves_out_what_is_gone_or_unknown),
	    cmocka_unit_test(test_a_corpus_is_bounded),
	    cmocka_unit_test(test_too_few_decisions_judge_nothing),
	    cmocka_unit_test(test_the_first_one_is_good_enough),
	    cmocka_unit_test(test_what_is_learnt_does_not_judge),
	    cmocka_unit_test(test_a_worse_one_says_where_and_how_much),
	    cmocka_unit_test(test_a_better_one_replaces_a_worse_one),
	    cmocka_unit_test(test_it_gives_up_when_told_to),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
