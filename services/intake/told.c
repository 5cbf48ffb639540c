/* told: claims whom to tell, asks the channel, and commits how it ended in groups. */
#include "services/intake/told.h"

#include <stdlib.h>

#include "common/base/log.h"
#include "common/db/batch.h"
#include "common/domain/access_code.h"
#include "services/intake/told.sql.h"

#define LOOK_MS 1000
#define GATHER_MS 50
#define TELLINGS_MAX 20 /* under way at once */
#define SENDING_SECONDS 120 /* longer than a provider may take */
#define LATER_SECONDS 60
#define GIVE_UP_SECONDS (24 * 3600) /* then nobody may be told any more over most channels */
#define WAIT_MS 60000

struct told {
	struct told_conf conf;
	struct loop_timer *timer;
	struct batch *ends; /* NULL when it is stopped */
	bool busy, woken;
	size_t under_way;
	struct {
		struct metric *sent, *failed, *later, *unknown;
	} metrics;
};

struct telling {
	struct tell tell;
	struct told *told;
	struct arena *arena;
	struct uuid id; /* of the draft */
	char id_text[UUID_TEXT_SIZE];
	enum tell_end end;
	const char *message_id; /* NULL: not known */
};

static void
look_soon(struct told *t, int64_t milliseconds)
{
	if (!t->busy && t->ends && !loop_stopping(t->conf.loop))
		timer_start(t->timer, milliseconds);
}

void
told_wake(struct told *t)
{
	if (t->woken)
		return;
	t->woken = true;
	look_soon(t, GATHER_MS);
}

static void
forget(struct telling *telling)
{
	struct told *t = telling->told;

	arena_free(telling->arena);
	t->under_way--;
	loop_release(t->conf.loop);
}

static void
on_told(struct tell *tell, enum tell_end end, const char *reason)
{
	struct telling *telling = tell->arg;
	struct told *t = telling->told;

	telling->end = end;
	telling->message_id = tell->message_id ? arena_string(telling->arena, tell->message_id) : NULL;
	if (end != TELL_SENT)
		log_warn("sender.untold", "draft=%s source=%s reason=\"%s\"", telling->id_text, tell->source,
		    reason ? reason : "");
	if (!t->ends || batch_add(t->ends, telling) < 0)
		forget(telling);
}

static int
compare(const void *left, const void *right)
{
	const struct telling *a = *(struct telling *const *)left, *b = *(struct telling *const *)right;

	return uuid_compare(&a->id, &b->id);
}

static void
build(void *arg, struct db_tx *tx, void *const *items, size_t count)
{
	static const char *const words[] = {
	    [TELL_SENT] = "sent", [TELL_LATER] = "no", [TELL_NEVER] = "failed", [TELL_UNKNOWN] = "unknown"};
	struct telling **sorted = arena_array(db_tx_arena(tx), count, sizeof(*sorted));

	(void)arg;
	for (size_t i = 0; i < count; i++)
		sorted[i] = items[i];
	qsort(sorted, count, sizeof(*sorted), compare);
	db_call(tx, &told_statements[TOLD_FINISH]);
	db_bind_array(tx, DB_UUIDS, count);
	for (size_t i = 0; i < count; i++)
		db_put_uuid(tx, &sorted[i]->id);
	db_bind_array(tx, DB_TEXTS, count);
	for (size_t i = 0; i < count; i++)
		db_put_text(tx, words[sorted[i]->end]);
	db_bind_array(tx, DB_TEXTS, count);
	for (size_t i = 0; i < count; i++)
		db_put_text(tx, sorted[i]->message_id);
	db_bind_int4(tx, LATER_SECONDS);
	db_bind_int4(tx, GIVE_UP_SECONDS);
}

static void
on_ended(void *arg, void *const *items, size_t count, enum db_outcome outcome, const struct db_results *results,
    const struct err *e)
{
	struct told *t = arg;
	struct metric *const counted[] = {
	    [TELL_SENT] = t->metrics.sent,
	    [TELL_LATER] = t->metrics.later,
	    [TELL_NEVER] = t->metrics.failed,
	    [TELL_UNKNOWN] = t->metrics.unknown,
	};

	(void)results;
	if (outcome != DB_COMMITTED)
		log_warn(
		    "told.delayed", "drafts=%zu outcome=%s reason=\"%s\"", count, db_outcome_text(outcome), e->text);
	for (size_t i = 0; i < count; i++) {
		struct telling *telling = items[i];

		if (outcome == DB_COMMITTED)
			metric_add(counted[telling->end], 1);
		forget(telling);
	}
}

