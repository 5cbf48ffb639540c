/* line: see line.h. */
#include "services/department/line.h"

#include <sodium.h>
#include <string.h>

#include "common/base/wire.h"
#include "services/department/line_parts.h"

const char *
line_base64(struct arena *a, const void *bytes, size_t size)
{
	size_t space = sodium_base64_ENCODED_LEN(size, sodium_base64_VARIANT_ORIGINAL);

	return sodium_bin2base64(arena_alloc(a, space), space, bytes, size, sodium_base64_VARIANT_ORIGINAL);
}

static json_t *
event_json(const struct line_place *place, const Kopru__V1__Event *event)
{
	json_t *object = json_object();
	char id[UUID_TEXT_SIZE];

	uuid_text(&place->event_id, id);
	line_set_text(object, "event_id", id);
	line_set_text(object, "stream", place->stream);
	json_object_set_new(object, "seq", json_integer((json_int_t)place->seq));
	line_set_uuid(object, "application_id", &event->application_id);
	line_set_text(object, "number", event->number);
	json_object_set_new(object, "version", json_integer(event->version));
	line_set_time(object, "at", event->at);
	line_set_actor(object, "actor", event->actor);
	line_set_text(object, "traceparent", event->traceparent);
	return object;
}

/* Whose event it is when it cannot be unpacked: the first two fields as all our packers write them. Zeros: not known. */
static struct uuid
application_guess(const struct line_place *place, const uint8_t *bytes, size_t size)
{
	static const uint8_t tag_id[] = {0x0a, UUID_SIZE}, tag_application[] = {0x12, UUID_SIZE};
	struct uuid application = {{0}};

	if (size >= 2 * (UUID_SIZE + 2) && memcmp(bytes, tag_id, 2) == 0 &&
	    memcmp(bytes + 2, place->event_id.bytes, UUID_SIZE) == 0 &&
	    memcmp(bytes + 2 + UUID_SIZE, tag_application, 2) == 0)
		memcpy(application.bytes, bytes + 4 + UUID_SIZE, UUID_SIZE);
	return application;
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

	line->application_id = application_guess(place, bytes, size);
	if (!event)
		return -1;
	if (!uuid_from_bytes(event->application_id.data, event->application_id.len, &application_id))
		return err_set(e, "the event has no application id of 16 bytes");
	object = event_json(place, event);
	if (!line_put_body(object, event)) {
		line_set_text(object, "type", "unknown");
		line_set_text(object, "bytes", line_base64(a, bytes, size));
	}
	line_put_standing(object, "standing", &event->standing);
	line->application_id = application_id;
	line->size = json_dumpb(object, NULL, 0, flags) + 1;
	line->text = text = arena_alloc(a, line->size + 1);
	json_dumpb(object, text, line->size, flags);
	text[line->size - 1] = '\n';
	json_decref(object);
	return 0;
}
