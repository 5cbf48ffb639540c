/* bus_endpoint: endpoints as the settings give them, and whether a local one is free. */
#include "common/bus/bus_internal.h"

#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

bool
bus_endpoint_is_tcp(const char *endpoint)
{
	return strncmp(endpoint, "tcp://", 6) == 0;
}

bool
bus_endpoint_is_ipc(const char *endpoint)
{
	return strncmp(endpoint, "ipc:///", 7) == 0;
}

static int
endpoint_take(const char *from, size_t size, char endpoint[BUS_ENDPOINT_SIZE], struct err *e)
{
	while (size > 0 && *from == ' ') {
		from++;
		size--;
	}
	while (size > 0 && from[size - 1] == ' ')
		size--;
	if (size == 0 || size >= BUS_ENDPOINT_SIZE)
		return err_set(e, "an endpoint is empty or longer than %d characters", BUS_ENDPOINT_SIZE - 1);
	memcpy(endpoint, from, size);
	endpoint[size] = '\0';
	if (!bus_endpoint_is_tcp(endpoint) && !bus_endpoint_is_ipc(endpoint))
		return err_set(e, "endpoint \"%s\" must begin with ipc:/// or tcp://", endpoint);
	return 0;
}

int
bus_endpoints_split(const char *text, char endpoints[][BUS_ENDPOINT_SIZE], size_t *count, struct err *e)
{
	size_t n = 0;

	for (;;) {
		size_t size = strcspn(text, ",");

		if (n == BUS_ENDPOINTS_MAX)
			return err_set(e, "more than %d endpoints", BUS_ENDPOINTS_MAX);
		if (endpoint_take(text, size, endpoints[n++], e) < 0)
			return -1;
		if (text[size] == '\0')
			break;
		text += size + 1;
	}
	*count = n;
	return 0;
}

/* 1: somebody listens there; 0: nobody. */
static int
path_is_listened(const char *path, struct err *e)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int rc;
	int fd;

	if (strlen(path) >= sizeof(address.sun_path))
		return err_set(
		    e, "the path of \"ipc://%s\" is longer than %zu characters", path, sizeof(address.sun_path) - 1);
	memcpy(address.sun_path, path, strlen(path) + 1);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return err_set(e, "no socket: %s", strerror(errno));
	rc = connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0 || errno == EAGAIN;
	close(fd);
	return rc;
}

/* libzmq removes the file of whoever listens there without asking: ask first. */
int
bus_endpoint_check_free(const char *endpoint, struct err *e)
{
	int listened = path_is_listened(endpoint + strlen("ipc://"), e);

	return listened == 1 ? err_set(e, "somebody listens on \"%s\" already", endpoint) : listened;
}

bool
bus_endpoint_has_star(const char *endpoint)
{
	return bus_endpoint_is_ipc(endpoint) && strchr(endpoint, '*') != NULL;
}

bool
bus_endpoint_listened(const char *endpoint)
{
	struct err e;

	return path_is_listened(endpoint + strlen("ipc://"), &e) == 1;
}

void
bus_endpoint_look(const char *pattern, void (*found)(void *arg, const char *endpoint), void *arg)
{
	char endpoint[BUS_ENDPOINT_SIZE];
	glob_t paths;

	if (glob(pattern + strlen("ipc://"), 0, NULL, &paths) == 0)
		for (size_t i = 0; i < paths.gl_pathc; i++) {
			int size = snprintf(endpoint, sizeof(endpoint), "ipc://%s", paths.gl_pathv[i]);

			if (size > 0 && (size_t)size < sizeof(endpoint))
				found(arg, endpoint);
		}
	globfree(&paths);
}
