/* commands: read the request, look its numbers up, ask the router, answer. */
#include "services/intake/commands.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/log.h"
#include "common/domain/words.h"
#include "services/intake/commands_turn.h"
#include "services/intake/intake.sql.h"
#include "services/intake/refusal.h"

#define CODES 9 /* of Reply.Code */
#define SCOPE_PUBLIC "public"

struct commands {
	struct commands_desk desk;
	struct metric *replies[CODES];
	struct metric *refused;
};

struct commands *
commands_new(const struct commands_desk *desk, struct metrics *m)
{
	static const char *const codes[CODES] = {"code=\"other\"", "code=\"ok\"", "code=\"conflict\"",
	    "code=\"forbidden\"", "code=\"not_found\"", "code=\"invalid\"", "code=\"busy\"", "code=\"unknown\"",
	    "code=\"unsupported\""};
	struct commands *c = calloc(1, sizeof(*c));

	if (!c)
		abort();
	c->desk = *desk;
	for (size_t i = 0; i < CODES; i++)
		c->replies[i] =
		    metrics_counter(m, "kopru_intake_commands_total", codes[i], "Commands by their replies");
	c->refused = metrics_counter(
	    m, "kopru_intake_commands_refused_total", "", "Requests with commands refused for their content");
	return c;
}

void
commands_free(struct commands *c)
{
	free(c);
}

static char *
text(struct arena *a, const char *given)
{
	return arena_string(a, given ? given : "");
}

/* The router will never do it, whoever says it again. */
static bool
is_refusal(int code)
{
	return code == KOPRU__V1__REPLY__CODE__CODE_CONFLICT || code == KOPRU__V1__REPLY__CODE__CODE_FORBIDDEN ||
	       code == KOPRU__V1__REPLY__CODE__CODE_NOT_FOUND || code == KOPRU__V1__REPLY__CODE__CODE_INVALID;
}

/* What became of the item is known. */
static void
end_item(struct commands_item *item)
{
	struct commands_turn *t = item->turn;

	if (item->wish.fresh && is_refusal(item->code))
		attachments_release(t->commands->desk.attachments, &item->id, &item->application_id);
	metric_add(t->commands->replies[item->code > 0 && item->code < CODES ? item->code : 0], 1);
	if (--t->waiting == 0)
		commands_answer(t);
}

static void
on_replied(void *arg, const Kopru__V1__Reply *reply)
{
	struct commands_item *item = arg;

	item->code = reply ? (int)reply->code : KOPRU__V1__REPLY__CODE__CODE_UNKNOWN;
	if (reply) {
		item->text = arena_string(http_arena(item->turn->request), reply->text);
		item->version = reply->version;
		item->seq = reply->seq;
	}
	end_item(item);
}

static void
send_item(struct commands_item *item)
{
	struct commands_turn *t = item->turn;
	struct arena *a = http_arena(t->request);
	const struct command_form *form = item->form;
	Kopru__V1__Command command;
	struct err e;

	kopru__v1__command__init(&command);
	command.id = (ProtobufCBinaryData){UUID_SIZE, item->id.bytes};
	command.actor = &t->actor;
	command.application_id = (ProtobufCBinaryData){UUID_SIZE, item->application_id.bytes};
	command.expected_version = form->expected_version;
	/* A case that the router does not know yet is waited for: this application is stored. */
	command.after_intake_seq =
	    form->after_intake_seq > item->intake_seq ? form->after_intake_seq : item->intake_seq;
	command.traceparent = text(a, http_traceparent(t->request));
	command.language = text(a, http_language(t->request) == HTTP_EN ? "en" : "tr");
	if (!command_fields_fill(a, form->action, &form->fields, &command))
		abort(); /* the form knows no such action */
	if (command_send(t->commands->desk.client, &command, t->commands->desk.wait_ms, on_replied, item, &e) == 0)
		return;
	log_warn("command.unsent", "reason=\"%s\"", e.text);
	item->code = KOPRU__V1__REPLY__CODE__CODE_BUSY;
	end_item(item);
}

static void
not_found(struct commands_item *item, const char *text_tr, const char *text_en)
{
	item->code = KOPRU__V1__REPLY__CODE__CODE_NOT_FOUND;
	item->text = http_language(item->turn->request) == HTTP_EN ? text_en : text_tr;
	end_item(item);
}

