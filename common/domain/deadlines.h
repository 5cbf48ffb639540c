/* deadlines: until when something is to be answered, by law and by the municipality's own targets, and when so much of the
 * term has passed. legal_basis is a kopru.v1.LegalBasis, kind a kopru.v1.Kind. Pure. */
#ifndef KOPRU_COMMON_DOMAIN_DEADLINES_H
#define KOPRU_COMMON_DOMAIN_DEADLINES_H

#include <stdbool.h>
#include <stdint.h>

#include "common/domain/calendar.h"
#include "common/domain/working_time.h"

struct deadline {
	int32_t on; /* the last day; 0: there is no term */
	int64_t at; /* the first instant at which it is late */
};

/* Which law an application of this kind follows; one of CİMER follows that of its kind, too. */
int deadline_legal_basis(int kind);

/* The law's term for what began on a day, which is not counted (2577 art. 8/1 by analogy).
 * Law 3071 art. 7 and Law 6698 art. 13: 30 days. Law 4982 art. 11: 15 working days, extended 30. A last day on a holiday or
 * weekend moves to the next working day (2577 art. 8/2 by analogy); half holidays are working days; leave and closures do
 * not count; in a suspension the term stands. Other legal bases have no term. Late is the day after. */
struct deadline deadline_legal(const struct calendar *c, int legal_basis, int32_t started_on, bool extended);

/* What the law makes of one day of a term, for an explanation. */
enum deadline_day { DEADLINE_COUNTED, DEADLINE_WEEKEND, DEADLINE_HOLIDAY, DEADLINE_STANDS };
enum deadline_day deadline_day(const struct calendar *c, int legal_basis, int32_t day);
/* Days of the term, and whether they are working days; 0: no term. */
int deadline_days(int legal_basis, bool extended, bool *working);

/* The municipality's own target for a topic. */
struct deadline_target {
	int working_days; /* 0: on the same working day; below 0: there is none */
	int working_minutes; /* instead of the days, when above 0 */
	int32_t reply_by; /* the last day that whoever forwarded it asked for; 0: none. The earlier one counts */
};
/* Of days: the close of the last one; received after closing, or when nobody works: 0 days are the next office day. Leave
 * and closures are no office days. */
struct deadline deadline_target(const struct calendar *c, int64_t received_at, const struct deadline_target *target);
/* A day that is given: late is the day after. */
struct deadline deadline_day_given(int32_t day);

/* A clock as stages are told of: where it began to count and when it is late. */
struct deadline_clock {
	enum time_measure measure;
	int64_t from, due_at;
};
/* Of a legal term: counted from the day after it began. */
struct deadline_clock deadline_clock_legal(int legal_basis, int32_t started_on, int64_t due_at);
/* The instant at which so much of the term has passed: 100 is due_at, 50 comes when half of what counts between from and
 * due_at has counted, 150 when half of it has counted again after due_at. */
int64_t deadline_stage(const struct calendar *c, const struct deadline_clock *clock, unsigned percent);

#endif
