/* recompute: a sweep over the groups: when the calendar has a version that is not done, and now and then. */
#include "services/router/recompute.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/log.h"
#include "services/router/store_recompute.h"

#define LOOK_MS 1000
#define SOON_LOOKS                                                                                                     \
	30 /* from one sweep to the next after a change, so many times: some may have come in by the old one */
#define SOON_SWEEPS 4
#define SWEEP_LOOKS 300 /* from one to the next after that */
#define GROUPS 500 /* of one read */
#define CLOCKS 200 /* of one read */
#define SENT_LOW 200 /* commands without an end, below which more are read */
#define SECOND_US 1000000

struct recompute {
	struct timers_conf conf;
	struct loop_timer *timer; /* the next sweep */
	struct loop_timer *step; /* the next piece of this one */
	struct arena *arena; /* of this sweep */
	struct calendars *calendars;
	const char *reason; /* of the newest version */
	bool unfinished; /* a version is not recomputed */
	struct calendars_group groups[GROUPS];
	size_t group_count, group; /* those in hand, and the one in work */
	struct uuid after; /* of the group in work, the last one that was read */
	size_t sent; /* without an end */
	bool last_groups; /* there are none after those in hand */
	bool sweeping, reading, stopping;
	int64_t moved, failed, failed_before; /* of this sweep, and of the one before */
	int32_t done; /* the newest version that was swept to the end */
	unsigned looks, sweeps; /* since the last sweep; sweeps since that version was done */
	int64_t since; /* that a version is not recomputed; 0: none is */
	struct metric *moves, *behind;
};

static void
sweep_end(struct recompute *r, unsigned next_ms)
{
	calendars_free(r->calendars);
	r->calendars = NULL;
	arena_free(r->arena);
	r->arena = NULL;
	r->sweeping = false;
	r->looks = 0;
	if (!r->stopping)
		timer_start(r->timer, next_ms);
}

static void
behind_tell(struct recompute *r, bool behind)
{
	int64_t now = clock_monotonic();

	r->since = !behind ? 0 : r->since == 0 ? now : r->since;
	metric_set(r->behind, behind ? (now - r->since) / SECOND_US : 0);
}

static void
on_marked(void *arg, enum db_outcome outcome, const struct db_results *results, const struct err *e)
{
	struct recompute *r = arg;

	(void)results;
	r->reading = false;
	if (outcome == DB_COMMITTED) {
		r->done = calendars_newest(r->calendars);
		behind_tell(r, false);
		log_info("deadlines.recomputed", "version=%d moved=%lld unmoved=%lld", r->done, (long long)r->moved,
		    (long long)r->failed);
	} else {
		log_warn("deadlines.unmarked", "outcome=%s reason=\"%s\"", db_outcome_text(outcome), e->text);
	}
	sweep_end(r, LOOK_MS);
}

/* What could not be moved has changed meanwhile, as a rule, and is found again; what never can be does not keep the version
 * from being done. */
static void
sweep_finish(struct recompute *r)
{
	bool done = r->failed == 0 || (r->moved == 0 && r->failed == r->failed_before);
	struct db_tx *tx = NULL;

	if (r->failed > 0)
		log_warn("deadlines.unmoved", "count=%lld", (long long)r->failed);
	r->failed_before = r->failed;
	if (!done || (!r->unfinished && r->moved == 0)) {
		r->done = done ? calendars_newest(r->calendars) : r->done;
		sweep_end(r, LOOK_MS);
		return;
	}
	r->reading = true;
	tx = db_begin(r->conf.writer);
	store_recomputed(tx, calendars_newest(r->calendars));
	db_commit(tx, on_marked, r);
}

static void
on_end(void *arg, int code)
{
	struct recompute *r = arg;

	r->sent--;
	if (code == KOPRU__V1__REPLY__CODE__CODE_OK) {
		r->moved++;
		metric_add(r->moves, 1);
	} else {
		r->failed++;
	}
	if (!r->stopping && r->sweeping && !r->reading && r->sent <= SENT_LOW)
		timer_start(r->step, 0);
}

static void
move_send(struct recompute *r, const struct store_group_clock *clock, const struct calendars_group *g, int64_t due_at)
{
	const struct timers_deed deed = {.application_id = clock->application_id,
	    .version = clock->version,
	    .what = 'm',
	    .clock = g->clock,
	    .stage = calendars_newest(r->calendars),
	    .due_at = due_at};
	const struct orders_told told = {on_end, r};
	struct arena *a = arena_new(0);
	Kopru__V1__Command *command = timers_command(a, &deed);

	command->action_case = KOPRU__V1__COMMAND__ACTION_RECOMPUTE;
	command->recompute = arena_alloc(a, sizeof(*command->recompute));
	kopru__v1__recompute__init(command->recompute);
	command->recompute->calendar_version = (uint32_t)calendars_newest(r->calendars);
	command->recompute->clock = (Kopru__V1__Clock)g->clock;
	command->recompute->due_at = g->due_at;
	command->recompute->new_due_at = due_at;
	command->recompute->reason = arena_string(a, r->reason);
	r->sent++;
	orders_take_told(r->conf.orders, a, command, &told);
}

static void
clocks_take(struct recompute *r, const struct db_results *results)
{
	struct calendars_group g = r->groups[r->group];
	size_t count = db_rows(results, 0);

	for (size_t row = 0; row < count; row++) {
		struct store_group_clock clock = store_group_clock_read(results, row);
		int64_t due_at = 0;

		g.started_at = clock.started_at;
		due_at = calendars_due(r->calendars, &g);
		if (due_at != g.due_at)
			move_send(r, &clock, &g, due_at);
		r->after = clock.application_id;
	}
	if (count == CLOCKS)
		return;
	r->group++;
	memset(&r->after, 0, sizeof(r->after));
}

