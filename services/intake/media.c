/* media: see the header. */
#include "services/intake/media.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/log.h"
#include "proto/kopru/v1/application.pb-c.h"
#include "services/intake/media.sql.h"

#define CHANNELS_MAX 4
#define OF_CHANNEL_MAX 2 /* at once: a provider that says nothing holds up no other */
#define AT_ONCE (CHANNELS_MAX * OF_CHANNEL_MAX)
#define LEASE_SECONDS 240 /* longer than all its steps together may take */
#define LOOK_MS 1000
#define BACKLOG_EVERY 10 /* looks */
#define DAYS 7 /* since the message came; Meta has its file for 30 */
#define ATTEMPTS_GONE_MAX 5
#define BACK_OFF_MAX 900 /* seconds */

struct job {
	struct media_fetch fetch; /* first */
	struct media *media;
	const char *external_id, *name, *source;
	int64_t token;
	int32_t attempts;
	bool in_time; /* for one more */
	struct uuid id;
};

struct media {
	struct media_desk desk;
	struct db *db;
	struct inbound *inbound;
	struct loop_timer *timer;
	int channels[CHANNELS_MAX];
	size_t channel_count, running;
	struct job *jobs[AT_ONCE];
	bool asking, again, stopped, counting;
	unsigned looks;
	struct {
		struct metric *fetched, *refused, *failed, *retried, *wanted, *oldest;
	} metrics;
};

static void look(void *arg);

static const struct {
	int channel;
	const char *source;
} sources[] = {
    {KOPRU__V1__CHANNEL__CHANNEL_WHATSAPP, "whatsapp"},
    {KOPRU__V1__CHANNEL__CHANNEL_FACEBOOK, "messenger"},
    {KOPRU__V1__CHANNEL__CHANNEL_INSTAGRAM, "instagram"},
    {KOPRU__V1__CHANNEL__CHANNEL_TELEGRAM, "telegram"},
};

static const char *
source_of(int channel)
{
	for (size_t i = 0; i < sizeof(sources) / sizeof(sources[0]); i++)
		if (sources[i].channel == channel)
			return sources[i].source;
	return "unknown";
}

static void
make_metrics(struct media *m, struct metrics *all)
{
	static const char name[] = "kopru_intake_media_total", help[] = "Files of messages, by what became of them";

	m->metrics.fetched = metrics_counter(all, name, "end=\"fetched\"", help);
	m->metrics.refused = metrics_counter(all, name, "end=\"refused\"", help);
	m->metrics.failed = metrics_counter(all, name, "end=\"failed\"", help);
	m->metrics.retried = metrics_counter(all, name, "end=\"retried\"", help);
	m->metrics.wanted =
	    metrics_gauge(all, "kopru_intake_media_wanted", "", "Files of messages that are still to be fetched");
	m->metrics.oldest =
	    metrics_gauge(all, "kopru_intake_media_oldest_seconds", "", "Age of the oldest message with such a file");
}

struct media *
media_new(const struct media_desk *desk, struct db *d, struct inbound *inbound, struct metrics *all)
{
	const struct channels_conf *conf = desk->conf;
	const bool there[] = {conf->whatsapp, conf->messenger, conf->instagram, conf->telegram};
	struct media *m = calloc(1, sizeof(*m));

	if (!m)
		abort();
	m->desk = *desk;
	m->db = d;
	m->inbound = inbound;
	for (size_t i = 0; i < sizeof(sources) / sizeof(sources[0]); i++)
		if (there[i])
			m->channels[m->channel_count++] = sources[i].channel;
	make_metrics(m, all);
	m->timer = timer_new(desk->loop, look, m);
	timer_start(m->timer, LOOK_MS);
	return m;
}

void
media_stop(struct media *m)
{
	if (!m)
		return;
	m->stopped = true;
	timer_stop(m->timer);
}

void
media_free(struct media *m)
{
	if (!m)
		return;
	/* Who is still at work, a stop did not wait for. */
	for (size_t i = 0; i < AT_ONCE; i++) {
		if (!m->jobs[i])
			continue;
		worker_free(m->jobs[i]->fetch.worker);
		arena_free(m->jobs[i]->fetch.arena);
	}
	timer_free(m->timer);
	free(m);
}

static void
look_after(struct media *m, int64_t milliseconds)
{
	if (!m->stopped && !loop_stopping(m->desk.loop))
		timer_start(m->timer, milliseconds);
}

void
media_wake(struct media *m)
{
	m->again = true;
	if (!m->asking && m->running < AT_ONCE)
		look_after(m, 0);
}

static void
free_job(struct job *job)
{
	struct media *m = job->media;

	m->running--;
	for (size_t i = 0; i < AT_ONCE; i++)
		if (m->jobs[i] == job)
			m->jobs[i] = NULL;
	arena_free(job->fetch.arena);
	look_after(m, 0);
}

static void
on_stored(void *arg, enum db_outcome outcome, const struct db_results *results, const struct err *e)
{
	struct job *job = arg;

	(void)results;
	/* Whatever was not stored is claimed again when its lease ends. */
	if (outcome != DB_COMMITTED)
		log_warn("media.not_stored", "channel=%s outcome=%s reason=\"%s\"", job->source,
		    db_outcome_text(outcome), e->text);
	free_job(job);
}

static void
bind_job(struct db_tx *tx, const struct job *job)
{
	db_bind_int4(tx, job->fetch.channel);
	db_bind_text(tx, job->external_id);
	db_bind_text(tx, job->fetch.media_id);
	db_bind_int8(tx, job->token);
}

