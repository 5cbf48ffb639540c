/* whatsapp_types: what each type of WhatsApp's messages says. Pure. */
#ifndef KOPRU_SERVICES_INTAKE_CHANNELS_WHATSAPP_TYPES_H
#define KOPRU_SERVICES_INTAKE_CHANNELS_WHATSAPP_TYPES_H

#include <jansson.h>

#include "services/intake/channels/channel.h"

/* Fills in type, text, point, address and files of item. What cannot be read, for its type or for what is missing, has type
 * "unsupported"; what says nothing at all (a permission to call) makes the item an ignored one. */
void whatsapp_type_read(struct arena *a, const json_t *message, struct channel_item *item);

#endif
