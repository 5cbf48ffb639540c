/* mail_quote: what a mail says itself, without what it quotes and without its signature, as Turkish and English mail
 * programs write them. The whole stays in the inbound row. Pure. */
#ifndef KOPRU_SERVICES_INTAKE_MAIL_QUOTE_H
#define KOPRU_SERVICES_INTAKE_MAIL_QUOTE_H

#include <stdbool.h>

#include "common/base/arena.h"

/* text: UTF-8 with \n. forwarded: it was passed on, so what would be cut is what it is about. Nothing is cut when nothing
 * would be left. From a; trimmed. */
char *mail_quote_cut(struct arena *a, const char *text, bool forwarded);

/* Lines of a format=flowed text (RFC 3676) put together again. From a. */
char *mail_unflow(struct arena *a, const char *text, bool delete_space);

#endif
