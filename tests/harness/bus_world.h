/* bus_world: owners with a table in memory and consumers that check what they get, all on one loop. Each has its
 * own bus, as if it were its own process. */
#ifndef KOPRU_TESTS_HARNESS_BUS_WORLD_H
#define KOPRU_TESTS_HARNESS_BUS_WORLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/bus/bus.h"
#include "common/bus/feed_consumer.h"
#include "common/bus/feed_owner.h"

struct table_event {
	struct uuid id;
	uint8_t *bytes;
	size_t size;
};

/* One stream as the database has it. Several owners may share one. */
struct table {
	const char *stream;
	struct table_event *events; /* seq 1 stands first */
	size_t count;
	size_t room;
};

void table_append(struct table *t, size_t event_size);
void table_free(struct table *t);

struct pending_read;

struct world_owner {
	struct loop *loop;
	struct metrics *metrics;
	struct bus *bus;
	struct feed_owner *owner;
	struct table *tables[4];
	const char *forbidden; /* "peer|consumer|stream" that may not read; NULL: all may */
	bool by_name; /* a peer "department/X" reads the stream of its name, nothing else */
	unsigned reads;
	unsigned fail_reads; /* so many to come fail */
	struct pending_read *pending;
};

void world_owner_open(struct world_owner *w, struct loop *l, const char *endpoints, const struct bus_key *key);
void world_owner_close(struct world_owner *w);
/* Appends events and publishes them, as after a commit. */
void world_owner_publish(struct world_owner *w, struct table *t, size_t count, size_t event_size);
int64_t world_metric(struct metrics *m, const char *name, const char *labels);

struct world_consumer {
	struct loop *loop;
	struct metrics *metrics;
	struct bus *bus;
	struct feed_consumer *consumer;
	const struct table *table; /* what should come */
	bool acks; /* at once */
	uint64_t position;
	uint64_t acked;
	unsigned wrong; /* events out of order or with other bytes */
	unsigned diverged;
	uint64_t diverged_at;
	unsigned refused;
	unsigned batches;
	uint64_t head;
	void (*on_arrived)(struct world_consumer *c, uint64_t seq);
};

/* server and own NULL: ipc. */
void world_consumer_open(struct world_consumer *c, struct loop *l, const struct feed_consumer_conf *conf);
void world_consumer_close(struct world_consumer *c);
void world_consumer_start(struct world_consumer *c, uint64_t after);
void world_consumer_ack(struct world_consumer *c);

/* Runs the loop until done says so, or the time is over: false. */
bool world_wait(struct loop *l, bool (*done)(void *arg), void *arg, int64_t milliseconds);
void world_run(struct loop *l, int64_t milliseconds);
/* A folder of mode 0700 and its removal. */
void world_folder(char folder[64]);
void world_folder_remove(const char *folder);
/* The socket FOLDER/NAME-NUMBER.sock as a killed process leaves it. */
void world_dead_socket(const char *folder, const char *name, unsigned number);
/* Resident memory of this process in bytes; 0 under AddressSanitizer, which keeps 256 MB of what was freed. */
size_t world_memory(void);

#endif
