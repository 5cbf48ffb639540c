/* clock: what time it is by the database, whose clock is the one of all leases: read now and then, and carried on in between
 * by the monotonic clock. So a wrong wall clock of a service's machine gives no wrong date. */
#ifndef KOPRU_COMMON_FEED_CLOCK_H
#define KOPRU_COMMON_FEED_CLOCK_H

#include "common/db/db.h"

struct feed_clock {
	bool known, differs;
	int64_t ahead; /* of the monotonic clock */
};

/* Adds the question to tx; the result is the call's index. */
size_t feed_clock_ask(struct db_tx *tx);
/* Takes the answer; says in the log when this machine's clock differs. */
void feed_clock_take(struct feed_clock *c, const struct db_results *results, size_t call);
/* Microseconds since 1970; by this machine's clock as long as none was read. */
int64_t feed_clock_now(const struct feed_clock *c);

#endif
