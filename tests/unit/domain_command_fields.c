/* domain_command_fields: the table knows every action that people send, and fields become messages. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "common/base/wire.h"
#include "common/domain/command_fields.h"
#include "common/domain/words.h"
#include "services/router/lifecycle.h"

#define ACTION(name) KOPRU__V1__COMMAND__ACTION_##name

/* Packs and unpacks, so that what was filled is what arrives. */
static const Kopru__V1__Command *
sent(struct arena *a, int action, const struct command_fields *fields)
{
	Kopru__V1__Command command;
	const Kopru__V1__Command *received;
	struct err e;
	size_t size;
	uint8_t *bytes;

	kopru__v1__command__init(&command);
	assert_true(command_fields_fill(a, action, fields, &command));
	bytes = wire_pack(a, &command.base, &size);
	received = wire_unpack(&kopru__v1__command__descriptor, a, bytes, size, &e);
	assert_non_null(received);
	assert_int_equal((int)received->action_case, action);
	return received;
}

static void
test_every_action_but_the_clocks_has_a_shape(void **state)
{
	(void)state;
	for (const struct word *word = action_words; word->value != 0; word++) {
		bool clocks = word->value == ACTION(REMIND) || word->value == ACTION(EXPIRE) ||
			      word->value == ACTION(ESCALATE) || word->value == ACTION(RECOMPUTE);

		assert_int_equal(command_shape(word->value) == NULL, clocks);
	}
	assert_null(command_shape(0));
	assert_null(command_shape(1)); /* the command's own field */
	assert_null(command_shape(-5));
}

/* Those that the message of an action has. */
static unsigned
fields_of(int action)
{
	static const struct {
		const char *name;
		unsigned field;
	} names[] = {{"department", COMMAND_DEPARTMENT}, {"topic", COMMAND_TOPIC}, {"text", COMMAND_TEXT},
	    {"answer_by", COMMAND_ANSWER_BY}, {"final_by", COMMAND_FINAL_BY}, {"institution", COMMAND_INSTITUTION},
	    {"letter", COMMAND_LETTER}, {"letter_on", COMMAND_LETTER_ON}, {"letter_number", COMMAND_LETTER_NUMBER},
	    {"into", COMMAND_INTO}, {"parts", COMMAND_PARTS}, {"part", COMMAND_PART}, {"reason", COMMAND_REASON},
	    {"attachments", COMMAND_ATTACHMENTS}, {"pay_by", COMMAND_PAY_BY}, {"paid_on", COMMAND_PAID_ON},
	    {"evidence", COMMAND_EVIDENCE}, {"promised_on", COMMAND_PROMISED_ON}};
	const ProtobufCFieldDescriptor *field =
	    protobuf_c_message_descriptor_get_field(&kopru__v1__command__descriptor, (unsigned)action);
	unsigned found = 0;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (protobuf_c_message_descriptor_get_field_by_name(field->descriptor, names[i].name))
			found |= names[i].field;
	if (action == ACTION(REJECT))
		found += COMMAND_LEGAL_REASON - COMMAND_REASON;
	return found;
}

/* Each field of an action's message can be given, and nothing else can. */
static void
test_shapes_are_those_of_the_messages(void **state)
{
	(void)state;
	for (const struct command_shape *shape = command_shapes; shape->action != 0; shape++) {
		assert_int_equal(shape->must | shape->may, fields_of(shape->action));
		assert_int_equal(shape->must & shape->may, 0);
		assert_int_equal(shape->some & ~shape->may, 0);
	}
}

