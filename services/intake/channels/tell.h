/* tell: senders are told over the channel that they wrote by: WhatsApp's messages, the Send API of Facebook pages and Instagram
 * (a comment is answered in private, never in public), Telegram's sendMessage. One attempt for each telling. */
#ifndef KOPRU_SERVICES_INTAKE_CHANNELS_TELL_H
#define KOPRU_SERVICES_INTAKE_CHANNELS_TELL_H

#include "services/intake/channels/channels_conf.h"
#include "services/intake/channels/graph.h"
#include "services/intake/inbound.h"
#include "services/intake/told.h"

struct tells;

/* All borrowed; inbound is told what goes wrong. */
struct tells *tells_new(struct graph *g, const struct channels_conf *conf, struct inbound *inbound);
void tells_free(struct tells *t); /* after graph_free; NULL is fine */

/* For all channels that are configured. */
void tells_use(struct tells *t, struct told *told);

#endif
