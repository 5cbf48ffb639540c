/* learning: the classifier is trained anew from what staff said, once a week and when asked for: by one router at a time
 * (a lease by the database's clock), on a worker thread; and exchanged only for one that is not worse. */
#ifndef KOPRU_SERVICES_ROUTER_LEARNING_H
#define KOPRU_SERVICES_ROUTER_LEARNING_H

#include "common/db/db.h"
#include "common/feed/source.h"
#include "services/router/refresh.h"

struct learning;

struct learning_conf {
	struct db *db; /* a connection of its own: a model is big */
	struct source *source; /* knows the day */
	struct refresh *refresh; /* has the catalogue and the model in force */
	bool on; /* else it never trains */
	int days; /* from one training to the next */
	int examples; /* own ones that are enough for a training */
	int months; /* older ones do not count */
	size_t bytes; /* of texts, most */
};

struct learning *learning_new(struct loop *l, const struct learning_conf *conf, struct metrics *m);
/* Begins nothing more, and has a training give up. Before the connections are closed. */
void learning_stop(struct learning *l); /* NULL is fine */
void learning_free(struct learning *l); /* NULL is fine */

#endif
