/* router_rulesets: the active set of rules comes into force between two turns; one that cannot be followed, or read, leaves
 * the one before in force. */
#include "services/router/rulesets.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <event2/event.h>

#include "common/base/ids.h"
#include "services/router/store.h"
#include "tests/harness/bus_world.h"
#include "tests/harness/scratch.h"

#define WAIT_MS 10000
#define TODAY 20500

struct world {
	struct scratch *scratch;
	struct loop *loop;
	struct metrics *metrics, *of_db;
	struct db *db;
	struct catalogue *catalogue;
	struct rulesets *sets;
	unsigned known;
};

static void
turn(struct world *w, bool (*is_true)(struct world *w))
{
	int64_t until = clock_monotonic() + WAIT_MS * 1000;

	while (!is_true(w) && clock_monotonic() < until) {
		event_base_loop(loop_base(w->loop), EVLOOP_NONBLOCK);
		usleep(500);
	}
	assert_true(is_true(w));
}

static bool
is_up(struct world *w)
{
	return db_is_up(w->db);
}

static const struct catalogue *
catalogue_now(void *arg)
{
	struct world *w = arg;

	return w->catalogue;
}

static void
on_known(void *arg)
{
	struct world *w = arg;

	w->known++;
}

/* KBB only when it is asked for. */
static void
catalogue_make(struct world *w, bool with_kbb)
{
	const struct catalogue_department departments[] = {{.code = "HM", .name_tr = "HM", .name_en = "HM"},
	    {.code = "FEN", .name_tr = "FEN", .name_en = "FEN"}, {.code = "KBB", .name_tr = "KBB", .name_en = "KBB"}};
	const struct catalogue_topic topics[] = {
	    {.code = "YOL-01", .name_tr = "Yol", .department = "FEN", .keywords = ""}};
	const struct catalogue_day days[] = {{20450, CALENDAR_HOLIDAY}};
	const struct catalogue_rows rows = {departments, with_kbb ? 3 : 2, topics, 1, days, 1, 1};
	struct err e;

	catalogue_free(w->catalogue);
	w->catalogue = catalogue_new(&rows, &e);
	if (!w->catalogue)
		fail_msg("%s", e.text);
}

static void
sets_open(struct world *w)
{
	const struct rulesets_conf conf = {.reader = w->db, .catalogue = catalogue_now, .on_known = on_known, .arg = w};

	w->known = 0;
	w->metrics = metrics_new();
	w->sets = rulesets_new(w->loop, &conf, w->metrics);
	assert_false(rulesets_known(w->sets));
}

static void
sets_close(struct world *w)
{
	rulesets_stop(w->sets);
	rulesets_free(w->sets);
	metrics_free(w->metrics);
}

static int
setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	struct db_conf conf = {.name = "router", .tables = router_tables};
	struct err e;

	assert_non_null(w);
	ids_start();
	w->scratch = scratch_new(&e);
	if (!w->scratch)
		fail_msg("%s", e.text);
	assert_int_equal(scratch_sql(w->scratch,
			     "TRUNCATE router.rules, router.rule, router.rules_change RESTART IDENTITY", NULL, 0),
	    0);
	w->of_db = metrics_new();
	w->loop = loop_new(&e);
	conf.conninfo = scratch_conninfo(w->scratch, "router");
	w->db = db_open(w->loop, &conf, w->of_db, NULL, NULL, NULL, &e);
	assert_non_null(w->db);
	turn(w, is_up);
	catalogue_make(w, false);
	*state = w;
	return 0;
}

static int
teardown(void **state)
{
	struct world *w = *state;

	db_close(w->db);
	catalogue_free(w->catalogue);
	loop_free(w->loop);
	metrics_free(w->of_db);
	scratch_free(w->scratch);
	free(w);
	return 0;
}

/* A version with one rule, made active. */
static void
activate(struct world *w, const char *when, const char *then)
{
	char sql[1024];

	(void)snprintf(sql, sizeof(sql),
	    "WITH made AS (INSERT INTO router.rules (state, reason, made_by) VALUES ('draft', 'r', 't') RETURNING "
	    "version)"
	    " INSERT INTO router.rule SELECT version, 'it', 'o', 'r', '2026-01-01', NULL, '%s', '%s' FROM made;"
	    " SELECT router.rules_activate((SELECT max(version) FROM router.rules),"
	    " coalesce((SELECT version FROM router.rules WHERE state = 'active'), 0), 'activate', 't', NULL)",
	    when, then);
	assert_int_equal(scratch_sql(w->scratch, sql, NULL, 0), 0);
}

