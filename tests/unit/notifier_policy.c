/* policy and budget: what may go out now, at exact minutes and at exact counts; token: what a link proves. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "common/base/arena.h"
#include "common/domain/access_code.h"
#include "common/domain/calendar.h"
#include "services/notifier/budget.h"
#include "services/notifier/policy.h"
#include "services/notifier/token.h"

#define SECOND INT64_C(1000000)
#define MINUTE (60 * SECOND)

static int64_t
at(const char *text)
{
	int64_t time;

	assert_true(time_parse(text, &time));
	return time;
}

static struct quiet_hours
quiet_of(const char *text)
{
	struct quiet_hours quiet;
	struct err e = {""};

	if (quiet_hours_parse(text, &quiet, &e) < 0)
		fail_msg("%s", e.text);
	return quiet;
}

static void
quiet_hours_begin_and_end_to_the_minute(void **state)
{
	static const struct {
		const char *quiet, *at;
		int left;
	} cases[] = {
	    {"", "2026-11-23T03:00:00+03:00", 0},
	    {"22-08", "2026-11-23T21:59:59+03:00", 0},
	    {"22-08", "2026-11-23T22:00:00+03:00", 10 * 3600},
	    {"22-08", "2026-11-23T19:00:00Z", 10 * 3600},
	    {"22-08", "2026-11-23T23:59:59+03:00", 8 * 3600 + 1},
	    {"22-08", "2026-11-24T00:00:00+03:00", 8 * 3600},
	    {"22-08", "2026-11-24T07:59:59+03:00", 1},
	    {"22-08", "2026-11-24T08:00:00+03:00", 0},
	    {"22:30-7:15", "2026-11-23T22:29:59+03:00", 0},
	    {"22:30-7:15", "2026-11-23T22:30:00+03:00", 8 * 3600 + 45 * 60},
	    {"22:30-7:15", "2026-11-24T07:14:59+03:00", 1},
	    {"22:30-7:15", "2026-11-24T07:15:00+03:00", 0},
	    {"12-14", "2026-11-23T11:59:59+03:00", 0},
	    {"12-14", "2026-11-23T12:00:00+03:00", 2 * 3600},
	    {"12-14", "2026-11-23T13:59:59+03:00", 1},
	    {"12-14", "2026-11-23T14:00:00+03:00", 0},
	    {"0-08", "2026-11-23T00:00:00+03:00", 8 * 3600},
	    {"0-08", "2026-11-23T23:59:59+03:00", 0},
	    {"22-0", "2026-11-23T23:00:00+03:00", 3600},
	    {"22-0", "2026-11-24T00:00:00+03:00", 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct quiet_hours quiet = quiet_of(cases[i].quiet);
		int left = quiet_hours_left(&quiet, at(cases[i].at));

		if (left != cases[i].left)
			fail_msg("%s at %s: %d instead of %d", cases[i].quiet, cases[i].at, left, cases[i].left);
	}
}

static void
quiet_hours_refuse_what_they_cannot_read(void **state)
{
	static const char *const wrong[] = {"22", "22-", "-08", "24-08", "22-08-09", "22:60-08", "22:5-08", "22-22",
	    "a-b", "22 - 08", "022-08", "22:300-08", "22::30-08", " "};
	struct quiet_hours quiet;
	struct err e;

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		if (quiet_hours_parse(wrong[i], &quiet, &e) == 0)
			fail_msg("\"%s\" was taken", wrong[i]);
		assert_non_null(strstr(e.text, "22-08"));
	}
}

static void
policy_decides_row_by_row(void **state)
{
	static const struct {
		struct policy_facts facts;
		enum policy_step step;
		const char *reason;
	} rows[] = {
	    {{.verified = true}, POLICY_SEND, NULL},
	    {{.verified = false}, POLICY_HOLD, "address not verified"},
	    {{.confirm = true}, POLICY_SEND, NULL},
	    {{.confirm = true, .verified = true}, POLICY_NONE, "address already verified"},
	    {{.verified = true, .opted_out = true}, POLICY_NONE, "opted out"},
	    {{.opted_out = true}, POLICY_NONE, "opted out"},
	    {{.confirm = true, .opted_out = true}, POLICY_NONE, "opted out"},
	    {{.verified = true, .letters_today = 4}, POLICY_SEND, NULL},
	    {{.verified = true, .letters_today = 5}, POLICY_WAIT, "the address has had all letters of the day"},
	    {{.verified = true, .confirms_today = 9}, POLICY_SEND, NULL},
	    {{.confirm = true, .confirms_today = 1}, POLICY_SEND, NULL},
	    {{.confirm = true, .confirms_today = 2}, POLICY_WAIT,
		"the address has had all neutral messages of the day"},
	    {{.confirm = true, .letters_today = 5}, POLICY_WAIT, "the address has had all letters of the day"},
	};
	struct policy_conf conf = {.letters_a_day = 5, .confirms_a_day = 2};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct policy_facts facts = rows[i].facts;
		struct policy_verdict verdict;

		facts.now = at("2026-11-23T23:00:00+03:00");
		verdict = policy_decide(&conf, &facts);
		assert_int_equal(verdict.step, rows[i].step);
		if (rows[i].reason)
			assert_string_equal(verdict.reason, rows[i].reason);
		else
			assert_null(verdict.reason);
		assert_int_equal(verdict.wait_seconds, verdict.step == POLICY_WAIT ? 3601 : 0);
	}
}

static void
policy_keeps_quiet_hours_and_knows_no_limit(void **state)
{
	struct policy_conf conf = {.quiet = quiet_of("22-08")};
	struct policy_facts facts = {.verified = true, .letters_today = 1000000, .confirms_today = 1000000};
	struct policy_verdict verdict;

	(void)state;
	facts.now = at("2026-11-23T21:59:59+03:00");
	assert_int_equal(policy_decide(&conf, &facts).step, POLICY_SEND);
	facts.now = at("2026-11-23T22:00:00+03:00");
	verdict = policy_decide(&conf, &facts);
	assert_int_equal(verdict.step, POLICY_WAIT);
	assert_string_equal(verdict.reason, "quiet hours");
	assert_int_equal(verdict.wait_seconds, 10 * 3600);
}

static void
backoff_doubles_up_to_an_hour(void **state)
{
	static const int seconds[] = {10, 20, 40, 80, 160, 320, 640, 1280, 2560, 3600, 3600};

	(void)state;
	for (int i = 0; i < 11; i++)
		assert_int_equal(policy_backoff(i + 1), seconds[i]);
	assert_int_equal(policy_backoff(0), 10);
	assert_int_equal(policy_backoff(1000000), 3600);
}

static void
budget_counts_what_is_under_way(void **state)
{
	struct budget *b = budget_new(2, 0);
	struct arena *a = arena_new(0);
	struct budget_list list;
	const char *reason;

	(void)state;
	assert_int_equal(budget_take(b, "a.example", 0, &reason), 0);
	assert_int_equal(budget_list(b, a, 0).count, 1);
	assert_int_equal(budget_take(b, "a.example", 0, &reason), 0);
	assert_int_equal(budget_take(b, "a.example", 0, &reason), 1);
	assert_non_null(strstr(reason, "under way"));
	assert_int_equal(budget_take(b, "b.example", 0, &reason), 0);
	list = budget_list(b, a, 0);
	assert_int_equal(list.count, 2);
	assert_string_equal(list.domains[0], "a.example");
	assert_int_equal(list.left[0], 0);
	assert_int_equal(list.left[1], 1);
	budget_give(b, "a.example");
	assert_int_equal(budget_take(b, "a.example", 0, &reason), 0);
	for (int i = 0; i < 5; i++)
		budget_give(b, "a.example");
	budget_give(b, "b.example");
	budget_give(b, "nobody.example");
	assert_int_equal(budget_list(b, a, 0).count, 0);
	arena_free(a);
	budget_free(b);
}

static void
budget_counts_a_minute(void **state)
{
	struct budget *b = budget_new(100, 3);
	struct arena *a = arena_new(0);
	const char *reason;

	(void)state;
	for (int i = 0; i < 3; i++) {
		assert_int_equal(budget_take(b, "a.example", 10 * SECOND, &reason), 0);
		budget_give(b, "a.example");
	}
	assert_int_equal(budget_take(b, "a.example", 10 * SECOND, &reason), 61);
	assert_string_equal(reason, "the domain has had all letters of the minute");
	assert_int_equal(budget_list(b, a, 10 * SECOND + MINUTE - 1).left[0], 0);
	assert_int_equal(budget_take(b, "a.example", 10 * SECOND + MINUTE - 1, &reason), 1);
	assert_int_equal(budget_take(b, "b.example", 10 * SECOND, &reason), 0);
	assert_int_equal(budget_take(b, "a.example", 10 * SECOND + MINUTE, &reason), 0);
	arena_free(a);
	budget_free(b);
}

static void
budget_is_bounded_and_forgets(void **state)
{
	struct budget *b = budget_new(1, 0);
	const char *reason;
	char name[300];

	(void)state;
	for (int i = 0; i < BUDGET_DOMAINS_MAX; i++) {
		snprintf(name, sizeof(name), "d%d.example", i);
		assert_int_equal(budget_take(b, name, 0, &reason), 0);
	}
	assert_int_equal(budget_take(b, "one.more.example", 0, &reason), 1);
	assert_non_null(strstr(reason, "too many domains"));
	budget_give(b, "d7.example");
	assert_int_equal(budget_take(b, "one.more.example", MINUTE - 1, &reason), 1);
	assert_int_equal(budget_take(b, "one.more.example", MINUTE, &reason), 0);
	memset(name, 'x', sizeof(name));
	name[299] = '\0';
	assert_int_equal(budget_take(b, name, 0, &reason), 1);
	budget_free(b);
	budget_free(NULL);
}

static void
token_is_of_one_purpose_application_and_address(void **state)
{
	static const uint8_t key[32] = "0123456789abcdef0123456789abcde";
	static const uint8_t other_key[32] = "0123456789abcdef0123456789abcdf";
	const struct token_key k = {key, sizeof(key)}, o = {other_key, sizeof(other_key)};
	struct uuid one = {{1}}, two = {{2}};
	char token[TOKEN_TEXT_SIZE], again[TOKEN_TEXT_SIZE];

	(void)state;
	token_make(&k, TOKEN_CONFIRM, &one, "ayse@example.org", token);
	assert_int_equal(strlen(token), 32);
	token_make(&k, TOKEN_CONFIRM, &one, "ayse@example.org", again);
	assert_true(token_equal(token, again));
	token_make(&k, TOKEN_OPT_OUT, &one, "ayse@example.org", again);
	assert_false(token_equal(token, again));
	token_make(&k, TOKEN_CONFIRM, &two, "ayse@example.org", again);
	assert_false(token_equal(token, again));
	token_make(&k, TOKEN_CONFIRM, &one, "ayse@example.net", again);
	assert_false(token_equal(token, again));
	token_make(&o, TOKEN_CONFIRM, &one, "ayse@example.org", again);
	assert_false(token_equal(token, again));
	assert_false(token_equal(token, ""));
	token[31] = '\0';
	assert_false(token_equal(again, token));
	assert_false(token_equal(again, "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(quiet_hours_begin_and_end_to_the_minute),
	    cmocka_unit_test(quiet_hours_refuse_what_they_cannot_read),
	    cmocka_unit_test(policy_decides_row_by_row),
	    cmocka_unit_test(policy_keeps_quiet_hours_and_knows_no_limit),
	    cmocka_unit_test(backoff_doubles_up_to_an_hour),
	    cmocka_unit_test(budget_counts_what_is_under_way),
	    cmocka_unit_test(budget_counts_a_minute),
	    cmocka_unit_test(budget_is_bounded_and_forgets),
	    cmocka_unit_test(token_is_of_one_purpose_application_and_address),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
