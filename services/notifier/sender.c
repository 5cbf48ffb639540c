/* sender: one transaction records how the last notices ended and claims the next ones. */
#include "services/notifier/sender_internal.h"

#include <stdlib.h>

#include "common/base/log.h"
#include "services/notifier/store_staff.h"

#define LOOK_MS 1000
#define GATHER_MS 50 /* a look costs a commit, so a moment's notices share one */
#define MEASURE_MS 10000

static void sender_turn(struct sender *s);

static void
on_timer(void *arg)
{
	struct sender *s = arg;

	s->soon = false;
	sender_turn(s);
}

void
sender_soon(struct sender *s, int64_t milliseconds)
{
	if (s->busy || s->soon)
		return;
	s->soon = true;
	timer_start(s->timer, milliseconds);
}

void
sender_wake(struct sender *s)
{
	s->woken = true;
	sender_soon(s, GATHER_MS);
}

static void
on_stop(void *arg)
{
	struct sender *s = arg;

	if (s->provider)
		s->provider->stop(s->way);
	if (jobs_count(s, JOB_FREE) == s->job_count)
		return;
	s->draining = true;
	loop_hold(s->loop);
	s->soon = false;
	sender_soon(s, 0);
}

void
sender_forget(struct sender *s, const char *number, const struct uuid *id)
{
	if (s->provider && s->provider->forget)
		s->provider->forget(s->way, number, id);
}

void
sender_forget_numbers(struct sender *s, const char *const *numbers, size_t count)
{
	if (s->provider && s->provider->forget_numbers)
		s->provider->forget_numbers(s->way, numbers, count);
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
		sender_forget(s, delivered.number, &delivered.id);
	}
}

/* Some leases were lost while their letters were written; letters of erased applications must not stay. */
static void
leases_lost(struct sender *s, size_t lost)
{
	struct db_tx *tx = db_begin(s->db);

	log_warn("leases.lost", "notices=%zu", lost);
	metric_add(s->metrics.lost, (int64_t)lost);
	store_notices_erased(tx, s->finishes, s->finish_count);
	db_read(tx, on_erased_read, s);
}

static void
finishes_counted(struct sender *s, const struct db_results *results)
{
	size_t held = db_rows(results, s->finish_call);
	size_t sent = store_count_notices(results, s->finish_call, 1, "sent");

	metric_add(s->metrics.sent, (int64_t)sent);
	log_info("notices.sent", "sent=%zu others=%zu", sent, s->finish_count - sent);
	if (held < s->finish_count)
		leases_lost(s, s->finish_count - held);
}

static void
waiting_measured(struct sender *s, const struct db_results *results)
{
	size_t gone = db_rows(results, s->give_up_call);
	struct waiting waiting;

	store_get_waiting_notices(results, s->waiting_call, &waiting);
	metric_set(s->metrics.waiting, waiting.count);
	metric_set(s->metrics.oldest, waiting.age_seconds);
	metric_set(s->metrics.held, waiting.held);
	metric_set(s->metrics.undecided, waiting.unknown);
	if (gone > 0)
		log_info("notices.given_up", "notices=%zu reason=\"address was not verified in time\"", gone);
	s->measured_at = clock_monotonic();
}

static void
ended_leases_counted(struct sender *s, const struct db_results *results)
{
	size_t ended = db_rows(results, s->recover_call);
	size_t unknown = store_count_notices(results, s->recover_call, 0, "unknown");

	metric_add(s->metrics.unknown, (int64_t)unknown);
	if (ended > 0)
		log_warn("leases.ended", "notices=%zu unknown=%zu", ended, unknown);
}

static void
turn_committed(struct sender *s, const struct db_results *results)
{
	if (s->finish_count > 0)
		finishes_counted(s, results);
	jobs_recorded(s, true);
	if (s->measures)
		waiting_measured(s, results);
	s->more = false;
	if (!s->claims)
		return;
	ended_leases_counted(s, results);
	for (size_t route = 0; route < s->provider->routes(s->way); route++) {
		if (s->claim_limits[route] == 0)
			continue;
		s->more |= db_rows(results, s->claim_calls[route]) == s->claim_limits[route];
		jobs_take(s, route, results, s->claim_calls[route]);
	}
}

