/* imap_reader: what servers say is understood in whatever pieces it comes; what is too much is cut. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "services/intake/imap_connect.h"
#include "services/intake/imap_list.h"
#include "services/intake/imap_reader.h"

/* All events of a text that comes in pieces of so many bytes, as words. */
static void
read_all(const char *text, size_t piece, size_t literal_max, char *said, size_t room)
{
	struct imap_reader r = {.literal_max = literal_max};
	size_t left = strlen(text), used = 0;

	said[0] = '\0';
	while (left > 0) {
		size_t size = left < piece ? left : piece;
		const char *data = text;
		struct imap_event e;
		enum imap_kind kind;

		text += size;
		left -= size;
		while ((kind = imap_reader_next(&r, "K1", &data, &size, &e)) != IMAP_MORE) {
			static const char *const names[] = {"more", "done", "refused", "bye", "validity", "found",
			    "size", "literal", "mail", "garbage"};

			used += (size_t)snprintf(said + used, room - used, "%s %llu %u %s%s\n", names[kind],
			    (unsigned long long)e.number, e.uid, e.data ? e.data : "", e.text);
			free(e.data);
		}
	}
	imap_reader_clear(&r);
}

static const struct {
	const char *says, *means;
} cases[] = {
    {"* OK hello\r\n* 3 EXISTS\r\n* OK [UIDVALIDITY 77] ok\r\nK1 OK [READ-ONLY] done\r\n",
	"validity 77 0 \ndone 0 0 OK [READ-ONLY] done\n"},
    {"* SEARCH 1 22 333\r\nK1 OK x\r\n", "found 1 0 \nfound 22 0 \nfound 333 0 \ndone 0 0 OK x\n"},
    {"* SEARCH\r\n* SEARCH \r\nK1 NO x\r\n", "refused 0 0 NO x\n"},
    {"* 1 FETCH (UID 9 RFC822.SIZE 123)\r\n", "size 123 9 \n"},
    {"* 1 fetch (rfc822.size 123 uid 9)\r\n", "size 123 9 \n"},
    {"* 1 FETCH (UID 9 BODY[] {5}\r\na\r\nb\n)\r\n", "literal 5 0 \nmail 5 9 a\r\nb\n\n"},
    {"* 1 FETCH (BODY[] {2}\r\nab UID 9)\r\n", "literal 2 0 \nmail 2 9 ab\n"},
    {"* 1 FETCH (UID 9 BODY[]<0> {0}\r\n)\r\n", "literal 0 0 \nmail 0 9 \n"},
    {"* 1 FETCH (UID 9 BODY[] {20}\r\n01234567890123456789)\r\n", "literal 20 0 \nmail 20 9 0123456789\n"},
    {"* 1 FETCH (FLAGS (\\Seen))\r\n* 4 EXPUNGE\r\n+ go on\r\n", ""},
    {"* OK text that ends in {5}\r\nK1 OK\r\n", "done 0 0 OK\n"},
    {"* BYE going\r\n", "bye 0 0 BYE going\n"},
    {"HTTP/1.1 400 Bad Request\r\n", "garbage 0 0 \n"},
    {"K1 WHAT\r\n", "garbage 0 0 WHAT\n"},
    {"K2 OK of another command\r\n", "garbage 0 0 \n"},
    {"* 1 FETCH (UID 99999999999 RFC822.SIZE 1)\r\n", ""},
    {"* 1 FETCH (UID 1 RFC822.SIZE 99999999999999999999999)\r\n", ""},
};

static void
test_answers_are_read_in_any_pieces(void **state)
{
	char said[1000];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		for (size_t piece = 1; piece < 40; piece++) {
			read_all(cases[i].says, piece, 10, said, sizeof(said));
			assert_string_equal(said, cases[i].means);
		}
}

static void
test_a_line_without_end_is_cut(void **state)
{
	struct imap_reader r = {.literal_max = 10};
	char line[10000];
	struct imap_event e;
	const char *data = line;
	size_t size = sizeof(line);

	(void)state;
	memset(line, 'a', sizeof(line));
	assert_int_equal(imap_reader_next(&r, "K1", &data, &size, &e), IMAP_MORE);
	assert_int_equal(size, 0);
	data = "\n";
	size = 1;
	assert_int_equal(imap_reader_next(&r, "K1", &data, &size, &e), IMAP_GARBAGE);
}

static void
test_a_folder_cannot_end_its_quotes(void **state)
{
	static const struct {
		const char *url, *folder;
	} folders[] = {
	    {"imaps://a.example", "INBOX"},
	    {"imaps://a.example/", "INBOX"},
	    {"imaps://a.example/Ba%20%26AV8-", "Ba &AV8-"},
	    {"imaps://a.example/a%22b", "INBOX"},
	    {"imaps://a.example/a%0d%0ab", "INBOX"},
	};
	char folder[IMAP_FOLDER_SIZE];

	(void)state;
	for (size_t i = 0; i < sizeof(folders) / sizeof(*folders); i++) {
		const struct mailbox_conf conf = {.url = folders[i].url};

		imap_connect_folder(&conf, folder, sizeof(folder));
		assert_string_equal(folder, folders[i].folder);
	}
}

static void
test_a_round_holds_the_next_mails_once_and_in_order(void **state)
{
	static struct imap_list list;
	char text[IMAP_COMMAND_SIZE];

	(void)state;
	for (uint64_t uid = 2000; uid > 0; uid--)
		imap_list_add(&list, 10, uid);
	imap_list_add(&list, 10, 12);
	imap_list_add(&list, 10, UINT64_MAX);
	assert_int_equal(list.count, IMAP_ROUND_MAX);
	for (size_t i = 0; i < list.count; i++)
		assert_int_equal(list.items[i].uid, 11 + i);
	assert_null(imap_list_find(&list, 1, 11));
	imap_list_find(&list, 0, 12)->came = true;
	imap_list_command(&list, 0, 3, "(UID)", text);
	assert_string_equal(text, "UID FETCH 11,13 (UID)");
	for (size_t i = 0; i < list.count; i++)
		list.items[i].uid = UINT32_MAX;
	imap_list_command(&list, 0, IMAP_ROUND_MAX, "(UID BODY.PEEK[]<0.262144>)", text);
	assert_string_equal(text + strlen(text) - 8, "262144>)");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_answers_are_read_in_any_pieces),
	    cmocka_unit_test(test_a_line_without_end_is_cut),
	    cmocka_unit_test(test_a_folder_cannot_end_its_quotes),
	    cmocka_unit_test(test_a_round_holds_the_next_mails_once_and_in_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
