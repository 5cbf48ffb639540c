/* catalogue: departments, topics and holidays as they stand on one day; never changed, only replaced. Pure. */
#ifndef KOPRU_SERVICES_ROUTER_CATALOGUE_H
#define KOPRU_SERVICES_ROUTER_CATALOGUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/err.h"
#include "common/domain/calendar.h"
#include "services/router/topics.h"

#define CATALOGUE_DESK "HM" /* the service desk: where all goes that no rule knows */

struct catalogue_department {
	const char *code, *name_tr, *name_en;
	bool outside; /* another institution */
	const char *phone; /* of an institution; "": none */
	const char
	    *letter; /* to it, when a matter is its own, with {number}, {date}, {topic}, {institution}; "": none */
};

struct catalogue_topic {
	const char *code, *name_tr;
	const char *department; /* may be one that is not in the catalogue */
	int32_t target_working_days;
	const char *keywords; /* folded, one a line */
	const char *name_en;
	const char *shared_with; /* code of who has a part in it; "": nobody */
	const char *emergency; /* life safety: what to call at once; "": nothing */
	const char *basket; /* "thanks", "irrelevant", "follow_up"; "": a matter */
	int32_t target_working_minutes; /* 0: by target_working_days */
};

struct catalogue_day {
	int32_t day;
	enum calendar_kind kind;
};

/* All rows, in order of their keys. A text that is NULL is taken for "". */
struct catalogue_rows {
	const struct catalogue_department *departments;
	size_t department_count;
	const struct catalogue_topic *topics;
	size_t topic_count;
	const struct catalogue_day *days; /* of the calendar */
	size_t day_count;
	int32_t calendar_version;
};

struct catalogue;

/* Copies the rows. NULL when the desk is missing or the calendar is not usable. */
struct catalogue *catalogue_new(const struct catalogue_rows *rows, struct err *e);
void catalogue_free(struct catalogue *c); /* NULL is fine */

/* NULL when there is none. */
const struct catalogue_department *catalogue_department(const struct catalogue *c, const char *code);
const struct catalogue_topic *catalogue_topic(const struct catalogue *c, const char *code);
/* i < the number of topics, in order of their codes, as catalogue_topics has them. */
const struct catalogue_topic *catalogue_topic_at(const struct catalogue *c, size_t i);
const struct topics *catalogue_topics(const struct catalogue *c);
const struct calendar *catalogue_calendar(const struct catalogue *c);
int32_t catalogue_calendar_version(const struct catalogue *c); /* 0: of before there were any */

/* The same for the same rows. */
uint64_t catalogue_rows_fingerprint(const struct catalogue_rows *rows);
uint64_t catalogue_fingerprint(const struct catalogue *c);
size_t catalogue_size(const struct catalogue *c, size_t *topics); /* departments */

#endif
