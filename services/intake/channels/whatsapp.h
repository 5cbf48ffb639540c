/* whatsapp: the webhooks of the WhatsApp Business Cloud API, for channels.c. Pure. */
#ifndef KOPRU_SERVICES_INTAKE_CHANNELS_WHATSAPP_H
#define KOPRU_SERVICES_INTAKE_CHANNELS_WHATSAPP_H

#include "services/intake/channels/channel.h"

extern const struct channel whatsapp_channel;

#endif
