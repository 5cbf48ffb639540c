/* import: files of other systems: what they are, their rows, their days and words, and what becomes of a row. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/base/file.h"
#include "common/domain/calendar.h"
#include "services/kopru/import_row.h"
#include "services/kopru/import_scan.h"
#include "services/kopru/import_values.h"

#define MAPPING "deploy/data/mappings/cimer.json"

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

static int
scan(const char *text, size_t size, size_t piece, struct import_format *format, struct err *e)
{
	struct import_scan s = {.size = 0};

	for (size_t i = 0; i < size; i += piece)
		import_scan_feed(&s, text + i, size - i < piece ? size - i : piece);
	return import_scan_end(&s, format, e);
}

static void
encoding_and_separator_are_those_of_the_whole_file(void **state)
{
	static const struct {
		const char *text;
		enum import_encoding encoding;
		char separator;
		bool bom, mixed;
	} rows[] = {
	    {"a;b,c;d\n", IMPORT_UTF8, ';', false, false},
	    {"a,b\n1;2;3;4\n", IMPORT_UTF8, ',', false, false},
	    {"a\tb\n", IMPORT_UTF8, '\t', false, false},
	    {"\"a;b;c\",d\n", IMPORT_UTF8, ',', false, false},
	    {"a;b\nşikâyet\n", IMPORT_UTF8, ';', false, false},
	    {"\xef\xbb\xbf"
	     "a;b\n",
		IMPORT_UTF8, ';', true, false},
	    {"a;b\nabc\nabc\n\xfeik\xe2yet;x\n", IMPORT_WINDOWS_1254, ';', false, false},
	    {"a;b\n\xfeik\xe2yet;x\n\xfe\nşikâyet\n", IMPORT_WINDOWS_1254, ';', false, true},
	    {"a;b\nşikâyet\nşikâyet\n\xfeik\xe2yet;x\n", IMPORT_UTF8, ';', false, true},
	    {"a;b\n\xc5", IMPORT_WINDOWS_1254, ';', false, false},
	    {"a;b\n\xc5\n\x9f", IMPORT_WINDOWS_1254, ';', false, false},
	};
	struct import_format format;
	struct err e;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		for (size_t piece = 1; piece < 9; piece++) {
			assert_int_equal(scan(rows[i].text, strlen(rows[i].text), piece, &format, &e), 0);
			assert_int_equal(format.encoding, rows[i].encoding);
			assert_int_equal(format.separator, rows[i].separator);
			assert_int_equal(format.bom, rows[i].bom);
			assert_int_equal(format.mixed, rows[i].mixed);
		}
	}
}

static void
what_is_no_csv_is_told(void **state)
{
	static const struct {
		const char *text;
		size_t size;
		const char *said;
	} rows[] = {{"", 0, "empty"}, {"PK\x03\x04xx", 6, "libreoffice --headless"}, {"\xd0\xcf\x11\xe0xx", 6, "XLS"},
	    {"\xff\xfe"
	     "a\0;\0",
		6, "UTF-16"},
	    {"a\0b\n", 4, "no text file"}};
	struct import_format format;
	struct err e;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(scan(rows[i].text, rows[i].size, 1, &format, &e), -1);
		assert_non_null(strstr(e.text, rows[i].said));
	}
}

static void
letters_become_utf8(void **state)
{
	const char *cells[3] = {"\xfeik\xe2yet \xddSM\xddL \xd0\xf0\xfd\xde", "\x80 \x93x\x94", "abc"};
	const char *utf8[1] = {"şikâyet"}, *undefined[1] = {"x\x81"},
		   *accident[2] = {"KOSK\xdd\x92"
				   "den",
		       "\xfe"};

	assert_null(import_decode(*state, IMPORT_WINDOWS_1254, cells, 3));
	assert_string_equal(cells[0], "şikâyet İSMİL ĞğıŞ");
	assert_string_equal(cells[1], "€ “x”");
	assert_string_equal(cells[2], "abc");
	assert_non_null(strstr(import_decode(*state, IMPORT_WINDOWS_1254, utf8, 1), "are UTF-8"));
	assert_non_null(strstr(import_decode(*state, IMPORT_WINDOWS_1254, undefined, 1), "no characters"));
	assert_null(import_decode(*state, IMPORT_WINDOWS_1254, accident, 1));
	assert_string_equal(accident[0], "KOSKİ’den");
	assert_non_null(strstr(import_decode(*state, IMPORT_UTF8, accident + 1, 1), "not UTF-8"));
	assert_null(import_decode(*state, IMPORT_UTF8, utf8, 1));
}

/* All that is read, as one text: cells in <>, faults in (), what ends it all in !. */
static const char *
read_all(struct arena *a, const char *text, size_t size, size_t piece)
{
	struct import_csv *c = import_csv_new(';');
	struct import_csv_row row;
	const char *out = "";
	struct err e;
	size_t at = 0;
	bool ended = false;
	int rc;

	while ((rc = import_csv_next(c, &row, &e)) >= 0) {
		if (rc == 0 && ended)
			break;
		if (rc == 0 && at == size) {
			import_csv_end(c);
			ended = true;
		} else if (rc == 0) {
			import_csv_feed(c, text + at, size - at < piece ? size - at : piece);
			at += size - at < piece ? size - at : piece;
		} else {
			out = arena_printf(a, "%s%zu@%zu:", out, row.number, row.line);
			for (size_t i = 0; i < row.count; i++)
				out = arena_printf(a, "%s<%s>", out, row.cells[i]);
			if (row.fault)
				out = arena_printf(a, "%s(%.12s)", out, row.fault);
		}
	}
	import_csv_free(c);
	return rc < 0 ? arena_printf(a, "%s!%s", out, e.text) : out;
}

