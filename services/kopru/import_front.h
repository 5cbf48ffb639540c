/* import_front: requests to intake's API over a few connections that stay open. What was not answered, or answered with
 * "later", is sent again, so a request must be safe to repeat. */
#ifndef KOPRU_SERVICES_KOPRU_IMPORT_FRONT_H
#define KOPRU_SERVICES_KOPRU_IMPORT_FRONT_H

#include <stddef.h>
#include <stdint.h>

#include "common/base/err.h"
#include "services/kopru/api.h"

struct import_front;

/* The caller's; it and its body live until on_end. */
struct import_call {
	const char *path;
	const char *body; /* JSON */
	size_t size;
	void (*on_end)(struct import_call *call, long status, const char *body, size_t size);
	/* import_front's own */
	struct import_call *next;
	int64_t not_before;
	unsigned tries;
};

struct import_front *import_front_new(const struct api *api, unsigned connections);
void import_front_free(struct import_front *f); /* NULL is fine; nobody's on_end is called */

/* delay: milliseconds until it is sent. */
void import_front_post(struct import_front *f, struct import_call *call, int64_t delay);
/* Waits until something has happened (on_end may be called), or the next wait is over; 1 s at most. -1: nothing was answered
 * for five minutes. */
int import_front_wait(struct import_front *f, struct err *e);

#endif
