/* media_late: see the header. */
#include "services/intake/media_late.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/log.h"
#include "common/domain/command_fields.h"
#include "services/intake/commands_turn.h"
#include "services/intake/media.sql.h"

#define AT_ONCE 64
#define LOOK_MS 1000
#define LEASE_SECONDS 60 /* longer than an answer may take; drafts that are open are looked at as often */
#define ANSWER_MS 8000
#define ADDED_TEXT "Mesajla gelen, sonradan alınabilen dosya."

struct late {
	struct media_late *all;
	int channel;
	const char *external_id, *media_id, *source;
	int64_t token;
	struct uuid application_id;
	uint64_t intake_seq;
	struct attachment file;
};

struct media_late {
	struct loop *loop;
	struct db *db;
	struct command_client *client;
	struct loop_timer *timer;
	struct arena *arena; /* of those under way */
	struct late *late;
	size_t under_way;
	bool stopped;
	struct {
		struct metric *added, *refused, *delayed;
	} metrics;
};

static void
look_after(struct media_late *m, int64_t milliseconds)
{
	if (!m->stopped && !loop_stopping(m->loop))
		timer_start(m->timer, milliseconds);
}

/* All of a look end before the next one. */
static void
end(struct media_late *m)
{
	if (--m->under_way == 0)
		look_after(m, LOOK_MS);
}

static void
on_settled(void *arg, enum db_outcome outcome, const struct db_results *results, const struct err *e)
{
	struct late *late = arg;

	(void)results;
	/* What is not settled is asked again when its lease ends. */
	if (outcome != DB_COMMITTED)
		log_warn("media_late.not_settled", "outcome=%s reason=\"%s\"", db_outcome_text(outcome), e->text);
	end(late->all);
}

static void
settle(struct late *late, const char *verdict)
{
	struct db_tx *tx;

	if (late->all->stopped) {
		end(late->all);
		return;
	}
	tx = db_begin(late->all->db);
	db_call(tx, &media_statements[MEDIA_LATE_SETTLE]);
	db_bind_int4(tx, late->channel);
	db_bind_text(tx, late->external_id);
	db_bind_text(tx, late->media_id);
	db_bind_int8(tx, late->token);
	db_bind_uuid(tx, &late->application_id);
	db_bind_text(tx, verdict);
	db_commit(tx, on_settled, late);
}

static void
on_added(void *arg, const Kopru__V1__Reply *reply)
{
	struct late *late = arg;
	struct media_late *m = late->all;

	switch (reply ? (int)reply->code : KOPRU__V1__REPLY__CODE__CODE_UNKNOWN) {
	case KOPRU__V1__REPLY__CODE__CODE_OK:
		metric_add(m->metrics.added, 1);
		settle(late, NULL);
		return;
	case KOPRU__V1__REPLY__CODE__CODE_CONFLICT:
	case KOPRU__V1__REPLY__CODE__CODE_FORBIDDEN:
	case KOPRU__V1__REPLY__CODE__CODE_INVALID:
	case KOPRU__V1__REPLY__CODE__CODE_UNSUPPORTED:
		metric_add(m->metrics.refused, 1);
		settle(late, "a file of it came late, and its case takes no more");
		return;
	default: /* the router does not know the application yet, or is away */
		metric_add(m->metrics.delayed, 1);
		end(m);
	}
}

/* The same file of the same message: the same id. */
static struct uuid
command_id(const struct late *late)
{
	return commands_id(
	    "media", arena_printf(late->all->arena, "%d/%s/%s", late->channel, late->external_id, late->media_id), 0);
}

static void
tell(struct late *late)
{
	struct arena *a = late->all->arena;
	struct command_fields fields = {.text = ADDED_TEXT, .attachment_count = 1};
	struct uuid id = command_id(late);
	Kopru__V1__Command command;
	Kopru__V1__Actor actor;
	struct err e;

	fields.attachments[0] = late->file;
	kopru__v1__actor__init(&actor);
	actor.type = KOPRU__V1__ACTOR__TYPE__TYPE_CITIZEN;
	actor.role = KOPRU__V1__ACTOR__ROLE__ROLE_APPLICANT;
	actor.id = arena_string(a, late->source);
	kopru__v1__command__init(&command);
	command.id = (ProtobufCBinaryData){UUID_SIZE, id.bytes};
	command.actor = &actor;
	command.application_id = (ProtobufCBinaryData){UUID_SIZE, late->application_id.bytes};
	command.after_intake_seq = late->intake_seq;
	command.language = arena_string(a, "tr");
	if (!command_fields_fill(a, KOPRU__V1__COMMAND__ACTION_CITIZEN_ADD, &fields, &command) ||
	    command_send(late->all->client, &command, ANSWER_MS, on_added, late, &e) < 0)
		end(late->all);
}

