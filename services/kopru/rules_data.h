/* rules_data: what `kopru rules' reads from the database: what rules may name, places and calendar of a replay, and the
 * rules of a version. All lives in the session's arena, but what has a free of its own. */
#ifndef KOPRU_SERVICES_KOPRU_RULES_DATA_H
#define KOPRU_SERVICES_KOPRU_RULES_DATA_H

#include "common/domain/calendar.h"
#include "common/places/places.h"
#include "common/rules/rules_set.h"
#include "services/kopru/rule_sets.sql.h"
#include "services/kopru/session.h"

/* One of rule_sets.sql, as session_ask. */
int rules_ask(struct session *s, int statement, const char *const *values, struct script_rows *rows, struct err *e);

int rules_known_load(struct session *s, struct rules_known *known, struct err *e);
/* As they are valid today. */
int rules_places_load(struct session *s, struct places **places, struct err *e);
int rules_calendar_load(struct session *s, struct calendar **calendar, struct err *e);

/* A set out of a file, checked against the database; names of neighbourhoods became codes. */
int rules_file_load(
    struct session *s, const char *path, const struct rules_known *known, struct rules_set *set, struct err *e);
/* A version's set, read again but not checked; refused when there is no such version. */
int rules_version_load(struct session *s, long version, struct rules_set *set, struct err *e);
/* The active version; 0: none. */
int rules_active_version(struct session *s, long *version, struct err *e);
/* "3" -> 3; COMMAND_WRONG_USAGE with a reason for anything else. */
int rules_version_parse(const char *text, long *version, struct err *e);

/* The set as its file would be; the caller's. */
json_t *rules_set_json(const struct rules_set *set);

#endif
