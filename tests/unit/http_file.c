/* http_file: a file as an answer: whole, over a connection that goes on; who leaves in the middle harms nobody. Also
 * worker, by which such a file is made. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/loop/worker.h"
#include "tests/harness/http_play.h"

#define BIG (5 * 1024 * 1024 + 17)

static unsigned char
byte_at(size_t i)
{
	return (unsigned char)(i * 31 + i / 1000);
}

/* A file without a name, of so many bytes. */
static int
file_make(size_t size)
{
	char path[] = "/tmp/kopru-file.XXXXXX";
	int fd = mkstemp(path);
	unsigned char *data = malloc(size + 1);

	assert_true(fd >= 0 && data);
	unlink(path);
	for (size_t i = 0; i < size; i++)
		data[i] = byte_at(i);
	assert_true(write(fd, data, size) == (ssize_t)size);
	free(data);
	return fd;
}

static void
on_big(void *arg, struct http_request *r)
{
	(void)arg;
	http_reply_file(r, "text/csv; charset=utf-8", "çöp.csv", file_make(BIG), BIG);
}

static void
on_empty(void *arg, struct http_request *r)
{
	(void)arg;
	http_reply_file(r, "text/plain", NULL, file_make(0), 0);
}

struct job {
	struct http_request *request;
	struct worker *worker;
	int fd;
};

static void
on_work(void *arg)
{
	struct job *job = arg;

	usleep(20000); /* long enough for who asked to leave */
	job->fd = file_make(100);
}

static void
on_worked(void *arg)
{
	struct job *job = arg;

	worker_free(job->worker);
	http_reply_file(job->request, "text/plain", NULL, job->fd, 100);
	free(job);
}

static void
on_slow(void *arg, struct http_request *r)
{
	struct job *job = calloc(1, sizeof(*job));
	struct err e;

	assert_non_null(job);
	job->request = r;
	job->worker = worker_start(arg, on_work, on_worked, job, &e);
	assert_non_null(job->worker);
}

static const struct http_route routes[] = {
    {HTTP_GET, "/big", "public", on_big, 0},
    {HTTP_GET, "/empty", "public", on_empty, 0},
    {HTTP_GET, "/slow", "public", on_slow, 0},
    {.handler = NULL},
};

static void
ask(int fd, const char *path)
{
	char request[200];

	snprintf(request, sizeof(request), "GET %s HTTP/1.1\r\nHost: a\r\n\r\n", path);
	http_play_send(fd, request, strlen(request));
}

/* One byte more; fails when none comes for 30 s. */
static size_t
more(int fd, unsigned char *data, size_t room)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	ssize_t got;

	assert_true(poll(&p, 1, 30000) == 1);
	got = read(fd, data, room);
	assert_true(got > 0);
	return (size_t)got;
}

/* The head, NUL-terminated; nothing of the body. */
static void
head_read(int fd, char *head, size_t size)
{
	size_t used = 0;

	do {
		assert_true(used + 1 < size);
		used += more(fd, (unsigned char *)head + used, 1);
		head[used] = '\0';
	} while (!strstr(head, "\r\n\r\n"));
}

static void
body_read(int fd, size_t size)
{
	static unsigned char piece[100000];
	size_t at = 0;

	while (at < size) {
		size_t got = more(fd, piece, size - at < sizeof(piece) ? size - at : sizeof(piece));

		for (size_t i = 0; i < got; i++)
			if (piece[i] != byte_at(at + i))
				fail_msg("byte %zu is another", at + i);
		at += got;
	}
}

static void
a_file_comes_whole_and_the_connection_goes_on(void **state)
{
	struct http_play *p = http_play_start(routes, 10, 10);
	int fd = http_play_connect(p);
	char head[2000];

	(void)state;
	for (int i = 0; i < 3; i++) {
		ask(fd, "/big");
		head_read(fd, head, sizeof(head));
		assert_int_equal(strncmp(head, "HTTP/1.1 200", 12), 0);
		assert_non_null(strstr(head, "Content-Length: 5242897\r\n"));
		assert_non_null(strstr(head, "Content-Type: text/csv; charset=utf-8\r\n"));
		assert_non_null(strstr(head, "filename*=UTF-8''%C3%A7%C3%B6p.csv\r\n"));
		assert_non_null(strstr(head, "Cache-Control: no-store\r\n"));
		assert_null(strstr(head, "chunked"));
		body_read(fd, BIG);
		ask(fd, "/empty");
		head_read(fd, head, sizeof(head));
		assert_non_null(strstr(head, "Content-Length: 0\r\n"));
	}
	close(fd);
	assert_int_equal(http_play_stop(p), 0);
}

static void
who_leaves_in_the_middle_harms_nobody(void **state)
{
	struct http_play *p = http_play_start(routes, 10, 10);
	char head[2000];

	(void)state;
	for (int i = 0; i < 20; i++) {
		int fd = http_play_connect(p);

		ask(fd, i % 2 ? "/big" : "/slow");
		if (i % 4 == 1) {
			head_read(fd, head, sizeof(head));
			body_read(fd, 100000);
		}
		close(fd);
	}
	assert_non_null(strstr(http_play_ask(p, "GET /slow HTTP/1.1\r\nHost: a\r\n\r\n"), "HTTP/1.1 200"));
	assert_non_null(strstr(http_play_ask(p, "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n"), "ok"));
	assert_int_equal(http_play_stop(p), 0);
}

static void
a_stop_waits_for_what_is_on_its_way(void **state)
{
	struct http_play *p = http_play_start(routes, 10, 10);
	int fd = http_play_connect(p);
	char head[2000];

	(void)state;
	ask(fd, "/slow");
	assert_non_null(strstr(http_play_ask(p, "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n"), "ok"));
	assert_int_equal(http_play_stop(p), 0);
	head_read(fd, head, sizeof(head));
	assert_non_null(strstr(head, "Content-Length: 100\r\n"));
	body_read(fd, 100);
	close(fd);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_file_comes_whole_and_the_connection_goes_on),
	    cmocka_unit_test(who_leaves_in_the_middle_harms_nobody),
	    cmocka_unit_test(a_stop_waits_for_what_is_on_its_way),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
