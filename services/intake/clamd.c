/* clamd: see the header. */
#include "services/intake/clamd.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/base/text.h"

#define PIECE (64 * 1024)
#define ANSWER_MAX 512

int
clamd_address_read(const char *text, struct clamd_address *address, struct err *e)
{
	const char *colon = strrchr(text, ':');
	size_t digits = colon ? strspn(colon + 1, "0123456789") : 0;

	memset(address, 0, sizeof(*address));
	if (strncmp(text, "unix:/", 6) == 0 && strlen(text + 5) < sizeof(address->path)) {
		snprintf(address->path, sizeof(address->path), "%s", text + 5);
		return 0;
	}
	if (!colon || colon == text || digits == 0 || digits > 5 || colon[1 + digits] != '\0' ||
	    (size_t)(colon - text) >= sizeof(address->host))
		return err_set(e, "\"%s\" is no address; allowed are unix:/path and host:port", text);
	snprintf(address->host, sizeof(address->host), "%.*s", (int)(colon - text), text);
	snprintf(address->port, sizeof(address->port), "%s", colon + 1);
	return 0;
}

static int
connect_to(const struct sockaddr *name, socklen_t size)
{
	const struct timeval patience = {.tv_sec = CLAMD_SECONDS};
	int fd = socket(name->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd >= 0 && (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) != 0 ||
			   setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience)) != 0 ||
			   connect(fd, name, size) != 0)) {
		close(fd);
		return -1;
	}
	return fd;
}

static int
connect_by_name(const struct clamd_address *address)
{
	const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
	struct addrinfo *list, *one;
	int fd = -1;

	if (getaddrinfo(address->host, address->port, &hints, &list) != 0)
		return -1;
	for (one = list; one && fd < 0; one = one->ai_next)
		fd = connect_to(one->ai_addr, one->ai_addrlen);
	freeaddrinfo(list);
	return fd;
}

static int
open_connection(const struct clamd_address *address)
{
	struct sockaddr_un local = {.sun_family = AF_UNIX};

	if (!address->path[0])
		return connect_by_name(address);
	memcpy(local.sun_path, address->path, sizeof(address->path));
	return connect_to((const struct sockaddr *)&local, sizeof(local));
}

static int
send_whole(int to, const void *data, size_t size)
{
	const char *at = data;

	while (size > 0) {
		ssize_t n = send(to, at, size, MSG_NOSIGNAL);

		if (n < 0 && errno != EINTR)
			return -1;
		at += n > 0 ? n : 0;
		size -= n > 0 ? (size_t)n : 0;
	}
	return 0;
}

/* Pieces, each with its length before it; an empty one ends them. */
static int
send_file(int to, int fd)
{
	struct {
		uint32_t length;
		char data[PIECE];
	} piece;
	off_t at = 0;
	ssize_t n;

	do {
		n = pread(fd, piece.data, sizeof(piece.data), at);
		if (n < 0)
			return -1;
		piece.length = htonl((uint32_t)n);
		if (send_whole(to, &piece, sizeof(piece.length) + (size_t)n) != 0)
			return -1;
		at += n;
	} while (n > 0);
	return 0;
}

static size_t
receive_answer(int from, char answer[ANSWER_MAX])
{
	size_t size = 0;

	while (size < ANSWER_MAX - 1) {
		ssize_t n = recv(from, answer + size, ANSWER_MAX - 1 - size, 0);

		if (n <= 0 || memchr(answer + size, '\0', (size_t)n)) {
			size += n > 0 ? (size_t)n : 0;
			break;
		}
		size += (size_t)n;
	}
	answer[size] = '\0';
	return strlen(answer);
}

static bool
ends(const char *text, size_t length, const char *with)
{
	size_t wanted = strlen(with);

	return length >= wanted && strcmp(text + length - wanted, with) == 0;
}

enum clamd_answer
clamd_scan(const struct clamd_address *address, int fd, struct err *e)
{
	char answer[ANSWER_MAX];
	size_t length;
	int to = open_connection(address);

	if (to < 0) {
		err_set(e, "clamd cannot be reached: %m");
		return CLAMD_UNKNOWN;
	}
	/* What it has too much of it refuses in the middle; its answer says why. */
	if (send_whole(to, "zINSTREAM", 10) == 0)
		send_file(to, fd);
	length = receive_answer(to, answer);
	close(to);
	if (strcmp(answer, "stream: OK") == 0)
		return CLAMD_CLEAN;
	if (ends(answer, length, " FOUND"))
		return CLAMD_INFECTED;
	for (char *c = answer; *c; c++)
		*c = (unsigned char)*c < ' ' || *c == '"' ? ' ' : *c;
	err_set(e, "clamd said \"%s\"", answer);
	return CLAMD_UNKNOWN;
}
