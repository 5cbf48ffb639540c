/* scratch: see scratch.h. */
#include "tests/harness/scratch.h"

#include <libpq-fe.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#define ROLES_MAX 8
#define CREATE_TRIES 50

struct role {
	char name[32];
	char *conninfo;
};

struct scratch {
	char *administrator; /* conninfo of the cluster */
	char name[64];
	char folder[108];
	struct role roles[ROLES_MAX];
	size_t role_count;
	PGconn *conn;
};

/* KOPRU_TEST_FILTER names one test of a program, with * for any letters: who knows which it is need not wait for all. */
__attribute__((constructor)) static void
filter_set(void)
{
	cmocka_set_test_filter(getenv("KOPRU_TEST_FILTER"));
}

/* The last result of sql, or NULL with the reason printed. */
static PGresult *
ask(PGconn *conn, const char *sql, bool quiet)
{
	PGresult *last = NULL;
	PGresult *r;
	bool failed = !PQsendQuery(conn, sql);

	while ((r = PQgetResult(conn))) {
		failed = failed || PQresultStatus(r) == PGRES_FATAL_ERROR;
		PQclear(last);
		last = r;
	}
	if (!failed)
		return last;
	if (!quiet)
		fprintf(stderr, "# scratch: %s", PQerrorMessage(conn));
	PQclear(last);
	return NULL;
}

static PGconn *
connect_to(const char *conninfo)
{
	PGconn *conn = PQconnectdb(conninfo);

	if (PQstatus(conn) == CONNECTION_OK)
		return conn;
	fprintf(stderr, "# scratch: %s", PQerrorMessage(conn));
	PQfinish(conn);
	return NULL;
}

static int
read_folder(struct scratch *s)
{
	PQconninfoOption *options = PQconninfoParse(s->administrator, NULL);

	for (PQconninfoOption *o = options; o && o->keyword; o++) {
		if (o->val && strcmp(o->keyword, "host") == 0)
			snprintf(s->folder, sizeof(s->folder), "%s", o->val);
	}
	PQconninfoFree(options);
	return s->folder[0] ? 0 : -1;
}

/* A template that someone is just connected to, or that is being copied, cannot be copied: wait. */
static int
create(struct scratch *s, const char *template)
{
	PGconn *conn = connect_to(s->administrator);
	PGresult *r = NULL;
	char sql[256];

	snprintf(sql, sizeof(sql), "CREATE DATABASE \"%s\" TEMPLATE \"%s\"", s->name, template);
	for (int i = 0; conn && !r && i < CREATE_TRIES; i++) {
		r = ask(conn, sql, i + 1 < CREATE_TRIES);
		if (!r)
			nanosleep(&(struct timespec){.tv_nsec = 100000000}, NULL);
	}
	PQclear(r);
	PQfinish(conn);
	return r ? 0 : -1;
}

struct scratch *
scratch_new(struct err *e)
{
	const char *administrator = getenv("KOPRU_TEST_PG");
	const char *template = getenv("KOPRU_TEST_TEMPLATE");
	struct scratch *s;
	struct timespec now;

	if (!administrator || !template) {
		err_set(e, "KOPRU_TEST_PG and KOPRU_TEST_TEMPLATE are not set; tests/run sets them");
		return NULL;
	}
	s = calloc(1, sizeof(*s));
	if (!s || !(s->administrator = strdup(administrator)))
		abort();
	clock_gettime(CLOCK_MONOTONIC, &now);
	snprintf(s->name, sizeof(s->name), "scratch_%ld_%lld%09ld", (long)getpid(), (long long)now.tv_sec, now.tv_nsec);
	if (read_folder(s) < 0 || create(s, template) < 0 || !(s->conn = connect_to(scratch_conninfo(s, "kopru")))) {
		err_set(e, "no scratch database from \"%s\"", template);
		scratch_free(s);
		return NULL;
	}
	return s;
}

void
scratch_free(struct scratch *s)
{
	PGconn *conn;
	char sql[256];

	if (!s)
		return;
	PQfinish(s->conn);
	conn = connect_to(s->administrator);
	snprintf(sql, sizeof(sql), "DROP DATABASE IF EXISTS \"%s\" WITH (FORCE)", s->name);
	if (conn)
		PQclear(ask(conn, sql, false));
	PQfinish(conn);
	for (size_t i = 0; i < s->role_count; i++)
		free(s->roles[i].conninfo);
	free(s->administrator);
	free(s);
}

const char *
scratch_conninfo(struct scratch *s, const char *role)
{
	struct role *r = s->roles;

	for (; r < s->roles + s->role_count; r++) {
		if (strcmp(r->name, role) == 0)
			return r->conninfo;
	}
	if (s->role_count == ROLES_MAX)
		abort();
	s->role_count++;
	snprintf(r->name, sizeof(r->name), "%s", role);
	if (asprintf(&r->conninfo, "host=%s user=%s dbname=%s", s->folder, role, s->name) < 0)
		abort();
	return r->conninfo;
}

const char *
scratch_name(const struct scratch *s)
{
	return s->name;
}

const char *
scratch_folder(const struct scratch *s)
{
	return s->folder;
}

int
scratch_sql(struct scratch *s, const char *sql, char *out, size_t size)
{
	PGresult *r;

	if (PQstatus(s->conn) != CONNECTION_OK)
		PQreset(s->conn); /* a test may have ended all sessions */
	r = ask(s->conn, sql, false);
	if (out)
		snprintf(out, size, "%s", PQntuples(r) > 0 ? PQgetvalue(r, 0, 0) : "");
	PQclear(r);
	return r ? 0 : -1;
}

long long
scratch_number(struct scratch *s, const char *sql)
{
	char text[32];

	if (scratch_sql(s, sql, text, sizeof(text)) < 0)
		abort();
	return strtoll(text, NULL, 10);
}
