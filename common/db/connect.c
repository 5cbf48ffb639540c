/* connect: brings a session up: connects without blocking, prepares every statement, comes back after a loss. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <event2/event.h>
#include <sodium.h>

#include "common/base/log.h"
#include "common/db/internal.h"

#define CONNECT_MS 5000 /* libpq's connect_timeout does not count when asynchronous */
#define BACK_OFF_FIRST_MS 100
#define BACK_OFF_MAX_MS 2000
#define KEYWORDS_MAX 80
#define SESSION_OPTIONS                                                                                                \
	"-c lock_timeout=2000 -c statement_timeout=15000 -c client_min_messages=warning -c timezone=UTC -c jit=off"

struct fallback {
	const char *keyword;
	const char *value;
};

/* What the connection string may override. */
static const struct fallback fallbacks[] = {
    {"tcp_user_timeout", "2000"},
    {"keepalives", "1"},
    {"keepalives_idle", "5"},
    {"keepalives_interval", "2"},
    {"keepalives_count", "3"},
    {"client_encoding", "UTF8"},
    {"gssencmode", "disable"},
};

#define FALLBACK_COUNT (sizeof(fallbacks) / sizeof(fallbacks[0]))

struct parameters {
	const char *keywords[KEYWORDS_MAX];
	const char *values[KEYWORDS_MAX];
	size_t count;
	struct arena *arena; /* of the lists that were turned */
};

static const char *
option_value(const struct db *d, const char *keyword)
{
	for (const PQconninfoOption *o = d->options; o->keyword; o++) {
		if (strcmp(o->keyword, keyword) == 0)
			return o->val;
	}
	return NULL;
}

int
connect_parse(struct db *d, const char *conninfo, struct err *e)
{
	char *reason = NULL;
	const char *own;

	d->options = PQconninfoParse(conninfo, &reason);
	if (!d->options) {
		err_set(e, "the connection string of \"%s\" is wrong: %s", d->name, reason ? reason : "no memory");
		PQfreemem(reason);
		return -1;
	}
	own = option_value(d, "options");
	if (asprintf(&d->session_options, "%s %s", SESSION_OPTIONS, own ? own : "") < 0)
		abort();
	return 0;
}

static void
parameters_add(struct parameters *p, const char *keyword, const char *value)
{
	if (p->count == KEYWORDS_MAX - 1)
		abort();
	p->keywords[p->count] = keyword;
	p->values[p->count] = value;
	p->count++;
}

/* "a,b,c" turned by one: "b,c,a". A single entry stands for all hosts. */
static const char *
list_turn(struct arena *a, const char *list, unsigned by)
{
	for (const char *comma; by > 0 && (comma = strchr(list, ',')); by--)
		list = arena_printf(a, "%s,%.*s", comma + 1, (int)(comma - list), list);
	return list;
}

static bool
is_list_of_hosts(const char *keyword)
{
	return strcmp(keyword, "host") == 0 || strcmp(keyword, "hostaddr") == 0 || strcmp(keyword, "port") == 0;
}

static void
parameters_fill(struct parameters *p, const struct db *d)
{
	memset(p, 0, sizeof(*p));
	p->arena = arena_new(0);
	parameters_add(p, "application_name", d->name);
	for (size_t i = 0; i < FALLBACK_COUNT; i++)
		parameters_add(p, fallbacks[i].keyword, fallbacks[i].value);
	for (const PQconninfoOption *o = d->options; o->keyword; o++) {
		if (o->val && strcmp(o->keyword, "options") != 0) /* the later one counts */
			parameters_add(p, o->keyword,
			    is_list_of_hosts(o->keyword) ? list_turn(p->arena, o->val, d->host_first) : o->val);
	}
	parameters_add(p, "options", d->session_options);
}

/* The socket may be another one after every poll, often with the same number: so the event is made anew. */
static void on_progress(evutil_socket_t fd, short what, void *arg);

static void
connect_watch(struct db *d, short what)
{
	d->readable = event_new(loop_base(d->loop), PQsocket(d->conn), what, on_progress, d);
	if (!d->readable || event_add(d->readable, NULL) < 0)
		abort();
}

static void
on_progress(evutil_socket_t fd, short what, void *arg)
{
	struct db *d = arg;

	(void)fd;
	(void)what;
	event_free(d->readable);
	d->readable = NULL;
	switch (PQconnectPoll(d->conn)) {
	case PGRES_POLLING_READING:
		connect_watch(d, EV_READ);
		break;
	case PGRES_POLLING_WRITING:
		connect_watch(d, EV_WRITE);
		break;
	case PGRES_POLLING_OK:
		d->state = DB_STATE_PREPARING;
		pipe_open(d);
		break;
	case PGRES_POLLING_FAILED:
	case PGRES_POLLING_ACTIVE:
		db_drop(d, PQerrorMessage(d->conn));
		break;
	}
}

void
connect_start(struct db *d)
{
	struct parameters p;

	parameters_fill(&p, d);
	d->state = DB_STATE_CONNECTING;
	d->conn = PQconnectStartParams(p.keywords, p.values, 0);
	arena_free(p.arena);
	if (!d->conn)
		abort();
	if (PQstatus(d->conn) == CONNECTION_BAD) {
		db_drop(d, PQerrorMessage(d->conn));
		return;
	}
	timer_start(d->connect_limit, CONNECT_MS);
	connect_watch(d, EV_WRITE);
}

/* Ends the connection, whatever its state, and sets the time of the next try. */
void
connect_end(struct db *d)
{
	int64_t wait = d->back_off_ms > 0 ? d->back_off_ms : BACK_OFF_FIRST_MS;

	if (d->readable)
		event_free(d->readable);
	if (d->writable)
		event_free(d->writable);
	d->readable = NULL;
	d->writable = NULL;
	timer_stop(d->connect_limit);
	timer_stop(d->answer_limit);
	timer_stop(d->drain);
	PQfinish(d->conn);
	d->conn = NULL;
	d->leaving = false;
	d->broken = false;
	d->back_off_ms = wait * 2 < BACK_OFF_MAX_MS ? wait * 2 : BACK_OFF_MAX_MS;
	if (d->state == DB_STATE_GIVEN_UP)
		return;
	d->state = DB_STATE_DOWN;
	timer_start(d->retry, wait / 2 + (int64_t)randombytes_uniform((uint32_t)wait / 2 + 1));
}

/* A statement that the database does not accept is the program's or the schema's mistake: nothing that waiting
 * cures when it starts. A running service goes on trying: a migration may be under way. */
static void
connect_refused(struct db *d, const struct db_tx *tx)
{
	struct err reason = tx->reason;

	log_error("statement.refused", "connection=%s reason=\"%s\"", d->name, reason.text);
	if (d->session == 0 && tx->outcome == DB_REFUSED) {
		d->state = DB_STATE_GIVEN_UP;
		loop_fail(d->loop, &reason);
	}
	db_drop(d, reason.text);
}

void
connect_prepared(struct db *d, const struct db_tx *tx)
{
	if (tx->failed) {
		connect_refused(d, tx);
		return;
	}
	timer_stop(d->connect_limit);
	d->state = DB_STATE_UP;
	d->session++;
	d->complained = false;
	log_info("database.up", "connection=%s session=%llu statements=%zu", d->name, (unsigned long long)d->session,
	    d->statement_count);
	metric_add(d->metric_connects, 1);
	if (d->metric_up)
		metric_set(d->metric_up, 1);
	if (d->on_up)
		d->on_up(d->arg);
}
