/* submission: one application on its way through intake. It lives in its request's arena. */
#ifndef KOPRU_SERVICES_INTAKE_SUBMISSION_H
#define KOPRU_SERVICES_INTAKE_SUBMISSION_H

#include "services/intake/applications.h"
#include "services/intake/receipt.h"

struct submission {
	struct applications *applications;
	struct http_request *request; /* kept until the end is known */
	struct submission *previous, *next; /* of those that wait, oldest first */
	struct number_waiter waiter;
	struct application_form form;
	struct record record;
	struct receipt receipt;
	int64_t arrived, now; /* monotonic; wall clock */
	size_t body_size;
	int year; /* of the number */
	int32_t serial;
};

struct applications {
	struct applications_desk desk;
	struct submission *first, *last;
	size_t count, bytes;
	struct loop_timer *look;
	struct {
		struct metric *accepted, *replayed, *refused, *unknown, *unavailable, *waiting, *oldest;
	} metrics;
};

/* Dates, law, ids, access code, person: all but the number. */
void submission_prepare(struct submission *s);
/* The number, the packed event, and the record as it will be stored. */
void submission_complete(struct submission *s);

#endif
