/* bus_socket: sockets and their settings, messages in and out. */
#include "common/bus/bus.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <zmq.h>

#include "common/base/wire.h"
#include "common/bus/bus_internal.h"

#define FRAME_MAX ((size_t)1024 * 1024)
#define UNREAD_MAX 1000
#define CONNECTIONS_MAX 1000
#define CURVE_MORE 64 /* bytes that CURVE adds to a frame, and some */
#define ROUTING_ID_MADE 5 /* bytes of one that libzmq made */

/* A setting of a socket that is a number. */
struct option {
	int name;
	int value;
};

/* ZMQ_HEARTBEAT_* stays off: on a socket that connects and receives it aborts the process under back-pressure. */
static const struct option options_all[] = {
    {ZMQ_LINGER, 0},
    {ZMQ_SNDHWM, 1000},
    {ZMQ_RCVHWM, UNREAD_MAX},
    {ZMQ_HANDSHAKE_IVL, 3000},
    {ZMQ_TCP_KEEPALIVE, 1},
    {ZMQ_TCP_KEEPALIVE_IDLE, 10},
    {ZMQ_TCP_KEEPALIVE_INTVL, 5},
    {ZMQ_TCP_KEEPALIVE_CNT, 3},
    /* Who is gone without a word is noticed within 5 s: a heartbeat a second, and this. It also ends the connection of a
     * peer that does not read for so long, 4.0 s as measured: it connects and asks again, and nothing is lost. */
    {ZMQ_TCP_MAXRT, 3500},
};
static const struct option options_router[] = {
    {ZMQ_ROUTER_MANDATORY, 1},
    {ZMQ_BACKLOG, 512},
};
/* IMMEDIATE drops unread input when a connection breaks. That is wanted: both protocols ask again by themselves,
 * and without it a frame for a dead connection would reach its successor, who knows nothing of it. */
static const struct option options_dealer[] = {
    {ZMQ_IMMEDIATE, 1},
    {ZMQ_RECONNECT_IVL, 100},
    {ZMQ_RECONNECT_IVL_MAX, 2000},
    {ZMQ_CONNECT_TIMEOUT, 5000},
};

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static void
socket_destroy(struct bus_socket *s)
{
	bus_monitor_free(s->monitor);
	bus_watch_free(s->watch);
	if (s->socket)
		zmq_close(s->socket);
	bus_connections_free(s->connections);
	free(s);
}

void
bus_close(struct bus_socket *s)
{
	if (!s)
		return;
	s->closed = true;
	if (s->busy == 0)
		socket_destroy(s);
}

static void
socket_enter(struct bus_socket *s)
{
	s->busy++;
}

static void
socket_leave(struct bus_socket *s)
{
	if (--s->busy == 0 && s->closed)
		socket_destroy(s);
}

/* Those that libzmq makes are a NUL and 32 bits that nobody is told; no program chooses one that begins with a NUL. */
static bool
is_chosen(const struct bus_sender *from)
{
	return from->routing_size != ROUTING_ID_MADE || ((const char *)from->routing_id)[0] != '\0';
}

/* Who is it? false: nobody who may speak here. */
static bool
socket_sender(struct bus_socket *s, zmq_msg_t *message, struct bus_sender *from)
{
	const char *key;
	const struct bus_peer *peer;

	from->name = "";
	from->key = "";
	if (!s->curve || !s->router)
		return true;
	key = zmq_msg_gets(message, "User-Id");
	peer = key ? bus_zap_find(s->bus->zap, key) : NULL;
	if (!peer)
		return false;
	from->name = peer->name;
	from->key = peer->public_key;
	from->chose_id = is_chosen(from);
	return true;
}

static void
socket_take(struct bus_socket *s, struct bus_sender *from, zmq_msg_t *message)
{
	char name[BUS_PEER_NAME_MAX];
	char key[BUS_KEY_SIZE];

	if (zmq_msg_size(message) > WIRE_FRAME_MAX) {
		bus_drop(s->bus, BUS_DROPPED_TOO_LARGE);
		return;
	}
	if (!socket_sender(s, message, from)) {
		bus_drop(s->bus, BUS_DROPPED_UNKNOWN_KEY);
		return;
	}
	/* The table may be replaced while the message is handled. */
	(void)snprintf(name, sizeof(name), "%s", from->name);
	(void)snprintf(key, sizeof(key), "%s", from->key);
	from->name = name;
	from->key = key;
	s->on_message(s->arg, from, zmq_msg_data(message), zmq_msg_size(message));
}

