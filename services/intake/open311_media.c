/* open311_media: see the header. Few at once, and fewer of one host: strangers' servers may be slow, and so may many of them. */
#include "services/intake/open311_media.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/log.h"
#include "common/domain/command_fields.h"
#include "common/loop/worker.h"
#include "proto/kopru/v1/command.pb-c.h"
#include "services/intake/commands_turn.h"
#include "services/intake/open311.sql.h"
#include "services/intake/open311_fetch.h"

#define AT_ONCE 4
#define LOOK_MS 1000
#define BACKLOG_EVERY 10 /* looks */
#define ATTEMPTS_MAX 10
#define BACK_OFF_FIRST 2 /* seconds; doubles */
#define BACK_OFF_MAX 300
#define LEASE_SECONDS 180
#define ANSWER_MS 8000
#define ADDED_TEXT "Başvuruyla birlikte bildirilen dosya (media_url)."

/* One file under way. */
struct job {
	struct open311_media *media;
	struct arena *arena;
	struct worker *worker;
	struct open311_fetch fetch;
	const char *host;
	int64_t inbound_id, token;
	int32_t attempts;
	struct uuid application_id;
	uint64_t intake_seq;
	bool taken, kept;
	struct attachment file;
};

struct open311_media {
	struct open311_media_desk desk;
	struct loop_timer *timer;
	bool asking, stopped, counting;
	unsigned looks;
	atomic_bool cancelled;
	struct job jobs[AT_ONCE];
	struct {
		struct metric *added, *refused, *failed, *retried, *waiting, *oldest;
	} metrics;
};

static void
look_after(struct open311_media *m, int64_t milliseconds)
{
	if (!m->asking && !m->stopped && !loop_stopping(m->desk.loop))
		timer_start(m->timer, milliseconds);
}

static struct job *
free_place(struct open311_media *m)
{
	for (size_t i = 0; i < AT_ONCE; i++)
		if (!m->jobs[i].taken)
			return &m->jobs[i];
	return NULL;
}

static void
on_stored(void *arg, enum db_outcome outcome, const struct db_results *results, const struct err *e)
{
	struct job *job = arg;

	(void)results;
	/* What was not stored is claimed again when its lease ends. */
	if (outcome != DB_COMMITTED)
		log_warn("open311_media.not_stored", "outcome=%s reason=\"%s\"", db_outcome_text(outcome), e->text);
	job->taken = false;
	look_after(job->media, 0);
}

static int32_t
back_off(const struct job *job)
{
	int64_t seconds = job->attempts < 8 ? (int64_t)BACK_OFF_FIRST << job->attempts : BACK_OFF_MAX;

	return (int32_t)(seconds < BACK_OFF_MAX ? seconds : BACK_OFF_MAX);
}

static void
end(struct job *job, const char *state, const char *verdict, int32_t seconds)
{
	struct db_tx *tx;

	if (job->media->stopped) /* and the database perhaps gone: its lease ends by itself */
		return;
	tx = db_begin(job->media->desk.db);
	db_call(tx, &open311_statements[OPEN311_MEDIA_END]);
	db_bind_int8(tx, job->inbound_id);
	db_bind_int8(tx, job->token);
	db_bind_text(tx, state);
	db_bind_text(tx, verdict);
	db_bind_int4(tx, seconds);
	db_commit(tx, on_stored, job);
}

/* Once more, unless it was tried for long enough. */
static void
later(struct job *job, const char *verdict)
{
	bool again = job->attempts < ATTEMPTS_MAX;

	metric_add(again ? job->media->metrics.retried : job->media->metrics.failed, 1);
	end(job, again ? job->kept ? "kept" : "wanted" : "failed", again ? NULL : verdict, back_off(job));
}

static void
on_added(void *arg, const Kopru__V1__Reply *reply)
{
	struct job *job = arg;

	switch (reply ? (int)reply->code : KOPRU__V1__REPLY__CODE__CODE_UNKNOWN) {
	case KOPRU__V1__REPLY__CODE__CODE_OK:
		metric_add(job->media->metrics.added, 1);
		end(job, "added", "application; media_url added", 0);
		return;
	case KOPRU__V1__REPLY__CODE__CODE_CONFLICT:
	case KOPRU__V1__REPLY__CODE__CODE_FORBIDDEN:
	case KOPRU__V1__REPLY__CODE__CODE_INVALID:
	case KOPRU__V1__REPLY__CODE__CODE_UNSUPPORTED:
		metric_add(job->media->metrics.refused, 1);
		end(job, "refused", "application; media_url refused: its case takes no more", 0);
		return;
	default: /* the router does not know the application yet, or is away */
		later(job, "application; media_url failed: the router was not reached");
	}
}