static void
read_row(struct media_late *m, struct late *late, const struct db_results *r, size_t row)
{
	size_t size;
	const void *hash = db_bytes(r, 0, row, 11, &size);

	*late = (struct late){.all = m,
	    .channel = db_int4(r, 0, row, 0),
	    .external_id = arena_string(m->arena, db_text(r, 0, row, 1)),
	    .media_id = arena_string(m->arena, db_text(r, 0, row, 2)),
	    .token = db_int8(r, 0, row, 3),
	    .source = arena_string(m->arena, db_text(r, 0, row, 4)),
	    .application_id = db_uuid(r, 0, row, 5),
	    .intake_seq = db_null(r, 0, row, 6) ? 0 : (uint64_t)db_int8(r, 0, row, 6)};
	late->file = (struct attachment){.id = db_uuid(r, 0, row, 7),
	    .name = db_null(r, 0, row, 8) ? NULL : arena_string(m->arena, db_text(r, 0, row, 8)),
	    .media_type = arena_string(m->arena, db_text(r, 0, row, 9)),
	    .size = (uint64_t)db_int8(r, 0, row, 10)};
	if (size == sizeof(late->file.sha256))
		memcpy(late->file.sha256, hash, size);
}

static void
on_claimed(void *arg, enum db_outcome outcome, const struct db_results *results, const struct err *e)
{
	struct media_late *m = arg;
	size_t count = outcome == DB_COMMITTED && !m->stopped ? db_rows(results, 0) : 0;

	if (outcome != DB_COMMITTED && outcome != DB_UNAVAILABLE)
		log_warn("media_late.unclaimed", "outcome=%s reason=\"%s\"", db_outcome_text(outcome), e->text);
	m->under_way = count + 1;
	arena_reset(m->arena);
	m->late = arena_array(m->arena, count > 0 ? count : 1, sizeof(*m->late));
	for (size_t row = 0; row < count; row++)
		read_row(m, &m->late[row], results, row);
	for (size_t row = 0; row < count; row++)
		tell(&m->late[row]);
	end(m);
}

static void
look(void *arg)
{
	struct media_late *m = arg;
	struct db_tx *tx;

	if (!db_is_up(m->db)) {
		look_after(m, LOOK_MS);
		return;
	}
	tx = db_begin(m->db);
	db_call(tx, &media_statements[MEDIA_LATE_CLAIM]);
	db_bind_int4(tx, AT_ONCE);
	db_bind_int4(tx, LEASE_SECONDS);
	db_commit(tx, on_claimed, m);
}

struct media_late *
media_late_new(struct loop *l, struct db *d, struct command_client *client, struct metrics *metrics)
{
	static const char name[] = "kopru_intake_media_late_total",
			  help[] = "Files of messages that came after their draft was done, by what became of them";
	struct media_late *m = calloc(1, sizeof(*m));

	if (!m)
		abort();
	m->loop = l;
	m->db = d;
	m->client = client;
	m->arena = arena_new(0);
	m->metrics.added = metrics_counter(metrics, name, "end=\"added\"", help);
	m->metrics.refused = metrics_counter(metrics, name, "end=\"refused\"", help);
	m->metrics.delayed = metrics_counter(metrics, name, "end=\"delayed\"", help);
	m->timer = timer_new(l, look, m);
	timer_start(m->timer, LOOK_MS);
	return m;
}

void
media_late_stop(struct media_late *m)
{
	if (!m)
		return;
	m->stopped = true;
	timer_stop(m->timer);
}

void
media_late_free(struct media_late *m)
{
	if (!m)
		return;
	timer_free(m->timer);
	arena_free(m->arena);
	free(m);
}
