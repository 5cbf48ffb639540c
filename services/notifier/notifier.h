/* notifier: turns events of stream "case" into notices, and notices into delivered messages. */
#ifndef KOPRU_SERVICES_NOTIFIER_NOTIFIER_H
#define KOPRU_SERVICES_NOTIFIER_NOTIFIER_H

#include "common/base/err.h"
#include "common/loop/loop.h"

struct notifier_conf {
	const char *database;
	const char *listen;
	const char *case_feed;
	const char *intake_feed;
	const char *server_public_file; /* "" without tcp:// */
	const char *key_file;
	const char *provider; /* "file" or "smtp" */
	const char *outbox; /* "" without file */
	const char *smtp, *smtp_tls, *smtp_ca, *smtp_user, *smtp_password, *smtp_hello, *smtp_sender;
	long connections;
	long smtp_connections, smtp_answer_seconds, smtp_dot_seconds;
	const char *templates;
	const char *public_url;
	const char *from;
	const char *access_code_key_file;
	const char *quiet;
	long letters_a_day, confirms_a_day, held_days;
	long domain_at_once, domain_a_minute;
	long attempts, settle_seconds, lease_seconds;
	long window;
	const char *log_level;
};

struct notifier;

/* conf is kept. */
struct notifier *notifier_new(struct loop *l, const struct notifier_conf *conf, struct err *e);
void notifier_free(struct notifier *n); /* NULL is fine */

#endif
