/* line: see line.h. */
#include "services/department/line.h"

#include <jansson.h>
#include <sodium.h>
#include <string.h>

#include "common/base/wire.h"
#include "common/domain/calendar.h"
#include "common/domain/words.h"
#include "proto/kopru/v1/event.pb-c.h"

const char *
line_base64(struct arena *a, const void *bytes, size_t size)
{
	size_t space = sodium_base64_ENCODED_LEN(size, sodium_base64_VARIANT_ORIGINAL);

	return sodium_bin2base64(arena_alloc(a, space), space, bytes, size, sodium_base64_VARIANT_ORIGINAL);
}

static void
set_text(json_t *object, const char *name, const char *text)
{
	json_object_set_new(object, name, text && *text ? json_string(text) : json_null());
}

static void
set_uuid(json_t *object, const char *name, const ProtobufCBinaryData *bytes)
{
	struct uuid id;
	char text[UUID_TEXT_SIZE] = "";

	if (uuid_from_bytes(bytes->data, bytes->len, &id))
		uuid_text(&id, text);
	set_text(object, name, text);
}

static void
set_time(json_t *object, const char *name, int64_t time)
{
	char text[TIME_TEXT_SIZE] = "";

	if (time != 0)
		time_text_istanbul(time, text);
	set_text(object, name, text);
}

static void
set_date(json_t *object, const char *name, int32_t date)
{
	char text[DATE_TEXT_SIZE] = "";

	if (date != 0)
		date_text(date, text);
	set_text(object, name, text);
}

static void
set_switch(json_t *object, const char *name, int value)
{
	json_object_set_new(object, name, json_boolean(value));
}

static void
set_word(json_t *object, const char *name, const struct word *words, int value)
{
	set_text(object, name, value == 0 ? NULL : word_token(words, value));
}

static json_t *
location_json(const Kopru__V1__Location *location)
{
	json_t *object;

	if (!location)
		return json_null();
	object = json_object();
	if (location->point) {
		json_object_set_new(object, "lat", json_real(location->point->latitude_e7 / 1e7));
		json_object_set_new(object, "lon", json_real(location->point->longitude_e7 / 1e7));
	} else {
		json_object_set_new(object, "lat", json_null());
		json_object_set_new(object, "lon", json_null());
	}
	set_text(object, "address", location->address);
	set_text(object, "neighbourhood", location->neighbourhood);
	return object;
}

static json_t *
applicant_json(const Kopru__V1__Applicant *applicant)
{
	json_t *object;

	if (!applicant)
		return json_null();
	object = json_object();
	set_text(object, "name", applicant->name);
	set_text(object, "phone", applicant->phone);
	set_text(object, "email", applicant->email);
	set_text(object, "address", applicant->address);
	set_switch(object, "anonymous", applicant->anonymous);
	set_switch(object, "hide_identity", applicant->hide_identity);
	set_switch(object, "masked", applicant->masked);
	set_text(object, "language", applicant->language);
	set_word(object, "prefers", prefers_words, (int)applicant->prefers);
	return object;
}

static json_t *
application_json(const Kopru__V1__Application *application)
{
	json_t *object;

	if (!application)
		return json_null();
	object = json_object();
	set_uuid(object, "id", &application->id);
	set_text(object, "number", application->number);
	set_word(object, "kind", kind_words, (int)application->kind);
	set_word(object, "channel", channel_words, (int)application->channel);
	set_text(object, "text", application->text);
	set_text(object, "subject", application->subject);
	set_text(object, "topic", application->topic);
	json_object_set_new(object, "location", location_json(application->location));
	json_object_set_new(object, "applicant", applicant_json(application->applicant));
	set_time(object, "received_at", application->received_at);
	set_word(object, "legal_basis", legal_basis_words, (int)application->legal_basis);
	set_date(object, "due_on", application->due_on);
	set_text(object, "external_id", application->external_id);
	return object;
}

