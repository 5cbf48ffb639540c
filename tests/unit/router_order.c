/* router_order: what a command must hold by itself, in both languages, and what makes two commands the same. */
#include "services/router/order.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "services/router/sentences.h"

#define CODE(name) KOPRU__V1__REPLY__CODE__CODE_##name
#define ID "\x01\x92\xf7\xa0\x12\x34\x7a\xbc\x8d\xef\x01\x23\x45\x67\x89\xab"

/* A command under construction. */
struct draft {
	struct arena *arena;
	Kopru__V1__Command command;
	Kopru__V1__Actor actor;
	Kopru__V1__Note note;
	Kopru__V1__Accept accept;
	Kopru__V1__Forward forward;
	Kopru__V1__Reject reject;
	Kopru__V1__Merge merge;
	Kopru__V1__Split split;
	Kopru__V1__Answer answer;
	Kopru__V1__Close close;
	Kopru__V1__CitizenAdd add;
	struct order order;
};

static int
setup(void **state)
{
	struct draft *d = calloc(1, sizeof(*d));

	assert_non_null(d);
	d->arena = arena_new(0);
	*state = d;
	return 0;
}

static int
teardown(void **state)
{
	struct draft *d = *state;

	arena_free(d->arena);
	free(d);
	return 0;
}

static void
id_set(struct draft *d, ProtobufCBinaryData *data)
{
	data->data = arena_copy(d->arena, ID, 16);
	data->len = 16;
}

/* A note by a manager of TEM that is fine. */
static void
begin(struct draft *d)
{
	arena_reset(d->arena);
	kopru__v1__command__init(&d->command);
	id_set(d, &d->command.id);
	id_set(d, &d->command.application_id);
	kopru__v1__actor__init(&d->actor);
	d->actor.type = KOPRU__V1__ACTOR__TYPE__TYPE_SYSTEM;
	d->actor.id = arena_string(d->arena, "key1");
	d->actor.role = KOPRU__V1__ACTOR__ROLE__ROLE_MANAGER;
	d->actor.department = arena_string(d->arena, "TEM");
	d->command.actor = &d->actor;
	d->command.expected_version = 2;
	d->command.language = arena_string(d->arena, "en");
	kopru__v1__note__init(&d->note);
	d->note.text = arena_string(d->arena, "not");
	d->command.action_case = KOPRU__V1__COMMAND__ACTION_NOTE;
	d->command.note = &d->note;
}

static struct order_fault
read_from(struct draft *d, const char *peer)
{
	return order_read(d->arena, peer, &d->command, &d->order);
}

static void
assert_fault(struct draft *d, const char *part)
{
	struct order_fault fault = read_from(d, "");

	assert_int_equal(fault.code, CODE(INVALID));
	if (!strstr(fault.text, part))
		fail_msg("\"%s\" does not say \"%s\"", fault.text, part);
}

static void
assert_fine(struct draft *d)
{
	struct order_fault fault = read_from(d, "");

	if (fault.code != 0)
		fail_msg("%s", fault.text);
}

static char *
repeated(struct draft *d, const char *piece, size_t count)
{
	size_t size = strlen(piece);
	char *text = arena_alloc(d->arena, size * count + 1);

	for (size_t i = 0; i < count; i++)
		memcpy(text + i * size, piece, size);
	return text;
}

static void
test_texts_have_limits_in_characters(void **state)
{
	struct draft *d = *state;

	begin(d);
	d->note.text = repeated(d, "ğ", 20000);
	assert_fine(d);
	d->note.text = repeated(d, "ğ", 20001);
	assert_fault(d, "at most 20000 characters; 20001 came");
	d->command.language = arena_string(d->arena, "");
	assert_fault(d, "en çok 20000 karakter");
	d->note.text = arena_string(d->arena, " \n\t ");
	assert_fault(d, "boş olamaz");
	d->note.text = arena_string(d->arena, "a\x07z");
	assert_fault(d, "denetim karakteri");
	d->note.text = arena_string(d->arena, "satır\r\nsatır");
	assert_fault(d, "denetim karakteri");
	d->note.text = arena_string(d->arena, "satır\n\tsatır");
	assert_fine(d);
}

static void
test_only_some_actions_come_without_a_version(void **state)
{
	struct draft *d = *state;

	begin(d);
	d->command.expected_version = 0;
	assert_fine(d);
	kopru__v1__accept__init(&d->accept);
	d->command.action_case = KOPRU__V1__COMMAND__ACTION_ACCEPT;
	d->command.accept = &d->accept;
	assert_fault(d, "expected_version");
}

