/* store_clocks: clocks as rows: one function for each step; the one place that knows the columns of clocks.sql. */
#ifndef KOPRU_SERVICES_ROUTER_STORE_CLOCKS_H
#define KOPRU_SERVICES_ROUTER_STORE_CLOCKS_H

#include "common/db/db.h"
#include "services/router/cases.h"
#include "services/router/routing.h"

#define STORE_CLOCKS_MAX 5000 /* of one read: those of STORE_CASES_MAX cases */

/* Reads the clocks of the cases that call gives into their records. */
void store_clocks_read(const struct db_results *results, size_t call, const struct cases *c);

/* Writes what changed of the clocks of these records. */
void store_clocks_write(struct db_tx *tx, const struct case_record *const *records, size_t count);
/* The clocks of cases that were routed. */
void store_clocks_open(struct db_tx *tx, const struct routing *routings, size_t count);

/* A clock that has something to tell. */
struct store_clock_due {
	struct uuid application_id;
	uint32_t version; /* of the case */
	int state, kind;
	struct case_clock clock;
};
void store_clocks_due(struct db_tx *tx, int64_t now, int limit);
void store_clock_due_read(const struct db_results *results, size_t row, struct store_clock_due *due);
/* Removes those of cases that have ended. */
void store_clocks_forget(struct db_tx *tx, const struct uuid *applications, size_t count);

/* Open cases that an older version opened, and so have no clocks: read, and written with them. changed_at: since when it is
 * as it is. */
void store_cases_unclocked(struct db_tx *tx, int limit);
void store_case_unclocked_read(
    const struct db_results *results, size_t row, struct arena *a, struct case_record *r, int64_t *changed_at);
void store_cases_clocked(struct db_tx *tx, const struct case_record *const *records, size_t count);

#endif
