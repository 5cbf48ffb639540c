/* Any bytes as an Event: refused with a reason, or packed and read again as the same. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/wire.h"
#include "kopru/v1/event.pb-c.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define ARENA_LIMIT ((size_t)4 << 20)

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new(ARENA_LIMIT), *room = arena_new(0);
	struct err e = {""};
	ProtobufCMessage *message = wire_unpack(&kopru__v1__event__descriptor, a, data, size, &e);
	size_t packed_size;

	if (!message && e.text[0] == '\0')
		abort();
	if (message) {
		uint8_t *packed = wire_pack(room, message, &packed_size);

		arena_reset(a);
		if (packed_size <= WIRE_FRAME_MAX &&
		    !wire_unpack(&kopru__v1__event__descriptor, a, packed, packed_size, &e))
			abort();
	}
	if (arena_size(a) > ARENA_LIMIT)
		abort();
	arena_free(room);
	arena_free(a);
	return 0;
}
