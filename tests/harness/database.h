/* database: a scratch database with a loop and one connection, for store tests: hands a transaction over and turns the
 * loop until its end is known. */
#ifndef KOPRU_TESTS_HARNESS_DATABASE_H
#define KOPRU_TESTS_HARNESS_DATABASE_H

#include "common/db/db.h"
#include "tests/harness/scratch.h"

struct database {
	struct scratch *scratch;
	struct loop *loop;
	struct db *db;
	unsigned ups, downs; /* how often on_up and on_down came */
	struct err reason; /* of the last transaction that did not commit */
};

/* Makes the scratch database and the loop; aborts when that fails. */
void database_start(struct database *b);
/* Connects as role; more goes to the end of the connection string ("" for nothing). Does not wait. */
void database_open(struct database *b, const char *role, const char *more, const struct db_statement *const *tables);
void database_close(struct database *b); /* the connection only */
void database_end(struct database *b); /* all */

/* Turns the loop until it is true, at most ms. */
bool database_wait(struct database *b, bool (*is_true)(void *arg), void *arg, int ms);
void database_wait_up(struct database *b); /* aborts after 10 s */

/* Commits or reads and waits. look (may be NULL) sees the results of what committed. */
typedef void database_look(void *arg, const struct db_results *results);
enum db_outcome database_commit(struct database *b, struct db_tx *tx, database_look *look, void *arg);
enum db_outcome database_read(struct database *b, struct db_tx *tx, database_look *look, void *arg);

/* Pauses without turning the loop. */
void database_sleep(int ms);

#endif
