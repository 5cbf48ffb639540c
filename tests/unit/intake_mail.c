/* mail: every mail of tests/data/mail is read as expected.json says, and what is too much is refused before it is parsed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "common/base/file.h"
#include "common/base/ids.h"
#include "common/base/text.h"
#include "services/intake/mail.h"
#include "services/intake/mail_charset.h"
#include "services/intake/mail_html.h"
#include "services/intake/mail_quote.h"
#include "services/intake/mail_scan.h"
#include "services/intake/mail_words.h"

#define FOLDER "tests/data/mail/"
#define NOW INT64_C(1768212000000000) /* 12 January 2026, 13:00 in Istanbul */

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

static const struct mail_rules rules = {
    .authserv = "posta.karatay.example",
    .own = (const char *const[]){"basvuru@karatay.example"},
    .own_count = 1,
    .received_at = NOW,
};

static const char *class_name(enum mail_class class)
{
	static const char *const names[] = {[MAIL_MESSAGE] = "message",
	    [MAIL_BOUNCE] = "bounce",
	    [MAIL_AUTOMATIC] = "automatic",
	    [MAIL_REGISTERED] = "registered",
	    [MAIL_BROKEN] = "broken"};

	return names[class];
}

/* What a mail says under a key of expected.json, as JSON. */
static json_t *
actual(const struct mail *mail, const char *key)
{
	const struct {
		const char *key, *value;
	} texts[] = {{"class", class_name(mail->class)}, {"why", mail->why}, {"address", mail->address},
	    {"name", mail->name}, {"subject", mail->subject}, {"text", mail->text},
	    {"number", mail->class == MAIL_BOUNCE ? mail->returned.letter.number : mail->number},
	    {"bounced", mail->returned.address}, {"status", mail->returned.status},
	    {"file_text",
		mail->file_count > 0 ? arena_string_n(arena, mail->files[0].data, mail->files[0].size) : NULL}};
	char notice[UUID_TEXT_SIZE];
	json_t *list = json_array();

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		if (strcmp(texts[i].key, key) == 0) {
			json_decref(list);
			return texts[i].value ? json_string(texts[i].value) : json_null();
		}
	if (strcmp(key, "files") == 0) {
		for (size_t i = 0; i < mail->file_count; i++)
			json_array_append_new(
			    list, mail->files[i].name ? json_string(mail->files[i].name) : json_null());
		return list;
	}
	if (strcmp(key, "references") == 0) {
		for (size_t i = 0; i < mail->reference_count; i++)
			json_array_append_new(list, json_string(mail->references[i]));
		return list;
	}
	json_decref(list);
	uuid_text(&mail->returned.letter.notice_id, notice);
	if (strcmp(key, "notice") == 0)
		return mail->returned.has_letter ? json_string(notice) : json_null();
	if (strcmp(key, "permanent") == 0)
		return json_boolean(mail->returned.permanent);
	if (strcmp(key, "verified") == 0)
		return json_boolean(mail->verified);
	if (strcmp(key, "sent_at") == 0)
		return json_integer(mail->sent_at / 1000000);
	if (strcmp(key, "id_prefix") == 0)
		return json_string(arena_string_n(arena, mail->id, strlen("hash:")));
	fail_msg("nobody knows the key %s", key);
	return NULL;
}

static void
test_every_mail_is_read_as_expected(void **state)
{
	json_error_t e;
	json_t *expected = json_load_file(FOLDER "expected.json", 0, &e), *wanted, *value;
	const char *name, *key;
	int wrong = 0;

	(void)state;
	assert_non_null(expected);
	assert_true(json_object_size(expected) > 60);
	json_object_foreach(expected, name, wanted)
	{
		char *raw, path[200];
		size_t size;
		struct mail mail;
		struct err reason;

		snprintf(path, sizeof(path), FOLDER "%s.eml", name);
		assert_int_equal(file_read(arena, path, MAIL_SIZE_MAX, &raw, &size, &reason), 0);
		mail_read(arena, &rules, raw, size, &mail);
		json_object_foreach(wanted, key, value)
		{
			json_t *got = actual(&mail, key);

			if (!json_equal(got, value)) {
				char *is = json_dumps(got, JSON_ENCODE_ANY),
				     *should = json_dumps(value, JSON_ENCODE_ANY);

				print_error("%s: %s is %s, not %s\n", name, key, is, should);
				free(is);
				free(should);
				wrong++;
			}
			json_decref(got);
		}
	}
	json_decref(expected);
	assert_int_equal(wrong, 0);
}

