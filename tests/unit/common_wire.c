/* wire: hostile bytes are refused with a reason and within the arena's limit. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/base/wire.h"
#include "kopru/v1/event.pb-c.h"
#include "kopru/v1/feed.pb-c.h"

#define EVENT (&kopru__v1__event__descriptor)
#define FEED (&kopru__v1__feed_envelope__descriptor)
#define ARENA_LIMIT ((size_t)4 << 20)

static int
setup(void **state)
{
	*state = arena_new(ARENA_LIMIT);
	return 0;
}

static int
teardown(void **state)
{
	assert_true(arena_size(*state) <= ARENA_LIMIT);
	arena_free(*state);
	return 0;
}

/* A block of the exact size, so that a sanitizer sees one byte too many. */
static void *
unpack_exact(struct arena *a, const ProtobufCMessageDescriptor *type, const void *data, size_t size, struct err *e)
{
	void *copy = malloc(size ? size : 1), *message;

	if (!copy)
		abort();
	memcpy(copy, data, size);
	message = wire_unpack(type, a, copy, size, e);
	free(copy);
	return message;
}

static void
assert_refused(
    struct arena *a, const ProtobufCMessageDescriptor *type, const void *data, size_t size, const char *reason)
{
	struct err e;

	assert_null(unpack_exact(a, type, data, size, &e));
	if (!strstr(e.text, reason))
		fail_msg("\"%s\" does not say \"%s\"", e.text, reason);
}

static Kopru__V1__Event *
event_new(struct arena *a)
{
	Kopru__V1__Event *event = arena_alloc(a, sizeof *event);
	Kopru__V1__ApplicationRouted *routed = arena_alloc(a, sizeof *routed);
	Kopru__V1__Application *application = arena_alloc(a, sizeof *application);
	Kopru__V1__Candidate *candidate = arena_alloc(a, sizeof *candidate);

	kopru__v1__event__init(event);
	kopru__v1__application_routed__init(routed);
	kopru__v1__application__init(application);
	kopru__v1__candidate__init(candidate);
	application->text = arena_string(a, "Çöp üç gündür alınmıyor");
	application->received_at = -1;
	candidate->topic = arena_string(a, "TEM-01");
	candidate->n_reasons = 2;
	candidate->reasons = arena_array(a, 2, sizeof *candidate->reasons);
	candidate->reasons[0] = arena_string(a, "cop");
	candidate->reasons[1] = arena_string(a, "alinmiyor");
	routed->application = application;
	routed->n_candidates = 1;
	routed->candidates = arena_copy(a, &candidate, sizeof(void *));
	event->version = 300;
	event->body_case = KOPRU__V1__EVENT__BODY_APPLICATION_ROUTED;
	event->application_routed = routed;
	return event;
}

static void
what_was_packed_is_unpacked(void **state)
{
	Kopru__V1__Event *event;
	struct err e;
	size_t size;
	uint8_t *bytes = wire_pack(*state, &event_new(*state)->base, &size);

	event = unpack_exact(*state, EVENT, bytes, size, &e);
	assert_non_null(event);
	assert_string_equal(event->application_routed->application->text, "Çöp üç gündür alınmıyor");
	assert_true(event->application_routed->application->received_at == -1);
	assert_string_equal(event->application_routed->candidates[0]->reasons[1], "alinmiyor");
	event = unpack_exact(*state, EVENT, "", 0, &e);
	assert_non_null(event);
	assert_string_equal(event->number, "");
	assert_non_null(wire_unpack(EVENT, *state, NULL, 0, &e));
}

/* Cut anywhere, a message is refused or, between two fields, read as far as it goes; never more. */
static void
cut_at_every_byte_it_does_no_harm(void **state)
{
	struct arena *a = arena_new(ARENA_LIMIT);
	size_t size, refused = 0;
	uint8_t *bytes = wire_pack(*state, &event_new(*state)->base, &size);
	struct err e;

	for (size_t cut = 0; cut < size; cut++) {
		if (!unpack_exact(a, EVENT, bytes, cut, &e)) {
			assert_true(strlen(e.text) > strlen("Event: "));
			refused++;
		}
		arena_reset(a);
	}
	assert_true(refused > size - 10);
	arena_free(a);
}

static void
every_changed_byte_does_no_harm(void **state)
{
	struct arena *a = arena_new(ARENA_LIMIT);
	size_t size, again;
	uint8_t *bytes = wire_pack(*state, &event_new(*state)->base, &size);
	struct err e;

	for (size_t at = 0; at < size; at++) {
		uint8_t old = bytes[at];

		for (int value = 0; value < 256; value++) {
			ProtobufCMessage *message;

			bytes[at] = (uint8_t)value;
			message = unpack_exact(a, EVENT, bytes, size, &e);
			if (message)
				assert_non_null(wire_pack(a, message, &again));
			arena_reset(a);
		}
		bytes[at] = old;
	}
	arena_free(a);
}