/* The same id each time: the router adds it once. */
static void
add(struct job *job)
{
	struct command_fields fields = {.text = ADDED_TEXT, .attachment_count = 1};
	char key[UUID_TEXT_SIZE];
	struct uuid id;
	Kopru__V1__Command command;
	Kopru__V1__Actor actor;
	struct err e;

	uuid_text(&job->application_id, key);
	id = commands_id("open311 media", key, 0);
	fields.attachments[0] = job->file;
	kopru__v1__actor__init(&actor);
	actor.type = KOPRU__V1__ACTOR__TYPE__TYPE_CITIZEN;
	actor.role = KOPRU__V1__ACTOR__ROLE__ROLE_APPLICANT;
	actor.id = arena_string(job->arena, "open311");
	kopru__v1__command__init(&command);
	command.id = (ProtobufCBinaryData){UUID_SIZE, id.bytes};
	command.actor = &actor;
	command.application_id = (ProtobufCBinaryData){UUID_SIZE, job->application_id.bytes};
	command.after_intake_seq = job->intake_seq;
	command.language = arena_string(job->arena, "tr");
	if (!command_fields_fill(job->arena, KOPRU__V1__COMMAND__ACTION_CITIZEN_ADD, &fields, &command) ||
	    command_send(job->media->desk.client, &command, ANSWER_MS, on_added, job, &e) < 0)
		later(job, "application; media_url failed: the router was not reached");
}

static void
store_kept(struct job *job)
{
	const struct files_kept *kept = &job->fetch.kept;
	struct uuid id = files_id_new();
	struct db_tx *tx = db_begin(job->media->desk.db);

	db_call(tx, &open311_statements[OPEN311_MEDIA_KEEP]);
	db_bind_int8(tx, job->inbound_id);
	db_bind_int8(tx, job->token);
	db_bind_uuid(tx, &id);
	db_bind_bytes(tx, kept->kept_sha256, sizeof(kept->kept_sha256));
	db_bind_bytes(tx, kept->original_sha256, sizeof(kept->original_sha256));
	db_bind_int8(tx, (int64_t)kept->size);
	db_bind_text(tx, kept->media_type);
	db_bind_text(tx, kept->quarantine ? "quarantine" : "clean");
	db_bind_uuid(tx, &job->application_id);
	db_commit(tx, on_stored, job);
}

static void
on_thread(void *arg)
{
	struct job *job = arg;

	open311_fetch_run(&job->fetch);
}

static void
on_fetched(void *arg)
{
	struct job *job = arg;

	worker_free(job->worker);
	job->worker = NULL;
	if (job->media->stopped)
		return;
	if (job->fetch.end == OPEN311_FETCHED) {
		store_kept(job);
	} else if (job->fetch.end == OPEN311_REFUSED) {
		metric_add(job->media->metrics.refused, 1);
		end(job, "refused", job->fetch.verdict, 0);
	} else {
		later(job, job->fetch.verdict);
	}
}

static void
fetch(struct job *job, const char *url)
{
	struct err e;

	job->fetch = (struct open311_fetch){.files = job->media->desk.files,
	    .url = url,
	    .addresses = (const char *const *)job->media->desk.conf->media_addresses,
	    .address_count = job->media->desk.conf->media_address_count,
	    .cancelled = &job->media->cancelled};
	job->worker = worker_start(job->media->desk.loop, on_thread, on_fetched, job, &e);
	if (!job->worker)
		later(job, "application; media_url failed: no thread was to be had");
}

static void
file_read_row(struct job *job, const struct db_results *r)
{
	size_t size;
	const void *hash = db_bytes(r, 0, 0, 10, &size);

	job->file = (struct attachment){.id = db_uuid(r, 0, 0, 7),
	    .media_type = arena_string(job->arena, db_text(r, 0, 0, 8)),
	    .size = (uint64_t)db_int8(r, 0, 0, 9)};
	if (size == sizeof(job->file.sha256))
		memcpy(job->file.sha256, hash, size);
}

/* A file that somebody still looks at for viruses costs no attempt. */
static void
go_on_kept(struct job *job, const char *state)
{
	if (strcmp(state, "clean") == 0) {
		add(job);
	} else if (strcmp(state, "quarantine") == 0) {
		end(job, "kept", NULL, BACK_OFF_FIRST);
	} else {
		metric_add(job->media->metrics.refused, 1);
		end(job, "refused", "application; media_url refused: the file is infected", 0);
	}
}

static void
take(struct job *job, const struct db_results *results)
{
	arena_reset(job->arena);
	job->taken = true;
	job->inbound_id = db_int8(results, 0, 0, 0);
	job->token = db_int8(results, 0, 0, 1);
	job->attempts = db_int4(results, 0, 0, 2);
	job->application_id = db_uuid(results, 0, 0, 4);
	job->intake_seq = (uint64_t)db_int8(results, 0, 0, 5);
	job->kept = !db_null(results, 0, 0, 6);
	job->host = arena_string(job->arena, db_text(results, 0, 0, 11));
	if (!job->kept) {
		fetch(job, arena_string(job->arena, db_text(results, 0, 0, 3)));
		return;
	}
	file_read_row(job, results);
	go_on_kept(job, db_text(results, 0, 0, 6));
}

