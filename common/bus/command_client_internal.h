/* command_client_internal: what command_client.c (commands and their replies) and command_links.c (to whom) share. */
#ifndef KOPRU_COMMON_BUS_COMMAND_CLIENT_INTERNAL_H
#define KOPRU_COMMON_BUS_COMMAND_CLIENT_INTERNAL_H

#include <sys/queue.h>

#include "common/base/ids.h"
#include "common/bus/bus_internal.h"
#include "common/bus/command.h"

/* To one instance of the owner. */
struct command_link {
	TAILQ_ENTRY(command_link) entry;
	struct command_client *client;
	struct bus_socket *socket;
	bool found;
	bool up;
	int64_t down_at; /* since when it is not up */
	int64_t heard_at;
	int64_t doubted_until;
};

TAILQ_HEAD(command_links, command_link);

/* A command without a reply; its bytes follow. */
struct command_waiting {
	TAILQ_ENTRY(command_waiting) entry;
	struct command_client *client;
	struct loop_timer *timeout;
	command_on_replied *on_replied;
	void *arg;
	struct command_link *sent; /* over which; NULL: not yet, or in vain */
	int64_t sent_at;
	unsigned sends;
	uint8_t id[UUID_SIZE];
	size_t size;
	uint8_t bytes[];
};

struct command_client {
	struct bus *bus;
	struct loop *loop;
	char patterns[BUS_ENDPOINTS_MAX][BUS_ENDPOINT_SIZE];
	size_t patterns_count;
	const char *server_public; /* while it is made */
	const struct bus_key *key;
	struct command_links links;
	size_t links_count;
	TAILQ_HEAD(command_waitings, command_waiting) waiting; /* in the order of asking */
	size_t count;
	size_t bytes;
	bool ending;
	struct loop_timer *again;
	struct loop_timer *tick;
	struct arena *packing;
	struct arena *arena; /* of one received frame */
	struct metric *sent;
	struct metric *lost;
};

/* command_links.c */
int command_links_open(struct command_client *c, const char *endpoints, struct err *e);
/* Finds instances that came, forgets those that are gone. */
void command_links_look(struct command_client *c);
/* The first that is up and not doubted; only_trusted false: or else the first that is up. NULL: there is none. */
struct command_link *command_links_best(const struct command_client *c, bool only_trusted);
void command_link_free(struct command_link *link);

/* command_client.c: of a link. */
void command_client_on_link(void *arg, bool up);
void command_client_on_message(void *arg, const struct bus_sender *from, const void *data, size_t size);
void command_client_lost(const struct command_link *link); /* what was sent over it is sent anew */

#endif
