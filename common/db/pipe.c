/* pipe: what goes over the connection in pipeline mode: a transaction is one segment that ends with
 * Sync; answers come in the order of the segments. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <event2/event.h>

#include "common/base/log.h"
#include "common/db/internal.h"

#define RETURNS_MAX 3
#define MESSAGE_MAX 240 /* bytes of the server's words, so that the SQLSTATE behind them is never cut off */
#define BINARY 1

/* Every parameter is binary. */
static const int formats[DB_PARAMETERS_MAX] = {
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, /* 32 */
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, /* 64 */
};

static bool
send_named(struct db *d, const char *name)
{
	return PQsendQueryPrepared(d->conn, name, 0, NULL, NULL, NULL, BINARY) == 1;
}

static bool
send_calls(struct db *d, const struct db_results *calls)
{
	for (size_t i = 0; i < calls->count; i++) {
		const struct db_entry *c = &calls->entries[i];

		if (!PQsendQueryPrepared(d->conn, c->statement->name, c->count, c->values, c->sizes, formats, BINARY))
			return false;
	}
	return true;
}

static bool
send_preparations(struct db *d)
{
	for (size_t i = 0; i < d->statement_count; i++) {
		if (!PQsendPrepare(d->conn, d->statements[i]->name, d->statements[i]->text, 0, NULL))
			return false;
	}
	return true;
}

static bool
send_segment(struct db *d, struct db_tx *tx)
{
	bool sent = false;

	switch (tx->kind) {
	case TX_WRITE:
		sent = send_named(d, "begin") && send_calls(d, &tx->calls) && send_named(d, "commit");
		break;
	case TX_READ:
		sent = send_calls(d, &tx->calls);
		break;
	case TX_PREPARE:
		sent = send_preparations(d);
		break;
	case TX_ROLLBACK:
		sent = send_named(d, "rollback");
		break;
	}
	return sent && PQpipelineSync(d->conn) == 1;
}

static int
pipe_flush(struct db *d)
{
	int left = PQflush(d->conn);

	if (left < 0)
		return -1;
	if (left > 0)
		event_add(d->writable, NULL);
	return 0;
}

static void
pipe_send(struct db *d, struct db_tx *tx)
{
	tx_forget_answers(tx);
	tx->sent_at = clock_monotonic();
	list_push(&d->sent, tx);
	if (!send_segment(d, tx) || pipe_flush(d) < 0) {
		db_drop(d, PQerrorMessage(d->conn));
		return;
	}
	if (!timer_pending(d->answer_limit))
		timer_start(d->answer_limit, d->answer_us / 1000);
	/* Sending may have read answers, for which no readable event will come. */
	if (!PQisBusy(d->conn))
		timer_start(d->drain, 0);
}

void
pipe_submit(struct db *d, struct db_tx *tx)
{
	if (d->broken && tx->kind != TX_ROLLBACK)
		list_push(&d->queued, tx);
	else
		pipe_send(d, tx);
}

/* In flight is nothing more: ends a failed transaction block, and sends what had to wait. */
static void
pipe_mend(struct db *d)
{
	struct db_tx *tx;

	if (d->leaving) {
		db_drop(d, "the session is read-only, lost its plans or warned");
		return;
	}
	if (!d->broken)
		return;
	d->broken = false;
	pipe_send(d, tx_new(d, TX_ROLLBACK));
	while (d->conn && (tx = list_pop(&d->returned)))
		pipe_send(d, tx);
	while (d->conn && (tx = list_pop(&d->queued)))
		pipe_send(d, tx);
}

static void
keep_error(struct db_tx *tx, const PGresult *r)
{
	const char *sqlstate = PQresultErrorField(r, PG_DIAG_SQLSTATE);
	const char *text = PQresultErrorField(r, PG_DIAG_MESSAGE_PRIMARY);
	const char *constraint = PQresultErrorField(r, PG_DIAG_CONSTRAINT_NAME);
	size_t call = tx->kind == TX_WRITE ? tx->answered - 1 : tx->answered;
	const char *statement = tx->kind == TX_WRITE && tx->answered == 0 ? "begin" : "commit";
	struct err message;

	if (call < tx->calls.count)
		statement = tx->calls.entries[call].statement->name;
	else if (tx->kind == TX_PREPARE && tx->answered < tx->db->statement_count)
		statement = tx->db->statements[tx->answered]->name;
	tx->failed = true;
	tx->failed_at = tx->answered;
	snprintf(tx->sqlstate, sizeof(tx->sqlstate), "%s", sqlstate ? sqlstate : "08006");
	tx->outcome = outcome_of_sqlstate(tx->sqlstate, PQresultErrorField(r, PG_DIAG_SOURCE_FUNCTION));
	if (!text)
		text = PQresultErrorMessage(r);
	err_set(&message, "%.*s", MESSAGE_MAX, text);
	err_set(&tx->reason, "statement \"%s\": %s (%s%s%s)", statement, message.text, tx->sqlstate,
	    constraint ? ", " : "", constraint ? constraint : "");
}

/* One result of tx; COMMIT counts only with its own tag. */
static void
keep_result(struct db_tx *tx, PGresult *r)
{
	size_t first = tx->kind == TX_WRITE ? 1 : 0;
	size_t call = tx->answered - first;

	if (tx->answered >= first && call < tx->calls.count) {
		tx->calls.entries[call].result = r;
		return;
	}
	if (tx->kind == TX_WRITE && call == tx->calls.count)
		tx->committed = strcmp(PQcmdStatus(r), "COMMIT") == 0;
	PQclear(r);
}

static size_t
answers_expected(const struct db_tx *tx)
{
	switch (tx->kind) {
	case TX_WRITE:
		return tx->calls.count + 2;
	case TX_READ:
		return tx->calls.count;
	case TX_PREPARE:
		return tx->db->statement_count;
	case TX_ROLLBACK:
		break;
	}
	return 1;
}

