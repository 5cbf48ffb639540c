/* escalations: a look every two seconds by the index of what comes next, the database's clock decides what is due. */
#include "services/router/escalations.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/log.h"
#include "services/router/store_clocks.h"

#define LOOK_MS 2000
#define MORE_MS 50 /* a full look: there is more */
#define LOOK_LIMIT 200
#define SWEEP_LOOKS 30 /* from one time that cases without clocks are looked for to the next */
#define SWEEP_LIMIT 200
#define SECOND_US 1000000
#define STATE(name) (1U << KOPRU__V1__STATE__STATE_##name)
#define ENDED (STATE(ANSWERED) | STATE(CLOSED) | STATE(FORWARDED) | STATE(REJECTED) | STATE(WITHDRAWN))

struct escalations {
	struct timers_conf conf;
	struct loop_timer *timer, *sweep_timer;
	int64_t now; /* of the look under way */
	bool stopping;
	struct metric *due, *oldest, *swept;
};

static Kopru__V1__Command *
command_make(struct arena *a, const struct store_clock_due *due, int stage)
{
	const struct timers_deed deed = {.application_id = due->application_id,
	    .version = due->version,
	    .what = due->clock.stopped_at != 0 ? 'f' : 'c',
	    .clock = due->kind,
	    .stage = stage,
	    .due_at = due->clock.due_at};
	Kopru__V1__Command *command = timers_command(a, &deed);

	if (due->clock.stopped_at != 0) { /* for a fee, which was not paid */
		command->action_case = KOPRU__V1__COMMAND__ACTION_WITHDRAW;
		command->withdraw = arena_alloc(a, sizeof(*command->withdraw));
		kopru__v1__withdraw__init(command->withdraw);
		return command;
	}
	command->action_case = KOPRU__V1__COMMAND__ACTION_ESCALATE;
	command->escalate = arena_alloc(a, sizeof(*command->escalate));
	kopru__v1__escalate__init(command->escalate);
	command->escalate->clock = (Kopru__V1__Clock)due->kind;
	command->escalate->stage = (uint32_t)stage;
	command->escalate->due_at = due->clock.due_at;
	return command;
}

static void
due_send(struct escalations *e, const struct store_clock_due *due)
{
	const struct catalogue *catalogue = orders_catalogue(e->conf.orders);
	struct arena *a = NULL;
	int stage = clocks_stage_due(catalogue, due->kind, &due->clock, e->now);

	if (stage == 0 && due->clock.stopped_at == 0)
		return;
	a = arena_new(0);
	orders_take_own(e->conf.orders, a, command_make(a, due, stage));
}

static void
on_written(void *arg, enum db_outcome outcome, const struct db_results *results, const struct err *e)
{
	(void)arg;
	(void)results;
	if (outcome != DB_COMMITTED)
		log_warn("clocks.unwritten", "outcome=%s reason=\"%s\"", db_outcome_text(outcome), e->text);
}

static void
forget(struct escalations *e, const struct uuid *ended, size_t count)
{
	struct db_tx *tx = NULL;

	if (count == 0)
		return;
	tx = db_begin(e->conf.writer);
	store_clocks_forget(tx, ended, count);
	db_commit(tx, on_written, NULL);
}

/* One command for a case at a time: the next one is of its next version. */
static bool
is_sent(const struct uuid *sent, size_t count, const struct uuid *id)
{
	for (size_t i = 0; i < count; i++) {
		if (uuid_compare(&sent[i], id) == 0)
			return true;
	}
	return false;
}

static void
dues_take(struct escalations *e, const struct db_results *results)
{
	struct uuid sent[LOOK_LIMIT], ended[LOOK_LIMIT];
	size_t sent_count = 0, ended_count = 0;
	struct store_clock_due due;

	for (size_t row = 0; row < db_rows(results, 0) && row < LOOK_LIMIT; row++) {
		store_clock_due_read(results, row, &due);
		if ((ENDED & (1U << due.state)) != 0) {
			ended[ended_count++] = due.application_id;
		} else if (due.kind > 0 && due.kind < CLOCKS_KINDS && !is_sent(sent, sent_count, &due.application_id)) {
			due_send(e, &due);
			sent[sent_count++] = due.application_id;
		}
		if (row == 0)
			metric_set(e->oldest, (e->now - due.clock.next_at) / SECOND_US);
	}
	forget(e, ended, ended_count);
}