/* As long as a look and a compilation take: nothing says when nothing came of it. */
static void
look(struct world *w)
{
	int64_t until;

	rulesets_look(w->sets, TODAY);
	for (until = clock_monotonic() + 300000; clock_monotonic() < until; usleep(1000))
		event_base_loop(loop_base(w->loop), EVLOOP_NONBLOCK);
}

static void
assert_force(struct world *w, uint32_t version, int64_t unusable)
{
	assert_int_equal(rules_version(rulesets_now(w->sets)), version);
	assert_int_equal(world_metric(w->metrics, "kopru_router_rules_unusable", ""), unusable);
	assert_int_equal(world_metric(w->metrics, "kopru_router_rules_version", ""), version);
}

static void
sets_come_and_go(void **state)
{
	struct world *w = *state;

	sets_open(w);
	look(w);
	assert_true(rulesets_known(w->sets));
	assert_int_equal(w->known, 1);
	assert_force(w, 0, 0);
	activate(w, "{\"topics\": [\"YOL-01\"]}", "{\"department\": \"FEN\"}");
	look(w);
	assert_force(w, 1, 0);
	assert_int_equal(world_metric(w->metrics, "kopru_router_rules_total", ""), 1);
	look(w);
	assert_int_equal(world_metric(w->metrics, "kopru_router_rules_loads_total", ""), 1); /* not compiled anew */
	assert_int_equal(w->known, 1);

	/* Of a department that is not there: the old one stays, until it is there. */
	activate(w, "{\"topics\": [\"YOL-01\"]}", "{\"department\": \"KBB\"}");
	look(w);
	assert_force(w, 1, 1);
	look(w);
	assert_force(w, 1, 1);
	catalogue_make(w, true);
	look(w);
	assert_force(w, 2, 0);

	/* One that nobody can read. */
	activate(w, "{\"moon\": [\"full\"]}", "{\"triage\": true}");
	look(w);
	assert_force(w, 2, 1);
	look(w);
	assert_force(w, 2, 1);
	assert_int_equal(
	    scratch_sql(w->scratch, "SELECT router.rules_activate(2, 3, 'rollback', 't', NULL)", NULL, 0), 0);
	look(w);
	assert_force(w, 2, 0);

	/* A topic that is not there, then another set instead of it. */
	activate(w, "{\"topics\": [\"YOL-01\"]}", "{\"topic\": \"YOL-02\"}");
	look(w);
	assert_force(w, 2, 1);
	activate(w, "{\"topics\": [\"YOL\"]}", "{\"topic\": \"YOL-01\"}");
	look(w);
	assert_force(w, 5, 0);
	sets_close(w);
}

/* There is none to keep: what can be followed counts, loudly. */
static void
after_a_restart(void **state)
{
	struct world *w = *state;

	catalogue_make(w, false);
	activate(w, "{\"topics\": [\"YOL-01\"]}", "{\"department\": \"KBB\"}");
	sets_open(w);
	look(w);
	assert_true(rulesets_known(w->sets));
	assert_force(w, 6, 1);
	sets_close(w);
}

static void
rules_of_another_day_do_no_harm(void **state)
{
	struct world *w = *state;

	activate(w, "{\"topics\": [\"YOL-01\"]}", "{\"department\": \"FEN\"}");
	assert_int_equal(scratch_sql(w->scratch,
			     "INSERT INTO router.rule VALUES (7, 'over', 'o', 'r', '2020-01-01', '2021-01-01',"
			     " '{\"topics\": [\"YOL-01\"]}', '{\"department\": \"KBB\"}')",
			     NULL, 0),
	    0);
	sets_open(w);
	look(w);
	assert_force(w, 7, 0);
	assert_int_equal(rules_count(rulesets_now(w->sets)), 2);
	sets_close(w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(sets_come_and_go),
	    cmocka_unit_test(after_a_restart),
	    cmocka_unit_test(rules_of_another_day_do_no_harm),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
