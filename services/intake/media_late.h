/* media_late: files that were fetched after their draft was done are added to its case, each once: the router gives the same reply
 * again to an id that is made of the message's and the file's. What a case takes no more goes to triage. */
#ifndef KOPRU_SERVICES_INTAKE_MEDIA_LATE_H
#define KOPRU_SERVICES_INTAKE_MEDIA_LATE_H

#include "common/base/metrics.h"
#include "common/bus/command.h"
#include "common/db/db.h"

struct media_late;

/* All is borrowed; d's tables hold media_statements. */
struct media_late *media_late_new(struct loop *l, struct db *d, struct command_client *client, struct metrics *m);
void media_late_stop(struct media_late *m); /* before db_close and the client's end; NULL is fine */
void media_late_free(struct media_late *m); /* NULL is fine; after them */

#endif