static void
files_missing(struct commands_item *item)
{
	item->code = KOPRU__V1__REPLY__CODE__CODE_INVALID;
	item->text =
	    http_language(item->turn->request) == HTTP_EN
		? "\"attachments\" names a file that is not there, was not uploaded by you within 24 hours, "
		  "is used already, or is infected."
		: "\"attachments\" alanındaki bir dosya yok, son 24 saatte sizin tarafınızdan yüklenmemiş, daha "
		  "önce kullanılmış ya da virüslü.";
	end_item(item);
}

static void
on_claimed(struct attachments_wish *wish, enum attachments_end end, size_t guilty)
{
	struct commands_item *item = (struct commands_item *)((char *)wish - offsetof(struct commands_item, wish));

	(void)guilty;
	if (end == ATTACHMENTS_FOUND) {
		send_item(item);
	} else if (end == ATTACHMENTS_UNAVAILABLE) {
		item->code = KOPRU__V1__REPLY__CODE__CODE_BUSY;
		end_item(item);
	} else {
		files_missing(item);
	}
}

/* Bound before the command is sent: what an event names is never removed. */
static void
claim_files(struct commands_item *item)
{
	struct command_fields *fields = &item->form->fields;

	item->wish = (struct attachments_wish){.arena = http_arena(item->turn->request),
	    .scope = item->turn->actor.id,
	    .list = fields->attachments,
	    .count = fields->attachment_count,
	    .application_id = item->application_id,
	    .command_id = item->id,
	    .on_end = on_claimed};
	attachments_claim(item->turn->commands->desk.attachments, &item->wish);
}

static void
go_on(struct commands_item *item)
{
	const struct commands_turn *t = item->turn;

	if (t->applicant && !commands_code_right(&t->commands->desk, item))
		not_found(item, "Bu numara ve takip koduyla bir başvuru bulunamadı.",
		    "There is no application with this number and access code.");
	else if (!item->found)
		not_found(item, "Bu numarayla bir başvuru yok.", "There is no application with this number.");
	else if (item->form->into[0] && !item->into_found)
		not_found(item, "\"into\" alanındaki numarayla bir başvuru yok.",
		    "There is no application with the number in \"into\".");
	else if (item->form->fields.attachment_count > 0)
		claim_files(item);
	else
		send_item(item);
}

/* Places count the numbers of the items, then the numbers of those into which they are merged. */
static void
take_row(struct commands_turn *t, const struct db_results *results, size_t row)
{
	size_t place = (size_t)db_int4(results, 0, row, 0) - 1;
	struct commands_item *item = &t->items[place % t->count];

	if (place < t->count) {
		item->found = true;
		item->application_id = db_uuid(results, 0, row, 1);
		item->generation = (uint32_t)db_int4(results, 0, row, 2);
		item->intake_seq = (uint64_t)db_int8(results, 0, row, 3);
	} else {
		item->into_found = item->form->fields.has_into = true;
		item->form->fields.into = db_uuid(results, 0, row, 1);
	}
}

static void
on_looked_up(void *arg, enum db_outcome outcome, const struct db_results *results, const struct err *e)
{
	struct commands_turn *t = arg;
	size_t count = t->count;

	(void)e;
	if (outcome != DB_COMMITTED) {
		http_reply_problem(t->request, "unavailable", NULL);
		return;
	}
	for (size_t row = 0; row < db_rows(results, 0); row++)
		take_row(t, results, row);
	/* The turn ends with the last of its items. */
	for (size_t i = 0; i < count; i++)
		go_on(&t->items[i]);
}

static void
look_up(struct commands_turn *t)
{
	struct db_tx *tx = db_begin(t->commands->desk.reader);

	db_call(tx, &intake_statements[APPLICATIONS_BY_NUMBER]);
	db_bind_array(tx, DB_TEXTS, 2 * t->count);
	for (size_t i = 0; i < t->count; i++)
		db_put_text(tx, t->items[i].form->number);
	for (size_t i = 0; i < t->count; i++)
		db_put_text(tx, t->items[i].form->into[0] ? t->items[i].form->into : NULL);
	db_read(tx, on_looked_up, t);
}

