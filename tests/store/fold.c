/* fold: kopru.fold_tr in SQL gives what text_fold_tr gives in C, by the same vectors. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "common/base/file.h"
#include "common/base/text.h"
#include "tests/harness/scratch.h"

static void
test_fold_tr_is_the_same_in_sql_and_in_c(void **state)
{
	struct err e;
	struct scratch *s = scratch_new(&e);
	struct arena *a = arena_new(0);
	char *text = NULL, out[1000];
	size_t size = 0, count = 0;

	(void)state;
	if (!s || file_read(a, "tests/data/fold_vectors.tsv", 1024 * 1024, &text, &size, &e) < 0)
		fail_msg("%s", e.text);
	for (char *line = strsep(&text, "\n"); line; line = strsep(&text, "\n")) {
		char *raw = strsep(&line, "\t");
		const char *sql = NULL;

		if (!line)
			continue;
		sql = arena_printf(a, "SELECT kopru.fold_tr($tag$%s$tag$)", raw);
		assert_int_equal(scratch_sql(s, sql, out, sizeof(out)), 0);
		if (strcmp(out, line) != 0 || strcmp(text_fold_tr(a, raw), line) != 0)
			fail_msg("\"%s\" gives \"%s\" in SQL and \"%s\" in C, not \"%s\"", raw, out,
			    text_fold_tr(a, raw), line);
		count++;
	}
	assert_true(count >= 20);
	arena_free(a);
	scratch_free(s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_fold_tr_is_the_same_in_sql_and_in_c)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
