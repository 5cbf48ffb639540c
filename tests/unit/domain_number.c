/* number: form, check digit and what people type. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/domain/number.h"

static void
check_digit_is_iso_7064(void **state)
{
	(void)state;
	assert_int_equal(number_check_digit("0794", 4), '5'); /* the standard's own example */
	assert_int_equal(number_check_digit("2695437182", 10), '7'); /* German tax numbers */
	assert_int_equal(number_check_digit("8609574271", 10), '9');
	assert_int_equal(number_check_digit("4703689281", 10), '6');
	assert_int_equal(number_check_digit("3339200596", 10), '1'); /* Croatian ones */
	assert_int_equal(number_check_digit("6943515153", 10), '0');
}

static void
format_gives_the_shape(void **state)
{
	char text[NUMBER_TEXT_SIZE];

	(void)state;
	assert_true(number_format(2026, 123, text));
	assert_int_equal(strlen(text), NUMBER_TEXT_SIZE - 1);
	assert_memory_equal(text, "HM-2026-0000123-", 16);
	assert_true(number_format(2000, 1, text));
	assert_true(number_format(2099, NUMBER_SERIAL_MAX, text));
	assert_memory_equal(text, "HM-2099-9999999-", 16);
}

static void
format_refuses_what_does_not_fit(void **state)
{
	char text[NUMBER_TEXT_SIZE];

	(void)state;
	assert_false(number_format(1999, 1, text));
	assert_false(number_format(2100, 1, text));
	assert_false(number_format(2026, 0, text));
	assert_false(number_format(2026, -1, text));
	assert_false(number_format(2026, NUMBER_SERIAL_MAX + 1, text));
}

static void
parse_reads_back(void **state)
{
	(void)state;
	srand(11);
	for (int i = 0; i < 20000; i++) {
		char text[NUMBER_TEXT_SIZE];
		int year = 2000 + rand() % 100, got_year;
		int32_t serial = 1 + rand() % NUMBER_SERIAL_MAX, got_serial;

		assert_true(number_format(year, serial, text));
		assert_true(number_parse(text, &got_year, &got_serial));
		assert_int_equal(got_year, year);
		assert_int_equal(got_serial, serial);
	}
}

/* Every wrong digit; of swapped neighbours all but a few. */
static void
parse_catches_every_wrong_digit(void **state)
{
	unsigned swaps = 0, missed = 0;

	(void)state;
	srand(12);
	for (int i = 0; i < 500; i++) {
		char text[NUMBER_TEXT_SIZE];

		number_format(2000 + rand() % 100, 1 + rand() % NUMBER_SERIAL_MAX, text);
		for (size_t at = 3; at < NUMBER_TEXT_SIZE - 1; at++) {
			char old = text[at];

			if (old == '-')
				continue;
			for (char digit = '0'; digit <= '9'; digit++) {
				text[at] = digit;
				assert_int_equal(number_parse(text, NULL, NULL), digit == old);
			}
			text[at] = old;
			if (text[at + 1] == '-' || text[at + 1] == '\0' || text[at + 1] == old)
				continue;
			text[at] = text[at + 1];
			text[at + 1] = old;
			swaps++;
			missed += number_parse(text, NULL, NULL);
			text[at + 1] = text[at];
			text[at] = old;
		}
	}
	assert_true(missed * 50 < swaps);
}

