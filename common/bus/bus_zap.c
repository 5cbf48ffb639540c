/* bus_zap: answers libzmq's question who may come in (RFC 27), in the loop, from a table of keys. */
#include "common/bus/bus_internal.h"

#include <stdlib.h>
#include <string.h>
#include <zmq.h>

#include "common/base/log.h"

#define ZAP_FRAMES 8
#define ZAP_FRAME_MAX 256

struct bus_zap {
	struct bus *bus;
	void *socket;
	struct bus_watch *watch; /* NULL until there is a table */
	struct bus_peer *peers; /* sorted by key */
	size_t count;
};

/* One frame of a request, cut to size; libzmq writes them, nobody else can. */
struct zap_frame {
	char data[ZAP_FRAME_MAX];
	size_t size;
};

static size_t
zap_receive(struct bus_zap *z, struct zap_frame frames[ZAP_FRAMES])
{
	size_t count = 0;
	int more = 1;
	size_t size = sizeof(more);

	while (more) {
		struct zap_frame extra;
		struct zap_frame *frame = count < ZAP_FRAMES ? &frames[count] : &extra;
		int got = zmq_recv(z->socket, frame->data, ZAP_FRAME_MAX, ZMQ_DONTWAIT);

		if (got < 0)
			return 0;
		frame->size = got < ZAP_FRAME_MAX ? (size_t)got : ZAP_FRAME_MAX;
		count++;
		if (zmq_getsockopt(z->socket, ZMQ_RCVMORE, &more, &size) < 0)
			return 0;
	}
	return count;
}

static void
zap_answer(struct bus_zap *z, const struct zap_frame *request_id, const char *status, const char *user)
{
	const char *reason = "";

	zmq_send(z->socket, "1.0", 3, ZMQ_SNDMORE | ZMQ_DONTWAIT);
	zmq_send(z->socket, request_id->data, request_id->size, ZMQ_SNDMORE | ZMQ_DONTWAIT);
	zmq_send(z->socket, status, strlen(status), ZMQ_SNDMORE | ZMQ_DONTWAIT);
	zmq_send(z->socket, reason, 0, ZMQ_SNDMORE | ZMQ_DONTWAIT);
	zmq_send(z->socket, user, strlen(user), ZMQ_SNDMORE | ZMQ_DONTWAIT);
	zmq_send(z->socket, "", 0, ZMQ_DONTWAIT);
}

/* The User-Id is the key, not the name: with two keys of one name, taking one away must end that one. */
static const char *
zap_decide(struct bus_zap *z, const struct zap_frame *frames, size_t count, char key[BUS_KEY_SIZE])
{
	const struct zap_frame *mechanism = &frames[5];
	const struct zap_frame *credentials = &frames[6];

	key[0] = '\0';
	if (count != 7 || mechanism->size != 5 || memcmp(mechanism->data, "CURVE", 5) != 0 || credentials->size != 32)
		return "400";
	if (!zmq_z85_encode(key, (const uint8_t *)credentials->data, 32))
		return "400";
	if (bus_zap_find(z, key))
		return "200";
	log_warn("peer.refused", "key=\"%.8s...\" address=\"%.*s\"", key, (int)frames[3].size, frames[3].data);
	key[0] = '\0';
	return "400";
}

static void
zap_on_request(void *arg)
{
	struct bus_zap *z = arg;
	struct zap_frame frames[ZAP_FRAMES];
	char key[BUS_KEY_SIZE];
	const char *status;
	size_t count = zap_receive(z, frames);

	if (count < 2)
		return;
	status = zap_decide(z, frames, count, key);
	if (strcmp(status, "200") != 0)
		metric_add(z->bus->refused, 1);
	zap_answer(z, &frames[1], status, key);
}

struct bus_zap *
bus_zap_new(struct bus *b, struct err *e)
{
	struct bus_zap *z = calloc(1, sizeof(*z));
	int linger = 0;

	if (!z)
		abort();
	z->bus = b;
	z->socket = zmq_socket(b->context, ZMQ_REP);
	if (!z->socket || zmq_setsockopt(z->socket, ZMQ_LINGER, &linger, sizeof(linger)) < 0 ||
	    zmq_bind(z->socket, "inproc://zeromq.zap.01") < 0) {
		err_set(e, "no ZAP handler: %s", zmq_strerror(zmq_errno()));
		goto failed;
	}
	return z;

failed:
	bus_zap_free(z);
	return NULL;
}

void
bus_zap_free(struct bus_zap *z)
{
	if (!z)
		return;
	bus_watch_free(z->watch);
	if (z->socket)
		zmq_close(z->socket);
	free(z->peers);
	free(z);
}

static int
peer_compare(const void *a, const void *b)
{
	const struct bus_peer *left = a;
	const struct bus_peer *right = b;

	return strcmp(left->public_key, right->public_key);
}

/* Whoever asks before there is a table waits for it, in the socket: told "later" (300), libzmq's client would come again
 * after its HANDSHAKE_IVL only, seconds after each start of ours. */
static void
zap_begin(struct bus_zap *z)
{
	struct err e;

	if (z->watch)
		return;
	z->watch = bus_watch_new(z->bus->loop, z->socket, zap_on_request, z, &e);
	if (!z->watch) {
		log_error("failed", "reason=\"%s\"", e.text);
		abort();
	}
}

void
bus_zap_set(struct bus_zap *z, const struct bus_peer *peers, size_t count)
{
	struct bus_peer *copy = calloc(count + 1, sizeof(*copy));

	if (!copy)
		abort();
	if (count > 0) {
		memcpy(copy, peers, count * sizeof(*copy));
		qsort(copy, count, sizeof(*copy), peer_compare);
	}
	for (size_t i = 0; i < count; i++) {
		copy[i].public_key[BUS_KEY_SIZE - 1] = '\0';
		copy[i].name[BUS_PEER_NAME_MAX - 1] = '\0';
	}
	free(z->peers);
	z->peers = copy;
	z->count = count;
	zap_begin(z);
}

const struct bus_peer *
bus_zap_find(const struct bus_zap *z, const char *public_key)
{
	size_t low = 0;
	size_t high = z->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = strcmp(z->peers[middle].public_key, public_key);

		if (order == 0)
			return &z->peers[middle];
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}
