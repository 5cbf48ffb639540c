/* draft_way: what a draft becomes. What answers a message of its sender's own, or names a number by who has to do with it, belongs to that case: a
 * reply when a question waits for one, else an addition. What comes over a channel of messages is the reply to a question that
 * waits for it at one of its sender's newest applications. All else is a new application. */
#include "services/intake/draft.h"

#include <stddef.h>
#include <string.h>

#include <sodium.h>

#include "common/base/log.h"
#include "proto/kopru/v1/application.pb-c.h"
#include "services/intake/commands_turn.h"

#define ATTEMPTS_MAX 10
#define ANSWER_MS 8000
#define UNKNOWN_SECONDS 2 /* twice as long each time: until the last attempt longer than a draft waits for its files */
#define UNKNOWN_SECONDS_MAX 240
#define LATER_SECONDS 5
#define ACTION(name) KOPRU__V1__COMMAND__ACTION_##name

static const char takes_no_more[] = "its case takes no more";

static void ask(struct draft *d);

/* The same messages give the same hash, so that the same key means the same application. */
static void
hash_messages(const struct draft *d, uint8_t hash[crypto_hash_sha256_BYTES])
{
	crypto_hash_sha256_state state;

	crypto_hash_sha256_init(&state);
	for (size_t i = 0; i < d->message_count; i++)
		crypto_hash_sha256_update(
		    &state, (const uint8_t *)d->messages[i].external_id, strlen(d->messages[i].external_id) + 1);
	crypto_hash_sha256_final(&state, hash);
}

static void
on_entered(struct entry *entry, enum entry_end end, const struct err *e)
{
	struct draft *d = (struct draft *)((char *)entry - offsetof(struct draft, entry));

	switch (end) {
	case ENTRY_STORED:
	case ENTRY_REPEATED:
		draft_finish(d, "application", &entry->receipt.application_id, NULL);
		return;
	case ENTRY_KEY_REUSED:
		draft_finish(d, "triage", NULL, "it was made an application with other messages");
		return;
	case ENTRY_FILES_USED:
		draft_finish(d, "triage", NULL, "a file of it belongs to another application");
		return;
	case ENTRY_TOO_LARGE:
	case ENTRY_REFUSED:
		draft_finish(d, "triage", NULL, "it cannot be stored as an application");
		return;
	case ENTRY_BUSY:
	case ENTRY_UNAVAILABLE:
	case ENTRY_UNKNOWN:
	default:
		log_warn("draft.delayed", "reason=\"%s\"", e ? e->text : "");
		draft_release(d, LATER_SECONDS, false);
	}
}

static void
become_application(struct draft *d)
{
	struct entry *entry = &d->entry;
	char id[UUID_TEXT_SIZE];

	uuid_text(&d->id, id);
	entry->arena = d->arena;
	draft_form(d, &entry->form);
	entry->record.key_scope = d->messages[0].source;
	entry->record.key = arena_printf(d->arena, "draft-%s", id);
	hash_messages(d, entry->record.body_hash);
	entry->receipt.traceparent = "";
	entry->now = source_now(d->conf->entry->source);
	entry->on_end = on_entered;
	entry_begin(d->conf->entry, entry);
}

/* The case took nothing of it: at the next one, or its end. */
static void
ask_next(struct draft *d, const char *verdict)
{
	const struct draft_target *t = &d->targets[d->target];

	if (t->how != DRAFT_OF_SENDER && d->action == ACTION(CITIZEN_REPLY)) {
		d->action = ACTION(CITIZEN_ADD);
		ask(d);
	} else if (t->how != DRAFT_OF_SENDER) {
		draft_finish(d, "triage", &t->application_id, verdict);
	} else {
		d->target++;
		ask(d);
	}
}

static void
on_replied(void *arg, const Kopru__V1__Reply *reply)
{
	struct draft *d = arg;
	int code = reply ? (int)reply->code : KOPRU__V1__REPLY__CODE__CODE_UNKNOWN;

	switch (code) {
	case KOPRU__V1__REPLY__CODE__CODE_OK:
		draft_finish(d, d->action == ACTION(CITIZEN_REPLY) ? "reply" : "addition",
		    &d->targets[d->target].application_id, NULL);
		return;
	case KOPRU__V1__REPLY__CODE__CODE_BUSY: /* also when it has not come to the application's event yet */
	case KOPRU__V1__REPLY__CODE__CODE_UNKNOWN:
		draft_release(d, LATER_SECONDS, false);
		return;
	case KOPRU__V1__REPLY__CODE__CODE_NOT_FOUND:
		ask_next(d, "its case is not there");
		return;
	default:
		ask_next(d, takes_no_more);
	}
}

