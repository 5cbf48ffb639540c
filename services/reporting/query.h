/* query: what the addresses of figures, lists and years have in common: days, format, place in a stream. Each reader adds
 * a fault, in both languages, for what it cannot read. */
#ifndef KOPRU_SERVICES_REPORTING_QUERY_H
#define KOPRU_SERVICES_REPORTING_QUERY_H

#include "common/http/http.h"
#include "services/reporting/after.h"
#include "services/reporting/listing.h"

enum query_format { QUERY_JSON, QUERY_CSV, QUERY_XLSX };

/* ?format=json|csv|xlsx[&sep=,|;], or by the header Accept. */
struct query_output {
	enum query_format format;
	char separator;
};

void query_read_output(struct http_request *r, struct query_output *output, struct http_faults *faults);

/* ?from=&to=, at most FIGURES_DAYS_MAX days. */
void query_read_period(struct http_request *r, int32_t *from, int32_t *to, struct http_faults *faults);

/* ?after=intake:123. */
void query_read_after(struct http_request *r, struct after_place *after, struct http_faults *faults);

/* What a list is asked by; the period is required unless a backlog's day is given. Texts live in the request's arena. */
void query_read_listing(struct http_request *r, struct listing *listing, struct http_faults *faults);

#endif
