/* receipt: see the header. */
#include "services/intake/receipt.h"

#include <string.h>

#include "common/base/text.h"
#include "common/base/wire.h"
#include "common/domain/calendar.h"
#include "proto/kopru/v1/event.pb-c.h"

#define JSON_ROOM 512 /* for all but the URL */

/* protobuf-c's fields are not const, and packing changes nothing. */
static char *
text(const char *value)
{
	char *field;

	if (!value)
		value = protobuf_c_empty_string;
	memcpy(&field, &value, sizeof(field));
	return field;
}

static ProtobufCBinaryData
bytes(const void *data, size_t size)
{
	ProtobufCBinaryData field = {.len = size};

	memcpy(&field.data, &data, sizeof(field.data));
	return field;
}

static void
fill_location(const struct application_form *form, Kopru__V1__Location *location, Kopru__V1__Point *point)
{
	kopru__v1__location__init(location);
	location->address = text(form->address);
	location->neighbourhood = text(form->neighbourhood);
	if (!form->has_point)
		return;
	kopru__v1__point__init(point);
	point->latitude_e7 = form->latitude_e7;
	point->longitude_e7 = form->longitude_e7;
	location->point = point;
}

static void
fill_applicant(const struct application_form *form, Kopru__V1__Applicant *applicant)
{
	kopru__v1__applicant__init(applicant);
	applicant->name = text(form->applicant_name);
	applicant->phone = text(form->applicant_phone);
	applicant->email = text(form->applicant_email);
	applicant->address = text(form->applicant_address);
	applicant->email_verified = form->email_verified;
	applicant->anonymous = form->anonymous;
	applicant->hide_identity = form->hide_identity;
	applicant->language = text(form->language);
	applicant->prefers = (Kopru__V1__Prefers)form->prefers;
}

static void
fill_origin(const struct application_form *form, Kopru__V1__Origin *origin)
{
	kopru__v1__origin__init(origin);
	origin->entered_by = text(form->entered_by);
	origin->brought_by = text(form->brought_by);
	origin->registry_number = text(form->registry_number);
	origin->registry_on = form->registry_on;
	origin->sender_institution = text(form->sender_institution);
	origin->reply_by = form->reply_by;
	origin->call_id = text(form->call_id);
	origin->recording = text(form->recording);
	origin->source_url = text(form->source_url);
}

static void
fill_application(const struct receipt *r, const struct application_form *form, Kopru__V1__Application *application)
{
	kopru__v1__application__init(application);
	application->id = bytes(r->application_id.bytes, UUID_SIZE);
	application->number = text(r->number);
	application->kind = (Kopru__V1__Kind)form->kind;
	application->channel = (Kopru__V1__Channel)form->channel;
	application->text = text(form->text);
	application->subject = text(form->subject);
	application->topic = text(form->topic);
	application->received_at = r->received_at;
	application->legal_basis = (Kopru__V1__LegalBasis)r->legal_basis;
	application->due_on = r->due_on;
	application->external_id = text(form->external_id);
}

static void
fill_marks(const struct person_marks *marks, ProtobufCBinaryData *list, Kopru__V1__ApplicationReceived *received)
{
	for (size_t i = 0; i < marks->count; i++)
		list[i] = bytes(marks->list[i], PERSON_MARK_SIZE);
	received->n_person_marks = marks->count;
	received->person_marks = list;
}

