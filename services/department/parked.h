/* parked: events that could not be handled, one JSON file each, with the reason. While an application has such a
 * file, its later events are parked too. An operator who has settled one removes (or moves) its files; events that
 * come after that are handled again. */
#ifndef KOPRU_SERVICES_DEPARTMENT_PARKED_H
#define KOPRU_SERVICES_DEPARTMENT_PARKED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/err.h"
#include "common/base/ids.h"

struct parked;

struct parked_event {
	uint64_t seq;
	struct uuid event_id;
	struct uuid application_id; /* zeros when it is not known */
	const void *bytes;
	size_t size;
	const char *line; /* its JSON; NULL when it could not be made */
	const char *reason;
	unsigned tries;
};

/* Makes the folder (0700) when it is not there. code: the department's, kept. */
struct parked *parked_open(const char *folder, const char *code, struct err *e);
void parked_close(struct parked *p); /* NULL is fine */

/* Has this application a parked event? Looks at the folder again whenever it has changed. */
bool parked_waits(struct parked *p, const struct uuid *application_id);

/* Durable when it returns 0. The file is CODE-<seq>-<application id>.json. */
int parked_add(struct parked *p, const struct parked_event *event, struct err *e);

size_t parked_count(const struct parked *p);

#endif
