/* routing_events: building, masking and packing. */
#include "services/router/routing_events.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/wire.h"

static ProtobufCBinaryData
uuid_data(struct arena *a, const struct uuid *id)
{
	return (ProtobufCBinaryData){.len = UUID_SIZE, .data = arena_copy(a, id->bytes, UUID_SIZE)};
}

static Kopru__V1__Candidate *
candidate_message(struct arena *a, const struct topics_candidate *candidate)
{
	Kopru__V1__Candidate *message = arena_alloc(a, sizeof(*message));

	kopru__v1__candidate__init(message);
	message->topic = arena_string(a, candidate->topic);
	message->department = arena_string(a, candidate->department);
	message->score = candidate->score;
	message->n_reasons = candidate->reason_count;
	message->reasons = arena_array(a, candidate->reason_count + 1, sizeof(*message->reasons));
	for (size_t i = 0; i < candidate->reason_count; i++)
		message->reasons[i] = arena_string(a, candidate->reasons[i]);
	return message;
}

static Kopru__V1__Candidate **
candidate_messages(struct arena *a, const struct topics_candidate *candidates, size_t count)
{
	Kopru__V1__Candidate **messages = arena_array(a, count + 1, sizeof(*messages));

	for (size_t i = 0; i < count; i++)
		messages[i] = candidate_message(a, &candidates[i]);
	return messages;
}

/* Why it was decided so. */
static void
reason_fill(struct arena *a, const struct routing_told *told, Kopru__V1__ApplicationRouted *routed)
{
	const struct decision *decision = told->decision;
	const struct deciding *d = told->deciding;

	routed->outcome = (Kopru__V1__ApplicationRouted__Outcome)decision->outcome;
	routed->basket = (Kopru__V1__ApplicationRouted__Basket)decision->basket;
	routed->urgent = decision->urgent;
	routed->emergency = arena_string(a, decision->emergency);
	routed->institution_phone = arena_string(a, decision->phone);
	routed->confidence = decision->confidence;
	routed->rule = arena_string(a, decision->rule);
	routed->rules_version = d->rules_version;
	routed->model_version = d->model_version;
	routed->model = arena_string(a, d->model ? model_name(d->model) : "");
	routed->reason_tr = arena_string(a, decision->reason_tr);
	routed->reason_en = arena_string(a, decision->reason_en);
	routed->n_matters = decision->matter_count;
	routed->matters = candidate_messages(a, decision->matters, decision->matter_count);
	routed->neighbourhood = arena_string(a, decision->neighbourhood);
	routed->street_owner = arena_string(a, decision->street_owner);
	routed->calendar_version = (uint32_t)catalogue_calendar_version(d->catalogue);
}

static void
routed_fill(struct arena *a, const struct routing_told *told, const struct routing *routing,
    Kopru__V1__ApplicationRouted *routed)
{
	const struct decision *decision = told->decision;

	kopru__v1__application_routed__init(routed);
	routed->application = told->application;
	routed->department = arena_string(a, decision->department->code);
	routed->department_name = arena_string(a, decision->department->name_tr);
	routed->topic = arena_string(a, decision->topic ? decision->topic->code : "");
	routed->topic_name = arena_string(a, decision->topic ? decision->topic->name_tr : "");
	routed->state = (Kopru__V1__State)routing->state;
	routed->triage = routing->triage;
	routed->n_candidates = decision->candidate_count;
	routed->candidates = candidate_messages(a, decision->candidates, decision->candidate_count);
	routed->target_on = routing->target_on;
	routed->outside = decision->department->outside;
	routed->access_code_generation = told->access_code_generation;
	routed->decided_on = uuid_data(a, &routing->received_id);
	reason_fill(a, told, routed);
}

static const uint8_t *
event_pack(struct arena *a, const struct routing_told *told, const struct routing *routing,
    Kopru__V1__ApplicationRouted *routed, size_t *size)
{
	Kopru__V1__Event event;
	Kopru__V1__Actor actor;
	const uint8_t *packed = NULL;

	kopru__v1__actor__init(&actor);
	actor.type = KOPRU__V1__ACTOR__TYPE__TYPE_SERVICE;
	actor.id = arena_string(a, "router");
	kopru__v1__event__init(&event);
	event.id = uuid_data(a, &routing->event_id);
	event.application_id = uuid_data(a, &routing->application_id);
	event.number = arena_string(a, routing->number);
	event.version = 2;
	event.at = routing->at;
	event.actor = &actor;
	event.traceparent = told->received->traceparent;
	event.body_case = KOPRU__V1__EVENT__BODY_APPLICATION_ROUTED;
	event.application_routed = routed;
	packed = wire_pack(a, &event.base, size);
	if (!packed)
		abort(); /* the arena of a transaction has no limit */
	return packed;
}

