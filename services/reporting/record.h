/* record: the effects of a turn's events on the read model. */
#ifndef KOPRU_SERVICES_REPORTING_RECORD_H
#define KOPRU_SERVICES_REPORTING_RECORD_H

#include "common/domain/calendar.h"
#include "common/feed/turns.h"
#include "services/reporting/neighbourhoods.h"

/* What an installation tells, and what events are read with. */
struct record_lists {
	struct calendar *calendar;
	struct neighbourhoods neighbourhoods;
};

/* Every type of event that this version knows. */
bool record_knows(int body_case);

/* Adds them to tx, whose arena takes what is made on the way. today: a day in Istanbul. */
void record_events(
    struct db_tx *tx, const struct turn_event *events, size_t count, const struct record_lists *lists, int32_t today);

#endif
