/* store: the notifier's statements (notifier.sql, sending.sql), one function for each. The only place that knows columns. */
#ifndef KOPRU_SERVICES_NOTIFIER_STORE_H
#define KOPRU_SERVICES_NOTIFIER_STORE_H

#include "common/db/db.h"
#include "services/notifier/notice.h"

/* A notice under a lease. */
struct claimed {
	struct notice notice; /* without event_id, version, policy, state and reason */
	int64_t token;
	int attempts; /* with this one */
	bool resend; /* nobody knows whether an earlier attempt succeeded */
	int64_t created_at;
	int64_t now; /* the database's clock */
	bool verified, opted_out;
	int letters_today, confirms_today; /* to the same address, this one apart */
};

/* What may be claimed. */
struct claim {
	int limit; /* most notices */
	int lease_seconds;
	const char *const *domains;
	size_t domain_count;
	bool only_these; /* domains; else all but them */
	const char *const *limited; /* domains with a limit of their own */
	const int *limits;
	size_t limited_count;
	int limit_a_domain; /* of any other domain */
	const char *provider;
	const char *begin_after; /* domain */
	int count_today_to; /* 0: does not count what an address got today */
};

/* How an attempt ended. */
struct finish {
	struct uuid id;
	int64_t token;
	const char *state; /* "sent", "failed", "unknown", "held", "none", or "pending" to try again */
	const char *reason; /* NULL when sent */
	const char *outcome; /* of the attempt: "sent", "retried", "failed", "unknown", "delayed" */
	int wait_seconds; /* until the next attempt */
	bool uncounted; /* as an attempt: nothing was sent */
};

struct delivered {
	struct uuid id;
	const char *number;
};

struct proof {
	struct uuid application_id;
	const char *address;
};

/* A letter that came back. */
struct returned_letter {
	struct uuid id, application_id;
	const char *status; /* NULL: none was given */
	bool permanent; /* so will others to its address */
};

struct waiting {
	int64_t count, age_seconds, held, unknown;
};

/* Each adds one call to tx and gives its index. Texts are borrowed until the transaction is done. */
void store_addresses_learn(struct db_tx *tx, const struct notice *notices, size_t count);
size_t store_notices_insert(struct db_tx *tx, struct notice *notices, size_t count); /* sorts them */
size_t store_confirms_ensure(struct db_tx *tx, const struct uuid *applications, size_t count);
size_t store_notices_release(struct db_tx *tx, const struct uuid *applications, size_t count);
size_t store_notices_erase(struct db_tx *tx, const struct uuid *applications, size_t count);
size_t store_addresses_find(struct db_tx *tx, const char *number);
/* The address is proven: gives the call whose rows are the notices that were released. */
size_t store_address_verify(struct db_tx *tx, const struct proof *proof);
/* Gives the call whose rows are the notices that will not go out. */
size_t store_address_opt_out(struct db_tx *tx, const struct proof *proof);
/* Gives the call whose rows are the notices that were not known to have come back. */
size_t store_notices_return(struct db_tx *tx, const struct returned_letter *letters, size_t count);
size_t store_notices_claim(struct db_tx *tx, const struct claim *claim);
size_t store_notices_finish(
    struct db_tx *tx, struct finish *finishes, size_t count, int settle_seconds); /* sorts them */
void store_notices_extend(struct db_tx *tx, struct finish *held, size_t count, int lease_seconds); /* sorts them */
size_t store_notices_recover(struct db_tx *tx, int settle_seconds);
size_t store_notices_give_up(struct db_tx *tx, int days);
size_t store_notices_erased(struct db_tx *tx, const struct finish *finishes, size_t count);
size_t store_notices_waiting(struct db_tx *tx);
/* Refuses the transaction with this reason, so that its event is parked. */
void store_notices_refuse(struct db_tx *tx, const char *reason);

/* Row of a result of store_notices_claim; texts are copied into a. */
void store_get_claimed_notice(
    const struct db_results *r, size_t call, size_t row, struct arena *a, struct claimed *claimed);
/* Row of a result of store_notices_erase or store_notices_erased; number lives as long as r. */
void store_get_delivered_notice(const struct db_results *r, size_t call, size_t row, struct delivered *delivered);
/* Row of a result of store_addresses_find; copied into a. */
void store_get_proof(const struct db_results *r, size_t call, size_t row, struct arena *a, struct proof *proof);
/* Of a result of store_notices_waiting. */
void store_get_waiting_notices(const struct db_results *r, size_t call, struct waiting *waiting);
/* How many rows of a result of store_notices_insert or store_notices_recover (column 0) or store_notices_finish (column 1)
 * have this state. */
size_t store_count_notices(const struct db_results *r, size_t call, int column, const char *state);

#endif
