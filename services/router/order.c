/* order: reading by action, the rule that applies, and what must and must not stand in the fields. */
#include "services/router/order.h"

#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "common/base/text.h"
#include "common/base/wire.h"
#include "common/domain/words.h"
#include "services/router/sentences.h"

#define ACTION(name) KOPRU__V1__COMMAND__ACTION_##name
#define ACTOR_ID_MAX 64
#define TRACEPARENT_MAX 64
#define CODE_MAX 12
#define LETTER_NUMBER_MAX 64

static const char department_peer[] = "department/";

/* The key decides who speaks: a department's software is a manager of its department, whatever the message says. */
static const Kopru__V1__Actor *
actor_of(struct arena *a, const char *peer, const Kopru__V1__Command *command)
{
	Kopru__V1__Actor *actor;

	if (peer[0] == '\0')
		return command->actor;
	if (strncmp(peer, department_peer, sizeof(department_peer) - 1) != 0)
		return NULL; /* another service: those command over ipc:// */
	actor = arena_alloc(a, sizeof(*actor));
	kopru__v1__actor__init(actor);
	actor->type = KOPRU__V1__ACTOR__TYPE__TYPE_DEPARTMENT;
	actor->id = arena_string(a, peer + sizeof(department_peer) - 1);
	actor->role = KOPRU__V1__ACTOR__ROLE__ROLE_MANAGER;
	actor->department = actor->id;
	return actor;
}

static bool
actor_usable(const Kopru__V1__Actor *actor)
{
	int role = actor ? (int)actor->role : 0;

	if (role == 0 || !word_find(role_words, role) || (int)actor->type == 0)
		return false;
	if (text_blank(actor->id) || text_length(actor->id) > ACTOR_ID_MAX || text_has_line_break_or_control(actor->id))
		return false;
	if (role != KOPRU__V1__ACTOR__ROLE__ROLE_OFFICER && role != KOPRU__V1__ACTOR__ROLE__ROLE_MANAGER)
		return true;
	return actor->department[0] != '\0' && text_length(actor->department) <= CODE_MAX;
}

static void
read_answer(const Kopru__V1__Answer *answer, struct order *o)
{
	o->text = answer->text;
	o->part = answer->part;
	if (answer->part != 0)
		o->way = LIFECYCLE_OF_PART;
	else
		o->way = answer->text[0] != '\0' ? LIFECYCLE_WITH_TEXT : LIFECYCLE_WITH_DRAFT;
}

static void
read_forward(const Kopru__V1__Forward *forward, struct order *o)
{
	o->department = forward->institution;
	o->text = forward->letter;
	o->day = forward->letter_on;
	o->letter_number = forward->letter_number;
}

static void
read_into(const Kopru__V1__Merge *merge, struct order *o)
{
	if (!uuid_from_bytes(merge->into.data, merge->into.len, &o->into))
		memset(&o->into, 0, sizeof(o->into));
	o->reason = merge->reason;
}

/* Actions that hold one text or one reason, and no more. */
static void
read_simple(const Kopru__V1__Command *c, struct order *o)
{
	switch ((int)c->action_case) {
	case ACTION(NOTE):
		o->text = c->note->text;
		return;
	case ACTION(DRAFT):
		o->text = c->draft->text;
		return;
	case ACTION(HAND_BACK):
		o->reason = c->hand_back->reason;
		return;
	case ACTION(UNMERGE):
		o->reason = c->unmerge->reason;
		return;
	case ACTION(REOPEN):
		o->reason = c->reopen->reason;
		return;
	case ACTION(CLOSE):
		o->reason = c->close->reason;
		return;
	case ACTION(WITHDRAW):
		o->reason = c->withdraw->reason;
		return;
	case ACTION(EXTEND):
		o->reason = c->extend->reason;
		return;
	default:
		order_read_term(c, o);
	}
}

static void
read_action(const Kopru__V1__Command *c, struct order *o)
{
	switch ((int)c->action_case) {
	case ACTION(ASSIGN):
		o->department = c->assign->department;
		o->topic = c->assign->topic;
		o->reason = c->assign->reason;
		return;
	case ACTION(TRANSFER):
		o->department = c->transfer->department;
		o->reason = c->transfer->reason;
		return;
	case ACTION(ASK):
		o->text = c->ask->text;
		o->day = c->ask->answer_by;
		return;
	case ACTION(ANSWER):
		read_answer(c->answer, o);
		return;
	case ACTION(INTERIM_ANSWER):
		o->text = c->interim_answer->text;
		o->day = c->interim_answer->final_by;
		return;
	case ACTION(FORWARD):
		read_forward(c->forward, o);
		return;
	case ACTION(REJECT):
		o->legal_reason = (int)c->reject->reason;
		o->text = c->reject->text;
		return;
	case ACTION(CITIZEN_REPLY):
		o->text = c->citizen_reply->text;
		o->attachments = c->citizen_reply->attachments;
		o->attachment_count = c->citizen_reply->n_attachments;
		return;
	case ACTION(CITIZEN_ADD):
		o->text = c->citizen_add->text;
		o->attachments = c->citizen_add->attachments;
		o->attachment_count = c->citizen_add->n_attachments;
		return;
	case ACTION(MERGE):
		read_into(c->merge, o);
		return;
	case ACTION(SPLIT):
		o->parts = (const Kopru__V1__Part *const *)c->split->parts;
		o->part_count = c->split->n_parts;
		o->reason = c->split->reason;
		return;
	default:
		read_simple(c, o);
	}
}

