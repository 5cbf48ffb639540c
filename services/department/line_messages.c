/* line_messages: messages that stand within events, each by a table of its fields. */
#include "services/department/line_parts.h"

#include <string.h>

static void
put_degrees(json_t *object, const char *name, const Kopru__V1__Point *point, int32_t e7)
{
	json_object_set_new(object, name, point ? json_real(e7 / 1e7) : json_null());
}

static void
put_latitude(json_t *object, const char *name, const void *at)
{
	const Kopru__V1__Point *point;

	memcpy(&point, at, sizeof(point));
	put_degrees(object, name, point, point ? point->latitude_e7 : 0);
}

static void
put_longitude(json_t *object, const char *name, const void *at)
{
	const Kopru__V1__Point *point;

	memcpy(&point, at, sizeof(point));
	put_degrees(object, name, point, point ? point->longitude_e7 : 0);
}

static const struct line_field location_fields[] = {
    {0, "lat", put_latitude, offsetof(Kopru__V1__Location, point)},
    {0, "lon", put_longitude, offsetof(Kopru__V1__Location, point)},
    {0, "address", line_put_text, offsetof(Kopru__V1__Location, address)},
    {0, "neighbourhood", line_put_text, offsetof(Kopru__V1__Location, neighbourhood)},
    {0},
};

static const struct line_field applicant_fields[] = {
    {0, "name", line_put_text, offsetof(Kopru__V1__Applicant, name)},
    {0, "phone", line_put_text, offsetof(Kopru__V1__Applicant, phone)},
    {0, "email", line_put_text, offsetof(Kopru__V1__Applicant, email)},
    {0, "email_verified", line_put_switch, offsetof(Kopru__V1__Applicant, email_verified)},
    {0, "address", line_put_text, offsetof(Kopru__V1__Applicant, address)},
    {0, "anonymous", line_put_switch, offsetof(Kopru__V1__Applicant, anonymous)},
    {0, "hide_identity", line_put_switch, offsetof(Kopru__V1__Applicant, hide_identity)},
    {0, "masked", line_put_switch, offsetof(Kopru__V1__Applicant, masked)},
    {0, "language", line_put_text, offsetof(Kopru__V1__Applicant, language)},
    {0, "prefers", line_put_prefers, offsetof(Kopru__V1__Applicant, prefers)},
    {0},
};

static const struct line_field attachment_fields[] = {
    {0, "id", line_put_uuid, offsetof(Kopru__V1__Attachment, id)},
    {0, "name", line_put_text, offsetof(Kopru__V1__Attachment, name)},
    {0, "media_type", line_put_text, offsetof(Kopru__V1__Attachment, media_type)},
    {0, "size", line_put_size, offsetof(Kopru__V1__Attachment, size)},
    {0, "sha256", line_put_hex, offsetof(Kopru__V1__Attachment, sha256)},
    {0},
};

static const struct line_field origin_fields[] = {
    {0, "entered_by", line_put_text, offsetof(Kopru__V1__Origin, entered_by)},
    {0, "brought_by", line_put_text, offsetof(Kopru__V1__Origin, brought_by)},
    {0, "registry_number", line_put_text, offsetof(Kopru__V1__Origin, registry_number)},
    {0, "registry_on", line_put_date, offsetof(Kopru__V1__Origin, registry_on)},
    {0, "sender_institution", line_put_text, offsetof(Kopru__V1__Origin, sender_institution)},
    {0, "reply_by", line_put_date, offsetof(Kopru__V1__Origin, reply_by)},
    {0, "call_id", line_put_text, offsetof(Kopru__V1__Origin, call_id)},
    {0, "recording", line_put_text, offsetof(Kopru__V1__Origin, recording)},
    {0, "source_url", line_put_text, offsetof(Kopru__V1__Origin, source_url)},
    {0},
};

static const struct line_field application_fields[] = {
    {0, "id", line_put_uuid, offsetof(Kopru__V1__Application, id)},
    {0, "number", line_put_text, offsetof(Kopru__V1__Application, number)},
    {0, "kind", line_put_kind, offsetof(Kopru__V1__Application, kind)},
    {0, "channel", line_put_channel, offsetof(Kopru__V1__Application, channel)},
    {0, "text", line_put_text, offsetof(Kopru__V1__Application, text)},
    {0, "subject", line_put_text, offsetof(Kopru__V1__Application, subject)},
    {0, "topic", line_put_text, offsetof(Kopru__V1__Application, topic)},
    {0, "location", line_put_location, offsetof(Kopru__V1__Application, location)},
    {0, "applicant", line_put_applicant, offsetof(Kopru__V1__Application, applicant)},
    {0, "received_at", line_put_time, offsetof(Kopru__V1__Application, received_at)},
    {0, "legal_basis", line_put_legal_basis, offsetof(Kopru__V1__Application, legal_basis)},
    {0, "due_on", line_put_date, offsetof(Kopru__V1__Application, due_on)},
    {0, "external_id", line_put_text, offsetof(Kopru__V1__Application, external_id)},
    {0, "attachments", line_put_attachments, offsetof(Kopru__V1__Application, n_attachments)},
    {0, "origin", line_put_origin, offsetof(Kopru__V1__Application, origin)},
    {0},
};

