/* probe: connects to all hosts of the connection string at once and keeps the one to work with: it takes writes, and none
 * has a longer history. Each promotion begins a new timeline, so of two hosts that take writes the one on the lower timeline
 * is an old primary that came back: whatever was written there would be lost. */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <event2/event.h>

#include "common/base/log.h"
#include "common/db/internal.h"

/* How long others are waited for once there is one to work with: one that is dead or frozen says nothing for ever. A
 * program that has seen none yet, and cannot know an old primary by that, waits so long from the beginning. */
#define SETTLE_MS 500
#define SETTLE_FIRST_MS 3000
#define SERVER_MAX 40
#define HEXADECIMAL 16

enum host_state { HOST_CONNECTING, HOST_ASKING, HOST_ANSWERED, HOST_FAILED };

struct host {
	struct probe *probe;
	size_t place;
	enum host_state state;
	PGconn *conn;
	struct event *event;
	uint32_t timeline; /* 0: takes no writes, or not yet known */
	char server[SERVER_MAX]; /* the same: one server with two names */
	bool busy; /* failed, but is there: full, or on its way up */
	struct err reason;
};

struct probe {
	struct db *db;
	struct loop_timer *settle;
	bool settled;
	size_t count;
	struct host hosts[];
};

static const char question[] = "SELECT CASE WHEN pg_is_in_recovery() THEN '0' "
			       "ELSE substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8) END, "
			       "extract(epoch FROM pg_postmaster_start_time())::text";

static uint32_t
answer_timeline(const PGresult *r)
{
	if (PQresultStatus(r) != PGRES_TUPLES_OK || PQntuples(r) != 1)
		return 0;
	return (uint32_t)strtoul(PQgetvalue(r, 0, 0), NULL, HEXADECIMAL);
}

uint32_t
probe_timeline(PGconn *conn)
{
	int64_t end = clock_monotonic() + SETTLE_FIRST_MS * INT64_C(1000), left;
	struct pollfd socket = {.fd = PQsocket(conn), .events = POLLIN};
	uint32_t timeline = 0;
	PGresult *r;

	if (!PQsendQueryParams(conn, question, 0, NULL, NULL, NULL, NULL, 0))
		return 0;
	for (;;) {
		while (PQisBusy(conn)) {
			left = end - clock_monotonic();
			if (left <= 0 || poll(&socket, 1, (int)(left / 1000 + 1)) < 0 || !PQconsumeInput(conn))
				return 0;
		}
		if (!(r = PQgetResult(conn)))
			return timeline;
		timeline = answer_timeline(r);
		PQclear(r);
	}
}

static void on_progress(evutil_socket_t fd, short what, void *arg);

/* Reasons of libpq name the SQLSTATE (host_start). */
static void
host_fail(struct host *h, const char *reason)
{
	h->busy = h->state == HOST_CONNECTING && (strstr(reason, " 53300: ") || strstr(reason, " 57P03: "));
	h->state = HOST_FAILED;
	err_set(&h->reason, "%.*s", (int)strcspn(reason, "\n"), reason);
	PQfinish(h->conn);
	h->conn = NULL;
}

/* The socket may be another one after every poll, often with the same number: so the event is made anew. */
static void
host_watch(struct host *h, short what)
{
	h->event = event_new(loop_base(h->probe->db->loop), PQsocket(h->conn), what, on_progress, h);
	if (!h->event || event_add(h->event, NULL) < 0)
		abort();
}

static void
host_start(struct host *h)
{
	struct parameters p = {.arena = arena_new(0)};

	connect_parameters(h->probe->db, &p, h->place);
	h->conn = PQconnectStartParams(p.keywords, p.values, 0);
	arena_free(p.arena);
	if (!h->conn)
		abort();
	PQsetErrorVerbosity(h->conn, PQERRORS_VERBOSE);
	if (PQstatus(h->conn) == CONNECTION_BAD)
		host_fail(h, PQerrorMessage(h->conn));
	else
		host_watch(h, EV_WRITE);
}

static void
host_ask(struct host *h)
{
	h->state = HOST_ASKING;
	if (PQsendQueryParams(h->conn, question, 0, NULL, NULL, NULL, NULL, 0))
		host_watch(h, EV_READ);
	else
		host_fail(h, PQerrorMessage(h->conn));
}

static void
host_answered(struct host *h)
{
	uint32_t seen = *h->probe->db->timeline;
	struct err reason;

	h->state = HOST_ANSWERED;
	if (h->timeline == 0) {
		host_fail(h, "it is a standby, or did not say what it is");
	} else if (h->timeline < seen) {
		err_set(&reason,
		    "it is an old primary: on timeline %u, while %u was already seen (restart the services if it is "
		    "right)",
		    h->timeline, seen);
		log_error("database.old_primary", "connection=%s host=\"%s\" port=%s reason=\"%s\"", h->probe->db->name,
		    PQhost(h->conn), PQport(h->conn), reason.text);
		host_fail(h, reason.text);
	}
}

