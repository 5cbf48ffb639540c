/* scratch: a database of one test, copied from the migrated template that the runner made
 * (KOPRU_TEST_PG, KOPRU_TEST_TEMPLATE). Roles log in without a password. */
#ifndef KOPRU_TESTS_HARNESS_SCRATCH_H
#define KOPRU_TESTS_HARNESS_SCRATCH_H

#include <stdbool.h>
#include <stddef.h>

#include "common/base/err.h"

struct scratch;

struct scratch *scratch_new(struct err *e);
void scratch_free(struct scratch *s); /* NULL is fine; ends all sessions and drops the database */

/* Connection string for a role: "intake", "router" ..., or "kopru", the administrator. Lives as long as s. */
const char *scratch_conninfo(struct scratch *s, const char *role);
const char *scratch_name(const struct scratch *s); /* of the database */
const char *scratch_folder(const struct scratch *s); /* where the server's socket is */

/* Runs SQL as the administrator (several statements are fine). The first cell of the last result goes to out
 * ("" for none or NULL; out may be NULL). -1 when it was refused; the reason is printed. */
int scratch_sql(struct scratch *s, const char *sql, char *out, size_t size);
/* The same for one whole number; aborts when it was refused. */
long long scratch_number(struct scratch *s, const char *sql);

#endif