static void
on_looked(void *arg, enum db_outcome outcome, const struct db_results *results, const struct err *reason)
{
	struct escalations *e = arg;
	size_t count = 0;

	if (e->stopping)
		return;
	if (outcome != DB_COMMITTED) {
		log_warn("clocks.unread", "outcome=%s reason=\"%s\"", db_outcome_text(outcome), reason->text);
	} else {
		count = db_rows(results, 0);
		metric_set(e->due, (int64_t)count);
		if (count == 0)
			metric_set(e->oldest, 0);
		dues_take(e, results);
	}
	timer_start(e->timer, count >= LOOK_LIMIT ? MORE_MS : LOOK_MS);
}

static bool
can_look(const struct escalations *e)
{
	return db_is_up(e->conf.reader) && db_is_up(e->conf.writer) && source_knows_time(e->conf.source) &&
	       orders_catalogue(e->conf.orders);
}

static void
on_look(void *arg)
{
	struct escalations *e = arg;
	struct db_tx *tx = NULL;

	if (!can_look(e) || orders_waiting(e->conf.orders) > LOOK_LIMIT) {
		timer_start(e->timer, LOOK_MS);
		return;
	}
	e->now = source_now(e->conf.source);
	tx = db_begin(e->conf.reader);
	store_clocks_due(tx, e->now, LOOK_LIMIT);
	db_read(tx, on_looked, e);
}

static void
sweep_write(struct escalations *e, const struct db_results *results, size_t count)
{
	const struct catalogue *catalogue = orders_catalogue(e->conf.orders);
	struct db_tx *tx = db_begin(e->conf.writer);
	struct arena *a = db_tx_arena(tx);
	const struct case_record **list = arena_array(a, count, sizeof(*list));

	for (size_t row = 0; row < count; row++) {
		struct case_record *r = arena_alloc(a, sizeof(*r));
		int64_t changed_at = 0;

		memset(r, 0, sizeof(*r));
		store_case_unclocked_read(results, row, a, r, &changed_at);
		clocks_settle(catalogue, changed_at, r);
		list[row] = r;
	}
	store_cases_clocked(tx, list, count);
	db_commit(tx, on_written, NULL);
	metric_add(e->swept, (int64_t)count);
}

static void
on_unclocked(void *arg, enum db_outcome outcome, const struct db_results *results, const struct err *reason)
{
	struct escalations *e = arg;
	size_t count = 0;

	if (e->stopping)
		return;
	if (outcome == DB_COMMITTED)
		count = db_rows(results, 0);
	else
		log_warn("clocks.unswept", "outcome=%s reason=\"%s\"", db_outcome_text(outcome), reason->text);
	if (count > 0 && can_look(e))
		sweep_write(e, results, count);
	timer_start(e->sweep_timer, count >= SWEEP_LIMIT ? 4 * MORE_MS : SWEEP_LOOKS * LOOK_MS);
}

static void
on_sweep(void *arg)
{
	struct escalations *e = arg;
	struct db_tx *tx = NULL;

	if (!can_look(e)) {
		timer_start(e->sweep_timer, LOOK_MS);
		return;
	}
	tx = db_begin(e->conf.reader);
	store_cases_unclocked(tx, SWEEP_LIMIT);
	db_read(tx, on_unclocked, e);
}

struct escalations *
escalations_new(struct loop *l, const struct timers_conf *conf, struct metrics *m)
{
	struct escalations *e = calloc(1, sizeof(*e));

	if (!e)
		abort();
	e->conf = *conf;
	e->due = metrics_gauge(m, "kopru_router_clocks_due", "", "Clocks with something to tell, at the last look");
	e->oldest = metrics_gauge(
	    m, "kopru_router_clock_oldest_seconds", "", "For how long the oldest of them has had it, at the last look");
	e->swept = metrics_counter(
	    m, "kopru_router_cases_clocked_total", "", "Open cases of older versions that were given clocks");
	e->timer = timer_new(l, on_look, e);
	e->sweep_timer = timer_new(l, on_sweep, e);
	timer_start(e->timer, LOOK_MS);
	timer_start(e->sweep_timer, LOOK_MS);
	return e;
}

void
escalations_stop(struct escalations *e)
{
	if (!e)
		return;
	e->stopping = true;
	timer_stop(e->timer);
	timer_stop(e->sweep_timer);
}

void
escalations_free(struct escalations *e)
{
	if (!e)
		return;
	timer_free(e->timer);
	timer_free(e->sweep_timer);
	free(e);
}
