/* batch: group commit. Whatever arrived while the last transaction was committing goes into the next
 * one. A batch that is refused is repeated by halves until the guilty item stands alone; a batch that
 * must be repeated (deadlock ...) is, up to BATCH_TRIES times; what is unknown is said to be unknown. */
#ifndef KOPRU_COMMON_DB_BATCH_H
#define KOPRU_COMMON_DB_BATCH_H

#include "common/db/db.h"

#define BATCH_TRIES 5

struct batch;

struct batch_conf {
	size_t limit; /* most items in one transaction (200) */
	size_t waiting; /* most items that wait; more are not taken */
	unsigned flights; /* transactions under way at once (1 or 2) */
	int64_t wait_ms; /* an item that could not be sent for so long ends as DB_UNAVAILABLE */
	/* May be NULL. A lock was waited for in vain (55P03): the moment to end a frozen writer; the batch is repeated. */
	void (*on_stuck)(void *arg);
};

/* Adds the statements for items to tx (count is 1..limit). */
typedef void batch_build(void *arg, struct db_tx *tx, void *const *items, size_t count);
/* The end of these items, all the same outcome; results only when DB_COMMITTED. Exactly once for each item. */
typedef void batch_done(void *arg, void *const *items, size_t count, enum db_outcome outcome,
    const struct db_results *results, const struct err *e);

struct batch *batch_new(
    struct loop *l, struct db *d, const struct batch_conf *conf, batch_build *build, batch_done *done, void *arg);
/* NULL is fine; before db_close. Items that still wait end as DB_UNAVAILABLE, those under way as DB_UNKNOWN. */
void batch_free(struct batch *b);

/* -1: full, or the database has been down for wait_ms; the item was not taken. Otherwise done comes, later. */
int batch_add(struct batch *b, void *item);
size_t batch_waiting(const struct batch *b);

#endif