static void
test_the_actor_must_be_whole(void **state)
{
	struct draft *d = *state;

	begin(d);
	d->actor.department = arena_string(d->arena, "");
	assert_fault(d, "department");
	d->actor.role = KOPRU__V1__ACTOR__ROLE__ROLE_CLERK;
	assert_fine(d);
	d->actor.id = arena_string(d->arena, "");
	assert_fault(d, "id");
	d->actor.id = repeated(d, "a", 65);
	assert_fault(d, "id");
	d->actor.id = arena_string(d->arena, "a");
	d->actor.role = (Kopru__V1__Actor__Role)77;
	assert_fault(d, "role");
	d->command.actor = NULL;
	assert_fault(d, "role");
	d->command.actor = &d->actor;
	d->command.application_id.len = 15;
	assert_fault(d, "UUID of 16 bytes");
}

/* I-13: the key decides who speaks. */
static void
test_over_tcp_the_key_is_the_actor(void **state)
{
	struct draft *d = *state;

	begin(d);
	d->actor.role = KOPRU__V1__ACTOR__ROLE__ROLE_ARBITER;
	assert_int_equal(read_from(d, "department/FEN").code, 0);
	assert_string_equal(d->order.actor->id, "FEN");
	assert_string_equal(d->order.actor->department, "FEN");
	assert_int_equal(d->order.actor->type, KOPRU__V1__ACTOR__TYPE__TYPE_DEPARTMENT);
	assert_int_equal(d->order.actor->role, KOPRU__V1__ACTOR__ROLE__ROLE_MANAGER);
	assert_int_equal(read_from(d, "service/reporting").code, CODE(INVALID));
}

static void
test_forwarding_needs_an_institution_and_may_have_a_letter(void **state)
{
	struct draft *d = *state;

	begin(d);
	kopru__v1__forward__init(&d->forward);
	d->command.action_case = KOPRU__V1__COMMAND__ACTION_FORWARD;
	d->command.forward = &d->forward;
	assert_fault(d, "The institution");
	d->forward.institution = arena_string(d->arena, "KOSKI");
	assert_fine(d); /* the institution's own is composed */
	d->forward.letter = arena_string(d->arena, " ");
	assert_fault(d, "The letter");
	d->forward.letter = arena_string(d->arena, "Gereği için");
	assert_fine(d);
	d->forward.letter_number = repeated(d, "1", 65);
	assert_fault(d, "64");
}

static void
test_rejecting_needs_a_reason_of_the_law(void **state)
{
	struct draft *d = *state;

	begin(d);
	kopru__v1__reject__init(&d->reject);
	d->command.action_case = KOPRU__V1__COMMAND__ACTION_REJECT;
	d->command.reject = &d->reject;
	d->reject.text = arena_string(d->arena, "Açıklama");
	assert_fault(d, "judicial_matter");
	d->reject.reason = (Kopru__V1__CaseRejected__Reason)9;
	assert_fault(d, "missing_element");
	d->reject.reason = KOPRU__V1__CASE_REJECTED__REASON__REASON_JUDICIAL_MATTER;
	assert_fine(d);
}

static void
test_merging_and_splitting_name_their_objects(void **state)
{
	struct draft *d = *state;
	Kopru__V1__Part part, *parts[11];

	begin(d);
	kopru__v1__merge__init(&d->merge);
	d->merge.reason = arena_string(d->arena, "Aynı konu");
	d->command.action_case = KOPRU__V1__COMMAND__ACTION_MERGE;
	d->command.merge = &d->merge;
	assert_fault(d, "(into)");
	id_set(d, &d->merge.into);
	assert_fine(d);
	kopru__v1__split__init(&d->split);
	d->split.reason = d->merge.reason;
	d->command.action_case = KOPRU__V1__COMMAND__ACTION_SPLIT;
	d->command.split = &d->split;
	assert_fault(d, "1 to 10 parts");
	kopru__v1__part__init(&part);
	for (size_t i = 0; i < 11; i++)
		parts[i] = &part;
	d->split.parts = parts;
	d->split.n_parts = 11;
	assert_fault(d, "1 to 10 parts");
	d->split.n_parts = 1;
	assert_fault(d, "The department");
	part.department = arena_string(d->arena, "TEM");
	assert_fault(d, "The task");
	part.task = arena_string(d->arena, "Yolu onar");
	assert_fine(d);
}

static void
test_an_answer_has_three_ways(void **state)
{
	struct draft *d = *state;

	begin(d);
	kopru__v1__answer__init(&d->answer);
	d->command.action_case = KOPRU__V1__COMMAND__ACTION_ANSWER;
	d->command.answer = &d->answer;
	assert_fine(d);
	assert_int_equal(d->order.way, LIFECYCLE_WITH_DRAFT);
	d->answer.part = 1;
	assert_fault(d, "The text");
	d->answer.text = arena_string(d->arena, "Cevap");
	assert_fine(d);
	assert_int_equal(d->order.way, LIFECYCLE_OF_PART);
	d->answer.part = 0;
	assert_fine(d);
	assert_int_equal(d->order.way, LIFECYCLE_WITH_TEXT);
}

