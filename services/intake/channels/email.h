/* email: mails, from mailboxes (services/intake/mailboxes.h). */
#ifndef KOPRU_SERVICES_INTAKE_CHANNELS_EMAIL_H
#define KOPRU_SERVICES_INTAKE_CHANNELS_EMAIL_H

#include "services/intake/channels/channel.h"

extern const struct channel email_channel; /* source "email/NAME" */

#endif
