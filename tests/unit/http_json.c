/* http_json: what is taken as a body, and how the rest is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/base/jsontext.h"
#include "common/http/http_internal.h"
#include "common/loop/memory.h"
#include "tests/harness/http_play.h"

#define JSON "Content-Type: application/json\r\n"

static void
on_json(void *arg, struct http_request *r)
{
	json_t *json = http_json(r);

	(void)arg;
	if (json)
		http_reply_json(r, 200, json_incref(json));
}

/* A field left out, or good JSON that is told to be bad, would be worse than an end. */
static void
test_without_memory_the_program_ends(void **state)
{
	int status = 0;
	pid_t pid;

	(void)state;
	fflush(NULL);
	pid = fork();
	if (pid == 0) {
		memory_start();
		jsontext_start();
		_exit(json_stringn_nocheck("a", PTRDIFF_MAX) ? 1 : 0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_false(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static const struct http_route routes[] = {
    {HTTP_POST, "/json", "public", on_json, 65536},
    {HTTP_GET, NULL, NULL, NULL, 0},
};

static int
start(void **state)
{
	*state = http_play_start(routes, 8, 8);
	return 0;
}

static int
stop(void **state)
{
	return http_play_stop(*state);
}

static int
status_of(const char *answer)
{
	return strncmp(answer, "HTTP/1.1 ", 9) == 0 ? (int)strtol(answer + 9, NULL, 10) : 0;
}

static void
test_json_is_taken_as_sent(void **state)
{
	static const char *const good[] = {"{}", "{\"a\":\"\xc3\xa7\xc4\xb1\"}", "{\"a\":[1,2,{\"b\":null}]}",
	    "{\"a\":1e300}", "{\"a\":\"]]]]]]]]]]]]{{{{{{{{{{{{\"}",
	    "{\"a\":{\"b\":{\"c\":{\"d\":{\"e\":{\"f\":{\"g\":8}}}}}}}"};

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		if (status_of(http_play_post(*state, "/json", JSON, good[i])) != 200)
			fail_msg("%s was refused", good[i]);
	assert_non_null(strstr(
	    http_play_post(*state, "/json", JSON, " {\"a\" : \"\\ud83d\\ude00\"} \n"), "{\"a\":\"\xf0\x9f\x98\x80\"}"));
}

static void
test_malformed_json_is_refused_with_its_reason(void **state)
{
	static const struct {
		const char *body, *reason;
	} bad[] = {
	    {"", "too early"},
	    {" ", "too early"},
	    {"{", "too early"},
	    {"{\"a\":\"b", "too early"},
	    {"[]", "must be a JSON object"},
	    {"null", "must be a JSON object"},
	    {"\"a\"", "must be a JSON object"},
	    {"1", "must be a JSON object"},
	    {"{}{}", "text after the JSON object"},
	    {"{} x", "text after the JSON object"},
	    {"{\"a\":1,\"a\":1}", "given twice"},
	    {"{\"a\":{\"b\":1,\"b\":2}}", "given twice"},
	    {"{\"a\":\"\xff\"}", "not valid UTF-8"},
	    {"{\"a\":\"\xc0\x80\"}", "not valid UTF-8"},
	    {"{\"a\":\"\xed\xa0\x80\"}", "not valid UTF-8"},
	    {"{\"a\":\"\xf4\x90\x80\x80\"}", "not valid UTF-8"},
	    {"{\"a\":\"\xc3\"}", "not valid UTF-8"},
	    {"\xef\xbb\xbf{}", "syntax"},
	    {"{\"a\":\"\\u0000\"}", "NUL"},
	    {"{\"\\u0000\":1}", "NUL"},
	    {"{\"a\":\"\\ud800\"}", "syntax"},
	    {"{\"a\":1e999}", "too large"},
	    {"{\"a\":99999999999999999999}", "too large"},
	    {"{\"a\":NaN}", "syntax"},
	    {"{\"a\":Infinity}", "syntax"},
	    {"{\"a\":01}", "syntax"},
	    {"{'a':1}", "syntax"},
	    {"{\"a\":1,}", "syntax"},
	    {"{a:1}", "syntax"},
	    {"{\"a\":\"\n\"}", "syntax"},
	    {"{\"a\":1/*x*/}", "syntax"},
	    {"{\"a\":[[[[[[[[1]]]]]]]]}", "nested too deeply"},
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		const char *answer = http_play_post(*state, "/json", JSON "Accept-Language: en\r\n", bad[i].body);

		if (status_of(answer) != 400 || !strstr(answer, "urn:kopru:problem:malformed-json") ||
		    !strstr(answer, bad[i].reason))
			fail_msg("%s (%s) was answered with %s", bad[i].body, bad[i].reason, answer);
	}
}

static void
test_ten_thousand_levels_are_refused(void **state)
{
	char body[60001];

	memset(body, '[', 60000);
	body[60000] = '\0';
	assert_int_equal(status_of(http_play_post(*state, "/json", JSON, body)), 400);
	for (int i = 0; i < 12000; i++)
		memcpy(body + 5L * i, "{\"a\":", 5);
	assert_int_equal(status_of(http_play_post(*state, "/json", JSON, body)), 400);
}

static void
test_media_type_must_be_json(void **state)
{
	static const struct {
		const char *header;
		int status;
	} cases[] = {{"", 415}, {"Content-Type: text/plain\r\n", 415}, {"Content-Type: application/jsonx\r\n", 415},
	    {"Content-Type: application/json; charset=utf-8\r\n", 200},
	    {"Content-Type: Application/JSON;charset=\"utf-8\"\r\n", 200},
	    {"Content-Type: application/json; charset=iso-8859-9\r\n", 415},
	    {"Content-Type: application/x-www-form-urlencoded\r\n", 415}};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(status_of(http_play_post(*state, "/json", cases[i].header, "{}")), cases[i].status);
}

static void
test_nul_bytes_are_refused(void **state)
{
	const char request[] = "POST /json HTTP/1.1\r\nHost: a\r\n" JSON "Content-Length: 10\r\n\r\n{\"a\":\"\0\"} ";
	int fd = http_play_connect(*state);

	http_play_send(fd, request, sizeof(request) - 1);
	assert_int_equal(status_of(http_play_receive(fd)), 400);
	close(fd);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_json_is_taken_as_sent),
	    cmocka_unit_test(test_malformed_json_is_refused_with_its_reason),
	    cmocka_unit_test(test_ten_thousand_levels_are_refused),
	    cmocka_unit_test(test_media_type_must_be_json),
	    cmocka_unit_test(test_nul_bytes_are_refused),
	    cmocka_unit_test(test_without_memory_the_program_ends),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
