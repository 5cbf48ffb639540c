/* routing: topic, department, state and dates of one received application. */
#include "services/router/routing.h"

#include <string.h>

#include "common/domain/deadlines.h"
#include "services/router/cases.h"
#include "services/router/deciding_internal.h"
#include "services/router/routing_events.h"

#define DESK_GRACE_US (INT64_C(86400) * 1000 * 1000) /* what an old system answered is answered here within a day */
#define DAY_MAX 47482 /* 2100-01-01 */

/* An event without its application is nobody's fault here and still gets its decision: by the desk. */
static Kopru__V1__Application *
application_of(struct arena *a, const struct routing_question *question)
{
	const Kopru__V1__Event *event = question->received;
	Kopru__V1__Application *application = event->application_received->application;

	if (application)
		return application;
	application = arena_alloc(a, sizeof(*application));
	kopru__v1__application__init(application);
	application->id.data = arena_copy(a, question->application_id.bytes, UUID_SIZE);
	application->id.len = UUID_SIZE;
	application->number = arena_string(a, event->number);
	application->received_at = event->at;
	application->legal_basis = KOPRU__V1__LEGAL_BASIS__LEGAL_BASIS_3071;
	return application;
}

struct deadline
routing_target(const struct catalogue *c, const struct catalogue_topic *topic, int64_t received_at,
    const Kopru__V1__Application *application)
{
	int32_t asked = application && application->origin ? application->origin->reply_by : 0;
	const struct deadline_target target = {
	    .working_days = topic ? topic->target_working_days : -1,
	    .working_minutes = topic ? topic->target_working_minutes : 0,
	    .reply_by = asked > 0 && asked <= DAY_MAX ? asked : 0,
	};

	return deadline_target(catalogue_calendar(c), received_at, &target);
}

void
routing_clocks(const struct catalogue *c, Kopru__V1__Application *application, struct routing *routing)
{
	struct case_record r = {.state = routing->state,
	    .topic = routing->topic,
	    .received_at = routing->received_at,
	    .due_on = routing->due_on,
	    .target_on = routing->target_on,
	    .legal_basis = routing->legal_basis,
	    .application = application};

	clocks_settle(c, routing->at, &r);
	for (int kind = 1; kind < CLOCKS_KINDS && application && strcmp(application->topic, DECIDING_DESK_TOPIC) == 0;
	     kind++) {
		struct case_clock *clock = &r.clocks[kind];

		if (clock->next_at != 0 && clock->next_at < routing->at + DESK_GRACE_US)
			clock->next_at = routing->at + DESK_GRACE_US;
	}
	memcpy(routing->clocks, r.clocks, sizeof(routing->clocks));
}

static void
decision_copy(struct arena *a, const struct decision *decision, struct routing *routing)
{
	routing->department = arena_string(a, decision->department->code);
	routing->topic = decision->topic ? arena_string(a, decision->topic->code) : NULL;
	routing->triage = strcmp(decision->department->code, CATALOGUE_DESK) == 0 && !decision->topic;
	routing->state = routing->triage ? KOPRU__V1__STATE__STATE_RECEIVED : KOPRU__V1__STATE__STATE_ASSIGNED;
	routing->outcome = decision->outcome;
	routing->basket = decision->basket;
	routing->urgent = decision->urgent;
	routing->confidence = decision->confidence;
	routing->rule = arena_string(a, decision->rule);
	routing->neighbourhood = arena_string(a, decision->neighbourhood);
	routing->street_owner = arena_string(a, decision->street_owner);
	routing->reason_tr = decision->reason_tr;
	routing->reason_en = decision->reason_en;
	routing->candidates = routing_candidates_json(a, decision->candidates, decision->candidate_count);
	routing->likeliest = decision->candidate_count > 0 ? arena_string(a, decision->candidates[0].topic) : "";
}

void
routing_decide(
    const struct deciding *d, struct arena *a, const struct routing_question *question, struct routing *routing)
{
	struct decision decision;
	struct routing_told told = {.received = question->received, .decision = &decision, .deciding = d};
	int32_t received_on = 0;

	told.application = application_of(a, question);
	told.access_code_generation = question->received->application_received->access_code_generation;
	deciding_decide(d, a, told.application, question->now, &decision);
	received_on = date_in_istanbul(told.application->received_at);

	*routing = (struct routing){
	    .received_id = question->received_id,
	    .application_id = question->application_id,
	    .event_id = question->event_id,
	    .intake_seq = question->intake_seq,
	    .at = question->now,
	    .received_at = told.application->received_at,
	    .number = arena_string(a, question->received->number),
	    .due_on = told.application->due_on,
	    .kind = (int32_t)told.application->kind,
	    .channel = (int32_t)told.application->channel,
	    .legal_basis = (int32_t)told.application->legal_basis,
	    .model_version = d->model_version,
	    .rules_version = d->rules_version,
	};
	decision_copy(a, &decision, routing);
	if (routing->due_on == 0)
		routing->due_on = deadline_legal(
		    catalogue_calendar(d->catalogue), KOPRU__V1__LEGAL_BASIS__LEGAL_BASIS_3071, received_on, false)
				      .on;
	routing->target_on = routing_target(d->catalogue, decision.topic, routing->received_at, told.application).on;
	routing_clocks(d->catalogue, told.application, routing);
	routing_events_pack(a, &told, routing);
}