static void
received_fill(json_t *object, const Kopru__V1__Event *event)
{
	const Kopru__V1__ApplicationReceived *body = event->application_received;

	set_text(object, "type", "application.received");
	set_date(object, "due_on", body->application ? body->application->due_on : 0);
	json_object_set_new(object, "application", application_json(body->application));
}

static void
routed_fill(json_t *object, const Kopru__V1__Event *event)
{
	const Kopru__V1__ApplicationRouted *body = event->application_routed;

	set_text(object, "type", "application.routed");
	set_text(object, "department", body->department);
	set_text(object, "department_name", body->department_name);
	set_switch(object, "outside", body->outside);
	set_text(object, "topic", body->topic);
	set_text(object, "topic_name", body->topic_name);
	set_word(object, "state", state_words, (int)body->state);
	set_switch(object, "triage", body->triage);
	set_date(object, "due_on", body->application ? body->application->due_on : 0);
	set_date(object, "target_on", body->target_on);
	json_object_set_new(object, "application", application_json(body->application));
}

static void
erased_fill(json_t *object, const Kopru__V1__Event *event)
{
	set_text(object, "type", "erased");
	set_text(object, "reason", event->erased->reason);
}

static const struct {
	int body;
	void (*fill)(json_t *object, const Kopru__V1__Event *event);
} types[] = {
    {KOPRU__V1__EVENT__BODY_APPLICATION_RECEIVED, received_fill},
    {KOPRU__V1__EVENT__BODY_APPLICATION_ROUTED, routed_fill},
    {KOPRU__V1__EVENT__BODY_ERASED, erased_fill},
};

static void
actor_fill(json_t *object, const Kopru__V1__Actor *actor)
{
	static const char *const kinds[] = {NULL, "citizen", "clerk", "department", "system", "service"};
	size_t kind = actor ? (size_t)actor->type : 0;

	set_text(object, "actor", kind < sizeof(kinds) / sizeof(kinds[0]) ? kinds[kind] : "unknown");
	set_text(object, "actor_id", actor ? actor->id : NULL);
}

static json_t *
event_json(const struct line_place *place, const Kopru__V1__Event *event)
{
	json_t *object = json_object();
	char id[UUID_TEXT_SIZE];

	uuid_text(&place->event_id, id);
	set_text(object, "event_id", id);
	set_text(object, "stream", place->stream);
	json_object_set_new(object, "seq", json_integer((json_int_t)place->seq));
	set_uuid(object, "application_id", &event->application_id);
	set_text(object, "number", event->number);
	json_object_set_new(object, "version", json_integer(event->version));
	set_time(object, "at", event->at);
	actor_fill(object, event->actor);
	set_text(object, "traceparent", event->traceparent);
	return object;
}

int
line_make(
    struct arena *a, const struct line_place *place, const void *bytes, size_t size, struct line *line, struct err *e)
{
	/* Ten digits are all of 180.1234567 and nothing of what a double adds to it. */
	const size_t flags = JSON_COMPACT | JSON_REAL_PRECISION(10);
	const Kopru__V1__Event *event = wire_unpack(&kopru__v1__event__descriptor, a, bytes, size, e);
	struct uuid application_id;
	json_t *object;
	char *text;
	size_t i = 0, count = sizeof(types) / sizeof(types[0]);

	if (!event)
		return -1;
	if (!uuid_from_bytes(event->application_id.data, event->application_id.len, &application_id))
		return err_set(e, "the event has no application id of 16 bytes");
	object = event_json(place, event);
	while (i < count && types[i].body != (int)event->body_case)
		i++;
	if (i < count) {
		types[i].fill(object, event);
	} else {
		set_text(object, "type", "unknown");
		set_text(object, "bytes", line_base64(a, bytes, size));
	}
	line->application_id = application_id;
	line->size = json_dumpb(object, NULL, 0, flags) + 1;
	line->text = text = arena_alloc(a, line->size + 1);
	json_dumpb(object, text, line->size, flags);
	text[line->size - 1] = '\n';
	json_decref(object);
	return 0;
}