static void
on_claimed(void *arg, enum db_outcome outcome, const struct db_results *results, const struct err *e)
{
	struct open311_media *m = arg;

	m->asking = false;
	if (outcome == DB_COMMITTED && m->counting && db_rows(results, 1) == 1) {
		metric_set(m->metrics.waiting, db_int8(results, 1, 0, 0));
		metric_set(m->metrics.oldest, db_int8(results, 1, 0, 1));
	}
	if (outcome != DB_COMMITTED || db_rows(results, 0) == 0 || m->stopped) {
		if (outcome != DB_COMMITTED && outcome != DB_UNAVAILABLE)
			log_warn(
			    "open311_media.unclaimed", "outcome=%s reason=\"%s\"", db_outcome_text(outcome), e->text);
		look_after(m, LOOK_MS);
		return;
	}
	take(free_place(m), results);
	look_after(m, 0);
}

/* Of whom two are under way. */
static void
bind_busy_hosts(struct db_tx *tx, const struct open311_media *m)
{
	const char *busy[AT_ONCE * AT_ONCE];
	size_t count = 0;

	for (size_t i = 0; i < AT_ONCE; i++)
		for (size_t j = 0; j < i; j++)
			if (m->jobs[i].taken && m->jobs[j].taken && strcmp(m->jobs[i].host, m->jobs[j].host) == 0)
				busy[count++] = m->jobs[i].host;
	db_bind_array(tx, DB_TEXTS, count);
	for (size_t i = 0; i < count; i++)
		db_put_text(tx, busy[i]);
}

static void
on_look(void *arg)
{
	struct open311_media *m = arg;
	struct db_tx *tx;

	if (m->asking || m->stopped || !free_place(m)) /* whose end looks again */
		return;
	if (!db_is_up(m->desk.db)) {
		look_after(m, LOOK_MS);
		return;
	}
	m->asking = true;
	tx = db_begin(m->desk.db);
	db_call(tx, &open311_statements[OPEN311_MEDIA_CLAIM]);
	db_bind_int4(tx, LEASE_SECONDS);
	bind_busy_hosts(tx, m);
	m->counting = m->looks++ % BACKLOG_EVERY == 0;
	if (m->counting)
		db_call(tx, &open311_statements[OPEN311_MEDIA_BACKLOG]);
	db_commit(tx, on_claimed, m);
}

static void
on_stop(void *arg)
{
	struct open311_media *m = arg;

	m->stopped = true;
	atomic_store(&m->cancelled, true);
	timer_stop(m->timer);
}

struct open311_media *
open311_media_new(const struct open311_media_desk *desk, struct metrics *m)
{
	static const char name[] = "kopru_intake_open311_media_total",
			  help[] = "Files of Open311 requests by what became of them";
	struct open311_media *media = calloc(1, sizeof(*media));

	if (!media)
		abort();
	media->desk = *desk;
	for (size_t i = 0; i < AT_ONCE; i++)
		media->jobs[i] = (struct job){.media = media, .arena = arena_new(0)};
	media->metrics.added = metrics_counter(m, name, "end=\"added\"", help);
	media->metrics.refused = metrics_counter(m, name, "end=\"refused\"", help);
	media->metrics.failed = metrics_counter(m, name, "end=\"failed\"", help);
	media->metrics.retried = metrics_counter(m, name, "end=\"retried\"", help);
	media->metrics.waiting = metrics_gauge(m, "kopru_intake_open311_media_waiting", "",
	    "Files of Open311 requests that are still to be fetched or added");
	media->metrics.oldest = metrics_gauge(
	    m, "kopru_intake_open311_media_oldest_seconds", "", "Age of the oldest request with such a file");
	media->timer = timer_new(desk->loop, on_look, media);
	if (desk->conf)
		timer_start(media->timer, LOOK_MS);
	loop_on_stop(desk->loop, on_stop, media);
	return media;
}

void
open311_media_stop(struct open311_media *m)
{
	if (m)
		on_stop(m);
}

void
open311_media_free(struct open311_media *m)
{
	if (!m)
		return;
	for (size_t i = 0; i < AT_ONCE; i++) {
		worker_free(m->jobs[i].worker); /* whom a stop did not wait for */
		arena_free(m->jobs[i].arena);
	}
	timer_free(m->timer);
	free(m);
}

void
open311_media_wake(void *media)
{
	struct open311_media *m = media;

	look_after(m, 0);
}
