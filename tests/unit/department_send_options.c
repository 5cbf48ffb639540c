/* department_send_options: the command line of one command, and the event on standard input. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/ids.h"
#include "services/department/send_options.h"

#define CASE "0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b"
#define EVENT "{\"seq\":4,\"application_id\":\"" CASE "\",\"version\":7,\"type\":\"application.routed\"}\n"
#define ARGUMENTS_MAX 20

/* Reads the words (ended by NULL) with input on standard input. */
static int
read_words(struct arena *a, const char *const *words, const char *input, struct send_options *options, struct err *e)
{
	char *argv[ARGUMENTS_MAX + 1];
	FILE *in = *input ? fmemopen(arena_string(a, input), strlen(input), "r") : fopen("/dev/null", "r");
	int argc = 0, rc;

	assert_non_null(in);
	for (; words[argc]; argc++)
		argv[argc] = arena_string(a, words[argc]);
	argv[argc] = NULL;
	e->text[0] = '\0';
	rc = send_options_read(a, argc, argv, in, options, e);
	fclose(in);
	return rc;
}

#define WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})

static void
test_an_event_names_the_application(void **state)
{
	struct arena *a = arena_new(0);
	struct send_options o;
	struct err e;
	char id[UUID_TEXT_SIZE];

	(void)state;
	assert_int_equal(read_words(a, WORDS("answer", "--text", "Bitti.\r\nİyi günler."), EVENT, &o, &e), 0);
	assert_int_equal(o.action, KOPRU__V1__COMMAND__ACTION_ANSWER);
	assert_string_equal(o.word, "answer");
	uuid_text(&o.application_id, id);
	assert_string_equal(id, CASE);
	assert_int_equal(o.version, 7);
	assert_string_equal(o.fields.text, "Bitti.\nİyi günler.");
	assert_string_equal(o.language, "tr");
	assert_int_equal(read_words(a, WORDS("accept", "--version", "9"), EVENT, &o, &e), 0);
	assert_int_equal(o.version, 9);
	arena_free(a);
}

static void
test_every_option_arrives(void **state)
{
	struct arena *a = arena_new(0);
	struct send_options o;
	struct err e;
	char id[UUID_TEXT_SIZE];

	(void)state;
#define OF "--application", CASE, "--version", "3"
	assert_int_equal(
	    read_words(a, WORDS("transfer", OF, "--to", "FEN", "--reason", "Yol.", "--id", CASE, "--language", "en"),
		"", &o, &e),
	    0);
	uuid_text(&o.id, id);
	assert_string_equal(id, CASE);
	assert_string_equal(o.language, "en");
	assert_string_equal(o.fields.department, "FEN");
	assert_string_equal(o.fields.reason, "Yol.");
	assert_int_equal(read_words(a,
			     WORDS("forward", OF, "--to", "KOSKI", "--letter-file", "-", "--letter-on", "2026-12-29",
				 "--letter-number", "E-1"),
			     "Gereğini arz ederim.\n", &o, &e),
	    0);
	assert_string_equal(o.fields.institution, "KOSKI");
	assert_string_equal(o.fields.letter, "Gereğini arz ederim.\n");
	assert_string_equal(o.fields.letter_number, "E-1");
	assert_int_equal(o.fields.letter_on, 20816);
	assert_int_equal(read_words(a, WORDS("ask", OF, "--text", "Nerede?", "--by", "2026-12-29"), "", &o, &e), 0);
	assert_int_equal(o.fields.answer_by, 20816);
	assert_int_equal(read_words(a, WORDS("interim_answer", OF, "-t", "x", "-b", "2026-12-29"), "", &o, &e), 0);
	assert_int_equal(o.fields.final_by, 20816);
	assert_int_equal(o.fields.answer_by, 0);
	assert_int_equal(
	    read_words(a, WORDS("reject", OF, "--reason", "judicial_matter", "--text", "x"), "", &o, &e), 0);
	assert_int_equal(o.fields.legal_reason, KOPRU__V1__CASE_REJECTED__REASON__REASON_JUDICIAL_MATTER);
	assert_int_equal(read_words(a, WORDS("merge", OF, "--into", CASE, "--reason", "x"), "", &o, &e), 0);
	assert_true(o.fields.has_into);
	assert_int_equal(
	    read_words(
		a, WORDS("split", OF, "--split", "TEM=Topla", "--split", "FEN=Onar=a", "--reason", "x"), "", &o, &e),
	    0);
	assert_int_equal(o.fields.parts_count, 2);
	assert_string_equal(o.fields.parts[1].department, "FEN");
	assert_string_equal(o.fields.parts[1].task, "Onar=a");
	assert_int_equal(read_words(a, WORDS("answer", OF, "--part", "2", "--text", "x"), "", &o, &e), 0);
	assert_int_equal(o.fields.part, 2);
	assert_int_equal(read_words(a, WORDS("assign", OF, "--to", "TEM", "--topic", "TEM-01"), "", &o, &e), 0);
	assert_string_equal(o.fields.topic, "TEM-01");
	assert_int_equal(read_words(a, WORDS("note", "--application", CASE, "--text", "x"), "", &o, &e), 0);
	assert_int_equal(o.version, 0);
	arena_free(a);
}

