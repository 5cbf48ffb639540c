/* routing_events: the two forms of ApplicationRouted: whole for "case", and as its department may see it; and the rule
 * of masking. Pure. */
#ifndef KOPRU_SERVICES_ROUTER_ROUTING_EVENTS_H
#define KOPRU_SERVICES_ROUTER_ROUTING_EVENTS_H

#include "services/router/routing.h"

struct routing_told {
	const struct decision *decision;
	const struct deciding *deciding; /* that it was decided with */
	Kopru__V1__Application *application;
	uint32_t access_code_generation;
	const Kopru__V1__Event *received;
};

/* Packs both into routing; all else in it is decided. */
void routing_events_pack(struct arena *a, const struct routing_told *told, struct routing *routing);

/* What a department must not see is not in its bytes: personal fields, the channel's own id (it may hold a phone
 * number), who brought it, recordings, public posts, names of files, and fields that this version does not know. An
 * outside institution sees no applicant, and nobody one that
 * is hidden. applicant may be NULL. */
bool routing_hides(const struct catalogue_department *department, const Kopru__V1__Applicant *applicant);
void routing_applicant_mask(struct arena *a, const Kopru__V1__Applicant *applicant, Kopru__V1__Applicant *masked);
void routing_application_mask(struct arena *a, Kopru__V1__Application *application, Kopru__V1__Applicant *masked);
/* A copy without names. */
Kopru__V1__Attachment **routing_attachments_mask(struct arena *a, Kopru__V1__Attachment *const *list, size_t count);

/* [{"topic","department","score","reasons":[]}], best first. */
const char *routing_candidates_json(struct arena *a, const struct topics_candidate *candidates, size_t count);

#endif
