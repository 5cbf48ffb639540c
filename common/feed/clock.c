/* clock: see the header. */
#include "common/feed/clock.h"

#include "common/base/ids.h"
#include "common/base/log.h"
#include "common/feed/feed.sql.h"

#define DIFFER_US 1000000

size_t
feed_clock_ask(struct db_tx *tx)
{
	return db_call(tx, &feed_statements[FEED_CLOCK]);
}

void
feed_clock_take(struct feed_clock *c, const struct db_results *results, size_t call)
{
	int64_t theirs = db_int8(results, call, 0, 0), ahead = theirs - clock_now();
	bool differs = ahead > DIFFER_US || ahead < -DIFFER_US;

	c->ahead = theirs - clock_monotonic();
	c->known = true;
	if (differs != c->differs)
		log_warn("clock.differs", "database_ahead_ms=%lld text=\"%s\"", (long long)ahead / 1000,
		    differs ? "the database's is used; set this machine's (NTP)" : "not any more");
	c->differs = differs;
}

int64_t
feed_clock_now(const struct feed_clock *c)
{
	return c->known ? clock_monotonic() + c->ahead : clock_now();
}
