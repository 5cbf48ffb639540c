/* staff: which events officials are told of, and in which roles. Nothing of the applicant is in what they are sent. Pure. */
#ifndef KOPRU_SERVICES_NOTIFIER_STAFF_H
#define KOPRU_SERVICES_NOTIFIER_STAFF_H

#include "services/notifier/notice.h"

struct staff_notice {
	struct uuid event_id, application_id;
	uint32_t version; /* of the application */
	const char *number;
	const char *department; /* whose case it is; roles of the whole municipality are told, too */
	const char *roles; /* with commas: officer, manager, arbiter, mayor, duty */
	const char *template;
	bool urgent; /* never left to a summary */
	struct notice_fields fields;
};

/* Texts are copied into a. 1: they are told; 0: not; -1: the event lacks what the letter needs. */
int staff_decide(struct arena *a, const Kopru__V1__Event *event, struct staff_notice *notice, struct err *e);

#endif
