/* digest: takes what arrived under a lease, has it read by its channel, and commits what that means. There are two, so that
 * a mail that takes its time holds up no message: one for mails, one for all else. */
#ifndef KOPRU_SERVICES_INTAKE_DIGEST_H
#define KOPRU_SERVICES_INTAKE_DIGEST_H

#include "common/db/db.h"
#include "services/intake/channels/channels_conf.h"
#include "services/intake/files.h"

struct digest;

/* Borrowed, all of it. */
struct digest_conf {
	struct loop *loop;
	struct db *db;
	const struct channels_conf *channels;
	const struct files *files; /* NULL: rows whose bytes are a file are given to a person */
	bool mails;
	void (*on_digested)(void *arg); /* there may be drafts to close, files to fetch, letters that came back */
	void *arg;
};

struct digest *digest_new(const struct digest_conf *conf, struct metrics *m);
void digest_free(struct digest *d); /* NULL is fine; after db_close */

/* Something arrived: it looks soon. It looks every second anyway. */
void digest_wake(struct digest *d);

#endif
