/* routing: topic, department, state and dates of one received application. */
#include "services/router/routing.h"

#include <string.h>

#include "common/domain/deadlines.h"
#include "services/router/cases.h"
#include "services/router/routing_events.h"

#define DAY_MAX 47482 /* 2100-01-01 */

/* Adds why this candidate did not decide. */
static void
candidate_doubt(struct arena *a, struct topics_candidate *candidate, const char *reason)
{
	const char **reasons = arena_array(a, candidate->reason_count + 1, sizeof(*reasons));

	if (candidate->reason_count > 0)
		memcpy(reasons, candidate->reasons, candidate->reason_count * sizeof(*reasons));
	reasons[candidate->reason_count++] = reason;
	candidate->reasons = reasons;
}

/* The best candidate's topic, or NULL: then it is the desk's. */
static const struct catalogue_topic *
topic_choose(const struct catalogue *c, struct arena *a, struct topics_candidate *candidates, size_t count)
{
	struct topics_candidate *best = &candidates[0];

	if (count == 0)
		return NULL;
	if (best->score < TOPICS_SCORE_MIN) {
		candidate_doubt(a, best, arena_printf(a, "score: below %d", TOPICS_SCORE_MIN));
		return NULL;
	}
	if (!catalogue_department(c, best->department)) {
		candidate_doubt(
		    a, best, arena_printf(a, "department: %s is not valid or has no stream", best->department));
		return NULL;
	}
	return catalogue_topic(c, best->topic);
}

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

static size_t
candidates_rank(const struct catalogue *c, struct arena *a, const Kopru__V1__Application *application,
    struct topics_candidate candidates[TOPICS_CANDIDATES])
{
	struct topics_question question = {
	    .text = application->text,
	    .subject = application->subject,
	    .topic = application->topic,
	    .kind = (int)application->kind,
	    .channel = (int)application->channel,
	    .neighbourhood = application->location ? application->location->neighbourhood : "",
	};

	if (strcmp(application->topic, ROUTING_DESK_TOPIC) == 0)
		return 0;
	return topics_rank(catalogue_topics(c), a, &question, candidates);
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
	memcpy(routing->clocks, r.clocks, sizeof(routing->clocks));
}

void
routing_decide(
    const struct catalogue *c, struct arena *a, const struct routing_question *question, struct routing *routing)
{
	const struct calendar *calendar = catalogue_calendar(c);
	struct topics_candidate candidates[TOPICS_CANDIDATES];
	struct routing_told told = {.received = question->received, .candidates = candidates};
	int32_t received_on = 0;

	told.application = application_of(a, question);
	told.access_code_generation = question->received->application_received->access_code_generation;
	told.candidate_count = candidates_rank(c, a, told.application, candidates);
	told.topic = topic_choose(c, a, candidates, told.candidate_count);
	told.department = catalogue_department(c, told.topic ? told.topic->department : CATALOGUE_DESK);
	received_on = date_in_istanbul(told.application->received_at);

	*routing = (struct routing){
	    .received_id = question->received_id,
	    .application_id = question->application_id,
	    .event_id = question->event_id,
	    .intake_seq = question->intake_seq,
	    .at = question->now,
	    .received_at = told.application->received_at,
	    .number = arena_string(a, question->received->number),
	    .department = arena_string(a, told.department->code),
	    .topic = told.topic ? arena_string(a, told.topic->code) : NULL,
	    .triage = !told.topic,
	    .state = told.topic ? KOPRU__V1__STATE__STATE_ASSIGNED : KOPRU__V1__STATE__STATE_RECEIVED,
	    .due_on = told.application->due_on,
	    .kind = (int32_t)told.application->kind,
	    .channel = (int32_t)told.application->channel,
	    .legal_basis = (int32_t)told.application->legal_basis,
	};
	if (routing->due_on == 0)
		routing->due_on =
		    deadline_legal(calendar, KOPRU__V1__LEGAL_BASIS__LEGAL_BASIS_3071, received_on, false).on;
	routing->target_on = routing_target(c, told.topic, routing->received_at, told.application).on;
	routing_clocks(c, told.application, routing);
	routing->candidates = routing_candidates_json(a, candidates, told.candidate_count);
	routing_events_pack(a, &told, routing);
}
