/* job: one claimed notice on its way: policy at the moment of sending, its letter, and how it ended. */
#ifndef KOPRU_SERVICES_NOTIFIER_JOB_H
#define KOPRU_SERVICES_NOTIFIER_JOB_H

#include "services/notifier/composer.h"
#include "services/notifier/policy.h"
#include "services/notifier/providers/provider.h"
#include "services/notifier/store.h"

enum job_state {
	JOB_FREE,
	JOB_SENDING, /* the provider has it */
	JOB_ENDED, /* finish says how */
	JOB_RECORDING, /* a transaction carries finish */
};

struct job {
	enum job_state state;
	struct arena *arena; /* of all that follows */
	struct claimed claimed;
	struct provider_letter letter;
	const char *domain; /* whose budget it took; NULL: none's */
	struct finish finish;
	int64_t leased_at; /* monotonic */
};

struct job_conf {
	const struct composer *composer;
	struct policy_conf policy;
	int attempts; /* until it is given up */
};

/* By job->claimed: true when job->letter is ready to be sent, false when finish says why not. */
bool job_prepare(const struct job_conf *conf, struct job *job);
/* Nothing is sent now: the notice waits. */
void job_delay(struct job *job, const char *reason, int wait_seconds);
/* The provider said how it ended. */
void job_end(const struct job_conf *conf, struct job *job, enum provider_end end, const char *reason);

#endif
