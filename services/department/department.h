/* department: a department's end of its feed. Each event is handled at least once, in order, and acknowledged
 * after the cursor that covers it is durable. One that the handler does not take is parked with its reason and
 * holds up later events of its application only; a handler that cannot be reached holds up everything. */
#ifndef KOPRU_SERVICES_DEPARTMENT_DEPARTMENT_H
#define KOPRU_SERVICES_DEPARTMENT_DEPARTMENT_H

#include "common/bus/bus.h"
#include "services/department/settings.h"

#define DEPARTMENT_DIVERGED 3 /* exit code: the feed's history is not the one that was handled here */

struct department;

struct department *department_new(
    struct loop *l, struct bus *b, struct metrics *m, const struct settings *conf, struct err *e);
void department_free(struct department *d); /* NULL is fine */

/* What the process should exit with, once the loop has ended. */
int department_exit_code(const struct department *d);

#endif