/* Takes all frames of one message; keeps the last one. Returns how many there were. */
static size_t
socket_receive_frames(struct bus_socket *s, zmq_msg_t *routing, zmq_msg_t *message)
{
	size_t count = 0;

	do {
		zmq_msg_t *frame = s->router && count == 0 ? routing : message;

		if (zmq_msg_recv(frame, s->socket, ZMQ_DONTWAIT) < 0)
			return 0;
		count++;
		if (!zmq_msg_more(frame))
			return count;
	} while (true);
}

static void
socket_receive(void *arg)
{
	struct bus_socket *s = arg;
	struct bus_sender from = {.routing_id = NULL};
	zmq_msg_t routing;
	zmq_msg_t message;
	size_t count;

	zmq_msg_init(&routing);
	zmq_msg_init(&message);
	socket_enter(s);
	count = socket_receive_frames(s, &routing, &message);
	if (s->router) {
		from.routing_id = zmq_msg_data(&routing);
		from.routing_size = zmq_msg_size(&routing);
	}
	if (count == (s->router ? 2U : 1U))
		socket_take(s, &from, &message);
	else if (count > 0)
		bus_drop(s->bus, BUS_DROPPED_MULTIPART);
	zmq_msg_close(&routing);
	zmq_msg_close(&message);
	socket_leave(s);
}

static void
socket_on_link(void *arg, bool up)
{
	struct bus_socket *s = arg;

	socket_enter(s);
	if (s->on_link && !s->closed)
		s->on_link(s->arg, up);
	socket_leave(s);
}

void
bus_on_link(struct bus_socket *s, void (*on_link)(void *arg, bool up))
{
	s->on_link = on_link;
}

static int
socket_set(struct bus_socket *s, const struct option *options, size_t count, struct err *e)
{
	for (size_t i = 0; i < count; i++)
		if (zmq_setsockopt(s->socket, options[i].name, &options[i].value, sizeof(int)) < 0)
			return err_set(e, "option %d of ZeroMQ: %s", options[i].name, zmq_strerror(zmq_errno()));
	return 0;
}

static int
socket_set_key(struct bus_socket *s, int option, const char *key, struct err *e)
{
	if (strlen(key) != BUS_KEY_SIZE - 1 || zmq_setsockopt(s->socket, option, key, BUS_KEY_SIZE) < 0)
		return err_set(e, "endpoint \"%s\" has no valid key", s->endpoint);
	return 0;
}

static struct bus_socket *
socket_new(struct bus *b, const char *endpoint, bool router, struct err *e)
{
	struct bus_socket *s = calloc(1, sizeof(*s));
	int64_t frame_max = FRAME_MAX;

	if (!s)
		abort();
	s->bus = b;
	s->router = router;
	s->curve = bus_endpoint_is_tcp(endpoint);
	if (!s->curve && !bus_endpoint_is_ipc(endpoint)) {
		err_set(e, "endpoint \"%s\" must begin with ipc:/// or tcp://", endpoint);
		goto failed;
	}
	(void)snprintf(s->endpoint, sizeof(s->endpoint), "%s", endpoint);
	s->socket = zmq_socket(b->context, router ? ZMQ_ROUTER : ZMQ_DEALER);
	if (!s->socket || zmq_setsockopt(s->socket, ZMQ_MAXMSGSIZE, &frame_max, sizeof(frame_max)) < 0) {
		err_set(e, "no socket for \"%s\": %s", endpoint, zmq_strerror(zmq_errno()));
		goto failed;
	}
	if (socket_set(s, options_all, COUNT(options_all), e) < 0 ||
	    (router ? socket_set(s, options_router, COUNT(options_router), e)
		    : socket_set(s, options_dealer, COUNT(options_dealer), e)) < 0)
		goto failed;
	return s;

failed:
	socket_destroy(s);
	return NULL;
}

static int
socket_bind(struct bus_socket *s, const char *endpoint, struct err *e)
{
	size_t size = sizeof(s->endpoint);

	if (!s->curve && bus_endpoint_check_free(endpoint, e) < 0)
		return -1;
	if (zmq_bind(s->socket, endpoint) < 0)
		return err_set(e, "cannot listen on \"%s\": %s", endpoint, zmq_strerror(zmq_errno()));
	if (zmq_getsockopt(s->socket, ZMQ_LAST_ENDPOINT, s->endpoint, &size) < 0)
		return err_set(e, "no endpoint: %s", zmq_strerror(zmq_errno()));
	if (!s->curve && chmod(endpoint + strlen("ipc://"), 0600) < 0)
		return err_set(e, "mode of \"%s\": %s", endpoint, strerror(errno));
	return 0;
}

