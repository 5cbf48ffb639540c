/* http_upload: a body goes into a file as it comes, whatever pieces it comes in, and not through memory; who leaves, sends too
 * much or lies about the length leaves no file; other requests over the same connection are as they were. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/harness/http_play.h"

#define BODY_MAX (4 * 1024 * 1024) /* far more than the server may hold in memory: HTTP_PLAY_BYTES */

static uint32_t
sum(const unsigned char *data, size_t size)
{
	uint32_t value = 1;

	for (size_t i = 0; i < size; i++)
		value = value * 31 + data[i];
	return value;
}

static unsigned char body[BODY_MAX * 2 + 16];

static void
on_upload(void *arg, struct http_request *r)
{
	uint64_t size;
	size_t held;
	const char *name = http_take_file(r, &size), *kind = http_header(r, "X-Kind");
	char path[128];
	int fd;

	(void)arg;
	http_body(r, &held);
	snprintf(path, sizeof(path), "%s/%s", http_play_folder(), name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || read(fd, body, sizeof(body)) != (ssize_t)size)
		abort();
	close(fd);
	unlink(path);
	http_reply_json(r, 201,
	    json_pack("{s:i,s:i,s:i,s:s}", "size", (int)size, "held", (int)held, "sum", (int)sum(body, size), "kind",
		kind ? kind : "-"));
}

/* Takes nothing: its file is removed with the request. */
static void
on_untaken(void *arg, struct http_request *r)
{
	(void)arg;
	http_reply_problem(r, "forbidden", NULL);
}

static void
on_echo(void *arg, struct http_request *r)
{
	size_t size;
	const void *data = http_body(r, &size);

	(void)arg;
	http_reply_bytes(r, 200, "text/plain", NULL, data, size);
}

static const struct http_route routes[] = {
    {HTTP_POST_FILE, "/upload", "public", on_upload, BODY_MAX},
    {HTTP_POST_FILE, "/untaken", "public", on_untaken, BODY_MAX},
    {HTTP_POST, "/upload-not", "public", on_echo, 1000},
    {HTTP_GET, NULL, NULL, NULL, 0},
};

static int
start(void **state)
{
	for (size_t i = 0; i < sizeof(body); i++)
		body[i] = (unsigned char)(i * 7 + i / 999);
	*state = http_play_start(routes, 64, 64);
	return 0;
}

static int
stop(void **state)
{
	return http_play_stop(*state);
}

/* But the socket. */
static size_t
files_left(struct http_play *p)
{
	char folder[64];
	DIR *d;
	size_t count = 0;

	snprintf(folder, sizeof(folder), "%.*s", (int)(strrchr(http_play_path(p), '/') - http_play_path(p)),
	    http_play_path(p));
	d = opendir(folder);
	assert_non_null(d);
	for (const struct dirent *entry; (entry = readdir(d));)
		count += strncmp(entry->d_name, "body-", 5) == 0;
	closedir(d);
	return count;
}

static void
wait_for_files(struct http_play *p, size_t wanted)
{
	for (int i = 0; i < 200 && files_left(p) != wanted; i++)
		usleep(20000);
	assert_int_equal(files_left(p), wanted);
}

static void
send_head(int fd, const char *path, const char *more, size_t length)
{
	char head[512];
	int size = snprintf(
	    head, sizeof(head), "POST %s HTTP/1.1\r\nHost: x\r\n%sContent-Length: %zu\r\n\r\n", path, more, length);

	http_play_send(fd, head, (size_t)size);
}

static void
assert_stored(const char *answer, size_t size, const char *kind)
{
	char wanted[160];

	snprintf(wanted, sizeof(wanted), "{\"size\":%zu,\"held\":0,\"sum\":%d,\"kind\":\"%s\"}", size,
	    (int)sum(body, size), kind);
	if (strncmp(answer, "HTTP/1.1 201", 12) != 0 || !strstr(answer, wanted))
		fail_msg("%s, wanted %s", answer, wanted);
}

static void
test_upload_goes_into_a_file(void **state)
{
	static const size_t sizes[] = {1, 100, 16384, 65536, 1000000, BODY_MAX};
	int fd = http_play_connect(*state);

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) { /* all over one connection */
		send_head(fd, i % 2 ? "/upload" : "/upload?x=1", "X-Kind: a\r\nContent-Type: image/jpeg\r\n", sizes[i]);
		http_play_send(fd, (char *)body, sizes[i]);
		assert_stored(http_play_receive(fd), sizes[i], "a");
	}
	send_head(fd, "/upload-not", "", 5);
	http_play_send(fd, "hello", 5);
	assert_non_null(strstr(http_play_receive(fd), "\r\n\r\nhello"));
	close(fd);
	wait_for_files(*state, 0);
}

