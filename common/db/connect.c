/* connect: brings a session up: has the host chosen (probe), prepares every statement, comes back after a loss. */
#include <stdio.h>
#include <stdlib.h>

#include <event2/event.h>
#include <sodium.h>

#include "common/base/log.h"
#include "common/db/internal.h"

#define CONNECT_MS 5000 /* libpq's connect_timeout does not count when asynchronous */
#define BACK_OFF_FIRST_MS 100
#define BACK_OFF_MAX_MS 2000
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

int
connect_parse(struct db *d, const char *conninfo, struct err *e)
{
	const char *own;

	d->options = hosts_parse(conninfo, e);
	if (!d->options)
		return err_prefix(e, "the connection string of \"%s\" is wrong", d->name);
	own = hosts_option(d->options, "options");
	if (asprintf(&d->session_options, "%s %s", SESSION_OPTIONS, own ? own : "") < 0)
		abort();
	return 0;
}

/* What stands later counts. */
void
connect_parameters(const struct db *d, struct parameters *p, size_t host)
{
	parameters_add(p, "application_name", d->name);
	for (size_t i = 0; i < FALLBACK_COUNT; i++)
		parameters_add(p, fallbacks[i].keyword, fallbacks[i].value);
	parameters_add_host(p, d->options, host);
	parameters_add(p, "options", d->session_options);
}

void
connect_start(struct db *d)
{
	d->state = DB_STATE_CONNECTING;
	timer_start(d->connect_limit, CONNECT_MS);
	probe_start(d);
}

/* What stands beside it may still be with the old primary, that answers as ever: whatever is written there is lost. */
static void
connect_raise(struct db *d, uint32_t timeline)
{
	struct err reason;

	if (timeline <= *d->timeline)
		return;
	*d->timeline = timeline;
	for (struct db *other = d->beside; other != d; other = other->beside) {
		if (!other->conn || other->session_timeline >= timeline)
			continue;
		err_set(&reason, "it is with an old primary: on timeline %u, while %u was seen",
		    other->session_timeline, timeline);
		db_drop(other, reason.text);
	}
}

void
connect_chosen(struct db *d, PGconn *conn, uint32_t timeline)
{
	connect_raise(d, timeline);
	d->conn = conn;
	d->session_timeline = timeline;
	d->state = DB_STATE_PREPARING;
	timer_start(d->connect_limit, CONNECT_MS);
	pipe_open(d);
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
	probe_free(d->probe);
	d->probe = NULL;
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
