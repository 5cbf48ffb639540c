/* session: the operator's session that waits for its answers, and the usual way from a statement to a table. */
#ifndef KOPRU_SERVICES_KOPRU_SESSION_H
#define KOPRU_SERVICES_KOPRU_SESSION_H

#include "common/db/script.h"
#include "services/kopru/operator.sql.h"
#include "services/kopru/table.h"

struct session {
	const char *database; /* KOPRU_DATABASE */
	struct script *script;
	struct arena *arena; /* rows live here until session_close */
};

/* Connects to KOPRU_DATABASE. */
int session_open(struct session *s, struct err *e);
void session_close(struct session *s);

/* One of operator.sql; values are its $1 $2 ... as text, NULL ends them (NULL itself: none; "" for SQL NULL does the
 * statement by nullif). rows may be NULL. */
int session_ask(struct session *s, int statement, const char *const *values, struct script_rows *rows, struct err *e);

/* Opens, asks, prints the rows as a table, closes. empty: said on a terminal or in a pipe (not in JSON) when there are
 * none. */
struct session_listing {
	int statement;
	const char *const *values;
	const struct table_column *columns;
	const char *empty;
	bool json;
};
int session_list(const struct session_listing *listing, struct err *e);

/* "{a,b}" for text[] or bigint[], from a column of rows. */
const char *session_array(struct arena *a, const struct script_rows *rows, size_t column);

#endif