static void
tell_one(struct told *t, const struct db_results *results, size_t row)
{
	struct arena *a = arena_new(0);
	struct telling *telling = arena_alloc(a, sizeof(*telling));
	struct uuid application = db_uuid(results, 1, row, 3);
	char code[ACCESS_CODE_TEXT_SIZE];

	telling->arena = a;
	telling->told = t;
	telling->id = db_uuid(results, 1, row, 0);
	uuid_text(&telling->id, telling->id_text);
	access_code_make(t->conf.access_code_key, t->conf.access_code_key_size, &application,
	    (uint32_t)db_int4(results, 1, row, 5), code);
	telling->tell = (struct tell){.source = arena_string(a, db_text(results, 1, row, 1)),
	    .reply_to = arena_string(a, db_text(results, 1, row, 2)),
	    .id = telling->id_text,
	    .text = told_text(a, db_text(results, 1, row, 4), code, t->conf.public_url, db_bool(results, 1, row, 6)),
	    .on_end = on_told,
	    .arg = telling};
	t->under_way++;
	loop_hold(t->conf.loop);
	t->conf.send(t->conf.arg, &telling->tell);
}

static void
on_claimed(void *arg, enum db_outcome outcome, const struct db_results *results, const struct err *e)
{
	struct told *t = arg;
	size_t count = outcome == DB_COMMITTED ? db_rows(results, 1) : 0, unknown = 0;

	if (outcome != DB_COMMITTED && outcome != DB_UNAVAILABLE)
		log_warn("told.unclaimed", "outcome=%s reason=\"%s\"", db_outcome_text(outcome), e->text);
	if (outcome == DB_COMMITTED)
		unknown = db_rows(results, 0);
	if (unknown > 0)
		log_warn("told.unknown", "drafts=%zu", unknown);
	metric_add(t->metrics.unknown, (int64_t)unknown);
	for (size_t row = 0; row < count; row++)
		tell_one(t, results, row);
	t->busy = false;
	look_soon(t, count > 0 && t->under_way < TELLINGS_MAX ? GATHER_MS : LOOK_MS);
	loop_release(t->conf.loop);
}

static void
on_look(void *arg)
{
	struct told *t = arg;
	struct db_tx *tx;

	if (t->busy || !t->ends || loop_stopping(t->conf.loop))
		return;
	t->woken = false;
	if (!db_is_up(t->conf.db) || t->under_way >= TELLINGS_MAX) {
		timer_start(t->timer, LOOK_MS);
		return;
	}
	t->busy = true;
	loop_hold(t->conf.loop);
	tx = db_begin(t->conf.db);
	db_call(tx, &told_statements[TOLD_RECOVER]);
	db_call(tx, &told_statements[TOLD_CLAIM]);
	db_bind_int4(tx, (int32_t)(TELLINGS_MAX - t->under_way));
	db_bind_int4(tx, SENDING_SECONDS);
	db_commit(tx, on_claimed, t);
}

struct told *
told_new(const struct told_conf *conf, struct metrics *m)
{
	static const struct batch_conf ends = {
	    .limit = TELLINGS_MAX, .waiting = TELLINGS_MAX, .flights = 1, .wait_ms = WAIT_MS};
	static const char name[] = "kopru_intake_told_total", help[] = "Senders told their number, by how it ended";
	struct told *t = calloc(1, sizeof(*t));

	if (!t)
		abort();
	t->conf = *conf;
	t->ends = batch_new(conf->loop, conf->db, &ends, build, on_ended, t);
	t->metrics.sent = metrics_counter(m, name, "end=\"sent\"", help);
	t->metrics.failed = metrics_counter(m, name, "end=\"failed\"", help);
	t->metrics.later = metrics_counter(m, name, "end=\"later\"", help);
	t->metrics.unknown = metrics_counter(m, name, "end=\"unknown\"", help);
	t->timer = timer_new(conf->loop, on_look, t);
	timer_start(t->timer, LOOK_MS);
	return t;
}

void
told_stop(struct told *t)
{
	struct batch *ends;

	if (!t)
		return;
	ends = t->ends;
	t->ends = NULL;
	batch_free(ends);
}

void
told_free(struct told *t)
{
	if (!t)
		return;
	timer_free(t->timer);
	free(t);
}
