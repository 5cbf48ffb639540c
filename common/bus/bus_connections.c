/* bus_connections: no more connections at a tcp:// door than allowed. libzmq accepts whoever comes, until there are no
 * descriptors; it only tells of it. So who is too much is shut down here, and libzmq then closes it: the oldest of those
 * that have not shown a key yet, or else the one that came last. */
#include "common/bus/bus_internal.h"

#include <fcntl.h>
#include <linux/tcp.h> /* glibc knows fewer fields */
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/base/ids.h"
#include "common/base/log.h"

#define HANDSHAKE_US 4000000 /* whoever is older has shown a key, or libzmq would have ended it */
#define STRANGER_BYTES                                                                                                 \
	246 /* greeting, WELCOME and ERROR: no stranger gets more, a good key gets READY too: 301 and more */
#define PARTS 4 /* of the descriptors: two doors of ours, and HTTP has the other half */

/* A descriptor is libzmq's, and may be another connection's by now: so it is known by whom it leads to. */
struct bus_connection {
	bool open;
	int64_t since;
	struct sockaddr_storage peer;
};

struct bus_connections {
	struct bus *bus;
	in_port_t port; /* the door's, in network order */
	unsigned max;
	unsigned count;
	struct bus_connection *by_fd;
	size_t size;
};

static in_port_t
port_of(const struct sockaddr_storage *address)
{
	if (address->ss_family == AF_INET6)
		return ((const struct sockaddr_in6 *)address)->sin6_port;
	return address->ss_family == AF_INET ? ((const struct sockaddr_in *)address)->sin_port : 0;
}

/* false: it is none of this door's. */
static bool
peer_of(const struct bus_connections *c, int fd, struct sockaddr_storage *peer)
{
	struct sockaddr_storage own;
	socklen_t own_size = sizeof(own);
	socklen_t size = sizeof(*peer);

	memset(peer, 0, sizeof(*peer));
	memset(&own, 0, sizeof(own));
	return getsockname(fd, (struct sockaddr *)&own, &own_size) == 0 && port_of(&own) == c->port && c->port != 0 &&
	       getpeername(fd, (struct sockaddr *)peer, &size) == 0;
}

/* Its socket under a descriptor of our own, which nobody else closes; -1 when it is gone. */
static int
pin(const struct bus_connections *c, int fd)
{
	struct sockaddr_storage peer;
	int own = fcntl(fd, F_DUPFD_CLOEXEC, 0);

	if (own >= 0 && (!peer_of(c, own, &peer) || memcmp(&peer, &c->by_fd[fd].peer, sizeof(peer)) != 0)) {
		close(own);
		return -1;
	}
	return own;
}

/* By what it took from us: what it sent may be anything. */
static bool
has_shown_key(int own)
{
	struct tcp_info info;
	socklen_t size = sizeof(info);

	memset(&info, 0, sizeof(info));
	return getsockopt(own, IPPROTO_TCP, TCP_INFO, &info, &size) == 0 && info.tcpi_bytes_acked > STRANGER_BYTES;
}

static bool
end(struct bus_connections *c, int fd, bool always)
{
	int own = pin(c, fd);
	bool ended = own >= 0 && (always || !has_shown_key(own));

	if (ended) {
		shutdown(own, SHUT_RDWR);
		metric_add(c->bus->ended, 1);
		bus_connections_closed(c, fd);
	}
	if (own >= 0)
		close(own);
	return ended;
}

static int
oldest_stranger(const struct bus_connections *c, int64_t after, int64_t now)
{
	int oldest = -1;

	for (size_t fd = 0; fd < c->size; fd++) {
		const struct bus_connection *one = &c->by_fd[fd];

		if (one->open && one->since > after && now - one->since < HANDSHAKE_US &&
		    (oldest < 0 || one->since < c->by_fd[oldest].since))
			oldest = (int)fd;
	}
	return oldest;
}

static void
make_room(struct bus_connections *c, int newest)
{
	int64_t now = clock_monotonic();
	int64_t after = now - HANDSHAKE_US;

	for (unsigned i = 0; i < 8; i++) { /* most that stand before a stranger are good ones just come in */
		int fd = oldest_stranger(c, after, now);

		if (fd < 0 || fd == newest)
			break;
		if (end(c, fd, false))
			return;
		after = c->by_fd[fd].since;
	}
	(void)end(c, newest, true);
}

void
bus_connections_opened(struct bus_connections *c, int fd)
{
	if (fd < 0)
		return;
	while ((size_t)fd >= c->size) {
		size_t size = c->size ? c->size * 2 : 64;

		c->by_fd = reallocarray(c->by_fd, size, sizeof(*c->by_fd));
		if (!c->by_fd)
			abort();
		memset(c->by_fd + c->size, 0, (size - c->size) * sizeof(*c->by_fd));
		c->size = size;
	}
	bus_connections_closed(c, fd);
	if (!peer_of(c, fd, &c->by_fd[fd].peer))
		return;
	c->by_fd[fd].open = true;
	c->by_fd[fd].since = clock_monotonic();
	if (++c->count > c->max)
		make_room(c, fd);
}

void
bus_connections_closed(struct bus_connections *c, int fd)
{
	if (fd < 0 || (size_t)fd >= c->size || !c->by_fd[fd].open)
		return;
	c->by_fd[fd].open = false;
	c->count--;
}

struct bus_connections *
bus_connections_new(struct bus *b, const char *endpoint, unsigned max)
{
	struct bus_connections *c = calloc(1, sizeof(*c));
	const char *port = strrchr(endpoint, ':');

	if (!c || !port)
		abort();
	c->bus = b;
	c->port = htons((uint16_t)strtoul(port + 1, NULL, 10));
	c->max = loop_connections(endpoint, max, PARTS);
	return c;
}

void
bus_connections_free(struct bus_connections *c)
{
	if (!c)
		return;
	free(c->by_fd);
	free(c);
}
