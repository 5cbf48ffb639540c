/* smtp_servers: which mail server takes letters to which domain. Pure. */
#ifndef KOPRU_SERVICES_NOTIFIER_PROVIDERS_SMTP_SERVERS_H
#define KOPRU_SERVICES_NOTIFIER_PROVIDERS_SMTP_SERVERS_H

#include <stddef.h>

#include "common/base/arena.h"
#include "common/base/err.h"

#define SMTP_SERVERS_MAX 32
#define SMTP_DOMAINS_MAX 256

struct smtp_server {
	const char *url; /* smtp://host:port or smtps://host:port */
	const char **domains; /* in lower case; of server 0: those of all the others */
	size_t domain_count;
};

struct smtp_servers {
	struct smtp_server list[SMTP_SERVERS_MAX]; /* 0: the default relay */
	size_t count;
};

/* "smtp://relay:25,example.org=smtp://host:25,example.net=smtp://host:25". In a; the reason says what is wrong and what is
 * allowed. */
int smtp_servers_parse(struct arena *a, const char *text, struct smtp_servers *servers, struct err *e);

#endif
