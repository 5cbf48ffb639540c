/* http: routes, framing, limits, languages, late answers and an orderly stop, on a real loop and a unix socket. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/harness/http_play.h"

struct late {
	struct http_request *request;
	struct loop_timer *timer;
};

static void
on_hello(void *arg, struct http_request *r)
{
	(void)arg;
	http_reply_json(r, 200, json_pack("{s:s}", "hello", http_language(r) == HTTP_EN ? "en" : "tr"));
}

static void
on_echo(void *arg, struct http_request *r)
{
	size_t size;
	const void *body = http_body(r, &size);

	(void)arg;
	http_reply_bytes(r, 200, "application/octet-stream", NULL, body, size);
}

static void
on_item(void *arg, struct http_request *r)
{
	(void)arg;
	http_reply_json(r, 200, json_pack("{s:s}", "segment", http_segment(r)));
}

static void
on_show(void *arg, struct http_request *r)
{
	const char *header = http_header(r, "X-Test"), *query = http_query(r, "q");

	(void)arg;
	http_set_header(r, "X-Trace", http_traceparent(r));
	http_reply_json(r, 200,
	    json_pack("{s:s,s:b,s:s}", "header", header ? header : "-", "given", http_has_header(r, "X-Test"), "query",
		query ? query : "-"));
}

static void
on_late_fired(void *arg)
{
	struct late *late = arg;

	http_reply_json(late->request, 200, json_pack("{s:b}", "late", 1));
	if (!http_answered(late->request))
		abort();
	http_release(late->request);
	timer_free(late->timer);
	free(late);
}

static void
on_late(void *arg, struct http_request *r)
{
	struct late *late = calloc(1, sizeof(*late));

	if (!late)
		abort();
	late->request = r;
	http_keep(r);
	late->timer = timer_new(arg, on_late_fired, late);
	timer_start(late->timer, 300);
}

static void
on_fault(void *arg, struct http_request *r)
{
	struct http_faults faults = {.count = 0};

	(void)arg;
	http_fault_add(&faults, "applicant.email", "geçersiz", "not valid");
	http_fault_add(&faults, "header:Idempotency-Key", "hatalı", "bad");
	for (int i = 0; i < 100; i++)
		http_fault_add(&faults, "x", "çok", "many");
	http_reply_problem(r, "invalid", &faults);
}

static void
on_file(void *arg, struct http_request *r)
{
	(void)arg;
	http_reply_bytes(r, 200, "text/csv; charset=utf-8", "rapor \"çöp\".csv", "a\r\n", 3);
}

static void
on_busy(void *arg, struct http_request *r)
{
	(void)arg;
	http_reply_problem(r, http_segment(r), NULL);
}

static const struct http_route routes[] = {
    {HTTP_GET, "/hello", "public", on_hello, 0},
    {HTTP_POST, "/echo", "public", on_echo, 1000},
    {HTTP_POST, "/large", "public", on_echo, 60000},
    {HTTP_GET, "/items/*", "public", on_item, 0},
    {HTTP_GET, "/items/*/parts", "public", on_item, 0},
    {HTTP_GET, "/show", "public", on_show, 0},
    {HTTP_GET, "/late", "public", on_late, 0},
    {HTTP_GET, "/fault", "public", on_fault, 0},
    {HTTP_GET, "/file", "public", on_file, 0},
    {HTTP_GET, "/problem/*", "public", on_busy, 0},
    {HTTP_GET, NULL, NULL, NULL, 0},
};

