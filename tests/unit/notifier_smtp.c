/* smtp: the dialog with a mail server, row by row; its answers, read in pieces; its addresses in the settings. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "services/notifier/providers/smtp_dialog.h"
#include "services/notifier/providers/smtp_servers.h"

#define TO "ayse@example.org"

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

/* A dialog that has come to this stage, by good answers. */
static struct smtp_dialog
dialog_at(enum smtp_stage stage)
{
	static const int codes[] = {[SMTP_STAGE_MAIL] = 250, [SMTP_STAGE_RCPT] = 250, [SMTP_STAGE_DATA] = 354};
	struct smtp_dialog d;

	assert_int_equal(smtp_dialog_begin(&d, "", TO), SMTP_STEP_COMMAND);
	if (stage == SMTP_STAGE_RSET) {
		struct smtp_reply no = {.code = 550, .text = "no"};

		assert_int_equal(smtp_dialog_reply(&d, &no, false), SMTP_STEP_COMMAND);
		return d;
	}
	while (d.stage < stage && d.stage != SMTP_STAGE_TEXT) {
		struct smtp_reply reply = {.code = codes[d.stage], .text = "ok"};

		smtp_dialog_reply(&d, &reply, false);
	}
	if (stage == SMTP_STAGE_DOT)
		assert_int_equal(smtp_dialog_texted(&d), SMTP_STEP_COMMAND);
	assert_int_equal(d.stage, stage);
	return d;
}

static void
dialog_sends_a_letter(void **state)
{
	struct smtp_reply ok = {.code = 250, .text = "ok"}, go = {.code = 354, .text = "go"};
	struct smtp_dialog d;

	(void)state;
	assert_int_equal(smtp_dialog_begin(&d, "bildirim@example.org", TO), SMTP_STEP_COMMAND);
	assert_string_equal(d.command, "MAIL FROM:<bildirim@example.org>\r\n");
	assert_int_equal(smtp_dialog_reply(&d, &ok, false), SMTP_STEP_COMMAND);
	assert_string_equal(d.command, "RCPT TO:<" TO ">\r\n");
	assert_int_equal(smtp_dialog_reply(&d, &ok, false), SMTP_STEP_COMMAND);
	assert_string_equal(d.command, "DATA\r\n");
	assert_int_equal(smtp_dialog_reply(&d, &go, false), SMTP_STEP_TEXT);
	assert_int_equal(smtp_dialog_texted(&d), SMTP_STEP_COMMAND);
	assert_string_equal(d.command, ".\r\n");
	assert_int_equal(smtp_dialog_reply(&d, &ok, false), SMTP_STEP_ENDED);
	assert_int_equal(d.end, PROVIDER_SENT);
	assert_string_equal(d.reason, "");
	assert_int_equal(smtp_dialog_begin(&d, "", TO), SMTP_STEP_COMMAND);
	assert_string_equal(d.command, "MAIL FROM:<>\r\n");
}

