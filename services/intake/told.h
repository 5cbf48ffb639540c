/* told: when a draft has become an application, its sender is told the number and where it can be followed, once: that it
 * is being sent is durable before it is sent; an answer that is lost is "unknown", counted, and never repeated. What the
 * provider says later about it (a status with the draft's id) settles it. */
#ifndef KOPRU_SERVICES_INTAKE_TOLD_H
#define KOPRU_SERVICES_INTAKE_TOLD_H

#include "common/base/arena.h"
#include "common/db/db.h"

struct told;
struct telling;

enum telling_end {
	TELLING_SENT, /* the provider took it */
	TELLING_FAILED, /* it did not, and never will */
	TELLING_LATER, /* it certainly did not take it now (too many, unavailable): tried again later, for a day */
	TELLING_UNKNOWN, /* nobody knows */
};

/* One message to one sender. It and what it points to live until on_end, which comes exactly once, perhaps from within. */
struct telling {
	const char *reply_to; /* JSON, as the channel's item gave it */
	const char
	    *text; /* at most 1000 bytes, with number, address of the page and access code: for its sender only */
	char draft_id[UUID_TEXT_SIZE]; /* sent along, so that statuses bring it back as told_id */
	void (*on_end)(struct telling *telling, enum telling_end end);
};

/* Borrowed, all of it. */
struct told_conf {
	struct loop *loop;
	struct db *db;
	const uint8_t *access_code_key;
	size_t access_code_key_size;
	const char *public_url;
};

struct told *told_new(const struct told_conf *conf, struct metrics *m);
/* Before db_close: what has no answer yet is left, and is unknown when its time is over. */
void told_stop(struct told *t);
void told_free(struct told *t); /* NULL is fine; after db_close, and after who tells has told all ends */

/* There may be somebody to tell: it looks soon. It looks every second anyway. */
void told_wake(struct told *t);

/* asks: something that came cannot be read, its sender is asked to write it. Pure. */
char *told_text(struct arena *a, const char *number, const char *access_code, const char *public_url, bool asks);

/* How senders of a channel (Kopru__V1__Channel) are told; of a channel without one nobody is. Before the loop runs. */
void told_use(struct told *t, int channel, void (*tell)(void *arg, struct telling *telling), void *arg);

#endif
