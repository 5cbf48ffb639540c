/* topics_database: what the commands of topics that work in the database share. */
#ifndef KOPRU_SERVICES_KOPRU_TOPICS_DATABASE_H
#define KOPRU_SERVICES_KOPRU_TOPICS_DATABASE_H

#include "common/topics/examples.h"
#include "services/kopru/command.h"
#include "services/kopru/session.h"
#include "services/kopru/store.h"

/* One of topics.sql, as session_ask. */
int topics_ask(struct session *s, int statement, const char *const *values, struct script_rows *rows, struct err *e);
/* --by is required, --reason may be. */
int topics_who(const struct command_line *line, struct err *e);

/* The shipped texts become these: what is no longer among them goes. Two statements; the second gives a row for each new
 * one. */
void topics_texts_put(struct db_tx *tx, const struct examples *texts);

#endif
