/* feed_frame: frames of the feed protocol, packed and sent. */
#ifndef KOPRU_COMMON_BUS_FEED_FRAME_H
#define KOPRU_COMMON_BUS_FEED_FRAME_H

#include <stdbool.h>

#include "common/base/ids.h"
#include "common/base/wire.h"
#include "common/bus/bus.h"
#include "proto/kopru/v1/feed.pb-c.h"

#define FEED_NAME_SIZE 65 /* of a stream or a consumer */
#define FEED_FRAME_ITEMS 200
#define FEED_FRAME_BYTES (WIRE_FRAME_MAX - 16 * 1024) /* of events in one frame */

/* Where a frame goes: a ROUTER's peer, or (without routing id) a DEALER's. */
struct feed_address {
	struct bus_socket *socket;
	const void *routing_id;
	size_t routing_size;
};

/* Room for one frame. */
struct feed_frame {
	uint8_t bytes[WIRE_FRAME_MAX];
};

/* As bus_send(). A frame that does not fit is never built: that aborts. */
int feed_frame_send(const struct feed_address *to, const Kopru__V1__FeedEnvelope *envelope, struct feed_frame *room);

/* 1 to 64 of [A-Za-z0-9_/.-]. */
bool feed_name_valid(const char *name);

/* Field 1 of a packed Event, without unpacking it. */
bool feed_event_id(const void *event, size_t size, struct uuid *id);

#endif
