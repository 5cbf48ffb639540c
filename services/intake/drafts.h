/* drafts: what was gathered becomes an application, or a reply or an addition to a case, exactly once, whatever dies when: the
 * application's key and the commands' ids follow from the draft's id. */
#ifndef KOPRU_SERVICES_INTAKE_DRAFTS_H
#define KOPRU_SERVICES_INTAKE_DRAFTS_H

#include "common/bus/command.h"
#include "common/db/db.h"
#include "services/intake/entry.h"

struct drafts;

/* Borrowed, all of it. */
struct drafts_conf {
	struct loop *loop;
	struct db *db;
	const struct entry_desk *entry;
	struct command_client *client;
	void (*on_done)(void *arg); /* there may be somebody to be told */
	void *arg;
};

struct drafts *drafts_new(const struct drafts_conf *conf, struct metrics *m);
/* Before db_close: what is under way is left to its leases. */
void drafts_stop(struct drafts *d);
void drafts_free(struct drafts *d); /* NULL is fine; after db_close, and after all that it uses has told its ends */

/* There may be drafts to close: it looks soon. It looks every second anyway. */
void drafts_wake(struct drafts *d);

#endif
