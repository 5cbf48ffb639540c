/* letter: what an applicant gets to read, and what no input can do to its headers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/base/ids.h"
#include "services/notifier/letter.h"

static struct arena *arena;

static int
arena_start(void **state)
{
	(void)state;
	ids_start();
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

static struct letter
sample(void)
{
	static struct letter_sender sender;
	struct letter letter = {
	    .sender = &sender,
	    .to = "ayse@example.org",
	    .id = "01900000-0000-7000-8000-000000000001",
	    .number = "HM-2026-0000123-5",
	    .thread = "01900000-0000-7000-8000-000000000002",
	    .language = "tr",
	    .at = 1795424400000000, /* 2026-11-23 09:00 UTC */
	    .subject = "Başvurunuz alındı: HM-2026-0000123-4",
	    .body = "Sayın başvuru sahibi,\n\nİyi günler.\n",
	};
	struct err e;

	assert_int_equal(
	    letter_sender_parse(arena, "Örnek Belediyesi Hizmet Masası <bildirim@example.org>", &sender, &e), 0);
	return letter;
}

static char *
compose(const struct letter *letter)
{
	struct err e = {""};
	size_t size = 0;
	char *text = letter_compose(arena, letter, &size, &e);

	if (!text)
		fail_msg("%s", e.text);
	assert_int_equal(strlen(text), size);
	return text;
}

/* Every line ends with CRLF, has at most 76 octets, and is ASCII. A Message-ID is never folded: not everybody who looks for
 * one unfolds it. */
static void
assert_lines(const char *text)
{
	size_t column = 0;

	for (const char *c = text; *c; c++) {
		if (*c == '\r') {
			assert_int_equal(c[1], '\n');
			assert_true(column <= 76 || strncmp(c - column, "Message-ID: <", 13) == 0);
			column = 0;
			c++;
			continue;
		}
		assert_int_not_equal(*c, '\n');
		assert_true(*c == '\t' || (*c >= ' ' && *c <= '~'));
		column++;
	}
	assert_int_equal(column, 0);
}

/* Quoted-printable back to text. */
static char *
decode(const char *coded)
{
	char *text = arena_alloc(arena, strlen(coded) + 1);
	size_t used = 0;

	for (const char *c = coded; *c; c++) {
		if (*c != '=') {
			text[used++] = *c;
		} else if (c[1] == '\r') {
			c += 2;
		} else {
			char digits[3] = {c[1], c[2], '\0'};
			char *end;

			text[used++] = (char)strtoul(digits, &end, 16);
			assert_ptr_equal(end, digits + 2);
			c += 2;
		}
	}
	return text;
}

static const char *
body_of(const char *text)
{
	const char *body = strstr(text, "\r\n\r\n");

	assert_non_null(body);
	return decode(body + 4);
}

static void
compose_gives_all_headers(void **state)
{
	struct letter letter = sample();
	const char *text = compose(&letter);

	(void)state;
	assert_lines(text);
	assert_non_null(strstr(text, "From: =?UTF-8?B?"));
	assert_non_null(strstr(text, "\r\n <bildirim@example.org>\r\n"));
	assert_non_null(strstr(text, "\r\nTo: <ayse@example.org>\r\n"));
	assert_non_null(strstr(text, "\r\nDate: Mon, 23 Nov 2026 12:00:00 +0300\r\n"));
	assert_non_null(
	    strstr(text, "\r\nMessage-ID: <01900000-0000-7000-8000-000000000001.HM-2026-0000123-5@example.org>\r\n"));
	assert_non_null(strstr(text, "\r\nMIME-Version: 1.0\r\n"));
	assert_non_null(strstr(text, "\r\nContent-Type: text/plain; charset=utf-8\r\n"));
	assert_non_null(strstr(text, "\r\nContent-Transfer-Encoding: quoted-printable\r\n"));
	assert_non_null(strstr(text, "\r\nContent-Language: tr\r\n"));
	assert_non_null(strstr(text, "\r\nAuto-Submitted: auto-generated\r\n"));
	assert_non_null(strstr(text, "\r\nX-Auto-Response-Suppress: All\r\n"));
	assert_non_null(strstr(text, "\r\nIn-Reply-To: <01900000-0000-7000-8000-000000000002@example.org>\r\n"));
	assert_non_null(strstr(text, "\r\nReferences: <01900000-0000-7000-8000-000000000002@example.org>\r\n"));
	assert_null(strstr(text, "X-Kopru-Repeated"));
	assert_null(strstr(text, "List-Unsubscribe"));
	assert_string_equal(body_of(text), "Sayın başvuru sahibi,\r\n\r\nİyi günler.\r\n");
}

static void
compose_marks_what_is_repeated(void **state)
{
	struct letter letter = sample();

	(void)state;
	letter.repeated = true;
	letter.thread = "";
	assert_lines(compose(&letter));
	assert_non_null(strstr(compose(&letter), "\r\nX-Kopru-Repeated: yes\r\n"));
	assert_null(strstr(compose(&letter), "References"));
}

