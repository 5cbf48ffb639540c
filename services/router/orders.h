/* orders: takes commands, decides on up to ORDERS_BATCH of them at once and stores that in one transaction. Read,
 * decide in memory, write by compare and set; what turned out stale is read and decided on again. */
#ifndef KOPRU_SERVICES_ROUTER_ORDERS_H
#define KOPRU_SERVICES_ROUTER_ORDERS_H

#include "common/bus/command.h"
#include "common/db/db.h"
#include "services/router/cases.h"
#include "services/router/store_cases.h"

#define ORDERS_BATCH 200

struct orders;

struct orders_conf {
	struct db *writer; /* the connection that appends; its transactions end in order */
	struct db *reader;
	struct cases_settings settings;
	size_t waiting_max; /* more are answered busy */
	const struct catalogue *(*catalogue)(void *arg); /* NULL: not yet */
	int64_t (*now)(void *arg); /* the database's clock; known once there is a catalogue */
	uint64_t (*intake_seq)(void *arg); /* how much of stream "intake" was consumed */
	void (*on_appended)(void *arg, const struct store_appended *appended); /* committed: tell */
	void (*on_decided)(void *arg, const struct cases *cases); /* the same: what became of them */
	void *arg;
};

struct orders *orders_new(struct loop *l, const struct orders_conf *conf, struct metrics *m);
/* Begins nothing more. Before the connections are closed. */
void orders_stop(struct orders *c);
void orders_free(struct orders *c); /* NULL is fine; what waits is answered busy */

/* peer and command live until the request is answered, which happens exactly once, now or later. */
void orders_take(
    struct orders *c, struct command_request *request, const char *peer, const Kopru__V1__Command *command);
/* The same of our own clock: nobody is answered. Takes over the arena, in which the command lives. */
void orders_take_own(struct orders *c, struct arena *a, const Kopru__V1__Command *command);
/* The same; on_end is told the code of Reply, exactly once, now or later. */
struct orders_told {
	void (*on_end)(void *arg, int code);
	void *arg;
};
void orders_take_told(
    struct orders *c, struct arena *a, const Kopru__V1__Command *command, const struct orders_told *told);

/* Something was consumed, a connection came up, a catalogue was read: look again. */
void orders_wake(struct orders *c);
/* NULL: not yet. */
const struct catalogue *orders_catalogue(const struct orders *c);
/* Commands that have no answer yet, and the age of the oldest in microseconds. */
size_t orders_waiting(const struct orders *c);
int64_t orders_oldest(const struct orders *c);

#endif
