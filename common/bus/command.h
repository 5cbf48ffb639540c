/* command: requests to the owner of cases and their replies (proto/kopru/v1/command.proto). */
#ifndef KOPRU_COMMON_BUS_COMMAND_H
#define KOPRU_COMMON_BUS_COMMAND_H

#include "common/bus/bus.h"
#include "proto/kopru/v1/command.pb-c.h"

struct command_server;
struct command_client;

/* A received command, until it is answered. */
struct command_request;

/* peer is the name of the sender's key ("" on ipc://). command lives until the answer. */
typedef void command_on_received(
    void *arg, struct command_request *request, const char *peer, const Kopru__V1__Command *command);

struct command_server_conf {
	const char *endpoints; /* comma-separated: ipc:// and tcp:// */
	const struct bus_key *key; /* for tcp:// */
	unsigned connections_max; /* at each tcp:// endpoint (400) */
	size_t waiting_max; /* commands without an answer; more are answered busy */
	command_on_received *on_received;
	void *arg;
};

/* metrics may be NULL. */
struct command_server *command_server_new(
    struct bus *b, const struct command_server_conf *conf, struct metrics *m, struct err *e);
void command_server_free(struct command_server *s); /* NULL is fine; unanswered requests are dropped */
/* The endpoint number i as bound (for a port that was chosen). */
const char *command_server_endpoint(const struct command_server *s, size_t i);
/* Ends the request, exactly once. The reply is borrowed; its id is filled in. A sender that is gone does not matter. */
void command_reply(struct command_request *request, Kopru__V1__Reply *reply);

/* reply NULL: no answer within the time; the outcome is not known, ask again with the same id. */
typedef void command_on_replied(void *arg, const Kopru__V1__Reply *reply);

/* endpoints: one for each instance of the owner, comma-separated, ipc:// with * for all there are; commands go to the
 * first that is connected. Who says nothing for 2.5 s loses what it was sent to another one. */
struct command_client *command_client_new(struct bus *b, struct loop *l, const char *endpoints,
    const char *server_public, const struct bus_key *key, struct metrics *m, struct err *e);
void command_client_free(struct command_client *c); /* NULL is fine; what waits is told NULL */
/* -1: too many wait (1000), or the command is too large. Otherwise on_replied comes exactly once, later. */
int command_send(struct command_client *c, const Kopru__V1__Command *command, int64_t wait_ms,
    command_on_replied *on_replied, void *arg, struct err *e);

#endif
