/* Unit tests of services/department/line_events and line_messages: every type of event, with every field given. */
#include "services/department/line.h"

#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "common/base/wire.h"
#include "common/domain/words.h"
#include "proto/kopru/v1/event.pb-c.h"

#define DAY 20816 /* 2026-12-29 */
#define TIME INT64_C(1795770000000000) /* 2026-11-27T12:00:00+03:00 */
#define ID "01020304-0506-7708-890a-0b0c0d0e0f10"
#define ACTOR(name)                                                                                                    \
	"\"" name "\":\"citizen\",\"" name "_id\":\"id\",\"" name "_role\":\"applicant\",\"" name                      \
	"_department\":\"department\""
#define PART                                                                                                           \
	"{\"number\":7,\"department\":\"department\",\"department_name\":\"department_name\",\"task\":\"task\","       \
	"\"answered\":true}"
#define ATTACHMENT                                                                                                     \
	"{\"id\":\"" ID "\",\"name\":\"name\",\"media_type\":\"media_type\",\"size\":1795770000000000,"                \
	"\"sha256\":\"0102030405067708890a0b0c0d0e0f10\"}"
#define MATTER "{\"topic\":\"topic\",\"department\":\"department\",\"score\":7}"
#define ATTACHMENTS "\"attachments\":[" ATTACHMENT "," ATTACHMENT "]"

static uint8_t id[16] = {1, 2, 3, 4, 5, 6, 0x77, 8, 0x89, 10, 11, 12, 13, 14, 15, 16};
static const struct line_place place = {
    "department/TEM", 42, {{1, 2, 3, 4, 5, 6, 0x77, 8, 0x89, 10, 11, 12, 13, 14, 15, 16}}};

/* What each type says of itself. "application" stands where one must be. */
static const struct {
	const char *type, *body;
} expected[] = {
    {"application.received", "{\"due_on\":\"2026-12-29\",\"application\":1}"},
    {"application.routed",
	"{\"department\":\"department\",\"department_name\":\"department_name\",\"outside\":true,\"topic\":\"topic\","
	"\"topic_name\":\"topic_name\",\"state\":\"received\",\"triage\":true,\"due_on\":\"2026-12-29\","
	"\"target_on\":\"2026-12-29\",\"outcome\":\"sure\",\"urgent\":true,\"emergency\":\"emergency\","
	"\"institution_phone\":\"institution_phone\",\"rule\":\"rule\",\"reason\":\"reason_tr\",\"reason_en\":\"reason_"
	"en\","
	"\"matters\":[" MATTER "," MATTER "],\"application\":1}"},
    {"erased", "{\"reason\":\"reason\"}"},
    {"case.assigned", "{\"from_department\":\"from_department\",\"reason\":\"reason\",\"application\":1}"},
    {"case.accepted", "{}"},
    {"case.transferred", "{\"from_department\":\"from_department\",\"reason\":\"reason\",\"application\":1}"},
    {"case.handed_back", "{\"from_department\":\"from_department\",\"reason\":\"reason\",\"application\":1}"},
    {"citizen.asked", "{\"text\":\"text\",\"answer_by\":\"2026-12-29\"}"},
    {"citizen.reminded", "{\"text\":\"text\",\"answer_by\":\"2026-12-29\"}"},
    {"question.expired", "{\"answer_by\":\"2026-12-29\"}"},
    {"citizen.replied", "{\"text\":\"text\"," ATTACHMENTS "}"},
    {"citizen.added", "{\"text\":\"text\"," ATTACHMENTS "}"},
    {"note.added", "{\"text\":\"text\"}"},
    {"answer.drafted", "{\"text\":\"text\"}"},
    {"answer.approved", "{\"text\":\"text\"," ACTOR("drafted_by") "}"},
    {"case.answered", "{\"text\":\"text\",\"leading_number\":\"leading_number\"," ACTOR("approved_by") "}"},
    {"case.interim_answered", "{\"text\":\"text\",\"final_by\":\"2026-12-29\",\"leading_number\":\"leading_number\"}"},
    {"case.forwarded", "{\"from_department\":\"from_department\",\"institution\":\"institution\","
		       "\"institution_name\":\"institution_name\",\"letter\":\"letter\",\"letter_on\":\"2026-12-29\","
		       "\"letter_number\":\"letter_number\",\"application\":1}"},
    {"case.rejected", "{\"reason\":\"no_specific_subject\",\"text\":\"text\"}"},
    {"case.merged", "{\"reason\":\"reason\"}"},
    {"case.unmerged", "{\"reason\":\"reason\",\"from\":\"" ID "\",\"from_number\":\"from_number\"}"},
    {"member.added", "{\"member\":\"" ID "\",\"member_number\":\"member_number\"}"},
    {"member.removed", "{\"member\":\"" ID "\",\"member_number\":\"member_number\"}"},
    {"case.split", "{\"parts\":[" PART "," PART "],\"reason\":\"reason\",\"application\":1}"},
    {"part.answered", "{\"part\":" PART ",\"text\":\"text\"}"},
    {"case.reopened", "{\"reason\":\"reason\"}"},
    {"case.closed", "{\"reason\":\"reason\"}"},
    {"case.withdrawn", "{\"reason\":\"reason\"}"},
    {"deadline.moved", "{\"old_due_on\":\"2026-12-29\",\"reason\":\"reason\",\"calendar_version\":7,"
		       "\"clock\":\"law\",\"old_target_on\":\"2026-12-29\"}"},
    {"case.escalated", "{\"clock\":\"law\",\"stage\":7,\"due_at\":\"2026-11-27T12:00:00+03:00\",\"to\":\"applicant\","
		       "\"to_mayor\":true,\"overtaken\":7}"},
    {"fee.told", "{\"text\":\"text\",\"pay_by\":\"2026-12-29\"}"},
    {"fee.paid", "{\"paid_on\":\"2026-12-29\",\"evidence\":\"evidence\",\"old_due_on\":\"2026-12-29\"}"},
    {"date.promised", "{\"promised_on\":\"2026-12-29\",\"old_promised_on\":\"2026-12-29\",\"reason\":\"reason\"}"},
};

