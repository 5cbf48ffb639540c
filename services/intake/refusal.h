/* refusal: what is wrong with a request, told to who sent it. */
#ifndef KOPRU_SERVICES_INTAKE_REFUSAL_H
#define KOPRU_SERVICES_INTAKE_REFUSAL_H

#include "common/http/http.h"
#include "services/intake/form.h"

/* Answers 422 with all faults. */
void refusal_send(struct http_request *r, const struct form_faults *faults);

/* The Idempotency-Key, in the request's arena, or NULL without one. false: it was bad, and the problem was sent. */
bool refusal_read_key(struct http_request *r, const char **key);

#endif