static void
rows_are_read_however_they_are_cut(void **state)
{
	static const struct {
		const char *text, *rows;
	} tests[] = {
	    {"a;b\n1;2\n", "0@1:<a><b>1@2:<1><2>"},
	    {"a;b\r\n1;2", "0@1:<a><b>1@2:<1><2>"},
	    {"a\r\r\n\n\rb\r", "0@1:<a>1@5:<b>"},
	    {"\"a;\"\"b\"\"\r\nc\";d\r\ne;\n", "0@1:<a;\"b\"\r\nc><d>1@3:<e><>"},
	    {"a;b\nx\"y;\"z\n1;2\n", "0@1:<a><b>1@2:(it has a quo)2@3:<1><2>"},
	    {"\"a\"x;b\n1;\"2\"\n", "0@1:(it has text )1@2:<1><2>"},
	    {";\n\"\"\n", "0@1:<><>1@2:<>"},
	    {"a\n\"b\nc", "0@1:<a>!row 1: the quotation mark in line 2 is never closed (within 256 KiB); nothing from "
			  "there on was read"},
	    {"\n\n", ""},
	};

	for (size_t i = 0; i < sizeof(tests) / sizeof(tests[0]); i++)
		for (size_t piece = 1; piece < 12; piece++)
			assert_string_equal(
			    read_all(*state, tests[i].text, strlen(tests[i].text), piece), tests[i].rows);
	assert_string_equal(read_all(*state, "a\0b;c\nd\n", 8, 3), "0@1:(it holds byt)1@2:<d>");
}

/* Random texts of the characters that matter, each cut at random places: always the same rows. */
static void
any_split_gives_the_same_rows(void **state)
{
	static const char letters[] = "ab;;\"\"\"\n\n\r \xc5\x9f";
	char text[64];

	srand(2020);
	for (size_t i = 0; i < 3000; i++) {
		struct arena *a = arena_new(0);
		size_t size = (size_t)rand() % sizeof(text);
		const char *whole;

		for (size_t j = 0; j < size; j++)
			text[j] = letters[(size_t)rand() % (sizeof(letters) - 1)];
		whole = read_all(a, text, size, sizeof(text));
		for (size_t piece = 1; piece < 6; piece++)
			assert_string_equal(read_all(a, text, size, piece), whole);
		arena_free(a);
	}
	(void)state;
}

static void
rows_have_limits(void **state)
{
	size_t size = IMPORT_ROW_MAX + 100;
	char *text = arena_alloc(*state, size + 10);

	memset(text, 'x', size);
	memcpy(text + size, "\nb;c\n", 6);
	assert_string_equal(read_all(*state, text, strlen(text), 4096), "0@1:(it is longer)1@2:<b><c>");
	text[0] = '"';
	assert_non_null(strstr(read_all(*state, text, strlen(text), 4096), "!row 0: the quotation mark in line 1"));
	memset(text, ';', 300);
	memcpy(text + 300, "\nb\n", 4);
	assert_string_equal(read_all(*state, text, strlen(text), 7), "0@1:(it has more )1@2:<b>");
}

