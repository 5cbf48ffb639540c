/* open311: intake's part of Open311 (GeoReport v2): discovery, services, definitions, posted requests, tokens. What is read
 * back is reporting's. */
#ifndef KOPRU_SERVICES_INTAKE_OPEN311_H
#define KOPRU_SERVICES_INTAKE_OPEN311_H

#include "common/http/api_keys.h"
#include "services/intake/channels/channels_conf.h"
#include "services/intake/entry.h"
#include "services/intake/inbound.h"
#include "services/intake/open311_form.h"

#define OPEN311_PATH "/open311/"
#define OPEN311_V2_PATH OPEN311_PATH "v2/"

struct open311;

/* Borrowed, all of it. conf NULL: not offered. */
struct open311_desk {
	struct loop *loop;
	struct db *db; /* with open311_statements */
	struct api_keys *api_keys;
	struct inbound *inbound;
	const struct entry_desk *entry;
	const struct open311_conf *conf;
	const char *public_url;
	void (*media_wanted)(void *arg); /* something is to be fetched; may be NULL */
	void *media_arg;
};

/* Reads the file of attributes: NULL when that cannot be read. */
struct open311 *open311_new(const struct open311_desk *desk, struct metrics *m, struct err *e);
void open311_free(struct open311 *o); /* NULL is fine; when no request waits */

void open311_get(struct open311 *o, struct http_request *r); /* discovery.FORMAT */
void open311_get_v2(struct open311 *o, struct http_request *r); /* services.FORMAT */
void open311_get_service(struct open311 *o, struct http_request *r); /* services/CODE.FORMAT */
void open311_get_token(struct open311 *o, struct http_request *r); /* tokens/ID.FORMAT */
void open311_post(struct open311 *o, struct http_request *r); /* requests.FORMAT */

#endif
