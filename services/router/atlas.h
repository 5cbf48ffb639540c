/* atlas: which places are known. Areas and streets of router.area and router.street, read when their mark changes, made into
 * one set on a worker thread and exchanged between two turns. A set that cannot be used leaves the one before in force. */
#ifndef KOPRU_SERVICES_ROUTER_ATLAS_H
#define KOPRU_SERVICES_ROUTER_ATLAS_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/metrics.h"
#include "common/db/db.h"
#include "common/places/places.h"

struct atlas;

struct atlas_conf {
	struct db *reader;
	void (*on_known)(void *arg); /* atlas_known has become true */
	void *arg;
};

struct atlas *atlas_new(struct loop *l, const struct atlas_conf *conf, struct metrics *m);
/* Begins nothing more. Before the connections are closed. */
void atlas_stop(struct atlas *a); /* NULL is fine */
void atlas_free(struct atlas *a); /* NULL is fine */

/* Asks whether another set is valid today; what comes of it comes later. */
void atlas_look(struct atlas *a, int32_t today);
/* The first look has come to its end, well or not. */
bool atlas_known(const struct atlas *a);
/* The set in force, until the next turn of the loop; NULL: none. */
const struct places *atlas_now(const struct atlas *a);

#endif
