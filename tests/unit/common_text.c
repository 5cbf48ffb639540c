/* text: validity, white space, Turkish case and folding with the vectors that SQL is tested with too. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/base/file.h"
#include "common/base/text.h"

static int
setup(void **state)
{
	*state = arena_new(0);
	return 0;
}

static int
teardown(void **state)
{
	arena_free(*state);
	return 0;
}

static void
fold_gives_every_vector(void **state)
{
	struct arena *a = *state;
	char *text, *line, *rest;
	size_t size, count = 0;
	struct err e;

	assert_int_equal(file_read(a, "tests/data/fold_vectors.tsv", 65536, &text, &size, &e), 0);
	for (line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest), count++) {
		char *folded = strchr(line, '\t');

		assert_non_null(folded);
		*folded++ = '\0';
		assert_string_equal(text_fold_tr(a, line), folded);
	}
	assert_true(count >= 20);
}

/* The fast path must give what the slow one gives: a letter outside of it makes the whole text go the slow way. */
static void
fold_is_the_same_on_both_ways(void **state)
{
	static const char *const letters[] = {"a", "Z", "I", "i", "İ", "ı", "Ç", "ç", "Ğ", "ğ", "Ö", "ö", "Ş", "ş", "Ü",
	    "ü", "Â", "â", "Î", "î", "Û", "û", "Ê", "ê", "Ô", "ô", " ", "-", "7", "’", "…", "“", "~", "\x7f", "\t", "‐",
	    "💡", "\ufe0f", "…"};
	struct arena *a = *state;
	const size_t count = sizeof letters / sizeof letters[0];

	srand(7);
	for (int i = 0; i < 20000; i++) {
		char text[128] = "", slow[132] = "ñ";
		int length = rand() % 20;

		for (int j = 0; j < length; j++)
			strncat(text, letters[(size_t)rand() % count], sizeof text - strlen(text) - 1);
		strncat(slow, text, sizeof slow - strlen(slow) - 1);
		assert_string_equal(text_fold_tr(a, text), text_fold_tr(a, slow) + strlen("ñ"));
		arena_reset(a);
	}
}

static void
fold_refuses_what_is_malformed(void **state)
{
	static const char *const texts[] = {
	    "\xc3", "a\xff", "\xc3(", "\xed\xa0\x80", "\xc0\xaf", "\xf4\x90\x80\x80", "\xe2\x80"};

	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		assert_null(text_fold_tr(*state, texts[i]));
		assert_null(text_normalize(*state, texts[i]));
		assert_null(text_lower_tr(*state, texts[i]));
		assert_null(text_upper_tr(*state, texts[i]));
	}
}

static void
fold_gives_null_when_the_arena_is_full(void **state)
{
	struct arena *a = arena_new(256);
	char text[1024];

	(void)state;
	memset(text, 'a', sizeof text);
	text[sizeof text - 1] = '\0';
	assert_null(text_fold_tr(a, text));
	assert_null(text_normalize(a, text));
	memcpy(text, "\xc3\xb1", 2);
	assert_null(text_fold_tr(a, text));
	assert_null(text_lower_tr(a, text));
	arena_free(a);
}

static void
case_is_turkish(void **state)
{
	static const struct {
		const char *text, *lower, *upper;
	} rows[] = {
	    {"", "", ""},
	    {"IŞIK izmir", "ışık izmir", "IŞIK İZMİR"},
	    {"I\u0307smil", "ismil", "İSMİL"},
	    {"Şikâyet", "şikâyet", "ŞİKÂYET"},
	    {"ğüşöçıi", "ğüşöçıi", "ĞÜŞÖÇIİ"},
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		assert_string_equal(text_lower_tr(*state, rows[i].text), rows[i].lower);
		assert_string_equal(text_upper_tr(*state, rows[i].text), rows[i].upper);
	}
}

static void
normalize_gives_nfc(void **state)
{
	assert_string_equal(text_normalize(*state, ""), "");
	assert_string_equal(text_normalize(*state, "duz"), "duz");
	assert_string_equal(text_normalize(*state, "C\u0327o\u0308p"), "Çöp");
	assert_string_equal(text_normalize(*state, "Çöp – 💡\ufe0f"), "Çöp – 💡\ufe0f");
	assert_string_equal(text_normalize(*state, "\u02ffa\u0300"), "\u02ffà");
	assert_string_equal(text_normalize(*state, "\u212a\u2126"), "KΩ");
}