static void
dialog_knows_every_answer_at_every_stage(void **state)
{
	static const struct {
		enum smtp_stage stage;
		int code;
		bool more;
		enum smtp_step step;
		enum provider_end end;
		bool server;
	} rows[] = {
	    {SMTP_STAGE_MAIL, 451, false, SMTP_STEP_COMMAND, PROVIDER_RETRY, false},
	    {SMTP_STAGE_MAIL, 550, false, SMTP_STEP_COMMAND, PROVIDER_FAILED, false},
	    {SMTP_STAGE_MAIL, 421, false, SMTP_STEP_CLOSE, PROVIDER_RETRY, true},
	    {SMTP_STAGE_MAIL, 530, false, SMTP_STEP_CLOSE, PROVIDER_RETRY, true},
	    {SMTP_STAGE_MAIL, 535, false, SMTP_STEP_CLOSE, PROVIDER_RETRY, true},
	    {SMTP_STAGE_MAIL, 354, false, SMTP_STEP_CLOSE, PROVIDER_RETRY, false},
	    {SMTP_STAGE_MAIL, 250, true, SMTP_STEP_CLOSE, PROVIDER_RETRY, false},
	    {SMTP_STAGE_MAIL, 550, true, SMTP_STEP_CLOSE, PROVIDER_FAILED, false},
	    {SMTP_STAGE_RCPT, 452, false, SMTP_STEP_COMMAND, PROVIDER_RETRY, false},
	    {SMTP_STAGE_RCPT, 550, false, SMTP_STEP_COMMAND, PROVIDER_FAILED, false},
	    {SMTP_STAGE_RCPT, 251, false, SMTP_STEP_COMMAND, PROVIDER_SENT, false},
	    {SMTP_STAGE_RCPT, 354, false, SMTP_STEP_CLOSE, PROVIDER_RETRY, false},
	    {SMTP_STAGE_RCPT, 250, true, SMTP_STEP_CLOSE, PROVIDER_RETRY, false},
	    {SMTP_STAGE_DATA, 451, false, SMTP_STEP_COMMAND, PROVIDER_RETRY, false},
	    {SMTP_STAGE_DATA, 554, false, SMTP_STEP_COMMAND, PROVIDER_FAILED, false},
	    {SMTP_STAGE_DATA, 250, false, SMTP_STEP_CLOSE, PROVIDER_RETRY, false},
	    {SMTP_STAGE_DATA, 354, true, SMTP_STEP_CLOSE, PROVIDER_RETRY, false},
	    {SMTP_STAGE_TEXT, 250, false, SMTP_STEP_CLOSE, PROVIDER_RETRY, false},
	    {SMTP_STAGE_TEXT, 451, false, SMTP_STEP_CLOSE, PROVIDER_RETRY, false},
	    {SMTP_STAGE_TEXT, 552, false, SMTP_STEP_CLOSE, PROVIDER_FAILED, false},
	    {SMTP_STAGE_DOT, 250, false, SMTP_STEP_ENDED, PROVIDER_SENT, false},
	    {SMTP_STAGE_DOT, 250, true, SMTP_STEP_CLOSE, PROVIDER_SENT, false},
	    {SMTP_STAGE_DOT, 451, false, SMTP_STEP_ENDED, PROVIDER_RETRY, false},
	    {SMTP_STAGE_DOT, 550, false, SMTP_STEP_ENDED, PROVIDER_FAILED, false},
	    {SMTP_STAGE_DOT, 550, true, SMTP_STEP_CLOSE, PROVIDER_FAILED, false},
	    {SMTP_STAGE_DOT, 421, false, SMTP_STEP_CLOSE, PROVIDER_RETRY, true},
	    {SMTP_STAGE_DOT, 354, false, SMTP_STEP_CLOSE, PROVIDER_UNKNOWN, false},
	    {SMTP_STAGE_RSET, 250, false, SMTP_STEP_ENDED, PROVIDER_FAILED, false},
	    {SMTP_STAGE_RSET, 451, false, SMTP_STEP_CLOSE, PROVIDER_FAILED, false},
	    {SMTP_STAGE_RSET, 354, false, SMTP_STEP_CLOSE, PROVIDER_FAILED, false},
	    {SMTP_STAGE_RSET, 250, true, SMTP_STEP_CLOSE, PROVIDER_FAILED, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct smtp_dialog d = dialog_at(rows[i].stage);
		struct smtp_reply reply = {.code = rows[i].code, .text = "text"};
		enum smtp_step step = smtp_dialog_reply(&d, &reply, rows[i].more);

		if (step != rows[i].step || d.end != rows[i].end || d.server_refused != rows[i].server)
			fail_msg("stage %d, answer %d: step %d, end %d", (int)rows[i].stage, rows[i].code, (int)step,
			    (int)d.end);
		if (step != SMTP_STEP_COMMAND)
			assert_int_equal(d.stage, SMTP_STAGE_NONE);
	}
}

/* only after the dot is a lost answer unknown. */
static void
dialog_knows_what_a_lost_connection_means(void **state)
{
	(void)state;
	for (enum smtp_stage stage = SMTP_STAGE_MAIL; stage <= SMTP_STAGE_RSET; stage++) {
		struct smtp_dialog d = dialog_at(stage);

		assert_int_equal(smtp_dialog_lost(&d, "gone"), SMTP_STEP_CLOSE);
		if (stage == SMTP_STAGE_RSET)
			assert_int_equal(d.end, PROVIDER_FAILED);
		else
			assert_int_equal(d.end, stage == SMTP_STAGE_DOT ? PROVIDER_UNKNOWN : PROVIDER_RETRY);
		if (stage == SMTP_STAGE_DOT)
			assert_string_equal(d.reason, "the final dot: gone");
	}
}

static void
text_has_its_dots_doubled(void **state)
{
	static const char data[] = "Subject: x\r\n\r\n.\r\n..\r\na.b\r\n.c\r\n";
	static const char *const wrong[] = {"a\nb\r\n", "a\rb\r\n", "a", "a\n", "\r\n\n", "a\r\r\n", "a\r\n.\n.\r\n"};
	char longest[1100];
	size_t size;

	(void)state;
	assert_string_equal(
	    smtp_text_make(arena, data, sizeof(data) - 1, &size), "Subject: x\r\n\r\n..\r\n...\r\na.b\r\n..c\r\n");
	assert_int_equal(size, sizeof(data) - 1 + 3);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_null(smtp_text_make(arena, wrong[i], strlen(wrong[i]), &size));
	assert_null(smtp_text_make(arena, "a\0b\r\n", 5, &size));
	memset(longest, 'x', sizeof(longest));
	memcpy(longest + 998, "\r\n", 2);
	assert_non_null(smtp_text_make(arena, longest, 1000, &size));
	memcpy(longest + 998, "x\r\n", 3);
	assert_null(smtp_text_make(arena, longest, 1001, &size));
}

static void
reader_takes_answers_in_pieces(void **state)
{
	static const char said[] = "250-one\r\n250-two words\r\n250 three\r\n354\r\n451 x\n";
	static const int codes[] = {250, 354, 451};
	static const char *const texts[] = {"three", "", "x"};

	(void)state;
	for (size_t piece = 1; piece < sizeof(said); piece++) {
		struct smtp_reader r = {.size = 0};
		struct smtp_reply reply;
		size_t count = 0;

		for (size_t done = 0; done < sizeof(said) - 1; done += piece) {
			size_t size = sizeof(said) - 1 - done < piece ? sizeof(said) - 1 - done : piece;
			enum smtp_read read;

			assert_true(smtp_reader_add(&r, said + done, size));
			while ((read = smtp_reader_next(&r, &reply)) == SMTP_REPLY) {
				assert_int_equal(reply.code, codes[count]);
				assert_string_equal(reply.text, texts[count]);
				count++;
			}
			assert_int_equal(read, SMTP_MORE);
		}
		assert_int_equal(count, 3);
		assert_true(smtp_reader_empty(&r));
	}
}

static void
reader_refuses_garbage(void **state)
{
	static const char *const wrong[] = {"hello\r\n", "25\r\n", "99", "2x0 a\r\n", "650 a\r\n", "150 a\r\n",
	    "250a\r\n", "250-a\r\n251 b\r\n", "\r\n", "\n", " 250 ok\r\n", "250-a\r\nb", "\xff"};
	struct smtp_reader r;
	struct smtp_reply reply;
	char line[SMTP_REPLY_BYTES_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		r = (struct smtp_reader){.size = 0};
		assert_true(smtp_reader_add(&r, wrong[i], strlen(wrong[i])));
		if (smtp_reader_next(&r, &reply) != SMTP_GARBAGE)
			fail_msg("%s", wrong[i]);
	}
	r = (struct smtp_reader){.size = 0};
	memset(line, 'x', sizeof(line));
	memcpy(line, "250-", 4);
	assert_true(smtp_reader_add(&r, line, sizeof(line)));
	assert_false(smtp_reader_add(&r, line, 1));
	assert_int_equal(smtp_reader_next(&r, &reply), SMTP_GARBAGE);
}

static void
reason_holds_no_address(void **state)
{
	static const struct {
		const char *text, *reason;
	} rows[] = {
	    {"5.1.1 <ayse@example.org>: Recipient address rejected", "550 5.1.1 <address> Recipient address rejected"},
	    {"5.1.1 user AYSE unknown", "550 5.1.1 user <address> unknown"},
	    {"5.1.1 no mailbox 'ayse' here", "550 5.1.1 no mailbox <address> here"},
	    {"other@example.net x", "550 <address> x"},
	    {"", "550"},
	    {"  two", "550   two"},
	};
	struct smtp_reply reply = {.code = 550};
	char reason[SMTP_REPLY_TEXT_SIZE + 32];
	char tight[24];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		snprintf(reply.text, sizeof(reply.text), "%s", rows[i].text);
		smtp_reply_reason(&reply, TO, reason, sizeof(reason));
		assert_string_equal(reason, rows[i].reason);
		smtp_reply_reason(&reply, TO, tight, sizeof(tight));
		assert_true(strlen(tight) < sizeof(tight));
		assert_null(strchr(tight, '@'));
	}
}

