/* jsontext: JSON from outside: one object, strict UTF-8, no key twice, no NUL, not deep. */
#ifndef KOPRU_COMMON_BASE_JSONTEXT_H
#define KOPRU_COMMON_BASE_JSONTEXT_H

#include <stddef.h>

#include <jansson.h>

#include "common/base/arena.h"

/* Why a text is not taken, in both languages; constants, or from the arena. */
struct jsontext_fault {
	const char *tr, *en;
};

/* Before jansson is used for anything; again does no harm. */
void jsontext_start(void);
/* One object, or NULL. It lives in a, as the fault does, and is never freed by itself. From any thread. */
json_t *jsontext_read(struct arena *a, const char *text, size_t size, unsigned depth_max, struct jsontext_fault *fault);

#endif
