/* notifier: turns events of stream "case" into notices, and notices into delivered messages. */
#ifndef KOPRU_SERVICES_NOTIFIER_NOTIFIER_H
#define KOPRU_SERVICES_NOTIFIER_NOTIFIER_H

#include "common/base/err.h"
#include "common/loop/loop.h"

struct notifier_conf {
	const char *database;
	const char *listen;
	const char *case_feed;
	const char *server_public_file; /* "" without tcp:// */
	const char *key_file;
	const char *outbox;
	const char *templates;
	const char *public_url;
	const char *from;
	const char *access_code_key_file;
	long window;
	const char *log_level;
};

struct notifier;

/* conf is kept. */
struct notifier *notifier_new(struct loop *l, const struct notifier_conf *conf, struct err *e);
void notifier_free(struct notifier *n); /* NULL is fine */

#endif