static struct commands_turn *
turn_new(struct commands *c, struct http_request *r, struct command_form *forms, size_t count)
{
	struct arena *a = http_arena(r);
	struct commands_turn *t = arena_alloc(a, sizeof(*t));

	t->commands = c;
	t->request = r;
	kopru__v1__actor__init(&t->actor);
	t->count = t->waiting = count;
	t->items = arena_array(a, count, sizeof(*t->items));
	for (size_t i = 0; i < count; i++) {
		t->items[i].turn = t;
		t->items[i].form = &forms[i];
		t->items[i].generation = 1;
	}
	return t;
}

/* The sender's id, or one that belongs to the Idempotency-Key, or a new one. */
static void
set_ids(struct commands_turn *t, const char *scope, const char *key)
{
	for (size_t i = 0; i < t->count; i++) {
		const struct command_form *form = t->items[i].form;

		if (form->has_id)
			t->items[i].id = form->id;
		else if (key && t->leading)
			t->items[i].id = commands_member_id(http_arena(t->request), scope, key, form->number);
		else
			t->items[i].id = key ? commands_id(scope, key, i) : uuid_new();
	}
}

static bool
set_actor(struct commands_turn *t, const struct api_key *key)
{
	struct arena *a = http_arena(t->request);
	int role = word_value(role_words, key->role);

	t->actor.type = KOPRU__V1__ACTOR__TYPE__TYPE_SYSTEM;
	t->actor.id = text(a, key->id);
	t->actor.role = (Kopru__V1__Actor__Role)role;
	t->actor.department = text(a, key->department);
	return role != 0;
}

/* Of a holder of a key: commands, or an incident. */
static void
take_holders(struct commands *c, struct http_request *r, bool incident)
{
	const struct api_key *api_key = NULL;
	enum api_answer answer = api_keys_check(c->desk.api_keys, r, API_CASES, &api_key);
	const char *key, *leading = NULL;
	struct form_faults faults;
	struct command_form *forms;
	struct commands_turn *t;
	bool list = true;
	json_t *json;
	int count;

	if (answer != API_GRANTED) {
		api_keys_reply(r, answer);
		return;
	}
	if (!refusal_read_key(r, &key) || !(json = http_json(r)))
		return;
	count = incident ? command_forms_read_incident(http_arena(r), json, &forms, &leading, &faults)
			 : command_forms_read(http_arena(r), json, &forms, &list, &faults);
	if (count < 0) {
		metric_add(c->refused, 1);
		refusal_send(r, &faults);
		return;
	}
	t = turn_new(c, r, forms, (size_t)count);
	t->list = list;
	t->leading = leading;
	if (!set_actor(t, api_key)) {
		http_reply_problem(r, "forbidden", NULL);
		return;
	}
	set_ids(t, t->actor.id, key);
	look_up(t);
}

void
commands_post(struct commands *c, struct http_request *r)
{
	take_holders(c, r, false);
}

void
commands_post_incident(struct commands *c, struct http_request *r)
{
	take_holders(c, r, true);
}

static void
take_applicants(struct commands *c, struct http_request *r, int action)
{
	struct command_form *form = arena_alloc(http_arena(r), sizeof(*form));
	struct form_faults faults;
	struct commands_turn *t;
	const char *key;
	json_t *json;

	if (!refusal_read_key(r, &key) || !(json = http_json(r)))
		return;
	if (command_form_read_applicant(http_arena(r), action, json, form, &faults) < 0) {
		metric_add(c->refused, 1);
		refusal_send(r, &faults);
		return;
	}
	t = turn_new(c, r, form, 1);
	t->applicant = true;
	t->actor.type = KOPRU__V1__ACTOR__TYPE__TYPE_CITIZEN;
	t->actor.id = text(http_arena(r), SCOPE_PUBLIC);
	t->actor.role = KOPRU__V1__ACTOR__ROLE__ROLE_APPLICANT;
	set_ids(t, form->number, key);
	look_up(t);
}

void
commands_reply(struct commands *c, struct http_request *r)
{
	take_applicants(c, r, KOPRU__V1__COMMAND__ACTION_CITIZEN_REPLY);
}

void
commands_add(struct commands *c, struct http_request *r)
{
	take_applicants(c, r, KOPRU__V1__COMMAND__ACTION_CITIZEN_ADD);
}

void
commands_withdraw(struct commands *c, struct http_request *r)
{
	take_applicants(c, r, KOPRU__V1__COMMAND__ACTION_WITHDRAW);
}
