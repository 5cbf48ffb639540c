/* http_listen: the socket that is listened on: a unix socket, or a port on loopback. */
#include "common/http/http_internal.h"

#include "common/base/text.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define BACKLOG 1024

static bool
is_answered(const struct sockaddr_un *address)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	bool answered =
	    fd >= 0 && (connect(fd, (const struct sockaddr *)address, sizeof(*address)) == 0 || errno == EAGAIN);

	if (fd >= 0)
		close(fd);
	return answered;
}

static int
bind_unix(int fd, const struct sockaddr_un *address, struct err *e)
{
	const char *path = address->sun_path;
	mode_t mask;
	int rc;

	if (is_answered(address))
		return err_set(e, "\"%s\" is in use by another process", path);
	if (unlink(path) < 0 && errno != ENOENT)
		return err_set(e, "cannot remove the stale socket \"%s\": %s", path, strerror(errno));
	mask = umask(0117);
	rc = bind(fd, (const struct sockaddr *)address, sizeof(*address));
	umask(mask);
	return rc < 0 ? err_set(e, "cannot bind \"%s\": %s", path, strerror(errno)) : 0;
}

static int
parse_unix(const char *path, struct sockaddr_storage *address, socklen_t *size, struct err *e)
{
	struct sockaddr_un *local = (struct sockaddr_un *)address;
	size_t length = strlen(path);

	if (path[0] != '/' || length >= sizeof(local->sun_path))
		return err_set(e, "\"%s\" is no socket path: allowed are absolute paths of at most %zu bytes", path,
		    sizeof(local->sun_path) - 1);
	memset(address, 0, sizeof(*address));
	local->sun_family = AF_UNIX;
	memcpy(local->sun_path, path, length + 1);
	*size = sizeof(*local);
	return 0;
}

/* Splits "host:port" with a loopback host; 0, or -1 when it is something else. */
static int
parse_loopback(const char *listen, struct sockaddr_storage *address, socklen_t *size)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)address;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)address;
	const char *colon = strrchr(listen, ':');
	char *end;
	unsigned long port;

	if (!colon || !ascii_digit(colon[1]))
		return -1;
	port = strtoul(colon + 1, &end, 10);
	if (*end || port > 65535)
		return -1;
	memset(address, 0, sizeof(*address));
	if (strncmp(listen, "127.0.0.1:", (size_t)(colon - listen) + 1) == 0) {
		v4->sin_family = AF_INET;
		v4->sin_port = htons((uint16_t)port);
		v4->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		*size = sizeof(*v4);
		return 0;
	}
	if (strncmp(listen, "[::1]:", (size_t)(colon - listen) + 1) == 0) {
		v6->sin6_family = AF_INET6;
		v6->sin6_port = htons((uint16_t)port);
		v6->sin6_addr = in6addr_loopback;
		*size = sizeof(*v6);
		return 0;
	}
	return -1;
}

static int
bind_loopback(int fd, const struct sockaddr_storage *address, socklen_t size, const char *text, struct err *e)
{
	int on = 1;

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, (const struct sockaddr *)address, size) < 0)
		return err_set(e, "cannot bind \"%s\": %s", text, strerror(errno));
	return 0;
}

int
http_listen_address(const char *listen_on, struct sockaddr_storage *address, socklen_t *size, struct err *e)
{
	if (strncmp(listen_on, "unix:", 5) == 0)
		return parse_unix(listen_on + 5, address, size, e);
	if (parse_loopback(listen_on, address, size) < 0)
		return err_set(
		    e, "cannot listen on \"%s\": allowed are unix:/path, 127.0.0.1:port and [::1]:port", listen_on);
	return 0;
}

int
http_listen_open(const char *listen_on, struct err *e)
{
	struct sockaddr_storage address;
	socklen_t size;
	int fd, rc;

	if (http_listen_address(listen_on, &address, &size, e) < 0)
		return -1;
	fd = socket(address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return err_set(e, "cannot make a socket for \"%s\": %s", listen_on, strerror(errno));
	rc = address.ss_family == AF_UNIX ? bind_unix(fd, (const struct sockaddr_un *)&address, e)
					  : bind_loopback(fd, &address, size, listen_on, e);
	if (rc == 0 && listen(fd, BACKLOG) < 0)
		rc = err_set(e, "cannot listen on \"%s\": %s", listen_on, strerror(errno));
	if (rc == 0)
		return fd;
	close(fd);
	return -1;
}
