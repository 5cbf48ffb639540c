/* script: see script.h. */
#include "common/db/script.h"

#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/db/internal.h"

#define SECONDS "10"
#define SECONDS_OF_SEVERAL "3" /* each of them */

struct script {
	PGconn *connection;
	struct err warning; /* "" for none since the last call began */
};

/* A wait for a standby that was ended is success with such a warning. */
static void
on_notice(void *arg, const PGresult *result)
{
	struct script *s = arg;
	const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);

	if (state && (strcmp(state, "01000") == 0 || strcmp(state, "57P01") == 0))
		err_set(&s->warning, "%s", PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY));
}

/* NULL: e says why not. */
static PGconn *
host_open(const PQconninfoOption *options, const char *name, size_t place, struct err *e)
{
	struct parameters p = {.arena = arena_new(0)};
	PGconn *conn;

	parameters_add(&p, "connect_timeout", hosts_count(options) > 1 ? SECONDS_OF_SEVERAL : SECONDS);
	parameters_add_host(&p, options, place); /* may name another */
	parameters_add(&p, "client_encoding", "UTF8");
	parameters_add(&p, "fallback_application_name", name);
	conn = PQconnectdbParams(p.keywords, p.values, 0);
	arena_free(p.arena);
	if (!conn)
		abort();
	if (PQstatus(conn) == CONNECTION_OK)
		return conn;
	err_set(e, "%.*s", (int)strcspn(PQerrorMessage(conn), "\n"), PQerrorMessage(conn));
	PQfinish(conn);
	return NULL;
}

/* Of several hosts that take writes, the one on the highest timeline: the other is an old primary that came back. */
static PGconn *
hosts_open(const PQconninfoOption *options, const char *name, struct err *e)
{
	PGconn *best = NULL;
	uint32_t highest = 0;
	size_t count = hosts_count(options);

	if (count == 1)
		return host_open(options, name, 0, e);
	for (size_t i = 0; i < count; i++) {
		PGconn *conn = host_open(options, name, i, e);
		uint32_t timeline = conn ? probe_timeline(conn) : 0;

		if (timeline <= highest) {
			if (conn && timeline == 0)
				err_set(e, "\"%s\" is a standby, or does not answer", PQhost(conn));
			PQfinish(conn);
			continue;
		}
		PQfinish(best);
		best = conn;
		highest = timeline;
	}
	return best;
}

struct script *
script_open(const char *conninfo, const char *name, struct err *e)
{
	PQconninfoOption *options = hosts_parse(conninfo, e);
	struct script *s;

	if (!options) {
		err_prefix(e, "the connection string is wrong");
		return NULL;
	}
	s = calloc(1, sizeof(*s));
	if (!s)
		abort();
	s->connection = hosts_open(options, name, e);
	PQconninfoFree(options);
	if (!s->connection) {
		err_prefix(e, "cannot connect to the database");
		free(s);
		return NULL;
	}
	PQsetNoticeReceiver(s->connection, on_notice, s);
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

static int
unknown(const struct script *s, struct err *e)
{
	return err_set(
	    e, "it is not known whether this lasts, look again when the standby is back: %s", s->warning.text);
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
	PGresult *result;
	ExecStatusType status;
	int rc = 0;

	s->warning.text[0] = '\0';
	result = answer(s, statement->text, values);
	status = PQresultStatus(result);
	if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
		rc = refused(s, result, NULL, e);
	else if (s->warning.text[0] != '\0')
		rc = unknown(s, e);
	else if (rows)
		rows_copy(result, a, rows);
	PQclear(result);
	return rc;
}

/* COMMIT answers ROLLBACK with an OK status when the transaction had failed: only its tag tells. */
static int
commit(struct script *s, struct err *e)
{
	PGresult *result;
	int rc = 0;

	s->warning.text[0] = '\0';
	result = answer(s, "COMMIT", NULL);
	if (PQresultStatus(result) != PGRES_COMMAND_OK)
		rc = refused(s, result, NULL, e);
	else if (strcmp(PQcmdStatus(result), "COMMIT") != 0)
		rc = err_set(e, "the transaction was rolled back");
	else if (s->warning.text[0] != '\0')
		rc = unknown(s, e);
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

int
script_password(struct script *s, const char *role, const char *password, struct err *e)
{
	char *verifier = PQencryptPasswordConn(s->connection, password, role, "scram-sha-256");
	char *name = PQescapeIdentifier(s->connection, role, strlen(role));
	char *literal = verifier ? PQescapeLiteral(s->connection, verifier, strlen(verifier)) : NULL;
	char *text = NULL;
	int rc = -1;

	if (!name || !literal)
		err_set(e, "no verifier: %.*s", (int)strcspn(PQerrorMessage(s->connection), "\n"),
		    PQerrorMessage(s->connection));
	else if (asprintf(&text, "ALTER ROLE %s PASSWORD %s", name, literal) < 0)
		abort();
	else
		rc = text_run(s, text, e);
	free(text);
	PQfreemem(literal);
	PQfreemem(name);
	PQfreemem(verifier);
	return rc;
}