bool
routing_hides(const struct catalogue_department *department, const Kopru__V1__Applicant *applicant)
{
	return department->outside || !applicant || applicant->anonymous || applicant->hide_identity;
}

void
routing_applicant_mask(struct arena *a, const Kopru__V1__Applicant *applicant, Kopru__V1__Applicant *masked)
{
	if (applicant)
		*masked = *applicant;
	else
		kopru__v1__applicant__init(masked);
	masked->base.n_unknown_fields = 0;
	masked->name = arena_string(a, "");
	masked->phone = masked->name;
	masked->email = masked->name;
	masked->address = masked->name;
	masked->masked = true;
}

Kopru__V1__Attachment **
routing_attachments_mask(struct arena *a, Kopru__V1__Attachment *const *list, size_t count)
{
	Kopru__V1__Attachment **masked = arena_array(a, count + 1, sizeof(*masked));

	for (size_t i = 0; i < count; i++) {
		masked[i] = arena_copy(a, list[i], sizeof(*list[i]));
		masked[i]->base.n_unknown_fields = 0;
		masked[i]->name = arena_string(a, "");
	}
	return masked;
}

static Kopru__V1__Origin *
origin_mask(struct arena *a, const Kopru__V1__Origin *origin)
{
	Kopru__V1__Origin *masked = origin ? arena_copy(a, origin, sizeof(*origin)) : NULL;

	if (!masked)
		return NULL;
	masked->base.n_unknown_fields = 0;
	masked->brought_by = arena_string(a, "");
	masked->recording = masked->brought_by;
	masked->source_url = masked->brought_by;
	return masked;
}

void
routing_application_mask(struct arena *a, Kopru__V1__Application *application, Kopru__V1__Applicant *masked)
{
	application->base.n_unknown_fields = 0;
	application->external_id = arena_string(a, "");
	application->applicant = masked;
	application->attachments = routing_attachments_mask(a, application->attachments, application->n_attachments);
	application->origin = origin_mask(a, application->origin);
}

void
routing_events_pack(struct arena *a, const struct routing_told *told, struct routing *routing)
{
	const Kopru__V1__Applicant *applicant = told->application->applicant;
	Kopru__V1__Application application = *told->application;
	Kopru__V1__Applicant masked;
	Kopru__V1__ApplicationRouted routed;

	routed_fill(a, told, routing, &routed);
	routing->case_event = event_pack(a, told, routing, &routed, &routing->case_size);

	routed.application = &application;
	routed.access_code_generation = 0;
	if (routing_hides(told->decision->department, applicant)) {
		routing_applicant_mask(a, applicant, &masked);
		routing_application_mask(a, &application, &masked);
	}
	routing->department_event = event_pack(a, told, routing, &routed, &routing->department_size);
}

struct json {
	char *text;
	size_t size;
};

static void
json_add(struct json *json, const char *text)
{
	size_t size = strlen(text);

	memcpy(json->text + json->size, text, size + 1);
	json->size += size;
}

/* Quotes; control characters become spaces, for these are words of a catalogue. */
static void
json_add_text(struct json *json, const char *text)
{
	json_add(json, "\"");
	for (; *text; text++) {
		char escaped[3] = {*text, '\0', '\0'};

		if (*text == '"' || *text == '\\') {
			escaped[0] = '\\';
			escaped[1] = *text;
		} else if ((unsigned char)*text < 0x20) {
			escaped[0] = ' ';
		}
		json_add(json, escaped);
	}
	json_add(json, "\"");
}

static size_t
candidate_room(const struct topics_candidate *candidate)
{
	size_t room = 80 + 2 * (strlen(candidate->topic) + strlen(candidate->department));

	for (size_t i = 0; i < candidate->reason_count; i++)
		room += 2 * strlen(candidate->reasons[i]) + 3;
	return room;
}

const char *
routing_candidates_json(struct arena *a, const struct topics_candidate *candidates, size_t count)
{
	struct json json = {.size = 0};
	size_t room = 3;

	for (size_t i = 0; i < count; i++)
		room += candidate_room(&candidates[i]);
	json.text = arena_alloc(a, room);
	json_add(&json, "[");
	for (size_t i = 0; i < count; i++) {
		json_add(&json, i > 0 ? ",{\"topic\":" : "{\"topic\":");
		json_add_text(&json, candidates[i].topic);
		json_add(&json, ",\"department\":");
		json_add_text(&json, candidates[i].department);
		json_add(&json, arena_printf(a, ",\"score\":%u,\"reasons\":[", candidates[i].score));
		for (size_t k = 0; k < candidates[i].reason_count; k++) {
			if (k > 0)
				json_add(&json, ",");
			json_add_text(&json, candidates[i].reasons[k]);
		}
		json_add(&json, "]}");
	}
	json_add(&json, "]");
	return json.text;
}
