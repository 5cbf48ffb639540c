/* routing: the decision on one received application, and the events that tell it. Pure. */
#ifndef KOPRU_SERVICES_ROUTER_ROUTING_H
#define KOPRU_SERVICES_ROUTER_ROUTING_H

#include "common/base/arena.h"
#include "common/base/ids.h"
#include "common/domain/deadlines.h"
#include "proto/kopru/v1/event.pb-c.h"
#include "services/router/clocks.h"
#include "services/router/deciding.h"

/* What is decided on. */
struct routing_question {
	const Kopru__V1__Event *received; /* body ApplicationReceived */
	struct uuid received_id, application_id;
	struct uuid event_id; /* for the decision's events */
	uint64_t intake_seq;
	int64_t now;
};

/* What the store keeps and the streams carry. */
struct routing {
	struct uuid received_id, application_id, event_id;
	uint64_t intake_seq;
	int64_t at, received_at;
	const char *number;
	const char *department;
	const char *topic; /* NULL in triage */
	bool triage;
	int32_t kind, channel, legal_basis;
	int32_t state, due_on;
	int32_t target_on; /* 0: none */
	struct case_clock clocks[CLOCKS_KINDS]; /* by kind */
	const char *candidates; /* JSON */
	const char *likeliest; /* topic of the first of them; "": none */
	int outcome, basket; /* of proto/kopru/v1 ApplicationRouted */
	bool urgent;
	uint32_t confidence, model_version, rules_version;
	const char *rule, *neighbourhood, *street_owner; /* "": none */
	const char *reason_tr, *reason_en;
	const uint8_t *case_event, *department_event; /* packed */
	size_t case_size, department_size;
};

/* Until when the topic promises it, or the sender of an official document asks for it (Origin.reply_by), whichever is
 * earlier; on 0: none. Both may be NULL. The day of the law is another. */
struct deadline routing_target(const struct catalogue *c, const struct catalogue_topic *topic, int64_t received_at,
    const Kopru__V1__Application *application);

/* The clocks of a case as it was routed; application may be NULL. */
void routing_clocks(const struct catalogue *c, Kopru__V1__Application *application, struct routing *routing);

/* Everything that it gives lives in a. */
void routing_decide(
    const struct deciding *d, struct arena *a, const struct routing_question *question, struct routing *routing);

#endif
