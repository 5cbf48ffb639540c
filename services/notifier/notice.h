/* notice: who is told what about an event, and on which channel. Pure. */
#ifndef KOPRU_SERVICES_NOTIFIER_NOTICE_H
#define KOPRU_SERVICES_NOTIFIER_NOTICE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/arena.h"
#include "common/base/ids.h"
#include "proto/kopru/v1/event.pb-c.h"
#include "services/notifier/template.h"

/* What a template needs; no text of the applicant is among it. */
struct notice_fields {
	int32_t received_on; /* days, Europe/Istanbul */
	int32_t due_on;
	int32_t legal_basis; /* of proto/kopru/v1 */
	const char *department_name;
	bool triage;
	uint32_t access_code_generation;
};

struct notice {
	struct uuid id;
	struct uuid event_id;
	struct uuid application_id;
	const char *number;
	const char *channel; /* "email" or "none" */
	const char *template;
	const char *language; /* "tr" or "en" */
	const char *address; /* NULL on channel none */
	const char *state; /* "pending" or "none" */
	const char *reason; /* why nobody is told; NULL when someone is */
	struct notice_fields fields;
};

/* The applicant's notice about the routing decision in event. Texts are copied into a. -1 when the event lacks what a
 * notice needs. The id is a new one. */
int notice_decide(struct arena *a, const Kopru__V1__Event *event, struct notice *notice, struct err *e);

/* The texts for a template: TEMPLATE_FIELDS of them, from a. */
const char *const *notice_texts(
    struct arena *a, const struct notice *notice, const char *public_url, const char *access_code);

#endif
