/* store: the notifier's statements (notifier.sql), one function for each. The only place that knows columns. */
#ifndef KOPRU_SERVICES_NOTIFIER_STORE_H
#define KOPRU_SERVICES_NOTIFIER_STORE_H

#include "common/db/db.h"
#include "services/notifier/notice.h"

/* A notice under a lease. */
struct claimed {
	struct notice notice; /* without event_id, state and reason */
	int64_t token;
	int attempts; /* with this one */
	int64_t created_at;
};

/* How an attempt ended. */
struct finish {
	struct uuid id;
	int64_t token;
	const char *state; /* "sent", "failed", or "pending" to try again */
	const char *reason; /* NULL when sent */
	int wait_seconds; /* until the next attempt */
};

struct delivered {
	struct uuid id;
	const char *number;
};

/* Each adds one call to tx and gives its index. Texts are borrowed until the transaction is done. */
size_t store_notices_insert(struct db_tx *tx, struct notice *notices, size_t count); /* sorts them */
size_t store_notices_erase(struct db_tx *tx, const struct uuid *applications, size_t count);
size_t store_notices_claim(struct db_tx *tx, int limit, int lease_seconds);
size_t store_notices_finish(struct db_tx *tx, struct finish *finishes, size_t count); /* sorts them */
size_t store_notices_erased(struct db_tx *tx, const struct finish *finishes, size_t count);
size_t store_notices_waiting(struct db_tx *tx);
/* Refuses the transaction with this reason, so that its event is parked. */
void store_notices_refuse(struct db_tx *tx, const char *reason);

/* Row of a result of store_notices_claim; texts are copied into a. */
void store_get_claimed_notice(
    const struct db_results *r, size_t call, size_t row, struct arena *a, struct claimed *claimed);
/* Row of a result of store_notices_erase or store_notices_erased; number lives as long as r. */
void store_get_delivered_notice(const struct db_results *r, size_t call, size_t row, struct delivered *delivered);
/* Of a result of store_notices_waiting. */
void store_get_waiting_notices(const struct db_results *r, size_t call, int64_t *count, int64_t *age_seconds);
/* How many rows of a result of store_notices_insert (column 0) or store_notices_finish (column 1) have this state. */
size_t store_count_notices(const struct db_results *r, size_t call, int column, const char *state);

#endif
