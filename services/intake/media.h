/* media: files that came with messages and lie with the provider are fetched at once, each by one instance at a time, with
 * patience: what fails is tried again for a week, unless there is no such file or it may not be taken. The application does not
 * wait so long. At most two of a channel at once. */
#ifndef KOPRU_SERVICES_INTAKE_MEDIA_H
#define KOPRU_SERVICES_INTAKE_MEDIA_H

#include "common/db/db.h"
#include "services/intake/inbound.h"
#include "services/intake/media_fetch.h"

struct media;

/* desk and all in it, d (whose tables hold media_statements), and inbound are borrowed. */
struct media *media_new(const struct media_desk *desk, struct db *d, struct inbound *inbound, struct metrics *all);
void media_stop(struct media *m); /* before graph_free and db_close: nothing new is begun */
void media_free(struct media *m); /* NULL is fine; after them */

/* The database is there, or something is wanted: look now. */
void media_wake(struct media *m);

#endif
