/* request: what an event of a case means for the list that the public sees over Open311. Pure.
 *
 * Of what people wrote nothing is taken but the neighbourhood, which who stores it looks up (neighbourhoods.h); points are
 * rounded before they are stored. Thanks, tip-offs and information requests are no requests for the public; whose applicant
 * hides, and what has no place, is left out from the beginning. */
#ifndef KOPRU_SERVICES_REPORTING_REQUEST_H
#define KOPRU_SERVICES_REPORTING_REQUEST_H

#include "services/reporting/application.h"

enum request_status { REQUEST_HIDDEN, REQUEST_OPEN, REQUEST_CLOSED };

struct request {
	struct uuid id;
	const char *number, *topic, *department, *neighbourhood; /* NULL: none */
	int32_t version, state, status;
	int64_t received_at, at;
	int32_t expected_on;
	bool has_point, placed;
	int32_t latitude_e7, longitude_e7; /* rounded */
	unsigned round; /* set by requests_order */
};

enum request_status request_status(int32_t state);
/* To 10^-4 degrees: about 10 m. */
int32_t request_round(int32_t e7);

/* The first event that a list knows: ApplicationRouted. false: it is none, or nothing for the public. a is what the event
 * says of the application already. */
bool request_read_first(const Kopru__V1__Event *event, const struct application *a, struct request *to);
/* A later event; false: it is none. */
bool request_read_later(const Kopru__V1__Event *event, const struct application *a, struct request *to);

/* Sorts by round, which counts the events of one application, and id: in each round an application stands once. */
void requests_order(struct request *list, size_t count);

#endif
