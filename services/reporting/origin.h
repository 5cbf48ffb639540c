/* origin: how an application came in, and the files that came with it, a reply or an addition, as events say it. Pure. */
#ifndef KOPRU_SERVICES_REPORTING_ORIGIN_H
#define KOPRU_SERVICES_REPORTING_ORIGIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/ids.h"
#include "common/domain/attachment.h"
#include "proto/kopru/v1/event.pb-c.h"

/* Texts are the event's own; NULL where it has none. Who brought it, recordings and posts say who the applicant is: they
 * are not kept here. */
struct origin {
	struct uuid application_id;
	const char *entered_by, *registry_number, *sender_institution;
	int32_t registry_on, reply_by; /* days; 0: none */
};

struct file {
	struct uuid application_id, id;
	int32_t version; /* of the event that brought it */
	int32_t place; /* among those of the event, from 1 */
	const char *name; /* NULL: not given, or the applicant's identity is hidden */
	const char *media_type;
	int64_t size;
};

/* Of an ApplicationReceived; false: it came as most do. */
bool origin_read_event(const Kopru__V1__Event *event, struct origin *origin);

/* How many files the event brings, which are written. */
size_t origin_read_files(const Kopru__V1__Event *event, struct file files[ATTACHMENTS_MAX]);

#endif