/* Each byte of the head by itself, then the body in three, the last one with the beginning of the next request. */
static void
test_upload_in_pieces(void **state)
{
	static const char head[] = "POST /upload HTTP/1.1\r\nHost: x\r\nX-Kind: b\r\ncontent-length:  300\r\n\r\n";
	static const char next[] = "POST /upload-not HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nok";
	int fd = http_play_connect(*state);
	char last[400];

	for (size_t i = 0; i < sizeof(head) - 1; i++) {
		http_play_send(fd, head + i, 1);
		usleep(500);
	}
	http_play_send(fd, (char *)body, 100);
	usleep(20000);
	http_play_send(fd, (char *)body + 100, 100);
	usleep(20000);
	memcpy(last, body + 200, 100);
	memcpy(last + 100, next, sizeof(next) - 1);
	http_play_send(fd, last, 100 + sizeof(next) - 1);
	assert_stored(http_play_receive(fd), 300, "b");
	assert_non_null(strstr(http_play_receive(fd), "\r\n\r\nok"));
	close(fd);
}

static void
test_upload_too_large_is_told(void **state)
{
	int fd = http_play_connect(*state);

	send_head(fd, "/upload", "", BODY_MAX + 10);
	http_play_send(fd, (char *)body, BODY_MAX + 10);
	assert_int_equal(strncmp(http_play_receive(fd), "HTTP/1.1 413", 12), 0);
	send_head(fd, "/upload", "", 10); /* and the connection goes on */
	http_play_send(fd, (char *)body, 10);
	assert_stored(http_play_receive(fd), 10, "-");
	close(fd);
	fd = http_play_connect(*state);
	send_head(fd, "/upload", "", (size_t)1 << 40);
	http_play_send(fd, (char *)body, 1000);
	assert_int_equal(strncmp(http_play_receive(fd), "HTTP/1.1 413", 12), 0);
	close(fd);
	assert_int_equal(files_left(*state), 0);
}

static void
test_upload_of_who_leaves_is_removed(void **state)
{
	int fd = http_play_connect(*state);

	send_head(fd, "/upload", "", 100000);
	http_play_send(fd, (char *)body, 50000);
	wait_for_files(*state, 1);
	close(fd);
	wait_for_files(*state, 0);
	fd = http_play_connect(*state);
	send_head(fd, "/untaken", "", 1000);
	http_play_send(fd, (char *)body, 1000);
	assert_int_equal(strncmp(http_play_receive(fd), "HTTP/1.1 403", 12), 0);
	close(fd);
	wait_for_files(*state, 0);
	fd = http_play_connect(*state); /* who stops is ended: four times HTTP_PLAY_SECONDS */
	send_head(fd, "/upload", "", 100000);
	http_play_send(fd, (char *)body, 50000);
	wait_for_files(*state, 1);
	sleep(2 * HTTP_PLAY_SECONDS);
	assert_int_equal(files_left(*state), 1);
	for (int i = 0; i < 4 && files_left(*state); i++)
		sleep(HTTP_PLAY_SECONDS);
	assert_int_equal(files_left(*state), 0);
	close(fd);
}

static void
test_upload_with_a_strange_head_is_refused(void **state)
{
	static const char *const heads[] = {
	    "Content-Length: 0\r\n",
	    "",
	    "Content-Length: 4\r\nContent-Length: 4\r\n",
	    "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n",
	    "Transfer-Encoding: chunked\r\n",
	    "Content-Length: 4x\r\n",
	    "Content-Length: -4\r\n",
	    "Content-Length: 4\r\n folded: 1\r\n",
	    "X: a\r\n b\r\nContent-Length: 4\r\n",
	};

	for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
		char request[512];
		const char *answer;

		snprintf(request, sizeof(request), "POST /upload HTTP/1.1\r\nHost: x\r\n%s\r\n4\r\nabcd\r\n0\r\n\r\n",
		    heads[i]);
		answer = http_play_ask(*state, request);
		if (strncmp(answer, "HTTP/1.1 400", 12) != 0)
			fail_msg("%zu: %s", i, answer);
	}
	assert_int_equal(files_left(*state), 0);
}

/* More than 32 at once are told to come again, and later there is room. */
static void
test_uploads_are_bounded(void **state)
{
	int fds[33];

	for (size_t i = 0; i < 33; i++) {
		fds[i] = http_play_connect(*state);
		send_head(fds[i], "/upload", "", 1000);
		http_play_send(fds[i], (char *)body, 500);
		if (i == 31)
			wait_for_files(*state, 32);
	}
	http_play_send(fds[32], (char *)body + 500, 500);
	assert_int_equal(strncmp(http_play_receive(fds[32]), "HTTP/1.1 503", 12), 0);
	for (size_t i = 0; i < 32; i++) {
		http_play_send(fds[i], (char *)body + 500, 500);
		assert_stored(http_play_receive(fds[i]), 1000, "-");
	}
	send_head(fds[32], "/upload", "", 1000);
	http_play_send(fds[32], (char *)body, 1000);
	assert_stored(http_play_receive(fds[32]), 1000, "-");
	for (size_t i = 0; i < 33; i++)
		close(fds[i]);
	wait_for_files(*state, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_upload_goes_into_a_file),
	    cmocka_unit_test(test_upload_in_pieces),
	    cmocka_unit_test(test_upload_too_large_is_told),
	    cmocka_unit_test(test_upload_of_who_leaves_is_removed),
	    cmocka_unit_test(test_upload_with_a_strange_head_is_refused),
	    cmocka_unit_test(test_uploads_are_bounded),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
