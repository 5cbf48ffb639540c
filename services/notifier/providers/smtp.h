/* smtp: the provider that hands letters to mail servers: libcurl connects, encrypts and logs in; each server has its own
 * connections, which are used again, its own queue and its own pauses, so that one that is slow or gone holds up nobody
 * else's letters. */
#ifndef KOPRU_SERVICES_NOTIFIER_PROVIDERS_SMTP_H
#define KOPRU_SERVICES_NOTIFIER_PROVIDERS_SMTP_H

#include "common/base/err.h"
#include "common/base/metrics.h"
#include "common/loop/loop.h"
#include "services/notifier/providers/provider.h"

struct smtp;

struct smtp_conf {
	const char *servers; /* as in smtp_servers.h */
	const char *tls; /* "required": STARTTLS and a certificate that is checked; "optional"; "off" */
	const char *authorities; /* file of certificates; "": the system's */
	const char *user; /* for the default relay only; "": none */
	const char *password;
	const char *hello; /* our name */
	const char *sender; /* of the envelope; "": the null one, which no bounce comes back to */
	int connections; /* at once to one server */
	int answer_seconds; /* to a command; longer is no answer */
	int dot_seconds; /* to the final dot */
};

extern const struct provider smtp_provider; /* its way is a struct smtp */

/* conf is copied. arg: of on_end. Connects when there are letters. */
struct smtp *smtp_new(
    struct loop *l, const struct smtp_conf *conf, struct metrics *m, provider_on_end *on_end, void *arg, struct err *e);
void smtp_free(struct smtp *s); /* NULL is fine */

#endif
