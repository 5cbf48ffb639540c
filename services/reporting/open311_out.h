/* open311_out: requests and updates as the specification's documents. Pure. */
#ifndef KOPRU_SERVICES_REPORTING_OPEN311_OUT_H
#define KOPRU_SERVICES_REPORTING_OPEN311_OUT_H

#include "common/open311/document.h"
#include "services/reporting/store_requests.h"

/* Members of one request, into an object that is open. extensions: with extended_attributes and notes. */
void open311_out_request(struct document *d, struct arena *a, const struct shown *shown, bool english, bool extensions);
void open311_out_update(struct document *d, struct arena *a, const struct shown_update *update, bool english);
/* The standard sentence for a state. */
const char *open311_out_notes(int32_t state, bool english);

#endif
