/* err: reasons are set, put in front of each other and cut. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/base/err.h"

static void
reasons_are_one_sentence(void **state)
{
	struct err e;

	(void)state;
	assert_int_equal(err_set(&e, "%d is too many", 7), -1);
	assert_string_equal(e.text, "7 is too many");
	assert_int_equal(err_prefix(&e, "row %d", 3), -1);
	assert_string_equal(e.text, "row 3: 7 is too many");
}

static void
long_reasons_are_cut(void **state)
{
	char text[2 * ERR_TEXT_SIZE];
	struct err e;

	(void)state;
	memset(text, 'x', sizeof text);
	text[sizeof text - 1] = '\0';
	err_set(&e, "%s", text);
	assert_int_equal(strlen(e.text), ERR_TEXT_SIZE - 1);
	err_prefix(&e, "front");
	assert_int_equal(strlen(e.text), ERR_TEXT_SIZE - 1);
	assert_memory_equal(e.text, "front: xxx", 10);
	err_prefix(&e, "%s", text);
	assert_int_equal(strlen(e.text), ERR_TEXT_SIZE - 1);
}

/* However the cut falls, no character is broken: a reason goes into the database. */
static void
long_reasons_are_cut_between_characters(void **state)
{
	static const char *const letters[] = {"ğ", "€", "😀"};
	struct err e;

	(void)state;
	for (size_t i = 0; i < sizeof letters / sizeof letters[0]; i++) {
		size_t size = strlen(letters[i]);

		for (size_t before = 0; before <= size; before++) {
			char text[2 * ERR_TEXT_SIZE] = "xxxx";

			for (size_t at = before; at + size < sizeof text; at += size)
				memcpy(text + at, letters[i], size);
			err_set(&e, "%s", text);
			assert_int_equal(strlen(e.text), before + (ERR_TEXT_SIZE - 1 - before) / size * size);
			err_set(&e, "%.*s", (int)(before + size * 3 - 1), text);
			assert_int_equal(strlen(e.text), before + size * 2);
			err_set(&e, "whole %s", letters[i]);
			assert_int_equal(strlen(e.text), 6 + size);
			err_set(&e, "%s", text);
			err_prefix(&e, "front");
			assert_int_equal((strlen(e.text) - 7 - before) % size, 0);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(reasons_are_one_sentence),
	    cmocka_unit_test(long_reasons_are_cut),
	    cmocka_unit_test(long_reasons_are_cut_between_characters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
