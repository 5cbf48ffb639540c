/* export: CSV and XLSX files, whole and guarded; a full disk is told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <event2/event.h>

#include "common/base/arena.h"
#include "common/base/csv.h"
#include "common/base/log.h"
#include "services/reporting/export.h"

static const char *const columns[] = {"number", "name", "count"};

struct closing {
	struct export *file;
	bool done;
	int fd;
	uint64_t size;
	struct err e;
};

static void
on_closed(void *arg, int fd, uint64_t size, const struct err *e)
{
	struct closing *c = arg;

	c->done = true;
	c->fd = fd;
	c->size = size;
	if (e)
		c->e = *e;
	export_free(c->file);
}

static char *
export_all(struct arena *a, const struct export_table *table, const char *const (*rows)[3], size_t count, size_t *size)
{
	struct err e = {""};
	struct loop *loop = loop_new(&e);
	struct closing c = {.file = export_new(loop, "/tmp", table, &e)};
	char *data;

	if (!c.file)
		fail_msg("%s", e.text);
	for (size_t i = 0; i < count; i++)
		export_row(c.file, rows[i]);
	assert_int_equal(export_rows(c.file), count);
	export_close(c.file, on_closed, &c);
	while (!c.done)
		event_base_loop(loop_base(loop), EVLOOP_ONCE);
	assert_true(c.fd >= 0);
	data = arena_alloc(a, c.size + 1);
	assert_int_equal(pread(c.fd, data, c.size, 0), c.size);
	close(c.fd);
	loop_free(loop);
	*size = c.size;
	return data;
}

static const char *const rows[][3] = {
    {"HM-1", "Çöp; \"atık\", taştı", "12"},
    {"HM-2", "=HYPERLINK(1)", ""},
    {"HM-3",
	"\xef\xbc\x9d"
	"1+1",
	"0.5"},
    {"HM-4", "satır\nsonu", "-3"},
};

static void
csv_is_guarded_and_comes_back(void **state)
{
	struct export_table table = {.columns = columns, .count = 3, .first_number = 2, .last_number = 3};
	struct arena *a = arena_new(0);
	struct csv_table read;
	struct err e = {""};
	size_t size;

	(void)state;
	for (int i = 0; i < 2; i++) {
		const char *text;

		table.separator = i ? ';' : ',';
		text = export_all(a, &table, rows, 4, &size);
		assert_int_equal(
		    strncmp(text, i ? "\xef\xbb\xbfnumber;name;count\r\n" : "\xef\xbb\xbfnumber,name,count\r\n", 22),
		    0);
		if (csv_parse(a, text, 10, &read, &e) < 0)
			fail_msg("%s", e.text);
		assert_int_equal(read.rows, 4);
		assert_string_equal(csv_cell(&read, 0, "name"), rows[0][1]);
		assert_string_equal(csv_cell(&read, 1, "name"), "'=HYPERLINK(1)");
		assert_string_equal(csv_cell(&read, 2, "name"), "'\xef\xbc\x9d"
								"1+1");
		assert_string_equal(csv_cell(&read, 3, "name"), rows[3][1]);
	}
	arena_free(a);
}

static void
xlsx_is_one(void **state)
{
	const struct export_table table = {
	    .format = EXPORT_XLSX, .columns = columns, .count = 3, .first_number = 2, .last_number = 3};
	struct arena *a = arena_new(0);
	size_t size;
	const char *data = export_all(a, &table, rows, 4, &size);

	(void)state;
	assert_memory_equal(data, "PK\3\4", 4);
	assert_non_null(memmem(data, size, "xl/worksheets/sheet1.xml", 24));
	assert_null(memmem(data, size, "xl/worksheets/sheet2.xml", 24));
	arena_free(a);
}

static void
what_cannot_be_written_is_told(void **state)
{
	const struct export_table table = {.columns = columns, .count = 3, .separator = ','};
	struct err e = {""};
	struct loop *loop = loop_new(&e);

	(void)state;
	assert_null(export_new(loop, "/nonexistent", &table, &e));
	assert_non_null(strstr(e.text, "no temporary file in \"/nonexistent\""));
	loop_free(loop);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(csv_is_guarded_and_comes_back),
	    cmocka_unit_test(xlsx_is_one),
	    cmocka_unit_test(what_cannot_be_written_is_told),
	};

	log_open("test", LOG_ERROR_LEVEL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
