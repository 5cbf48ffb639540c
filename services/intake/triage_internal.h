/* triage_internal: what triage.c (shows) and triage_decide.c share. */
#ifndef KOPRU_SERVICES_INTAKE_TRIAGE_INTERNAL_H
#define KOPRU_SERVICES_INTAKE_TRIAGE_INTERNAL_H

#include "services/intake/triage.h"
#include "services/intake/triage_form.h"

struct triage {
	struct triage_desk desk;
	struct metric *decided;
};

/* In the request's arena. */
struct asking {
	struct triage *triage;
	struct http_request *request;
	struct triage_form form;
	const char *who;
	bool raced; /* somebody else decided meanwhile */
};

/* Only clerks of the desk; NULL: the problem was sent. */
struct asking *triage_asking_new(struct triage *t, struct http_request *r);
/* What is not committed as a problem. */
void triage_reply_outcome(struct http_request *r, enum db_outcome outcome, const struct err *e);

#endif