static int
start(void **state)
{
	*state = http_play_start(routes, 8, 4);
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

static const char *
get(struct http_play *p, const char *path, const char *headers)
{
	char request[8192];

	snprintf(request, sizeof(request), "GET %s HTTP/1.1\r\nHost: a\r\n%s\r\n", path, headers);
	return http_play_ask(p, request);
}

static void
assert_holds(const char *answer, const char *piece)
{
	if (!strstr(answer, piece))
		fail_msg("\"%s\" does not hold \"%s\"", answer, piece);
}

static void
test_routes_find_handlers(void **state)
{
	assert_int_equal(status_of(get(*state, "/hello", "")), 200);
	assert_int_equal(status_of(get(*state, "/hello?x=1", "")), 200);
	assert_int_equal(status_of(get(*state, "/nowhere", "")), 404);
	assert_int_equal(status_of(get(*state, "/hello/", "")), 404);
	assert_int_equal(status_of(get(*state, "/", "")), 404);
	assert_holds(get(*state, "/items/TEM-01", ""), "{\"segment\":\"TEM-01\"}");
	assert_holds(get(*state, "/items/%C3%A7%20a", ""), "{\"segment\":\"ç a\"}");
	assert_holds(get(*state, "/items/TEM-01/parts", ""), "{\"segment\":\"TEM-01\"}");
	assert_int_equal(status_of(get(*state, "/items//parts", "")), 404);
	assert_int_equal(status_of(get(*state, "/items/a/b/parts", "")), 404);
	assert_int_equal(status_of(get(*state, "/items/a/parts/", "")), 404);
	assert_int_equal(status_of(get(*state, "/items/a%2fb/parts", "")), 404);
	assert_int_equal(status_of(get(*state, "/items/", "")), 404);
	assert_int_equal(status_of(get(*state, "/items/a/b", "")), 404);
	assert_int_equal(status_of(get(*state, "/items/a%2fb", "")), 404);
	assert_int_equal(status_of(get(*state, "/items/a%00b", "")), 404);
	assert_int_equal(status_of(get(*state, "/items/%ff", "")), 404);
}

static void
test_wrong_method_names_the_right_one(void **state)
{
	const char *answer = get(*state, "/echo", "");

	assert_int_equal(status_of(answer), 405);
	assert_holds(answer, "Allow: POST\r\n");
	assert_int_equal(status_of(http_play_ask(*state, "HEAD /hello HTTP/1.1\r\nHost: a\r\n\r\n")), 405);
	assert_int_equal(status_of(http_play_ask(*state, "DELETE /hello HTTP/1.1\r\nHost: a\r\n\r\n")), 405);
}

static void
test_answers_carry_safe_headers(void **state)
{
	const char *answer = get(*state, "/hello", "");

	assert_holds(answer, "X-Content-Type-Options: nosniff\r\n");
	assert_holds(answer, "Cache-Control: no-store\r\n");
	assert_null(strstr(answer, "Server:"));
	assert_holds(get(*state, "/file", ""), "filename=\"rapor _");
	assert_holds(get(*state, "/file", ""), "filename*=UTF-8''rapor%20%22%C3%A7%C3%B6p%22.csv\r\n");
}

static void
test_bodies_come_as_sent_up_to_the_limit(void **state)
{
	char body[3001];

	memset(body, 'x', 1000);
	body[1000] = '\0';
	assert_int_equal(status_of(http_play_post(*state, "/echo", "", body)), 200);
	memset(body, 'x', 1001);
	body[1001] = '\0';
	assert_int_equal(status_of(http_play_post(*state, "/echo", "", body)), 413);
	assert_holds(http_play_post(*state, "/echo", "", "a\r\nb"), "\r\n\r\na\r\nb");
	assert_holds(http_play_ask(*state, "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
					   "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"),
	    "\r\n\r\nabcde");
}

static void
test_ten_gigabytes_are_refused_before_they_come(void **state)
{
	assert_int_equal(
	    status_of(http_play_ask(*state, "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 10000000000\r\n\r\nx")),
	    413);
}

static void
test_smuggled_framing_is_refused(void **state)
{
	static const char *const bad[] = {
	    "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
	    "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\nabc",
	    "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: +3\r\n\r\nabc",
	    "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
	    "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
	    "POST /echo HTTP/1.1\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
	    "GET /hello HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
	    "GET /hello HTTP/1.1\r\nHost: a\r\nX-Test : a\r\n\r\n",
	    "GET /hello HTTP/1.1\r\nHost: a\r\nAuthorization: a\r\nAuthorization: b\r\n\r\n",
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		const char *answer = http_play_ask(*state, bad[i]);

		if (status_of(answer) != 400)
			fail_msg("%s was answered with %s", bad[i], answer);
	}
}

static void
test_malformed_requests_harm_nobody(void **state)
{
	static const char *const bad[] = {"\r\n\r\n", "GET\r\n\r\n", "GET / HTTP/9.9\r\n\r\n", "\x16\x03\x01\x02",
	    "GET /% HTTP/1.1\r\n\r\n", "GET http://other/hello HTTP/1.1\r\nHost: a\r\n\r\n",
	    "BREW /hello HTTP/1.1\r\nHost: a\r\n\r\n"};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		int fd = http_play_connect(*state);

		http_play_send(fd, bad[i], strlen(bad[i]));
		close(fd);
	}
	assert_int_equal(status_of(get(*state, "/hello", "")), 200);
}

