/* sender: one transaction records how the last notices ended and claims the next ones. */
#include "services/notifier/sender.h"

#include <stdlib.h>

#include "common/base/log.h"
#include "services/notifier/store.h"

#define LOOK_MS 1000
#define GATHER_MS 50 /* a look costs a commit, so a moment's notices share one */
#define MEASURE_MS 10000
#define BACKOFF_SECONDS 10 /* doubled with each attempt */

struct sender {
	struct loop *loop;
	struct db *db;
	const struct composer *composer;
	struct file_outbox *outbox;
	struct loop_timer *timer;
	struct arena *arena; /* of the notices under way, until their end is recorded */
	struct finish *finishes;
	size_t count;
	bool busy; /* a transaction is under way */
	bool woken;
	int64_t measured_at;
	size_t finish_call, claim_call, waiting_call;
	bool claims, measures; /* the transaction does */
	struct metric *sent, *failed, *retried, *lost, *waiting, *oldest;
};

static void sender_turn(struct sender *s);

static void
on_timer(void *arg)
{
	sender_turn(arg);
}

static void
on_stop(void *arg)
{
	struct sender *s = arg;

	timer_stop(s->timer);
	if (!s->busy && s->count > 0)
		sender_turn(s);
}

static void
on_erased_read(void *arg, enum db_outcome outcome, const struct db_results *results, const struct err *e)
{
	struct sender *s = arg;
	struct delivered delivered;

	(void)e;
	if (outcome != DB_COMMITTED)
		return;
	for (size_t row = 0; row < db_rows(results, 0); row++) {
		store_get_delivered_notice(results, 0, row, &delivered);
		file_forget(s->outbox, delivered.number, &delivered.id);
	}
}

/* Some leases were lost while their letters were written; letters of erased applications must not stay. */
static void
leases_lost(struct sender *s, size_t lost)
{
	struct db_tx *tx = db_begin(s->db);

	log_warn("leases.lost", "notices=%zu", lost);
	metric_add(s->lost, (int64_t)lost);
	store_notices_erased(tx, s->finishes, s->count);
	db_read(tx, on_erased_read, s);
}

static void
finish_set(
    struct finish *finish, const struct claimed *claimed, bool delivered, const struct err *reason, struct arena *a)
{
	*finish = (struct finish){.id = claimed->notice.id, .token = claimed->token, .state = "sent"};
	if (delivered)
		return;
	finish->state = claimed->attempts >= SENDER_ATTEMPTS ? "failed" : "pending";
	finish->reason = arena_string(a, reason->text);
	if (claimed->attempts < SENDER_ATTEMPTS)
		finish->wait_seconds = BACKOFF_SECONDS << (claimed->attempts > 0 ? claimed->attempts - 1 : 0);
}

static void
finish_tell(struct sender *s, const struct finish *finish, int attempts)
{
	char id[UUID_TEXT_SIZE];

	if (!finish->reason)
		return;
	uuid_text(&finish->id, id);
	if (*finish->state == 'f') {
		metric_add(s->failed, 1);
		log_error("notice.failed", "notice=%s attempts=%d reason=\"%s\"", id, attempts, finish->reason);
	} else {
		metric_add(s->retried, 1);
		log_warn("notice.delayed", "notice=%s attempts=%d wait_s=%d reason=\"%s\"", id, attempts,
		    finish->wait_seconds, finish->reason);
	}
}

/* Delivers what was claimed and remembers how each ended, for the next transaction. */
static void
claimed_deliver(struct sender *s, const struct db_results *results)
{
	size_t count = db_rows(results, s->claim_call), written = 0;
	struct claimed *claimed = arena_array(s->arena, count + 1, sizeof(*claimed));
	struct file_letter *letters = arena_array(s->arena, count + 1, sizeof(*letters));

	s->finishes = arena_array(s->arena, count + 1, sizeof(*s->finishes));
	for (size_t row = 0; row < count; row++) {
		struct file_letter *letter = &letters[written];
		struct claimed *c = &claimed[written];
		char *data;
		struct err e;

		store_get_claimed_notice(results, s->claim_call, row, s->arena, c);
		*letter = (struct file_letter){.number = c->notice.number, .id = c->notice.id};
		data = composer_compose(s->composer, s->arena, &c->notice, c->created_at, &letter->size, &e);
		letter->data = data;
		if (data)
			written++;
		else
			finish_set(&s->finishes[s->count++], c, false, &e, s->arena);
		if (!data)
			finish_tell(s, &s->finishes[s->count - 1], c->attempts);
	}
	file_deliver(s->outbox, letters, written);
	for (size_t i = 0; i < written; i++) {
		finish_set(&s->finishes[s->count], &claimed[i], letters[i].delivered, &letters[i].reason, s->arena);
		finish_tell(s, &s->finishes[s->count++], claimed[i].attempts);
	}
}

