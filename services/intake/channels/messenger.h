/* messenger: the webhooks of Facebook pages and of Instagram: direct messages, and what is said in public (comments, posts on
 * our page), for channels.c. Pure. */
#ifndef KOPRU_SERVICES_INTAKE_CHANNELS_MESSENGER_H
#define KOPRU_SERVICES_INTAKE_CHANNELS_MESSENGER_H

#include "services/intake/channels/channel.h"

extern const struct channel messenger_channel, instagram_channel;

#endif
