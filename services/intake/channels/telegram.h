/* telegram: the updates of a Telegram bot, for channels.c. Pure. */
#ifndef KOPRU_SERVICES_INTAKE_CHANNELS_TELEGRAM_H
#define KOPRU_SERVICES_INTAKE_CHANNELS_TELEGRAM_H

#include "services/intake/channels/channel.h"

extern const struct channel telegram_channel;

#endif
