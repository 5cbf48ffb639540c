/* open311_query: what requests and servicerequestupdates are asked by. Pure: parameters come by a function, the clock as
 * a number. Empty is the same as absent. */
#ifndef KOPRU_SERVICES_REPORTING_OPEN311_QUERY_H
#define KOPRU_SERVICES_REPORTING_OPEN311_QUERY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/arena.h"

#define OPEN311_WINDOW (INT64_C(90) * 86400 * 1000000) /* microseconds: the specification's */
#define OPEN311_PAGE_MAX 1000 /* likewise */
#define OPEN311_DEEP_MAX 20000 /* so many at most may be left out before a page */
#define OPEN311_NUMBERS_MAX 200
#define OPEN311_TOPICS_MAX 200
#define OPEN311_RADIUS_MAX 100000 /* metres */

struct open311_query {
	const char **numbers; /* of applications, in their canonical form; overrides all else */
	size_t number_count;
	bool by_number; /* service_request_id was given, even if none of them can be one of ours */
	const char **topics;
	size_t topic_count; /* 0: all */
	int32_t status[2]; /* of enum request_status */
	size_t status_count;
	int64_t from, to; /* received; microseconds, exclusive at the end */
	bool by_change; /* updated_after or updated_before was given */
	int64_t changed_from, changed_to;
	bool has_box, has_circle;
	int32_t box[4]; /* of reporting.is_in */
	int64_t circle[4];
	int32_t offset, count;
	bool extensions;
};

struct open311_query_faults {
	struct {
		const char *text_tr, *text_en;
	} list[16];
	size_t count;
};

/* parameter: the value of a name, decoded; NULL when absent. now: microseconds. Texts come from a. */
void open311_query_read(struct arena *a, const char *(*parameter)(void *arg, const char *name), void *arg, int64_t now,
    struct open311_query *q, struct open311_query_faults *faults);
/* A time of W3C's note: with a zone; also a day alone, which begins in Istanbul (end: ends there). */
bool open311_time(const char *text, bool end, int64_t *time);

#endif
