/* script: a session that waits for its answers, for the operator's command only: a migration's text is many statements
 * at once and cannot be prepared, and `kopru doctor' asks one by one what a database that is not well still answers. The
 * services go through db. */
#ifndef KOPRU_COMMON_DB_SCRIPT_H
#define KOPRU_COMMON_DB_SCRIPT_H

#include "common/db/db.h"

struct script;

/* Rows of a call as text, row by row, in the caller's arena; a NULL is "". */
struct script_rows {
	size_t count;
	size_t columns;
	const char **cells;
};

/* name: application_name. */
struct script *script_open(const char *conninfo, const char *name, struct err *e);
void script_close(struct script *s); /* NULL is fine */

/* One statement; values are its $1 $2 ... as text, NULL ends them (values itself may be NULL). rows may be NULL. */
int script_call(struct script *s, const struct db_statement *statement, const char *const *values, struct arena *a,
    struct script_rows *rows, struct err *e);

/* Runs text as it stands and then a call of statement, in one transaction of their own: all or nothing. The reason of a
 * refusal names the line of text. */
int script_apply(
    struct script *s, const char *text, const struct db_statement *statement, const char *const *values, struct err *e);

/* Sets the password with which role logs in; only its SCRAM verifier goes to the server. */
int script_password(struct script *s, const char *role, const char *password, struct err *e);

#endif