/* What senders are told to give is what the router asks for. */
static void
test_shapes_agree_with_the_lifecycle(void **state)
{
	static const struct {
		unsigned need, field;
	} needs[] = {{LIFECYCLE_REASON, COMMAND_REASON}, {LIFECYCLE_DEPARTMENT, COMMAND_DEPARTMENT},
	    {LIFECYCLE_INSTITUTION, COMMAND_INSTITUTION}, {LIFECYCLE_LEGAL_REASON, COMMAND_LEGAL_REASON},
	    {LIFECYCLE_INTO, COMMAND_INTO}, {LIFECYCLE_PARTS, COMMAND_PARTS}, {LIFECYCLE_EVIDENCE, COMMAND_EVIDENCE},
	    {LIFECYCLE_DAY, COMMAND_PROMISED_ON}};

	(void)state;
	for (const struct command_shape *shape = command_shapes; shape->action != 0; shape++) {
		const struct lifecycle_rule *rule = lifecycle_find(shape->action, LIFECYCLE_PLAIN);
		unsigned must = 0;

		if (shape->action == ACTION(ANSWER))
			continue; /* three ways, told apart by what is given */
		assert_non_null(rule);
		for (size_t i = 0; i < sizeof(needs) / sizeof(needs[0]); i++)
			must |= rule->needs & needs[i].need ? needs[i].field : 0;
		if (rule->needs & LIFECYCLE_TEXT)
			must |= COMMAND_TEXT;
		assert_int_equal(shape->must, must);
		assert_int_equal(
		    shape->some, rule->needs & LIFECYCLE_CONTENT ? (unsigned)(COMMAND_TEXT | COMMAND_ATTACHMENTS) : 0U);
		assert_int_equal(shape->any_version, (rule->needs & LIFECYCLE_VERSION) == 0);
	}
}

static void
test_fill_gives_what_was_given(void **state)
{
	static const struct command_fields fields = {.department = "TEM",
	    .topic = "TEM-01",
	    .reason = "Gerekçe",
	    .text = "Metin",
	    .institution = "KOSKI",
	    .letter = "Yazı",
	    .letter_number = "E-1",
	    .answer_by = 20816,
	    .final_by = 20817,
	    .letter_on = 20818,
	    .legal_reason = KOPRU__V1__CASE_REJECTED__REASON__REASON_JUDICIAL_MATTER,
	    .part = 3,
	    .has_into = true,
	    .into = {{7}},
	    .parts = {{"TEM", "Topla"}, {"FEN", "Onar"}},
	    .parts_count = 2,
	    .attachments = {{.id = {{9}}, .name = "a.jpg", .media_type = "image/jpeg", .size = 5, .sha256 = {8}}},
	    .attachment_count = 1};
	struct arena *a = arena_new(0);
	const Kopru__V1__Command *c;

	(void)state;
	c = sent(a, ACTION(ASSIGN), &fields);
	assert_string_equal(c->assign->department, "TEM");
	assert_string_equal(c->assign->topic, "TEM-01");
	assert_string_equal(c->assign->reason, "Gerekçe");
	c = sent(a, ACTION(ASK), &fields);
	assert_string_equal(c->ask->text, "Metin");
	assert_int_equal(c->ask->answer_by, 20816);
	c = sent(a, ACTION(ANSWER), &fields);
	assert_string_equal(c->answer->text, "Metin");
	assert_int_equal(c->answer->part, 3);
	assert_int_equal(sent(a, ACTION(INTERIM_ANSWER), &fields)->interim_answer->final_by, 20817);
	c = sent(a, ACTION(FORWARD), &fields);
	assert_string_equal(c->forward->institution, "KOSKI");
	assert_string_equal(c->forward->letter, "Yazı");
	assert_int_equal(c->forward->letter_on, 20818);
	assert_string_equal(c->forward->letter_number, "E-1");
	c = sent(a, ACTION(REJECT), &fields);
	assert_int_equal((int)c->reject->reason, KOPRU__V1__CASE_REJECTED__REASON__REASON_JUDICIAL_MATTER);
	assert_string_equal(c->reject->text, "Metin");
	c = sent(a, ACTION(MERGE), &fields);
	assert_int_equal(c->merge->into.len, UUID_SIZE);
	assert_memory_equal(c->merge->into.data, fields.into.bytes, UUID_SIZE);
	c = sent(a, ACTION(SPLIT), &fields);
	assert_int_equal(c->split->n_parts, 2);
	assert_string_equal(c->split->parts[1]->department, "FEN");
	assert_string_equal(c->split->parts[1]->task, "Onar");
	c = sent(a, ACTION(CITIZEN_ADD), &fields);
	assert_string_equal(c->citizen_add->text, "Metin");
	assert_int_equal(c->citizen_add->n_attachments, 1);
	assert_memory_equal(c->citizen_add->attachments[0]->id.data, fields.attachments[0].id.bytes, UUID_SIZE);
	assert_string_equal(c->citizen_add->attachments[0]->name, "a.jpg");
	assert_string_equal(c->citizen_add->attachments[0]->media_type, "image/jpeg");
	assert_int_equal(c->citizen_add->attachments[0]->size, 5);
	assert_memory_equal(c->citizen_add->attachments[0]->sha256.data, fields.attachments[0].sha256, 32);
	assert_int_equal(sent(a, ACTION(CITIZEN_REPLY), &fields)->citizen_reply->n_attachments, 1);
	arena_free(a);
}

