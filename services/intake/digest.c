/* digest: claim, read (slow channels on a thread), commit. What is refused is repeated by halves until the guilty row stands
 * alone; it is tried again later and given to a person at last. What nobody knows is left to the lease: its token says
 * whether it was done. */
#include "services/intake/digest.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/log.h"
#include "common/loop/worker.h"
#include "services/intake/digest.sql.h"
#include "services/intake/effects.h"
#include "services/intake/reading.h"

#define LOOK_MS 1000
#define GATHER_MS 20 /* a look costs a commit, so a moment's arrivals share one */
#define ROWS_MAX 200
#define BYTES_MAX ((int64_t)8 * 1024 * 1024)
#define LEASE_SECONDS 30
#define EXTEND_MS (LEASE_SECONDS * INT64_C(1000) / 3)
#define ITEMS_MAX 1000 /* of one transaction, unless one row has more */
#define POSTPONE_SECONDS 30
#define TRIES_MAX 5
#define PIECES_MAX 64

struct piece {
	size_t from, count;
	unsigned tries;
};

struct digest {
	struct digest_conf conf;
	struct loop_timer *timer; /* until the next look; while a thread reads, until its lease is extended */
	bool busy, woken, more;
	struct arena *arena; /* of the rows under way */
	struct effects_row *rows;
	const struct effects_row **sorted; /* by id: one order for all who lock them */
	size_t count;
	struct worker *worker;
	struct piece pieces[PIECES_MAX], piece; /* still to be committed; under way */
	size_t piece_count;
	struct {
		struct metric *digested, *failed, *lost;
	} metrics;
};

static void next_piece(struct digest *d);

static void
look_soon(struct digest *d, int64_t milliseconds)
{
	if (!d->busy && !loop_stopping(d->conf.loop))
		timer_start(d->timer, milliseconds);
}

void
digest_wake(struct digest *d)
{
	if (d->woken)
		return;
	d->woken = true;
	look_soon(d, GATHER_MS);
}

static void
forget_rows(struct digest *d)
{
	for (size_t i = 0; i < d->count; i++)
		reading_end(&d->rows[i]);
	d->count = 0;
	arena_free(d->arena);
	d->arena = NULL;
}

/* The end of a look, whatever came of it. */
static void
look_end(struct digest *d, bool again)
{
	forget_rows(d);
	d->busy = false;
	look_soon(d, again ? 0 : d->woken ? GATHER_MS : LOOK_MS);
	loop_release(d->conf.loop);
}

static void
on_failed(void *arg, enum db_outcome outcome, const struct db_results *results, const struct err *e)
{
	struct digest *d = arg;

	(void)results;
	if (outcome == DB_REFUSED)
		log_error("inbound.stuck", "reason=\"%s\"", e->text);
	next_piece(d);
}

/* A row alone whose reading, or whose effects, nobody can take. */
static void
fail_row(struct digest *d, const struct effects_row *row, const char *verdict)
{
	struct db_tx *tx = db_begin(d->conf.db);

	metric_add(d->metrics.failed, 1);
	log_warn("inbound.failed", "id=%lld source=%s attempts=%d", (long long)row->inbound.id, row->inbound.source,
	    row->attempts);
	db_call(tx, &digest_statements[INBOUND_FAIL]);
	db_bind_int8(tx, row->inbound.id);
	db_bind_int8(tx, row->token);
	db_bind_int4(tx, READING_ATTEMPTS_MAX);
	db_bind_text(tx, verdict);
	db_commit(tx, on_failed, d);
}

static void
push_piece(struct digest *d, size_t from, size_t count, unsigned tries)
{
	if (d->piece_count == PIECES_MAX)
		abort(); /* halves of 200 rows are at most 8 deep */
	d->pieces[d->piece_count++] = (struct piece){from, count, tries};
}