static void
malformed_bytes_are_refused(void **state)
{
	static const struct {
		const char *bytes;
		size_t size;
		const char *reason;
	} rows[] = {
	    {"\x00\x01", 2, "field number"}, /* field 0 */
	    {"\x02\x00", 2, "field number"}, /* field 0 with a length */
	    {"\xf8\xff\xff\xff\x7f\x01", 6, "field number"}, /* above 2^29-1 */
	    {"\x80", 1, "cut short"}, /* half a key */
	    {"\x80\x80\x80\x80\x80\x01\x01", 7, "cut short or malformed"}, /* key of six bytes */
	    {"\x0b\x0c", 2, "wire type 3"}, /* group */
	    {"\x0c", 1, "wire type 4"}, /* end of a group */
	    {"\x9b\x06\x9c\x06", 4, "group"}, /* unknown group */
	    {"\x9e\x06\x01", 3, "wire type"}, /* 6 */
	    {"\x9f\x06\x01", 3, "wire type"}, /* 7 */
	    {"\x20\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01", 12, "malformed"}, /* varint of eleven bytes */
	    {"\x98\x06\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01", 13, "malformed"}, /* the same, unknown field */
	    {"\x0a\x80\x80\x80\x80\x80\x01", 7, "malformed"}, /* length of six bytes */
	    {"\x0a\xff\xff\xff\xff\x0f", 6, "malformed"}, /* length of 4 GiB */
	    {"\x0a\xff\xff\xff\xff\x7f", 6, "malformed"}, /* more than 32 bits of length */
	    {"\x0a\x05\x01", 3, "malformed"}, /* longer than the frame */
	    {"\x52\x04\x0a\x05\x01\x01", 6, "malformed"}, /* longer than its message, not than the frame */
	    {"\x99\x06\x01\x02", 4, "cut short"}, /* 64 bits cut */
	    {"\x9d\x06\x01", 3, "cut short"}, /* 32 bits cut */
	    {"\x08\x01", 2, "field id has the wire type 0"}, /* bytes as a number */
	    {"\x22\x01\x01", 3, "field version has the wire type 2"}, /* a number as bytes */
	    {"\x50\x01", 2, "field application_received has the wire type 0"}, /* a message as a number */
	    {"\x2d\x01\x02\x03\x04", 5, "field at has the wire type 5"}, /* 32 bits for a varint */
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		assert_refused(*state, EVENT, rows[i].bytes, rows[i].size, rows[i].reason);
}

static void
texts_are_utf8_without_nul(void **state)
{
	static const struct {
		const char *bytes;
		size_t size;
		const char *field;
	} rows[] = {
	    {"\x1a\x01\xff", 3, "number"},
	    {"\x1a\x01\x00", 3, "number"},
	    {"\x1a\x03\x61\x00\x62", 5, "number"},
	    {"\x1a\x02\xc0\x80", 4, "number"},
	    {"\x1a\x03\xed\xa0\x80", 5, "number"},
	    {"\x1a\x01\xc3", 3, "number"},
	    {"\x1a\x01\xff\x1a\x01\x61", 6, "number"}, /* a later, better one does not help */
	    {"\x32\x03\x12\x01\xff", 5, "id"}, /* in the actor */
	    {"\x5a\x03\x12\x01\xff", 5, "department"}, /* in the oneof */
	    {"\x5a\x05\x42\x03\x22\x01\xff", 7, "reasons"}, /* repeated in repeated */
	    {"\x5a\x05\x0a\x03\x2a\x01\xff", 7, "text"},
	};
	struct err e;

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		assert_refused(*state, EVENT, rows[i].bytes, rows[i].size, rows[i].field);
		assert_refused(*state, EVENT, rows[i].bytes, rows[i].size, "is not UTF-8 or holds a NUL");
	}
	assert_non_null(unpack_exact(*state, EVENT, "\x0a\x02\x00\xff", 4, &e)); /* bytes may hold anything */
}

