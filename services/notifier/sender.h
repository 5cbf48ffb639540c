/* sender: takes due notices under a lease, has their letters composed and sent, and records how each ended. A lost lease
 * writes nothing; what failed is tried again with back-off and given up at last; of what nobody knows, the notice's policy
 * says whether it is repeated. */
#ifndef KOPRU_SERVICES_NOTIFIER_SENDER_H
#define KOPRU_SERVICES_NOTIFIER_SENDER_H

#include "common/base/metrics.h"
#include "common/db/db.h"
#include "common/loop/loop.h"
#include "services/notifier/budget.h"
#include "services/notifier/job.h"

struct sender;

struct sender_conf {
	struct job_conf job;
	int lease_seconds; /* made longer while the provider has the letter */
	int settle_seconds; /* until what is unknown is repeated */
	int held_days; /* until an unverified address is given up */
	int domain_at_once, domain_a_minute; /* budgets of a domain, for a provider that has them */
};

/* Keeps d; copies conf. Has no provider at first. */
struct sender *sender_new(struct loop *l, struct db *d, const struct sender_conf *conf, struct metrics *m);
/* Before the loop runs. provider's on_end must be sender_on_end with the sender as its arg. Takes over way. */
void sender_use(struct sender *s, const struct provider *provider, void *way);
void sender_free(struct sender *s); /* NULL is fine; after d is closed, which ends what is under way */

provider_on_end sender_on_end;

/* There may be something to send: it looks soon. It looks every second anyway. */
void sender_wake(struct sender *s);

/* Removes what the provider still has of an erased application's letters. */
void sender_forget(struct sender *s, const char *number, const struct uuid *id);
void sender_forget_numbers(struct sender *s, const char *const *numbers, size_t count);

#endif
