/* tell: one text to the sender of a message, over the channel that it came by: WhatsApp's messages, Messenger's and Instagram's
 * Send API (a comment is answered in private, never in public), Telegram's sendMessage. One attempt; who asks keeps count. */
#ifndef KOPRU_SERVICES_INTAKE_CHANNELS_TELL_H
#define KOPRU_SERVICES_INTAKE_CHANNELS_TELL_H

#include "services/intake/channels/channels_conf.h"
#include "services/intake/channels/graph.h"

enum tell_end {
	TELL_SENT, /* the provider took it */
	TELL_LATER, /* it certainly did not take it, and may later: busy, unreachable, too many (429) */
	TELL_NEVER, /* it certainly did not take it, and never will: outside of the 24 hours, blocked, no such sender */
	TELL_UNKNOWN, /* the answer was lost: it may have been taken; only a status webhook with the id can say */
};

/* The caller's, zeroed; it and what it points to live until on_end. */
struct tell {
	const char *source; /* "whatsapp": of the inbound row, up to its "/" */
	const char *reply_to; /* the item's, as it was read */
	const char *id; /* comes back in status webhooks as told_id, where the provider can do so (WhatsApp) */
	const char *text; /* UTF-8, at most 1000 bytes (what every provider takes) */
	void (*on_end)(
	    struct tell *t, enum tell_end end, const char *reason); /* reason: for the log; NULL with TELL_SENT */
	void *arg;

	/* The provider's id of what was sent, as a message that answers it would name it; until on_end has returned. NULL: none. */
	const char *message_id;

	/* tell's own */
	struct graph_request request;
	struct telling_request *own;
};

/* on_end comes later, always; also when nothing can be sent (not configured, no access token: TELL_NEVER). */
void tell_send(struct graph *g, const struct channels_conf *conf, struct tell *t);

#endif
