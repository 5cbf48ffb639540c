/* csv: RFC 4180 in, and out without formulas. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/base/csv.h"
#include "common/base/file.h"

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
files_are_read_as_they_come(void **state)
{
	/* each row: text, the four cells of two columns and two rows */
	static const char *const rows[][5] = {
	    {"a,b\n1,2\n3,4\n", "1", "2", "3", "4"},
	    {"a;b\r\n1;2\r\n3;4", "1", "2", "3", "4"},
	    {"\xef\xbb\xbf\"a\";\"b\"\r\n1;2\r\n3;4\r\n", "1", "2", "3", "4"},
	    {"a,b\r1,2\r3,4\r", "1", "2", "3", "4"},
	    {"a,b\n\"x,y\",\"say \"\"no\"\"\"\n\"two\r\nlines\",\"\"\n", "x,y", "say \"no\"", "two\r\nlines", ""},
	    {"\na,b\n\n,\n\n,;\n\n", "", "", "", ";"},
	    {"a,b\n çöp ,ığ\n\"\"\"\",\";\"\n", " çöp ", "ığ", "\"", ";"},
	};
	struct csv_table t;
	struct err e;

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		assert_int_equal(csv_parse(*state, rows[i][0], 10, &t, &e), 0);
		assert_int_equal(t.columns, 2);
		assert_int_equal(t.rows, 2);
		assert_string_equal(t.head[0], "a");
		assert_string_equal(t.head[1], "b");
		for (size_t j = 0; j < 4; j++)
			assert_string_equal(t.cells[j], rows[i][1 + j]);
		assert_string_equal(csv_cell(&t, 1, "b"), rows[i][4]);
		assert_null(csv_cell(&t, 0, "c"));
	}
}

static void
a_head_without_rows_is_a_table(void **state)
{
	struct csv_table t;
	struct err e;

	assert_int_equal(csv_parse(*state, "a,b", 0, &t, &e), 0);
	assert_int_equal(t.columns, 2);
	assert_int_equal(t.rows, 0);
}

static void
broken_files_are_refused_with_the_row(void **state)
{
	static const char *const rows[][2] = {
	    {"", "there is no head"},
	    {"\xef\xbb\xbf\n\n", "there is no head"},
	    {"a,b\n1\n", "row 1 has 1 cells, the head has 2"},
	    {"a,b\n1,2\n1,2,3\n", "row 2 has too many cells"},
	    {"a,b\n1,\"2", "row 1 has a quotation mark that is never closed"},
	    {"a,\"b\n1,2\n", "the head has a quotation mark that is never closed"},
	    {"a,b\n1,\"2\"x\n", "row 1 has text after a closing quotation mark"},
	    {"a,b\n1,2\n1,x\"y\n", "row 2 has a quotation mark inside a cell without quotation marks"},
	    {"a,a\n1,2\n", "the head names the column \"a\" twice"},
	    {"a\n1\n2\n3\n4\n", "more than 3 rows"},
	};
	struct csv_table t;
	struct err e;

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		assert_int_equal(csv_parse(*state, rows[i][0], 3, &t, &e), -1);
		assert_string_equal(e.text, rows[i][1]);
	}
}

static void
too_many_columns_are_refused(void **state)
{
	char text[3000];
	struct csv_table t;
	struct err e;

	memset(text, ',', sizeof text);
	text[sizeof text - 1] = '\0';
	assert_int_equal(csv_parse(*state, text, 3, &t, &e), -1);
	assert_string_equal(e.text, "the head has too many cells");
}

static void
a_full_arena_is_said(void **state)
{
	struct arena *a = arena_new(200);
	char text[3000];
	struct csv_table t;
	struct err e;

	(void)state;
	memset(text, 'x', sizeof text);
	memcpy(text, "a\n", 2);
	text[sizeof text - 1] = '\0';
	assert_int_equal(csv_parse(a, text, 3, &t, &e), -1);
	assert_string_equal(e.text, "row 1 found no memory left");
	arena_free(a);
}

static void
cells_are_quoted_and_guarded(void **state)
{
	static const char *const rows[][2] = {
	    {"", ""},
	    {"çöp", "çöp"},
	    {"a,b", "\"a,b\""},
	    {"a;b", "\"a;b\""},
	    {"say \"no\"", "\"say \"\"no\"\"\""},
	    {"two\nlines", "\"two\nlines\""},
	    {"=1+1", "'=1+1"},
	    {"+90 532", "'+90 532"},
	    {"-5", "'-5"},
	    {"@sum", "'@sum"},
	    {"\tx", "'\tx"},
	    {"\rx", "\"'\rx\""},
	    {"＝1", "'＝1"},
	    {"＋1", "'＋1"},
	    {"－1", "'－1"},
	    {"＠1", "'＠1"},
	    {"=cmd|' /C calc'!A0,\"x\"", "\"'=cmd|' /C calc'!A0,\"\"x\"\"\""},
	    {"a=1", "a=1"},
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		assert_string_equal(csv_quote(*state, rows[i][0]), rows[i][1]);
}

static void
what_is_written_is_read_back(void **state)
{
	static const char letters[] = "ab,;\"\n\r x";
	struct arena *a = *state;
	struct csv_table t;
	struct err e;

	srand(4);
	for (int i = 0; i < 5000; i++) {
		char cell[12] = "c", *text;
		size_t length = 1 + (size_t)(rand() % 10);

		for (size_t j = 1; j < length; j++)
			cell[j] = letters[(size_t)rand() % (sizeof letters - 1)];
		text = arena_printf(a, "h,i\n%s,%s\n", csv_quote(a, cell), csv_quote(a, "z"));
		assert_int_equal(csv_parse(a, text, 1, &t, &e), 0);
		assert_string_equal(t.cells[0], cell);
		arena_reset(a);
	}
}

static void
shipped_files_are_well_formed(void **state)
{
	static const struct {
		const char *path;
		size_t rows;
		const char *column;
	} files[] = {
	    {"deploy/data/topics.csv", 100, "keywords_folded"},
	    {"deploy/data/holidays_tr_2020_2030.csv", 187, "kind"},
	    {"tests/data/examples.csv", 75, "text"},
	};
	struct arena *a = *state;
	struct csv_table t;
	struct err e;
	char *text;
	size_t size;

	for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
		assert_int_equal(file_read(a, files[i].path, 1 << 20, &text, &size, &e), 0);
		if (csv_parse(a, text, 1000, &t, &e) != 0)
			fail_msg("%s: %s", files[i].path, e.text);
		assert_int_equal(t.rows, files[i].rows);
		assert_non_null(csv_cell(&t, 0, files[i].column));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(files_are_read_as_they_come, setup, teardown),
	    cmocka_unit_test_setup_teardown(a_head_without_rows_is_a_table, setup, teardown),
	    cmocka_unit_test_setup_teardown(broken_files_are_refused_with_the_row, setup, teardown),
	    cmocka_unit_test_setup_teardown(too_many_columns_are_refused, setup, teardown),
	    cmocka_unit_test(a_full_arena_is_said),
	    cmocka_unit_test_setup_teardown(cells_are_quoted_and_guarded, setup, teardown),
	    cmocka_unit_test_setup_teardown(what_is_written_is_read_back, setup, teardown),
	    cmocka_unit_test_setup_teardown(shipped_files_are_well_formed, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
