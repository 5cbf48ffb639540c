/* Unit tests of services/department/cursor. */
#include "services/department/cursor.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define ID "01890a5d-ac96-774b-bcce-b302099a8057"

static char folder[] = "/tmp/kopru-cursor.XXXXXX";
static char path[64];

static int
folder_make(void **state)
{
	(void)state;
	if (!mkdtemp(folder))
		return -1;
	snprintf(path, sizeof(path), "%s/TEM.cursor", folder);
	return 0;
}

static int
folder_remove(void **state)
{
	char lock[80];

	(void)state;
	snprintf(lock, sizeof(lock), "%s.lock", path);
	unlink(path);
	unlink(lock);
	return rmdir(folder);
}

static void
write_text(const char *text, size_t size)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_int_equal(fwrite(text, 1, size, file), size);
	fclose(file);
}

static void
test_cursor_read_starts_at_nothing_without_a_file(void **state)
{
	struct cursor c = {.seq = 7};
	struct err e = {""};

	(void)state;
	unlink(path);
	assert_int_equal(cursor_read(path, "department/TEM", &c, &e), 0);
	assert_int_equal(c.seq, 0);
}

static void
test_cursor_read_gives_what_was_written(void **state)
{
	struct cursor c = {.seq = 9007199254740993}, found;
	struct err e = {""};
	struct stat file;

	(void)state;
	assert_true(uuid_parse(ID, &c.event_id));
	assert_int_equal(cursor_write(path, "department/TEM", &c, &e), 0);
	assert_int_equal(stat(path, &file), 0);
	assert_int_equal(file.st_mode & 0777, 0600);
	assert_int_equal(cursor_read(path, "department/TEM", &found, &e), 0);
	assert_int_equal(found.seq, c.seq);
	assert_int_equal(uuid_compare(&found.event_id, &c.event_id), 0);
	c.seq++;
	assert_int_equal(cursor_write(path, "department/TEM", &c, &e), 0);
	assert_int_equal(cursor_read(path, "department/TEM", &found, &e), 0);
	assert_int_equal(found.seq, c.seq);
}

static void
test_cursor_read_refuses_torn_and_garbage(void **state)
{
	static const char *const bad[] = {
	    "",
	    "\n",
	    "department/TEM",
	    "department/TEM 12",
	    "department/TEM 12 " ID, /* no newline: torn */
	    "department/TEM 12 01890a5d-ac96-774b-bcce-b302099a805\n",
	    "department/TEM 12 " ID "\nmore\n",
	    "department/TEM 12 " ID " \n",
	    "department/TEM  12 " ID "\n",
	    "department/TEM 0 " ID "\n",
	    "department/TEM 012 " ID "\n",
	    "department/TEM -1 " ID "\n",
	    "department/TEM 12x " ID "\n",
	    "department/TEM 99999999999999999999 " ID "\n",
	    "department/TEM 12 zz890a5d-ac96-774b-bcce-b302099a8057\n",
	    "department/FEN 12 " ID "\n",
	    "department/TE 12 " ID "\n",
	    "\x7F"
	    "ELF\x02\x01\x01",
	};
	struct cursor c;
	struct err e;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		e.text[0] = '\0';
		write_text(bad[i], strlen(bad[i]));
		if (cursor_read(path, "department/TEM", &c, &e) == 0)
			fail_msg("taken: \"%s\"", bad[i]);
		assert_non_null(strstr(e.text, path));
		assert_int_equal(c.seq, 0);
	}
	write_text("department/TEM 12 " ID "\n\0", sizeof("department/TEM 12 " ID "\n"));
	assert_int_equal(cursor_read(path, "department/TEM", &c, &e), -1);
	write_text("department/FEN 12 " ID "\n", strlen("department/FEN 12 " ID "\n"));
	assert_int_equal(cursor_read(path, "department/TEM", &c, &e), -1);
	assert_non_null(strstr(e.text, "\"department/FEN\""));
}

static void
test_cursor_lock_lets_one_in(void **state)
{
	struct err e = {""};
	int first = cursor_lock(path, &e), second;

	(void)state;
	assert_true(first >= 0);
	assert_int_equal(cursor_lock(path, &e), -1);
	assert_non_null(strstr(e.text, "another process"));
	close(first);
	second = cursor_lock(path, &e);
	assert_true(second >= 0);
	close(second);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_cursor_read_starts_at_nothing_without_a_file),
	    cmocka_unit_test(test_cursor_read_gives_what_was_written),
	    cmocka_unit_test(test_cursor_read_refuses_torn_and_garbage),
	    cmocka_unit_test(test_cursor_lock_lets_one_in),
	};

	return cmocka_run_group_tests(tests, folder_make, folder_remove);
}
