/* http_api_keys: who is let in, by what the header says (I-13). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sodium.h>
#include <string.h>

#include "common/http/api_keys.h"

#define SECRET "0123456789abcdefghijklmnopqrstuvwxyzABCDEFG"

static const struct db_statement statement = {"api_keys", "SELECT"};

static int
start(void **state)
{
	struct api_key keys[3] = {{.id = "registry0001", .name = "registry", .rights = API_APPLICATIONS},
	    {.id = "reports00001", .rights = API_REPORTS},
	    {.id = "manager00001", .rights = API_CASES | API_REPORTS, .role = "manager", .department = "TEM"}};
	struct err e;
	struct loop *loop = loop_new(&e);
	struct api_keys *k = api_keys_new(loop, NULL, &statement);
	static void *both[2];

	for (int i = 0; i < 3; i++)
		crypto_hash_sha256(keys[i].secret_hash, (const unsigned char *)SECRET, strlen(SECRET));
	both[0] = loop;
	both[1] = k;
	assert_false(api_keys_ready(k));
	assert_int_equal(api_keys_find(k, "Bearer x", API_REPORTS, NULL), API_NOT_READY);
	api_keys_set(k, keys, 3);
	assert_true(api_keys_ready(k));
	*state = both;
	return 0;
}

static int
stop(void **state)
{
	void **both = *state;

	api_keys_free(both[1]);
	loop_free(both[0]);
	return 0;
}

static void
test_find_answers_by_header(void **state)
{
	static const struct {
		const char *authorization;
		enum api_answer answer;
	} cases[] = {
	    {NULL, API_ABSENT},
	    {"Bearer kopru_registry0001_" SECRET, API_GRANTED},
	    {"bearer kopru_registry0001_" SECRET, API_GRANTED},
	    {"Bearer  kopru_registry0001_" SECRET, API_GRANTED},
	    {"Bearer kopru_reports00001_" SECRET, API_FORBIDDEN},
	    {"Bearer kopru_registry0002_" SECRET, API_WRONG},
	    {"Bearer kopru_registry0001_" SECRET "x", API_WRONG},
	    {"Bearer kopru_registry0001_1123456789abcdefghijklmnopqrstuvwxyzABCDEFG", API_WRONG},
	    {"Bearer kopru_registry0001-" SECRET, API_WRONG},
	    {"Bearer kopru_registry0001_", API_WRONG},
	    {"Bearer kopru_", API_WRONG},
	    {"Bearer ", API_WRONG},
	    {"", API_WRONG},
	    {"Basic a29wcnU6a29wcnU=", API_WRONG},
	    {"kopru_registry0001_" SECRET, API_WRONG},
	};
	const struct api_key *key = NULL;
	void **both = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(
		    api_keys_find(both[1], cases[i].authorization, API_APPLICATIONS, &key), cases[i].answer);
	assert_string_equal(key->name, "registry");
}

static void
test_find_tells_in_which_role(void **state)
{
	const struct api_key *key = NULL;
	void **both = *state;

	assert_int_equal(api_keys_find(both[1], "Bearer kopru_registry0001_" SECRET, API_CASES, &key), API_FORBIDDEN);
	assert_int_equal(api_keys_find(both[1], "Bearer kopru_manager00001_" SECRET, API_CASES, &key), API_GRANTED);
	assert_string_equal(key->role, "manager");
	assert_string_equal(key->department, "TEM");
}

static void
test_a_revoked_key_is_wrong_after_the_next_read(void **state)
{
	const struct api_key *key;
	void **both = *state;

	api_keys_set(both[1], NULL, 0);
	assert_int_equal(
	    api_keys_find(both[1], "Bearer kopru_registry0001_" SECRET, API_APPLICATIONS, &key), API_WRONG);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_find_answers_by_header),
	    cmocka_unit_test(test_find_tells_in_which_role),
	    cmocka_unit_test(test_a_revoked_key_is_wrong_after_the_next_read),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