static void
reader_shows_no_control_characters(void **state)
{
	struct smtp_reader r = {.size = 0};
	struct smtp_reply reply;

	(void)state;
	assert_true(smtp_reader_add(&r, "550 a\tb\033[1m\xc3\xa7\r\n", 15));
	assert_int_equal(smtp_reader_next(&r, &reply), SMTP_REPLY);
	assert_string_equal(reply.text, "a?b?[1m??");
}

static void
servers_are_read(void **state)
{
	struct smtp_servers s;
	struct err e = {""};

	(void)state;
	assert_int_equal(
	    smtp_servers_parse(arena,
		"smtp://127.0.0.1:25, Example.ORG=smtp://mx.example.org:25,example.net=smtp://mx.example.org:25,"
		"b.example=smtps://[::1]:465",
		&s, &e),
	    0);
	assert_int_equal(s.count, 3);
	assert_string_equal(s.list[0].url, "smtp://127.0.0.1:25");
	assert_int_equal(s.list[0].domain_count, 3);
	assert_int_equal(s.list[1].domain_count, 2);
	assert_string_equal(s.list[1].domains[0], "example.org");
	assert_string_equal(s.list[1].domains[1], "example.net");
	assert_string_equal(s.list[2].url, "smtps://[::1]:465");
}