static void
host_read(struct host *h)
{
	PGresult *r;

	if (!PQconsumeInput(h->conn)) {
		host_fail(h, PQerrorMessage(h->conn));
		return;
	}
	while (!PQisBusy(h->conn)) {
		r = PQgetResult(h->conn);
		if (!r) {
			host_answered(h);
			return;
		}
		h->timeline = answer_timeline(r);
		if (h->timeline > 0)
			snprintf(h->server, sizeof(h->server), "%s", PQgetvalue(r, 0, 1));
		PQclear(r);
	}
	host_watch(h, EV_READ);
}

static void
host_poll(struct host *h)
{
	switch (PQconnectPoll(h->conn)) {
	case PGRES_POLLING_READING:
		host_watch(h, EV_READ);
		break;
	case PGRES_POLLING_WRITING:
		host_watch(h, EV_WRITE);
		break;
	case PGRES_POLLING_OK:
		host_ask(h);
		break;
	case PGRES_POLLING_FAILED:
	case PGRES_POLLING_ACTIVE:
		host_fail(h, PQerrorMessage(h->conn));
		break;
	}
}

/* Why none can be worked with: of each host, as far as it fits. */
static void
probe_give_up(struct probe *p)
{
	struct db *d = p->db;
	struct err all = p->hosts[0].reason, before;

	for (size_t i = 1; i < p->count; i++) {
		before = all;
		err_set(&all, "%s; %s", before.text, p->hosts[i].reason.text);
	}
	db_drop(d, all.text);
}

static void
probe_choose(struct probe *p, struct host *best)
{
	struct db *d = p->db;
	PGconn *conn = best->conn;
	uint32_t timeline = best->timeline;

	for (size_t i = 0; i < p->count; i++) {
		const struct host *h = &p->hosts[i];

		if (h->state == HOST_ANSWERED &&
		    (h->timeline != best->timeline || strcmp(h->server, best->server) != 0))
			log_error("database.split",
			    "connection=%s host=\"%s\" port=%s timeline=%u chosen=\"%s\" chosen_port=%s "
			    "chosen_timeline=%u",
			    d->name, PQhost(h->conn), PQport(h->conn), h->timeline, PQhost(conn), PQport(conn),
			    best->timeline);
	}
	best->conn = NULL;
	probe_free(p);
	d->probe = NULL;
	PQsetErrorVerbosity(conn, PQERRORS_DEFAULT);
	connect_chosen(d, conn, timeline);
}

/* Is there one to work with? May free p. */
static void
probe_look(struct probe *p)
{
	bool first = *p->db->timeline == 0, waiting = false;
	const struct host *busy = NULL;
	struct host *best = NULL;

	for (size_t i = 0; i < p->count; i++) {
		struct host *h = &p->hosts[i];

		waiting |= h->state == HOST_CONNECTING || h->state == HOST_ASKING;
		/* Again: meanwhile the connection beside this one may have seen a newer one. */
		if (h->state == HOST_ANSWERED)
			host_answered(h);
		if (h->busy)
			busy = h;
		if (h->state == HOST_ANSWERED && (!best || h->timeline > best->timeline))
			best = h;
	}
	if (best && first && busy && db_down_for(p->db) < SETTLE_FIRST_MS * INT64_C(1000))
		db_drop(p->db, busy->reason.text); /* and asks anew */
	else if (best && (!waiting || p->settled))
		probe_choose(p, best);
	else if (best && !timer_pending(p->settle))
		timer_start(p->settle, SETTLE_MS);
	else if (!waiting)
		probe_give_up(p);
}

static void
on_progress(evutil_socket_t fd, short what, void *arg)
{
	struct host *h = arg;

	(void)fd;
	(void)what;
	event_free(h->event);
	h->event = NULL;
	if (h->state == HOST_CONNECTING)
		host_poll(h);
	else
		host_read(h);
	probe_look(h->probe);
}

static void
on_settled(void *arg)
{
	struct probe *p = arg;

	p->settled = true;
	probe_look(p);
}

void
probe_start(struct db *d)
{
	size_t count = hosts_count(d->options);
	struct probe *p = calloc(1, sizeof(*p) + count * sizeof(p->hosts[0]));

	if (!p)
		abort();
	d->probe = p;
	p->db = d;
	p->settle = timer_new(d->loop, on_settled, p);
	if (*d->timeline == 0)
		timer_start(p->settle, SETTLE_FIRST_MS);
	p->count = count;
	for (size_t i = 0; i < count; i++) {
		p->hosts[i].probe = p;
		p->hosts[i].place = i;
		host_start(&p->hosts[i]);
	}
	probe_look(p);
}

void
probe_free(struct probe *p)
{
	if (!p)
		return;
	for (size_t i = 0; i < p->count; i++) {
		if (p->hosts[i].event)
			event_free(p->hosts[i].event);
		PQfinish(p->hosts[i].conn);
	}
	timer_free(p->settle);
	free(p);
}
