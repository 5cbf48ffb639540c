/* deciding_rank: over the shipped catalogue and texts, each half decided with a model of the other: how often it is right,
 * that joining is not worse than the model alone, and that "80 %" means about that. */
#include <glob.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/base/csv.h"
#include "common/base/file.h"
#include "services/router/deciding.h"

#define EXAMPLES_MAX 50000
#define BLOCK 10 /* texts that stay together: neighbours are alike */
#define NOW INT64_C(1779094800000000)

struct tally {
	size_t texts, topic, three, model_topic, sure, sure_unit;
	double scores; /* of first candidates */
};

static struct catalogue *
catalogue_make(struct arena *a)
{
	static const struct catalogue_day days[] = {{.day = 20455, .kind = CALENDAR_HOLIDAY}};
	struct catalogue_rows rows = {.days = days, .day_count = 1, .calendar_version = 1};
	struct csv_table t = {0};
	struct catalogue_topic *topics = NULL;
	struct catalogue_department *departments = NULL;
	struct catalogue *c = NULL;
	struct err e;
	char *text = NULL;
	size_t size = 0;

	if (file_read(a, "deploy/data/topics.csv", 1024 * 1024, &text, &size, &e) < 0 ||
	    csv_parse(a, text, 10000, &t, &e) < 0)
		fail_msg("%s", e.text);
	rows.topics = topics = arena_array(a, t.rows, sizeof(*topics));
	rows.departments = departments = arena_array(a, t.rows + 1, sizeof(*departments));
	departments[rows.department_count++] =
	    (struct catalogue_department){.code = "HM", .name_tr = "Hizmet Masası", .name_en = "Service Desk"};
	for (; rows.topic_count < t.rows; rows.topic_count++) {
		size_t i = rows.topic_count, known = 0;
		char *keywords = arena_string(a, csv_cell(&t, i, "keywords_folded"));

		for (char *at = keywords; (at = strchr(at, ','));)
			*at = '\n';
		topics[i] = (struct catalogue_topic){.code = csv_cell(&t, i, "code"),
		    .name_tr = csv_cell(&t, i, "topic_tr"),
		    .name_en = csv_cell(&t, i, "topic_en"),
		    .department = csv_cell(&t, i, "unit_code"),
		    .keywords = keywords,
		    .basket = csv_cell(&t, i, "basket")};
		while (known < rows.department_count && strcmp(departments[known].code, topics[i].department) != 0)
			known++;
		if (known == rows.department_count)
			departments[rows.department_count++] =
			    (struct catalogue_department){.code = topics[i].department,
				.name_tr = csv_cell(&t, i, "responsible_unit"),
				.name_en = csv_cell(&t, i, "responsible_unit")};
	}
	c = catalogue_new(&rows, &e);
	if (!c)
		fail_msg("%s", e.text);
	return c;
}

static size_t
examples_read(struct arena *a, struct model_example *list)
{
	size_t count = 0;
	struct err e;
	glob_t files;

	assert_int_equal(glob("deploy/data/texts/*.tsv", 0, NULL, &files), 0);
	for (size_t i = 0; i < files.gl_pathc; i++) {
		char *text = NULL, *rest = NULL;
		size_t size = 0;

		if (file_read(a, files.gl_pathv[i], 16 * 1024 * 1024, &text, &size, &e) < 0)
			fail_msg("%s", e.text);
		for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
			char *tab = strchr(line, '\t');

			if (!tab || count == EXAMPLES_MAX)
				continue;
			*tab = '\0';
			list[count++] = (struct model_example){line, tab + 1};
		}
	}
	globfree(&files);
	return count;
}

static void
tally_add(struct tally *t, const struct deciding *d, struct arena *a, const struct model_example *example)
{
	const struct catalogue_topic *meant = catalogue_topic(d->catalogue, example->label);
	struct model_score said[1];
	Kopru__V1__Application application;
	struct decision decision;

	assert_non_null(meant);
	kopru__v1__application__init(&application);
	application.text = arena_string(a, example->text);
	deciding_decide(d, a, &application, NOW, &decision);
	t->texts++;
	t->model_topic += model_ask(d->model, a, example->text, said, 1) > 0 && strcmp(said[0].label, meant->code) == 0;
	if (decision.candidate_count == 0)
		return;
	t->topic += strcmp(decision.candidates[0].topic, meant->code) == 0;
	t->scores += decision.candidates[0].score / 1000.0;
	for (size_t i = 0; i < decision.candidate_count && i < 3; i++)
		t->three += strcmp(decision.candidates[i].topic, meant->code) == 0;
	if (decision.outcome == KOPRU__V1__APPLICATION_ROUTED__OUTCOME__OUTCOME_SURE) {
		t->sure++;
		t->sure_unit += strcmp(decision.department->code, meant->department) == 0;
	}
}

static void
half_decide(struct tally *t, struct catalogue *catalogue, const struct model_example *list, size_t count, size_t half)
{
	struct arena *a = arena_new(0), *turn = arena_new(0);
	struct model_example *others = arena_array(a, count, sizeof(*others));
	struct model_training training = {.examples = others, .trained_on = 20600, .threads = 2};
	struct deciding deciding = {.catalogue = catalogue};
	struct model *model = NULL;
	struct err e;

	for (size_t i = 0; i < count; i++)
		if (i / BLOCK % 2 != half)
			others[training.count++] = list[i];
	model = model_train(&training, &e);
	if (!model)
		fail_msg("%s", e.text);
	deciding.model = model;
	for (size_t i = 0; i < count; i++)
		if (i / BLOCK % 2 == half) {
			tally_add(t, &deciding, turn, &list[i]);
			arena_reset(turn);
		}
	model_free(model);
	arena_free(turn);
	arena_free(a);
}

static void
test_rank_is_right_and_knows_how_often(void **state)
{
	struct arena *a = arena_new(0);
	struct model_example *list = arena_array(a, EXAMPLES_MAX, sizeof(*list));
	size_t count = examples_read(a, list);
	struct catalogue *catalogue = catalogue_make(a);
	struct tally t = {0};
	double right = 0, told = 0, sure = 0;

	(void)state;
	for (size_t half = 0; half < 2; half++)
		half_decide(&t, catalogue, list, count, half);
	right = (double)t.topic / (double)t.texts;
	told = t.scores / (double)t.texts;
	sure = (double)t.sure_unit / (double)t.sure;
	print_message(
	    "# texts %zu, topic right %.3f (model alone %.3f), told %.3f, among three %.3f, sure %.3f, of these the "
	    "unit is right %.3f\n",
	    t.texts, right, (double)t.model_topic / (double)t.texts, told, (double)t.three / (double)t.texts,
	    (double)t.sure / (double)t.texts, sure);
	assert_true(right >= 0.55 && (double)t.three >= 0.75 * (double)t.texts);
	assert_true(right >= (double)t.model_topic / (double)t.texts - 0.01);
	assert_true(fabs(told - right) <= 0.06);
	assert_true(sure >= 0.78 && (double)t.sure >= 0.5 * (double)t.texts);
	catalogue_free(catalogue);
	arena_free(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_rank_is_right_and_knows_how_often)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
