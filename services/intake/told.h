/* told: when a draft has become an application, its sender is told the number and where it can be followed, once: that it
 * is being sent is durable before it is sent; an answer that is lost is "unknown", counted, and never repeated. What the
 * provider says later about it (a status with the draft's id) settles it. */
#ifndef KOPRU_SERVICES_INTAKE_TOLD_H
#define KOPRU_SERVICES_INTAKE_TOLD_H

#include "common/db/db.h"
#include "services/intake/channels/tell.h"

struct told;

/* Borrowed, all of it. */
struct told_conf {
	struct loop *loop;
	struct db *db;
	/* One attempt (tell_send); on_end comes once, always. */
	void (*send)(void *arg, struct tell *t);
	void *arg;
	const uint8_t *access_code_key;
	size_t access_code_key_size;
	const char *public_url;
};

struct told *told_new(const struct told_conf *conf, struct metrics *m);
/* Before db_close and graph_free: what has no answer yet is left, and is unknown when its time is over. */
void told_stop(struct told *t);
void told_free(struct told *t); /* NULL is fine; after both */

/* There may be somebody to tell: it looks soon. It looks every second anyway. */
void told_wake(struct told *t);

/* At most 1000 bytes. asks: something that came cannot be read, its sender is asked to write it. Pure. */
char *told_text(struct arena *a, const char *number, const char *access_code, const char *public_url, bool asks);

#endif
