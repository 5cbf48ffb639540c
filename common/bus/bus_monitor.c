/* bus_monitor: what happens to the connections of a socket, and a second try for what was refused. */
#include "common/bus/bus_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>

#include "common/base/log.h"

#define RETRY_FIRST_MS 100
#define RETRY_LAST_MS 5000

#define MONITOR_FAILED                                                                                                 \
	(ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL | ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL | ZMQ_EVENT_HANDSHAKE_FAILED_AUTH)
#define MONITOR_EVENTS (ZMQ_EVENT_ACCEPTED | ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_DISCONNECTED | MONITOR_FAILED)

struct bus_monitor {
	struct bus *bus;
	void *socket; /* the watched one */
	void *pair;
	struct bus_watch *watch;
	struct loop_timer *retry;
	char reconnect[BUS_ENDPOINT_SIZE]; /* empty: it binds */
	int64_t retry_ms;
	bool up;
	struct bus_connections *connections; /* NULL: not counted */
	void (*on_link)(void *arg, bool up);
	void *arg;
};

void
bus_monitor_reconnect(struct bus_monitor *m)
{
	metric_add(m->bus->reconnected, 1);
	zmq_disconnect(m->socket, m->reconnect);
	if (zmq_connect(m->socket, m->reconnect) < 0)
		log_warn("bus.unconnected", "endpoint=\"%s\" reason=\"%s\"", m->reconnect, zmq_strerror(zmq_errno()));
}

/* libzmq gives up for ever after a refusal: only a new connect tries again. */
static void
on_retry(void *arg)
{
	bus_monitor_reconnect(arg);
}

static void
monitor_retry(struct bus_monitor *m)
{
	if (m->reconnect[0] == '\0' || timer_pending(m->retry))
		return;
	timer_start(m->retry, m->retry_ms);
	m->retry_ms = m->retry_ms * 2 < RETRY_LAST_MS ? m->retry_ms * 2 : RETRY_LAST_MS;
}

static void
monitor_link(struct bus_monitor *m, bool up)
{
	if (up) {
		m->retry_ms = RETRY_FIRST_MS;
		timer_stop(m->retry);
	}
	if (m->up == up && !up)
		return;
	m->up = up;
	if (m->on_link)
		m->on_link(m->arg, up); /* may free m */
}

/* Two frames: number and value of the event, then the address. */
static int
monitor_receive(struct bus_monitor *m, unsigned *event, int *value)
{
	uint8_t head[6];
	uint16_t number;
	int32_t what;
	char address[BUS_ENDPOINT_SIZE];

	if (zmq_recv(m->pair, head, sizeof(head), ZMQ_DONTWAIT) != (int)sizeof(head))
		return -1;
	(void)zmq_recv(m->pair, address, sizeof(address), ZMQ_DONTWAIT);
	memcpy(&number, head, sizeof(number));
	memcpy(&what, head + sizeof(number), sizeof(what));
	*event = number;
	*value = what;
	return 0;
}

static void
on_event(void *arg)
{
	struct bus_monitor *m = arg;
	unsigned event;
	int value;

	if (monitor_receive(m, &event, &value) < 0)
		return;
	if (m->connections && event == ZMQ_EVENT_ACCEPTED)
		bus_connections_opened(m->connections, value);
	else if (m->connections && event == ZMQ_EVENT_DISCONNECTED)
		bus_connections_closed(m->connections, value);
	if ((event & MONITOR_FAILED) != 0)
		metric_add(m->bus->handshakes_failed, 1);
	if ((event & (ZMQ_EVENT_HANDSHAKE_FAILED_AUTH | ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL)) != 0)
		monitor_retry(m);
	if (event == ZMQ_EVENT_HANDSHAKE_SUCCEEDED)
		monitor_link(m, true);
	else if (event != ZMQ_EVENT_ACCEPTED)
		monitor_link(m, false);
}

struct bus_monitor *
bus_monitor_new(
    struct bus *b, void *socket, const char *reconnect, void (*on_link)(void *arg, bool up), void *arg, struct err *e)
{
	struct bus_monitor *m = calloc(1, sizeof(*m));
	char address[64];
	int linger = 0;
	int no_limit = 0; /* at its limit libzmq's I/O thread would wait for us, holding a lock that closing needs */

	if (!m)
		abort();
	m->bus = b;
	m->on_link = on_link;
	m->arg = arg;
	m->retry_ms = RETRY_FIRST_MS;
	(void)snprintf(m->reconnect, sizeof(m->reconnect), "%s", reconnect ? reconnect : "");
	(void)snprintf(address, sizeof(address), "inproc://kopru.monitor.%u", b->monitors++);
	m->retry = timer_new(b->loop, on_retry, m);
	m->pair = zmq_socket(b->context, ZMQ_PAIR);
	if (!m->pair || zmq_setsockopt(m->pair, ZMQ_LINGER, &linger, sizeof(linger)) < 0 ||
	    zmq_setsockopt(m->pair, ZMQ_RCVHWM, &no_limit, sizeof(no_limit)) < 0 ||
	    zmq_socket_monitor(socket, address, MONITOR_EVENTS) < 0 || zmq_connect(m->pair, address) < 0) {
		err_set(e, "no monitor: %s", zmq_strerror(zmq_errno()));
		goto failed;
	}
	m->socket = socket;
	m->watch = bus_watch_new(b->loop, m->pair, on_event, m, e);
	if (!m->watch)
		goto failed;
	return m;

failed:
	bus_monitor_free(m);
	return NULL;
}

void
bus_monitor_count(struct bus_monitor *m, struct bus_connections *connections)
{
	m->connections = connections;
}

void
bus_monitor_free(struct bus_monitor *m)
{
	if (!m)
		return;
	if (m->socket)
		zmq_socket_monitor(m->socket, NULL, 0);
	bus_watch_free(m->watch);
	timer_free(m->retry);
	if (m->pair)
		zmq_close(m->pair);
	free(m);
}