/* Milliseconds until the next turn; -1: none. */
static int64_t
next_turn(const struct sender *s, enum db_outcome outcome)
{
	bool idle = jobs_count(s, JOB_FREE) == s->job_count;

	if (loop_stopping(s->loop) && idle)
		return -1;
	if (outcome != DB_COMMITTED)
		return loop_stopping(s->loop) ? 100 : LOOK_MS;
	if (jobs_count(s, JOB_ENDED) > 0 || (s->more && idle))
		return 0;
	return s->woken ? GATHER_MS : LOOK_MS;
}

static void
turn_after(struct sender *s, enum db_outcome outcome)
{
	int64_t wait = next_turn(s, outcome);

	s->soon = wait >= 0 && wait < LOOK_MS;
	if (wait >= 0)
		timer_start(s->timer, wait);
	if (wait < 0 && s->draining) {
		s->draining = false;
		loop_release(s->loop);
	}
}

static void
on_turn_done(void *arg, enum db_outcome outcome, const struct db_results *results, const struct err *e)
{
	struct sender *s = arg;

	if (outcome == DB_COMMITTED) {
		turn_committed(s, results);
	} else if (outcome == DB_REFUSED) {
		/* Ours to repair; the leases run out and everything is tried again. */
		log_error("notices.refused", "reason=\"%s\"", e->text);
		jobs_recorded(s, true);
	} else {
		if (outcome != DB_UNAVAILABLE || s->finish_count > 0)
			log_warn("notices.delayed", "outcome=%s reason=\"%s\"", db_outcome_text(outcome), e->text);
		jobs_recorded(s, false);
	}
	s->busy = false;
	turn_after(s, outcome);
	loop_release(s->loop);
}

/* How far it must be counted what an address got today. */
static int
count_today_to(const struct policy_conf *policy)
{
	if (policy->letters_a_day > 0)
		return policy->letters_a_day;
	return policy->confirms_a_day > 0 ? 10000 : 0;
}

/* Each route may be given what it has room for, while there are places. */
static void
claims_add(struct sender *s, struct db_tx *tx)
{
	struct budget_list limited = budget_list(s->budget, db_tx_arena(tx), clock_monotonic());
	size_t places = jobs_count(s, JOB_FREE) + s->finish_count;
	struct claim claim = {
	    .lease_seconds = s->conf.lease_seconds,
	    .limited = limited.domains,
	    .limits = limited.left,
	    .limited_count = limited.count,
	    .limit_a_domain = s->provider->has_budgets ? s->conf.domain_at_once : SENDER_JOBS_MAX,
	    .provider = s->provider->name,
	    .begin_after = s->begin_after,
	    .count_today_to = count_today_to(&s->conf.job.policy),
	};

	s->recover_call = store_notices_recover(tx, s->conf.settle_seconds);
	for (size_t i = 0; i < s->provider->routes(s->way); i++) {
		struct provider_route route = s->provider->route(s->way, i);
		size_t limit = route.room < places ? route.room : places;

		s->claim_limits[i] = limit;
		if (limit == 0)
			continue;
		places -= limit;
		claim.limit = (int)limit;
		claim.domains = route.domains;
		claim.domain_count = route.domain_count;
		claim.only_these = i > 0;
		s->claim_calls[i] = store_notices_claim(tx, &claim);
	}
}

static void
measures_add(struct sender *s, struct db_tx *tx)
{
	s->give_up_call = store_notices_give_up(tx, s->conf.held_days);
	s->waiting_call = store_notices_waiting(tx);
	store_staff_sum_up(tx);
}

/* Whoever waits for a proof from now on is asked for it, if he never was. */
static void
finishes_add(struct sender *s, struct db_tx *tx)
{
	struct uuid *applications;
	size_t held;

	s->finish_call = store_notices_finish(tx, s->finishes, s->finish_count, s->conf.settle_seconds);
	applications = jobs_held(s, db_tx_arena(tx), &held);
	if (held > 0)
		store_confirms_ensure(tx, applications, held);
}

/* While it stops and waits for answers. */
static void
nothing_now(struct sender *s, struct db_tx *tx)
{
	db_abandon(tx);
	s->busy = false;
	timer_start(s->timer, LOOK_MS);
}

