/* Reporting's statements that read histories, cases, lists and years, and those that write steps and parts: each twice, and
 * from two connections. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/feed/feed.sql.h"
#include "services/reporting/figures.sql.h"
#include "services/reporting/ledger.sql.h"
#include "services/reporting/likeness.sql.h"
#include "services/reporting/reporting.sql.h"
#include "services/reporting/store.h"
#include "services/reporting/store_case.h"
#include "services/reporting/store_figures.h"
#include "tests/harness/database.h"

#define COUNT 30
#define FIRST_DAY 18262 /* 2020-01-01 */
#define NUMBER "HM-2020-0000003-0"

static const struct db_statement *const tables[] = {
    feed_statements, reporting_statements, figures_statements, likeness_statements, ledger_statements, NULL};
static const uint8_t hash[32] = {7};
static const uint8_t dummy[32];

struct fixture {
	struct database one, two;
	struct arena *arena;
};

static int
set_up(void **state)
{
	static struct fixture f;

	f = (struct fixture){.arena = arena_new(0)};
	database_start(&f.one);
	f.two.scratch = f.one.scratch;
	f.two.loop = f.one.loop;
	database_open(&f.one, "reporting", "", tables);
	database_open(&f.two, "reporting", "", tables);
	database_wait_up(&f.one);
	database_wait_up(&f.two);
	*state = &f;
	return 0;
}

static int
tear_down(void **state)
{
	struct fixture *f = *state;

	database_close(&f->two);
	database_end(&f->one);
	arena_free(f->arena);
	return 0;
}

static void
commit(struct database *b, struct db_tx *tx)
{
	if (database_commit(b, tx, NULL, NULL) != DB_COMMITTED)
		fail_msg("%s", b->reason.text);
}

/* COUNT applications, one a day, of which every third is answered a day later. */
static void
fill(struct fixture *f, struct database *b)
{
	struct application in[COUNT], out[COUNT];
	struct db_tx *tx = db_begin(b->db);

	for (uint8_t i = 0; i < COUNT; i++) {
		in[i] = (struct application){.id = {{i}},
		    .number = arena_printf(f->arena, "HM-2020-%07d-0", i),
		    .kind = 1 + i % 6,
		    .channel = 1 + i % 13,
		    .state = 1,
		    .received_at = (FIRST_DAY + i) * INT64_C(86400000000),
		    .received_on = FIRST_DAY + i,
		    .due_on = FIRST_DAY + i + 30,
		    .subject = "Çöp",
		    .text = "Konteyner taştı.",
		    .neighbourhood = i % 2 ? "Fetih" : NULL,
		    .access_code_hash = hash,
		    .version = 1,
		    .first_version = 1,
		    .at = (FIRST_DAY + i) * INT64_C(86400000000)};
		out[i] = in[i];
		out[i].access_code_hash = NULL;
		out[i].version = out[i].first_version = 3;
		out[i].state = i % 3 ? 3 : 5;
		out[i].first_on = FIRST_DAY + i + 1;
		out[i].department = i % 2 ? "TEM" : "FEN";
		out[i].department_name = "Müdürlük";
		out[i].reaction = (struct lapse){out[i].at + 60000000, 1, 1, 1, 1};
		if (i % 3 == 0)
			out[i].answer = (struct lapse){out[i].at + INT64_C(2880) * 60000000, 2880, 960, 153, 125};
	}
	store_applications_received(tx, in, applications_fold(in, COUNT), FIRST_DAY);
	store_applications_moved(tx, out, applications_fold(out, COUNT), FIRST_DAY);
	commit(b, tx);
}

static void
put_steps(struct fixture *f, struct database *b)
{
	struct step steps[] = {
	    {.application_id = {{3}},
		.version = 3,
		.at = 3000000,
		.event = "note.added",
		.state = 3,
		.actor_role = 4,
		.internal = "İç not",
		.actor_department = "TEM"},
	    {.application_id = {{3}},
		.version = 2,
		.at = 2000000,
		.event = "citizen.asked",
		.visible = true,
		.state = 4,
		.text = "Nerede?",
		.day = FIRST_DAY},
	    {.application_id = {{4}},
		.version = 2,
		.at = 2000000,
		.event = "case.accepted",
		.visible = true,
		.state = 3},
	};
	const struct part parts[] = {
	    {.application_id = {{3}},
		.number = 2,
		.version = 3,
		.department = "FEN",
		.department_name = "Fen",
		.task = "Onar"},
	    {.application_id = {{3}},
		.number = 2,
		.version = 4,
		.department = "FEN",
		.department_name = "Fen",
		.answered_at = 4000000,
		.answer = "Onarıldı"},
	    {.application_id = {{3}},
		.number = 1,
		.version = 3,
		.department = "TEM",
		.department_name = "Temizlik",
		.task = "Topla"},
	};
	struct db_tx *tx = db_begin(b->db);

	(void)f;
	store_steps(tx, steps, 3);
	for (size_t i = 0; i < 3; i++)
		store_part(tx, &parts[i]);
	commit(b, tx);
}

