/* likeness_rows: what events say of where, when and about what an application is, and of whose it is, as rows of
 * reporting.likeness and reporting.person_mark. Pure. */
#ifndef KOPRU_SERVICES_REPORTING_LIKENESS_ROWS_H
#define KOPRU_SERVICES_REPORTING_LIKENESS_ROWS_H

#include "services/reporting/application.h"

#define MARK_SIZE 16
#define MARKS_MAX 3 /* of one application */

struct likeness_row {
	struct uuid id;
	int32_t version; /* of the event */
	int64_t received_at;
	const char *topic; /* "": none */
	const char *neighbourhood; /* its key; NULL: not known */
	const char *streets; /* as likeness_streets gives them */
	bool has_point, hidden;
	int32_t latitude_e7, longitude_e7;
};

struct mark {
	struct uuid id; /* of the application */
	uint8_t mark[MARK_SIZE];
};

/* Of an ApplicationRouted; false: it is none. application is what the event says of it already; a takes what is made. */
bool likeness_read_routed(
    const Kopru__V1__Event *event, const struct application *application, struct arena *a, struct likeness_row *row);
/* Of an event by which the topic may have changed: id, version and topic. false: by this one it has not. */
bool likeness_read_moved(
    const Kopru__V1__Event *event, const struct application *application, struct likeness_row *row);
/* Sorts by id and leaves the last version of each. Gives how many are left. */
size_t likeness_rows_fold(struct likeness_row *list, size_t count);

/* Of an ApplicationReceived; how many are written. */
size_t marks_read_event(
    const Kopru__V1__Event *event, const struct application *application, struct mark marks[MARKS_MAX]);

#endif
