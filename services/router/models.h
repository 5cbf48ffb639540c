/* models: which classifier decides. The active row of router.model, read when its version changes, loaded on a worker
 * thread and exchanged between two turns; where the database has none, the file of the settings. One that cannot be used
 * leaves the one before in force. */
#ifndef KOPRU_SERVICES_ROUTER_MODELS_H
#define KOPRU_SERVICES_ROUTER_MODELS_H

#include "common/db/db.h"
#include "common/topics/model.h"

struct models;

struct models_conf {
	struct db *reader;
	const char *file; /* where the database has none; "": none. Borrowed */
	void (*on_known)(void *arg); /* models_known has become true */
	void *arg;
};

/* One that is, or was, in force. Never changed; lives as long as somebody holds it. */
struct models_one {
	const struct model *model;
	int32_t version; /* of router.model; 0: of the file */
	char name[MODEL_NAME_SIZE];
};

struct models *models_new(struct loop *l, const struct models_conf *conf, struct metrics *m);
/* Begins nothing more. Before the connections are closed. */
void models_stop(struct models *m); /* NULL is fine */
void models_free(struct models *m); /* NULL is fine */

/* Asks whether another one is active; what comes of it comes later. */
void models_look(struct models *m);
/* Whether it is known which one is to be in force: the first look has come to its end, well or not. */
bool models_known(const struct models *m);

/* Version that could not be used, until another one is active; -1: none. */
int32_t models_refused(const struct models *m);

/* The one in force, until the next turn of the loop; NULL: none. */
const struct models_one *models_now(const struct models *m);
/* The same for longer, also for another thread, until models_release on the loop; NULL: none. */
const struct models_one *models_hold(struct models *m);
void models_release(const struct models_one *one); /* NULL is fine */

#endif