static void
waiting_measured(struct sender *s, const struct db_results *results)
{
	int64_t count, age;

	store_get_waiting_notices(results, s->waiting_call, &count, &age);
	metric_set(s->waiting, count);
	metric_set(s->oldest, age);
	s->measured_at = clock_monotonic();
}

static void
turn_committed(struct sender *s, const struct db_results *results)
{
	if (s->count > 0) {
		size_t held = db_rows(results, s->finish_call);
		size_t sent = store_count_notices(results, s->finish_call, 1, "sent");

		metric_add(s->sent, (int64_t)sent);
		log_info("notices.sent", "sent=%zu others=%zu", sent, s->count - sent);
		if (held < s->count)
			leases_lost(s, s->count - held);
	}
	arena_reset(s->arena);
	s->count = 0;
	if (s->measures)
		waiting_measured(s, results);
	if (s->claims)
		claimed_deliver(s, results);
}

static void
on_turn_done(void *arg, enum db_outcome outcome, const struct db_results *results, const struct err *e)
{
	struct sender *s = arg;
	int64_t wait = LOOK_MS;

	s->busy = false;
	if (outcome == DB_COMMITTED) {
		turn_committed(s, results);
		if (s->count > 0)
			wait = 0;
		else if (s->woken)
			wait = GATHER_MS;
	} else if (outcome == DB_REFUSED) {
		/* Ours to repair; the leases run out and everything is tried again. */
		log_error("notices.refused", "reason=\"%s\"", e->text);
		arena_reset(s->arena);
		s->count = 0;
	} else if (outcome != DB_UNAVAILABLE || s->count > 0) {
		log_warn("notices.delayed", "outcome=%s reason=\"%s\"", db_outcome_text(outcome), e->text);
	}
	if (!loop_stopping(s->loop))
		timer_start(s->timer, wait);
	else if (outcome == DB_COMMITTED && s->count > 0)
		sender_turn(s);
	loop_release(s->loop);
}

static void
sender_turn(struct sender *s)
{
	struct db_tx *tx;

	if (s->busy)
		return;
	s->busy = true;
	s->woken = false;
	s->claims = !loop_stopping(s->loop);
	s->measures = clock_monotonic() - s->measured_at > MEASURE_MS * 1000;
	tx = db_begin(s->db);
	if (s->count > 0)
		s->finish_call = store_notices_finish(tx, s->finishes, s->count);
	if (s->claims)
		s->claim_call = store_notices_claim(tx, SENDER_LIMIT, SENDER_LEASE_SECONDS);
	if (s->measures)
		s->waiting_call = store_notices_waiting(tx);
	loop_hold(s->loop);
	db_commit(tx, on_turn_done, s);
}

void
sender_wake(struct sender *s)
{
	if (!s->busy && !s->woken)
		timer_start(s->timer, GATHER_MS);
	s->woken = true;
}

static void
metrics_make(struct sender *s, struct metrics *m)
{
	s->sent = metrics_counter(m, "kopru_notifier_notices_sent_total", "", "notices that the provider took");
	s->failed = metrics_counter(m, "kopru_notifier_notices_failed_total", "", "notices given up");
	s->retried = metrics_counter(m, "kopru_notifier_notices_retried_total", "", "attempts that will be repeated");
	s->lost =
	    metrics_counter(m, "kopru_notifier_leases_lost_total", "", "notices that ended after their lease was lost");
	s->waiting = metrics_gauge(m, "kopru_notifier_notices_waiting", "", "notices neither sent nor given up");
	s->oldest = metrics_gauge(
	    m, "kopru_notifier_notices_oldest_seconds", "", "age of the oldest notice neither sent nor given up");
}

struct sender *
sender_new(struct loop *l, struct db *d, const struct composer *composer, struct file_outbox *outbox, struct metrics *m)
{
	struct sender *s = calloc(1, sizeof(*s));

	if (!s)
		abort();
	s->loop = l;
	s->db = d;
	s->composer = composer;
	s->outbox = outbox;
	s->arena = arena_new(0);
	s->timer = timer_new(l, on_timer, s);
	s->measured_at = clock_monotonic() - MEASURE_MS * 1000;
	metrics_make(s, m);
	loop_on_stop(l, on_stop, s);
	timer_start(s->timer, LOOK_MS);
	return s;
}

void
sender_free(struct sender *s)
{
	if (!s)
		return;
	timer_free(s->timer);
	arena_free(s->arena);
	free(s);
}