static void *message_filled(struct arena *a, const ProtobufCMessageDescriptor *descriptor);

static void
value_fill(struct arena *a, const ProtobufCFieldDescriptor *field, void *at)
{
	char *text = arena_string(a, field->name);
	const ProtobufCBinaryData bytes = {sizeof(id), id};
	const uint32_t number = 7;
	const int32_t day = DAY;
	const int64_t time = TIME;
	const protobuf_c_boolean yes = 1;
	const int first = 1; /* of an enum, after what is not specified */
	void *message;

	if (field->type == PROTOBUF_C_TYPE_STRING)
		memcpy(at, &text, sizeof(text));
	else if (field->type == PROTOBUF_C_TYPE_BYTES)
		memcpy(at, &bytes, sizeof(bytes));
	else if (field->type == PROTOBUF_C_TYPE_UINT32)
		memcpy(at, &number, sizeof(number));
	else if (field->type == PROTOBUF_C_TYPE_INT32 || field->type == PROTOBUF_C_TYPE_SINT32)
		memcpy(at, &day, sizeof(day));
	else if (field->type == PROTOBUF_C_TYPE_INT64 || field->type == PROTOBUF_C_TYPE_UINT64)
		memcpy(at, &time, sizeof(time));
	else if (field->type == PROTOBUF_C_TYPE_BOOL)
		memcpy(at, &yes, sizeof(yes));
	else if (field->type == PROTOBUF_C_TYPE_ENUM)
		memcpy(at, &first, sizeof(first));
	else if (field->type == PROTOBUF_C_TYPE_MESSAGE) {
		message = message_filled(a, field->descriptor);
		memcpy(at, &message, sizeof(message));
	} else
		fail_msg("the test cannot fill \"%s\"", field->name);
}

/* Two of what is repeated. */
static void
list_fill(struct arena *a, const ProtobufCFieldDescriptor *field, char *message)
{
	const size_t count = 2;
	const size_t size = field->type == PROTOBUF_C_TYPE_BYTES ? sizeof(ProtobufCBinaryData) : sizeof(void *);
	char *list = arena_array(a, count, size);

	for (size_t i = 0; i < count; i++)
		value_fill(a, field, list + i * size);
	memcpy(message + field->quantifier_offset, &count, sizeof(count));
	memcpy(message + field->offset, &list, sizeof(list));
}

