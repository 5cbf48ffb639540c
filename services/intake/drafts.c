/* drafts: claims what is due, reads what belongs to it, sends each on its way, and commits how they ended in groups. */
#include "services/intake/drafts.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/log.h"
#include "common/db/batch.h"
#include "services/intake/digest.sql.h"
#include "services/intake/draft.h"
#include "services/intake/drafts.sql.h"

#define LOOK_MS 1000
#define GATHER_MS 50
#define DRAFTS_MAX 100 /* under way at once */
#define LEASE_SECONDS 60 /* longer than application and commands may take */
#define FILES_SECONDS 600 /* so long files are waited for */
#define WAIT_MS 20000
#define UNREAD_SECONDS 1

struct drafts {
	struct drafts_conf conf;
	struct loop_timer *timer;
	struct batch *ends; /* NULL when it is stopped */
	bool busy, woken, more;
	size_t under_way;
	struct draft *claimed[DRAFTS_MAX];
	size_t claimed_count;
	struct {
		struct metric *applications, *replies, *additions, *triaged, *nothing, *released, *lost;
	} metrics;
};

static void
look_soon(struct drafts *d, int64_t milliseconds)
{
	if (!d->busy && d->ends && !loop_stopping(d->conf.loop))
		timer_start(d->timer, milliseconds);
}

void
drafts_wake(struct drafts *d)
{
	if (d->woken)
		return;
	d->woken = true;
	look_soon(d, GATHER_MS);
}

/* Whatever became of it is committed, or left to its lease. */
static void
forget(struct draft *draft)
{
	struct drafts *d = draft->drafts;

	draft_free(draft);
	d->under_way--;
	loop_release(d->conf.loop);
	if (d->under_way == 0 && (d->more || d->woken))
		look_soon(d, d->more ? 0 : GATHER_MS);
}

static void
end(struct draft *draft)
{
	struct drafts *d = draft->drafts;

	if (d->ends && batch_add(d->ends, draft) == 0)
		return;
	metric_add(d->metrics.lost, 1);
	forget(draft);
}

void
draft_finish(struct draft *draft, const char *ended_as, const struct uuid *application, const char *verdict)
{
	draft->ended_as = ended_as;
	draft->verdict = verdict;
	draft->has_application = application != NULL;
	if (application)
		draft->application_id = *application;
	end(draft);
}

void
draft_release(struct draft *draft, int seconds, bool counts)
{
	draft->ended_as = NULL;
	draft->wait_seconds = seconds;
	draft->counts = counts;
	end(draft);
}

static int
compare(const void *left, const void *right)
{
	const struct draft *a = *(struct draft *const *)left, *b = *(struct draft *const *)right;

	if (!a->ended_as != !b->ended_as)
		return a->ended_as ? -1 : 1;
	return uuid_compare(&a->id, &b->id);
}

static void
bind_leases(struct db_tx *tx, struct draft *const *drafts, size_t count)
{
	db_bind_array(tx, DB_UUIDS, count);
	for (size_t i = 0; i < count; i++)
		db_put_uuid(tx, &drafts[i]->id);
	db_bind_array(tx, DB_INT8S, count);
	for (size_t i = 0; i < count; i++)
		db_put_int8(tx, drafts[i]->token);
}

/* An application's are bound with it. */
static size_t
brought_count(const struct draft *draft)
{
	bool brought = strcmp(draft->ended_as, "reply") == 0 || strcmp(draft->ended_as, "addition") == 0;

	return brought ? draft->file_count : 0;
}

static void
bind_brought(struct db_tx *tx, struct draft *const *drafts, size_t count)
{
	size_t sum = 0;

	for (size_t i = 0; i < count; i++)
		sum += brought_count(drafts[i]);
	db_bind_array(tx, DB_UUIDS, sum);
	for (size_t i = 0; i < count; i++)
		for (size_t file = 0; file < brought_count(drafts[i]); file++)
			db_put_uuid(tx, &drafts[i]->files[file].id);
}