/* The same for the same wish of the same actor, however it travelled. */
static void
meaning_make(struct arena *a, const Kopru__V1__Command *command, struct order *o)
{
	Kopru__V1__Command wish = *command;
	Kopru__V1__Actor actor = *o->actor;
	uint8_t *packed = NULL;
	size_t size = 0;

	wish.id = (ProtobufCBinaryData){0, NULL};
	wish.actor = &actor;
	wish.after_intake_seq = 0;
	wish.traceparent = arena_string(a, "");
	wish.language = wish.traceparent;
	packed = wire_pack(a, &wish.base, &size);
	if (!packed)
		abort(); /* the arena of a command in hand has no limit */
	crypto_hash_sha256(o->meaning, packed, size);
}

/* A field that is checked: what stands in it, how long it may be, whether it may be empty. */
struct check {
	enum field_id field;
	const char *text;
	size_t most;
	bool may_be_empty, one_line;
};

static const char *
check_text(struct arena *a, const struct order *o, const struct check *check)
{
	const char *field = sentence_field(check->field, o->english);
	size_t length = text_length(check->text);

	if (check->text[0] == '\0' && check->may_be_empty)
		return NULL;
	if (text_blank(check->text))
		return sentence_make(a, SENTENCE_EMPTY, o->english, &(struct sentence_words){{field}});
	if (length > check->most) {
		const struct sentence_words words = {
		    {field, arena_printf(a, "%zu", check->most), arena_printf(a, "%zu", length)}};

		return sentence_make(a, SENTENCE_LONG, o->english, &words);
	}
	if (text_has_control(check->text) || strchr(check->text, '\r') ||
	    (check->one_line && text_has_line_break_or_control(check->text)))
		return sentence_make(a, SENTENCE_CONTROL, o->english, &(struct sentence_words){{field}});
	return NULL;
}

static const char *
check_texts(struct arena *a, const struct order *o)
{
	unsigned needs = o->rule->needs;
	const struct {
		unsigned needs;
		struct check check;
	} checks[] = {
	    {LIFECYCLE_REASON, {FIELD_REASON, o->reason, ORDER_REASON_MAX, false, false}},
	    {LIFECYCLE_REASON_MAY, {FIELD_REASON, o->reason, ORDER_REASON_MAX, true, false}},
	    {LIFECYCLE_EVIDENCE, {FIELD_EVIDENCE, o->reason, ORDER_REASON_MAX, false, false}},
	    {LIFECYCLE_TEXT, {FIELD_TEXT, o->text, ORDER_TEXT_MAX, false, false}},
	    {LIFECYCLE_CONTENT, {FIELD_TEXT, o->text, ORDER_TEXT_MAX, o->attachment_count > 0, false}},
	    {LIFECYCLE_DEPARTMENT, {FIELD_DEPARTMENT, o->department, CODE_MAX, false, true}},
	    {LIFECYCLE_TOPIC_MAY, {FIELD_TOPIC, o->topic, CODE_MAX, true, true}},
	    {LIFECYCLE_INSTITUTION, {FIELD_INSTITUTION, o->department, CODE_MAX, false, true}},
	    {LIFECYCLE_LETTER, {FIELD_LETTER, o->text, ORDER_TEXT_MAX, true, false}},
	    {LIFECYCLE_LETTER, {FIELD_LETTER_NUMBER, o->letter_number, LETTER_NUMBER_MAX, true, true}},
	};
	const char *text = NULL;

	for (size_t i = 0; !text && i < sizeof(checks) / sizeof(checks[0]); i++) {
		if ((needs & checks[i].needs) != 0)
			text = check_text(a, o, &checks[i].check);
	}
	return text;
}

static const char *
check_parts(struct arena *a, const struct order *o)
{
	if (o->part_count == 0 || o->part_count > ORDER_PARTS_MAX) {
		const struct sentence_words words = {{arena_printf(a, "%d", ORDER_PARTS_MAX)}};

		return sentence_make(a, SENTENCE_PARTS_COUNT, o->english, &words);
	}
	for (size_t i = 0; i < o->part_count; i++) {
		const struct check department = {FIELD_DEPARTMENT, o->parts[i]->department, CODE_MAX, false, true};
		const struct check task = {FIELD_TASK, o->parts[i]->task, ORDER_REASON_MAX, false, false};
		const char *text = check_text(a, o, &department);

		if (!text)
			text = check_text(a, o, &task);
		if (text)
			return text;
	}
	return NULL;
}

