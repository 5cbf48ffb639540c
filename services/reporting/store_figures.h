/* store_figures: the statements of figures.sql. The only place that knows their columns. */
#ifndef KOPRU_SERVICES_REPORTING_STORE_FIGURES_H
#define KOPRU_SERVICES_REPORTING_STORE_FIGURES_H

#include <stdbool.h>

#include "common/db/db.h"
#include "services/reporting/figures.h"
#include "services/reporting/listing.h"
#include "services/reporting/year.h"

/* Calls of one summary. */
struct store_summary_calls {
	size_t month_groups, month_spreads, edge_groups, edge_spreads, day_tallies, day_spreads, backlog;
	bool edges; /* the period has some */
};

/* Adds them to tx, which must be committed (not read), so that they see one snapshot; it begins with that. */
void store_snapshot(struct db_tx *tx);
struct store_summary_calls store_summary(struct db_tx *tx, int32_t from, int32_t to);
/* Fills f. -1 when something stored is not readable. */
int store_get_summary(
    const struct db_results *r, const struct store_summary_calls *calls, struct figures *f, struct err *e);

size_t store_list(struct db_tx *tx, const struct listing *listing, const struct listing_place *after, int64_t limit);
void store_get_list_row(const struct db_results *r, size_t call, size_t row, struct listing_row *to);

size_t store_year(struct db_tx *tx, int year);
/* Fills y. */
void store_get_year(const struct db_results *r, size_t call, struct year *y);

#endif