/* Depth that the types allow is small; unknown fields have none, and are kept as they are. */
static void
nesting_is_bounded(void **state)
{
	static uint8_t bytes[WIRE_FRAME_MAX];
	size_t at = sizeof bytes;
	struct arena *a = *state;
	Kopru__V1__Event *event;
	struct err e;

	/* 0xaa 0x06: field 101 with a length of three bytes, each around the next */
	while (at >= 5) {
		size_t inside = sizeof bytes - at;

		at -= 5;
		memcpy(bytes + at, "\xaa\x06", 2);
		bytes[at + 2] = (uint8_t)(0x80 | (inside & 0x7f));
		bytes[at + 3] = (uint8_t)(0x80 | (inside >> 7 & 0x7f));
		bytes[at + 4] = (uint8_t)(inside >> 14);
	}
	event = unpack_exact(a, EVENT, bytes + at, sizeof bytes - at, &e);
	assert_non_null(event);
	assert_int_equal(event->base.n_unknown_fields, 1);
	/* the deepest that the protos allow: event, routed, application, location, point */
	assert_non_null(unpack_exact(a, EVENT, "\x5a\x08\x0a\x06\x42\x04\x0a\x02\x08\x01", 10, &e));
}

struct node {
	ProtobufCMessage base;
	struct node *inside;
};

static const ProtobufCMessageDescriptor node_descriptor;

static const ProtobufCFieldDescriptor node_fields[] = {{.name = "inside",
    .id = 1,
    .label = PROTOBUF_C_LABEL_OPTIONAL,
    .type = PROTOBUF_C_TYPE_MESSAGE,
    .offset = offsetof(struct node, inside),
    .descriptor = &node_descriptor}};

static const unsigned node_names[] = {0};
static const ProtobufCIntRange node_ranges[] = {{1, 0}, {0, 1}};

/* A type of the kind that our protos may not have: it holds itself. */
static const ProtobufCMessageDescriptor node_descriptor = {.magic = PROTOBUF_C__MESSAGE_DESCRIPTOR_MAGIC,
    .name = "node",
    .short_name = "Node",
    .c_name = "node",
    .package_name = "",
    .sizeof_message = sizeof(struct node),
    .n_fields = 1,
    .fields = node_fields,
    .fields_sorted_by_name = node_names,
    .n_field_ranges = 1,
    .field_ranges = node_ranges};

static void
depth_is_bounded(void **state)
{
	uint8_t bytes[100];
	struct err e;

	for (size_t depth = 1; depth <= 50; depth++) {
		for (size_t i = 0; i + 1 < depth; i++) {
			bytes[2 * i] = 0x0a;
			bytes[2 * i + 1] = (uint8_t)(2 * (depth - i - 2));
		}
		if (depth <= WIRE_DEPTH_MAX)
			assert_non_null(unpack_exact(*state, &node_descriptor, bytes, 2 * (depth - 1), &e));
		else
			assert_refused(*state, &node_descriptor, bytes, 2 * (depth - 1), "Node: nested deeper than 8");
	}
}

static size_t
fill(uint8_t *bytes, size_t size, const char *pattern, size_t length)
{
	size_t at = 0;

	for (; at + length <= size; at += length)
		memcpy(bytes + at, pattern, length);
	return at;
}

static void
many_small_fields_are_refused(void **state)
{
	static const struct {
		const char *pattern;
		size_t length;
	} rows[] = {
	    {"\x52\x00", 2}, /* empty messages of a oneof */
	    {"\x1a\x00", 2}, /* empty texts */
	    {"\x20\x01", 2}, /* numbers */
	    {"\x98\x06\x01", 3}, /* unknown fields */
	    {"\x32\x02\x08\x01", 4}, /* messages to be merged */
	};
	static uint8_t bytes[WIRE_FRAME_MAX];

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		size_t size = fill(bytes, sizeof bytes, rows[i].pattern, rows[i].length);

		assert_refused(*state, EVENT, bytes, size, "more than 20000 fields");
	}
	assert_true(arena_size(*state) <= 8192); /* refused before anything was made of them */
}

/* However often their list comes: lists of messages that come twice are put together. */
static void
attachments_are_counted(void **state)
{
	Kopru__V1__Attachment file, *files[WIRE_ATTACHMENTS_MAX + 1];
	Kopru__V1__CitizenAdded added;
	Kopru__V1__Event event;
	uint8_t twice[256], *bytes;
	struct err e;
	size_t size;

	kopru__v1__attachment__init(&file);
	for (size_t i = 0; i <= WIRE_ATTACHMENTS_MAX; i++)
		files[i] = &file;
	kopru__v1__citizen_added__init(&added);
	added.attachments = files;
	added.n_attachments = WIRE_ATTACHMENTS_MAX;
	kopru__v1__event__init(&event);
	event.body_case = KOPRU__V1__EVENT__BODY_CITIZEN_ADDED;
	event.citizen_added = &added;
	bytes = wire_pack(*state, &event.base, &size);
	assert_non_null(unpack_exact(*state, EVENT, bytes, size, &e));
	added.n_attachments++;
	bytes = wire_pack(*state, &event.base, &size);
	assert_refused(*state, EVENT, bytes, size, "more than 10 attachments");
	added.n_attachments = WIRE_ATTACHMENTS_MAX / 2 + 1;
	size = kopru__v1__event__pack(&event, twice);
	size += kopru__v1__event__pack(&event, twice + size);
	assert_refused(*state, EVENT, twice, size, "more than 10 attachments");
	file.name = arena_string(*state, "\xff");
	added.n_attachments = 1;
	bytes = wire_pack(*state, &event.base, &size);
	assert_refused(*state, EVENT, bytes, size, "field name is not UTF-8");
}

