/* router_learning_note: what a human's command teaches about a case's topic. */
#include "services/router/learning_note.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/harness/case_world.h"

/* A decision: TEM-01 at TEM; behind it FEN-01 at FEN, ZAB-01 and ZAB-02 at ZAB. */
struct decision {
	Kopru__V1__ApplicationRouted routed;
	Kopru__V1__Candidate rows[4], *list[4];
};

static void
decision_set(struct world *w, struct decision *d, struct case_record *r)
{
	static const char *const topics[] = {"TEM-01", "FEN-01", "ZAB-01", "ZAB-02"};
	static const char *const departments[] = {"TEM", "FEN", "ZAB", "ZAB"};

	kopru__v1__application_routed__init(&d->routed);
	for (size_t i = 0; i < 4; i++) {
		kopru__v1__candidate__init(&d->rows[i]);
		d->rows[i].topic = arena_string(w->arena, topics[i]);
		d->rows[i].department = arena_string(w->arena, departments[i]);
		d->list[i] = &d->rows[i];
	}
	d->routed.candidates = d->list;
	d->routed.n_candidates = 4;
	d->routed.topic = d->rows[0].topic;
	d->routed.department = d->rows[0].department;
	d->routed.outcome = KOPRU__V1__APPLICATION_ROUTED__OUTCOME__OUTCOME_SURE;
	d->routed.model = arena_string(w->arena, "2026-11-26-9f3a2c11");
	d->routed.model_version = 7;
	r->routed = &d->routed;
	r->topic = d->routed.topic;
}

static void
decide_as(struct world *w, int role, const char *department, int action, struct case_record *r)
{
	actor_set(&w->actor, TYPE(SYSTEM), "somebody", role, department);
	assert_int_equal(actions_decide(&w->cases, order_set(w, action, LIFECYCLE_PLAIN, r)).code, CODE(OK));
}

static void
assert_example(const struct case_record *r, const char *source, const char *topic, const char *said)
{
	assert_non_null(r->example.source);
	assert_string_equal(r->example.source, source);
	assert_int_equal(r->example.topic == NULL, topic == NULL);
	if (topic)
		assert_string_equal(r->example.topic, topic);
	assert_int_equal(r->example.said == NULL, said == NULL);
	if (said)
		assert_string_equal(r->example.said, said);
}

static void
test_an_assignment_with_a_topic_is_an_example(void **state)
{
	struct world *w = *state;
	struct case_record *r = NULL;
	struct decision d;

	begin(w);
	r = record_add(w, 0);
	decision_set(w, &d, r);
	d.routed.topic = arena_string(w->arena, "FEN-01");
	actor_set(&w->actor, TYPE(SYSTEM), "somebody", ROLE(CLERK), "");
	order_set(w, ACTION(ASSIGN), LIFECYCLE_PLAIN, r)->department = "TEM";
	w->order.topic = "TEM-01";
	assert_int_equal(actions_decide(&w->cases, &w->order).code, CODE(OK));
	assert_example(r, "assign", "TEM-01", "FEN-01");
	assert_int_equal(r->example.model_version, 7);

	begin(w);
	r = record_add(w, 0);
	decision_set(w, &d, r);
	d.routed.topic = arena_string(w->arena, "");
	r->topic = NULL;
	r->triage = true;
	r->department = "HM";
	actor_set(&w->actor, TYPE(SYSTEM), "somebody", ROLE(CLERK), "");
	order_set(w, ACTION(ASSIGN), LIFECYCLE_PLAIN, r)->department = "TEM";
	w->order.topic = "TEM-01";
	assert_int_equal(actions_decide(&w->cases, &w->order).code, CODE(OK));
	assert_example(r, "triage", "TEM-01", NULL);
}

