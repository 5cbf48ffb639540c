/* script: see script.h. */
#include "common/db/script.h"

#include <libpq-fe.h>
#include <stdlib.h>
#include <string.h>

struct script {
	PGconn *connection;
};

static void
on_notice(void *arg, const PGresult *result)
{
	(void)arg;
	(void)result;
}

struct script *
script_open(const char *conninfo, const char *name, struct err *e)
{
	/* What stands before dbname is a default that conninfo may change. */
	const char *const keys[] = {"connect_timeout", "dbname", "client_encoding", "fallback_application_name", NULL};
	const char *const values[] = {"10", conninfo, "UTF8", name, NULL};
	struct script *s = calloc(1, sizeof(*s));

	if (!s)
		abort();
	s->connection = PQconnectdbParams(keys, values, 1);
	if (!s->connection)
		abort();
	if (PQstatus(s->connection) != CONNECTION_OK) {
		err_set(e, "cannot connect to the database: %s", PQerrorMessage(s->connection));
		e->text[strcspn(e->text, "\n")] = '\0';
		script_close(s);
		return NULL;
	}
	PQsetNoticeReceiver(s->connection, on_notice, NULL);
	return s;
}

void
script_close(struct script *s)
{
	if (!s)
		return;
	PQfinish(s->connection);
	free(s);
}

/* The line of text (from 1) on which its character number position (from 1) stands. */
static int
line_at(const char *text, long position)
{
	int line = 1;

	for (; *text && position > 1; text++) {
		line += *text == '\n';
		position -= ((unsigned char)text[1] & 0xC0) != 0x80;
	}
	return line;
}

static int
refused(const struct script *s, const PGresult *result, const char *text, struct err *e)
{
	const char *message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
	const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
	const char *position = PQresultErrorField(result, PG_DIAG_STATEMENT_POSITION);

	if (!message)
		return err_set(e, "the connection was lost: %.*s", (int)strcspn(PQerrorMessage(s->connection), "\n"),
		    PQerrorMessage(s->connection));
	if (text && position)
		return err_set(
		    e, "line %d: %s (SQLSTATE %s)", line_at(text, strtol(position, NULL, 10)), message, state);
	return err_set(e, "%s (SQLSTATE %s)", message, state);
}

/* Takes every result of what was sent; the first refusal is the reason. */
static int
results_take(struct script *s, const char *text, struct err *e)
{
	PGresult *result;
	int rc = 0;

	while ((result = PQgetResult(s->connection))) {
		ExecStatusType status = PQresultStatus(result);

		if (rc == 0 && status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK && status != PGRES_EMPTY_QUERY)
			rc = refused(s, result, text, e);
		PQclear(result);
		if (status == PGRES_COPY_IN || status == PGRES_COPY_OUT || status == PGRES_COPY_BOTH)
			return err_set(e, "COPY cannot stand in a migration");
	}
	return rc;
}

static int
text_run(struct script *s, const char *text, struct err *e)
{
	if (!PQsendQuery(s->connection, text))
		return err_set(e, "the connection was lost");
	return results_take(s, text, e);
}

/* The answer to one statement; NULL counts as a refusal. */
static PGresult *
answer(struct script *s, const char *text, const char *const *values)
{
	PGresult *last = NULL, *result;
	int count = 0;

	while (values && values[count])
		count++;
	if (!PQsendQueryParams(s->connection, text, count, NULL, values, NULL, NULL, 0))
		return NULL;
	while ((result = PQgetResult(s->connection))) {
		PQclear(last);
		last = result;
	}
	return last;
}

static void
rows_copy(const PGresult *result, struct arena *a, struct script_rows *rows)
{
	rows->count = (size_t)PQntuples(result);
	rows->columns = (size_t)PQnfields(result);
	rows->cells = arena_array(a, rows->count * rows->columns + 1, sizeof(*rows->cells));
	for (size_t i = 0; i < rows->count; i++)
		for (size_t j = 0; j < rows->columns; j++)
			rows->cells[i * rows->columns + j] = arena_string(a, PQgetvalue(result, (int)i, (int)j));
}

int
script_call(struct script *s, const struct db_statement *statement, const char *const *values, struct arena *a,
    struct script_rows *rows, struct err *e)
{
	PGresult *result = answer(s, statement->text, values);
	ExecStatusType status = PQresultStatus(result);
	int rc = 0;

	if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
		rc = refused(s, result, NULL, e);
	else if (rows)
		rows_copy(result, a, rows);
	PQclear(result);
	return rc;
}

/* COMMIT answers ROLLBACK with an OK status when the transaction had failed: only its tag tells. */
static int
commit(struct script *s, struct err *e)
{
	PGresult *result = answer(s, "COMMIT", NULL);
	int rc = 0;

	if (PQresultStatus(result) != PGRES_COMMAND_OK)
		rc = refused(s, result, NULL, e);
	else if (strcmp(PQcmdStatus(result), "COMMIT") != 0)
		rc = err_set(e, "the transaction was rolled back");
	PQclear(result);
	return rc;
}

static int
transaction_fill(
    struct script *s, const char *text, const struct db_statement *statement, const char *const *values, struct err *e)
{
	if (text_run(s, text, e) < 0)
		return -1;
	if (PQtransactionStatus(s->connection) != PQTRANS_INTRANS)
		return err_set(e, "it ends its transaction by itself: it must not hold BEGIN, COMMIT or ROLLBACK");
	return script_call(s, statement, values, NULL, NULL, e);
}

int
script_apply(
    struct script *s, const char *text, const struct db_statement *statement, const char *const *values, struct err *e)
{
	struct err ignored;

	if (text_run(s, "BEGIN", e) < 0)
		return -1;
	if (transaction_fill(s, text, statement, values, e) < 0) {
		text_run(s, "ROLLBACK", &ignored);
		return -1;
	}
	return commit(s, e);
}
