/* application: what one event says about an application, for the read model, and how the events of a turn fold into
 * one row. Pure. */
#ifndef KOPRU_SERVICES_REPORTING_APPLICATION_H
#define KOPRU_SERVICES_REPORTING_APPLICATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/arena.h"
#include "common/base/err.h"
#include "common/base/ids.h"
#include "common/domain/calendar.h"
#include "proto/kopru/v1/event.pb-c.h"

/* How long until something happened first. */
struct lapse {
	int64_t at; /* 0: it has not */
	int32_t minutes, working_minutes; /* since the application was received */
	int32_t bucket, working_bucket; /* of duration.h */
};

/* Texts are the event's own; NULL where it has none. */
struct application {
	struct uuid id;
	const char *number;
	int32_t kind, channel, state; /* of proto/kopru/v1 */
	int64_t received_at;
	int32_t received_on, due_on; /* days */
	const char *subject, *text; /* of an ApplicationReceived or ApplicationRouted */
	const char *neighbourhood; /* of the same; each word begins large: "Fetih" */
	const uint8_t *access_code_hash; /* 32 bytes; of an ApplicationReceived */
	int32_t version;
	const char *department, *department_name, *department_name_en, *topic, *topic_name; /* of a case event */
	const char *merged_into; /* number of the leading case */
	bool triage, outside, with_arbiter, final_owed;
	int32_t target_on; /* 0: none */
	int64_t at;

	int32_t first_version, first_on; /* version and day of the first event that is folded in */
	bool handed_back, forwarded, reopened; /* by one of the events */
	struct lapse reaction; /* the first human act after routing */
	struct lapse answer; /* the first final answer */
	unsigned round; /* set by applications_fold */
};

/* Somebody still owes something: received, assigned, in_progress, waiting_for_citizen, reopened; and merged, since each
 * applicant is owed an own answer. */
bool application_is_open(int32_t state);

/* Every event but Erased says something about an application. What is made lives in a. -1 when it lacks what the read
 * model needs. */
int application_read_event(const Kopru__V1__Event *event, const struct calendar *calendar, struct arena *a,
    struct application *application, struct err *e);

/* "  FETİH  mahallesi" as "Fetih Mahallesi", so that one place is counted once; NULL for nothing. */
const char *application_neighbourhood(struct arena *a, const char *text);

/* Sorts by id and version and folds events of one application into one, unless the case was closed or opened between
 * them: then the later ones are another round, so that no change of openness is lost. Gives how many are left, by round
 * and id; in each round an application stands once. */
size_t applications_fold(struct application *list, size_t count);

#endif