uint8_t *
receipt_event(struct arena *a, const struct receipt *r, const struct application_form *form, size_t *size)
{
	Kopru__V1__Event event;
	Kopru__V1__Actor actor;
	Kopru__V1__ApplicationReceived received;
	Kopru__V1__Application application;
	Kopru__V1__Applicant applicant;
	Kopru__V1__Location location;
	Kopru__V1__Point point;
	Kopru__V1__Origin origin;
	ProtobufCBinaryData marks[PERSON_MARKS_MAX];
	uint8_t hash[ACCESS_CODE_HASH_SIZE];

	fill_application(r, form, &application);
	fill_applicant(form, &applicant);
	application.applicant = &applicant;
	if (form->has_point || form->address || form->neighbourhood) {
		fill_location(form, &location, &point);
		application.location = &location;
	}
	if (form_has_origin(form)) {
		fill_origin(form, &origin);
		application.origin = &origin;
	}
	application.n_attachments = form->attachment_count;
	application.attachments = attachments_make(a, form->attachments, form->attachment_count);
	kopru__v1__application_received__init(&received);
	received.application = &application;
	access_code_hash(r->access_code, hash);
	received.access_code_hash = bytes(hash, sizeof(hash));
	received.access_code_generation = RECEIPT_GENERATION;
	fill_marks(&r->marks, marks, &received);
	kopru__v1__actor__init(&actor);
	actor.type = r->key_name ? KOPRU__V1__ACTOR__TYPE__TYPE_SYSTEM : KOPRU__V1__ACTOR__TYPE__TYPE_CITIZEN;
	actor.id = text(r->key_name);
	kopru__v1__event__init(&event);
	event.id = bytes(r->event_id.bytes, UUID_SIZE);
	event.application_id = bytes(r->application_id.bytes, UUID_SIZE);
	event.number = text(r->number);
	event.version = 1;
	event.at = r->at;
	event.actor = &actor;
	event.traceparent = text(r->traceparent);
	event.body_case = KOPRU__V1__EVENT__BODY_APPLICATION_RECEIVED;
	event.application_received = &received;
	return wire_pack(a, &event.base, size);
}

static char *
put(char *to, const char *piece)
{
	size_t size = strlen(piece);

	memcpy(to, piece, size);
	return to + size;
}

static char *
put_number(char *to, uint64_t value)
{
	char digits[20];
	size_t count = 0;

	do
		digits[count++] = (char)('0' + value % 10);
	while ((value /= 10) > 0);
	while (count > 0)
		*to++ = digits[--count];
	return to;
}

/* Nothing in it needs escaping: numbers, codes, dates, and an address that was checked at start. */
char *
receipt_json(struct arena *a, const struct receipt *r, const char *public_url, size_t *size)
{
	const char *missing = r->missing ? r->missing : "", *similar = r->similar ? r->similar : "";
	char *json = arena_alloc(a, JSON_ROOM + strlen(public_url) + strlen(missing) + strlen(similar)), *to = json;
	char time[TIME_TEXT_SIZE], date[DATE_TEXT_SIZE];

	time_text_istanbul(r->received_at, time);
	date_text(r->due_on, date);
	to = put(to, "{\"number\":\"");
	to = put(to, r->number);
	to = put(to, "\",\"access_code\":\"");
	to = put(to, r->access_code);
	to = put(to, "\",\"received_at\":\"");
	to = put(to, time);
	to = put(to, "\",\"status\":\"received\",\"due_on\":\"");
	to = put(to, date);
	to = put(to, "\",\"tracking_url\":\"");
	to = put(to, public_url);
	to = put(to, "/takip#no=");
	to = put(to, r->number);
	to = put(to, "&kod=");
	to = put(to, r->access_code);
	to = put(to, "\",\"after\":{\"stream\":\"intake\",\"seq\":");
	to = put_number(to, r->seq);
	to = put(to, "}");
	if (r->missing) {
		to = put(to, ",\"missing\":");
		to = put(to, missing);
	}
	if (r->similar) {
		to = put(to, ",\"similar\":");
		to = put(to, similar);
	}
	to = put(to, "}");
	*size = (size_t)(to - json);
	return json;
}

bool
receipt_url_valid(const char *public_url)
{
	size_t length = strlen(public_url);

	if (!ascii_starts_nocase(public_url, "http://") && !ascii_starts_nocase(public_url, "https://"))
		return false;
	for (const char *c = public_url; *c; c++)
		if (*c < 0x21 || *c > 0x7e || strchr("\"\\<>#?'", *c))
			return false;
	return length > 8 && public_url[length - 1] != '/';
}
