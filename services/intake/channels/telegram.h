/* telegram: the updates of a Telegram bot, for channels.c. Pure. */
#ifndef KOPRU_SERVICES_INTAKE_CHANNELS_TELEGRAM_H
#define KOPRU_SERVICES_INTAKE_CHANNELS_TELEGRAM_H

#include <jansson.h>

#include "services/intake/channels/channel.h"

/* Of a message as Telegram gives it: its chat and its id in it, "500000001/7"; NULL when it has none. */
const char *telegram_message_id(struct arena *a, const json_t *message);

extern const struct channel telegram_channel;

#endif
