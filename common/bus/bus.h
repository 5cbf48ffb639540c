/* bus: ZeroMQ on the loop: one context, ZAP before anything else, ROUTER that binds and DEALER that
 * connects. Messages are one frame. Local sockets are ipc:// in a folder of mode 0700; every tcp://
 * socket is CURVE, and only keys in the table of peers get in (RFC 26/CURVEZMQ, RFC 27/ZAP). */
#ifndef KOPRU_COMMON_BUS_BUS_H
#define KOPRU_COMMON_BUS_BUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/err.h"
#include "common/base/metrics.h"
#include "common/loop/loop.h"

#define BUS_KEY_SIZE 41 /* Z85 of 32 bytes, and NUL */
#define BUS_PEER_NAME_MAX 64

struct bus;
struct bus_socket;

struct bus_key {
	char public_key[BUS_KEY_SIZE];
	char secret_key[BUS_KEY_SIZE]; /* empty when only the public half is known */
};

struct bus_peer {
	char public_key[BUS_KEY_SIZE];
	char name[BUS_PEER_NAME_MAX]; /* "department/TEM", "service/notifier" */
};

struct bus *bus_new(struct loop *l, struct metrics *m, struct err *e);
void bus_free(struct bus *b); /* NULL is fine; sockets first */

int bus_key_make(struct bus_key *key, struct err *e);
/* The file holds the secret half (Z85, one line); must not be readable by others. The public half is derived. */
int bus_key_read(const char *path, struct bus_key *key, struct err *e);
int bus_key_read_public(const char *path, char public_key[BUS_KEY_SIZE], struct err *e);

/* Replaces the table of peers (copied). Until the first call no peer is answered: each waits in its handshake (3 s,
 * then it connects again). Several keys may carry one name (rotation). A key that left the table is refused from its
 * next message on. */
void bus_set_peers(struct bus *b, const struct bus_peer *peers, size_t count);
/* Is the key still in the table? "" (ipc://) always is. For who sends to a peer unasked. */
bool bus_key_known(const struct bus *b, const char *public_key);

/* Who sent a message. */
struct bus_sender {
	const void *routing_id; /* of this connection, for the answer; never an identity */
	size_t routing_size;
	const char *name; /* of the key, from ZAP; "" on ipc:// */
	const char *key; /* the public key itself; "" on ipc:// */
	/* Over tcp: it chose its routing id itself. When it goes, the holder of another key may take the same one and would
	 * get what is sent to it: so it is told why it is refused, and nothing else. */
	bool chose_id;
};

typedef void bus_on_message(void *arg, const struct bus_sender *from, const void *data, size_t size);

/* Where a ROUTER listens, and what one connection can make it hold: one good key may have many. */
struct bus_door {
	const char *endpoint;
	const struct bus_key *key; /* NULL only for ipc://, which never uses it: its folder is its lock */
	size_t frame_max; /* bytes; a longer frame ends its connection */
	int unread_max; /* frames that are received ahead */
	unsigned connections_max; /* at a tcp:// endpoint; one more ends one that has shown no key, or itself */
};

/* ROUTER. Messages larger than WIRE_FRAME_MAX, of several frames, or from tcp without a known key are dropped and
 * counted. "tcp://127.0.0.1:0" takes any port: see bus_endpoint. */
struct bus_socket *bus_bind_door(
    struct bus *b, const struct bus_door *door, bus_on_message *on_message, void *arg, struct err *e);
/* The same with room for the largest frames. */
struct bus_socket *bus_bind(struct bus *b, const char *endpoint, const struct bus_key *key, bus_on_message *on_message,
    void *arg, struct err *e);
/* DEALER. A refused handshake (it never comes back by itself) is tried anew with back-off. server_public NULL: ipc:// only. */
struct bus_socket *bus_connect(struct bus *b, const char *endpoint, const char *server_public,
    const struct bus_key *own, bus_on_message *on_message, void *arg, struct err *e);
/* DEALER. Gives the connection up and makes a new one. After a send() of its own failed, libzmq hears on but says nothing more,
 * until the other end goes. */
void bus_reconnect(struct bus_socket *s);
void bus_close(struct bus_socket *s); /* NULL is fine */
const char *bus_endpoint(const struct bus_socket *s); /* with the port that was taken */

/* -1 when the peer is gone (errno EHOSTUNREACH) or its queue is full (EAGAIN; a DEALER without a connection,
 * too): nothing was sent. from as it came in on_message (ROUTER) or NULL (DEALER). */
int bus_send(struct bus_socket *s, const void *routing_id, size_t routing_size, const void *data, size_t size);

#endif