static void
decide(struct db_tx *tx)
{
	if (tx->failed)
		return;
	tx->outcome = DB_COMMITTED;
	if (tx->kind == TX_WRITE && !tx->committed) {
		tx->outcome = DB_REFUSED;
		err_set(&tx->reason, "COMMIT was answered with another tag");
	} else if (tx->warned) {
		tx->outcome = DB_UNKNOWN; /* its reason is the warning */
	}
}

/* Sync has answered: tx is at its end, or has to be sent again. */
static void
pipe_finish(struct db *d, struct db_tx *tx)
{
	bool block_failed = strcmp(tx->sqlstate, "25P02") == 0;

	list_pop(&d->sent);
	if (tx->kind == TX_PREPARE) {
		connect_prepared(d, tx);
		tx_free(tx);
		return;
	}
	if (tx->kind == TX_ROLLBACK) {
		tx_free(tx);
		return;
	}
	if (block_failed && ++tx->returns <= RETURNS_MAX) {
		d->broken = true;
		list_push(&d->returned, tx);
		return;
	}
	decide(tx);
	/* BEGIN stood, COMMIT did not run: the block is open and failed. */
	if (tx->kind == TX_WRITE && tx->failed && tx->failed_at > 0 && tx->failed_at <= tx->calls.count)
		d->broken = true;
	/* Who publishes must prove anew that what it wrote lasts: with success and a warning it may stand here only. */
	if (tx->kind == TX_WRITE && tx->outcome == DB_UNKNOWN)
		d->leaving = true;
	if (strcmp(tx->sqlstate, "25006") == 0 || strcmp(tx->sqlstate, "26000") == 0 ||
	    (strcmp(tx->sqlstate, "0A000") == 0 && tx->outcome == DB_RETRY))
		d->leaving = true;
	if (tx->outcome == DB_COMMITTED)
		d->back_off_ms = 0;
	db_tell(d, tx);
}

static void
pipe_take(struct db *d, PGresult *r)
{
	struct db_tx *tx = d->sent.first;
	ExecStatusType status = PQresultStatus(r);

	if (status == PGRES_PIPELINE_SYNC) {
		PQclear(r);
		if (tx->answered != answers_expected(tx))
			db_drop(d, "the answers do not fit the questions");
		else
			pipe_finish(d, tx);
		return;
	}
	if (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK) {
		keep_result(tx, r);
		tx->answered++;
		return;
	}
	if (status != PGRES_PIPELINE_ABORTED && !tx->failed)
		keep_error(tx, r);
	PQclear(r);
	tx->answered++;
	if (tx->failed && outcome_ends_session(tx->sqlstate))
		db_drop(d, tx->reason.text);
}

void
pipe_drain(struct db *d)
{
	bool ended = false;

	while (d->conn && d->sent.first && !PQisBusy(d->conn)) {
		PGresult *r = PQgetResult(d->conn);

		if (!r && ended)
			break; /* nothing follows: an answer ends with one NULL, not with two */
		ended = !r;
		if (!r)
			continue;
		pipe_take(d, r);
		if (d->conn && !d->sent.first)
			pipe_mend(d);
	}
	if (d->conn && PQstatus(d->conn) == CONNECTION_BAD)
		db_drop(d, PQerrorMessage(d->conn));
}

static void
on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct db *d = arg;
	bool alive = PQconsumeInput(d->conn) == 1;

	(void)fd;
	(void)what;
	db_enter(d);
	pipe_drain(d);
	if (d->conn && !alive)
		db_drop(d, PQerrorMessage(d->conn));
	db_leave(d);
}

static void
on_writable(evutil_socket_t fd, short what, void *arg)
{
	struct db *d = arg;

	(void)fd;
	(void)what;
	db_enter(d);
	if (pipe_flush(d) < 0)
		db_drop(d, PQerrorMessage(d->conn));
	else
		pipe_drain(d);
	db_leave(d);
}

/* A transaction during which the server warned is not known to be durable: a cancelled wait for a standby is
 * success with a warning. */
static void
on_notice(void *arg, const PGresult *r)
{
	struct db *d = arg;
	const char *severity = PQresultErrorField(r, PG_DIAG_SEVERITY_NONLOCALIZED);
	const char *sqlstate = PQresultErrorField(r, PG_DIAG_SQLSTATE);
	const char *text = PQresultErrorField(r, PG_DIAG_MESSAGE_PRIMARY);
	struct db_tx *tx = d->sent.first;

	if (!severity || strcmp(severity, "WARNING") != 0)
		return;
	log_warn("database.warned", "connection=%s sqlstate=%s text=\"%s\"", d->name, sqlstate ? sqlstate : "",
	    text ? text : "");
	if (!tx || tx->warned)
		return;
	tx->warned = true;
	err_set(&tx->reason, "a warning came: %s (%s)", text ? text : "", sqlstate ? sqlstate : "");
}

void
pipe_open(struct db *d)
{
	struct event_base *base = loop_base(d->loop);

	PQsetNoticeReceiver(d->conn, on_notice, d);
	d->readable = event_new(base, PQsocket(d->conn), EV_READ | EV_PERSIST, on_readable, d);
	d->writable = event_new(base, PQsocket(d->conn), EV_WRITE, on_writable, d);
	if (!d->readable || !d->writable || event_add(d->readable, NULL) < 0)
		abort();
	if (PQsetnonblocking(d->conn, 1) < 0 || PQenterPipelineMode(d->conn) != 1)
		db_drop(d, PQerrorMessage(d->conn));
	else
		pipe_send(d, tx_new(d, TX_PREPARE));
}
