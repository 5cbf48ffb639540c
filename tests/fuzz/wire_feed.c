/* Any bytes as frames: a FeedEnvelope and a CommandEnvelope, in a small arena too. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/wire.h"
#include "kopru/v1/command.pb-c.h"
#include "kopru/v1/feed.pb-c.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
read_frame(const ProtobufCMessageDescriptor *type, size_t limit, const uint8_t *data, size_t size)
{
	struct arena *a = arena_new(limit);
	struct err e = {""};

	if (!wire_unpack(type, a, data, size, &e) && e.text[0] == '\0')
		abort();
	if (arena_size(a) > limit)
		abort();
	arena_free(a);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const size_t limits[] = {4096, (size_t)4 << 20};

	for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
		read_frame(&kopru__v1__feed_envelope__descriptor, limits[i], data, size);
		read_frame(&kopru__v1__command_envelope__descriptor, limits[i], data, size);
	}
	return 0;
}