static void
test_headers_are_limited(void **state)
{
	size_t size = 64 * 1024;
	char *request = malloc(size + 128);

	assert_non_null(request);
	snprintf(request, 128, "GET /hello HTTP/1.1\r\nHost: a\r\nX-Test: ");
	memset(request + strlen(request), 'a', size);
	memcpy(request + size, "\r\n\r\n", 5);
	assert_int_equal(status_of(http_play_ask(*state, request)), 400);
	free(request);
}

static void
test_one_connection_serves_many(void **state)
{
	int fd = http_play_connect(*state);
	const char request[] = "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n";

	for (int i = 0; i < 50; i++) {
		http_play_send(fd, request, sizeof(request) - 1);
		assert_int_equal(status_of(http_play_receive(fd)), 200);
	}
	for (int i = 0; i < 20; i++)
		http_play_send(fd, request, sizeof(request) - 1);
	for (int i = 0; i < 20; i++)
		assert_int_equal(status_of(http_play_receive(fd)), 200);
	close(fd);
}

static void
test_language_follows_the_reader(void **state)
{
	static const struct {
		const char *header, *language;
	} cases[] = {{"", "tr"}, {"Accept-Language: en\r\n", "en"}, {"Accept-Language: tr\r\n", "tr"},
	    {"Accept-Language: de\r\n", "tr"}, {"Accept-Language: en-GB,en;q=0.9,tr;q=0.8\r\n", "en"},
	    {"Accept-Language: tr-TR,tr;q=0.9,en;q=0.8\r\n", "tr"}, {"Accept-Language: en;q=0.5, tr;q=0.6\r\n", "tr"},
	    {"Accept-Language: *\r\n", "tr"}, {"Accept-Language: en;q=0\r\n", "tr"},
	    {"Accept-Language: de,en;q=0.1\r\n", "en"}, {"Accept-Language: en;q=0.4,*;q=0.5\r\n", "tr"},
	    {"Accept-Language: ,;;q=,\r\n", "tr"}, {"Accept-Language: tr;q=0.001,en;q=0.01\r\n", "en"}};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char expected[64];

		snprintf(expected, sizeof(expected), "{\"hello\":\"%s\"}", cases[i].language);
		assert_holds(get(*state, "/hello", cases[i].header), expected);
	}
}

static void
test_headers_and_queries_are_clean(void **state)
{
	assert_holds(get(*state, "/show?q=%C3%A7%26", "X-Test: a b\r\n"),
	    "{\"header\":\"a b\",\"given\":true,\"query\":\"ç&\"}");
	assert_holds(
	    get(*state, "/show?q=%ff", "X-Test: \xff\r\n"), "{\"header\":\"-\",\"given\":true,\"query\":\"-\"}");
	assert_holds(get(*state, "/show?q=a%0ab", ""), "{\"header\":\"-\",\"given\":false,\"query\":\"-\"}");
	assert_holds(get(*state, "/show?", ""), "\"query\":\"-\"");
}

static void
test_trace_is_kept_or_made(void **state)
{
	const char *given = "Traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\n";

	assert_holds(
	    get(*state, "/show", given), "X-Trace: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\n");
	assert_holds(get(*state, "/show", ""), "X-Trace: 00-");
	assert_holds(get(*state, "/show", "Traceparent: 00-00000000000000000000000000000000-b7ad6b7169203331-01\r\n"),
	    "-01\r\n");
	assert_null(
	    strstr(get(*state, "/show", "Traceparent: 00-00000000000000000000000000000000-b7ad6b7169203331-01\r\n"),
		"00000000000000000000"));
}

