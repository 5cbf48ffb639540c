/* store_recompute: one function for each unit of recompute.sql; the one place that knows its columns. */
#ifndef KOPRU_SERVICES_ROUTER_STORE_RECOMPUTE_H
#define KOPRU_SERVICES_ROUTER_STORE_RECOMPUTE_H

#include "common/db/db.h"
#include "common/domain/calendars.h"
#include "services/router/cases.h"

/* Lists the deadlines that moved in this batch. */
void store_moves_write(struct db_tx *tx, const struct cases *c);

/* All versions of the calendar. */
void store_calendars_wanted(struct db_tx *tx);
/* NULL with the reason when it is not usable. reason: of the newest version, in a. */
struct calendars *store_calendars_read(
    const struct db_results *results, struct arena *a, const char **reason, bool *unfinished, struct err *e);

/* The groups after one that is known; NULL: the first ones. */
void store_groups_wanted(struct db_tx *tx, const struct calendars_group *after, int limit);
struct calendars_group store_group_read(const struct db_results *results, size_t row);

/* The clocks of a group after an application. */
void store_group_clocks_wanted(struct db_tx *tx, const struct calendars_group *g, const struct uuid *after, int limit);
struct store_group_clock {
	struct uuid application_id;
	uint32_t version; /* of the case */
	int64_t started_at;
};
struct store_group_clock store_group_clock_read(const struct db_results *results, size_t row);

void store_recomputed(struct db_tx *tx, int32_t version);

#endif
