/* The contract of cases in bytes that protoc --encode made: every event of a case and every action, each with all its
 * fields. What stands in a field follows from its number (a text is "f7", a count 1007, bytes 16 times 7, an enum 1), so a
 * field that changes its number, type or name of message fails here. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#include "common/base/file.h"
#include "common/base/wire.h"
#include "common/domain/words.h"
#include "kopru/v1/command.pb-c.h"
#include "kopru/v1/event.pb-c.h"

#define COUNT_BASE 1000

static void check_message(const ProtobufCMessage *m, const char *name);

static void
check_bytes(const ProtobufCBinaryData *data, uint32_t id, const char *name)
{
	if (data->len != 16)
		fail_msg("%s: %zu bytes", name, data->len);
	for (size_t i = 0; i < data->len; i++)
		assert_int_equal(data->data[i], id);
}

static void
check_value(const ProtobufCFieldDescriptor *field, const uint8_t *value)
{
	char text[16];
	int64_t count = 0;

	switch (field->type) {
	case PROTOBUF_C_TYPE_STRING:
		(void)snprintf(text, sizeof(text), "f%u", field->id);
		assert_string_equal(*(const char *const *)(const void *)value, text);
		return;
	case PROTOBUF_C_TYPE_BYTES:
		check_bytes((const void *)value, field->id, field->name);
		return;
	case PROTOBUF_C_TYPE_MESSAGE:
		check_message(*(const ProtobufCMessage *const *)(const void *)value, field->name);
		return;
	case PROTOBUF_C_TYPE_BOOL:
		assert_int_equal(*(const protobuf_c_boolean *)(const void *)value, 1);
		return;
	case PROTOBUF_C_TYPE_ENUM:
		assert_int_equal(*(const int *)(const void *)value, 1);
		return;
	case PROTOBUF_C_TYPE_INT64:
	case PROTOBUF_C_TYPE_UINT64:
		count = *(const int64_t *)(const void *)value;
		break;
	case PROTOBUF_C_TYPE_INT32:
	case PROTOBUF_C_TYPE_SINT32:
	case PROTOBUF_C_TYPE_UINT32:
		count = *(const int32_t *)(const void *)value;
		break;
	case PROTOBUF_C_TYPE_SFIXED32:
	case PROTOBUF_C_TYPE_FIXED32:
	case PROTOBUF_C_TYPE_SINT64:
	case PROTOBUF_C_TYPE_SFIXED64:
	case PROTOBUF_C_TYPE_FIXED64:
	case PROTOBUF_C_TYPE_FLOAT:
	case PROTOBUF_C_TYPE_DOUBLE:
		fail_msg("%s: a type that the contract does not use", field->name);
	}
	if (count != COUNT_BASE + (int64_t)field->id)
		fail_msg("%s: %lld", field->name, (long long)count);
}

static void
check_field(const ProtobufCMessage *m, const ProtobufCFieldDescriptor *field)
{
	const uint8_t *place = (const uint8_t *)m + field->offset;

	if (field->label != PROTOBUF_C_LABEL_REPEATED) {
		check_value(field, place);
		return;
	}
	if (*(const size_t *)(const void *)((const uint8_t *)m + field->quantifier_offset) != 1)
		fail_msg("%s: not one", field->name);
	check_value(field, *(const uint8_t *const *)(const void *)place);
}

static void
check_message(const ProtobufCMessage *m, const char *name)
{
	if (!m)
		fail_msg("%s is missing", name);
	assert_int_equal(m->n_unknown_fields, 0);
	for (unsigned i = 0; i < m->descriptor->n_fields; i++) {
		const ProtobufCFieldDescriptor *field = &m->descriptor->fields[i];
		bool oneof = (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0;
		const uint8_t *which = (const uint8_t *)m + field->quantifier_offset;

		if (!oneof || *(const uint32_t *)(const void *)which == field->id)
			check_field(m, field);
	}
}

/* Unpacks, packs again, compares. */
static const ProtobufCMessage *
golden(struct arena *a, const char *name, const ProtobufCMessageDescriptor *type)
{
	char *path = arena_printf(a, "tests/data/golden/%s.hex", name), *text = NULL;
	uint8_t *bytes = NULL, *packed = NULL;
	size_t length = 0, size = 0, packed_size = 0;
	const ProtobufCMessage *message = NULL;
	struct err e;

	if (file_read(a, path, 65536, &text, &length, &e) != 0)
		fail_msg("%s", e.text);
	bytes = arena_alloc(a, length / 2 + 1);
	assert_int_equal(sodium_hex2bin(bytes, length / 2, text, length, "\n", &size, NULL), 0);
	message = wire_unpack(type, a, bytes, size, &e);
	if (!message)
		fail_msg("%s: %s", name, e.text);
	packed = wire_pack(a, message, &packed_size);
	assert_int_equal(packed_size, size);
	assert_memory_equal(packed, bytes, size);
	check_message(message, name);
	return message;
}

static char *
file_name(struct arena *a, const char *before, const char *token)
{
	char *name = arena_printf(a, "%s%s", before, token);

	for (char *p = name; *p; p++)
		*p = *p == '.' ? '_' : *p;
	return name;
}

static void
every_event_of_a_case(void **state)
{
	struct arena *a = arena_new(0);
	size_t count = 0;

	(void)state;
	for (const struct word *word = event_words; word->value != 0; word++) {
		const Kopru__V1__Event *event = NULL;

		if (word->value < KOPRU__V1__EVENT__BODY_CASE_ASSIGNED)
			continue; /* proto_golden.c */
		event = (const void *)golden(a, file_name(a, "event_", word->token), &kopru__v1__event__descriptor);
		assert_int_equal(event->body_case, word->value);
		count++;
	}
	assert_int_equal(count, 31);
	arena_free(a);
}

static void
every_action(void **state)
{
	struct arena *a = arena_new(0);
	size_t count = 0;

	(void)state;
	for (const struct word *word = action_words; word->value != 0; word++) {
		const Kopru__V1__CommandEnvelope *envelope = (const void *)golden(
		    a, file_name(a, "command_of_", word->token), &kopru__v1__command_envelope__descriptor);

		assert_int_equal(envelope->command->action_case, word->value);
		count++;
	}
	assert_int_equal(count, 28);
	arena_free(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_event_of_a_case),
	    cmocka_unit_test(every_action),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
