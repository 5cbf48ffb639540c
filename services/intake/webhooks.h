/* webhooks: where the providers of messaging channels bring what arrived: Meta's platforms (a handshake, a signature over the
 * body) and Telegram (a secret in a header). What has shown where it comes from is acknowledged once it is durable, read later. */
#ifndef KOPRU_SERVICES_INTAKE_WEBHOOKS_H
#define KOPRU_SERVICES_INTAKE_WEBHOOKS_H

#include "common/base/metrics.h"
#include "common/http/http.h"
#include "services/intake/channels/channels_conf.h"
#include "services/intake/inbound.h"

#define WEBHOOKS_PATH "/webhooks/*" /* whatsapp, messenger, instagram, telegram: 404 for what is not configured */
#define WEBHOOKS_BODY_MAX ((size_t)3 * 1024 * 1024)

struct webhooks;

/* conf and inbound are borrowed. */
struct webhooks *webhooks_new(const struct channels_conf *conf, struct inbound *inbound, struct metrics *m);
void webhooks_free(struct webhooks *w); /* NULL is fine */

/* GET: Meta's handshake, answered with its challenge. */
void webhooks_get(struct webhooks *w, struct http_request *r);
/* POST: 200 once it is durable, 401 when it does not show where it comes from, 503 when it must come again. */
void webhooks_post(struct webhooks *w, struct http_request *r);

#endif
