/* file: the provider that delivers by writing <number>-<notice id>.eml into a folder. The name is the same on every
 * repeat, so a repeat replaces the letter instead of sending it twice. */
#ifndef KOPRU_SERVICES_NOTIFIER_PROVIDERS_FILE_H
#define KOPRU_SERVICES_NOTIFIER_PROVIDERS_FILE_H

#include <stddef.h>

#include "common/base/err.h"
#include "common/base/ids.h"
#include "services/notifier/providers/provider.h"

#define FILE_LETTERS_MAX 200 /* written and flushed together */

struct file_outbox;

extern const struct provider file_provider; /* its way is a struct file_outbox */

/* Makes the folder (mode 0700) when only its last part is missing; then and whenever it is gone later. arg: of on_end. */
struct file_outbox *file_outbox_open(const char *path, provider_on_end *on_end, void *arg, struct err *e);
void file_outbox_close(struct file_outbox *o); /* NULL is fine */

#endif