static void
test_an_unknown_action_is_unsupported(void **state)
{
	struct draft *d = *state;

	begin(d);
	d->command.action_case = (Kopru__V1__Command__ActionCase)0;
	assert_int_equal(read_from(d, "").code, CODE(UNSUPPORTED));
}

static void
test_the_meaning_is_who_wants_what(void **state)
{
	struct draft *d = *state;
	uint8_t meaning[ORDER_MEANING_SIZE];

	begin(d);
	assert_fine(d);
	memcpy(meaning, d->order.meaning, sizeof(meaning));
	d->command.after_intake_seq = 9;
	d->command.traceparent = arena_string(d->arena, "00-aa");
	d->command.language = arena_string(d->arena, "tr");
	assert_fine(d);
	assert_memory_equal(d->order.meaning, meaning, sizeof(meaning));
	d->note.text = arena_string(d->arena, "not.");
	assert_fine(d);
	assert_memory_not_equal(d->order.meaning, meaning, sizeof(meaning));
	d->note.text = arena_string(d->arena, "not");
	d->actor.id = arena_string(d->arena, "key2");
	assert_fine(d);
	assert_memory_not_equal(d->order.meaning, meaning, sizeof(meaning));
}

static void
test_a_reason_may_be_left_out_where_the_table_says_so(void **state)
{
	struct draft *d = *state;

	begin(d);
	kopru__v1__close__init(&d->close);
	d->command.action_case = KOPRU__V1__COMMAND__ACTION_CLOSE;
	d->command.close = &d->close;
	assert_fine(d);
	d->close.reason = arena_string(d->arena, "  ");
	assert_fault(d, "The reason");
	d->close.reason = repeated(d, "ş", 2001);
	assert_fault(d, "2000");
}

static void
test_the_citizen_gives_a_text_or_files_or_both(void **state)
{
	struct draft *d = *state;
	Kopru__V1__Attachment file, *files[] = {&file};

	begin(d);
	kopru__v1__citizen_add__init(&d->add);
	d->command.action_case = KOPRU__V1__COMMAND__ACTION_CITIZEN_ADD;
	d->command.citizen_add = &d->add;
	d->command.expected_version = 0;
	assert_fault(d, "The text must not be empty");
	d->add.text = arena_string(d->arena, "Bir de bu");
	assert_fine(d);
	d->add.text = arena_string(d->arena, "");
	d->add.attachments = files;
	d->add.n_attachments = 1;
	kopru__v1__attachment__init(&file);
	assert_fault(d, "at most 10 attachments");
	id_set(d, &file.id);
	file.sha256 = (ProtobufCBinaryData){32, arena_alloc(d->arena, 32)};
	assert_fault(d, "its id, type, hash");
	file.media_type = arena_string(d->arena, "image/jpeg");
	assert_fine(d);
	assert_int_equal(d->order.attachment_count, 1);
	file.name = repeated(d, "ş", 256);
	assert_fault(d, "at most 255 characters");
	file.name = arena_string(d->arena, "a\nb");
	assert_fault(d, "attachments");
	file.name = repeated(d, "ş", 255);
	assert_fine(d);
	file.sha256.len = 31;
	assert_fault(d, "hash");
}

static void
test_sentences_take_their_words(void **state)
{
	struct draft *d = *state;
	const struct sentence_words words = {{"3", "4"}};

	begin(d);
	for (int id = 0; id < SENTENCE_COUNT; id++) {
		assert_true(strlen(sentence_make(d->arena, (enum sentence_id)id, false, NULL)) > 10);
		assert_true(strlen(sentence_make(d->arena, (enum sentence_id)id, true, NULL)) > 10);
	}
	assert_non_null(strstr(sentence_make(d->arena, SENTENCE_VERSION_OLD, true, &words), "at version 3, you saw 4"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_texts_have_limits_in_characters),
	    cmocka_unit_test(test_only_some_actions_come_without_a_version),
	    cmocka_unit_test(test_the_actor_must_be_whole),
	    cmocka_unit_test(test_over_tcp_the_key_is_the_actor),
	    cmocka_unit_test(test_forwarding_needs_an_institution_and_may_have_a_letter),
	    cmocka_unit_test(test_rejecting_needs_a_reason_of_the_law),
	    cmocka_unit_test(test_merging_and_splitting_name_their_objects),
	    cmocka_unit_test(test_an_answer_has_three_ways),
	    cmocka_unit_test(test_an_unknown_action_is_unsupported),
	    cmocka_unit_test(test_the_meaning_is_who_wants_what),
	    cmocka_unit_test(test_a_reason_may_be_left_out_where_the_table_says_so),
	    cmocka_unit_test(test_the_citizen_gives_a_text_or_files_or_both),
	    cmocka_unit_test(test_sentences_take_their_words),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
