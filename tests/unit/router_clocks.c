/* clocks: what runs for which case, from when, and when the next stage is reached. */
#include "services/router/clocks.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "common/domain/deadlines.h"
#include "tests/harness/case_world.h"

#define CLOCK(name) KOPRU__V1__CLOCK__CLOCK_##name
#define DAY_US (INT64_C(86400) * 1000 * 1000)

static struct case_record *
settled(struct world *w, int64_t now)
{
	struct case_record *r = record_add(w, 0);

	r->legal_basis = KOPRU__V1__LEGAL_BASIS__LEGAL_BASIS_3071;
	r->due_on = date_in_istanbul(RECEIVED_AT) + 30;
	r->topic = "TEM-01";
	r->target_on = date_in_istanbul(RECEIVED_AT) + 4;
	clocks_settle(w->catalogue, now, r);
	return r;
}

static void
clocks_count_from_receipt(void **state)
{
	struct world *w = *state;
	const struct case_record *r = NULL;
	int32_t received_on = date_in_istanbul(RECEIVED_AT);

	begin(w);
	r = settled(w, NOW + 3 * DAY_US);
	assert_true(r->clocks[CLOCK(LAW)].exists && r->clocks[CLOCK(LAW)].changed);
	assert_int_equal(r->clocks[CLOCK(LAW)].started_at, RECEIVED_AT);
	assert_int_equal(r->clocks[CLOCK(LAW)].due_at, date_start_in_istanbul(received_on + 31));
	assert_int_equal(r->clocks[CLOCK(LAW)].next_at, date_start_in_istanbul(received_on + 16)); /* 15 of 30 days */
	assert_true(r->clocks[CLOCK(TARGET)].exists);
	assert_int_equal(r->clocks[CLOCK(TARGET)].started_at, RECEIVED_AT);
	assert_false(r->clocks[CLOCK(PROMISE)].exists || r->clocks[CLOCK(ARBITER)].exists);
}

static void
triage_has_its_clock_and_no_law_has_none(void **state)
{
	struct world *w = *state;
	struct case_record *r = NULL;

	begin(w);
	r = settled(w, NOW);
	r->state = STATE(RECEIVED);
	r->triage = true;
	r->topic = NULL;
	r->target_on = 0;
	clocks_settle(w->catalogue, NOW, r);
	assert_true(r->clocks[CLOCK(LAW)].exists);
	assert_true(!r->clocks[CLOCK(TARGET)].exists && r->clocks[CLOCK(TARGET)].changed);
	r->legal_basis = KOPRU__V1__LEGAL_BASIS__LEGAL_BASIS_NONE;
	clocks_settle(w->catalogue, NOW, r);
	assert_false(r->clocks[CLOCK(LAW)].exists);
}

/* An edit, however late, moves nothing. */
static void
nothing_is_counted_from_an_edit(void **state)
{
	struct world *w = *state;
	struct case_record *r = NULL;
	struct case_clock before;

	begin(w);
	r = settled(w, NOW);
	before = r->clocks[CLOCK(LAW)];
	for (int kind = 1; kind < CLOCKS_KINDS; kind++)
		r->clocks[kind].changed = false;
	clocks_settle(w->catalogue, NOW + 9 * DAY_US, r);
	assert_false(r->clocks[CLOCK(LAW)].changed || r->clocks[CLOCK(TARGET)].changed);
	assert_int_equal(r->clocks[CLOCK(LAW)].due_at, before.due_at);
	assert_int_equal(r->clocks[CLOCK(LAW)].next_at, before.next_at);
}

static void
a_question_stops_the_target_only(void **state)
{
	struct world *w = *state;
	struct case_record *r = NULL;
	int64_t law = 0, left = 0;

	begin(w);
	r = settled(w, NOW);
	law = r->clocks[CLOCK(LAW)].due_at;
	left =
	    working_time_between(catalogue_calendar(w->catalogue), TIME_OFFICE, NOW, r->clocks[CLOCK(TARGET)].due_at);
	r->state = STATE(WAITING_FOR_CITIZEN);
	clocks_settle(w->catalogue, NOW, r);
	assert_int_equal(r->clocks[CLOCK(TARGET)].stopped_at, NOW);
	assert_int_equal(r->clocks[CLOCK(TARGET)].next_at, 0);
	assert_int_equal(r->clocks[CLOCK(LAW)].stopped_at, 0);
	r->state = STATE(IN_PROGRESS);
	clocks_settle(w->catalogue, NOW + 20 * DAY_US, r);
	assert_int_equal(r->clocks[CLOCK(TARGET)].stopped_at, 0);
	assert_true(left > 0);
	assert_int_equal(working_time_between(catalogue_calendar(w->catalogue), TIME_OFFICE, NOW + 20 * DAY_US,
			     r->clocks[CLOCK(TARGET)].due_at),
	    left);
	assert_int_equal(r->target_on, date_in_istanbul(r->clocks[CLOCK(TARGET)].due_at - 1));
	assert_int_equal(r->clocks[CLOCK(LAW)].due_at, law);
}