static void
sender_turn(struct sender *s)
{
	struct finish *leases;
	struct db_tx *tx;
	size_t count;

	if (s->busy || !s->provider)
		return;
	s->busy = true;
	s->woken = false;
	s->claims = !loop_stopping(s->loop);
	s->measures = s->claims && clock_monotonic() - s->measured_at > MEASURE_MS * 1000;
	tx = db_begin(s->db);
	s->finishes = jobs_record(s, db_tx_arena(tx), &s->finish_count);
	if (s->finish_count > 0)
		finishes_add(s, tx);
	leases = jobs_leases(s, db_tx_arena(tx), &count);
	if (count > 0)
		store_notices_extend(tx, leases, count, s->conf.lease_seconds);
	if (!s->claims && s->finish_count == 0 && count == 0) {
		nothing_now(s, tx);
		return;
	}
	if (s->claims)
		claims_add(s, tx);
	if (s->measures)
		measures_add(s, tx);
	loop_hold(s->loop);
	db_commit(tx, on_turn_done, s);
}

static void
metrics_make(struct sender_metrics *own, struct metrics *m)
{
	own->sent = metrics_counter(m, "kopru_notifier_notices_sent_total", "", "notices that the provider took");
	own->failed = metrics_counter(m, "kopru_notifier_notices_failed_total", "", "notices given up");
	own->retried = metrics_counter(m, "kopru_notifier_notices_retried_total", "", "attempts that will be repeated");
	own->delayed = metrics_counter(
	    m, "kopru_notifier_notices_delayed_total", "", "notices that waited: budgets, quiet hours, verification");
	own->unknown = metrics_counter(m, "kopru_notifier_notices_unknown_total", "",
	    "attempts of which nobody knows whether the provider took the letter");
	own->resent = metrics_counter(m, "kopru_notifier_notices_resent_total", "", "repetitions of what nobody knew");
	own->lost =
	    metrics_counter(m, "kopru_notifier_leases_lost_total", "", "notices that ended after their lease was lost");
	own->waiting = metrics_gauge(m, "kopru_notifier_notices_waiting", "", "notices neither sent nor given up");
	own->oldest = metrics_gauge(
	    m, "kopru_notifier_notices_oldest_seconds", "", "age of the oldest notice neither sent nor given up");
	own->held =
	    metrics_gauge(m, "kopru_notifier_notices_held", "", "notices that wait for their address to be verified");
	own->undecided =
	    metrics_gauge(m, "kopru_notifier_notices_unknown", "", "notices that may or may not have arrived");
}

struct sender *
sender_new(struct loop *l, struct db *d, const struct sender_conf *conf, struct metrics *m)
{
	struct sender *s = calloc(1, sizeof(*s));

	if (!s)
		abort();
	s->loop = l;
	s->db = d;
	s->conf = *conf;
	s->budget = budget_new(conf->domain_at_once, conf->domain_a_minute);
	s->timer = timer_new(l, on_timer, s);
	s->measured_at = clock_monotonic() - MEASURE_MS * 1000;
	metrics_make(&s->metrics, m);
	loop_on_stop(l, on_stop, s);
	timer_start(s->timer, LOOK_MS);
	return s;
}

static struct job *
jobs_new(size_t count)
{
	struct job *jobs = calloc(count, sizeof(*jobs));

	if (!jobs)
		abort();
	for (size_t i = 0; i < count; i++)
		jobs[i].arena = arena_new(0);
	return jobs;
}

void
sender_use(struct sender *s, const struct provider *provider, void *way)
{
	size_t places = 0;

	s->provider = provider;
	s->way = way;
	if (provider->routes(way) > SENDER_ROUTES_MAX)
		abort();
	for (size_t i = 0; i < provider->routes(way); i++)
		places += provider->route(way, i).room;
	s->job_count = places < SENDER_JOBS_MAX ? places : SENDER_JOBS_MAX;
	s->jobs = jobs_new(s->job_count);
}

void
sender_free(struct sender *s)
{
	if (!s)
		return;
	if (s->provider)
		s->provider->free(s->way);
	for (size_t i = 0; i < s->job_count; i++)
		arena_free(s->jobs[i].arena);
	free(s->jobs);
	budget_free(s->budget);
	timer_free(s->timer);
	free(s);
}
