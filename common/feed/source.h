/* source: a stream owner's link between its database and its feed: reads what consumers ask for, keeps the
 * table of peers fresh, and publishes nothing after a (re)connect before one durable write of its
 * own has committed without a warning (a restarted primary may show rows that no standby ever got). What it reads is given
 * out only after a durable write that followed: another instance's row may stand here only, too. */
#ifndef KOPRU_COMMON_FEED_SOURCE_H
#define KOPRU_COMMON_FEED_SOURCE_H

#include "common/bus/feed_owner.h"
#include "common/db/db.h"

struct source;

struct source_conf {
	struct feed_owner_conf feed;
	const char *const *streams; /* NULL ends the list; "department/" with any ending when it ends in "/" */
};

/* writer: the connection that appends (it proves itself); reader: the one that reads for consumers. */
struct source *source_new(struct bus *b, struct loop *l, struct db *writer, struct db *reader,
    const struct source_conf *conf, struct metrics *m, struct err *e);
void source_free(struct source *s); /* NULL is fine */

/* To be called from the writer's on_up and on_down. */
void source_up(struct source *s);
void source_down(struct source *s);

/* What a committed transaction appended; in order of seq for each stream. */
void source_publish(struct source *s, const char *stream, const struct feed_item *item);
struct feed_owner *source_owner(struct source *s);

/* What time it is (clock.h). Known from just after the reader's first on_up on. */
int64_t source_now(const struct source *s);
bool source_knows_time(const struct source *s);
/* To be called from the reader's on_up: reads the clock (and the peers) before anything that is asked of the reader later. */
void source_reader_up(struct source *s);

#endif