struct case_look {
	struct store_case_calls calls;
	size_t steps, parts;
};

static void
look_at_case(void *arg, const struct db_results *r)
{
	struct case_look *look = arg;
	struct case_facts facts;
	struct case_step step;
	struct part part;

	assert_true(store_get_case_facts(r, look->calls.facts, &facts));
	assert_string_equal(facts.department, "TEM");
	assert_string_equal(facts.text, "Konteyner taştı.");
	assert_int_equal(facts.version, 3);
	assert_true(facts.answered_at > facts.reaction_at);
	look->steps = db_rows(r, look->calls.steps);
	store_get_case_step(r, look->calls.steps, 1, &step);
	assert_string_equal(step.internal, "İç not");
	assert_string_equal(step.actor_department, "TEM");
	assert_false(step.visible);
	look->parts = db_rows(r, look->calls.parts);
	store_get_case_part(r, look->calls.parts, 1, &part);
	assert_string_equal(part.task, "Onar");
	assert_string_equal(part.answer, "Onarıldı");
	assert_int_equal(part.answered_at, 4000000);
}

struct track_look {
	struct store_track_calls calls;
	size_t steps;
};

static void
look_at_track(void *arg, const struct db_results *r)
{
	struct track_look *look = arg;
	struct tracked_step step;

	look->steps = db_rows(r, look->calls.steps);
	if (look->steps > 0) {
		store_get_tracked_step(r, look->calls.steps, 0, &step);
		assert_string_equal(step.event, "citizen.asked");
		assert_string_equal(step.text, "Nerede?");
		assert_int_equal(step.day, FIRST_DAY);
	}
}

/* I-13 */
static void
steps_come_once_and_the_citizen_sees_what_is_visible(void **state)
{
	struct fixture *f = *state;

	fill(f, &f->one);
	for (int i = 0; i < 2; i++) {
		struct database *b = i ? &f->two : &f->one;
		struct case_look whole = {.steps = 0};
		struct track_look mine = {.steps = 0}, other = {.steps = 9};
		struct db_tx *tx;

		put_steps(f, b);
		tx = db_begin(b->db);
		whole.calls = store_case(tx, NUMBER, "TEM");
		assert_int_equal(database_read(b, tx, look_at_case, &whole), DB_COMMITTED);
		assert_int_equal(whole.steps, 2);
		assert_int_equal(whole.parts, 2);
		tx = db_begin(b->db);
		mine.calls = store_application_track(tx, NUMBER, hash, dummy, NULL);
		assert_int_equal(database_read(b, tx, look_at_track, &mine), DB_COMMITTED);
		assert_int_equal(mine.steps, 1);
		tx = db_begin(b->db);
		other.calls = store_application_track(tx, NUMBER, dummy, dummy, NULL);
		assert_int_equal(database_read(b, tx, look_at_track, &other), DB_COMMITTED);
		assert_int_equal(other.steps, 0);
	}
}

static void
what_was_erased_has_no_texts_and_gets_none(void **state)
{
	struct fixture *f = *state;

	fill(f, &f->one);
	put_steps(f, &f->one);
	for (int i = 0; i < 2; i++) {
		struct uuid id = {{3}};
		struct db_tx *tx = db_begin(i ? f->two.db : f->one.db);

		store_applications_erase(tx, &id, 1);
		commit(i ? &f->two : &f->one, tx);
		put_steps(f, &f->two);
		assert_int_equal(
		    scratch_number(f->one.scratch,
			"SELECT count(*) FROM reporting.history WHERE num_nonnulls(body, internal, name) > 0"),
		    0);
		assert_int_equal(scratch_number(f->one.scratch,
				     "SELECT count(*) FROM reporting.part WHERE num_nonnulls(task, answer) > 0"),
		    0);
	}
	scratch_sql(f->one.scratch, "TRUNCATE reporting.history, reporting.part", NULL, 0);
	put_steps(f, &f->one); /* built again: still nothing */
	assert_int_equal(scratch_number(f->one.scratch,
			     "SELECT count(*) FROM reporting.history WHERE num_nonnulls(body, internal, name) > 0"),
	    0);
	assert_int_equal(
	    scratch_number(f->one.scratch, "SELECT count(*) FROM reporting.part WHERE num_nonnulls(task, answer) > 0"),
	    0);
}

