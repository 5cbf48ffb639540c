/* channels: the table of all channels whose messages are read. */
#include <string.h>

#include "services/intake/channels/channel.h"
#include "services/intake/channels/email.h"
#include "services/intake/channels/messenger.h"
#include "services/intake/channels/telegram.h"
#include "services/intake/channels/whatsapp.h"

const struct channel *const channels[] = {
    &whatsapp_channel,
    &messenger_channel,
    &instagram_channel,
    &telegram_channel,
    &email_channel,
    NULL,
};

const struct channel *
channel_of(const char *source)
{
	size_t size = strcspn(source, "/");

	for (const struct channel *const *c = channels; *c; c++)
		if (strlen((*c)->name) == size && memcmp((*c)->name, source, size) == 0)
			return *c;
	return NULL;
}