static int
socket_limit(struct bus_socket *s, const struct bus_door *door, struct err *e)
{
	int64_t frame_max = (int64_t)door->frame_max + CURVE_MORE;
	const struct option unread = {ZMQ_RCVHWM, door->unread_max};

	if (zmq_setsockopt(s->socket, ZMQ_MAXMSGSIZE, &frame_max, sizeof(frame_max)) < 0)
		return err_set(e, "largest frame of \"%s\": %s", s->endpoint, zmq_strerror(zmq_errno()));
	return socket_set(s, &unread, 1, e);
}

static int
socket_set_server(struct bus_socket *s, const struct bus_key *key, struct err *e)
{
	const struct option server = {ZMQ_CURVE_SERVER, 1};

	if (!key)
		return err_set(e, "endpoint \"%s\" needs a key", s->endpoint);
	if (socket_set(s, &server, 1, e) < 0 || socket_set_key(s, ZMQ_CURVE_SECRETKEY, key->secret_key, e) < 0)
		return -1;
	return 0;
}

struct bus_socket *
bus_bind_door(struct bus *b, const struct bus_door *door, bus_on_message *on_message, void *arg, struct err *e)
{
	struct bus_socket *s = socket_new(b, door->endpoint, true, e);

	if (!s)
		return NULL;
	s->on_message = on_message;
	s->arg = arg;
	if (socket_limit(s, door, e) < 0 || (s->curve && socket_set_server(s, door->key, e) < 0))
		goto failed;
	s->monitor = bus_monitor_new(b, s->socket, NULL, NULL, NULL, e);
	if (!s->monitor)
		goto failed;
	if (socket_bind(s, door->endpoint, e) < 0)
		goto failed;
	if (s->curve) { /* who comes before it is told by the loop, later */
		s->connections = bus_connections_new(b, s->endpoint, door->connections_max);
		bus_monitor_count(s->monitor, s->connections);
	}
	s->watch = bus_watch_new(b->loop, s->socket, socket_receive, s, e);
	if (!s->watch)
		goto failed;
	return s;

failed:
	socket_destroy(s);
	return NULL;
}

struct bus_socket *
bus_bind(struct bus *b, const char *endpoint, const struct bus_key *key, bus_on_message *on_message, void *arg,
    struct err *e)
{
	const struct bus_door door = {endpoint, key, FRAME_MAX, UNREAD_MAX, CONNECTIONS_MAX};

	return bus_bind_door(b, &door, on_message, arg, e);
}

static int
socket_set_client(struct bus_socket *s, const char *server_public, const struct bus_key *own, struct err *e)
{
	if (!server_public || !own)
		return err_set(e, "endpoint \"%s\" needs the server's key and an own one", s->endpoint);
	if (socket_set_key(s, ZMQ_CURVE_SERVERKEY, server_public, e) < 0 ||
	    socket_set_key(s, ZMQ_CURVE_PUBLICKEY, own->public_key, e) < 0 ||
	    socket_set_key(s, ZMQ_CURVE_SECRETKEY, own->secret_key, e) < 0)
		return -1;
	return 0;
}

struct bus_socket *
bus_connect(struct bus *b, const char *endpoint, const char *server_public, const struct bus_key *own,
    bus_on_message *on_message, void *arg, struct err *e)
{
	struct bus_socket *s = socket_new(b, endpoint, false, e);

	if (!s)
		return NULL;
	s->on_message = on_message;
	s->arg = arg;
	if (s->curve && socket_set_client(s, server_public, own, e) < 0)
		goto failed;
	s->monitor = bus_monitor_new(b, s->socket, endpoint, socket_on_link, s, e);
	if (!s->monitor)
		goto failed;
	if (zmq_connect(s->socket, endpoint) < 0) {
		err_set(e, "cannot connect to \"%s\": %s", endpoint, zmq_strerror(zmq_errno()));
		goto failed;
	}
	s->watch = bus_watch_new(b->loop, s->socket, socket_receive, s, e);
	if (!s->watch)
		goto failed;
	return s;

failed:
	socket_destroy(s);
	return NULL;
}

void
bus_reconnect(struct bus_socket *s)
{
	bus_monitor_reconnect(s->monitor);
	bus_watch_again(s->watch);
}

const char *
bus_endpoint(const struct bus_socket *s)
{
	return s->endpoint;
}
