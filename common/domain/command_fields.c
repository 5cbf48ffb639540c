/* command_fields: the table, and messages filled by the names of their fields. */
#include "common/domain/command_fields.h"

#include <string.h>

#define ACTION(name) KOPRU__V1__COMMAND__ACTION_##name
#define AT(member) offsetof(struct command_fields, member)

const struct command_shape command_shapes[] = {
    {ACTION(ACCEPT), 0, 0, false, 0},
    {ACTION(ASSIGN), COMMAND_DEPARTMENT, COMMAND_TOPIC | COMMAND_REASON, false, 0},
    {ACTION(TRANSFER), COMMAND_DEPARTMENT | COMMAND_REASON, 0, false, 0},
    {ACTION(HAND_BACK), COMMAND_REASON, 0, false, 0},
    {ACTION(ASK), COMMAND_TEXT, COMMAND_ANSWER_BY, false, 0},
    {ACTION(CITIZEN_REPLY), 0, COMMAND_TEXT | COMMAND_ATTACHMENTS, true, COMMAND_TEXT | COMMAND_ATTACHMENTS},
    {ACTION(CITIZEN_ADD), 0, COMMAND_TEXT | COMMAND_ATTACHMENTS, true, COMMAND_TEXT | COMMAND_ATTACHMENTS},
    {ACTION(NOTE), COMMAND_TEXT, 0, true, 0},
    {ACTION(DRAFT), COMMAND_TEXT, 0, false, 0},
    {ACTION(APPROVE), 0, 0, false, 0},
    {ACTION(ANSWER), 0, COMMAND_TEXT | COMMAND_PART, false, 0},
    {ACTION(INTERIM_ANSWER), COMMAND_TEXT, COMMAND_FINAL_BY, false, 0},
    {ACTION(FORWARD), COMMAND_INSTITUTION, COMMAND_LETTER | COMMAND_LETTER_ON | COMMAND_LETTER_NUMBER, false, 0},
    {ACTION(REJECT), COMMAND_LEGAL_REASON | COMMAND_TEXT, 0, false, 0},
    {ACTION(MERGE), COMMAND_INTO | COMMAND_REASON, 0, false, 0},
    {ACTION(UNMERGE), COMMAND_REASON, 0, false, 0},
    {ACTION(SPLIT), COMMAND_PARTS | COMMAND_REASON, 0, false, 0},
    {ACTION(REOPEN), COMMAND_REASON, 0, false, 0},
    {ACTION(CLOSE), 0, COMMAND_REASON, false, 0},
    {ACTION(WITHDRAW), 0, COMMAND_REASON, true, 0},
    {ACTION(EXTEND), COMMAND_REASON, 0, false, 0},
    {ACTION(TELL_FEE), COMMAND_TEXT, COMMAND_PAY_BY, false, 0},
    {ACTION(FEE_WAS_PAID), COMMAND_EVIDENCE, COMMAND_PAID_ON, false, 0},
    {ACTION(PROMISE), COMMAND_PROMISED_ON, COMMAND_REASON, false, 0},
    {0, 0, 0, false, 0},
};

const struct command_shape *
command_shape(int action)
{
	for (const struct command_shape *shape = command_shapes; shape->action != 0; shape++)
		if (shape->action == action)
			return shape;
	return NULL;
}

/* Fields of the action messages that hold one value, by their names in the contract. */
static const struct {
	const char *name;
	ProtobufCType type;
	size_t offset;
} values[] = {
    {"department", PROTOBUF_C_TYPE_STRING, AT(department)},
    {"topic", PROTOBUF_C_TYPE_STRING, AT(topic)},
    {"reason", PROTOBUF_C_TYPE_STRING, AT(reason)},
    {"reason", PROTOBUF_C_TYPE_ENUM, AT(legal_reason)},
    {"text", PROTOBUF_C_TYPE_STRING, AT(text)},
    {"institution", PROTOBUF_C_TYPE_STRING, AT(institution)},
    {"letter", PROTOBUF_C_TYPE_STRING, AT(letter)},
    {"letter_number", PROTOBUF_C_TYPE_STRING, AT(letter_number)},
    {"evidence", PROTOBUF_C_TYPE_STRING, AT(evidence)},
    {"answer_by", PROTOBUF_C_TYPE_INT32, AT(answer_by)},
    {"final_by", PROTOBUF_C_TYPE_INT32, AT(final_by)},
    {"letter_on", PROTOBUF_C_TYPE_INT32, AT(letter_on)},
    {"pay_by", PROTOBUF_C_TYPE_INT32, AT(pay_by)},
    {"paid_on", PROTOBUF_C_TYPE_INT32, AT(paid_on)},
    {"promised_on", PROTOBUF_C_TYPE_INT32, AT(promised_on)},
    {"part", PROTOBUF_C_TYPE_UINT32, AT(part)},
};

