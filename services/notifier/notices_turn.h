/* notices_turn: what one turn of events adds to its transaction: notices to applicants and to staff, what is known of
 * addresses, what is forgotten. */
#ifndef KOPRU_SERVICES_NOTIFIER_NOTICES_TURN_H
#define KOPRU_SERVICES_NOTIFIER_NOTICES_TURN_H

#include "common/base/metrics.h"
#include "common/feed/turns.h"
#include "services/notifier/sender.h"
#include "services/notifier/staff.h"
#include "services/notifier/store.h"

/* What a turn adds to its transaction. */
struct notices_turn {
	struct notice *notices;
	size_t count;
	struct uuid *unproven; /* applications whose address the event does not prove */
	size_t unproven_count;
	struct uuid *proven; /* applications whose address it does, after others */
	size_t proven_count;
	struct uuid *erased;
	const char **erased_numbers;
	size_t erased_count;
	struct staff_notice *staff;
	size_t staff_count;
	size_t insert_call, erase_call, staff_call;
};

/* How what staff is to be told ends: as a letter, in a summary, with nobody to tell. */
#define NOTICES_STAFF_ENDS 3

/* Lives in the transaction's arena. */
struct notices_turn *notices_turn_record(
    struct db_tx *tx, struct sender *sender, const struct turn_event *events, size_t count);
void notices_turn_metrics(struct metrics *m, struct metric *staff[NOTICES_STAFF_ENDS]);
void notices_turn_count_staff(
    const struct notices_turn *turn, const struct db_results *results, struct metric *const staff[NOTICES_STAFF_ENDS]);

#endif
