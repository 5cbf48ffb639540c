/* store: reporting's statements (reporting.sql), one function for each. The only place that knows columns. */
#ifndef KOPRU_SERVICES_REPORTING_STORE_H
#define KOPRU_SERVICES_REPORTING_STORE_H

#include "common/db/db.h"
#include "services/reporting/application.h"
#include "services/reporting/figures.h"

/* Each adds its calls to tx; lists are sorted by applications_sort and their texts copied. */
void store_applications_received(struct db_tx *tx, const struct application *list, size_t count);
void store_applications_routed(struct db_tx *tx, const struct application *list, size_t count);
void store_applications_erase(struct db_tx *tx, struct uuid *ids, size_t count); /* sorts them */
/* Refuses the transaction with this reason, so that its event is parked. */
void store_applications_refuse(struct db_tx *tx, const char *reason);

/* What an applicant may see. Texts live as long as the results; NULL where there is none. */
struct tracked {
	int32_t kind, channel, state;
	int64_t received_at;
	int32_t due_on;
	const char *subject, *text, *department, *department_name, *topic, *topic_name;
	bool triage, erased;
	int32_t version;
	int64_t changed_at;
};

struct store_track_calls {
	size_t cursor; /* only when a stream was given */
	size_t hash, track;
};

/* Reads where stream stands (NULL: it does not), then the hash of number's access code (dummy when there is
 * none), then what hash opens. hash and dummy have 32 bytes. */
struct store_track_calls store_application_track(
    struct db_tx *tx, const char *number, const uint8_t *hash, const uint8_t *dummy, const char *stream);
uint64_t store_get_reporting_cursor(const struct db_results *r, size_t call);
const uint8_t *store_get_access_code_hash(const struct db_results *r, size_t call); /* NULL unless 32 bytes */
bool store_get_tracked_application(const struct db_results *r, size_t call, struct tracked *tracked); /* false: none */

/* Where a stream stands. */
size_t store_reporting_cursor(struct db_tx *tx, const char *stream);

size_t store_applications_count(struct db_tx *tx, int32_t from, int32_t to);
void store_get_figures_group(const struct db_results *r, size_t call, size_t row, struct figures_group *group);

#endif
