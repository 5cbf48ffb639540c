/* working_time: time that counts, between two instants and from one on: whole days, working days, or the hours in which
 * the municipality is open: Monday to Friday 08:30-12:30 and 13:30-17:30 in Istanbul, on a half day the morning. Instants
 * and amounts are microseconds. Pure. */
#ifndef KOPRU_COMMON_DOMAIN_WORKING_TIME_H
#define KOPRU_COMMON_DOMAIN_WORKING_TIME_H

#include <stdint.h>

#include "common/domain/calendar.h"

enum time_measure {
	TIME_DAYS, /* all days but those of a suspension: Laws 3071, 6698 */
	TIME_WORKING_DAYS, /* working days of the laws, whole, but those of a suspension: Law 4982 */
	TIME_OFFICE, /* the hours in which the municipality is open */
};

/* What counts between two instants; 0 when to is before from. At most 100 years are looked at. */
int64_t working_time_between(const struct calendar *c, enum time_measure measure, int64_t from, int64_t to);
/* The first instant at which so much has counted since from; from itself for 0 and less. After 100 years it gives up and
 * gives that instant. */
int64_t working_time_after(const struct calendar *c, enum time_measure measure, int64_t from, int64_t amount);
/* Whole minutes of office time. */
int32_t working_time_minutes(const struct calendar *c, int64_t from, int64_t to);
/* When the offices close on an office day. */
int64_t working_time_closes(const struct calendar *c, int32_t day);

#endif
