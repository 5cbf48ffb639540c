/* doctor: when a disk is too full. What else it finds is tested in tests/store/kopru_doctor.sh. */
#include "services/kopru/doctor.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define GIB (1024.0 * 1024 * 1024)

static void
test_judge_disk_looks_at_bytes_and_parts(void **state)
{
	static const struct {
		double free_bytes, part;
		int expected; /* -1: well */
	} cases[] = {
	    {500 * GIB, 0.5, -1},
	    {100 * GIB, 0.10, -1}, /* of a large disk a tenth is much */
	    {9 * GIB, 0.60, -1}, /* of a small one most is free */
	    {9 * GIB, 0.14, FINDING_NOTE},
	    {0.9 * GIB, 0.90, FINDING_WRONG},
	    {100 * GIB, 0.04, FINDING_WRONG},
	    {0, 0, FINDING_WRONG},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		enum finding_state found;
		int got = doctor_judge_disk(cases[i].free_bytes, cases[i].part, &found) ? (int)found : -1;

		assert_int_equal(got, cases[i].expected);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_judge_disk_looks_at_bytes_and_parts)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
