/* numbers: serials of application numbers, in blocks taken ahead of need: no two processes ever hold the same, none is
 * stored twice. What a block has left when the process or the session ends is never used. */
#ifndef KOPRU_SERVICES_INTAKE_NUMBERS_H
#define KOPRU_SERVICES_INTAKE_NUMBERS_H

#include "common/db/db.h"

struct numbers;

/* Who wants a serial; part of a larger struct, and there until it was told. */
struct number_waiter {
	struct number_waiter *next;
	uint64_t generation; /* set before on_number: of the session that the serial comes from */
	void (*on_number)(struct number_waiter *w, int32_t serial); /* 0: none can be had now */
};

/* d: any connection but the writer's, so that a block never waits behind a batch. */
struct numbers *numbers_new(struct db *d, struct metrics *m);
void numbers_free(struct numbers *n); /* NULL is fine; after db_close */

/* To be called from d's on_down. A new session may be one to a server that never heard of our blocks. */
void numbers_down(struct numbers *n);

/* Asks for a block of that year ahead, unless there is one. Years are 2000 to 2099; of another one there is no number. */
void numbers_want(struct numbers *n, int year);

/* Tells w the next serial of year: at once when there is one, else when a block has come. */
void numbers_take(struct numbers *n, int year, struct number_waiter *w);
/* A serial that was told to w and is certainly stored nowhere (its key lost to another): the next one gets it, so that
 * who repeats a request a million times does not use up the year. */
void numbers_give_back(struct numbers *n, int year, const struct number_waiter *w, int32_t serial);
/* Can a number of that year be had without waiting? */
bool numbers_ready(const struct numbers *n, int year);

#endif
