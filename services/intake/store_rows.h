/* store_rows: records as columns of intake.application and of the stream; the one place that knows their order. */
#ifndef KOPRU_SERVICES_INTAKE_STORE_ROWS_H
#define KOPRU_SERVICES_INTAKE_STORE_ROWS_H

#include "services/intake/store.h"

/* By scope and key, so that two writers lock in one order; those without a key first. */
void store_rows_sort(struct record **records, size_t count);
/* The parameters of applications_insert: those of the rows, then those of the events. */
void store_rows_bind(struct db_tx *tx, struct record *const *records, size_t count);
void store_events_bind(struct db_tx *tx, struct record *const *records, size_t count);
/* Those of attachments_bind. */
size_t store_attachments_count(struct record *const *records, size_t count);
void store_attachments_bind(struct db_tx *tx, struct record *const *records, size_t count);

#endif
