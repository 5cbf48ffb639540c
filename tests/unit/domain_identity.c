/* identity: T.C. kimlik numbers, phones and e-mail addresses as people write them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/domain/identity.h"

static void
national_id_needs_both_check_digits(void **state)
{
	static const char *const good[] = {"11111111110", "22222222220", "10000000146", "12345678950", "99000000042"};
	static const char *const bad[] = {"", "1111111111", "111111111100", "01111111110", "11111111111", "10000000145",
	    "1000000014a", "10000000 46", "١١١١١١١١١١٠", "-1111111111", "11111111110 "};

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
		assert_true(national_id_valid(good[i]));
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_false(national_id_valid(bad[i]));
}

/* Made by the rule of domain text: any nine digits get their two. The last is always even, a wrong one never passes. */
static void
national_id_catches_every_wrong_digit(void **state)
{
	(void)state;
	srand(9);
	for (int i = 0; i < 3000; i++) {
		char text[12] = "";
		int d[11], tenth, eleventh = 0;

		for (int j = 0; j < 9; j++)
			d[j] = j == 0 ? 1 + rand() % 9 : rand() % 10;
		tenth = 7 * (d[0] + d[2] + d[4] + d[6] + d[8]) - (d[1] + d[3] + d[5] + d[7]);
		while (tenth < 0)
			tenth += 10;
		d[9] = tenth % 10;
		for (int j = 0; j < 10; j++)
			eleventh += d[j];
		d[10] = eleventh % 10;
		for (int j = 0; j < 11; j++)
			text[j] = (char)('0' + d[j]);
		assert_true(national_id_valid(text));
		assert_int_equal(d[10] % 2, 0);
		for (int j = 0; j < 11; j++) {
			char old = text[j];

			text[j] = (char)('0' + (old - '0' + 1 + rand() % 9) % 10);
			assert_false(national_id_valid(text));
			text[j] = old;
		}
	}
}

static void
phones_become_e164(void **state)
{
	static const char *const rows[][2] = {
	    {"05321234567", "+905321234567"},
	    {"5321234567", "+905321234567"},
	    {"905321234567", "+905321234567"},
	    {"00905321234567", "+905321234567"},
	    {"+90 (532) 123 45 67", "+905321234567"},
	    {"+90 (0)532 123 45 67", "+905321234567"},
	    {" 0532.123.45.67 ", "+905321234567"},
	    {"0532-123-45-67", "+905321234567"},
	    {"0532–123–45–67", "+905321234567"},
	    {"0532\u00a0123\u00a045\u00a067", "+905321234567"},
	    {"٠٥٣٢١٢٣٤٥٦٧", "+905321234567"},
	    {"+۹۰ ۵۳۲ ۱۲۳ ۴۵ ۶۷", "+905321234567"},
	    {"+905000000000", "+905000000000"},
	    {"0332 221 14 00", "+903322211400"},
	    {"444 55 42", "+904445542"},
	    {"0850 222 00 00", "+908502220000"},
	    {"+49 151 23456789", "+4915123456789"},
	    {"0049 151 23456789", "+4915123456789"},
	    {"+963 944 123 456", "+963944123456"},
	    {"+123456789012345", "+123456789012345"},
	};
	char e164[PHONE_TEXT_SIZE];

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		assert_true(phone_normalize(rows[i][0], e164));
		assert_string_equal(e164, rows[i][1]);
	}
}

static void
what_is_no_phone_is_refused(void **state)
{
	static const char *const rows[] = {"", " ", "+", "00", "0", "-", "abc", "0532123456", "053212345678",
	    "532123456", "15321234567", "1234567", "112", "+90", "+90 532", "+9005321234567890", "+90 632 123 45 67",
	    "0 132 123 45 67", "+1234567890123456", "+123456", "+0123456789", "000532123456789", "0532 123 45 67 x",
	    "0532+1234567", "++905321234567", "05321234567\n", "0532,1234567", "\xd9", "\xdb\xff", "0532123456\xd9",
	    "00000000000000000000000000000000", "05321234567;ext=1", "<script>"};
	char e164[PHONE_TEXT_SIZE];

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		if (phone_normalize(rows[i], e164))
			fail_msg("%s became %s", rows[i], e164);
	}
}

static void
emails_have_a_local_part_and_a_domain(void **state)
{
	static const char *const good[] = {"a@b.co", "ayse.yilmaz@example.org", "a+b_c-d@mail.example.org",
	    "1@2.example", "!#$%&'*+-/=?^_`{|}~@example.org", "A@EXAMPLE.ORG", "x@xn--bykehir-n4a.example",
	    "a@1.2.3.com"};
	static const char *const bad[] = {"", "@", "a@", "@b.co", "a@b", "a.@b.co", ".a@b.co", "a..b@b.co", "a@b..co",
	    "a@.co", "a@b.co.", "a b@c.co", "a@b c.co", "a@b@c.co", "a@-b.co", "a@b-.co", "a@b.1", "a@1.2.3.4",
	    "a@[1.2.3.4]", "\"a\"@b.co", "a(b)@c.co", "ayşe@example.org", "a@belediyé.tr", "a@b.co\r\nBcc: x@y.z",
	    "a@b.co\n", "a\x01@b.co", "a@b_c.co", "a,b@c.co", "<a@b.co>", "a;@b.co", "a@b.co\x7f"};

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
		if (!email_valid(good[i]))
			fail_msg("%s", good[i]);
	}
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		if (email_valid(bad[i]))
			fail_msg("%s", bad[i]);
	}
}

static void
emails_have_their_longest(void **state)
{
	char text[300];

	(void)state;
	snprintf(text, sizeof text, "%064d@example.org", 0);
	assert_true(email_valid(text));
	snprintf(text, sizeof text, "%065d@example.org", 0);
	assert_false(email_valid(text));
	snprintf(text, sizeof text, "a@%063d.org", 0);
	assert_true(email_valid(text));
	snprintf(text, sizeof text, "a@%064d.org", 0);
	assert_false(email_valid(text));
	snprintf(text, sizeof text, "a@%063d.%063d.%063d.%056d.org", 0, 0, 0, 0); /* 254 octets */
	assert_int_equal(strlen(text), 254);
	assert_true(email_valid(text));
	snprintf(text, sizeof text, "a@%063d.%063d.%063d.%057d.org", 0, 0, 0, 0);
	assert_false(email_valid(text));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(national_id_needs_both_check_digits),
	    cmocka_unit_test(national_id_catches_every_wrong_digit),
	    cmocka_unit_test(phones_become_e164),
	    cmocka_unit_test(what_is_no_phone_is_refused),
	    cmocka_unit_test(emails_have_a_local_part_and_a_domain),
	    cmocka_unit_test(emails_have_their_longest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
