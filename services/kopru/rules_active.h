/* rules_active: which set of rules counts. */
#ifndef KOPRU_SERVICES_KOPRU_RULES_ACTIVE_H
#define KOPRU_SERVICES_KOPRU_RULES_ACTIVE_H

#include "services/kopru/command.h"
#include "services/kopru/session.h"

/* An option that must hold a text of one line: COMMAND_WRONG_USAGE with a reason when it does not. */
int rules_option_text(const char *option, const char *text, size_t most, struct err *e);
/* Checks the version against the database as it is now, replays it over --days, makes it the active one, and says so. */
int rules_make_active(struct session *s, const struct command_line *line, long version, struct err *e);

#endif