static void
test_problems_name_fields_in_both_languages(void **state)
{
	const char *answer = get(*state, "/fault", "");

	assert_int_equal(status_of(answer), 422);
	assert_holds(answer, "Content-Type: application/problem+json\r\n");
	assert_holds(answer, "Content-Language: tr\r\n");
	assert_holds(
	    answer, "{\"field\":\"applicant.email\",\"pointer\":\"#/applicant/email\",\"message\":\"geçersiz\"}");
	assert_holds(answer, "{\"field\":\"Idempotency-Key\",\"in\":\"header\",\"message\":\"hatalı\"}");
	answer = get(*state, "/fault", "Accept-Language: en\r\n");
	assert_holds(answer, "Content-Language: en\r\n");
	assert_holds(answer, "\"message\":\"not valid\"");
}

static void
test_every_problem_stands_in_the_table(void **state)
{
	static const struct {
		const char *key;
		int status;
	} problems[] = {{"malformed-json", 400}, {"bad-request", 400}, {"empty", 400}, {"invalid", 422},
	    {"unauthorized", 401}, {"forbidden", 403}, {"not-found", 404}, {"method", 405}, {"too-large", 413},
	    {"media-type", 415}, {"key-reused", 422}, {"busy", 503}, {"unknown-outcome", 503}, {"unavailable", 503},
	    {"too-many", 429}, {"internal", 500}};

	for (size_t i = 0; i < sizeof(problems) / sizeof(problems[0]); i++) {
		char path[64];
		const char *answer;

		snprintf(path, sizeof(path), "/problem/%s", problems[i].key);
		answer = get(*state, path, "");
		assert_int_equal(status_of(answer), problems[i].status);
		assert_holds(answer, problems[i].key);
		assert_true((strstr(answer, "Retry-After: ") != NULL) ==
			    (problems[i].status == 503 || problems[i].status == 429));
	}
}

static void
test_late_answers_come_and_leavers_harm_nobody(void **state)
{
	const char request[] = "GET /late HTTP/1.1\r\nHost: a\r\n\r\n";
	int fd = http_play_connect(*state);

	http_play_send(fd, request, sizeof(request) - 1);
	close(fd);
	assert_holds(get(*state, "/late", ""), "{\"late\":true}");
	assert_int_equal(status_of(get(*state, "/hello", "")), 200);
}

/* I-15 */
static void
test_more_than_allowed_unanswered_is_told_early(void **state)
{
	const char request[] = "GET /late HTTP/1.1\r\nHost: a\r\n\r\n";
	int fds[6], busy = 0, served = 0;

	for (int i = 0; i < 6; i++) {
		fds[i] = http_play_connect(*state);
		http_play_send(fds[i], request, sizeof(request) - 1);
	}
	for (int i = 0; i < 6; i++) {
		const char *answer = http_play_receive(fds[i]);

		busy += status_of(answer) == 503 && strstr(answer, "Retry-After: ") != NULL;
		served += status_of(answer) == 200;
		close(fds[i]);
	}
	assert_int_equal(served, 4);
	assert_int_equal(busy, 2);
}

static void
test_connections_over_the_limit_wait_their_turn(void **state)
{
	const char request[] = "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n";
	int fds[12];

	for (int i = 0; i < 12; i++)
		fds[i] = http_play_connect(*state);
	usleep(100000);
	for (int i = 0; i < 12; i++)
		http_play_send(fds[i], request, sizeof(request) - 1);
	for (int i = 0; i < 12; i++) {
		assert_int_equal(status_of(http_play_receive(fds[i])), 200);
		close(fds[i]);
	}
	usleep(100000);
	assert_holds(get(*state, "/metrics", ""), "kopru_http_connections 1\n");
}