/* One MiB of two-byte messages: too large for a frame; and the most of them that fit in one. */
static void
a_megabyte_of_empty_messages_is_refused(void **state)
{
	static uint8_t bytes[1 << 20];
	size_t size = fill(bytes, sizeof bytes, "\x1a\x00", 2); /* items of Events */
	uint8_t frame[WIRE_FRAME_MAX] = {0xa2, 0x01, 0x80, 0x80, 0x1e};

	assert_refused(*state, FEED, bytes, size, "at most 524288");
	fill(frame + 5, 30 << 14, "\x1a\x00", 2);
	assert_refused(*state, FEED, frame, 5 + (30 << 14), "more than 20000 fields");
	assert_true(arena_size(*state) <= 8192);
}

/* The most messages that pass the count need a bounded arena, and get a reason when theirs is smaller. */
static void
memory_is_that_of_the_arena(void **state)
{
	enum { COUNT = 19000 };
	static uint8_t frame[6 + 2 * COUNT] = {
	    0xa2, 0x01, 0x80 | (2 * COUNT & 0x7f), 0x80 | (2 * COUNT >> 7 & 0x7f), 2 * COUNT >> 14};
	size_t limits[] = {1, 64, 4096, 10000, 100000, 500000};
	Kopru__V1__FeedEnvelope *envelope;
	struct err e;

	fill(frame + 5, (size_t)2 * COUNT, "\x1a\x00", 2);
	for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
		struct arena *a = arena_new(limits[i]);

		assert_refused(a, FEED, frame, 5 + 2 * COUNT, "more than its arena holds");
		assert_true(arena_size(a) <= limits[i] || limits[i] < 4096);
		arena_free(a);
	}
	envelope = unpack_exact(*state, FEED, frame, 5 + 2 * COUNT, &e);
	assert_non_null(envelope);
	assert_int_equal(envelope->events->n_items, COUNT);
}

/* Singular messages that come twice are merged; lists grow by that, and the arena bounds it. */
static void
merging_is_bounded(void **state)
{
	static uint8_t bytes[60000];
	size_t size = fill(bytes, sizeof bytes, "\x5a\x04\x42\x02\x18\x01", 6);
	struct arena *a = arena_new(1 << 20);
	struct err e;

	(void)state;
	unpack_exact(a, EVENT, bytes, size, &e);
	assert_true(arena_size(a) <= 1 << 20);
	arena_free(a);
}

static void
packing_needs_room(void **state)
{
	struct arena *small = arena_new(64);
	size_t size;

	assert_null(wire_pack(small, &event_new(*state)->base, &size));
	arena_free(small);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(what_was_packed_is_unpacked, setup, teardown),
	    cmocka_unit_test_setup_teardown(cut_at_every_byte_it_does_no_harm, setup, teardown),
	    cmocka_unit_test_setup_teardown(every_changed_byte_does_no_harm, setup, teardown),
	    cmocka_unit_test_setup_teardown(malformed_bytes_are_refused, setup, teardown),
	    cmocka_unit_test_setup_teardown(texts_are_utf8_without_nul, setup, teardown),
	    cmocka_unit_test_setup_teardown(nesting_is_bounded, setup, teardown),
	    cmocka_unit_test_setup_teardown(depth_is_bounded, setup, teardown),
	    cmocka_unit_test_setup_teardown(many_small_fields_are_refused, setup, teardown),
	    cmocka_unit_test_setup_teardown(attachments_are_counted, setup, teardown),
	    cmocka_unit_test_setup_teardown(a_megabyte_of_empty_messages_is_refused, setup, teardown),
	    cmocka_unit_test_setup_teardown(memory_is_that_of_the_arena, setup, teardown),
	    cmocka_unit_test(merging_is_bounded),
	    cmocka_unit_test_setup_teardown(packing_needs_room, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