static void
servers_refuse_with_what_is_allowed(void **state)
{
	static const char *const wrong[] = {"", "mail.example.org", "http://mail.example.org:25",
	    "smtp://mail.example.org", "smtp://:25", "smtp://a:0", "smtp://a:65536", "smtp://a:25/x", "smtp://u:p@a:25",
	    "smtp://a:25,smtp://b:25", "example.org=smtp://a:25", "smtp://a:25,=smtp://b:25",
	    "smtp://a:25,a b=smtp://b:25", "smtp://a:25,", "smtp://a:25,x.example=smtp://b:25,X.example=smtp://c:25",
	    "smtp://a:25,[::1]=smtp://b:25", "smtp://a\r\n:25"};
	char many[8192] = "smtp://a:25";
	struct smtp_servers s;
	struct err e;

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		if (smtp_servers_parse(arena, wrong[i], &s, &e) == 0)
			fail_msg("\"%s\" was taken", wrong[i]);
		if (!strstr(e.text, "allowed") && !strstr(e.text, "twice"))
			fail_msg("%s", e.text);
	}
	for (int i = 0; i < 32; i++)
		snprintf(many + strlen(many), sizeof(many) - strlen(many), ",d%d.example=smtp://h%d:25", i, i);
	assert_int_equal(smtp_servers_parse(arena, many, &s, &e), -1);
	assert_non_null(strstr(e.text, "at most 32"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(dialog_sends_a_letter),
	    cmocka_unit_test(dialog_knows_every_answer_at_every_stage),
	    cmocka_unit_test(dialog_knows_what_a_lost_connection_means),
	    cmocka_unit_test(text_has_its_dots_doubled),
	    cmocka_unit_test(reader_takes_answers_in_pieces),
	    cmocka_unit_test(reader_refuses_garbage),
	    cmocka_unit_test(reader_shows_no_control_characters),
	    cmocka_unit_test(reason_holds_no_address),
	    cmocka_unit_test(servers_are_read),
	    cmocka_unit_test(servers_refuse_with_what_is_allowed),
	};

	return cmocka_run_group_tests(tests, arena_start, arena_end);
}