static void
stages_come_in_order_and_the_highest_is_due(void **state)
{
	static const int stages[] = {50, 75, 90, 100, 110, 150, 200, 0};
	struct world *w = *state;
	struct case_record *r = NULL;
	struct case_clock *law = NULL;
	int64_t day = 0;

	begin(w);
	r = settled(w, NOW);
	law = &r->clocks[CLOCK(LAW)];
	day = date_start_in_istanbul(date_in_istanbul(RECEIVED_AT) + 1);
	for (size_t i = 0; stages[i] != 0; i++)
		assert_int_equal(clocks_stage_after(stages[i]), stages[i + 1]);
	assert_int_equal(clocks_stage_due(w->catalogue, CLOCK(LAW), law, day + 15 * DAY_US), 50);
	assert_int_equal(clocks_stage_due(w->catalogue, CLOCK(LAW), law, day + 29 * DAY_US), 90);
	assert_int_equal(clocks_stage_due(w->catalogue, CLOCK(LAW), law, day + 30 * DAY_US), 100);
	assert_int_equal(clocks_stage_due(w->catalogue, CLOCK(LAW), law, day + 500 * DAY_US), 200);
	law->stage = 200;
	assert_int_equal(clocks_stage_due(w->catalogue, CLOCK(LAW), law, day + 500 * DAY_US), 0);
	clocks_settle(w->catalogue, day + 500 * DAY_US, r);
	assert_int_equal(law->next_at, 0);
}

/* A longer term has its stages again; those that have passed of it, too, are not told twice. */
static void
an_extended_term_has_its_stages_again(void **state)
{
	struct world *w = *state;
	struct case_record *r = NULL;

	begin(w);
	r = settled(w, NOW);
	r->clocks[CLOCK(LAW)].stage = 90;
	r->due_on += 30;
	clocks_settle(w->catalogue, RECEIVED_AT + 31 * DAY_US, r);
	assert_int_equal(r->clocks[CLOCK(LAW)].stage, 50);
	assert_true(r->clocks[CLOCK(LAW)].next_at > RECEIVED_AT + 31 * DAY_US);
}

static void
an_ended_case_has_no_clocks(void **state)
{
	struct world *w = *state;
	struct case_record *r = NULL;

	begin(w);
	r = settled(w, NOW);
	r->state = STATE(MERGED);
	clocks_settle(w->catalogue, NOW, r);
	assert_true(r->clocks[CLOCK(LAW)].exists); /* each keeps his own date */
	r->state = STATE(ANSWERED);
	clocks_settle(w->catalogue, NOW, r);
	for (int kind = 1; kind < CLOCKS_KINDS; kind++)
		assert_false(r->clocks[kind].exists);
}

static void
as_read(struct case_record *r)
{
	for (int kind = 1; kind < CLOCKS_KINDS; kind++)
		r->clocks[kind].changed = false;
}

/* What was told before is not told again when the case stands alone again; meanwhile its leading case's clocks are told. */
static void
a_merged_case_remembers_what_was_told(void **state)
{
	struct world *w = *state;
	struct case_record *r = NULL;
	struct case_clock *target = NULL;

	begin(w);
	r = settled(w, NOW);
	r->promised_on = r->target_on;
	clocks_settle(w->catalogue, NOW, r);
	target = &r->clocks[CLOCK(TARGET)];
	target->stage = r->clocks[CLOCK(PROMISE)].stage = 75;
	clocks_settle(w->catalogue, NOW, r);
	as_read(r);
	r->state = STATE(MERGED);
	clocks_settle(w->catalogue, NOW, r);
	assert_true(target->changed);
	as_read(r);
	assert_int_equal(target->next_at, 0);
	assert_int_equal(r->clocks[CLOCK(PROMISE)].next_at, 0);
	assert_true(r->clocks[CLOCK(LAW)].next_at > 0);
	r->state = STATE(IN_PROGRESS);
	clocks_settle(w->catalogue, NOW + DAY_US, r);
	assert_true(target->changed);
	assert_int_equal(target->stage, 75);
	assert_int_equal(r->clocks[CLOCK(PROMISE)].stage, 75);
	assert_int_equal(r->clocks[CLOCK(PROMISE)].started_at, NOW);
	assert_int_equal(clocks_stage_due(w->catalogue, CLOCK(TARGET), target, NOW), 90);
	assert_true(target->next_at > 0);
}

/* A day that the calendar puts to a term: half of it was told before. That it is late was told, and comes again. */
static void
a_moved_deadline_tells_no_stage_twice(void **state)
{
	struct world *w = *state;
	struct case_record *r = NULL;
	struct case_clock *law = NULL;
	int64_t half = 0;

	begin(w);
	r = settled(w, NOW);
	law = &r->clocks[CLOCK(LAW)];
	half = law->next_at;
	law->stage = 50;
	clocks_move(w->catalogue, half, r, CLOCK(LAW), law->due_at + 3 * DAY_US);
	assert_int_equal(law->stage, 50);
	clocks_settle(w->catalogue, half, r);
	assert_true(law->next_at > half);
	law->stage = 100;
	clocks_move(w->catalogue, law->due_at, r, CLOCK(LAW), law->due_at + 3 * DAY_US);
	assert_int_equal(law->stage, 90);
	clocks_settle(w->catalogue, law->due_at - DAY_US, r);
	assert_int_equal(law->next_at, law->due_at);
	law->stage = 100;
	clocks_move(w->catalogue, law->due_at, r, CLOCK(LAW), law->due_at - DAY_US);
	assert_int_equal(law->stage, 100);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(clocks_count_from_receipt),
	    cmocka_unit_test(triage_has_its_clock_and_no_law_has_none),
	    cmocka_unit_test(nothing_is_counted_from_an_edit),
	    cmocka_unit_test(a_question_stops_the_target_only),
	    cmocka_unit_test(stages_come_in_order_and_the_highest_is_due),
	    cmocka_unit_test(an_extended_term_has_its_stages_again),
	    cmocka_unit_test(an_ended_case_has_no_clocks),
	    cmocka_unit_test(a_merged_case_remembers_what_was_told),
	    cmocka_unit_test(a_moved_deadline_tells_no_stage_twice),
	};

	return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
