/* after: a list of who waits, looked through when a turn is recorded and every AFTER_LOOK_MS. The turns may be another
 * instance's, so while somebody waits the database is asked, too. */
#include "services/reporting/after.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/ids.h"
#include "services/reporting/store.h"

#define AFTER_LOOK_MS 50

struct waiter {
	struct after_place place;
	int64_t until;
	void (*on_ready)(void *arg);
	void *arg;
};

/* Lives until the answer, even if after does not. */
struct after_asking {
	struct after *after;
	size_t intake, cases; /* calls */
};

struct after {
	struct loop *loop;
	struct db *db;
	struct after_asking *asking; /* under way */
	uint64_t intake_seen, cases_seen; /* in the database */
	struct loop_timer *timer;
	struct turns *intake, *cases;
	struct waiter waiters[AFTER_WAITING_MAX];
	size_t count;
};

const char *
after_stream(const char *text)
{
	if (strcmp(text, "intake") == 0)
		return "intake";
	return strcmp(text, "case") == 0 ? "case" : NULL;
}

bool
after_parse(const char *text, struct after_place *place)
{
	const char *colon = strchr(text, ':');
	char stream[8] = "";
	char *end = NULL;
	unsigned long long seq;

	if (!colon || colon - text >= (long)sizeof(stream) || colon[1] < '0' || colon[1] > '9')
		return false;
	memcpy(stream, text, (size_t)(colon - text));
	errno = 0;
	seq = strtoull(colon + 1, &end, 10);
	if (errno || *end || seq > INT64_MAX || !after_stream(stream))
		return false;
	place->stream = after_stream(stream);
	place->seq = seq;
	return true;
}

static bool
place_reached(const struct after *a, const struct after_place *place)
{
	bool intake = place->stream && strcmp(place->stream, "intake") == 0;
	const struct turns *turns = intake ? a->intake : a->cases;

	return !place->stream || !turns || turns_seq(turns) >= place->seq ||
	       (intake ? a->intake_seen : a->cases_seen) >= place->seq;
}

/* Whoever is called may wait again, so the list is settled first. */
static void
after_look(struct after *a)
{
	int64_t now = clock_monotonic();
	struct waiter ready[AFTER_WAITING_MAX];
	size_t count = 0, kept = 0;

	for (size_t i = 0; i < a->count; i++) {
		struct waiter *w = &a->waiters[i];

		if (loop_stopping(a->loop) || now >= w->until || place_reached(a, &w->place))
			ready[count++] = *w;
		else
			a->waiters[kept++] = *w;
	}
	a->count = kept;
	if (a->count > 0)
		timer_start(a->timer, AFTER_LOOK_MS);
	for (size_t i = 0; i < count; i++)
		ready[i].on_ready(ready[i].arg);
}

static void
on_asked(void *arg, enum db_outcome outcome, const struct db_results *results, const struct err *e)
{
	struct after_asking *asking = arg;
	struct after_asking asked = *asking;
	struct after *a = asked.after;

	(void)e;
	free(asking);
	if (!a)
		return;
	a->asking = NULL;
	if (outcome != DB_COMMITTED)
		return;
	a->intake_seen = store_get_reporting_cursor(results, asked.intake);
	a->cases_seen = store_get_reporting_cursor(results, asked.cases);
	after_look(a);
}

static struct after_asking *
after_asking_new(struct after *a)
{
	struct after_asking *asking = calloc(1, sizeof(*asking));

	if (!asking)
		abort();
	asking->after = a;
	return asking;
}

static void
after_ask(struct after *a)
{
	struct db_tx *tx;

	if (a->asking || a->count == 0 || !db_is_up(a->db))
		return;
	a->asking = after_asking_new(a);
	tx = db_begin(a->db);
	a->asking->intake = store_reporting_cursor(tx, "intake");
	a->asking->cases = store_reporting_cursor(tx, "case");
	db_read(tx, on_asked, a->asking);
}

static void
on_timer(void *arg)
{
	after_look(arg);
	after_ask(arg);
}

void
after_wait(struct after *a, const struct after_place *place, void (*on_ready)(void *arg), void *arg)
{
	/* While nobody waited nobody asked, and the read model may have begun again. */
	if (a->count == 0)
		a->intake_seen = a->cases_seen = 0;
	if (loop_stopping(a->loop) || a->count == AFTER_WAITING_MAX || place_reached(a, place)) {
		on_ready(arg);
		return;
	}
	a->waiters[a->count++] = (struct waiter){
	    .place = *place,
	    .until = clock_monotonic() + AFTER_WAIT_MS * 1000,
	    .on_ready = on_ready,
	    .arg = arg,
	};
	if (!timer_pending(a->timer))
		timer_start(a->timer, AFTER_LOOK_MS);
}

void
after_moved(struct after *a)
{
	if (a->count > 0)
		after_look(a);
}

void
after_set_turns(struct after *a, struct turns *intake, struct turns *cases)
{
	a->intake = intake;
	a->cases = cases;
}

struct after *
after_new(struct loop *l, struct db *db)
{
	struct after *a = calloc(1, sizeof(*a));

	if (!a)
		abort();
	a->loop = l;
	a->db = db;
	a->timer = timer_new(l, on_timer, a);
	return a;
}

void
after_free(struct after *a)
{
	if (!a)
		return;
	if (a->asking)
		a->asking->after = NULL;
	timer_free(a->timer);
	free(a);
}
