/* notice: who is told what about an event, and on which channel. Pure. */
#ifndef KOPRU_SERVICES_NOTIFIER_NOTICE_H
#define KOPRU_SERVICES_NOTIFIER_NOTICE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/arena.h"
#include "common/base/ids.h"
#include "proto/kopru/v1/event.pb-c.h"
#include "services/notifier/rules.h"
#include "services/notifier/template.h"

struct notice {
	const char *number;
	const char *channel; /* "email" or "none" */
	const char *template;
	const char *policy;
	const char *language; /* "tr" or "en" */
	const char *address; /* NULL on channel none */
	const char *state; /* "pending" or "none" */
	const char *reason; /* why nobody is told; NULL when someone is */
	struct notice_fields fields;
	uint32_t version; /* of the application: its notices go out in this order */
	bool verified; /* the event says that the address is the applicant's */
	struct uuid id;
	struct uuid event_id;
	struct uuid application_id;
};

/* The applicant's notice about event. Texts are copied into a. 1: there is one; 0: the event says nothing to the
 * applicant; -1: it lacks what a notice needs. The id is a new one. */
int notice_decide(struct arena *a, const Kopru__V1__Event *event, struct notice *notice, struct err *e);

/* The fields as a JSON object, and back (whatever is missing is 0 or ""). */
char *notice_fields_pack(struct arena *a, const struct notice_fields *fields);
void notice_fields_unpack(struct arena *a, const char *json, struct notice_fields *fields);

/* What only a holder of the key can say, for links of the letter. */
struct notice_links {
	const char *public_url;
	const char *access_code;
	const char *confirm_token;
	const char *opt_out_token;
};

/* The texts for a template: TEMPLATE_FIELDS of them, from a. */
const char *const *notice_texts(struct arena *a, const struct notice *notice, const struct notice_links *links);

#endif