static void
on_piece_done(void *arg, enum db_outcome outcome, const struct db_results *results, const struct err *e)
{
	struct digest *d = arg;
	struct piece p = d->piece;
	size_t half = p.count / 2;

	(void)results;
	if (outcome == DB_COMMITTED) {
		metric_add(d->metrics.digested, (int64_t)p.count);
	} else if (outcome == DB_RETRY && p.tries < TRIES_MAX && p.count > 1) {
		push_piece(d, p.from, p.count, p.tries + 1);
	} else if ((outcome == DB_RETRY || outcome == DB_REFUSED) && p.count > 1) {
		push_piece(d, p.from + half, p.count - half, 0);
		push_piece(d, p.from, half, 0);
	} else if (outcome == DB_REFUSED) {
		log_warn("inbound.refused", "id=%lld reason=\"%s\"", (long long)d->sorted[p.from]->inbound.id, e->text);
		fail_row(d, d->sorted[p.from], "what was read in it cannot be stored");
		return;
	} else {
		metric_add(d->metrics.lost, (int64_t)p.count);
		log_warn(
		    "inbound.delayed", "rows=%zu outcome=%s reason=\"%s\"", p.count, db_outcome_text(outcome), e->text);
		if (outcome != DB_RETRY)
			d->piece_count = 0; /* the database is away: the leases end, and all is taken up again */
	}
	next_piece(d);
}

/* As many rows as have not too many items together; the rest is a piece of its own. */
static void
cut_piece(struct digest *d)
{
	struct piece *p = &d->piece;
	size_t items = 0, rows = 0;

	while (rows < p->count && (rows == 0 || items + d->sorted[p->from + rows]->reading.count <= ITEMS_MAX))
		items += d->sorted[p->from + rows++]->reading.count;
	if (rows == p->count)
		return;
	push_piece(d, p->from + rows, p->count - rows, 0);
	p->count = rows;
}

static void
next_piece(struct digest *d)
{
	struct db_tx *tx;

	if (d->piece_count == 0) {
		d->conf.on_digested(d->conf.arg);
		look_end(d, d->more);
		return;
	}
	d->piece = d->pieces[--d->piece_count];
	cut_piece(d);
	tx = db_begin(d->conf.db);
	effects_bind(tx, d->conf.channels, d->sorted + d->piece.from, d->piece.count);
	db_commit(tx, on_piece_done, d);
}

/* By id; rows that could not be read now stand last. */
static int
compare(const void *left, const void *right)
{
	const struct effects_row *a = *(const struct effects_row *const *)left;
	const struct effects_row *b = *(const struct effects_row *const *)right;

	if (!a->reading.later != !b->reading.later)
		return a->reading.later ? 1 : -1;
	return (a->inbound.id > b->inbound.id) - (a->inbound.id < b->inbound.id);
}

static void
bind_leases(struct db_tx *tx, const struct effects_row *const *rows, size_t count, int32_t seconds)
{
	db_bind_array(tx, DB_INT8S, count);
	for (size_t i = 0; i < count; i++)
		db_put_int8(tx, rows[i]->inbound.id);
	db_bind_array(tx, DB_INT8S, count);
	for (size_t i = 0; i < count; i++)
		db_put_int8(tx, rows[i]->token);
	db_bind_int4(tx, seconds);
}

static void
postpone(struct digest *d, size_t count)
{
	const struct effects_row *const *later = d->sorted + d->count - count;
	struct db_tx *tx = db_begin(d->conf.db);

	log_warn("inbound.postponed", "rows=%zu reason=\"%s\"", count, later[0]->reading.later);
	db_call(tx, &digest_statements[INBOUND_POSTPONE]);
	bind_leases(tx, later, count, POSTPONE_SECONDS);
	db_commit(tx, on_failed, d);
}

static void
commit_all(struct digest *d)
{
	size_t later = 0;

	qsort(d->sorted, d->count, sizeof(*d->sorted), compare);
	while (later < d->count && d->sorted[d->count - later - 1]->reading.later)
		later++;
	d->piece_count = 0;
	if (later < d->count)
		push_piece(d, 0, d->count - later, 0);
	if (later > 0)
		postpone(d, later);
	else
		next_piece(d);
}

static void
on_extended(void *arg, enum db_outcome outcome, const struct db_results *results, const struct err *e)
{
	(void)arg;
	(void)results;
	if (outcome != DB_COMMITTED)
		log_warn("inbound.unextended", "outcome=%s reason=\"%s\"", db_outcome_text(outcome), e->text);
}

/* However long a thread reads, nobody else begins meanwhile. */
static void
extend(struct digest *d)
{
	struct db_tx *tx;

	timer_start(d->timer, EXTEND_MS);
	if (!db_is_up(d->conf.db))
		return;
	tx = db_begin(d->conf.db);
	db_call(tx, &digest_statements[INBOUND_EXTEND]);
	bind_leases(tx, d->sorted, d->count, LEASE_SECONDS);
	db_commit(tx, on_extended, NULL);
}

