/* http_probe: how a service is, asked from outside of it. */
#include "common/http/http_internal.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#define SECONDS 3
#define ANSWER_MAX 4096
#define WELL 0
#define NOT_WELL 1
#define NOBODY 2

static int
place_connect(const char *listen, bool *nobody, struct err *e)
{
	const struct timeval patience = {.tv_sec = SECONDS};
	struct sockaddr_storage address;
	socklen_t size;
	int fd;

	if (http_listen_address(listen, &address, &size, e) < 0)
		return -1;
	fd = socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return err_set(e, "no socket: %s", strerror(errno));
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	if (connect(fd, (const struct sockaddr *)&address, size) == 0)
		return fd;
	*nobody = errno == ECONNREFUSED || errno == ENOENT; /* and not one that is too busy */
	err_set(e, "nobody answers at \"%s\": %s", listen, strerror(errno));
	close(fd);
	return -1;
}

/* The whole answer, to its end or to SECONDS of silence. */
static int
answer_read(int fd, char answer[ANSWER_MAX], struct err *e)
{
	static const char question[] = "GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
	size_t size = 0;
	ssize_t n;

	if (send(fd, question, sizeof(question) - 1, MSG_NOSIGNAL) < 0)
		return err_set(e, "it takes no question: %s", strerror(errno));
	while (size < ANSWER_MAX - 1 && (n = recv(fd, answer + size, ANSWER_MAX - 1 - size, 0)) != 0) {
		if (n < 0 && errno != EINTR)
			return err_set(e, "no answer within %d s", SECONDS);
		size += n > 0 ? (size_t)n : 0;
	}
	answer[size] = '\0';
	return 0;
}

int
http_probe(const char *listen)
{
	struct err e = {""};
	char answer[ANSWER_MAX];
	const char *body;
	bool nobody = false;
	int fd = place_connect(listen, &nobody, &e), rc;

	if (fd < 0) {
		printf("%s\n", e.text);
		return nobody ? NOBODY : NOT_WELL;
	}
	rc = answer_read(fd, answer, &e);
	close(fd);
	if (rc < 0) {
		printf("%s\n", e.text);
		return NOT_WELL;
	}
	body = strstr(answer, "\r\n\r\n");
	printf("%s", body ? body + 4 : "it does not speak HTTP\n");
	return strncmp(answer, "HTTP/1.1 200 ", 13) == 0 ? WELL : NOT_WELL;
}
