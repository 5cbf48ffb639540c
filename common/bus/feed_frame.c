/* feed_frame: frames of the feed protocol, packed and sent. */
#include "common/bus/feed_frame.h"

#include <stdlib.h>
#include <string.h>

int
feed_frame_send(const struct feed_address *to, const Kopru__V1__FeedEnvelope *envelope, struct feed_frame *room)
{
	size_t size = kopru__v1__feed_envelope__get_packed_size(envelope);

	if (size > sizeof(room->bytes))
		abort();
	kopru__v1__feed_envelope__pack(envelope, room->bytes);
	return bus_send(to->socket, to->routing_id, to->routing_size, room->bytes, size);
}

bool
feed_name_valid(const char *name)
{
	size_t size = strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_/.-");

	return size > 0 && size < FEED_NAME_SIZE && name[size] == '\0';
}

/* A varint at *at; moves it. */
static bool
take_varint(const uint8_t *bytes, size_t size, size_t *at, uint64_t *value)
{
	uint64_t result = 0;

	for (unsigned shift = 0; shift < 64 && *at < size; shift += 7) {
		uint8_t byte = bytes[(*at)++];

		result |= (uint64_t)(byte & 0x7f) << shift;
		if ((byte & 0x80) == 0) {
			*value = result;
			return true;
		}
	}
	return false;
}

/* Moves *at over a value of this wire type; of bytes, start and length are given. */
static bool
take_value(const uint8_t *bytes, size_t size, size_t *at, unsigned type, uint64_t *length)
{
	uint64_t number;

	*length = 0;
	if (type == 0)
		return take_varint(bytes, size, at, &number);
	if (type == 1)
		*length = 8;
	else if (type == 5)
		*length = 4;
	else if (type != 2 || !take_varint(bytes, size, at, length))
		return false;
	if (*length > size - *at)
		return false;
	*at += (size_t)*length;
	return true;
}

bool
feed_event_id(const void *event, size_t size, struct uuid *id)
{
	const uint8_t *bytes = event;
	size_t at = 0;

	while (at < size) {
		uint64_t tag;
		uint64_t length;

		if (!take_varint(bytes, size, &at, &tag) || !take_value(bytes, size, &at, (unsigned)(tag & 7), &length))
			return false;
		if (tag == (1 << 3 | 2))
			return uuid_from_bytes(bytes + at - length, (size_t)length, id);
	}
	return false;
}
