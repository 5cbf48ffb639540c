/* letter, template and notice: what an applicant gets to read, and what no input can do to it. */
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
#include "common/domain/calendar.h"
#include "common/domain/number.h"
#include "services/notifier/letter.h"
#include "services/notifier/notice.h"
#include "services/notifier/template.h"

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

/* Every line ends with CRLF, has at most 76 octets, and is ASCII. */
static void
assert_lines(const char *text)
{
	size_t column = 0;

	for (const char *c = text; *c; c++) {
		if (*c == '\r') {
			assert_int_equal(c[1], '\n');
			assert_true(column <= 76);
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
	assert_non_null(strstr(text, "\r\nMessage-ID: <01900000-0000-7000-8000-000000000001@example.org>\r\n"));
	assert_non_null(strstr(text, "\r\nMIME-Version: 1.0\r\n"));
	assert_non_null(strstr(text, "\r\nContent-Type: text/plain; charset=utf-8\r\n"));
	assert_non_null(strstr(text, "\r\nContent-Transfer-Encoding: quoted-printable\r\n"));
	assert_non_null(strstr(text, "\r\nContent-Language: tr\r\n"));
	assert_non_null(strstr(text, "\r\nAuto-Submitted: auto-generated\r\n"));
	assert_string_equal(body_of(text), "Sayın başvuru sahibi,\r\n\r\nİyi günler.\r\n");
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
	letter.id = "1\r\nX: y";
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

static void
assert_refused(const char *data, const char *reason)
{
	struct err e = {""};

	assert_null(template_parse(arena, "t.txt", data, strlen(data), &e));
	if (strncmp(e.text, reason, strlen(reason)) != 0)
		fail_msg("\"%s\" instead of \"%s\"", e.text, reason);
}

static void
template_refuses_with_file_and_line(void **state)
{
	static char large[TEMPLATE_SIZE_MAX + 2];
	struct err e;

	(void)state;
	assert_refused("", "t.txt:1: ");
	assert_refused("Dear all\n\nbody\n", "t.txt:1: the first line");
	assert_refused("Subject: \n\nbody\n", "t.txt:1: the subject is empty");
	assert_refused("Subject: x\nbody\n", "t.txt:2: an empty line");
	assert_refused("Subject: x\n\n \n", "t.txt:3: the body is empty");
	assert_refused("Subject: x\n\nbody\n{{name}}\n", "t.txt:4: unknown placeholder \"{{name}}\"");
	assert_refused("Subject: {{text}}\n\nbody\n", "t.txt:1: unknown placeholder \"{{text}}\"");
	assert_refused("Subject: x\n\n{{number\n", "t.txt:3: \"{{\" without");
	assert_refused("Subject: x\n\nbody\n\xff\n", "t.txt:4: not UTF-8");
	assert_null(template_parse(arena, "t.txt", "Subject: x\n\nb\0c\n", 16, &e));
	memset(large, 'x', sizeof(large) - 1);
	memcpy(large, "Subject: x\n\n", 12);
	assert_refused(large, "t.txt:1: 16385 bytes");
}

static void
template_fills_every_place(void **state)
{
	static const char data[] = "Subject: {{number}}\r\n\r\n{{received_on}}{{due_on}} "
				   "{{department}}\r\n{{law}}\n{{tracking_url}} {{access_code}}}}\n";
	const char *const fields[TEMPLATE_FIELDS] = {"N", "R", "D", "{{number}}", "L", "U", "C"};
	struct template *t;
	struct err e;

	(void)state;
	t = template_parse(arena, "t.txt", data, sizeof(data) - 1, &e);
	assert_non_null(t);
	assert_string_equal(template_subject(arena, t, fields), "N");
	assert_string_equal(template_body(arena, t, fields), "RD {{number}}\nL\nU C}}\n");
}

struct routed_sample {
	Kopru__V1__Event event;
	Kopru__V1__ApplicationRouted routed;
	Kopru__V1__Application application;
	Kopru__V1__Applicant applicant;
	uint8_t id[16];
};

static char given[64], email[64], number[32], name[64];

static void
routed_start(struct routed_sample *s)
{
	kopru__v1__event__init(&s->event);
	kopru__v1__application_routed__init(&s->routed);
	kopru__v1__application__init(&s->application);
	kopru__v1__applicant__init(&s->applicant);
	memset(s->id, 7, sizeof(s->id));
	s->event.id.data = s->application.id.data = s->id;
	s->event.id.len = s->application.id.len = sizeof(s->id);
	s->event.body_case = KOPRU__V1__EVENT__BODY_APPLICATION_ROUTED;
	s->event.application_routed = &s->routed;
	s->routed.application = &s->application;
	s->application.applicant = &s->applicant;
	assert_true(number_format(2026, 1, number));
	snprintf(email, sizeof(email), "ayse@example.org");
	snprintf(given, sizeof(given), "en");
	snprintf(name, sizeof(name), "Temizlik İşleri Müdürlüğü");
	s->application.number = number;
	s->application.received_at = 1795424400000000;
	s->application.legal_basis = KOPRU__V1__LEGAL_BASIS__LEGAL_BASIS_3071;
	assert_true(date_parse("2026-12-23", &s->application.due_on));
	s->applicant.email = email;
	s->applicant.prefers = KOPRU__V1__PREFERS__PREFERS_EMAIL;
	s->routed.department_name = name;
	s->routed.access_code_generation = 3;
}

static void
decide_picks_the_channel(void **state)
{
	struct routed_sample s;
	struct notice n;
	struct err e;

	(void)state;
	routed_start(&s);
	assert_int_equal(notice_decide(arena, &s.event, &n, &e), 0);
	assert_string_equal(n.channel, "email");
	assert_string_equal(n.address, "ayse@example.org");
	assert_string_equal(n.state, "pending");
	assert_string_equal(n.language, "tr");
	assert_null(n.reason);
	assert_int_equal(n.fields.access_code_generation, 3);

	s.applicant.language = given;
	assert_int_equal(notice_decide(arena, &s.event, &n, &e), 0);
	assert_string_equal(n.language, "en");

	s.applicant.prefers = KOPRU__V1__PREFERS__PREFERS_NONE;
	assert_int_equal(notice_decide(arena, &s.event, &n, &e), 0);
	assert_string_equal(n.channel, "none");
	assert_string_equal(n.state, "none");
	assert_string_equal(n.reason, "does not want messages");
	assert_null(n.address);

	s.applicant.prefers = KOPRU__V1__PREFERS__PREFERS_SMS;
	snprintf(email, sizeof(email), "x\r\nBcc: y@example.org");
	assert_int_equal(notice_decide(arena, &s.event, &n, &e), 0);
	assert_string_equal(n.reason, "address not valid");
	assert_null(n.address);

	email[0] = '\0';
	assert_int_equal(notice_decide(arena, &s.event, &n, &e), 0);
	assert_string_equal(n.reason, "no address");
	s.applicant.anonymous = true;
	assert_int_equal(notice_decide(arena, &s.event, &n, &e), 0);
	assert_string_equal(n.reason, "anonymous");
}

static void
decide_refuses_what_it_cannot_tell(void **state)
{
	struct routed_sample s;
	struct notice n;
	struct err e;

	(void)state;
	routed_start(&s);
	s.application.applicant = NULL;
	assert_int_equal(notice_decide(arena, &s.event, &n, &e), -1);
	routed_start(&s);
	s.routed.application = NULL;
	assert_int_equal(notice_decide(arena, &s.event, &n, &e), -1);
	routed_start(&s);
	s.application.id.len = 5;
	assert_int_equal(notice_decide(arena, &s.event, &n, &e), -1);
	routed_start(&s);
	snprintf(number, sizeof(number), "../../etc/passwd");
	assert_int_equal(notice_decide(arena, &s.event, &n, &e), -1);
	routed_start(&s);
	snprintf(name, sizeof(name), "a\nb");
	assert_int_equal(notice_decide(arena, &s.event, &n, &e), -1);
}

static void
texts_cite_the_law_and_hide_the_code_in_the_fragment(void **state)
{
	struct routed_sample s;
	const char *const *texts;
	struct notice n;
	struct err e;

	(void)state;
	routed_start(&s);
	assert_int_equal(notice_decide(arena, &s.event, &n, &e), 0);
	texts = notice_texts(arena, &n, "http://127.0.0.1:8080", "AAAA-BBBB");
	assert_string_equal(texts[TEMPLATE_NUMBER], number);
	assert_string_equal(texts[TEMPLATE_RECEIVED_ON], "23.11.2026");
	assert_string_equal(texts[TEMPLATE_DUE_ON], "23.12.2026");
	assert_string_equal(texts[TEMPLATE_DEPARTMENT], "Temizlik İşleri Müdürlüğü");
	assert_non_null(strstr(texts[TEMPLATE_LAW], "3071"));
	assert_string_equal(texts[TEMPLATE_TRACKING_URL],
	    arena_printf(arena, "http://127.0.0.1:8080/takip#no=%s&kod=AAAA-BBBB", number));

	n.fields.triage = true;
	n.fields.legal_basis = KOPRU__V1__LEGAL_BASIS__LEGAL_BASIS_4982;
	texts = notice_texts(arena, &n, "http://127.0.0.1:8080", "AAAA-BBBB");
	assert_string_equal(texts[TEMPLATE_DEPARTMENT], "Hizmet Masası değerlendiriyor");
	assert_non_null(strstr(texts[TEMPLATE_LAW], "11. maddesi"));
	n.language = "en";
	texts = notice_texts(arena, &n, "http://127.0.0.1:8080", "AAAA-BBBB");
	assert_non_null(strstr(texts[TEMPLATE_LAW], "article 11 of Law No. 4982"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(compose_gives_all_headers),
	    cmocka_unit_test(compose_encodes_the_subject_in_words),
	    cmocka_unit_test(compose_lets_no_header_in),
	    cmocka_unit_test(compose_normalizes_lines_and_white_space),
	    cmocka_unit_test(compose_folds_long_lines),
	    cmocka_unit_test(sender_takes_both_forms),
	    cmocka_unit_test(template_refuses_with_file_and_line),
	    cmocka_unit_test(template_fills_every_place),
	    cmocka_unit_test(decide_picks_the_channel),
	    cmocka_unit_test(decide_refuses_what_it_cannot_tell),
	    cmocka_unit_test(texts_cite_the_law_and_hide_the_code_in_the_fragment),
	};

	return cmocka_run_group_tests(tests, arena_start, arena_end);
}
