/* store_requests: the statements of requests.sql, one function for each: what the public sees over Open311. */
#ifndef KOPRU_SERVICES_REPORTING_STORE_REQUESTS_H
#define KOPRU_SERVICES_REPORTING_STORE_REQUESTS_H

#include "common/db/db.h"
#include "services/reporting/open311_query.h"
#include "services/reporting/request.h"

/* Each adds its calls to tx. */
void store_requests_first(struct db_tx *tx, struct request *list, size_t count); /* orders them */
void store_requests_later(struct db_tx *tx, struct request *list, size_t count); /* orders them */
void store_requests_erase(struct db_tx *tx, const struct uuid *ids, size_t count);

/* One request as it is shown. Texts live as long as the results. */
struct shown {
	const char *number, *topic, *topic_tr, *topic_en, *department_tr, *department_en,
	    *neighbourhood; /* "" for none */
	int32_t state, status, expected_on;
	int64_t received_at, updated_at;
	bool has_point;
	int32_t latitude_e7, longitude_e7;
	const char *moves; /* "TIME STATE,TIME STATE"; "" when not asked for */
};
struct shown_update {
	const char *number;
	int32_t version, state;
	int64_t at;
};

/* Of the query's kind: by numbers, by changes, or by time of receipt. Gives the call. */
size_t store_requests_shown(struct db_tx *tx, const struct open311_query *q);
void store_get_shown(const struct db_results *r, size_t call, size_t row, struct shown *shown);
size_t store_updates_shown(struct db_tx *tx, const struct open311_query *q);
void store_get_shown_update(const struct db_results *r, size_t call, size_t row, struct shown_update *update);

#endif
