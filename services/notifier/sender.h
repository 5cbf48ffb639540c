/* sender: takes due notices under a lease, has their letters composed and delivered, and records how it ended. A
 * lost lease writes nothing; what failed is tried again with back-off and given up after SENDER_ATTEMPTS. */
#ifndef KOPRU_SERVICES_NOTIFIER_SENDER_H
#define KOPRU_SERVICES_NOTIFIER_SENDER_H

#include "common/base/metrics.h"
#include "common/db/db.h"
#include "common/loop/loop.h"
#include "services/notifier/composer.h"
#include "services/notifier/providers/file.h"

#define SENDER_ATTEMPTS 10
#define SENDER_LEASE_SECONDS 30
#define SENDER_LIMIT 200 /* notices at a time */

struct sender;

/* Keeps d, composer and outbox. */
struct sender *sender_new(
    struct loop *l, struct db *d, const struct composer *composer, struct file_outbox *outbox, struct metrics *m);
void sender_free(struct sender *s); /* NULL is fine; after d is closed, which ends what is under way */

/* There may be something to send: it looks soon. It looks every second anyway. */
void sender_wake(struct sender *s);

#endif