static void
days_are_those_of_turkish_offices(void **state)
{
	static const struct {
		const char *text, *time; /* time: what is shown, or a part of what is said */
	} rows[] = {
	    {"24.11.2025", "2025-11-24T00:00:00+03:00"},
	    {" 1.2.2025 9:05 ", "2025-02-01T09:05:00+03:00"},
	    {"24.11.2025 23:59:59", "2025-11-24T23:59:59+03:00"},
	    {"2025-11-24", "2025-11-24T00:00:00+03:00"},
	    {"2025-11-24 09:30", "2025-11-24T09:30:00+03:00"},
	    {"2025-11-24T09:30:15.123", "2025-11-24T09:30:15+03:00"},
	    {"2025-11-24T06:30:00Z", "2025-11-24T09:30:00+03:00"},
	    {"29.02.2024", "2024-02-29T00:00:00+03:00"},
	    {"29.02.2025", "is no day"},
	    {"24/11/2025", "is no day"},
	    {"11.24.2025", "is no day"},
	    {"24.11.25", "is no day"},
	    {"", "is no day"},
	    {"dün", "is no day"},
	    {"45985", "serial number"},
	    {"45985,395", "serial number"},
	    {"24.11.2025 24:00", "is no time"},
	    {"24.11.2025 9.30", "is no time"},
	    {"24.11.2025 09:30 x", "is no time"},
	};
	char text[TIME_TEXT_SIZE];
	int64_t time;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *fault = import_time(*state, rows[i].text, &time);

		if (!fault) {
			time_text_istanbul(time, text);
			assert_memory_equal(text, rows[i].time, 19);
			assert_non_null(strstr(text, "+03:00"));
		} else {
			assert_non_null(strstr(fault, rows[i].time));
		}
	}
}

static void
words_are_folded(void **state)
{
	assert_string_equal(import_fold(*state, "  GÖRÜŞ - Öneri "), "gorus oneri");
	assert_string_equal(import_fold(*state, "T.C."), "t c");
	assert_string_equal(import_fold(*state, "ŞİKÂYET"), "sikayet");
	assert_string_equal(import_fold(*state, "--"), "");
}

static struct import_mapping *
mapping_of(struct arena *a)
{
	struct import_mapping *m = arena_alloc(a, sizeof(*m));
	char *text;
	size_t size;
	struct err e;

	assert_int_equal(file_read(a, MAPPING, 1 << 20, &text, &size, &e), 0);
	assert_int_equal(import_mapping_read(a, text, m, &e), 0);
	return m;
}

static void
a_mapping_says_what_is_wrong_with_it(void **state)
{
	static const char *const rows[][2] = {
	    {"{", "line 1"},
	    {"[]", "must be a JSON object"},
	    {"{\"chanel\":\"cimer\"}", "\"chanel\" is unknown"},
	    {"{}", "channel is missing"},
	    {"{\"number_digits\":\"10\"}", "number_digits must be"},
	    {"{\"hidden\":\"evet\"}", "hidden must be a list"},
	    {"{\"hidden\":true}", "or false: nobody is hidden"},
	    {"{\"visible\":false}", "visible must be a list"},
	    {"{\"columns\":[]}", "columns must be an object"},
	    {"{\"channel\":\"radio\"}", "channel is not one"},
	    {"{\"channel\":\"desk\",\"columns\":{\"nummer\":\"No\"}}", "columns.nummer is no field"},
	    {"{\"channel\":\"desk\",\"columns\":{\"number\":\"No\"}}", "columns.received_at is missing"},
	    {"{\"channel\":\"desk\",\"columns\":{\"number\":[1]}}", "no column's name"},
	    {"{\"channel\":\"desk\",\"columns\":{\"number\":5}}", "must be a column's name"},
	    {"{\"channel\":\"desk\",\"columns\":{\"number\":\"N\",\"received_at\":\"T\",\"text\":\"M\"},\"kinds\":{"
	     "\"x\":"
	     "\"y\"}}",
		"means no kind"},
	    {"{\"channel\":\"desk\",\"columns\":{\"number\":\"N\",\"received_at\":\"T\",\"text\":\"M\"},\"hidden\":[\"-"
	     "\"]}",
		"no word"},
	};
	struct import_mapping m;
	struct err e;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(import_mapping_read(*state, rows[i][0], &m, &e), -1);
		if (!strstr(e.text, rows[i][1]))
			fail_msg("%s: %s", rows[i][0], e.text);
	}
}

