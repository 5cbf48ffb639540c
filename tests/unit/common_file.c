/* file: whole files in and out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <sys/stat.h>
#include <unistd.h>

#include "common/base/file.h"

struct fixture {
	struct arena *arena;
	char folder[64];
	char path[128];
};

static int
setup(void **state)
{
	struct fixture *f = calloc(1, sizeof *f);

	if (!f)
		abort();
	f->arena = arena_new(0);
	snprintf(f->folder, sizeof f->folder, "/tmp/kopru-file.XXXXXX");
	if (!mkdtemp(f->folder))
		abort();
	snprintf(f->path, sizeof f->path, "%s/a", f->folder);
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;

	unlink(f->path);
	rmdir(f->folder);
	arena_free(f->arena);
	free(f);
	return 0;
}

static void
what_was_written_is_read(void **state)
{
	static const size_t sizes[] = {0, 1, 4095, 65535, 65536, 65537, 300000};
	struct fixture *f = *state;
	struct err e;

	for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
		char *data = arena_alloc(f->arena, sizes[i] + 1), *back;
		size_t size;

		for (size_t j = 0; j < sizes[i]; j++)
			data[j] = (char)(j * 7);
		assert_int_equal(file_write_durable(f->path, data, sizes[i], 0600, &e), 0);
		assert_int_equal(file_read(f->arena, f->path, 300000, &back, &size, &e), 0);
		assert_int_equal(size, sizes[i]);
		assert_memory_equal(back, data, size);
		assert_int_equal(back[size], 0);
	}
}

static void
a_file_of_unknown_length_is_read_whole(void **state)
{
	struct fixture *f = *state;
	char *data;
	size_t size;
	struct err e;

	assert_int_equal(file_read(f->arena, "/proc/self/status", 1 << 20, &data, &size, &e), 0);
	assert_true(size > 100 && strlen(data) == size);
}

static void
a_long_file_is_refused(void **state)
{
	struct fixture *f = *state;
	char *data;
	size_t size;
	struct err e;

	assert_int_equal(file_write_durable(f->path, "12345", 5, 0600, &e), 0);
	assert_int_equal(file_read(f->arena, f->path, 5, &data, &size, &e), 0);
	assert_int_equal(file_read(f->arena, f->path, 4, &data, &size, &e), -1);
	assert_non_null(strstr(e.text, "longer than 4 bytes"));
	assert_int_equal(file_read(f->arena, "/dev/zero", 100000, &data, &size, &e), -1);
	assert_int_equal(file_read(f->arena, "/nowhere", 4, &data, &size, &e), -1);
	assert_string_equal(e.text, "/nowhere: cannot be opened: No such file or directory");
	assert_int_equal(file_read(f->arena, f->folder, 4, &data, &size, &e), -1);
}

static void
a_write_replaces_and_leaves_nothing_beside(void **state)
{
	struct fixture *f = *state;
	char temporary[256], *data;
	struct stat st;
	size_t size;
	struct err e;

	snprintf(temporary, sizeof temporary, "%s.tmp", f->path);
	assert_int_equal(symlink("/tmp/kopru-never-written", temporary), 0);
	assert_int_equal(file_write_durable(f->path, "old", 3, 0600, &e), 0);
	assert_int_equal(file_write_durable(f->path, "new", 3, 0600, &e), 0);
	assert_int_equal(file_read(f->arena, f->path, 9, &data, &size, &e), 0);
	assert_string_equal(data, "new");
	assert_int_not_equal(lstat(temporary, &st), 0);
	assert_int_not_equal(lstat("/tmp/kopru-never-written", &st), 0);
	assert_int_equal(lstat(f->path, &st), 0);
	assert_true(S_ISREG(st.st_mode));
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(file_write_durable("/nowhere/a", "x", 1, 0600, &e), -1);
}

static void
names_without_a_folder_are_written_here(void **state)
{
	struct fixture *f = *state;
	char here[4096];
	struct stat st;
	struct err e;

	assert_non_null(getcwd(here, sizeof here));
	assert_int_equal(chdir(f->folder), 0);
	assert_int_equal(file_write_durable("a", "x", 1, 0600, &e), 0);
	assert_int_equal(chdir(here), 0);
	assert_int_equal(stat(f->path, &st), 0);
}

static void
secrets_are_closed_to_others(void **state)
{
	struct fixture *f = *state;
	uint8_t *data;
	size_t size;
	struct err e;

	assert_int_equal(file_write_durable(f->path, "0123456789abcde\0", 16, 0600, &e), 0);
	assert_int_equal(file_read_secret(f->arena, f->path, &data, &size, &e), 0);
	assert_int_equal(size, 16);
	assert_memory_equal(data, "0123456789abcde\0", 16);
	assert_int_equal(chmod(f->path, 0640), 0);
	assert_int_equal(file_read_secret(f->arena, f->path, &data, &size, &e), -1);
	assert_non_null(strstr(e.text, "0640"));
	assert_int_equal(file_write_durable(f->path, "0123456789abcde", 15, 0600, &e), 0);
	assert_int_equal(file_read_secret(f->arena, f->path, &data, &size, &e), -1);
	assert_null(strstr(e.text, "01234"));
	assert_int_equal(file_read_secret(f->arena, "/dev/zero", &data, &size, &e), -1);
	assert_int_equal(file_read_secret(f->arena, "/nowhere", &data, &size, &e), -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(what_was_written_is_read, setup, teardown),
	    cmocka_unit_test_setup_teardown(a_file_of_unknown_length_is_read_whole, setup, teardown),
	    cmocka_unit_test_setup_teardown(a_long_file_is_refused, setup, teardown),
	    cmocka_unit_test_setup_teardown(a_write_replaces_and_leaves_nothing_beside, setup, teardown),
	    cmocka_unit_test_setup_teardown(names_without_a_folder_are_written_here, setup, teardown),
	    cmocka_unit_test_setup_teardown(secrets_are_closed_to_others, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