static void
test_a_transfer_gives_the_only_topic_of_the_department(void **state)
{
	static const struct {
		const char *department, *topic;
	} ways[] = {{"FEN", "FEN-01"}, {"ZAB", NULL}, {"HM", NULL}};
	struct world *w = *state;

	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		struct case_record *r = NULL;
		struct decision d;

		begin(w);
		r = record_add(w, 0);
		decision_set(w, &d, r);
		actor_set(&w->actor, TYPE(SYSTEM), "somebody", ROLE(MANAGER), "TEM");
		order_set(w, ACTION(TRANSFER), LIFECYCLE_PLAIN, r)->department = ways[i].department;
		assert_int_equal(actions_decide(&w->cases, &w->order).code, CODE(OK));
		assert_example(r, "transfer", ways[i].topic, "TEM-01");
	}
}

static void
test_a_hand_back_says_that_it_was_wrong(void **state)
{
	struct world *w = *state;
	struct case_record *r = NULL;
	struct decision d;

	begin(w);
	r = record_add(w, 0);
	decision_set(w, &d, r);
	decide_as(w, ROLE(OFFICER), "TEM", ACTION(HAND_BACK), r);
	assert_example(r, "hand_back", NULL, "TEM-01");
}

static void
test_what_is_accepted_was_right_when_the_model_decided(void **state)
{
	struct world *w = *state;
	struct case_record *r = NULL;
	struct decision d;

	begin(w);
	r = record_add(w, 0);
	decision_set(w, &d, r);
	decide_as(w, ROLE(OFFICER), "TEM", ACTION(ACCEPT), r);
	assert_example(r, "kept", "TEM-01", "TEM-01");

	begin(w);
	r = record_add(w, 0);
	decision_set(w, &d, r);
	d.routed.rule = arena_string(w->arena, "a-rule");
	decide_as(w, ROLE(OFFICER), "TEM", ACTION(ACCEPT), r);
	assert_null(r->example.source);

	begin(w);
	r = record_add(w, 0);
	decision_set(w, &d, r);
	d.routed.model = arena_string(w->arena, ""); /* by keywords */
	decide_as(w, ROLE(OFFICER), "TEM", ACTION(ACCEPT), r);
	assert_null(r->example.source);
}

static void
test_what_somebody_said_before_is_not_taken_for_the_models(void **state)
{
	struct world *w = *state;
	struct case_record *r = NULL;
	struct decision d;

	begin(w);
	r = record_add(w, 0);
	decision_set(w, &d, r);
	actor_set(&w->actor, TYPE(SYSTEM), "somebody", ROLE(MANAGER), "TEM");
	order_set(w, ACTION(TRANSFER), LIFECYCLE_PLAIN, r)->department = "FEN";
	assert_int_equal(actions_decide(&w->cases, &w->order).code, CODE(OK));
	decide_as(w, ROLE(OFFICER), "FEN", ACTION(ACCEPT), r);
	assert_example(r, "transfer", "FEN-01", "TEM-01");
}

static void
test_an_erased_case_and_a_refused_command_teach_nothing(void **state)
{
	struct world *w = *state;
	struct case_record *r = NULL;
	struct decision d;

	begin(w);
	r = record_add(w, 0);
	decide_as(w, ROLE(OFFICER), "TEM", ACTION(HAND_BACK), r);
	assert_null(r->example.source);

	begin(w);
	r = record_add(w, 0);
	decision_set(w, &d, r);
	actor_set(&w->actor, TYPE(SYSTEM), "somebody", ROLE(OFFICER), "TEM");
	order_set(w, ACTION(HAND_BACK), LIFECYCLE_PLAIN, r)->expected_version = 9;
	assert_int_equal(actions_decide(&w->cases, &w->order).code, CODE(CONFLICT));
	assert_null(r->example.source);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_an_assignment_with_a_topic_is_an_example),
	    cmocka_unit_test(test_a_transfer_gives_the_only_topic_of_the_department),
	    cmocka_unit_test(test_a_hand_back_says_that_it_was_wrong),
	    cmocka_unit_test(test_what_is_accepted_was_right_when_the_model_decided),
	    cmocka_unit_test(test_what_somebody_said_before_is_not_taken_for_the_models),
	    cmocka_unit_test(test_an_erased_case_and_a_refused_command_teach_nothing),
	};

	return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
