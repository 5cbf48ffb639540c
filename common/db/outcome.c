/* outcome: what an SQLSTATE means for the transaction that got it. Pure. */
#include <string.h>

#include "common/db/internal.h"

struct rule {
	const char *prefix;
	enum db_outcome outcome;
};

/* The first that fits counts. */
static const struct rule rules[] = {
    {"KF001", DB_FENCED}, {"KF004", DB_RETRY}, /* decided on what is no more: to be decided on anew */
    {"40", DB_RETRY}, /* deadlock, serialization */
    {"55P03", DB_RETRY}, /* lock timeout */
    {"55006", DB_RETRY}, /* object in use */
    {"57014", DB_RETRY}, /* statement timeout */
    {"57P", DB_UNKNOWN}, /* the server ends the session */
    {"08", DB_UNKNOWN}, {"53", DB_RETRY}, /* resources */
    {"58", DB_RETRY}, /* input and output of the server */
    {"26000", DB_RETRY}, /* no such prepared statement */
    {"25", DB_RETRY}, /* read-only, or a transaction in a state that is not ours */
};

enum db_outcome
outcome_of_sqlstate(const char *sqlstate, const char *source_function)
{
	/* 0A000 is "not supported" as well; only a plan whose result type changed is cured by a new session. */
	if (strcmp(sqlstate, "0A000") == 0)
		return source_function && strcmp(source_function, "RevalidateCachedQuery") == 0 ? DB_RETRY : DB_REFUSED;
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		if (strncmp(sqlstate, rules[i].prefix, strlen(rules[i].prefix)) == 0)
			return rules[i].outcome;
	}
	return DB_REFUSED;
}

bool
outcome_ends_session(const char *sqlstate)
{
	return strncmp(sqlstate, "57P", 3) == 0 || strncmp(sqlstate, "08", 2) == 0 || strcmp(sqlstate, "25P03") == 0;
}

const char *
db_outcome_text(enum db_outcome outcome)
{
	static const char *const texts[] = {
	    [DB_COMMITTED] = "committed",
	    [DB_REFUSED] = "refused",
	    [DB_RETRY] = "retry",
	    [DB_FENCED] = "fenced",
	    [DB_UNAVAILABLE] = "unavailable",
	    [DB_UNKNOWN] = "unknown",
	};

	return texts[outcome];
}
