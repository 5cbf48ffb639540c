/* bus_internal: what the files of common/bus share and nobody else sees. */
#ifndef KOPRU_COMMON_BUS_BUS_INTERNAL_H
#define KOPRU_COMMON_BUS_BUS_INTERNAL_H

#include <stdbool.h>

#include "common/bus/bus.h"

#define BUS_ENDPOINT_SIZE 256
#define BUS_ENDPOINTS_MAX 16
#define BUS_ROUTING_ID_MAX 255
#define BUS_TURN_MESSAGES 64 /* then the loop gets its turn */

enum bus_dropped {
	BUS_DROPPED_MULTIPART,
	BUS_DROPPED_TOO_LARGE,
	BUS_DROPPED_UNKNOWN_KEY,
	BUS_DROPPED_MALFORMED,
	BUS_DROPPED_UNEXPECTED,
	BUS_DROPPED_CHOSEN_ID,
	BUS_DROPPED_REASONS
};

struct bus_zap;
struct bus_watch;
struct bus_monitor;
struct bus_connections;

struct bus {
	struct loop *loop;
	struct metrics *metrics;
	void *context;
	struct bus_zap *zap;
	unsigned monitors; /* made so far, for their names */
	struct metric *dropped[BUS_DROPPED_REASONS];
	struct metric *full;
	struct metric *refused;
	struct metric *handshakes_failed;
	struct metric *reconnected;
	struct metric *ended;
};

struct bus_socket {
	struct bus *bus;
	void *socket;
	struct bus_watch *watch;
	struct bus_monitor *monitor;
	struct bus_connections *connections; /* of a tcp:// door */
	bool router;
	bool curve;
	bool closed;
	unsigned busy; /* calls of ours that stand on the stack and will look at it again */
	char endpoint[BUS_ENDPOINT_SIZE];
	bus_on_message *on_message;
	void (*on_link)(void *arg, bool up);
	void *arg;
};

void bus_drop(struct bus *b, enum bus_dropped reason);

/* bus_watch.c: a ZeroMQ socket on the loop. receive takes one message; it may free the watch. */
struct bus_watch *bus_watch_new(struct loop *l, void *socket, void (*receive)(void *arg), void *arg, struct err *e);
void bus_watch_free(struct bus_watch *w); /* NULL is fine; before the socket is closed */
/* To be called after any use of the socket: it may have eaten the edge. */
void bus_watch_again(struct bus_watch *w);

/* bus_zap.c: who gets in. */
struct bus_zap *bus_zap_new(struct bus *b, struct err *e);
void bus_zap_free(struct bus_zap *z); /* NULL is fine */
void bus_zap_set(struct bus_zap *z, const struct bus_peer *peers, size_t count);
const struct bus_peer *bus_zap_find(const struct bus_zap *z, const char *public_key); /* NULL: not in the table */

/* bus_connections.c: no more than max at a tcp:// door, by its endpoint as bound. By the descriptors that libzmq tells. */
struct bus_connections *bus_connections_new(struct bus *b, const char *endpoint, unsigned max);
void bus_connections_free(struct bus_connections *c); /* NULL is fine */
void bus_connections_opened(struct bus_connections *c, int fd);
void bus_connections_closed(struct bus_connections *c, int fd);

/* bus_monitor.c: what happens to the connections of a socket. Of a DEALER it tells when it is up or down,
 * and brings back what was refused; of a door it tells its connections. */
struct bus_monitor *bus_monitor_new(
    struct bus *b, void *socket, const char *reconnect, void (*on_link)(void *arg, bool up), void *arg, struct err *e);
void bus_monitor_count(struct bus_monitor *m, struct bus_connections *connections); /* which are kept by the caller */
void bus_monitor_reconnect(struct bus_monitor *m); /* of a DEALER: with a new connection */
void bus_monitor_free(struct bus_monitor *m); /* NULL is fine; before the socket is closed */

/* A DEALER's connection came up (the handshake is done) or went down. Same arg as on_message. */
void bus_on_link(struct bus_socket *s, void (*on_link)(void *arg, bool up));

/* bus_endpoint.c: "a,b,c" into pieces without blanks. */
int bus_endpoints_split(const char *text, char endpoints[][BUS_ENDPOINT_SIZE], size_t *count, struct err *e);
bool bus_endpoint_is_tcp(const char *endpoint);
bool bus_endpoint_is_ipc(const char *endpoint);
/* -1: somebody listens on this ipc:// endpoint, or its path is too long. */
int bus_endpoint_check_free(const char *endpoint, struct err *e);
bool bus_endpoint_has_star(const char *endpoint);
/* Calls found for each file that an ipc:// endpoint with a * stands for. An instance that was killed leaves its file
 * behind, and nobody may ever come back to it. */
void bus_endpoint_look(const char *pattern, void (*found)(void *arg, const char *endpoint), void *arg);
/* Does somebody listen on this ipc:// endpoint? Not to be asked of who is connected: libzmq counts it as a failed handshake. */
bool bus_endpoint_listened(const char *endpoint);

#define BUS_ENDPOINT_LEFT_US 10000000 /* nobody came back to it for so long: it is forgotten */

#endif
