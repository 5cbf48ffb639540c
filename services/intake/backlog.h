/* backlog: what waits, for how long, by channel: figures for the operator; and which sources are configured, for his command. */
#ifndef KOPRU_SERVICES_INTAKE_BACKLOG_H
#define KOPRU_SERVICES_INTAKE_BACKLOG_H

#include "common/db/db.h"
#include "services/intake/channels/channels_conf.h"

struct backlog;

struct backlog *backlog_new(struct loop *l, struct db *d, const struct channels_conf *conf, struct metrics *m);
void backlog_free(struct backlog *b); /* NULL is fine; after db_close */

#endif
