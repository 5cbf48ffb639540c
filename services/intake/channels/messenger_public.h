/* messenger_public: what people say in public, on our Facebook page and under our Instagram media. Pure. */
#ifndef KOPRU_SERVICES_INTAKE_CHANNELS_MESSENGER_PUBLIC_H
#define KOPRU_SERVICES_INTAKE_CHANNELS_MESSENGER_PUBLIC_H

#include "services/intake/channels/meta.h"

/* change: {"field": ..., "value": {...}} of the entry. Adds one item. Its sender is answered in private only. */
void messenger_public_read(struct meta_reading *m, const json_t *entry, const json_t *change);

#endif