/* On a thread of its own; the loop only looks at ids and tokens meanwhile. */
static void
read_slowly(void *arg)
{
	struct digest *d = arg;

	for (size_t i = 0; i < d->count; i++)
		if (d->rows[i].channel && d->rows[i].channel->slow)
			reading_make(d->conf.channels, d->conf.files, d->arena, &d->rows[i]);
}

static void
on_read_slowly(void *arg)
{
	struct digest *d = arg;

	worker_free(d->worker);
	d->worker = NULL;
	commit_all(d);
}

static void
read_all(struct digest *d)
{
	bool slow = false;
	struct err e;

	for (size_t i = 0; i < d->count; i++) {
		if (d->rows[i].channel && d->rows[i].channel->slow)
			slow = true;
		else
			reading_make(d->conf.channels, d->conf.files, d->arena, &d->rows[i]);
	}
	if (!slow) {
		commit_all(d);
		return;
	}
	d->worker = worker_start(d->conf.loop, read_slowly, on_read_slowly, d, &e);
	if (d->worker) {
		timer_start(d->timer, EXTEND_MS);
		return;
	}
	log_warn("inbound.delayed", "rows=%zu reason=\"%s\"", d->count, e.text);
	look_end(d, false);
}

static void
on_claimed(void *arg, enum db_outcome outcome, const struct db_results *results, const struct err *e)
{
	struct digest *d = arg;

	if (outcome != DB_COMMITTED && outcome != DB_UNAVAILABLE)
		log_warn("inbound.unclaimed", "outcome=%s reason=\"%s\"", db_outcome_text(outcome), e->text);
	if (outcome != DB_COMMITTED || db_rows(results, 0) == 0) {
		look_end(d, false);
		return;
	}
	d->count = db_rows(results, 0);
	/* Rows that were tried before come one by one, and there may be more of them. */
	d->more = true;
	d->rows = arena_array(d->arena, d->count, sizeof(*d->rows));
	for (size_t n = 0; n < d->count; n++)
		reading_take(&d->rows[n], d->arena, results, n);
	d->sorted = arena_array(d->arena, d->count, sizeof(*d->sorted));
	for (size_t n = 0; n < d->count; n++)
		d->sorted[n] = &d->rows[n];
	qsort(d->sorted, d->count, sizeof(*d->sorted), compare);
	read_all(d);
}

static void
on_look(void *arg)
{
	struct digest *d = arg;
	struct db_tx *tx;

	if (d->worker)
		extend(d);
	if (d->busy || loop_stopping(d->conf.loop))
		return;
	if (!db_is_up(d->conf.db)) {
		timer_start(d->timer, LOOK_MS);
		return;
	}
	d->busy = true;
	d->woken = d->more = false;
	d->arena = arena_new(0);
	loop_hold(d->conf.loop);
	tx = db_begin(d->conf.db);
	db_call(tx, &digest_statements[INBOUND_CLAIM]);
	db_bind_int4(tx, ROWS_MAX);
	db_bind_int8(tx, BYTES_MAX);
	db_bind_int4(tx, LEASE_SECONDS);
	db_bind_bool(tx, d->conf.mails);
	db_commit(tx, on_claimed, d);
}

struct digest *
digest_new(const struct digest_conf *conf, struct metrics *m)
{
	struct digest *d = calloc(1, sizeof(*d));
	const char *labels = conf->mails ? "of=\"mails\"" : "of=\"messages\"";

	if (!d)
		abort();
	d->conf = *conf;
	d->metrics.digested =
	    metrics_counter(m, "kopru_intake_inbound_digested_total", labels, "Rows read, with all that they mean");
	d->metrics.failed = metrics_counter(
	    m, "kopru_intake_inbound_failed_total", labels, "Attempts at rows that could not be digested");
	d->metrics.lost = metrics_counter(m, "kopru_intake_inbound_delayed_total", labels,
	    "Rows left to their lease: the database was away, or another had them");
	d->timer = timer_new(conf->loop, on_look, d);
	timer_start(d->timer, LOOK_MS);
	return d;
}

void
digest_free(struct digest *d)
{
	if (!d)
		return;
	worker_free(d->worker);
	timer_free(d->timer);
	forget_rows(d);
	free(d);
}
