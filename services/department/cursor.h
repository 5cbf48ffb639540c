/* cursor: how far a stream is handled, in a file: one line `department/TEM 123 <event id>`. The file is never
 * half-written (common/base/file.h); one that is not exactly such a line is refused, never guessed at. */
#ifndef KOPRU_SERVICES_DEPARTMENT_CURSOR_H
#define KOPRU_SERVICES_DEPARTMENT_CURSOR_H

#include <stdint.h>

#include "common/base/err.h"
#include "common/base/ids.h"

struct cursor {
	uint64_t seq; /* 0: nothing yet */
	struct uuid event_id; /* at seq */
};

/* No file: 0. -1: the file is torn, garbage or of another stream, and why. */
int cursor_read(const char *path, const char *stream, struct cursor *c, struct err *e);
int cursor_write(const char *path, const char *stream, const struct cursor *c, struct err *e);

/* What stands in a file; pure. */
int cursor_parse(const char *text, const char *stream, struct cursor *c, struct err *e);

/* Only one process may use a cursor: holds path.lock until the descriptor is closed. -1: somebody has it. */
int cursor_lock(const char *path, struct err *e);

#endif
