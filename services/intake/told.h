/* told: when a draft has become an application, its sender is told the number and where it can be followed, once: that it
 * is being sent is durable before it is sent; an answer that is lost is "unknown", counted, and never repeated. What the
 * provider says later about it (a status with the draft's id) settles it. */
#ifndef KOPRU_SERVICES_INTAKE_TOLD_H
#define KOPRU_SERVICES_INTAKE_TOLD_H

#include "common/base/ids.h"

struct told;
struct telling;

enum telling_end {
	TELLING_SENT, /* the provider took it */
	TELLING_FAILED, /* it did not, and never will */
	TELLING_LATER, /* it certainly did not take it now (too many, unavailable): tried again later, for a day */
	TELLING_UNKNOWN, /* nobody knows */
};

/* One message to one sender. It and what it points to live until on_end, which comes exactly once, perhaps from within. */
struct telling {
	const char *reply_to; /* JSON, as the channel's item gave it */
	const char *text; /* Turkish, with number, address of the page and access code: for its sender only */
	const char *text_public; /* the same without anything personal: for where others read it */
	char draft_id[UUID_TEXT_SIZE]; /* sent along, so that statuses bring it back as told_id */
	void (*on_end)(struct telling *telling, enum telling_end end);
};

/* How senders of a channel (Kopru__V1__Channel) are told; of a channel without one nobody is. Before the loop runs. */
void told_use(struct told *t, int channel, void (*tell)(void *arg, struct telling *telling), void *arg);

#endif
