/* bus_send: messages out. Never waits: who cannot take one now is told so. */
#include <errno.h>
#include <zmq.h>

#include "common/bus/bus_internal.h"

static int
socket_send_frames(struct bus_socket *s, const struct bus_sender *to, const void *data, size_t size)
{
	if (s->router && zmq_send(s->socket, to->routing_id, to->routing_size, ZMQ_SNDMORE | ZMQ_DONTWAIT) < 0)
		return -1;
	return zmq_send(s->socket, data, size, ZMQ_DONTWAIT) < 0 ? -1 : 0;
}

/* Sending looks at what the I/O thread reported only now and then; asking for the events always does. */
static bool
socket_writable(struct bus_socket *s)
{
	int events = 0;
	size_t size = sizeof(events);

	return zmq_getsockopt(s->socket, ZMQ_EVENTS, &events, &size) == 0 && (events & ZMQ_POLLOUT) != 0;
}

int
bus_send(struct bus_socket *s, const void *routing_id, size_t routing_size, const void *data, size_t size)
{
	const struct bus_sender to = {.routing_id = routing_id, .routing_size = routing_size};
	int rc;
	int why;

	if (s->router && (!routing_id || routing_size == 0 || routing_size > BUS_ROUTING_ID_MAX)) {
		errno = EHOSTUNREACH;
		return -1;
	}
	rc = socket_send_frames(s, &to, data, size);
	if (rc < 0 && zmq_errno() == EAGAIN && socket_writable(s))
		rc = socket_send_frames(s, &to, data, size);
	why = rc < 0 ? zmq_errno() : 0;
	if (why == EAGAIN)
		metric_add(s->bus->full, 1);
	bus_watch_again(s->watch);
	errno = why;
	return rc;
}
