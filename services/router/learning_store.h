/* learning_store: the statements of learning. */
#ifndef KOPRU_SERVICES_ROUTER_LEARNING_STORE_H
#define KOPRU_SERVICES_ROUTER_LEARNING_STORE_H

#include "common/db/db.h"
#include "services/router/learning_corpus.h"
#include "services/router/learning_trial.h"

#define LEARNING_SHIPPED_LIMIT 1000
#define LEARNING_OWN_LIMIT 100 /* each brings a payload of up to 256 KiB */

struct learning_taking {
	struct uuid holder;
	int lease_seconds;
	int days, examples;
	int32_t in_force, refused;
};

/* Where reading the corpus is. */
struct learning_place {
	int64_t shipped_id;
	int64_t own_at, own_id;
	int months;
};

void learning_store_take(struct db_tx *tx, const struct learning_taking *taking);
/* Whether the lease is ours; *active: version that is active, 0: none. */
bool learning_store_taken(const struct db_results *results, int32_t *active);
void learning_store_renew(struct db_tx *tx, const struct uuid *holder, int lease_seconds);

/* The next texts into the corpus; false: there are no more, or it is full. */
void learning_store_shipped(struct db_tx *tx, const struct learning_place *place);
bool learning_store_shipped_read(const struct db_results *results, struct learning_place *place, struct corpus *c);
void learning_store_own(struct db_tx *tx, const struct learning_place *place);
bool learning_store_own_read(const struct db_results *results, struct learning_place *place, struct corpus *c);

/* The end of a training, with what came of it; trial is borrowed until it is done. active: version that was active when it
 * began. */
void learning_store_end(
    struct db_tx *tx, const struct uuid *holder, const char *outcome, const char *reason, const char *figures);
void learning_store_model(struct db_tx *tx, const struct trial *trial, int32_t active);

#endif
