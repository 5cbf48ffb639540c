/* session: see session.h. */
#include "tests/harness/session.h"

#include <libpq-fe.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct session {
	PGconn *connection;
	char state[6];
};

struct session *
session_open(const char *conninfo)
{
	struct session *s = calloc(1, sizeof(*s));

	if (!s)
		abort();
	s->connection = PQconnectdb(conninfo);
	if (PQstatus(s->connection) != CONNECTION_OK) {
		fprintf(stderr, "%s", PQerrorMessage(s->connection));
		abort();
	}
	return s;
}

void
session_close(struct session *s)
{
	if (!s)
		return;
	PQfinish(s->connection);
	free(s);
}

const char *
session_run(struct session *s, const char *sql, char *out, size_t size)
{
	session_send(s, sql);
	return session_answer(s, out, size);
}

void
session_send(struct session *s, const char *sql)
{
	PQsendQuery(s->connection, sql);
	PQflush(s->connection);
}

bool
session_busy(struct session *s, int ms)
{
	struct pollfd poller = {.fd = PQsocket(s->connection), .events = POLLIN};

	for (; PQisBusy(s->connection); PQconsumeInput(s->connection))
		if (poll(&poller, 1, ms) <= 0)
			return true;
	return false;
}

const char *
session_answer(struct session *s, char *out, size_t size)
{
	PGresult *r = NULL;

	s->state[0] = '\0';
	if (out)
		out[0] = '\0';
	if (PQstatus(s->connection) != CONNECTION_OK)
		snprintf(s->state, sizeof(s->state), "08006");
	while ((r = PQgetResult(s->connection))) {
		const char *state = PQresultErrorField(r, PG_DIAG_SQLSTATE);
		bool failed = PQresultStatus(r) == PGRES_FATAL_ERROR || PQresultStatus(r) == PGRES_BAD_RESPONSE;

		if (failed && s->state[0] == '\0')
			snprintf(s->state, sizeof(s->state), "%s", state ? state : "08006");
		if (out && PQntuples(r) > 0)
			snprintf(out, size, "%s", PQgetvalue(r, 0, 0));
		PQclear(r);
	}
	return s->state;
}