static void
bind_finished(struct db_tx *tx, struct draft *const *drafts, size_t count)
{
	db_call(tx, &drafts_statements[DRAFTS_FINISH]);
	bind_leases(tx, drafts, count);
	db_bind_array(tx, DB_TEXTS, count);
	for (size_t i = 0; i < count; i++)
		db_put_text(tx, drafts[i]->ended_as);
	db_bind_array(tx, DB_UUIDS, count);
	for (size_t i = 0; i < count; i++) {
		if (drafts[i]->has_application)
			db_put_uuid(tx, &drafts[i]->application_id);
		else
			db_put_null(tx);
	}
	db_bind_array(tx, DB_TEXTS, count);
	for (size_t i = 0; i < count; i++)
		db_put_text(tx, drafts[i]->verdict);
	bind_brought(tx, drafts, count);
}

static void
build(void *arg, struct db_tx *tx, void *const *items, size_t count)
{
	struct draft **sorted = arena_array(db_tx_arena(tx), count, sizeof(*sorted));
	size_t finished = 0;

	(void)arg;
	for (size_t i = 0; i < count; i++) {
		sorted[i] = items[i];
		finished += sorted[i]->ended_as != NULL;
	}
	qsort(sorted, count, sizeof(*sorted), compare);
	bind_finished(tx, sorted, finished);
	if (finished == count)
		return;
	db_call(tx, &drafts_statements[DRAFTS_RELEASE]);
	bind_leases(tx, sorted + finished, count - finished);
	db_bind_array(tx, DB_INT4S, count - finished);
	for (size_t i = finished; i < count; i++)
		db_put_int4(tx, sorted[i]->wait_seconds);
	db_bind_array(tx, DB_BOOLS, count - finished);
	for (size_t i = finished; i < count; i++)
		db_put_bool(tx, sorted[i]->counts);
}

static struct metric *
metric_of(const struct drafts *d, const struct draft *draft)
{
	switch (draft->ended_as ? draft->ended_as[0] : ' ') {
	case 'a':
		return draft->ended_as[1] == 'p' ? d->metrics.applications : d->metrics.additions;
	case 'r':
		return d->metrics.replies;
	case 't':
		return d->metrics.triaged;
	case 'n':
		return d->metrics.nothing;
	default:
		return d->metrics.released;
	}
}

static void
on_ended(void *arg, void *const *items, size_t count, enum db_outcome outcome, const struct db_results *results,
    const struct err *e)
{
	struct drafts *d = arg;

	(void)results;
	if (outcome != DB_COMMITTED)
		log_warn(
		    "drafts.delayed", "drafts=%zu outcome=%s reason=\"%s\"", count, db_outcome_text(outcome), e->text);
	for (size_t i = 0; i < count; i++) {
		struct draft *draft = items[i];

		metric_add(outcome == DB_COMMITTED ? metric_of(d, draft) : d->metrics.lost, 1);
		forget(draft);
	}
	if (outcome == DB_COMMITTED)
		d->conf.on_done(d->conf.arg);
}

static void
look_end(struct drafts *d)
{
	d->busy = false;
	look_soon(d, d->under_way > 0 || !d->more ? (d->woken ? GATHER_MS : LOOK_MS) : 0);
	loop_release(d->conf.loop);
}

static void
on_loaded(void *arg, enum db_outcome outcome, const struct db_results *results, const struct err *e)
{
	struct drafts *d = arg;

	if (outcome == DB_COMMITTED)
		drafts_loaded(results, d->claimed);
	else
		log_warn("drafts.unread", "drafts=%zu outcome=%s reason=\"%s\"", d->claimed_count,
		    db_outcome_text(outcome), e->text);
	for (size_t i = 0; i < d->claimed_count; i++) {
		if (outcome == DB_COMMITTED)
			draft_go(d->claimed[i], &d->conf);
		else if (outcome == DB_REFUSED) /* it would be so again: no sooner than its lease ends */
			forget(d->claimed[i]);
		else
			draft_release(d->claimed[i], UNREAD_SECONDS, false);
	}
	d->claimed_count = 0;
	look_end(d);
}