static void
compose_encodes_the_subject_in_words(void **state)
{
	struct letter letter = sample();

	(void)state;
	/* 39 bytes end inside "ı" of the first word: it must go whole into the second. */
	letter.subject = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaııııııııııııııııııııııııııııııııııııııııı";
	assert_lines(compose(&letter));
	assert_non_null(strstr(compose(&letter),
	    "Subject: =?UTF-8?B?YWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWE=?=\r\n =?UTF-8?B?xLHEsc"));
	letter.subject = "Plain words";
	assert_non_null(strstr(compose(&letter), "\r\nSubject: Plain words\r\n"));
	letter.subject = "Looks like =?UTF-8?B?WA==?=";
	assert_null(strstr(compose(&letter), "Subject: Looks"));
}

static void
compose_lets_no_header_in(void **state)
{
	static const char *const subjects[] = {"a\r\nBcc: x@example.org", "a\nb", "a\rb", "", " ", "a\tb\001"};
	static const char *const addresses[] = {"", "a", "a@example.org\r\nBcc: b@example.org", "a@example.org\n",
	    "a b@example.org", "a@example.org, b@example.org", "<a@example.org>", "a@exam\rple.org"};
	struct letter letter = sample();
	struct err e;
	size_t size;

	(void)state;
	for (size_t i = 0; i < sizeof(subjects) / sizeof(subjects[0]); i++) {
		letter.subject = subjects[i];
		assert_null(letter_compose(arena, &letter, &size, &e));
	}
	for (size_t i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++) {
		letter = sample();
		letter.to = addresses[i];
		assert_null(letter_compose(arena, &letter, &size, &e));
	}
	letter = sample();
	letter.number = "HM 2026 0000123 5"; /* somebody's way of writing it */
	assert_null(letter_compose(arena, &letter, &size, &e));
	letter.number = "HM-2026-0000123-4";
	assert_null(letter_compose(arena, &letter, &size, &e));
	letter = sample();
	letter.id = "1\r\nX: y";
	assert_null(letter_compose(arena, &letter, &size, &e));
	letter = sample();
	letter.id = "";
	assert_null(letter_compose(arena, &letter, &size, &e));
	letter = sample();
	letter.thread = "1\r\nX: y";
	assert_null(letter_compose(arena, &letter, &size, &e));
	letter.thread =
	    "0000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000";
	assert_null(letter_compose(arena, &letter, &size, &e));
	letter = sample();
	letter.language = "\r\n";
	assert_null(letter_compose(arena, &letter, &size, &e));
}

static void
compose_normalizes_lines_and_white_space(void **state)
{
	struct letter letter = sample();
	char *text;

	(void)state;
	letter.body = "one\rtwo\ntrailing \nthree\r\n\r\n=C4\t\nno end";
	text = compose(&letter);
	assert_lines(text);
	assert_string_equal(body_of(text), "one\r\ntwo\r\ntrailing \r\nthree\r\n\r\n=C4\t\r\nno end\r\n");
	assert_non_null(strstr(text, "trailing=20\r\n"));
}

static void
compose_folds_long_lines(void **state)
{
	struct letter letter = sample();
	char body[2001], expected[2003];
	const char letters[] = "ışğü=.xyz ";

	(void)state;
	for (size_t i = 0; i < 2000; i++)
		body[i] = letters[i % (sizeof(letters) - 1)];
	body[1999] = '.';
	body[2000] = '\0';
	snprintf(expected, sizeof(expected), "%s\r\n", body);
	letter.body = body;
	assert_lines(compose(&letter));
	assert_string_equal(body_of(compose(&letter)), expected);
}

/* F-102: whatever a text holds, no line is a lone dot that ends the message, and no CR or LF stands alone. */
static void
compose_smuggles_nothing(void **state)
{
	static const char *const bodies[] = {"a\n.\nMAIL FROM:<x@example.org>\n", "a\r.\rb", "a\r\n.\r\nb", "a\n.\rb",
	    ".", "..\n.\n", "\r\n\r\n.\r\n", "From x\n>From y"};
	struct letter letter = sample();

	(void)state;
	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
		letter.body = bodies[i];
		assert_lines(compose(&letter));
	}
}

static void
sender_takes_both_forms(void **state)
{
	struct letter_sender sender;
	struct err e;

	(void)state;
	assert_int_equal(letter_sender_parse(arena, "masa@example.org", &sender, &e), 0);
	assert_string_equal(sender.name, "");
	assert_string_equal(sender.domain, "example.org");
	assert_int_equal(letter_sender_parse(arena, "Masa \"X\" <masa@example.org>", &sender, &e), 0);
	assert_string_equal(sender.name, "Masa \"X\"");
	assert_int_equal(letter_sender_parse(arena, "Masa <masa@example.org>\r\nBcc: x@example.org", &sender, &e), -1);
	assert_int_equal(letter_sender_parse(arena, "Masa", &sender, &e), -1);
	assert_int_equal(letter_sender_parse(arena, "", &sender, &e), -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(compose_gives_all_headers),
	    cmocka_unit_test(compose_marks_what_is_repeated),
	    cmocka_unit_test(compose_encodes_the_subject_in_words),
	    cmocka_unit_test(compose_lets_no_header_in),
	    cmocka_unit_test(compose_normalizes_lines_and_white_space),
	    cmocka_unit_test(compose_folds_long_lines),
	    cmocka_unit_test(compose_smuggles_nothing),
	    cmocka_unit_test(sender_takes_both_forms),
	};

	return cmocka_run_group_tests(tests, arena_start, arena_end);
}