/* Every field of the message, but none of a oneof. */
static void *
message_filled(struct arena *a, const ProtobufCMessageDescriptor *descriptor)
{
	char *message = arena_alloc(a, descriptor->sizeof_message);

	descriptor->message_init((ProtobufCMessage *)(void *)message);
	for (unsigned i = 0; i < descriptor->n_fields; i++) {
		const ProtobufCFieldDescriptor *field = &descriptor->fields[i];

		if (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF)
			continue;
		if (field->label == PROTOBUF_C_LABEL_REPEATED)
			list_fill(a, field, message);
		else
			value_fill(a, field, message + field->offset);
	}
	return message;
}

/* An event of which everything is given; its body is the one of that tag. */
static json_t *
event_line(struct arena *a, const ProtobufCFieldDescriptor *body)
{
	Kopru__V1__Event *event = message_filled(a, &kopru__v1__event__descriptor);
	struct line line;
	struct err e = {""};
	size_t size;
	uint8_t *bytes;
	json_t *object;

	event->body_case = (Kopru__V1__Event__BodyCase)body->id;
	event->application_received = message_filled(a, body->descriptor);
	bytes = wire_pack(a, &event->base, &size);
	assert_int_equal(line_make(a, &place, bytes, size, &line, &e), 0);
	object = json_loads(line.text, JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(object);
	return object;
}

static void
assert_json(const char *what, const json_t *found, const char *text)
{
	json_t *wanted = json_loads(text, JSON_DECODE_ANY, NULL);

	if (!wanted || !json_equal(found, wanted))
		fail_msg("%s: %s is not %s", what, json_dumps(found, JSON_SORT_KEYS), text);
	json_decref(wanted);
}

static void
head_check(json_t *object)
{
	static const char *const head[] = {"event_id", "stream", "seq", "application_id", "number", "version", "at",
	    "actor", "actor_id", "actor_role", "actor_department", "traceparent", "type", "standing"};

	for (size_t i = 0; i < sizeof(head) / sizeof(head[0]); i++) {
		const json_t *value = json_object_get(object, head[i]);

		if (!value || json_is_null(value))
			fail_msg("\"%s\" is missing", head[i]);
		json_object_del(object, head[i]);
	}
}

/* Of stream "bounce" no department hears; would it, it were told the type and no more. */
static bool
is_for_departments(const ProtobufCFieldDescriptor *body)
{
	return body->id != KOPRU__V1__EVENT__BODY_NOTICE_RETURNED;
}

static void
test_every_type_says_all_that_its_readers_need(void **state)
{
	const ProtobufCMessageDescriptor *event = &kopru__v1__event__descriptor;
	struct arena *a = arena_new(0);
	size_t types = 0;

	(void)state;
	for (unsigned i = 0; i < event->n_fields; i++) {
		const char *token = word_token(event_words, (int)event->fields[i].id);
		size_t row = 0;
		json_t *object;

		if (!(event->fields[i].flags & PROTOBUF_C_FIELD_FLAG_ONEOF) || !is_for_departments(&event->fields[i]))
			continue;
		while (row < sizeof(expected) / sizeof(expected[0]) && strcmp(expected[row].type, token) != 0)
			row++;
		if (row == sizeof(expected) / sizeof(expected[0]))
			fail_msg("the table has no type \"%s\"", token);
		object = event_line(a, &event->fields[i]);
		assert_string_equal(json_string_value(json_object_get(object, "type")), token);
		head_check(object);
		if (json_is_object(json_object_get(object, "application")))
			json_object_set_new(object, "application", json_integer(1));
		assert_json(token, object, expected[row].body);
		json_decref(object);
		types++;
	}
	assert_int_equal(types, sizeof(expected) / sizeof(expected[0]));
	arena_free(a);
}

static const ProtobufCFieldDescriptor *
body_of(const char *name)
{
	return protobuf_c_message_descriptor_get_field_by_name(&kopru__v1__event__descriptor, name);
}

#define APPLICANT                                                                                                      \
	"{\"name\":\"name\",\"phone\":\"phone\",\"email\":\"email\",\"email_verified\":true,\"address\":\"address\","  \
	"\"anonymous\":true,\"hide_identity\":true,\"masked\":true,\"language\":\"language\",\"prefers\":\"email\"}"

static void
test_standing_is_an_object(void **state)
{
	struct arena *a = arena_new(0);
	json_t *object = event_line(a, body_of("case_accepted"));

	(void)state;
	assert_json("standing", json_object_get(object, "standing"),
	    "{\"state\":\"received\",\"department\":\"department\",\"department_name\":\"department_name\","
	    "\"department_name_en\":\"department_name_en\",\"topic\":\"topic\",\"topic_name\":\"topic_name\","
	    "\"triage\":true,\"outside\":true,\"due_on\":\"2026-12-29\",\"target_on\":\"2026-12-29\","
	    "\"kind\":\"request\",\"channel\":\"desk\",\"legal_basis\":\"3071\","
	    "\"received_at\":\"2026-11-27T12:00:00+03:00\",\"applicant\":" APPLICANT
	    ",\"hand_backs\":7,\"with_arbiter\":true,\"arbiter_due_on\":\"2026-12-29\",\"final_owed\":true,"
	    "\"merged_into\":\"" ID
	    "\",\"merged_into_number\":\"merged_into_number\",\"answer_by\":\"2026-12-29\",\"answers\":7,"
	    "\"promised_on\":\"2026-12-29\",\"fee_due_on\":\"2026-12-29\"}");
	json_decref(object);
	arena_free(a);
}

static void
test_application_is_an_object(void **state)
{
	struct arena *a = arena_new(0);
	json_t *object = event_line(a, body_of("case_split"));

	(void)state;
	assert_json("application", json_object_get(object, "application"),
	    "{\"id\":\"" ID "\",\"number\":\"number\",\"kind\":\"request\",\"channel\":\"desk\",\"text\":\"text\","
	    "\"subject\":\"subject\","
	    "\"topic\":\"topic\",\"location\":{\"lat\":0.0020816,\"lon\":0.0020816,\"address\":\"address\","
	    "\"neighbourhood\":\"neighbourhood\"},\"applicant\":" APPLICANT
	    ",\"received_at\":\"2026-11-27T12:00:00+03:00\",\"legal_basis\":\"3071\",\"due_on\":\"2026-12-29\","
	    "\"external_id\":\"external_id\"," ATTACHMENTS ",\"origin\":{\"entered_by\":\"entered_by\","
	    "\"brought_by\":\"brought_by\",\"registry_number\":\"registry_number\",\"registry_on\":\"2026-12-29\","
	    "\"sender_institution\":\"sender_institution\",\"reply_by\":\"2026-12-29\",\"call_id\":\"call_id\","
	    "\"recording\":\"recording\",\"source_url\":\"source_url\"}}");
	json_decref(object);
	arena_free(a);
}

/* An empty message of each type: nothing is given, nothing is guessed, nothing breaks. */
static void
test_what_is_not_given_is_null(void **state)
{
	const ProtobufCMessageDescriptor *descriptor = &kopru__v1__event__descriptor;
	struct arena *a = arena_new(0);

	(void)state;
	for (unsigned i = 0; i < descriptor->n_fields; i++) {
		const ProtobufCFieldDescriptor *field = &descriptor->fields[i];
		Kopru__V1__Event event;
		struct line line;
		struct err e = {""};
		size_t size;
		uint8_t *bytes;

		if (!(field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF))
			continue;
		kopru__v1__event__init(&event);
		event.application_id = (ProtobufCBinaryData){sizeof(id), id};
		event.body_case = (Kopru__V1__Event__BodyCase)field->id;
		event.erased = arena_alloc(a, ((const ProtobufCMessageDescriptor *)field->descriptor)->sizeof_message);
		((const ProtobufCMessageDescriptor *)field->descriptor)->message_init(&event.erased->base);
		bytes = wire_pack(a, &event.base, &size);
		assert_int_equal(line_make(a, &place, bytes, size, &line, &e), 0);
		assert_non_null(strstr(line.text, "\"standing\":null"));
		assert_non_null(strstr(line.text, "\"actor\":null,\"actor_id\":null,\"actor_role\":null"));
		assert_null(strstr(line.text, "unknown"));
	}
	arena_free(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_every_type_says_all_that_its_readers_need),
	    cmocka_unit_test(test_standing_is_an_object),
	    cmocka_unit_test(test_application_is_an_object),
	    cmocka_unit_test(test_what_is_not_given_is_null),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