/* What the router refuses must not come from a stranger's file. */
static void
test_names_of_files_that_no_case_takes_are_left_out(void **state)
{
	struct command_fields fields = {.attachment_count = 3};
	struct arena *a = arena_new(0);
	char longest[2 * 256 + 1] = "";
	const Kopru__V1__CitizenAdd *add;

	(void)state;
	for (size_t i = 0; i < 256; i++)
		memcpy(longest + 2 * i, "ş", 2);
	fields.attachments[0].name = longest;
	fields.attachments[1].name = longest + 2;
	fields.attachments[2].name = "a\nb.jpg";
	add = sent(a, ACTION(CITIZEN_ADD), &fields)->citizen_add;
	assert_string_equal(add->attachments[0]->name, "");
	assert_string_equal(add->attachments[1]->name, longest + 2);
	assert_string_equal(add->attachments[2]->name, "");
	arena_free(a);
}

static void
test_fill_leaves_empty_what_was_not_given(void **state)
{
	static const struct command_fields none;
	struct arena *a = arena_new(0);
	Kopru__V1__Command command;

	(void)state;
	for (const struct command_shape *shape = command_shapes; shape->action != 0; shape++)
		sent(a, shape->action, &none);
	assert_string_equal(sent(a, ACTION(CLOSE), &none)->close->reason, "");
	assert_int_equal(sent(a, ACTION(MERGE), &none)->merge->into.len, 0);
	kopru__v1__command__init(&command);
	assert_false(command_fields_fill(a, ACTION(EXPIRE), &none, &command));
	assert_false(command_fields_fill(a, 4711, &none, &command));
	assert_int_equal((int)command.action_case, 0);
	arena_free(a);
}

static void
test_lines_end_with_newlines(void **state)
{
	struct arena *a = arena_new(0);
	const char *plain = "a\nb";

	(void)state;
	assert_ptr_equal(command_fields_lines(a, plain), plain);
	assert_string_equal(command_fields_lines(a, "a\r\nb\r\n\r\n"), "a\nb\n\n");
	assert_string_equal(command_fields_lines(a, "a\rb\r\n"), "a\rb\n");
	arena_free(a);
}

static void
test_codes_are_capitals_and_digits(void **state)
{
	static const char *const bad[] = {"", "T", "tem", "TEM ", "TEM-1", "ÇÖP", "ABCDEFGHIJKLM"};

	(void)state;
	assert_true(command_fields_code("HM"));
	assert_true(command_fields_code("ABCDEFGHIJ12"));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(command_fields_code(bad[i]));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_every_action_but_the_clocks_has_a_shape),
	    cmocka_unit_test(test_shapes_are_those_of_the_messages),
	    cmocka_unit_test(test_shapes_agree_with_the_lifecycle),
	    cmocka_unit_test(test_fill_gives_what_was_given),
	    cmocka_unit_test(test_names_of_files_that_no_case_takes_are_left_out),
	    cmocka_unit_test(test_fill_leaves_empty_what_was_not_given),
	    cmocka_unit_test(test_lines_end_with_newlines),
	    cmocka_unit_test(test_codes_are_capitals_and_digits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
