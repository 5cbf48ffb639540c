/* sender_internal: what sender.c (transactions) and sender_jobs.c (what is under way) share. */
#ifndef KOPRU_SERVICES_NOTIFIER_SENDER_INTERNAL_H
#define KOPRU_SERVICES_NOTIFIER_SENDER_INTERNAL_H

#include "services/notifier/sender.h"

#define SENDER_ROUTES_MAX 33 /* providers have no more */
#define SENDER_JOBS_MAX 1024

struct sender_metrics {
	struct metric *sent, *failed, *retried, *delayed, *unknown, *resent, *lost;
	struct metric *waiting, *oldest, *held, *undecided;
};

struct sender {
	struct loop *loop;
	struct db *db;
	struct sender_conf conf;
	const struct provider *provider;
	void *way;
	struct budget *budget;
	struct loop_timer *timer;
	struct job *jobs; /* as many as the routes have room for */
	size_t job_count;
	char begin_after[256]; /* domain that the last claim ended with */

	/* Of the transaction under way. */
	bool busy, woken, soon;
	bool draining; /* the loop waits for what is under way */
	bool claims, measures;
	struct finish *finishes;
	size_t finish_count;
	size_t finish_call, recover_call, give_up_call, waiting_call;
	size_t claim_calls[SENDER_ROUTES_MAX], claim_limits[SENDER_ROUTES_MAX];
	bool more; /* a claim came back full */
	int64_t measured_at;
	struct sender_metrics metrics;
};

/* Asks for a transaction in so many milliseconds at the latest. */
void sender_soon(struct sender *s, int64_t milliseconds);

/* Jobs in one state. */
size_t jobs_count(const struct sender *s, enum job_state state);
/* Those that ended go into the transaction: their finishes, in its arena. */
struct finish *jobs_record(struct sender *s, struct arena *a, size_t *count);
/* Applications of those among them that wait for their address to be verified. */
struct uuid *jobs_held(const struct sender *s, struct arena *a, size_t *count);
/* The transaction's end: its jobs are free again, or, when it did not happen, go into the next. */
void jobs_recorded(struct sender *s, bool done);
/* Leases of what is still under way that should be made longer. */
struct finish *jobs_leases(struct sender *s, struct arena *a, size_t *count);
/* Takes what was claimed for a route, and hands it to the provider. */
void jobs_take(struct sender *s, size_t route, const struct db_results *results, size_t call);

#endif
