/* after: makes a reader wait until the read model has reached what it saw elsewhere ("read your own writes"). */
#ifndef KOPRU_SERVICES_REPORTING_AFTER_H
#define KOPRU_SERVICES_REPORTING_AFTER_H

#include <stdbool.h>
#include <stdint.h>

#include "common/feed/turns.h"
#include "common/loop/loop.h"

#define AFTER_WAIT_MS 2000
#define AFTER_WAITING_MAX 200

struct after;

/* A place in a stream; stream NULL: none. */
struct after_place {
	const char *stream; /* "intake" or "case" */
	uint64_t seq;
};

/* db: where the cursors can be read. Kept. */
struct after *after_new(struct loop *l, struct db *db);
void after_free(struct after *a); /* NULL is fine; nobody is called */
/* Where the streams stand. Kept. */
void after_set_turns(struct after *a, struct turns *intake, struct turns *cases);

/* "intake:123". false when malformed. */
bool after_parse(const char *text, struct after_place *place);
/* "intake" or "case" as a constant; NULL for anything else. */
const char *after_stream(const char *text);

/* Calls on_ready once: now when the place is reached, there is none, or too many wait; else later, when it is
 * reached or AFTER_WAIT_MS have passed. */
void after_wait(struct after *a, const struct after_place *place, void (*on_ready)(void *arg), void *arg);
/* A turn was recorded. */
void after_moved(struct after *a);

#endif