static void
store_fetched(struct job *job)
{
	const struct files_kept *kept = &job->fetch.kept;
	struct db_tx *tx = db_begin(job->media->db);

	metric_add(job->media->metrics.fetched, 1);
	job->id = files_id_new();
	db_call(tx, &media_statements[MEDIA_FETCHED_STORE]);
	bind_job(tx, job);
	db_bind_uuid(tx, &job->id);
	db_bind_bytes(tx, kept->kept_sha256, sizeof(kept->kept_sha256));
	db_bind_bytes(tx, kept->original_sha256, sizeof(kept->original_sha256));
	db_bind_int8(tx, (int64_t)kept->size);
	db_bind_text(tx, kept->media_type);
	db_bind_text(tx, job->name);
	db_bind_text(tx, job->source);
	db_bind_text(tx, kept->quarantine ? "quarantine" : "clean");
	db_commit(tx, on_stored, job);
}

static int32_t
back_off(const struct job *job)
{
	int64_t seconds = job->attempts < 10 ? INT64_C(1) << job->attempts : BACK_OFF_MAX;

	if (seconds < job->fetch.retry_after_ms / 1000)
		seconds = job->fetch.retry_after_ms / 1000;
	return (int32_t)(seconds < BACK_OFF_MAX ? seconds : BACK_OFF_MAX);
}

static void
store_ended(struct job *job, const char *state)
{
	struct db_tx *tx = db_begin(job->media->db);

	db_call(tx, &media_statements[MEDIA_ENDED]);
	bind_job(tx, job);
	db_bind_text(tx, state);
	db_bind_text(tx, job->fetch.reason);
	db_bind_int4(tx, back_off(job));
	db_commit(tx, on_stored, job);
}

static void
on_fetched(struct media_fetch *fetch, enum media_end end)
{
	struct job *job = (struct job *)fetch;
	struct media *m = job->media;
	bool again = job->in_time && (end != MEDIA_GONE || job->attempts < ATTEMPTS_GONE_MAX);

	if (end == MEDIA_FETCHED) {
		store_fetched(job);
		return;
	}
	if (end == MEDIA_REFUSED) {
		metric_add(m->metrics.refused, 1);
		store_ended(job, "refused");
		return;
	}
	inbound_error(m->inbound, job->source, fetch->reason);
	metric_add(again ? m->metrics.retried : m->metrics.failed, 1);
	store_ended(job, again ? "wanted" : "failed");
}

static const char *
copy_text(struct arena *a, const struct db_results *results, size_t row, int column)
{
	return db_null(results, 0, row, column) ? NULL : arena_string(a, db_text(results, 0, row, column));
}

static struct job *
read_job(struct media *m, const struct db_results *results, size_t row)
{
	struct arena *a = arena_new(0);
	struct job *job = arena_alloc(a, sizeof(*job));

	job->media = m;
	job->fetch.desk = &m->desk;
	job->fetch.arena = a;
	job->fetch.on_end = on_fetched;
	job->fetch.channel = db_int4(results, 0, row, 0);
	job->external_id = copy_text(a, results, row, 1);
	job->fetch.media_id = copy_text(a, results, row, 2);
	job->fetch.sha256 = copy_text(a, results, row, 4);
	job->name = copy_text(a, results, row, 5);
	job->token = db_int8(results, 0, row, 6);
	job->attempts = db_int4(results, 0, row, 7);
	job->in_time = db_bool(results, 0, row, 8);
	job->source = source_of(job->fetch.channel);
	return job;
}

static void
begin(struct media *m, struct job *job)
{
	size_t place = 0;

	while (m->jobs[place])
		place++;
	m->jobs[place] = job;
	m->running++;
	media_fetch_begin(&job->fetch);
}

static void
on_claimed(void *arg, enum db_outcome outcome, const struct db_results *results, const struct err *e)
{
	struct media *m = arg;
	size_t count = outcome == DB_COMMITTED ? db_rows(results, 0) : 0;

	(void)e;
	m->asking = false;
	if (outcome == DB_COMMITTED && m->counting && db_rows(results, 1) == 1) {
		metric_set(m->metrics.wanted, db_int8(results, 1, 0, 0));
		metric_set(m->metrics.oldest, db_int8(results, 1, 0, 1));
	}
	for (size_t row = 0; row < count && !m->stopped; row++)
		begin(m, read_job(m, results, row));
	look_after(m, m->again ? 0 : LOOK_MS);
}

static int32_t
room_of(const struct media *m, int channel)
{
	int32_t room = OF_CHANNEL_MAX;

	for (size_t i = 0; i < AT_ONCE; i++)
		room -= m->jobs[i] && m->jobs[i]->fetch.channel == channel;
	return room;
}

static void
look(void *arg)
{
	struct media *m = arg;
	struct db_tx *tx;

	if (m->asking || m->running >= AT_ONCE || m->channel_count == 0 || !db_is_up(m->db)) {
		look_after(m, LOOK_MS);
		return;
	}
	m->asking = true;
	m->again = false;
	tx = db_begin(m->db);
	db_call(tx, &media_statements[MEDIA_CLAIM]);
	db_bind_array(tx, DB_INT4S, m->channel_count);
	for (size_t i = 0; i < m->channel_count; i++)
		db_put_int4(tx, m->channels[i]);
	db_bind_array(tx, DB_INT4S, m->channel_count);
	for (size_t i = 0; i < m->channel_count; i++)
		db_put_int4(tx, room_of(m, m->channels[i]));
	db_bind_int4(tx, LEASE_SECONDS);
	db_bind_int4(tx, DAYS);
	m->counting = m->looks++ % BACKLOG_EVERY == 0;
	if (m->counting)
		db_call(tx, &media_statements[MEDIA_BACKLOG]);
	db_commit(tx, on_claimed, m);
}