/* What intake wrote about files; a department's software has none to give. */
static const char *
check_attachments(struct arena *a, const struct order *o)
{
	bool fine = o->attachment_count <= ATTACHMENTS_MAX;

	for (size_t i = 0; fine && i < o->attachment_count; i++) {
		const Kopru__V1__Attachment *file = o->attachments[i];

		fine = file->id.len == UUID_SIZE && file->sha256.len == ATTACHMENT_HASH_SIZE &&
		       !text_blank(file->media_type) && text_length(file->media_type) <= ATTACHMENT_TYPE_MAX &&
		       !text_has_line_break_or_control(file->media_type) &&
		       text_length(file->name) <= ATTACHMENT_NAME_MAX && !text_has_line_break_or_control(file->name);
	}
	if (fine)
		return NULL;
	return sentence_make(
	    a, SENTENCE_ATTACHMENTS, o->english, &(struct sentence_words){{arena_printf(a, "%d", ATTACHMENTS_MAX)}});
}

static const char *
legal_reasons(struct arena *a, bool english)
{
	const char *all = "";

	for (const struct word *word = reject_reason_words; word->value != 0; word++)
		all = arena_printf(
		    a, "%s%s%s (%s)", all, *all ? ", " : "", word->token, english ? word->name_en : word->name_tr);
	return all;
}

static const char *
check_needs(struct arena *a, const struct order *o)
{
	static const struct uuid nil;
	const char *text = check_texts(a, o);

	if (text)
		return text;
	if ((o->rule->needs & LIFECYCLE_VERSION) != 0 && o->expected_version == 0) {
		const struct word *word = word_find(action_words, o->action);
		const struct sentence_words words = {{o->english ? word->name_en : word->name_tr}};

		return sentence_make(a, SENTENCE_VERSION_MISSING, o->english, &words);
	}
	if ((o->rule->needs & LIFECYCLE_DAY) != 0 && o->day == 0) {
		const struct sentence_words words = {{sentence_field(FIELD_PROMISED_ON, o->english)}};

		return sentence_make(a, SENTENCE_DAY_MISSING, o->english, &words);
	}
	if ((o->rule->needs & LIFECYCLE_LEGAL_REASON) != 0 && !word_find(reject_reason_words, o->legal_reason)) {
		const struct sentence_words words = {{legal_reasons(a, o->english)}};

		return sentence_make(a, SENTENCE_LEGAL_REASON, o->english, &words);
	}
	if ((o->rule->needs & LIFECYCLE_INTO) != 0 && uuid_compare(&o->into, &nil) == 0) {
		const struct sentence_words words = {{sentence_field(FIELD_INTO, o->english)}};

		return sentence_make(a, SENTENCE_ID, o->english, &words);
	}
	if ((o->rule->needs & LIFECYCLE_CONTENT) != 0)
		return check_attachments(a, o);
	return (o->rule->needs & LIFECYCLE_PARTS) != 0 ? check_parts(a, o) : NULL;
}

struct order_fault
order_read(struct arena *a, const char *peer, const Kopru__V1__Command *command, struct order *o)
{
	struct order_fault fault = {KOPRU__V1__REPLY__CODE__CODE_INVALID, NULL};

	*o = (struct order){.action = (int)command->action_case,
	    .english = strcmp(command->language, "en") == 0,
	    .expected_version = command->expected_version,
	    .after_intake_seq = command->after_intake_seq,
	    .traceparent = strlen(command->traceparent) <= TRACEPARENT_MAX ? command->traceparent : "",
	    .actor = actor_of(a, peer, command),
	    .reason = "",
	    .text = "",
	    .department = "",
	    .topic = "",
	    .letter_number = ""};
	(void)uuid_from_bytes(command->id.data, command->id.len, &o->id);
	read_action(command, o);
	o->rule = lifecycle_find(o->action, o->way);
	if (!o->rule) {
		fault.code = KOPRU__V1__REPLY__CODE__CODE_UNSUPPORTED;
		fault.text = sentence_make(a, SENTENCE_ACTION_UNKNOWN, o->english, NULL);
		return fault;
	}
	if (!uuid_from_bytes(command->application_id.data, command->application_id.len, &o->application_id)) {
		const struct sentence_words words = {{sentence_field(FIELD_APPLICATION, o->english)}};

		fault.text = sentence_make(a, SENTENCE_ID, o->english, &words);
	} else if (!actor_usable(o->actor)) {
		fault.text = sentence_make(a, SENTENCE_ACTOR, o->english, NULL);
	} else {
		fault.text = check_needs(a, o);
	}
	if (!fault.text) {
		meaning_make(a, command, o);
		fault.code = 0;
	}
	return fault;
}
