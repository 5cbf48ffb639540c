/* store: reporting's statements (reporting.sql), one function for each. The only place that knows columns. */
#ifndef KOPRU_SERVICES_REPORTING_STORE_H
#define KOPRU_SERVICES_REPORTING_STORE_H

#include "common/db/db.h"
#include "services/reporting/application.h"
#include "services/reporting/origin.h"
#include "services/reporting/step.h"
#include "services/reporting/tracked.h"

/* Each adds its calls to tx; texts are copied. today: a day in Istanbul, by which what is open becomes overdue. */
void store_applications_received(struct db_tx *tx, const struct application *list, size_t count, int32_t today);
/* Of the case's events; list comes from applications_fold. */
void store_applications_moved(struct db_tx *tx, const struct application *list, size_t count, int32_t today);
void store_steps(struct db_tx *tx, struct step *list, size_t count); /* sorts them */
void store_part(struct db_tx *tx, const struct part *part);
void store_origin(struct db_tx *tx, const struct origin *origin);
void store_file(struct db_tx *tx, const struct file *file);
void store_applications_erase(struct db_tx *tx, struct uuid *ids, size_t count); /* sorts them */
/* Refuses the transaction with this reason, so that its event is parked. */
void store_applications_refuse(struct db_tx *tx, const char *reason);
/* Marks what became overdue before today, STORE_OVERDUE_MAX at most; the result is how many. */
#define STORE_OVERDUE_MAX 1000
size_t store_overdue(struct db_tx *tx, int32_t today);

struct store_track_calls {
	size_t cursor; /* only when a stream was given */
	size_t hash, track, steps, files;
};

/* Reads where stream stands (NULL: it does not), then the hash of number's access code (dummy when there is
 * none), then what hash opens. hash and dummy have 32 bytes. */
struct store_track_calls store_application_track(
    struct db_tx *tx, const char *number, const uint8_t *hash, const uint8_t *dummy, const char *stream);
uint64_t store_get_reporting_cursor(const struct db_results *r, size_t call);
const uint8_t *store_get_access_code_hash(const struct db_results *r, size_t call); /* NULL unless 32 bytes */
/* Texts live as long as the results. */
bool store_get_tracked_application(const struct db_results *r, size_t call, struct tracked *tracked); /* false: none */
void store_get_tracked_files(const struct db_results *r, size_t call, struct arena *a, struct tracked_files *files);
void store_get_tracked_step(const struct db_results *r, size_t call, size_t row, struct tracked_step *step);

/* Where a stream stands. */
size_t store_reporting_cursor(struct db_tx *tx, const char *stream);

#endif