static void
set_value(struct arena *a, const struct command_fields *fields, size_t offset, const ProtobufCFieldDescriptor *field,
    char *message)
{
	const char *from = (const char *)fields + offset, *text;
	char *copy;

	if (field->type != PROTOBUF_C_TYPE_STRING) {
		memcpy(message + field->offset, from, sizeof(int32_t));
		return;
	}
	memcpy(&text, from, sizeof(text));
	if (!text)
		return; /* as it was initialized: empty */
	copy = arena_string(a, text);
	memcpy(message + field->offset, &copy, sizeof(copy));
}

static void
set_values(struct arena *a, const struct command_fields *fields, const ProtobufCMessageDescriptor *type, char *message)
{
	for (unsigned i = 0; i < type->n_fields; i++)
		for (size_t j = 0; j < sizeof(values) / sizeof(values[0]); j++)
			if (values[j].type == type->fields[i].type && strcmp(values[j].name, type->fields[i].name) == 0)
				set_value(a, fields, values[j].offset, &type->fields[i], message);
}

static void
set_parts(struct arena *a, const struct command_fields *fields, Kopru__V1__Split *split)
{
	split->n_parts = fields->parts_count;
	split->parts = arena_array(a, fields->parts_count + 1, sizeof(struct Kopru__V1__Part *));
	for (size_t i = 0; i < fields->parts_count; i++) {
		split->parts[i] = arena_alloc(a, sizeof(*split->parts[i]));
		kopru__v1__part__init(split->parts[i]);
		split->parts[i]->department = arena_string(a, fields->parts[i].department);
		split->parts[i]->task = arena_string(a, fields->parts[i].task);
	}
}

static void
set_attachments(
    struct arena *a, const struct command_fields *fields, const ProtobufCMessageDescriptor *type, char *message)
{
	const ProtobufCFieldDescriptor *field = protobuf_c_message_descriptor_get_field_by_name(type, "attachments");
	Kopru__V1__Attachment **list = attachments_make(a, fields->attachments, fields->attachment_count);

	if (!field)
		return;
	memcpy(message + field->quantifier_offset, &fields->attachment_count, sizeof(fields->attachment_count));
	memcpy(message + field->offset, &list, sizeof(list));
}

bool
command_fields_fill(struct arena *a, int action, const struct command_fields *fields, Kopru__V1__Command *command)
{
	const ProtobufCFieldDescriptor *field =
	    action > 0 ? protobuf_c_message_descriptor_get_field(&kopru__v1__command__descriptor, (unsigned)action)
		       : NULL;
	const ProtobufCMessageDescriptor *type;
	char *message;

	if (!field || !command_shape(action))
		return false;
	type = field->descriptor;
	message = arena_alloc(a, type->sizeof_message);
	type->message_init((ProtobufCMessage *)(void *)message);
	set_values(a, fields, type, message);
	set_attachments(a, fields, type, message);
	command->action_case = (Kopru__V1__Command__ActionCase)action;
	memcpy((char *)command + field->offset, &message, sizeof(message));
	if (action == ACTION(MERGE) && fields->has_into) {
		command->merge->into.data = arena_copy(a, fields->into.bytes, UUID_SIZE);
		command->merge->into.len = UUID_SIZE;
	}
	if (action == ACTION(SPLIT))
		set_parts(a, fields, command->split);
	return true;
}

const char *
command_fields_lines(struct arena *a, const char *text)
{
	char *copy, *to;

	if (!strstr(text, "\r\n"))
		return text;
	to = copy = arena_string(a, text);
	for (const char *from = text; *from; from++)
		if (from[0] != '\r' || from[1] != '\n')
			*to++ = *from;
	*to = '\0';
	return copy;
}

bool
command_fields_code(const char *text)
{
	size_t length = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789");

	return length >= 2 && length <= COMMAND_CODE_MAX && text[length] == '\0';
}
