/* open311_internal: what open311.c (reading) and open311_post.c (posting) share. */
#ifndef KOPRU_SERVICES_INTAKE_OPEN311_INTERNAL_H
#define KOPRU_SERVICES_INTAKE_OPEN311_INTERNAL_H

#include "common/open311/open311.h"
#include "services/intake/open311.h"

struct open311 {
	struct open311_desk desk;
	struct open311_attributes attributes;
	struct arena *arena; /* of the attributes */
	struct arena *topics; /* of the services; another one after each reading */
	struct open311_service *services;
	size_t count;
	bool ready, reading;
	struct loop_timer *refresh;
	unsigned waiting; /* posts without an end */
	struct {
		struct metric *accepted, *repeated, *refused, *unavailable;
	} metrics;
};

/* NULL: none. Lives until the services are read again: for the length of a call. */
const struct open311_service *open311_service_find(const struct open311 *o, const char *code);
void open311_refuse_unready(struct open311_turn *t);
void open311_refuse_no_service(struct open311_turn *t);

#endif
