/* units_fields: what a command line tells of a topic or a department, checked, as columns of its table. */
#ifndef KOPRU_SERVICES_KOPRU_UNITS_FIELDS_H
#define KOPRU_SERVICES_KOPRU_UNITS_FIELDS_H

#include <jansson.h>
#include <stdbool.h>

#include "common/base/arena.h"
#include "common/base/err.h"
#include "services/kopru/command.h"

/* An object with the columns that were told, the caller's; of a new topic (its line has names as arguments) with all that
 * it needs. NULL with a reason. */
json_t *units_fields(struct arena *a, const struct command_line *line, bool topic, struct err *e);
/* "YOL-01" */
bool units_topic_code_valid(const char *code);
int units_name_check(const char *what, const char *name, struct err *e);

#endif