static char *
repeated(const char *begin, const char *piece, size_t times, size_t *size)
{
	size_t length = strlen(piece);
	char *text = arena_alloc(arena, strlen(begin) + length * times + 1);

	memcpy(text, begin, strlen(begin));
	*size = strlen(begin);
	for (size_t i = 0; i < times; i++, *size += length)
		memcpy(text + *size, piece, length);
	return text;
}

#define HEAD "From: a@example.org\r\nMIME-Version: 1.0\r\n"

static void
test_a_mail_bomb_is_refused_before_it_is_parsed(void **state)
{
	static const struct {
		const char *begin, *piece;
		size_t times;
		const char *why;
	} bombs[] = {
	    {HEAD "Content-Type: multipart/mixed; boundary=x\r\n\r\n", "--x\r\n\r\na\r\n", 200000,
		"the mail has too many parts"},
	    {HEAD "Content-Type: multipart/mixed;\r\n boundary*0=\"x\"\r\n\r\n", "--x\r\n\r\n", 200000,
		"the mail has too many parts"},
	    {HEAD "Content-Type: multipart/mixed; BOUND=x\r\n\r\n", "--x\r\n\r\n", 200000,
		"the mail has too many lines that look like boundaries"},
	    {HEAD, "Content-Type: message/rfc822\r\n\r\n", 20000, "the mail nests too many messages"},
	    {HEAD, "X: y\r\n", 200000, "the mail's headers are too large"},
	    {HEAD, "X:\n", 3000, "the mail has too many headers"},
	    {HEAD "\r\n", "0123456789", 2700000, "the mail is larger than 25 MiB"},
	    {"", "", 0, "the mail is empty"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bombs) / sizeof(*bombs); i++) {
		size_t size;
		const char *raw = repeated(bombs[i].begin, bombs[i].piece, bombs[i].times, &size);
		struct mail mail;

		mail_read(arena, &rules, raw, size, &mail);
		assert_int_equal(mail.class, MAIL_BROKEN);
		assert_string_equal(mail.why, bombs[i].why);
	}
}

static const char *
nested(int depth, size_t *size)
{
	enum { ROOM = 120 };
	char *raw = arena_alloc(arena, ((size_t)depth + 1) * ROOM);

	*size = (size_t)snprintf(raw, ROOM, HEAD);
	for (int i = 0; i < depth; i++)
		*size += (size_t)snprintf(
		    raw + *size, ROOM, "Content-Type: multipart/mixed; boundary=\"b%d\"\r\n\r\n--b%d\r\n", i, i);
	return raw;
}

static void
test_nesting_is_bounded(void **state)
{
	struct mail mail;
	size_t size;
	const char *raw = nested(20000, &size);

	(void)state;
	mail_read(arena, &rules, raw, size, &mail);
	assert_int_equal(mail.class, MAIL_BROKEN);
	assert_string_equal(mail.why, "the mail declares too many multiparts");
	raw = nested(25, &size);
	mail_read(arena, &rules, raw, size, &mail);
	assert_string_equal(mail.why, "the mail is nested too deeply");
}

/* Everything in a KEP mailbox is the registry's, what cannot be read, too. */
static void
test_a_registered_mailbox_gives_nothing_away(void **state)
{
	struct mail_rules registered = rules;
	struct mail mail;

	(void)state;
	registered.registered = true;
	mail_read(arena, &registered, "", 0, &mail);
	assert_int_equal(mail.class, MAIL_REGISTERED);
	mail_read(arena, &registered, HEAD "\r\nx", strlen(HEAD "\r\nx"), &mail);
	assert_int_equal(mail.class, MAIL_REGISTERED);
}

/* On the way through two mailboxes headers change; what was said does not. */
static void
test_the_same_mail_has_one_hash_wherever_it_came_by(void **state)
{
	static const char *const mails[] = {
	    "Received: a\r\nDelivered-To: x\r\nMessage-ID: <1@a>\r\nFrom: a@example.org\r\nSubject: s\r\n\r\nbody",
	    "Received: b\r\nX-Spam: no\r\nMessage-ID: <1@a>\r\nFrom: a@example.org\r\nSubject: s\r\n\r\nbody",
	    "Received: b\r\nX-Spam: no\r\nMessage-ID: <1@a>\r\nFrom: a@example.org\r\nSubject: s\r\n\r\nother",
	};
	struct mail mail[3];

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		mail_read(arena, &rules, mails[i], strlen(mails[i]), &mail[i]);
		assert_string_equal(mail[i].id, "1@a");
	}
	assert_memory_equal(mail[0].content_hash, mail[1].content_hash, MAIL_HASH_SIZE);
	assert_memory_not_equal(mail[0].content_hash, mail[2].content_hash, MAIL_HASH_SIZE);
}

