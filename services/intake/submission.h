/* submission: one application on its way in over HTTP: its request, its place among those that wait, its answer. It lives
 * in its request's arena. */
#ifndef KOPRU_SERVICES_INTAKE_SUBMISSION_H
#define KOPRU_SERVICES_INTAKE_SUBMISSION_H

#include "services/intake/applications.h"
#include "services/intake/entry.h"

struct submission {
	struct entry entry;
	struct attachments_wish wish;
	const char *scope; /* whose files it may name */
	struct applications *applications;
	struct http_request *request; /* kept until the end is known */
	struct submission *previous, *next; /* of those that wait, oldest first */
	int64_t arrived; /* monotonic */
	size_t body_size;
	bool post; /* its key is the id of a post */
	bool replayed;
	bool numbered; /* its key is its number where it comes from, as a post's */
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

/* s has its applications, request, arrived, body_size and what entry_begin wants but on_end. Answers the request, later. */
void submission_begin(struct submission *s);

#endif
