/* learning_watch: see the header. */
#include "services/router/learning_watch.h"

#include <stdlib.h>

#include "common/base/log.h"
#include "services/router/learning.sql.h"

#define LOOK_MS (10 * 60 * 1000)
#define FIRST_MS 5000

struct learning_watch {
	struct db *db;
	struct loop_timer *timer;
	bool drifts, stopping;
	struct metric *drift;
};

static void
row_tell(const struct db_results *results, size_t i)
{
	log_warn("decisions.drift", "what=%s part=%lld whole=%lld part_before=%lld whole_before=%lld",
	    db_text(results, 0, i, 0), (long long)db_int8(results, 0, i, 1), (long long)db_int8(results, 0, i, 2),
	    (long long)db_int8(results, 0, i, 3), (long long)db_int8(results, 0, i, 4));
}

static void
on_looked(void *arg, enum db_outcome outcome, const struct db_results *results, const struct err *e)
{
	struct learning_watch *w = arg;
	bool drifts = false;

	if (w->stopping)
		return;
	if (outcome != DB_COMMITTED) {
		log_warn("drift.unread", "outcome=%s reason=\"%s\"", db_outcome_text(outcome), e->text);
		return;
	}
	for (size_t i = 0; i < db_rows(results, 0); i++) {
		if (!db_bool(results, 0, i, 5))
			continue;
		drifts = true;
		if (!w->drifts)
			row_tell(results, i);
	}
	if (w->drifts && !drifts)
		log_info("decisions.steady", "%s", "");
	w->drifts = drifts;
	metric_set(w->drift, drifts);
}

static void
on_look(void *arg)
{
	struct learning_watch *w = arg;
	struct db_tx *tx = NULL;

	timer_start(w->timer, db_is_up(w->db) ? LOOK_MS : FIRST_MS);
	if (!db_is_up(w->db))
		return;
	tx = db_begin(w->db);
	db_call(tx, &learning_statements[DRIFT]);
	db_read(tx, on_looked, w);
}

struct learning_watch *
learning_watch_new(struct loop *l, struct db *db, struct metrics *m)
{
	struct learning_watch *w = calloc(1, sizeof(*w));

	if (!w)
		abort();
	w->db = db;
	w->drift = metrics_gauge(m, "kopru_router_drift", "",
	    "1: decisions are unsure or corrected clearly more often than in the weeks before");
	w->timer = timer_new(l, on_look, w);
	timer_start(w->timer, FIRST_MS);
	return w;
}

void
learning_watch_stop(struct learning_watch *w)
{
	if (!w)
		return;
	w->stopping = true;
	timer_stop(w->timer);
}

void
learning_watch_free(struct learning_watch *w)
{
	if (!w)
		return;
	timer_free(w->timer);
	free(w);
}