static void
on_claimed(void *arg, enum db_outcome outcome, const struct db_results *results, const struct err *e)
{
	struct drafts *d = arg;
	struct db_tx *tx;

	if (outcome != DB_COMMITTED && outcome != DB_UNAVAILABLE)
		log_warn("drafts.unclaimed", "outcome=%s reason=\"%s\"", db_outcome_text(outcome), e->text);
	if (outcome != DB_COMMITTED || db_rows(results, 1) == 0) {
		d->more = false;
		look_end(d);
		return;
	}
	d->claimed_count = db_rows(results, 1);
	d->more = d->claimed_count + d->under_way == DRAFTS_MAX;
	for (size_t i = 0; i < d->claimed_count; i++) {
		d->claimed[i] = draft_new(d, results, i);
		d->under_way++;
		loop_hold(d->conf.loop);
	}
	tx = db_begin(d->conf.db);
	drafts_load(tx, d->claimed, d->claimed_count);
	db_read(tx, on_loaded, d);
}

static void
on_look(void *arg)
{
	struct drafts *d = arg;
	struct db_tx *tx;

	if (d->busy || !d->ends || loop_stopping(d->conf.loop))
		return;
	if (!db_is_up(d->conf.db) || !source_knows_time(d->conf.entry->source) || d->under_way >= DRAFTS_MAX) {
		timer_start(d->timer, LOOK_MS);
		return;
	}
	d->busy = true;
	d->woken = false;
	loop_hold(d->conf.loop);
	tx = db_begin(d->conf.db);
	db_call(tx, &digest_statements[EFFECTS_LOCK]);
	db_call(tx, &drafts_statements[DRAFTS_CLAIM]);
	db_bind_int4(tx, (int32_t)(DRAFTS_MAX - d->under_way));
	db_bind_int4(tx, LEASE_SECONDS);
	db_bind_int4(tx, FILES_SECONDS);
	db_commit(tx, on_claimed, d);
}

static void
metrics_make(struct drafts *d, struct metrics *m)
{
	static const char name[] = "kopru_intake_drafts_total", help[] = "Drafts by what they became";

	d->metrics.applications = metrics_counter(m, name, "ended_as=\"application\"", help);
	d->metrics.replies = metrics_counter(m, name, "ended_as=\"reply\"", help);
	d->metrics.additions = metrics_counter(m, name, "ended_as=\"addition\"", help);
	d->metrics.triaged = metrics_counter(m, name, "ended_as=\"triage\"", help);
	d->metrics.nothing = metrics_counter(m, name, "ended_as=\"nothing\"", help);
	d->metrics.released =
	    metrics_counter(m, "kopru_intake_drafts_released_total", "", "Drafts that are tried again later");
	d->metrics.lost = metrics_counter(
	    m, "kopru_intake_drafts_delayed_total", "", "Drafts left to their lease: the database was away");
}

struct drafts *
drafts_new(const struct drafts_conf *conf, struct metrics *m)
{
	static const struct batch_conf ends = {
	    .limit = DRAFTS_MAX, .waiting = DRAFTS_MAX, .flights = 1, .wait_ms = WAIT_MS};
	struct drafts *d = calloc(1, sizeof(*d));

	if (!d)
		abort();
	d->conf = *conf;
	d->ends = batch_new(conf->loop, conf->db, &ends, build, on_ended, d);
	d->timer = timer_new(conf->loop, on_look, d);
	timer_start(d->timer, LOOK_MS);
	metrics_make(d, m);
	return d;
}

void
drafts_stop(struct drafts *d)
{
	struct batch *ends;

	if (!d)
		return;
	ends = d->ends;
	d->ends = NULL;
	batch_free(ends);
}

void
drafts_free(struct drafts *d)
{
	if (!d)
		return;
	timer_free(d->timer);
	free(d);
}