static void
test_wrong_usage_says_what_is_wrong(void **state)
{
	const struct {
		const char *const *words;
		const char *input, *text;
	} bad[] = {
	    {WORDS("answer", OF, "--to", "TEM"), "", "--to does not belong to answer"},
	    {WORDS("transfer", OF, "--to", "TEM"), "", "transfer needs --reason"},
	    {WORDS("transfer", OF, "--reason", "x"), "", "transfer needs --to"},
	    {WORDS("forward", OF, "--letter", "x"), "", "forward needs --to"},
	    {WORDS("note", OF), "", "--text or --text-file"},
	    {WORDS("merge", OF, "--reason", "x"), "", "merge needs --into"},
	    {WORDS("split", OF, "--reason", "x"), "", "split needs --split"},
	    {WORDS("split", OF, "--reason", "x", "--split", "TEM"), "", "CODE=TASK"},
	    {WORDS("split", OF, "--reason", "x", "--split", "tem=x"), "", "CODE=TASK"},
	    {WORDS("accept", "--application", CASE), "", "accept needs --version"},
	    {WORDS("accept", "--application", "x", "--version", "1"), "", "\"x\" is no application id"},
	    {WORDS("accept", "--application", CASE, "--version", "0"), "", "from 1 to"},
	    {WORDS("accept", "--application", CASE, "--version", "-1"), "", "from 1 to"},
	    {WORDS("accept", "--application", CASE, "--version", "1x"), "", "from 1 to"},
	    {WORDS("accept", OF, "--id", "x"), "", "\"x\" is no UUID"},
	    {WORDS("accept", OF, "--language", "de"), "", "tr and en"},
	    {WORDS("accept"), "", "standard input is empty"},
	    {WORDS("accept"), "{}\n", "no event's JSON line"},
	    {WORDS("accept"), "x\n", "no event's JSON line"},
	    {WORDS("accept"), "{\"application_id\":\"" CASE "\",\"version\":0}\n", "no event's JSON line"},
	    {WORDS("accept"), "{\"application_id\":5,\"version\":1}\n", "no event's JSON line"},
	    {WORDS("note", "--text-file", "-"), EVENT, "is a text already"},
	    {WORDS("note", OF, "--text", ""), "", "1 to 20000 characters"},
	    {WORDS("note", OF, "--text", "\xff"), "", "not UTF-8"},
	    {WORDS("note", OF, "--text", "a\x01"), "", "control characters"},
	    {WORDS("note", OF, "--text", "a\rb"), "", "control characters"},
	    {WORDS("note", OF, "--text", "a", "--text-file", "-"), "b", "says again"},
	    {WORDS("note", OF, "--text-file", "/nonexistent/file"), "", "/nonexistent/file"},
	    {WORDS("ask", OF, "--text", "a", "--by", "yarın"), "", "YYYY-MM-DD"},
	    {WORDS("reject", OF, "--text", "a", "--reason", "x"), "", "no_specific_subject"},
	    {WORDS("transfer", OF, "--reason", "x", "--to", "tem"), "", "A-Z and 0-9"},
	    {WORDS("forward", OF, "--to", "KOSKI", "--letter", "x", "--letter-number", "a\nb"), "", "one line"},
	    {WORDS("answer", OF, "--text", "x", "--part", "11"), "", "from 1 to 10"},
	};
	struct arena *a = arena_new(0);

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct send_options o;
		struct err e;

		assert_int_equal(read_words(a, bad[i].words, bad[i].input, &o, &e), -1);
		if (!strstr(e.text, bad[i].text))
			fail_msg("%s: not \"%s\" but \"%s\"", bad[i].words[0], bad[i].text, e.text);
	}
	arena_free(a);
}

static void
test_limits_count_characters(void **state)
{
	struct arena *a = arena_new(0);
	struct send_options o;
	struct err e;
	char *text = arena_alloc(a, 2 * 20002);

	(void)state;
	for (size_t i = 0; i < 20000; i++)
		memcpy(text + 2 * i, "ç", 2);
	assert_int_equal(read_words(a, WORDS("note", OF, "--text", text), "", &o, &e), 0);
	assert_int_equal(read_words(a, WORDS("note", OF, "--text-file", "-"), text, &o, &e), 0);
	memcpy(text + 40000, "ç", 3);
	assert_int_equal(read_words(a, WORDS("note", OF, "--text", text), "", &o, &e), -1);
	assert_non_null(strstr(e.text, "it has 20001"));
	arena_free(a);
}

static void
test_a_department_sends_what_is_its_own(void **state)
{
	(void)state;
	assert_true(send_action("answer") > 0 && send_action("assign") > 0 && send_action("extend") > 0);
	assert_int_equal(send_action("reply"), 0);
	assert_int_equal(send_action("withdraw"), 0);
	assert_int_equal(send_action("expire"), 0);
	assert_int_equal(send_action("--help"), 0);
}

static int
start(void **state)
{
	(void)state;
	ids_start();
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_an_event_names_the_application),
	    cmocka_unit_test(test_every_option_arrives),
	    cmocka_unit_test(test_wrong_usage_says_what_is_wrong),
	    cmocka_unit_test(test_limits_count_characters),
	    cmocka_unit_test(test_a_department_sends_what_is_its_own),
	};

	return cmocka_run_group_tests(tests, start, NULL);
}
