/* router_lifecycle: every action for every person in every state, against a table that was written by itself
 * (tests/data/lifecycle.tsv), and the drawing of the table. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/base/file.h"
#include "common/domain/words.h"
#include "services/router/actions_internal.h"
#include "services/router/lifecycle_draw.h"
#include "tests/harness/case_world.h"

#define COLUMNS 15
#define STATES 11
#define CLOCK_LAW KOPRU__V1__CLOCK__CLOCK_LAW

static const struct person {
	const char *name;
	int role;
	const char *actor_department, *case_department;
	bool with_arbiter, part;
} persons[] = {
    {"applicant", ROLE(APPLICANT), "", "TEM", false, false},
    {"clerk_desk", ROLE(CLERK), "", "HM", false, false},
    {"clerk_elsewhere", ROLE(CLERK), "", "TEM", false, false},
    {"clerk_arbiter", ROLE(CLERK), "", "HM", true, false},
    {"officer", ROLE(OFFICER), "TEM", "TEM", false, false},
    {"manager", ROLE(MANAGER), "TEM", "TEM", false, false},
    {"part_officer", ROLE(OFFICER), "FEN", "TEM", false, true},
    {"part_manager", ROLE(MANAGER), "FEN", "TEM", false, true},
    {"arbiter", ROLE(ARBITER), "", "TEM", false, false},
    {"service", ROLE(SERVICE), "", "TEM", false, false},
    {"stranger", ROLE(MANAGER), "ZAB", "TEM", false, false},
};

static const struct person *
person_find(const char *name)
{
	for (size_t i = 0; i < sizeof(persons) / sizeof(persons[0]); i++) {
		if (strcmp(persons[i].name, name) == 0)
			return &persons[i];
	}
	fail_msg("no such person: %s", name);
	return NULL;
}

/* A case in this state, with all that an action could ask for. */
static struct case_record *
record_in_state(struct world *w, const struct person *person, int state, int action, enum lifecycle_way way)
{
	struct case_record *r = record_add(w, 0), *leader = record_add(w, 1);

	leader->department = person->case_department;
	r->department = person->case_department;
	r->with_arbiter = person->with_arbiter;
	r->state = state;
	r->draft = "draft";
	r->drafted_by = &w->drafter;
	r->approved_by = way == LIFECYCLE_WITH_DRAFT ? &w->approver : NULL;
	if (state == STATE(MERGED)) {
		r->merged = true;
		r->merged_into = leader->application_id;
		r->state_before = STATE(IN_PROGRESS);
	}
	if (state == STATE(WAITING_FOR_CITIZEN)) {
		r->question = "question";
		r->answer_by = w->cases.today - 1;
		r->remind_on = w->cases.today - 5;
	}
	if (action == ACTION(WITHDRAW) && person->role == ROLE(SERVICE))
		r->fee_due_on = w->cases.today - 1;
	if (action == ACTION(ESCALATE) || action == ACTION(RECOMPUTE))
		r->clocks[CLOCK_LAW] = (struct case_clock){.exists = true,
		    .legal_basis = r->legal_basis,
		    .started_on = record_received_on(r),
		    .due_at = date_start_in_istanbul(r->due_on + 1),
		    .next_at = w->cases.now - 1};
	if (action == ACTION(FEE_WAS_PAID)) {
		r->fee_told_on = w->cases.today - 1;
		r->fee_due_on = w->cases.today + 20;
	}
	if (person->part) {
		r->parts = arena_alloc(w->arena, sizeof(*r->parts));
		r->parts[0] = (struct case_part){1, "FEN", "task", false};
		r->part_count = 1;
	}
	return r;
}

static const struct word refusals[] = {
    {CODE(CONFLICT), "conflict", NULL, NULL},
    {CODE(FORBIDDEN), "forbidden", NULL, NULL},
    {CODE(NOT_FOUND), "not_found", NULL, NULL},
    {0, NULL, NULL, NULL},
};