static void
parse_takes_what_people_type(void **state)
{
	char good[NUMBER_TEXT_SIZE], text[64];
	static const char *const accepted[] = {"hm-2026-0000123-%c", "HM 2026 0000123 %c", "hm20260000123%c",
	    "  Hm - 2026 - 0000123 - %c ", "H M-2026-0000123-%c", "HM–2026–0000123–%c",
	    "HM\u20112026\u20110000123\u2011%c", "HM\u00a02026\u00a00000123\u00a0%c", "HM-202-60000-123%c"};
	static const char *const refused[] = {"", "HM", "2026-0000123-%c", "HN-2026-0000123-%c", "HM-2026-0000123-%c0",
	    "HM-2026-000123-%c", "HM-2026-0000123-", "HM-2026-0000123-%cx", "HM_2026_0000123_%c", "HM-2026-00O0123-%c",
	    "HM/2026/0000123/%c", "HM-2026-0000123-%c\n", "HM-٢٠٢٦-0000123-%c", "\xe2\x80", "HM\xc2"};

	(void)state;
	number_format(2026, 123, good);
	for (size_t i = 0; i < sizeof accepted / sizeof accepted[0]; i++) {
		int year;
		int32_t serial;
		const char *mark = strstr(accepted[i], "%c");

		snprintf(text, sizeof text, "%.*s%c%s", (int)(mark - accepted[i]), accepted[i], good[16], mark + 2);
		assert_true(number_parse(text, &year, &serial));
		assert_int_equal(year, 2026);
		assert_int_equal(serial, 123);
	}
	for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
		const char *mark = strstr(refused[i], "%c");

		if (mark)
			snprintf(
			    text, sizeof text, "%.*s%c%s", (int)(mark - refused[i]), refused[i], good[16], mark + 2);
		else
			snprintf(text, sizeof text, "%s", refused[i]);
		assert_false(number_parse(text, NULL, NULL));
	}
}

static void
parse_refuses_years_and_serials_out_of_range(void **state)
{
	static const char *const digits[] = {"19990000001", "21000000001", "20260000000"};
	char text[32];

	(void)state;
	for (size_t i = 0; i < sizeof digits / sizeof digits[0]; i++) {
		snprintf(text, sizeof text, "HM%s%c", digits[i], number_check_digit(digits[i], 11));
		assert_false(number_parse(text, NULL, NULL));
	}
}

static void
find_takes_the_first_number_of_a_text(void **state)
{
	char good[NUMBER_TEXT_SIZE], found[NUMBER_TEXT_SIZE], text[128];
	static const char *const with[] = {"%s", "[%s]", "Merhaba, %s ne oldu?", "ha hm hm %s hm-1",
	    "HM-2026-0000123-99 değil %s", "HM-2026-0000124-X %s\n%s", "“%s”"};
	static const char *const without[] = {"", "HM", "h", "hm hm hm", "XHM-2026-0000123-%c", "HM-2026-0000123-%c0",
	    "HM-2026-0000123", "2026-0000123-%c", "hm\xe2\x80"};

	(void)state;
	assert_true(number_format(2026, 123, good));
	for (size_t i = 0; i < sizeof with / sizeof with[0]; i++) {
		const char *mark = strstr(with[i], "%s");

		snprintf(text, sizeof text, "%.*s%s%s", (int)(mark - with[i]), with[i], good, mark + 2);
		assert_true(number_find(text, found));
		assert_string_equal(found, good);
	}
	for (size_t i = 0; i < sizeof without / sizeof without[0]; i++) {
		const char *mark = strstr(without[i], "%c");

		snprintf(text, sizeof text, "%.*s%c%s", mark ? (int)(mark - without[i]) : 99, without[i],
		    mark ? good[16] : ' ', mark ? mark + 2 : "");
		assert_false(number_find(text, found));
	}
	snprintf(text, sizeof text, "hm 2026 0000123 %c.", good[16]);
	assert_true(number_find(text, found));
	assert_string_equal(found, good);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(check_digit_is_iso_7064),
	    cmocka_unit_test(format_gives_the_shape),
	    cmocka_unit_test(format_refuses_what_does_not_fit),
	    cmocka_unit_test(parse_reads_back),
	    cmocka_unit_test(parse_catches_every_wrong_digit),
	    cmocka_unit_test(parse_takes_what_people_type),
	    cmocka_unit_test(parse_refuses_years_and_serials_out_of_range),
	    cmocka_unit_test(find_takes_the_first_number_of_a_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
