/* job: see job.h. */
#include "services/notifier/job.h"

#include <string.h>

#define LATE 100 /* percent of a term */

static void
finish_set(struct job *job, const char *state, const char *outcome, const char *reason)
{
	job->state = JOB_ENDED;
	job->finish = (struct finish){
	    .id = job->claimed.notice.id,
	    .token = job->claimed.token,
	    .state = state,
	    .outcome = outcome,
	    .reason = reason && *reason ? arena_string(job->arena, reason) : NULL,
	};
}

void
job_delay(struct job *job, const char *reason, int wait_seconds)
{
	finish_set(job, "pending", "delayed", reason);
	job->finish.wait_seconds = wait_seconds;
	job->finish.uncounted = true;
}

static bool
policy_allows(const struct job_conf *conf, struct job *job)
{
	static const char *const states[] = {[POLICY_HOLD] = "held", [POLICY_NONE] = "none"};
	const struct claimed *c = &job->claimed;
	const struct policy_facts facts = {
	    .confirm = strcmp(c->notice.template, TEMPLATE_CONFIRM) == 0,
	    .urgent = strcmp(c->notice.template, TEMPLATE_STAFF_PAGE) == 0 || c->notice.fields.stage >= LATE,
	    .verified = c->verified,
	    .opted_out = c->opted_out,
	    .letters_today = c->letters_today,
	    .confirms_today = c->confirms_today,
	    .now = c->now,
	};
	struct policy_verdict verdict = policy_decide(&conf->policy, &facts);

	if (verdict.step == POLICY_SEND)
		return true;
	job_delay(job, verdict.reason, verdict.wait_seconds);
	if (verdict.step != POLICY_WAIT)
		job->finish.state = states[verdict.step];
	return false;
}

bool
job_prepare(const struct job_conf *conf, struct job *job)
{
	const struct claimed *c = &job->claimed;
	const struct composing what = {.notice = &c->notice, .at = c->created_at, .repeated = c->resend};
	size_t size;
	char *data;
	struct err e;

	if (!policy_allows(conf, job))
		return false;
	data = composer_compose(conf->composer, job->arena, &what, &size, &e);
	if (!data) {
		finish_set(job, "failed", "failed", e.text); /* and so it would be for ever */
		return false;
	}
	job->letter = (struct provider_letter){
	    .id = c->notice.id, .number = c->notice.number, .to = c->notice.address, .data = data, .size = size};
	job->state = JOB_SENDING;
	return true;
}

void
job_end(const struct job_conf *conf, struct job *job, enum provider_end end, const char *reason)
{
	static const struct {
		const char *state, *outcome;
	} ends[] = {
	    [PROVIDER_SENT] = {"sent", "sent"},
	    [PROVIDER_RETRY] = {"pending", "retried"},
	    [PROVIDER_FAILED] = {"failed", "failed"},
	    [PROVIDER_UNKNOWN] = {"unknown", "unknown"},
	    [PROVIDER_UNTOUCHED] = {"pending", "delayed"},
	};

	finish_set(job, ends[end].state, ends[end].outcome, reason);
	job->finish.uncounted = end == PROVIDER_UNTOUCHED;
	if (end == PROVIDER_RETRY && job->claimed.attempts >= conf->attempts)
		job->finish.state = "failed";
	else if (end == PROVIDER_RETRY)
		job->finish.wait_seconds = policy_backoff(job->claimed.attempts);
}
