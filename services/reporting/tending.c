/* tending: see the header. What it reads comes in the order of the turns' transactions, since it goes through their
 * connection: a cursor that is behind its turns was set back by somebody else. */
#include "services/reporting/tending.h"

#include <stdlib.h>

#include "common/base/log.h"
#include "common/domain/calendar.h"
#include "services/reporting/store.h"

/* Lives until the answer, even if tending does not. */
struct look {
	struct tending *tending;
	size_t intake, cases, overdue, clock; /* calls */
	bool marking; /* overdue is among them */
};

struct tending {
	struct loop *loop;
	struct db *db;
	struct turns *intake, *cases;
	struct feed_clock *clock;
	struct loop_timer *timer;
	struct look *look;
};

static void
cursor_compare(struct turns *turns, uint64_t stored, const char *stream)
{
	if (stored >= turns_seq(turns))
		return;
	log_warn("stream.rewound", "stream=%s from=%llu to=%llu", stream, (unsigned long long)turns_seq(turns),
	    (unsigned long long)stored);
	turns_up(turns);
}

static void
on_looked(void *arg, enum db_outcome outcome, const struct db_results *results, const struct err *e)
{
	struct look *look = arg;
	struct tending *t = look->tending;
	int64_t wait = TENDING_MS;

	if (t) {
		t->look = NULL;
		if (outcome == DB_COMMITTED) {
			int64_t overdue = look->marking ? db_int8(results, look->overdue, 0, 0) : 0;

			feed_clock_take(t->clock, results, look->clock);
			cursor_compare(t->intake, store_get_reporting_cursor(results, look->intake), "intake");
			cursor_compare(t->cases, store_get_reporting_cursor(results, look->cases), "case");
			if (overdue > 0)
				log_info("overdue.marked", "applications=%lld", (long long)overdue);
			if (overdue == STORE_OVERDUE_MAX)
				wait = 0;
		} else if (outcome != DB_UNAVAILABLE) {
			log_warn("tending.failed", "outcome=%s reason=\"%s\"", db_outcome_text(outcome), e->text);
		}
		timer_start(t->timer, wait);
	}
	free(look);
}

static struct look *
look_new(struct tending *t)
{
	struct look *look = calloc(1, sizeof(*look));

	if (!look)
		abort();
	look->tending = t;
	return look;
}

static void
on_timer(void *arg)
{
	struct tending *t = arg;
	struct db_tx *tx;

	if (loop_stopping(t->loop))
		return;
	if (!db_is_up(t->db)) {
		timer_start(t->timer, TENDING_MS);
		return;
	}
	t->look = look_new(t);
	tx = db_begin(t->db);
	t->look->intake = store_reporting_cursor(tx, "intake");
	t->look->cases = store_reporting_cursor(tx, "case");
	t->look->clock = feed_clock_ask(tx);
	t->look->marking = t->clock->known; /* by this machine's clock nothing becomes overdue */
	if (t->look->marking)
		t->look->overdue = store_overdue(tx, date_in_istanbul(feed_clock_now(t->clock)));
	db_commit(tx, on_looked, t->look);
}

struct tending *
tending_new(struct loop *l, struct db *d, struct turns *intake, struct turns *cases, struct feed_clock *clock)
{
	struct tending *t = calloc(1, sizeof(*t));

	if (!t)
		abort();
	t->loop = l;
	t->db = d;
	t->intake = intake;
	t->cases = cases;
	t->clock = clock;
	t->timer = timer_new(l, on_timer, t);
	timer_start(t->timer, TENDING_MS);
	return t;
}

void
tending_free(struct tending *t)
{
	if (!t)
		return;
	if (t->look)
		t->look->tending = NULL;
	timer_free(t->timer);
	free(t);
}
