/* db: PostgreSQL on the loop. One connection in pipeline mode; every unit is one transaction whose
 * statements, COMMIT and Sync leave in one write. Connects and reconnects by itself (back-off 0.1 s doubling to
 * 2 s), prepares every named statement when it comes up, and knows three ends of a transaction: done, not
 * done, and unknown. Nothing here is called back from inside the call that asked. */
#ifndef KOPRU_COMMON_DB_DB_H
#define KOPRU_COMMON_DB_DB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/arena.h"
#include "common/base/err.h"
#include "common/base/ids.h"
#include "common/base/metrics.h"
#include "common/loop/loop.h"

struct db;
struct db_tx;
struct db_results;

/* From a .sql file by deploy/tools/sql2h.awk. A NULL name ends a table. */
struct db_statement {
	const char *name; /* unique over all tables of a connection */
	const char *text;
};

struct db_conf {
	const char *conninfo; /* libpq connection string or URI; of several hosts the newest primary is worked with */
	const char *name; /* application_name */
	const struct db_statement *const *tables; /* NULL ends the list */
	/* Another connection of the same program to the same database, or NULL: neither then works with an old primary that the
	 * other knows to be one. It has to be closed after this one. */
	struct db *beside;
	int64_t answer_ms; /* a transaction unanswered for so long is unknown and the connection is dropped; 0: 10 s */
};

enum db_outcome {
	DB_COMMITTED, /* COMMIT answered with tag COMMIT, and no warning came meanwhile */
	DB_REFUSED, /* rolled back: the data or the statement is at fault (22, 23, 42, P0 ...); never repeat as it is */
	DB_RETRY, /* rolled back: deadlock, serialization, lock timeout, resources, lost plan (40, 53, 55P03, 57014, 26000, 0A000 of a changed plan, 25006; KF004: compare and set found another row); repeat */
	DB_FENCED, /* rolled back: feed.advance found another cursor (SQLSTATE KF001) */
	DB_UNAVAILABLE, /* never sent */
	DB_UNKNOWN, /* sent, and nobody knows: connection lost, or success with a warning */
};

const char *db_outcome_text(enum db_outcome outcome);

/* results is NULL unless DB_COMMITTED (reads included) and lives for the call; e holds the reason otherwise. */
typedef void db_on_done(void *arg, enum db_outcome outcome, const struct db_results *results, const struct err *e);

/* on_up and on_down may be NULL. Comes up later, by itself. -1/NULL only when conninfo does not parse. */
struct db *db_open(struct loop *l, const struct db_conf *conf, struct metrics *m, void (*on_up)(void *arg),
    void (*on_down)(void *arg), void *arg, struct err *e);
void db_close(struct db *d); /* NULL is fine; unfinished transactions are told DB_UNKNOWN or DB_UNAVAILABLE first */
bool db_is_up(const struct db *d);
/* Counts connections made: changes whenever the session is another one. */
uint64_t db_session(const struct db *d);
/* Transactions handed over and not yet done. */
size_t db_in_flight(const struct db *d);

/* Begins to build. What is bound is copied into the transaction's arena unless it says borrowed. */
struct db_tx *db_begin(struct db *d);
struct arena *db_tx_arena(struct db_tx *tx); /* for what should live until on_done has returned */
void db_abandon(struct db_tx *tx); /* instead of db_commit or db_read */

/* Everything travels in binary form: a parameter must be cast to the type of its bind (text, bytea, uuid, int,
 * bigint, bool, timestamptz, date or an array of it); smallint, jsonb and others by a second cast ($1::int::smallint,
 * $2::text::jsonb). Results likewise (x::text), but db_int4 and db_int8 take narrower integers too. At most 64 parameters.
 * The next statement; the binds that follow are its $1, $2 ... Returns its index, for reading results. */
size_t db_call(struct db_tx *tx, const struct db_statement *statement);
void db_bind_null(struct db_tx *tx);
void db_bind_text(struct db_tx *tx, const char *text); /* NULL: SQL NULL; borrowed until on_done */
void db_bind_bytes(struct db_tx *tx, const void *data, size_t size); /* borrowed until on_done; data NULL: SQL NULL */
void db_bind_uuid(struct db_tx *tx, const struct uuid *value); /* NULL: SQL NULL */
void db_bind_int4(struct db_tx *tx, int32_t value);
void db_bind_int8(struct db_tx *tx, int64_t value);
void db_bind_bool(struct db_tx *tx, bool value);
void db_bind_time(struct db_tx *tx, int64_t time); /* timestamptz, from microseconds since 1970 */
void db_bind_date(struct db_tx *tx, int32_t date); /* date, from days since 1970 */

/* An array parameter of count elements; then exactly count db_put_*() of its type, in order. Each statement
 * names the type in its text ($1::uuid[]). */
enum db_array { DB_UUIDS, DB_TEXTS, DB_BYTES, DB_INT4S, DB_INT8S, DB_BOOLS, DB_TIMES, DB_DATES };
void db_bind_array(struct db_tx *tx, enum db_array type, size_t count);
void db_put_null(struct db_tx *tx);
void db_put_text(struct db_tx *tx, const char *text); /* NULL: SQL NULL */
void db_put_bytes(struct db_tx *tx, const void *data, size_t size); /* data NULL: SQL NULL */
void db_put_uuid(struct db_tx *tx, const struct uuid *value);
void db_put_int4(struct db_tx *tx, int32_t value);
void db_put_int8(struct db_tx *tx, int64_t value);
void db_put_bool(struct db_tx *tx, bool value);
void db_put_time(struct db_tx *tx, int64_t time);
void db_put_date(struct db_tx *tx, int32_t date);

/* Hands the transaction over: BEGIN, the calls, COMMIT, Sync. on_done comes exactly once, later.
 * A database that is down answers DB_UNAVAILABLE. */
void db_commit(struct db_tx *tx, db_on_done *on_done, void *arg);
/* The same without BEGIN and COMMIT, for reading: the calls are one implicit transaction. */
void db_read(struct db_tx *tx, db_on_done *on_done, void *arg);

/* Results of call (its index), binary. Row and column count from 0; a wrong column aborts. */
size_t db_rows(const struct db_results *r, size_t call);
bool db_null(const struct db_results *r, size_t call, size_t row, int column);
const char *db_text(const struct db_results *r, size_t call, size_t row, int column); /* "" when NULL */
const void *db_bytes(const struct db_results *r, size_t call, size_t row, int column, size_t *size);
struct uuid db_uuid(const struct db_results *r, size_t call, size_t row, int column);
int32_t db_int4(const struct db_results *r, size_t call, size_t row, int column);
int64_t db_int8(const struct db_results *r, size_t call, size_t row, int column);
bool db_bool(const struct db_results *r, size_t call, size_t row, int column);
int64_t db_time(const struct db_results *r, size_t call, size_t row, int column);
int32_t db_date(const struct db_results *r, size_t call, size_t row, int column);

#endif