/* Sends pieces until the connection is ended; how many went out. */
static int
drip(int fd, const char *piece, int most)
{
	for (int i = 0; i < most; i++) {
		if (send(fd, piece, strlen(piece), MSG_NOSIGNAL) < 0)
			return i;
		usleep(100000);
	}
	return most;
}

/* F-081: each byte is in time, the whole is not. */
static void
test_requests_come_whole_in_time_or_end(void **state)
{
	static const char *const begun[] = {"GET /hello HTTP/1.1\r\nHost: a\r\nX-Test: ",
	    "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 900\r\n\r\n",
	    "GET /hello HTTP/1.1\r\nHost: a\r\n\r\nGET /hello HTTP/1.1\r\nHost: a\r\nX-Test: "};

	for (size_t i = 0; i < sizeof(begun) / sizeof(begun[0]); i++) {
		int fd = http_play_connect(*state);

		http_play_send(fd, begun[i], strlen(begun[i]));
		assert_in_range(drip(fd, "a", 60), HTTP_PLAY_SECONDS * 5, HTTP_PLAY_SECONDS * 40);
		close(fd);
		assert_int_equal(status_of(get(*state, "/hello", "")), 200);
	}
}

static void
test_silent_connections_make_room(void **state)
{
	int fds[24];

	for (int i = 0; i < 24; i++)
		fds[i] = http_play_connect(*state);
	for (int i = 0; i < 3; i++)
		assert_int_equal(status_of(get(*state, "/hello", "")), 200);
	for (int i = 0; i < 24; i++)
		close(fds[i]);
}

/* What waits in the kernel while the server stands still is no slowness of its sender. More connections than the loop is
 * told of at once. */
static void
test_a_pause_of_its_own_costs_nobody_the_connection(void **state)
{
	enum { COUNT = 60 };
	const char request[] = "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n";
	struct http_play *p = http_play_start(routes, COUNT, COUNT);
	int fds[COUNT + 1], served = 0;

	(void)state;
	for (int i = 0; i < COUNT + 1; i++)
		fds[i] = http_play_connect(p);
	usleep(50000);
	assert_int_equal(kill(http_play_pid(p), SIGSTOP), 0);
	usleep(700000);
	for (int i = 0; i < COUNT; i++)
		http_play_send(fds[i], request, sizeof(request) - 1);
	assert_int_equal(kill(http_play_pid(p), SIGCONT), 0);
	for (int i = 0; i < COUNT; i++)
		served += status_of(http_play_receive(fds[i])) == 200;
	for (int i = 0; i < COUNT + 1; i++)
		close(fds[i]);
	assert_int_equal(http_play_stop(p), 0);
	assert_int_equal(served, COUNT);
}

static rlim_t
descriptors_of(pid_t pid)
{
	char path[64];
	DIR *folder;
	rlim_t count = 0;

	snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
	folder = opendir(path);
	assert_non_null(folder);
	while (readdir(folder))
		count++;
	closedir(folder);
	return count - 2;
}

/* F-048 */
static void
test_without_descriptors_it_waits_for_some(void **state)
{
	pid_t pid = http_play_pid(*state);
	struct rlimit before, few;
	int fds[6];

	assert_int_equal(prlimit(pid, RLIMIT_NOFILE, NULL, &before), 0);
	few = before;
	few.rlim_cur = descriptors_of(pid) + 2;
	assert_int_equal(prlimit(pid, RLIMIT_NOFILE, &few, NULL), 0);
	for (int i = 0; i < 6; i++)
		fds[i] = http_play_connect(*state);
	assert_int_equal(status_of(get(*state, "/hello", "")), 200); /* the silent ones make room */
	assert_in_range(descriptors_of(pid), 1, few.rlim_cur);
	assert_int_equal(prlimit(pid, RLIMIT_NOFILE, &before, NULL), 0);
	for (int i = 0; i < 6; i++)
		close(fds[i]);
	assert_int_equal(status_of(get(*state, "/hello", "")), 200);
}

