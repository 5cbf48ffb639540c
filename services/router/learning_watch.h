/* learning_watch: whether decisions have become worse: the view router.drift, looked at every ten minutes; a gauge, and a
 * line when it turns. */
#ifndef KOPRU_SERVICES_ROUTER_LEARNING_WATCH_H
#define KOPRU_SERVICES_ROUTER_LEARNING_WATCH_H

#include "common/db/db.h"

struct learning_watch;

struct learning_watch *learning_watch_new(struct loop *l, struct db *db, struct metrics *m);
/* Begins nothing more. Before the connection is closed. */
void learning_watch_stop(struct learning_watch *w); /* NULL is fine */
void learning_watch_free(struct learning_watch *w); /* NULL is fine */

#endif
