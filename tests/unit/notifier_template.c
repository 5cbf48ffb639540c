/* template: what a template may look like, what is said of one that may not, and what becomes of its places. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "services/notifier/composer.h"
#include "services/notifier/template.h"

#define ALL (TEMPLATE_ALLOW(TEMPLATE_FIELDS) - 1)

static struct arena *arena;

static int
arena_start(void **state)
{
	(void)state;
	arena = arena_new(0);
	return 0;
}

static int
arena_end(void **state)
{
	(void)state;
	arena_free(arena);
	return 0;
}

static void
assert_refused(const char *data, const char *reason)
{
	struct err e = {""};

	assert_null(template_parse(
	    arena, "t.txt", data, strlen(data), TEMPLATE_ALLOW(TEMPLATE_NUMBER) | TEMPLATE_ALLOW(TEMPLATE_LAW), &e));
	if (strncmp(e.text, reason, strlen(reason)) != 0)
		fail_msg("\"%s\" instead of \"%s\"", e.text, reason);
}

static void
parse_refuses_with_file_and_line(void **state)
{
	static char large[TEMPLATE_SIZE_MAX + 2];
	struct err e;

	(void)state;
	assert_refused("", "t.txt:1: ");
	assert_refused("Dear all\n\nbody\n", "t.txt:1: the first line");
	assert_refused("Subject: \n\nbody\n", "t.txt:1: the subject is empty");
	assert_refused("Subject: x\nbody\n", "t.txt:2: an empty line");
	assert_refused("Subject: x\n\n \n", "t.txt:3: the body is empty");
	assert_refused("Subject: x\n\nbody\n{{name}}\n",
	    "t.txt:4: placeholder \"{{name}}\" is not known here; allowed are number, law");
	assert_refused("Subject: {{text}}\n\nbody\n", "t.txt:1: placeholder \"{{text}}\"");
	assert_refused("Subject: x\n\n{{number\n}}", "t.txt:3: \"{{\" without");
	assert_refused("Subject: x\n\n{{number", "t.txt:3: \"{{\" without");
	assert_refused("Subject: x\n\n{{number}}\n\nlaw: {{law}} {{}}\n", "t.txt:5: placeholder \"{{}}\"");
	assert_refused("Subject: x\n\nbody\n\xff\n", "t.txt:4: not UTF-8");
	assert_null(template_parse(arena, "t.txt", "Subject: x\n\nb\0c\n", 16, ALL, &e));
	memset(large, 'x', sizeof(large) - 1);
	memcpy(large, "Subject: x\n\n", 12);
	assert_refused(large, "t.txt:1: 16385 bytes");
}

static struct template *
parse(const char *data)
{
	struct err e = {""};
	struct template *t = template_parse(arena, "t.txt", data, strlen(data), ALL, &e);

	if (!t)
		fail_msg("%s", e.text);
	return t;
}

static void
places_are_filled(void **state)
{
	const char *fields[TEMPLATE_FIELDS];
	struct template *t;

	(void)state;
	for (int i = 0; i < TEMPLATE_FIELDS; i++)
		fields[i] = arena_printf(arena, "F%d", i);
	fields[TEMPLATE_DEPARTMENT] = "{{number}}";
	t = parse(
	    "Subject: {{number}}\r\n\r\n{{received_on}}{{due_on}} {{department}}\r\n{{law}}\n{{number}} {{law}}}}\n");
	assert_string_equal(template_subject(arena, t, fields), "F0");
	assert_string_equal(template_body(arena, t, fields), "F1F2 {{number}}\nF4\nF0 F4}}\n");
	assert_string_equal(template_body(arena, parse("Subject: x\n\nno end {{number}}"), fields), "no end F0\n");
	fields[TEMPLATE_TEXT] = "one\n\n\n{{law}}\ntwo";
	assert_string_equal(template_body(arena, parse("Subject: x\n\na\n\n{{text}}\n\nb\n"), fields),
	    "a\n\none\n\n\n{{law}}\ntwo\n\nb\n");
}

static void
line_with_an_empty_field_is_left_out(void **state)
{
	const char *fields[TEMPLATE_FIELDS];

	(void)state;
	for (int i = 0; i < TEMPLATE_FIELDS; i++)
		fields[i] = "";
	fields[TEMPLATE_NUMBER] = "N";
	assert_string_equal(template_body(arena,
				parse("Subject: x\n\na {{number}}\nReason: {{reason}} "
				      "({{number}})\n{{number}}{{law}}\n\n{{joint}}\n\nb\n"),
				fields),
	    "a N\n\nb\n");
	assert_string_equal(template_body(arena, parse("Subject: x\n\n{{law}}"), fields), "");
}

static void
on_wrong(const struct err *e)
{
	fail_msg("%s", e->text);
}

static void
all_templates_of_the_house_are_right(void **state)
{
	size_t count;

	(void)state;
	assert_int_equal(composer_check("services/notifier/templates", on_wrong, &count), 0);
	assert_int_equal(count, 46);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(parse_refuses_with_file_and_line),
	    cmocka_unit_test(places_are_filled),
	    cmocka_unit_test(line_with_an_empty_field_is_left_out),
	    cmocka_unit_test(all_templates_of_the_house_are_right),
	};

	return cmocka_run_group_tests(tests, arena_start, arena_end);
}