static void
a_head_gets_its_mapping(void **state)
{
	static const char *const head[] = {"BAŞVURU NO", "Geldiği Tarih", "Kısa Konu", "Başvuru Metni", "Renk"};
	static const char *const discreet[] = {"BAŞVURU NO", "Tarih", "Metin", "GİZLİLİK DURUMU"};
	struct import_mapping *m = mapping_of(*state);
	struct import_columns columns;
	size_t missing, size;
	char *text;
	json_t *json, *names;
	struct err e;

	assert_int_equal(import_columns_find(*state, m, head, 5, &columns, &e), -1);
	assert_non_null(strstr(e.text, "no column for received_at: expected \"Tarih\""));
	assert_non_null(strstr(e.text, "found \"BAŞVURU NO\", \"Geldiği Tarih\""));
	assert_int_equal(file_read(*state, MAPPING, 1 << 20, &text, &size, &e), 0);
	json = import_mapping_propose(*state, m, text, head, 5, &missing);
	names = json_object_get(json, "columns");
	assert_int_equal(missing, 0);
	assert_int_equal(json_object_size(names), 4);
	assert_string_equal(json_string_value(json_object_get(names, "received_at")), "Geldiği Tarih");
	assert_string_equal(json_string_value(json_object_get(names, "text")), "Başvuru Metni");
	text = json_dumps(json, 0);
	assert_int_equal(import_mapping_read(*state, text, m, &e), 0);
	assert_int_equal(import_columns_find(*state, m, head, 5, &columns, &e), -1);
	assert_non_null(strstr(e.text, "no column for hidden"));
	free(text);
	json_object_set_new(json, "hidden", json_false());
	text = json_dumps(json, 0);
	assert_int_equal(import_mapping_read(*state, text, m, &e), 0);
	assert_int_equal(import_columns_find(*state, m, head, 5, &columns, &e), 0);
	assert_false(columns.used[4]);
	assert_int_equal(import_columns_find(*state, mapping_of(*state), discreet, 4, &columns, &e), 0);
	assert_int_equal(columns.places[IMPORT_HIDDEN], 3);
	free(text);
	json_decref(json);
}

static const char *const row_head[] = {"Başvuru No", "Tarih", "Tür", "Metin", "Ad Soyad", "Gizlilik", "Durum", "Ekler"};

/* The application of a row, or "column: reason". */
static const char *
make(struct arena *a, const char *const *cells, struct import_item *item)
{
	struct import_columns *columns = arena_alloc(a, sizeof(*columns));
	struct import_source source = {.name = "cimer", .mapping = mapping_of(a), .columns = columns};
	struct import_fault fault = {0};
	struct err e;

	*item = (struct import_item){0};
	assert_int_equal(import_columns_find(a, source.mapping, row_head, 8, columns, &e), 0);
	if (import_row_make(a, &source, cells, item, &fault) == 0)
		return item->application;
	return arena_printf(a, "%s: %s", fault.column, fault.reason);
}

static void
rows_become_applications(void **state)
{
	static const struct {
		const char *cells[8], *found;
	} rows[] = {
	    {{"1600004717", "24.11.2025", "Görüş-Öneri", " Metin ", "", "Hayır", "", ""},
		"{\"applicant\":{\"prefers\":\"none\"},\"channel\":\"cimer\",\"external_id\":\"1600004717\",\"received_"
		"at\":"
		"\"2025-11-24T00:00:00+03:00\",\"kind\":\"suggestion\",\"text\":\"Metin\"}"},
	    {{"1600004717", "24.11.2025", "YÖNETİME KATIL", "M", "A", "GİZLİ", "", ""},
		"{\"applicant\":{\"prefers\":\"none\",\"hide_identity\":true,\"name\":\"A\"},\"channel\":\"cimer\","
		"\"external_"
		"id\":\"1600004717\",\"received_at\":\"2025-11-24T00:00:00+03:00\",\"kind\":\"suggestion\",\"text\":"
		"\"M\"}"},
	    {{"160000471", "24.11.2025", "istek", "M", "", "", "", ""}, "Başvuru No: must have exactly 10 digits"},
	    {{"", "24.11.2025", "istek", "M", "", "", "", ""}, "Başvuru No: is empty; each row needs its number"},
	    {{"1600004717", "45985", "istek", "M", "", "", "", ""}, "Tarih: is a spreadsheet's serial number"},
	    {{"1600004717", "24.11.2025", "", "M", "", "", "", ""}, "Tür: is empty or has no column"},
	    {{"1600004717", "24.11.2025", "fıkra", "M", "", "", "", ""}, "Tür: is no kind"},
	    {{"1600004717", "24.11.2025", "ihbar", " ", "", "açık", "", ""}, "Metin: is empty"},
	    {{"1600004717", "24.11.2025", "ihbar", "M", "", "belki", "", ""}, "Gizlilik: is no word"},
	    {{"1600004717", "24.11.2025", "ihbar", "M", "", "-", "", ""}, "Gizlilik: is no word"},
	    {{"1600004717", "24.11.2025", "ihbar", "M", "", " ", "", ""}, "Gizlilik: is empty"},
	};
	struct import_item item;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *found = make(*state, rows[i].cells, &item);

		if (strncmp(found, rows[i].found, strlen(rows[i].found)) != 0)
			fail_msg("%s", found);
	}
}

