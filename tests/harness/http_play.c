/* http_play: see the header. */
#include "tests/harness/http_play.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/base/ids.h"
#include "common/base/log.h"

#define ANSWER_MAX 65536
#define SILENCE_MS 3000

struct http_play {
	pid_t pid;
	char folder[32], path[64];
};

/* Bodies of HTTP_POST_FILE: "body-1" and so on, in the folder of the socket. */
static const char *body_folder;

static int
on_file_new(void *arg, char name[HTTP_FILE_NAME_SIZE])
{
	static unsigned count;
	char path[128];

	(void)arg;
	snprintf(name, HTTP_FILE_NAME_SIZE, "body-%u", ++count);
	snprintf(path, sizeof(path), "%s/%s", body_folder, name);
	return open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
}

static void
on_file_remove(void *arg, const char *name)
{
	char path[128];

	(void)arg;
	snprintf(path, sizeof(path), "%s/%s", body_folder, name);
	unlink(path);
}

const char *
http_play_folder(void)
{
	return body_folder;
}

static int
serve(const struct http_play *p, const struct http_route *routes, unsigned connections_max, unsigned requests_max)
{
	struct err e = {.text = ""};
	struct http_conf conf = {.connections_max = connections_max,
	    .requests_max = requests_max,
	    .bytes_max = HTTP_PLAY_BYTES,
	    .request_seconds = HTTP_PLAY_SECONDS,
	    .file_new = on_file_new,
	    .file_remove = on_file_remove};
	char listen[80];
	struct loop *loop = loop_new(&e);
	struct metrics *metrics = metrics_new();
	struct http *http;
	int rc = -1;

	body_folder = p->folder;
	snprintf(listen, sizeof(listen), "unix:%s", p->path);
	conf.listen = listen;
	http = http_new(loop, &conf, routes, metrics, NULL, loop, &e);
	if (http)
		rc = loop_run(loop, &e);
	else
		fprintf(stderr, "%s\n", e.text);
	http_free(http);
	metrics_free(metrics);
	loop_free(loop);
	return rc < 0 ? 1 : 0;
}

pid_t
http_play_pid(const struct http_play *p)
{
	return p->pid;
}

const char *
http_play_path(const struct http_play *p)
{
	return p->path;
}

int
http_play_connect(struct http_play *p)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", p->path);
	for (int i = 0; i < 300; i++) {
		if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0)
			return fd;
		usleep(10000);
	}
	fprintf(stderr, "no server at %s\n", p->path);
	abort();
}

struct http_play *
http_play_start(const struct http_route *routes, unsigned connections_max, unsigned requests_max)
{
	struct http_play *p = calloc(1, sizeof(*p));

	if (!p)
		abort();
	snprintf(p->folder, sizeof(p->folder), "/tmp/kopru-http.XXXXXX");
	if (!mkdtemp(p->folder))
		abort();
	snprintf(p->path, sizeof(p->path), "%s/http.sock", p->folder);
	fflush(NULL);
	p->pid = fork();
	if (p->pid < 0)
		abort();
	if (p->pid == 0) {
		log_open("http", LOG_ERROR_LEVEL);
		ids_start();
		exit(serve(p, routes, connections_max, requests_max));
	}
	signal(SIGPIPE, SIG_IGN);
	return p;
}

int
http_play_stop(struct http_play *p)
{
	int status = 0, code = -1;

	kill(p->pid, SIGTERM);
	if (waitpid(p->pid, &status, 0) == p->pid && WIFEXITED(status))
		code = WEXITSTATUS(status);
	unlink(p->path);
	rmdir(p->folder);
	free(p);
	return code;
}

void
http_play_send(int fd, const char *data, size_t size)
{
	while (size > 0) {
		ssize_t sent = write(fd, data, size);

		if (sent <= 0)
			return;
		data += sent;
		size -= (size_t)sent;
	}
}

static size_t
whole(const char *answer)
{
	const char *body = strstr(answer, "\r\n\r\n"), *length = strstr(answer, "Content-Length: ");

	if (!body)
		return 0;
	body += 4;
	return (size_t)(body - answer) + (length && length < body ? strtoul(length + 16, NULL, 10) : 0);
}

const char *
http_play_receive(int fd)
{
	static char answer[ANSWER_MAX + 1];
	size_t size = 0;

	answer[0] = '\0';
	for (;;) {
		struct pollfd p = {.fd = fd, .events = POLLIN};
		ssize_t got;

		if (whole(answer) > 0 && size >= whole(answer))
			return answer;
		if (size == ANSWER_MAX || poll(&p, 1, SILENCE_MS) <= 0)
			return "";
		got = read(fd, answer + size, 1);
		if (got <= 0)
			return answer[0] ? answer : "";
		size += (size_t)got;
		answer[size] = '\0';
	}
}

const char *
http_play_ask(struct http_play *p, const char *request)
{
	int fd = http_play_connect(p);
	const char *answer;

	http_play_send(fd, request, strlen(request));
	answer = http_play_receive(fd);
	close(fd);
	return answer;
}

const char *
http_play_post(struct http_play *p, const char *path, const char *headers, const char *body)
{
	size_t size = strlen(body) + strlen(headers) + strlen(path) + 256;
	char *request = malloc(size);
	const char *answer;

	if (!request)
		abort();
	snprintf(request, size, "POST %s HTTP/1.1\r\nHost: a\r\n%sContent-Length: %zu\r\n\r\n%s", path, headers,
	    strlen(body), body);
	answer = http_play_ask(p, request);
	free(request);
	return answer;
}
