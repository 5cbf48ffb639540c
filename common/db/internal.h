/* internal: what the files of common/db share; nobody else includes it. */
#ifndef KOPRU_COMMON_DB_INTERNAL_H
#define KOPRU_COMMON_DB_INTERNAL_H

#include <libpq-fe.h>

#include "common/db/db.h"

struct event;
struct probe;

#define DB_PARAMETERS_MAX 64
#define DB_SQLSTATE_SIZE 6
#define DB_SPARE_MAX 4
#define DB_HOSTS_MAX 8
#define DB_KEYWORDS_MAX 80

enum db_state { DB_STATE_DOWN, DB_STATE_CONNECTING, DB_STATE_PREPARING, DB_STATE_UP, DB_STATE_GIVEN_UP };

enum tx_kind { TX_WRITE, TX_READ, TX_PREPARE, TX_ROLLBACK };

struct db_entry {
	const struct db_statement *statement;
	const char **values;
	int *sizes;
	int count;
	PGresult *result;
};

struct db_results {
	struct db_entry *entries;
	size_t count;
	size_t room;
};

/* The array parameter that is being filled. The buffer is kept from transaction to transaction. */
struct array_builder {
	uint8_t *data;
	size_t size, room;
	size_t expected, put;
	enum db_array type;
	bool open;
	bool has_null;
};

struct db_tx {
	struct db *db;
	struct db_tx *next;
	struct arena *arena;
	enum tx_kind kind;
	struct db_results calls;
	struct array_builder array;
	db_on_done *on_done;
	void *arg;
	int64_t sent_at;
	size_t answered; /* results that have come, BEGIN and COMMIT counted */
	size_t failed_at; /* which of them was the error */
	unsigned returns;
	bool failed;
	bool warned;
	bool committed;
	char sqlstate[DB_SQLSTATE_SIZE];
	enum db_outcome outcome;
	struct err reason;
};

struct tx_list {
	struct db_tx *first, *last;
	size_t count;
};

struct db {
	struct loop *loop;
	PQconninfoOption *options;
	char *session_options;
	char *name;
	const struct db_statement **statements;
	size_t statement_count;
	int64_t answer_us;
	void (*on_up)(void *arg);
	void (*on_down)(void *arg);
	void *arg;

	enum db_state state;
	struct probe *probe; /* while connecting */
	uint32_t *timeline; /* the highest that was seen; of this connection or of the one beside it */
	uint32_t own_timeline;
	uint32_t session_timeline; /* of the server that conn leads to */
	struct db *beside; /* the next of the ring of those that share timeline; itself when there is no other */
	PGconn *conn;
	struct event *readable, *writable;
	struct loop_timer *retry, *connect_limit, *answer_limit, *tell, *drain;
	uint64_t session;
	int64_t down_since;
	int64_t back_off_ms;
	bool
	    leaving; /* this session is of no use (read-only, lost plans, a warned write): end it when nothing is in flight */
	bool broken; /* a failed transaction block is open: nothing new before ROLLBACK */
	bool tell_down;
	bool complained; /* one line of log for an outage, not one for each try */

	struct tx_list sent; /* in flight, in order */
	struct tx_list returned; /* refused because the block was broken: to be sent again, before queued */
	struct tx_list queued;
	struct tx_list ended; /* to be told in the next turn */
	struct db_tx *spare[DB_SPARE_MAX];
	size_t spare_count;
	size_t in_flight;
	unsigned depth; /* callbacks under way: what db_close closes is freed when it is 0 */
	bool closing;
	char last_sqlstate[DB_SQLSTATE_SIZE];

	struct metric *metric_outcomes[DB_UNKNOWN + 1];
	struct metric *metric_up, *metric_connects;
};

/* db.c */
void db_enter(struct db *d);
void db_leave(struct db *d); /* may free d */
void db_tell(struct db *d, struct db_tx *tx); /* calls on_done and frees tx */
void db_tell_later(struct db *d, struct db_tx *tx, enum db_outcome outcome, const char *reason);
/* Ends the session: what was sent is unknown, what was not is unavailable. Calls nobody back. */
void db_drop(struct db *d, const char *reason);
int64_t db_down_for(const struct db *d); /* microseconds; 0 when up */
const char *db_last_sqlstate(const struct db *d); /* of the transaction that ended last; within on_done */

/* hosts.c */
struct parameters {
	const char *keywords[DB_KEYWORDS_MAX];
	const char *values[DB_KEYWORDS_MAX];
	size_t count;
	struct arena *arena; /* the caller's */
};

PQconninfoOption *hosts_parse(const char *conninfo, struct err *e);
const char *hosts_option(const PQconninfoOption *options, const char *keyword); /* NULL when not given */
size_t hosts_count(const PQconninfoOption *options);
void parameters_add(struct parameters *p, const char *keyword, const char *value);
/* All that stands in the connection string, as it is for the host at place (from 0). */
void parameters_add_host(struct parameters *p, const PQconninfoOption *options, size_t place);

/* probe.c: ends in connect_chosen or db_drop, later or from within. */
void probe_start(struct db *d);
void probe_free(struct probe *p); /* NULL is fine */
uint32_t probe_timeline(PGconn *conn); /* asks and waits, for some seconds; 0: it takes no writes, or says nothing */

/* connect.c */
int connect_parse(struct db *d, const char *conninfo, struct err *e);
void connect_start(struct db *d);
void connect_end(struct db *d);
void connect_parameters(const struct db *d, struct parameters *p, size_t host);
void connect_chosen(struct db *d, PGconn *conn, uint32_t timeline); /* takes it over */
void connect_prepared(struct db *d, const struct db_tx *tx);

/* pipe.c */
void pipe_open(struct db *d);
void pipe_submit(struct db *d, struct db_tx *tx);
void pipe_drain(struct db *d);

/* outcome.c: pure. */
enum db_outcome outcome_of_sqlstate(const char *sqlstate, const char *source_function);
bool outcome_ends_session(const char *sqlstate); /* the server ends it, or it is of no use */

/* transaction.c */
struct db_tx *tx_new(struct db *d, enum tx_kind kind);
void tx_free(struct db_tx *tx); /* keeps some for the next */
void tx_destroy(struct db_tx *tx);
void tx_forget_answers(struct db_tx *tx);
void list_push(struct tx_list *list, struct db_tx *tx);
struct db_tx *list_pop(struct tx_list *list);

/* bind.c */
void bind_finish(struct db_tx *tx); /* closes an open array */

#endif
