/* wire: see wire.h. What the walk lets pass is read in the same way by protobuf-c. */
#include "common/base/wire.h"

#include <stdbool.h>
#include <string.h>

#include "common/base/text.h"

#define WIRE_FIELD_NUMBER_MAX 0x1fffffff

/* Bytes of the longest varint; of the longest that is a key or a length. */
#define VARINT_MAX 10
#define VARINT_SHORT_MAX 5

struct walk {
	size_t fields, attachments;
	struct err *e;
};

struct cursor {
	const uint8_t *at;
	const uint8_t *end;
};

static size_t
left(const struct cursor *c)
{
	return (size_t)(c->end - c->at);
}

static bool
take_varint(struct cursor *c, unsigned bytes_max, uint64_t *value)
{
	*value = 0;
	for (unsigned i = 0; i < bytes_max && left(c) > 0; i++) {
		uint8_t byte = *c->at++;

		*value |= (uint64_t)(byte & 0x7f) << (7 * i);
		if (byte < 0x80)
			return true;
	}
	return false;
}

static bool
take_bytes(struct cursor *c, size_t size)
{
	if (size > left(c))
		return false;
	c->at += size;
	return true;
}

static bool
is_packable(const ProtobufCFieldDescriptor *field)
{
	return field->type != PROTOBUF_C_TYPE_STRING && field->type != PROTOBUF_C_TYPE_BYTES &&
	       field->type != PROTOBUF_C_TYPE_MESSAGE;
}

/* How a field of this type stands on the wire. */
static ProtobufCWireType
wire_type_of(ProtobufCType type)
{
	switch (type) {
	case PROTOBUF_C_TYPE_STRING:
	case PROTOBUF_C_TYPE_BYTES:
	case PROTOBUF_C_TYPE_MESSAGE:
		return PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED;
	case PROTOBUF_C_TYPE_FIXED32:
	case PROTOBUF_C_TYPE_SFIXED32:
	case PROTOBUF_C_TYPE_FLOAT:
		return PROTOBUF_C_WIRE_TYPE_32BIT;
	case PROTOBUF_C_TYPE_FIXED64:
	case PROTOBUF_C_TYPE_SFIXED64:
	case PROTOBUF_C_TYPE_DOUBLE:
		return PROTOBUF_C_WIRE_TYPE_64BIT;
	case PROTOBUF_C_TYPE_INT32:
	case PROTOBUF_C_TYPE_SINT32:
	case PROTOBUF_C_TYPE_INT64:
	case PROTOBUF_C_TYPE_SINT64:
	case PROTOBUF_C_TYPE_UINT32:
	case PROTOBUF_C_TYPE_UINT64:
	case PROTOBUF_C_TYPE_BOOL:
	case PROTOBUF_C_TYPE_ENUM:
		break;
	}
	return PROTOBUF_C_WIRE_TYPE_VARINT;
}

static int walk_message(struct walk *w, const ProtobufCMessageDescriptor *type, struct cursor c, unsigned depth);

/* A known field of packed numbers: each counts, because each becomes up to eight bytes. */
static int
walk_packed(struct walk *w, const ProtobufCFieldDescriptor *field, struct cursor c)
{
	ProtobufCWireType wire = wire_type_of(field->type);
	uint64_t value;
	bool whole = true;

	for (; whole && left(&c) > 0; w->fields++) {
		if (wire == PROTOBUF_C_WIRE_TYPE_VARINT)
			whole = take_varint(&c, VARINT_MAX, &value);
		else
			whole = take_bytes(&c, wire == PROTOBUF_C_WIRE_TYPE_32BIT ? 4 : 8);
	}
	return whole ? 0 : err_set(w->e, "field %s is cut short", field->name);
}

/* Lists have their limits where they are read; this one stands in messages of many kinds. */
static bool
is_one_too_many(struct walk *w, const ProtobufCMessageDescriptor *type)
{
	return strcmp(type->name, "kopru.v1.Attachment") == 0 && ++w->attachments > WIRE_ATTACHMENTS_MAX;
}