static void
valid_is_utf8_without_nul(void **state)
{
	static const struct {
		const char *text;
		size_t size;
		bool valid;
	} rows[] = {
	    {"", 0, true},
	    {"abc", 3, true},
	    {"twelve chars", 12, true},
	    {"twelve char\0", 12, false},
	    {"\0", 1, false},
	    {"abcdefg\0ijk", 11, false},
	    {"abcdefgh\0jk", 11, false},
	    {"Çöp kutusu dolu", 17, true},
	    {"Çöp kutusu dolu \xc3", 19, false},
	    {"eight888\xff", 9, false},
	    {"\xed\xa0\x80", 3, false},
	    {"\xf4\x8f\xbf\xbf", 4, true},
	    {"\xf4\x90\x80\x80", 4, false},
	    {"\xc0\x80", 2, false},
	    {"\xe0\x80\x80", 3, false},
	    {"\x80", 1, false},
	    {"💡", 4, true},
	    {"💡", 3, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		assert_int_equal(text_valid(rows[i].text, rows[i].size), rows[i].valid);
}

static void
length_counts_code_points(void **state)
{
	(void)state;
	assert_int_equal(text_length(""), 0);
	assert_int_equal(text_length("çöp"), 3);
	assert_int_equal(text_length("💡’a"), 3);
}

static void
control_characters_are_found(void **state)
{
	static const struct {
		const char *text;
		bool control, line;
	} rows[] = {
	    {"", false, false},
	    {"Çöp, ‘ığ’", false, false},
	    {"a\nb", false, true},
	    {"a\tb\r", false, true},
	    {"a\x01", true, true},
	    {"\x1b[31m", true, true},
	    {"a\x7f", true, true},
	    {"a\xc2\x85", true, true},
	    {"a\u00a0b", false, false},
	    {"a\u2028", false, true},
	    {"a\u2029", false, true},
	    {"\xc2", false, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		assert_int_equal(text_has_control(rows[i].text), rows[i].control);
		assert_int_equal(text_has_line_break_or_control(rows[i].text), rows[i].line);
	}
}

static void
white_space_is_that_of_unicode(void **state)
{
	static const struct {
		const char *text, *trimmed;
	} rows[] = {
	    {"", ""},
	    {" \t\r\n", ""},
	    {"\u00a0\u2003\u3000", ""},
	    {"  çöp kutusu ", "çöp kutusu"},
	    {"\u00a0İsmil\u2009\n", "İsmil"},
	    {"a", "a"},
	    {"\u200b", "\u200b"},
	    {"💡", "💡"},
	    {" \xff ", "\xff"},
	    {"\x80", "\x80"},
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		assert_string_equal(text_trim(*state, rows[i].text), rows[i].trimmed);
		assert_int_equal(text_blank(rows[i].text), rows[i].trimmed[0] == '\0');
	}
}

static void
protocol_text_is_ascii_only(void **state)
{
	(void)state;
	assert_true(ascii_equal_nocase("Content-ID", "content-id"));
	assert_false(ascii_equal_nocase("ab", "abc"));
	assert_false(ascii_equal_nocase("abc", "ab"));
	assert_true(ascii_equal_nocase("", ""));
	assert_false(ascii_equal_nocase("Ç", "ç"));
	assert_true(ascii_starts_nocase("Bearer x", "bearer "));
	assert_false(ascii_starts_nocase("Bear", "bearer "));
	assert_true(ascii_starts_nocase("x", ""));
	assert_int_equal(ascii_lower('I'), 'i');
	assert_int_equal(ascii_lower('['), '[');
	assert_int_equal(ascii_lower('@'), '@');
	assert_true(ascii_digit('0') && ascii_digit('9') && !ascii_digit('a') && !ascii_digit('/'));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(fold_gives_every_vector, setup, teardown),
	    cmocka_unit_test_setup_teardown(fold_is_the_same_on_both_ways, setup, teardown),
	    cmocka_unit_test_setup_teardown(fold_refuses_what_is_malformed, setup, teardown),
	    cmocka_unit_test(fold_gives_null_when_the_arena_is_full),
	    cmocka_unit_test_setup_teardown(case_is_turkish, setup, teardown),
	    cmocka_unit_test_setup_teardown(normalize_gives_nfc, setup, teardown),
	    cmocka_unit_test(valid_is_utf8_without_nul),
	    cmocka_unit_test(length_counts_code_points),
	    cmocka_unit_test(control_characters_are_found),
	    cmocka_unit_test_setup_teardown(white_space_is_that_of_unicode, setup, teardown),
	    cmocka_unit_test(protocol_text_is_ascii_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
