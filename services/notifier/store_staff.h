/* store_staff: binds and columns of staff.sql. */
#ifndef KOPRU_SERVICES_NOTIFIER_STORE_STAFF_H
#define KOPRU_SERVICES_NOTIFIER_STORE_STAFF_H

#include "common/db/db.h"
#include "services/notifier/staff.h"

/* One row: letters, left to a summary, events that nobody is told of. Gives the index of the call. */
size_t store_staff_insert(struct db_tx *tx, const struct staff_notice *notices, size_t count);
/* What has waited for an hour goes out as one letter to each. */
void store_staff_sum_up(struct db_tx *tx);

#endif
