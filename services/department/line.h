/* line: an event as one line of JSON, for programs that know neither protobuf nor this feed. Pure. */
#ifndef KOPRU_SERVICES_DEPARTMENT_LINE_H
#define KOPRU_SERVICES_DEPARTMENT_LINE_H

#include <stddef.h>
#include <stdint.h>

#include "common/base/arena.h"
#include "common/base/err.h"
#include "common/base/ids.h"

/* Where an event stands. */
struct line_place {
	const char *stream;
	uint64_t seq;
	struct uuid event_id;
};

struct line {
	const char *text; /* JSON and a newline, NUL-terminated */
	size_t size; /* without the NUL */
	struct uuid application_id;
};

/* bytes: a packed Event, as the feed brought it. What is not given is null. A type of event that this program does
 * not know has "type": "unknown" and all its bytes in base64. -1: no Event at all. line lives in the arena. */
int line_make(
    struct arena *a, const struct line_place *place, const void *bytes, size_t size, struct line *line, struct err *e);

/* Base64 with padding (RFC 4648), in the arena. */
const char *line_base64(struct arena *a, const void *bytes, size_t size);

#endif