/* The words that spoke for it stand in the sentence. */
static const struct line_field matter_fields[] = {
    {0, "topic", line_put_text, offsetof(Kopru__V1__Candidate, topic)},
    {0, "department", line_put_text, offsetof(Kopru__V1__Candidate, department)},
    {0, "score", line_put_number, offsetof(Kopru__V1__Candidate, score)},
    {0},
};

/* All but the generation of the access code: no department's business. */
static const struct line_field standing_fields[] = {
    {0, "state", line_put_state, offsetof(Kopru__V1__Standing, state)},
    {0, "department", line_put_text, offsetof(Kopru__V1__Standing, department)},
    {0, "department_name", line_put_text, offsetof(Kopru__V1__Standing, department_name)},
    {0, "department_name_en", line_put_text, offsetof(Kopru__V1__Standing, department_name_en)},
    {0, "topic", line_put_text, offsetof(Kopru__V1__Standing, topic)},
    {0, "topic_name", line_put_text, offsetof(Kopru__V1__Standing, topic_name)},
    {0, "triage", line_put_switch, offsetof(Kopru__V1__Standing, triage)},
    {0, "outside", line_put_switch, offsetof(Kopru__V1__Standing, outside)},
    {0, "due_on", line_put_date, offsetof(Kopru__V1__Standing, due_on)},
    {0, "target_on", line_put_date, offsetof(Kopru__V1__Standing, target_on)},
    {0, "kind", line_put_kind, offsetof(Kopru__V1__Standing, kind)},
    {0, "channel", line_put_channel, offsetof(Kopru__V1__Standing, channel)},
    {0, "legal_basis", line_put_legal_basis, offsetof(Kopru__V1__Standing, legal_basis)},
    {0, "received_at", line_put_time, offsetof(Kopru__V1__Standing, received_at)},
    {0, "applicant", line_put_applicant, offsetof(Kopru__V1__Standing, applicant)},
    {0, "hand_backs", line_put_number, offsetof(Kopru__V1__Standing, hand_backs)},
    {0, "with_arbiter", line_put_switch, offsetof(Kopru__V1__Standing, with_arbiter)},
    {0, "arbiter_due_on", line_put_date, offsetof(Kopru__V1__Standing, arbiter_due_on)},
    {0, "final_owed", line_put_switch, offsetof(Kopru__V1__Standing, final_owed)},
    {0, "merged_into", line_put_uuid, offsetof(Kopru__V1__Standing, merged_into)},
    {0, "merged_into_number", line_put_text, offsetof(Kopru__V1__Standing, merged_into_number)},
    {0, "answer_by", line_put_date, offsetof(Kopru__V1__Standing, answer_by)},
    {0, "answers", line_put_number, offsetof(Kopru__V1__Standing, answers)},
    {0, "promised_on", line_put_date, offsetof(Kopru__V1__Standing, promised_on)},
    {0, "fee_due_on", line_put_date, offsetof(Kopru__V1__Standing, fee_due_on)},
    {0},
};

static const struct line_field part_fields[] = {
    {0, "number", line_put_number, offsetof(Kopru__V1__Part, number)},
    {0, "department", line_put_text, offsetof(Kopru__V1__Part, department)},
    {0, "department_name", line_put_text, offsetof(Kopru__V1__Part, department_name)},
    {0, "task", line_put_text, offsetof(Kopru__V1__Part, task)},
    {0, "answered", line_put_switch, offsetof(Kopru__V1__Part, answered)},
    {0},
};

/* The message that at points to, as an object of its own; null when it is absent. */
static void
put_message(json_t *object, const char *name, const struct line_field *fields, const void *at)
{
	const void *message;
	json_t *inner;

	memcpy(&message, at, sizeof(message));
	inner = message ? json_object() : json_null();
	if (message)
		line_put_fields(inner, fields, 0, message);
	json_object_set_new(object, name, inner);
}

void
line_put_location(json_t *object, const char *name, const void *at)
{
	put_message(object, name, location_fields, at);
}

void
line_put_applicant(json_t *object, const char *name, const void *at)
{
	put_message(object, name, applicant_fields, at);
}

void
line_put_origin(json_t *object, const char *name, const void *at)
{
	put_message(object, name, origin_fields, at);
}

/* at: the count, which its list follows as protobuf-c puts them. */
static void
put_messages(json_t *object, const char *name, const struct line_field *fields, const void *at)
{
	struct {
		size_t count;
		void **list;
	} messages;
	json_t *list = json_array();

	memcpy(&messages, at, sizeof(messages));
	for (size_t i = 0; i < messages.count; i++) {
		json_t *one = json_object();

		line_put_fields(one, fields, 0, messages.list[i]);
		json_array_append_new(list, one);
	}
	json_object_set_new(object, name, list);
}

void
line_put_attachments(json_t *object, const char *name, const void *at)
{
	put_messages(object, name, attachment_fields, at);
}

void
line_put_matters(json_t *object, const char *name, const void *at)
{
	put_messages(object, name, matter_fields, at);
}

void
line_put_application(json_t *object, const char *name, const void *at)
{
	put_message(object, name, application_fields, at);
}

void
line_put_due_on(json_t *object, const char *name, const void *at)
{
	const Kopru__V1__Application *application;

	memcpy(&application, at, sizeof(application));
	line_set_date(object, name, application ? application->due_on : 0);
}

void
line_put_standing(json_t *object, const char *name, const void *at)
{
	put_message(object, name, standing_fields, at);
}

void
line_put_part(json_t *object, const char *name, const void *at)
{
	put_message(object, name, part_fields, at);
}