/* Whether to go on; false: the sweep has ended. */
static bool
read_came(struct recompute *r, enum db_outcome outcome, const struct err *e)
{
	r->reading = false;
	if (outcome == DB_COMMITTED && !r->stopping)
		return true;
	if (!r->stopping)
		log_warn("deadlines.unread", "outcome=%s reason=\"%s\"", db_outcome_text(outcome), e->text);
	sweep_end(r, LOOK_MS);
	return false;
}

static void
on_clocks(void *arg, enum db_outcome outcome, const struct db_results *results, const struct err *e)
{
	struct recompute *r = arg;

	if (!read_came(r, outcome, e))
		return;
	clocks_take(r, results);
	if (r->sent <= SENT_LOW)
		timer_start(r->step, 0);
}

static void
on_groups(void *arg, enum db_outcome outcome, const struct db_results *results, const struct err *e)
{
	struct recompute *r = arg;

	if (!read_came(r, outcome, e))
		return;
	r->group = 0;
	r->group_count = db_rows(results, 0);
	r->last_groups = r->group_count < GROUPS;
	for (size_t row = 0; row < r->group_count; row++)
		r->groups[row] = store_group_read(results, row);
	timer_start(r->step, 0);
}

static bool
group_moves(const struct recompute *r, const struct calendars_group *g)
{
	return calendars_needs_start(r->calendars, g) || calendars_due(r->calendars, g) != g->due_at;
}

/* Reads the next clocks of a group that moves, or the next groups, or ends the sweep. */
static void
on_step(void *arg)
{
	struct recompute *r = arg;
	const struct calendars_group *last = r->group_count > 0 ? &r->groups[r->group_count - 1] : NULL;
	struct db_tx *tx = NULL;

	if (r->stopping || !r->sweeping || r->reading)
		return;
	while (r->group < r->group_count && !group_moves(r, &r->groups[r->group]))
		r->group++;
	if (r->group == r->group_count && r->last_groups) {
		if (r->sent == 0)
			sweep_finish(r);
		return;
	}
	r->reading = true;
	tx = db_begin(r->conf.reader);
	if (r->group < r->group_count) {
		store_group_clocks_wanted(tx, &r->groups[r->group], &r->after, CLOCKS);
		db_read(tx, on_clocks, r);
	} else {
		store_groups_wanted(tx, last, GROUPS);
		db_read(tx, on_groups, r);
	}
}

static int32_t
version_in_use(const struct recompute *r)
{
	const struct catalogue *catalogue = orders_catalogue(r->conf.orders);

	return catalogue ? catalogue_calendar_version(catalogue) : 0;
}

static void
on_calendars(void *arg, enum db_outcome outcome, const struct db_results *results, const struct err *e)
{
	struct recompute *r = arg;
	struct err reason;

	if (!read_came(r, outcome, e))
		return;
	r->arena = arena_new(0);
	r->calendars = store_calendars_read(results, r->arena, &r->reason, &r->unfinished, &reason);
	if (!r->calendars)
		log_error("calendar.unusable", "reason=\"%s\"", reason.text);
	behind_tell(r, r->calendars && r->unfinished);
	if (!r->calendars || calendars_newest(r->calendars) != version_in_use(r)) {
		sweep_end(r, LOOK_MS);
		return;
	}
	r->group = r->group_count = 0;
	r->last_groups = false;
	memset(&r->after, 0, sizeof(r->after));
	r->moved = r->failed = 0;
	timer_start(r->step, 0);
}

static void
on_look(void *arg)
{
	struct recompute *r = arg;
	int32_t version = version_in_use(r);
	struct db_tx *tx = NULL;

	if (!db_is_up(r->conf.reader) || !db_is_up(r->conf.writer) || version == 0 || r->sent > 0 ||
	    (version == r->done && ++r->looks < (r->sweeps < SOON_SWEEPS ? SOON_LOOKS : SWEEP_LOOKS))) {
		timer_start(r->timer, LOOK_MS);
		return;
	}
	r->sweeps = version == r->done ? r->sweeps + 1 : 0;
	r->sweeping = r->reading = true;
	tx = db_begin(r->conf.reader);
	store_calendars_wanted(tx);
	db_read(tx, on_calendars, r);
}

struct recompute *
recompute_new(struct loop *l, const struct timers_conf *conf, struct metrics *m)
{
	struct recompute *r = calloc(1, sizeof(*r));

	if (!r)
		abort();
	r->conf = *conf;
	r->moves = metrics_counter(
	    m, "kopru_router_deadlines_moved_total", "", "Deadlines that a change of the calendar moved");
	r->behind = metrics_gauge(m, "kopru_router_calendar_behind_seconds", "",
	    "For how long a version of the calendar is known whose deadlines have not all moved");
	r->timer = timer_new(l, on_look, r);
	r->step = timer_new(l, on_step, r);
	timer_start(r->timer, LOOK_MS);
	return r;
}

void
recompute_stop(struct recompute *r)
{
	if (!r)
		return;
	r->stopping = true;
	timer_stop(r->timer);
	timer_stop(r->step);
}

void
recompute_free(struct recompute *r)
{
	if (!r)
		return;
	calendars_free(r->calendars);
	arena_free(r->arena);
	timer_free(r->timer);
	timer_free(r->step);
	free(r);
}