static void
names_of_files_stay_where_they_are(void **state)
{
	static const char *const cells[] = {
	    "1600004717", "24.11.2025", "ihbar", "M", "", "gizli", "Alt birime sevk", "Ali Veli.pdf; foto.jpg"};
	struct import_item item;

	assert_null(strstr(make(*state, cells, &item), "Veli"));
	assert_string_equal(item.key, "cimer-1600004717");
	assert_string_equal(item.note, "Kaynaktaki durumu: Alt birime sevk\nKaynakta 2 eki var.");
	assert_null(item.answer);
}

/* How a row of an old system ends: "open", the reason to close, or what is wrong with it. */
static const char *
end_of(struct arena *a, const char *closed)
{
	static const char *const head[] = {"No", "Tarih", "Metin", "Gizlilik", "Cevap", "Kapandı"};
	const char *const cells[] = {"7", "24.11.2020", "M", "hayır", "Yapıldı.", closed};
	struct import_mapping *m = arena_alloc(a, sizeof(*m));
	struct import_columns *columns = arena_alloc(a, sizeof(*columns));
	struct import_source source = {.name = "import/x", .mapping = m, .columns = columns};
	struct import_fault fault = {0};
	struct import_item item = {0};
	char *text;
	size_t size;
	struct err e;

	assert_int_equal(file_read(a, "deploy/data/mappings/old.json", 1 << 20, &text, &size, &e), 0);
	assert_int_equal(import_mapping_read(a, text, m, &e), 0);
	assert_int_equal(import_columns_find(a, m, head, 6, columns, &e), 0);
	if (import_row_make(a, &source, cells, &item, &fault) < 0)
		return arena_printf(a, "%s %s", fault.column, fault.reason);
	assert_string_equal(item.answer, "Yapıldı.");
	assert_true(item.for_desk);
	assert_null(strstr(item.application, "HM-00"));
	return item.closing ? item.closing : "open";
}

static void
only_known_words_close_or_leave_open(void **state)
{
	static const char *const closed[] = {"Kapatıldı", "SONUÇLANDIRILDI", "evet"},
				 *const open[] = {"", "Açık", "Devam ediyor"}, *const unknown[] = {"Belki", "-", "?"};

	for (size_t i = 0; i < 3; i++) {
		assert_string_equal(end_of(*state, closed[i]), "Eski sistemden aktarıldı (import/x, no 7)");
		assert_string_equal(end_of(*state, open[i]), "open");
		assert_non_null(strstr(end_of(*state, unknown[i]), "Kapandı is neither a day nor a word"));
	}
	assert_string_equal(
	    end_of(*state, "03.02.2021"), "Eski sistemden aktarıldı (import/x, no 7); cevap tarihi: 2021-02-03");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(encoding_and_separator_are_those_of_the_whole_file, setup, teardown),
	    cmocka_unit_test_setup_teardown(what_is_no_csv_is_told, setup, teardown),
	    cmocka_unit_test_setup_teardown(letters_become_utf8, setup, teardown),
	    cmocka_unit_test_setup_teardown(rows_are_read_however_they_are_cut, setup, teardown),
	    cmocka_unit_test_setup_teardown(any_split_gives_the_same_rows, setup, teardown),
	    cmocka_unit_test_setup_teardown(rows_have_limits, setup, teardown),
	    cmocka_unit_test_setup_teardown(days_are_those_of_turkish_offices, setup, teardown),
	    cmocka_unit_test_setup_teardown(words_are_folded, setup, teardown),
	    cmocka_unit_test_setup_teardown(a_mapping_says_what_is_wrong_with_it, setup, teardown),
	    cmocka_unit_test_setup_teardown(a_head_gets_its_mapping, setup, teardown),
	    cmocka_unit_test_setup_teardown(rows_become_applications, setup, teardown),
	    cmocka_unit_test_setup_teardown(names_of_files_stay_where_they_are, setup, teardown),
	    cmocka_unit_test_setup_teardown(only_known_words_close_or_leave_open, setup, teardown),
	};

	return cmocka_run_group_tests_name("kopru_import", tests, NULL, NULL);
}
