/* mailboxes: polls the configured mailboxes over IMAP and stores every mail as it arrived. Each has a lease, so that one
 * instance looks at a time; the UID moves only over what is stored durably; when the server's UIDVALIDITY changes, all is read
 * again, and what was there is known by its hash. Nothing is deleted or marked on the server. One that fails waits longer each
 * time, and harms no other. */
#ifndef KOPRU_SERVICES_INTAKE_MAILBOXES_H
#define KOPRU_SERVICES_INTAKE_MAILBOXES_H

#include "common/db/db.h"
#include "services/intake/channels/channels_conf.h"
#include "services/intake/inbound.h"

struct mailboxes;

/* All borrowed. work: where leases and UIDs are written. conf->files must be set when there are mailboxes. */
struct mailboxes *mailboxes_new(
    struct loop *l, struct db *work, struct inbound *inbound, const struct channels_conf *conf, struct metrics *m);
/* No more looks; after it arrivals may still be told their end. */
void mailboxes_stop(struct mailboxes *all);
/* NULL is fine; after inbound_stop and db_close. */
void mailboxes_free(struct mailboxes *all);

#endif