static void
test_html_is_bounded(void **state)
{
	static const struct {
		const char *begin, *piece;
		size_t times;
	} bombs[] = {
	    {"", "<div>", 200000},
	    {"", "<b>", 300000},
	    {"", "<table><tr><td>", 60000},
	    {"", "<!--", 200000},
	    {"", "&", 1000000},
	    {"<p>", "<a href=x>", 100000},
	    {"", "<svg>", 200000},
	    {"", "<blockquote>a", 60000},
	    {"", "</p>", 250000},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bombs) / sizeof(*bombs); i++) {
		size_t size;
		char *html = repeated(bombs[i].begin, bombs[i].piece, bombs[i].times, &size);
		int64_t began = clock_monotonic();
		char *text = mail_html_text(arena, html, size);

		assert_true(text_valid(text, strlen(text)));
		assert_true(clock_monotonic() - began < INT64_C(10000000));
	}
}

static void
test_flowed_lines_are_put_together(void **state)
{
	(void)state;
	assert_string_equal(mail_unflow(arena, "a \nb\nc", false), "a b\nc");
	assert_string_equal(mail_unflow(arena, "a \nb", true), "ab");
	assert_string_equal(mail_unflow(arena, " From\n-- \nx", false), "From\n-- \nx");
	assert_string_equal(mail_unflow(arena, "a \n> b \n> c", false), "a \n> b \n> c");
	assert_string_equal(mail_unflow(arena, "", false), "");
}

static void
test_a_letter_of_ours_is_known_by_its_id(void **state)
{
	static const char good[] = "x <01900000-0000-7000-8000-000000000001.HM-2026-0000123-";
	struct mail_letter letter;
	char text[200], number[NUMBER_TEXT_SIZE];

	(void)state;
	assert_true(number_format(2026, 123, number));
	snprintf(text, sizeof(text), "%s%s@karatay.example>", good, number + 16);
	assert_true(mail_letter_find(text, strlen(text), &letter));
	assert_string_equal(letter.number, number);
	assert_false(mail_letter_find(text, strlen(good) + 1, &letter));
	assert_false(mail_letter_find(".HM-2026-0000123-4@", 19, &letter));
	text[3] = 'g';
	assert_false(mail_letter_find(text, strlen(text), &letter));
}

static void
test_charsets_of_headers_get_their_real_names(void **state)
{
	(void)state;
	assert_string_equal(mail_parameters_relabel(arena, "a*=ISO-8859-9''%DE; b*0*=latin1'tr'%DE"),
	    "a*=windows-1254''%DE; b*0*=windows-1254'tr'%DE");
	assert_string_equal(mail_parameters_relabel(arena, "*="), "*=");
	assert_string_equal(
	    mail_words_text(arena, "=?utf-8?B?xQ==?= =?utf-8?b?nw==?= =?utf-8*tr?Q?_=C5=9F?= x"), "ş ş x");
	assert_string_equal(mail_words_text(arena, "=?iso-8859-1?Q?=DE?=a =?x?="), "Şa =?x?=");
	assert_string_equal(mail_words_text(arena, "=?utf-8?Q?a?= =?iso-8859-9?Q?=FE?=\xfe"), "aşş");
	assert_string_equal(mail_words_quoted(arena, "=?utf-8?Q?a=2C_=22b?= <x@y>"), "\"a, \\\"b\" <x@y>");
	assert_string_equal(mail_words_quoted(arena, "\"=?utf-8?Q?a=22?=\" <x@y>"), "\"a\\\"\" <x@y>");
	assert_string_equal(mail_line(arena, "a\r\nb\tc", 100), "a b c");
	assert_string_equal(mail_line(arena, "aşşş", 4), "aş");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_every_mail_is_read_as_expected, arena_start, arena_end),
	    cmocka_unit_test_setup_teardown(test_a_mail_bomb_is_refused_before_it_is_parsed, arena_start, arena_end),
	    cmocka_unit_test_setup_teardown(test_nesting_is_bounded, arena_start, arena_end),
	    cmocka_unit_test_setup_teardown(test_a_registered_mailbox_gives_nothing_away, arena_start, arena_end),
	    cmocka_unit_test_setup_teardown(
		test_the_same_mail_has_one_hash_wherever_it_came_by, arena_start, arena_end),
	    cmocka_unit_test_setup_teardown(test_html_is_bounded, arena_start, arena_end),
	    cmocka_unit_test_setup_teardown(test_flowed_lines_are_put_together, arena_start, arena_end),
	    cmocka_unit_test_setup_teardown(test_a_letter_of_ours_is_known_by_its_id, arena_start, arena_end),
	    cmocka_unit_test_setup_teardown(test_charsets_of_headers_get_their_real_names, arena_start, arena_end),
	};

	ids_start();
	mail_start();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
