/* sender_jobs: the notices under way: from a claimed row to the provider, and from the provider to the next transaction. */
#include <stdlib.h>
#include <string.h>

#include "common/base/log.h"
#include "common/base/text.h"
#include "services/notifier/sender_internal.h"

size_t
jobs_count(const struct sender *s, enum job_state state)
{
	size_t count = 0;

	for (size_t i = 0; i < s->job_count; i++)
		count += s->jobs[i].state == state;
	return count;
}

struct finish *
jobs_record(struct sender *s, struct arena *a, size_t *count)
{
	struct finish *finishes = arena_array(a, s->job_count + 1, sizeof(*finishes));

	*count = 0;
	for (size_t i = 0; i < s->job_count; i++) {
		struct job *job = &s->jobs[i];

		if (job->state != JOB_ENDED)
			continue;
		job->state = JOB_RECORDING;
		finishes[(*count)++] = job->finish;
	}
	return finishes;
}

struct uuid *
jobs_held(const struct sender *s, struct arena *a, size_t *count)
{
	struct uuid *applications = arena_array(a, s->job_count + 1, sizeof(*applications));

	*count = 0;
	for (size_t i = 0; i < s->job_count; i++)
		if (s->jobs[i].state == JOB_RECORDING && strcmp(s->jobs[i].finish.state, "held") == 0)
			applications[(*count)++] = s->jobs[i].claimed.notice.application_id;
	return applications;
}

void
jobs_recorded(struct sender *s, bool done)
{
	for (size_t i = 0; i < s->job_count; i++) {
		struct job *job = &s->jobs[i];

		if (job->state != JOB_RECORDING)
			continue;
		job->state = done ? JOB_FREE : JOB_ENDED;
		if (done)
			arena_reset(job->arena);
	}
}

struct finish *
jobs_leases(struct sender *s, struct arena *a, size_t *count)
{
	struct finish *leases = arena_array(a, s->job_count + 1, sizeof(*leases));
	int64_t now = clock_monotonic();

	*count = 0;
	for (size_t i = 0; i < s->job_count; i++) {
		struct job *job = &s->jobs[i];

		if (job->state != JOB_SENDING || now - job->leased_at < s->conf.lease_seconds * INT64_C(1000000) / 3)
			continue;
		job->leased_at = now;
		leases[(*count)++] = (struct finish){.id = job->claimed.notice.id, .token = job->claimed.token};
	}
	return leases;
}

/* What became of an attempt, for people and metrics. Nothing of the recipient. */
static void
job_tell(struct sender *s, const struct job *job)
{
	const struct finish *f = &job->finish;
	char id[UUID_TEXT_SIZE];

	if (!f->reason)
		return;
	uuid_text(&f->id, id);
	if (strcmp(f->state, "failed") == 0) {
		metric_add(s->metrics.failed, 1);
		log_error("notice.failed", "notice=%s attempts=%d reason=\"%s\"", id, job->claimed.attempts, f->reason);
	} else if (strcmp(f->state, "unknown") == 0) {
		metric_add(s->metrics.unknown, 1);
		log_warn("notice.unknown", "notice=%s attempts=%d reason=\"%s\"", id, job->claimed.attempts, f->reason);
	} else if (f->uncounted) {
		metric_add(s->metrics.delayed, 1);
		log_info("notice.delayed", "notice=%s state=%s wait_s=%d reason=\"%s\"", id, f->state, f->wait_seconds,
		    f->reason);
	} else {
		metric_add(s->metrics.retried, 1);
		log_warn("notice.retried", "notice=%s attempts=%d wait_s=%d reason=\"%s\"", id, job->claimed.attempts,
		    f->wait_seconds, f->reason);
	}
}

void
sender_on_end(void *arg, struct provider_letter *letter, enum provider_end end, const char *reason)
{
	struct sender *s = arg;
	struct job *job = (struct job *)(void *)((char *)letter - offsetof(struct job, letter));

	if (job->domain)
		budget_give(s->budget, job->domain);
	job_end(&s->conf.job, job, end, reason);
	job_tell(s, job);
	sender_soon(s, 2);
}

static struct job *
job_find_free(struct sender *s)
{
	for (size_t i = 0; i < s->job_count; i++)
		if (s->jobs[i].state == JOB_FREE)
			return &s->jobs[i];
	abort(); /* a claim asks for no more than are free */
}

/* Rows of one claim do not see each other, so what goes to the same address is added here. */
static void
today_add(const struct job *const *batch, size_t count, struct claimed *claimed)
{
	for (size_t i = 0; i < count; i++) {
		const struct notice *other = &batch[i]->claimed.notice;

		if (batch[i]->state != JOB_SENDING || !ascii_equal_nocase(other->address, claimed->notice.address))
			continue;
		claimed->letters_today++;
		claimed->confirms_today += strcmp(other->template, TEMPLATE_CONFIRM) == 0;
	}
}

static void
job_take_budget(struct sender *s, struct job *job)
{
	const char *at = strrchr(job->letter.to, '@'), *reason;
	char *domain = arena_string(job->arena, at ? at + 1 : "");
	int wait;

	for (char *c = domain; *c; c++)
		*c = ascii_lower(*c);
	snprintf(s->begin_after, sizeof(s->begin_after), "%s", domain);
	if (!s->provider->has_budgets)
		return;
	wait = budget_take(s->budget, domain, clock_monotonic(), &reason);
	if (wait > 0)
		job_delay(job, reason, wait);
	else
		job->domain = domain;
}

void
jobs_take(struct sender *s, size_t route, const struct db_results *results, size_t call)
{
	size_t rows = db_rows(results, call), ready = 0;
	struct arena *a = arena_new(0);
	const struct job **batch = arena_array(a, rows + 1, sizeof(const struct job *));
	struct provider_letter **letters = arena_array(a, rows + 1, sizeof(*letters));

	for (size_t row = 0; row < rows; row++) {
		struct job *job = job_find_free(s);

		job->domain = NULL;
		job->leased_at = clock_monotonic();
		store_get_claimed_notice(results, call, row, job->arena, &job->claimed);
		today_add(batch, row, &job->claimed);
		if (job_prepare(&s->conf.job, job))
			job_take_budget(s, job);
		batch[row] = job;
		if (job->state == JOB_SENDING) {
			job->letter.route = route;
			letters[ready++] = &job->letter;
			metric_add(s->metrics.resent, job->claimed.resend);
		} else {
			job_tell(s, job);
		}
	}
	if (ready > 0)
		s->provider->send(s->way, letters, ready);
	arena_free(a);
}
