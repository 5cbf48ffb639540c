/* returned: consumes stream "bounce": a letter that came back is marked, and its address is not written to again for that
 * application. */
#ifndef KOPRU_SERVICES_NOTIFIER_RETURNED_H
#define KOPRU_SERVICES_NOTIFIER_RETURNED_H

#include "common/feed/turns.h"

struct returned;

struct returned_conf {
	const char *endpoints; /* of stream "bounce": NOTIFIER_INTAKE_FEED */
	const char *server_public; /* NULL: none */
	const struct bus_key *key; /* NULL: none */
	unsigned window;
};

struct returned *returned_new(
    struct bus *b, struct loop *l, struct db *d, const struct returned_conf *conf, struct metrics *m, struct err *e);
void returned_free(struct returned *r); /* NULL is fine, as for the others */

/* To be called from d's on_up and on_down. */
void returned_up(struct returned *r);
void returned_down(struct returned *r);
const char *returned_stuck(const struct returned *r);

#endif