static void
check_done(struct world *w, const struct case_record *r, const char *cell, const char *event, int state)
{
	const struct case_entry *last = NULL;
	int expected = strcmp(cell, "stays") == 0    ? state
		       : strcmp(cell, "before") == 0 ? STATE(IN_PROGRESS)
						     : word_value(state_words, cell);

	assert_int_equal(r->state, expected);
	assert_int_equal(r->version, 3);
	for (size_t i = 0; i < w->cases.entry_count; i++) {
		if (uuid_compare(&w->cases.entries[i].application_id, &r->application_id) == 0 &&
		    strcmp(w->cases.entries[i].stream, "case") == 0)
			last = &w->cases.entries[i];
	}
	assert_non_null(last);
	assert_string_equal(last->kind, event);
}

static void
check_cell(struct world *w, char *const columns[COLUMNS], size_t place)
{
	const char *cell = columns[4 + place];
	const struct person *person = person_find(columns[3]);
	int action = word_value(action_words, columns[0]), state = state_words[place].value;
	enum lifecycle_way way = strcmp(columns[1], "text") == 0    ? LIFECYCLE_WITH_TEXT
				 : strcmp(columns[1], "draft") == 0 ? LIFECYCLE_WITH_DRAFT
				 : strcmp(columns[1], "part") == 0  ? LIFECYCLE_OF_PART
								    : LIFECYCLE_PLAIN;
	struct case_record *r = NULL;
	struct verdict verdict;
	int refusal = word_value(refusals, cell);

	begin(w);
	actor_set(&w->actor, TYPE(SYSTEM), "somebody", person->role, person->actor_department);
	r = record_in_state(w, person, state, action, way);
	verdict = actions_decide(&w->cases, order_set(w, action, way, r));
	if (verdict.code != (refusal ? refusal : CODE(OK)))
		fail_msg("%s %s, %s, %s: code %d, the table says %s: %s", columns[0], columns[1], person->name,
		    state_words[place].token, verdict.code, cell, verdict.text);
	if (refusal == 0) {
		check_done(w, r, cell, columns[2], state);
		return;
	}
	assert_int_equal(r->version, 2); /* refused: nothing changed, nothing told */
	assert_int_equal(r->state, state);
	assert_int_equal(w->cases.entry_count, 0);
	assert_true(verdict.text[0] != '\0');
	assert_true(verdict.kept == (refusal != CODE(NOT_FOUND)));
}

static size_t
columns_cut(char *line, char *columns[COLUMNS])
{
	size_t count = 0;

	for (char *p = line; p && count < COLUMNS; count++) {
		columns[count] = p;
		p = strchr(p, '\t');
		if (p)
			*p++ = '\0';
	}
	return count;
}

/* I-09 among others: what is answered cannot be answered. */
static void
test_every_action_for_everybody_in_every_state(void **state)
{
	struct world *w = *state;
	struct arena *a = arena_new(0);
	char *text = NULL, *columns[COLUMNS];
	size_t size = 0, rows = 0, rules = 0;
	struct err e;

	if (file_read(a, "tests/data/lifecycle.tsv", 1 << 20, &text, &size, &e) < 0)
		fail_msg("%s", e.text);
	for (char *line = text, *end = NULL; line && *line; line = end) {
		end = strchr(line, '\n');
		if (end)
			*end++ = '\0';
		if (line[0] == '#' || strncmp(line, "action\t", 7) == 0)
			continue;
		assert_int_equal(columns_cut(line, columns), COLUMNS);
		for (size_t place = 0; place < STATES; place++)
			check_cell(w, columns, place);
		rows++;
	}
	for (const struct lifecycle_rule *rule = lifecycle_rules; rule->action != 0; rule++)
		rules++;
	assert_int_equal(rows, rules * (sizeof(persons) / sizeof(persons[0])));
	arena_free(a);
}

static void
test_draws_every_rule(void **state)
{
	char *text = NULL;
	size_t size = 0, rows = 0, rules = 0;
	FILE *to = open_memstream(&text, &size);

	(void)state;
	assert_non_null(to);
	lifecycle_draw(to);
	assert_int_equal(fclose(to), 0);
	for (const char *p = text; (p = strstr(p, "\n| ")); p++)
		rows++;
	for (const struct lifecycle_rule *rule = lifecycle_rules; rule->action != 0; rule++)
		rules++;
	assert_int_equal(rows, rules + 1); /* and the head */
	assert_non_null(strstr(text, "    waiting_for_citizen --> in_progress: reply, expire\n"));
	free(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_every_action_for_everybody_in_every_state),
	    cmocka_unit_test(test_draws_every_rule),
	};

	return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