/* A known field with a length before it. */
static int
walk_content(struct walk *w, const ProtobufCFieldDescriptor *field, struct cursor c, unsigned depth)
{
	if (field->type == PROTOBUF_C_TYPE_MESSAGE && is_one_too_many(w, field->descriptor))
		return err_set(w->e, "more than %d attachments", WIRE_ATTACHMENTS_MAX);
	if (field->type == PROTOBUF_C_TYPE_MESSAGE)
		return walk_message(w, field->descriptor, c, depth + 1);
	if (field->type == PROTOBUF_C_TYPE_STRING && !text_valid((const char *)c.at, left(&c)))
		return err_set(w->e, "field %s is not UTF-8 or holds a NUL", field->name);
	return is_packable(field) ? walk_packed(w, field, c) : 0;
}

static int
walk_field(
    struct walk *w, const ProtobufCFieldDescriptor *field, ProtobufCWireType wire, struct cursor *c, unsigned depth)
{
	struct cursor content;
	uint64_t value;
	bool whole = false;

	switch (wire) {
	case PROTOBUF_C_WIRE_TYPE_VARINT:
		whole = take_varint(c, VARINT_MAX, &value);
		break;
	case PROTOBUF_C_WIRE_TYPE_64BIT:
		whole = take_bytes(c, 8);
		break;
	case PROTOBUF_C_WIRE_TYPE_32BIT:
		whole = take_bytes(c, 4);
		break;
	case PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED:
		whole = take_varint(c, VARINT_SHORT_MAX, &value);
		content.at = c->at;
		whole = whole && take_bytes(c, (size_t)value);
		content.end = c->at;
		if (whole && field)
			return walk_content(w, field, content, depth);
		break;
	default:
		return err_set(w->e, "a group or an unknown wire type");
	}
	return whole ? 0 : err_set(w->e, "cut short or malformed");
}

/* May a field of this type come in this form? */
static bool
wire_type_fits(const ProtobufCFieldDescriptor *field, ProtobufCWireType wire)
{
	if (field->label == PROTOBUF_C_LABEL_REPEATED && is_packable(field) &&
	    wire == PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED)
		return true;
	return wire == wire_type_of(field->type);
}

static int
walk_message(struct walk *w, const ProtobufCMessageDescriptor *type, struct cursor c, unsigned depth)
{
	if (depth > WIRE_DEPTH_MAX)
		return err_set(w->e, "nested deeper than %d", WIRE_DEPTH_MAX);
	while (left(&c) > 0) {
		const ProtobufCFieldDescriptor *field;
		ProtobufCWireType wire;
		uint64_t key;

		if (++w->fields > WIRE_FIELDS_MAX)
			return err_set(w->e, "more than %d fields", WIRE_FIELDS_MAX);
		if (!take_varint(&c, VARINT_SHORT_MAX, &key))
			return err_set(w->e, "cut short or malformed");
		if (key >> 3 == 0 || key >> 3 > WIRE_FIELD_NUMBER_MAX)
			return err_set(w->e, "a field number that is not allowed");
		wire = (ProtobufCWireType)(key & 7);
		field = protobuf_c_message_descriptor_get_field(type, (unsigned)(key >> 3));
		if (field && !wire_type_fits(field, wire))
			return err_set(w->e, "field %s has the wire type %d", field->name, (int)wire);
		if (walk_field(w, field, wire, &c, depth) != 0)
			return -1;
	}
	return w->fields > WIRE_FIELDS_MAX ? err_set(w->e, "more than %d fields", WIRE_FIELDS_MAX) : 0;
}

void *
wire_unpack(const ProtobufCMessageDescriptor *type, struct arena *a, const void *data, size_t size, struct err *e)
{
	static const uint8_t nothing[1] = {0};
	const uint8_t *bytes = size > 0 ? data : nothing;
	struct walk w = {.e = e};
	void *message;

	if (size > WIRE_FRAME_MAX) {
		err_set(e, "%s: %zu bytes, at most %d are allowed", type->short_name, size, WIRE_FRAME_MAX);
		return NULL;
	}
	if (walk_message(&w, type, (struct cursor){bytes, bytes + size}, 1) != 0) {
		err_prefix(e, "%s", type->short_name);
		return NULL;
	}
	if (!(message = protobuf_c_message_unpack(type, arena_protobuf(a), size, bytes)))
		err_set(e, "%s: malformed, or more than its arena holds", type->short_name);
	return message;
}

uint8_t *
wire_pack(struct arena *a, const ProtobufCMessage *message, size_t *size)
{
	uint8_t *data;

	*size = protobuf_c_message_get_packed_size(message);
	if ((data = arena_alloc(a, *size)))
		protobuf_c_message_pack(message, data);
	return data;
}