struct list_look {
	size_t call, count;
	struct listing_row last;
};

static void
look_at_list(void *arg, const struct db_results *r)
{
	struct list_look *look = arg;

	look->count = db_rows(r, look->call);
	if (look->count > 0)
		store_get_list_row(r, look->call, look->count - 1, &look->last);
}

/* All rows, by pages of three. */
static size_t
list_length(struct database *b, const struct listing *listing)
{
	struct listing_place after = {.received_on = listing->from - 1};
	struct list_look look;
	size_t length = 0;

	do {
		struct db_tx *tx = db_begin(b->db);

		look.call = store_list(tx, listing, &after, 3);
		assert_int_equal(database_read(b, tx, look_at_list, &look), DB_COMMITTED);
		length += look.count;
		if (look.count > 0)
			after = look.last.place;
	} while (look.count == 3);
	return length;
}

static void
list_is_what_it_is_asked_for(void **state)
{
	struct fixture *f = *state;
	const struct listing all = {.from = FIRST_DAY, .to = FIRST_DAY + COUNT - 1};
	const struct {
		struct listing listing;
		size_t length;
	} cases[] = {
	    {all, COUNT},
	    {{.from = FIRST_DAY + 3, .to = FIRST_DAY + 5}, 3},
	    {{.from = FIRST_DAY, .to = all.to, .measure = LISTING_ANSWERED}, 10},
	    {{.from = FIRST_DAY, .to = all.to, .measure = LISTING_OPEN}, 20},
	    {{.from = FIRST_DAY, .to = all.to, .measure = LISTING_REACTED}, COUNT},
	    {{.from = FIRST_DAY, .to = all.to, .measure = LISTING_OVERDUE}, 0},
	    {{.from = FIRST_DAY, .to = all.to, .state = 5}, 10},
	    {{.from = FIRST_DAY, .to = all.to, .kind = 2}, 5},
	    {{.from = FIRST_DAY, .to = all.to, .channels = {1, 2}, .channels_count = 2}, 6},
	    {{.from = FIRST_DAY, .to = all.to, .department = "TEM"}, 15},
	    {{.from = FIRST_DAY, .to = all.to, .topic = ""}, COUNT},
	    {{.from = FIRST_DAY, .to = all.to, .neighbourhood = "Fetih"}, 15},
	    {{.from = FIRST_DAY, .to = all.to, .neighbourhood = ""}, 15},
	    {{.from = FIRST_DAY, .to = all.to, .neighbourhood = "x"}, 0},
	    {{.from = 0, .to = FIRST_DAY + 1, .backlog = FIRST_DAY + 1}, 1}, /* the first was answered on that day */
	    {{.from = 0, .to = FIRST_DAY, .backlog = FIRST_DAY}, 1},
	    {{.from = 0, .to = FIRST_DAY + 99, .backlog = FIRST_DAY + 99}, 20},
	};

	fill(f, &f->one);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		for (int twice = 0; twice < 2; twice++) {
			size_t length = list_length(twice ? &f->two : &f->one, &cases[i].listing);

			if (length != cases[i].length)
				fail_msg("case %zu: %zu rows, expected %zu", i, length, cases[i].length);
		}
	}
}

struct year_look {
	size_t call;
	struct year year;
};

static void
look_at_year(void *arg, const struct db_results *r)
{
	struct year_look *look = arg;

	store_get_year(r, look->call, &look->year);
}

static void
year_counts_its_own(void **state)
{
	struct fixture *f = *state;

	fill(f, &f->one);
	for (int i = 0; i < 2; i++) {
		struct database *b = i ? &f->two : &f->one;
		struct year_look look = {.year = {.year = 2020}}, other = {.year = {.year = 2021}};
		struct db_tx *tx = db_begin(b->db);

		store_snapshot(tx);
		look.call = store_year(tx, 2020);
		assert_int_equal(database_commit(b, tx, look_at_year, &look), DB_COMMITTED);
		assert_int_equal(look.year.total.received, COUNT);
		assert_int_equal(look.year.total.answered, 10);
		assert_int_equal(look.year.total.minutes, 10 * 2880);
		assert_int_equal(look.year.months[0].received, COUNT);
		tx = db_begin(b->db);
		other.call = store_year(tx, 2021);
		assert_int_equal(database_read(b, tx, look_at_year, &other), DB_COMMITTED);
		assert_int_equal(other.year.total.received, 0);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(steps_come_once_and_the_citizen_sees_what_is_visible, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(what_was_erased_has_no_texts_and_gets_none, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(list_is_what_it_is_asked_for, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(year_counts_its_own, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
