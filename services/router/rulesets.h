/* rulesets: which rules decide. The active set of router.rules, read when its version changes, compiled on a worker thread
 * and exchanged between two turns. One that cannot be used leaves the one before in force. */
#ifndef KOPRU_SERVICES_ROUTER_RULESETS_H
#define KOPRU_SERVICES_ROUTER_RULESETS_H

#include "common/base/metrics.h"
#include "common/db/db.h"
#include "common/rules/rules.h"
#include "services/router/catalogue.h"

struct rulesets;

struct rulesets_conf {
	struct db *reader;
	const struct catalogue *(*catalogue)(void *arg); /* as it is now; not NULL once there was a look */
	void (*on_known)(void *arg); /* rulesets_known has become true */
	void *arg;
};

struct rulesets *rulesets_new(struct loop *l, const struct rulesets_conf *conf, struct metrics *m);
/* Begins nothing more. Before the connections are closed. */
void rulesets_stop(struct rulesets *r); /* NULL is fine */
void rulesets_free(struct rulesets *r); /* NULL is fine */

/* Asks whether another set is active; what comes of it comes later. A set that names, in a rule that counts today, a
 * department or topic that the catalogue does not have, is refused, unless there is none to keep. */
void rulesets_look(struct rulesets *r, int32_t today);
/* Whether it is known which set is to be in force: the first look has come to its end, well or not. */
bool rulesets_known(const struct rulesets *r);
/* The one in force, until the next turn of the loop; NULL: none. */
const struct rules *rulesets_now(const struct rulesets *r);

#endif
