/* wire: protobuf bytes from outside. protobuf-c has no recursion limit, counts nothing, checks no UTF-8
 * and makes 52 bytes of one: so bytes are walked by their descriptor first (depth, counts, lengths and every string,
 * whose NULs are lost later), and then unpacked into an arena with a limit. */
#ifndef KOPRU_COMMON_BASE_WIRE_H
#define KOPRU_COMMON_BASE_WIRE_H

#include <stddef.h>
#include <stdint.h>

#include <protobuf-c/protobuf-c.h>

#include "common/base/arena.h"
#include "common/base/err.h"

#define WIRE_EVENT_MAX (256 * 1024) /* a packed event */
#define WIRE_FRAME_MAX (512 * 1024) /* one frame of the feed or of a command */
#define WIRE_DEPTH_MAX 8
#define WIRE_ATTACHMENTS_MAX 10 /* messages kopru.v1.Attachment in one frame */
#define WIRE_FIELDS_MAX 20000 /* fields in one frame, all levels together */

/* NULL with the reason: too large, too deep, too many fields or attachments, truncated, malformed, a string that is not
 * UTF-8 or holds a NUL, no memory left in the arena. Unknown fields are kept. What it gives lives in a. */
void *wire_unpack(
    const ProtobufCMessageDescriptor *type, struct arena *a, const void *data, size_t size, struct err *e);

/* Packs into the arena; NULL only when the arena is full. */
uint8_t *wire_pack(struct arena *a, const ProtobufCMessage *message, size_t *size);

#endif