/* No request is over its limit; all together are. */
static void
test_unfinished_requests_hold_no_more_than_allowed(void **state)
{
	char filling[4096];
	int fds[7], ended = 0;

	memset(filling, 'a', sizeof(filling) - 1);
	filling[sizeof(filling) - 1] = '\0';
	for (int i = 0; i < 7; i++)
		fds[i] = http_play_connect(*state);
	for (int piece = 0; piece < 12; piece++) {
		const char *text =
		    piece == 0 ? "POST /large HTTP/1.1\r\nHost: a\r\nContent-Length: 59999\r\n\r\n" : filling;

		for (int i = 0; i < 7; i++)
			http_play_send(fds[i], text, strlen(text));
	}
	usleep(100000);
	for (int i = 0; i < 7; i++) {
		ended += send(fds[i], "a", 1, MSG_NOSIGNAL) < 0;
		close(fds[i]);
	}
	assert_in_range(ended, 1, 3);
	assert_int_equal(status_of(get(*state, "/hello", "")), 200);
}

static void
test_health_and_metrics_are_served(void **state)
{
	assert_holds(get(*state, "/healthz", ""), "\r\n\r\nok\n");
	assert_holds(get(*state, "/metrics", ""), "# TYPE kopru_http_answers_total counter\n");
}

/* As a container asks: its exit code says whether it is well, and whether anybody is there. */
static void
test_probe_tells_the_well_from_the_absent(void **state)
{
	char listen[200], nobody[220];

	snprintf(listen, sizeof(listen), "unix:%s", http_play_path(*state));
	snprintf(nobody, sizeof(nobody), "%s.none", listen);
	close(http_play_connect(*state)); /* it is up */
	assert_int_equal(http_probe(listen), 0);
	assert_int_equal(http_probe(nobody), 2);
	assert_int_equal(http_probe("somewhere"), 1);
}

static void
test_stop_answers_what_is_under_way(void **state)
{
	struct http_play *p = http_play_start(routes, 8, 4);
	const char request[] = "GET /late HTTP/1.1\r\nHost: a\r\n\r\n";
	int fd = http_play_connect(p);

	(void)state;
	http_play_send(fd, request, sizeof(request) - 1);
	usleep(100000);
	assert_int_equal(http_play_stop(p), 0);
	assert_holds(http_play_receive(fd), "{\"late\":true}");
	close(fd);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_routes_find_handlers),
	    cmocka_unit_test(test_wrong_method_names_the_right_one),
	    cmocka_unit_test(test_answers_carry_safe_headers),
	    cmocka_unit_test(test_bodies_come_as_sent_up_to_the_limit),
	    cmocka_unit_test(test_ten_gigabytes_are_refused_before_they_come),
	    cmocka_unit_test(test_smuggled_framing_is_refused),
	    cmocka_unit_test(test_malformed_requests_harm_nobody),
	    cmocka_unit_test(test_headers_are_limited),
	    cmocka_unit_test(test_one_connection_serves_many),
	    cmocka_unit_test(test_language_follows_the_reader),
	    cmocka_unit_test(test_headers_and_queries_are_clean),
	    cmocka_unit_test(test_trace_is_kept_or_made),
	    cmocka_unit_test(test_problems_name_fields_in_both_languages),
	    cmocka_unit_test(test_every_problem_stands_in_the_table),
	    cmocka_unit_test(test_late_answers_come_and_leavers_harm_nobody),
	    cmocka_unit_test(test_more_than_allowed_unanswered_is_told_early),
	    cmocka_unit_test(test_connections_over_the_limit_wait_their_turn),
	    cmocka_unit_test(test_requests_come_whole_in_time_or_end),
	    cmocka_unit_test(test_silent_connections_make_room),
	    cmocka_unit_test(test_a_pause_of_its_own_costs_nobody_the_connection),
	    cmocka_unit_test(test_without_descriptors_it_waits_for_some),
	    cmocka_unit_test(test_unfinished_requests_hold_no_more_than_allowed),
	    cmocka_unit_test(test_health_and_metrics_are_served),
	    cmocka_unit_test(test_probe_tells_the_well_from_the_absent),
	    cmocka_unit_test(test_stop_answers_what_is_under_way),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