/* The same draft, case and action by the same decision: the same id, to which the router gives the same reply again. */
static struct uuid
command_id(const struct draft *d, const struct draft_target *t)
{
	char draft[UUID_TEXT_SIZE], application[UUID_TEXT_SIZE];

	uuid_text(&d->id, draft);
	uuid_text(&t->application_id, application);
	return commands_id(
	    "draft", arena_printf(d->arena, "%s/%s/%d", draft, application, d->decisions), (size_t)d->action);
}

static void
send_command(struct draft *d, const struct draft_target *t)
{
	struct command_fields fields = {.text = d->text, .attachment_count = d->file_count};
	struct uuid id = command_id(d, t), application = t->application_id;
	Kopru__V1__Command command;
	Kopru__V1__Actor actor;
	struct err e;

	memcpy(fields.attachments, d->files, d->file_count * sizeof(d->files[0]));
	kopru__v1__actor__init(&actor);
	actor.type = KOPRU__V1__ACTOR__TYPE__TYPE_CITIZEN;
	actor.role = KOPRU__V1__ACTOR__ROLE__ROLE_APPLICANT;
	actor.id = arena_string(d->arena, d->messages[0].source);
	kopru__v1__command__init(&command);
	command.id = (ProtobufCBinaryData){UUID_SIZE, id.bytes};
	command.actor = &actor;
	command.application_id = (ProtobufCBinaryData){UUID_SIZE, application.bytes};
	command.after_intake_seq = t->intake_seq;
	command.language = arena_string(d->arena, "tr");
	if (!command_fields_fill(d->arena, d->action, &fields, &command))
		draft_finish(d, "triage", &t->application_id, takes_no_more);
	else if (command_send(d->conf->client, &command, ANSWER_MS, on_replied, d, &e) < 0)
		draft_release(d, LATER_SECONDS, false);
}

static void
ask(struct draft *d)
{
	if (d->target >= d->target_count)
		become_application(d);
	else
		send_command(d, &d->targets[d->target]);
}

/* Who writes to us as to a person: what he says next may be his answer. A public post is none. */
static bool
is_conversation(const struct draft *d)
{
	for (size_t i = 0; i < d->message_count; i++)
		if (d->messages[i].source_url)
			return false;
	return d->has_contact && (d->channel == KOPRU__V1__CHANNEL__CHANNEL_WHATSAPP ||
				     d->channel == KOPRU__V1__CHANNEL__CHANNEL_FACEBOOK ||
				     d->channel == KOPRU__V1__CHANNEL__CHANNEL_INSTAGRAM ||
				     d->channel == KOPRU__V1__CHANNEL__CHANNEL_TELEGRAM);
}

/* What it answers is not an application yet. Two that answer each other would wait for ever: at last it counts as none. */
static bool
must_wait(struct draft *d)
{
	size_t known = 0;
	int wait = UNKNOWN_SECONDS;

	if (d->target_count == 0 || d->targets[0].known || d->targets[0].how == DRAFT_ANSWERS_ANOTHER)
		return false;
	if (d->attempts < ATTEMPTS_MAX) {
		for (int i = 1; i < d->attempts && wait < UNKNOWN_SECONDS_MAX; i++)
			wait *= 2;
		draft_release(d, wait < UNKNOWN_SECONDS_MAX ? wait : UNKNOWN_SECONDS_MAX, true);
		return true;
	}
	for (size_t i = 0; i < d->target_count; i++)
		if (d->targets[i].known)
			d->targets[known++] = d->targets[i];
	d->target_count = known;
	return false;
}

void
draft_go(struct draft *d, const struct drafts_conf *conf)
{
	d->conf = conf;
	d->action = ACTION(CITIZEN_REPLY);
	if (d->message_count == 0) {
		draft_finish(d, "nothing", NULL, NULL);
		return;
	}
	if (d->attempts > ATTEMPTS_MAX) {
		draft_finish(d, "triage", NULL, "nobody could make an application of it");
		return;
	}
	if (must_wait(d))
		return;
	d->text = draft_text(d);
	if (d->target_count > 0 && d->targets[0].how != DRAFT_OF_SENDER) {
		if (d->targets[0].how == DRAFT_ANSWERS_ANOTHER)
			draft_finish(d, "triage", NULL, "answers another's message");
		else if (d->targets[0].how == DRAFT_NAMED_BY_OTHER)
			draft_finish(d, "triage", NULL, "names a number that is not his");
		else
			send_command(d, &d->targets[0]);
		return;
	}
	if (!is_conversation(d))
		d->target_count = 0;
	ask(d);
}
