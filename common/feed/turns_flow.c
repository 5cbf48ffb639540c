/* turns_flow: when a turn begins, and what its end means. */
#include "common/feed/turns_state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/log.h"
#include "common/feed/feed.sql.h"

#define RETRY_MAX_MS 1000

static void
on_released(void *arg, enum db_outcome outcome, const struct db_results *results, const struct err *e)
{
	(void)arg;
	(void)e;
	if (outcome == DB_COMMITTED && db_int8(results, 0, 0, 0) > 0)
		log_warn("writer.frozen", "ended=%lld", (long long)db_int8(results, 0, 0, 0));
}

/* Rolled back for a reason that may pass: a deadlock, or a stream or cursor that someone held for 2 s. Only who is
 * frozen is ended by it. */
static void
turn_retry(struct turns *t)
{
	struct db_tx *tx = db_begin(t->db);
	int64_t wait = TURNS_RETRY_MS << (t->retries < 6 ? t->retries : 6);

	db_call(tx, &feed_statements[FEED_RELEASE_FROZEN]);
	db_commit(tx, on_released, NULL);
	t->retries++;
	wait += clock_monotonic() % (wait + 1);
	timer_start(t->retry, wait < RETRY_MAX_MS ? wait : RETRY_MAX_MS);
}

/* Is it the data (classes 21 to 23 and 54, or a function of ours that raised), and not a missing right or table? Then
 * parking everything would be the worst answer. The SQLSTATE stands in brackets at the end of the reason. */
bool
turns_reason_is_data(const struct err *e)
{
	static const char *const classes[] = {"21", "22", "23", "54", "P0"};
	const char *state = strrchr(e->text, '(');

	for (size_t i = 0; state && i < sizeof(classes) / sizeof(classes[0]); i++)
		if (strncmp(state + 1, classes[i], 2) == 0)
			return true;
	return !state;
}

/* The transaction is at fault. Halves find the guilty event; alone it gets some tries, then it is parked. */
static void
turn_refused(struct turns *t, size_t count, uint64_t last, const struct err *e)
{
	if (t->guilty || !turns_reason_is_data(e)) {
		log_error("turn.stuck", "stream=%s seq=%llu reason=\"%s\"", t->stream, (unsigned long long)last,
		    turns_reason_is_data(e) ? "an event cannot be parked" : e->text);
		turns_again(t, TURNS_FENCE_WAIT_MS);
		return;
	}
	if (count > 1) {
		t->suspect = last;
		turns_turn_start(t);
		return;
	}
	t->suspect = last;
	if (++t->tries < TURNS_TRIES) {
		timer_start(t->retry, TURNS_RETRY_MS);
		return;
	}
	t->guilty = true;
	t->reason = *e;
	turns_turn_start(t);
}

static void
turn_committed(struct turns *t, struct turns_turn *turn, const struct db_results *results)
{
	for (size_t i = 0; i < turn->parked_count; i++) {
		const struct turns_event_parked *parked = &turn->parked[i];
		char id[UUID_TEXT_SIZE];

		uuid_text(&parked->item->event_id, id);
		log_error("event.parked", "stream=%s seq=%llu event=%s", t->stream,
		    (unsigned long long)parked->item->seq, id);
		turns_parked_add(&t->parked, &parked->application_id);
	}
	t->seq = turn->items.last->seq;
	if (t->seq >= t->suspect)
		t->suspect = 0;
	t->tries = 0;
	t->retries = 0;
	t->guilty = false;
	metric_add(t->turns_total, 1);
	metric_add(t->events_total, (int64_t)turn->items.count);
	metric_add(t->parked_total, (int64_t)turn->parked_count);
	if (turn->digested > 0 && t->service.recorded)
		t->service.recorded(t->service.arg, turn->note, results);
	if (t->parked.count >= TURNS_PARKED_MAX)
		turns_again(t, 0);
	else if (t->consuming && turn->generation == t->generation)
		feed_consumer_ack(t->consumer, t->seq);
}

static void
turn_failed(struct turns *t, enum db_outcome outcome, size_t count, uint64_t last, const struct err *e)
{
	if (outcome == DB_FENCED) /* another instance has it */
		log_info("turn.fenced", "stream=%s last=%llu", t->stream, (unsigned long long)last);
	else
		log_warn("turn.failed", "stream=%s last=%llu events=%zu outcome=%s", t->stream,
		    (unsigned long long)last, count, db_outcome_text(outcome));
	if (outcome == DB_RETRY)
		turn_retry(t);
	else if (outcome == DB_REFUSED)
		turn_refused(t, count, last, e);
	else
		turns_again(t, outcome == DB_FENCED ? TURNS_FENCE_WAIT_MS : TURNS_RETRY_MS);
}

static void
on_turn_done(void *arg, enum db_outcome outcome, const struct db_results *results, const struct err *e)
{
	struct turns_turn *turn = arg;
	struct turns *t = turn->turns;
	size_t count = turn->items.count;
	uint64_t last = turn->items.last->seq;
	bool current = false;

	if (!t) {
		turns_turn_free(turn);
		return;
	}
	t->turn = NULL;
	current = t->consuming && turn->generation == t->generation;
	if (outcome == DB_COMMITTED)
		turn_committed(t, turn, results);
	else if (current)
		turns_items_put_back(&t->waiting, &turn->items);
	turns_turn_free(turn);
	if (outcome != DB_COMMITTED && current)
		turn_failed(t, outcome, count, last, e);
	loop_release(t->loop);
	turns_turn_start(t);
}

/* While a guilty event is looked for: half of what lies up to the suspect. */
static size_t
turn_limit(const struct turns *t)
{
	uint64_t suspects = t->suspect > t->seq ? t->suspect - t->seq : 0;

	if (t->guilty || suspects == 1)
		return 1;
	return suspects > 0 && suspects / 2 < t->limit ? (size_t)(suspects / 2) : t->limit;
}

/* Company is waited for once, and not by a turn that is full or looks for a guilty event. */
static bool
turn_lingers(struct turns *t)
{
	if (t->linger_ms == 0 || t->lingered || t->waiting.count >= t->limit || t->suspect > 0 || t->guilty)
		return false;
	if (!timer_pending(t->linger))
		timer_start(t->linger, t->linger_ms);
	return true;
}

void
turns_turn_start(struct turns *t)
{
	struct turns_task task = {
	    .consumer = t->consumer_name, .stream = t->stream, .old_seq = t->seq, .parked = &t->parked};
	struct turns_turn *turn = NULL;
	struct db_tx *tx = NULL;

	if (t->turn || !t->consuming || !t->waiting.first || timer_pending(t->retry) || loop_stopping(t->loop) ||
	    !db_is_up(t->db) || turn_lingers(t))
		return;
	timer_stop(t->linger);
	t->lingered = false;
	turn = calloc(1, sizeof(*turn));
	if (!turn)
		abort();
	turn->turns = t;
	turn->generation = t->generation;
	task.guilty = t->guilty ? t->reason.text : NULL;
	tx = db_begin(t->db);
	turns_turn_build(turn, &task, &t->service, tx, &t->waiting, turn_limit(t));
	t->turn = turn;
	loop_hold(t->loop);
	db_commit(tx, on_turn_done, turn);
}
