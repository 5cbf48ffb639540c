/* ledger: what an event adds to, moves in and ends of the inbox and the promises: every date that a citizen was told, and
 * what became of it. Derived from events of stream "case" only. */
#ifndef KOPRU_SERVICES_REPORTING_LEDGER_H
#define KOPRU_SERVICES_REPORTING_LEDGER_H

#include "common/db/db.h"
#include "common/feed/turns.h"

/* Adds what the events of one turn mean, in their order. */
void ledger_record(struct db_tx *tx, const struct turn_event *events, size_t count);

#endif
