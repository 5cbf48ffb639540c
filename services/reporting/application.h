/* application: what one event says about an application, for the read model. Pure. */
#ifndef KOPRU_SERVICES_REPORTING_APPLICATION_H
#define KOPRU_SERVICES_REPORTING_APPLICATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/err.h"
#include "common/base/ids.h"
#include "proto/kopru/v1/event.pb-c.h"

/* Texts are the event's own; NULL where it has none. */
struct application {
	struct uuid id;
	const char *number;
	int32_t kind, channel, state; /* of proto/kopru/v1 */
	int64_t received_at;
	int32_t received_on, due_on; /* days */
	const char *subject, *text, *neighbourhood;
	const uint8_t *access_code_hash; /* 32 bytes; of an ApplicationReceived */
	int32_t version;
	const char *department, *department_name, *topic, *topic_name; /* of an ApplicationRouted */
	bool triage;
	int64_t at;
};

/* Of an ApplicationReceived or an ApplicationRouted. -1 when it lacks what the read model needs. */
int application_read_event(const Kopru__V1__Event *event, struct application *application, struct err *e);

/* Sorts by id and keeps the highest version of each; gives how many are left. */
size_t applications_sort(struct application *list, size_t count);

#endif
