/* database: see database.h. */
#include "tests/harness/database.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <event2/event.h>

#include "common/base/log.h"

#define ANSWER_MS 30000
#define UP_MS 10000

struct pending {
	struct database *database;
	database_look *look;
	void *arg;
	bool done;
	enum db_outcome outcome;
};

static void
on_up(void *arg)
{
	((struct database *)arg)->ups++;
}

static void
on_down(void *arg)
{
	((struct database *)arg)->downs++;
}

static void
give_up(const char *what, const struct err *e)
{
	fprintf(stderr, "# database: %s: %s\n", what, e->text);
	abort();
}

void
database_start(struct database *b)
{
	struct err e = {""};

	*b = (struct database){0};
	ids_start();
	log_open("test", LOG_ERROR_LEVEL);
	b->scratch = scratch_new(&e);
	if (!b->scratch)
		give_up("no scratch database", &e);
	b->loop = loop_new(&e);
	if (!b->loop)
		give_up("no loop", &e);
}

void
database_open(struct database *b, const char *role, const char *more, const struct db_statement *const *tables)
{
	struct err e = {""};
	struct db_conf conf = {.name = "test", .tables = tables};
	char conninfo[512];

	snprintf(conninfo, sizeof(conninfo), "%s %s", scratch_conninfo(b->scratch, role), more);
	conf.conninfo = conninfo;
	b->db = db_open(b->loop, &conf, NULL, on_up, on_down, b, &e);
	if (!b->db)
		give_up("cannot open", &e);
}

void
database_close(struct database *b)
{
	db_close(b->db);
	b->db = NULL;
}

void
database_end(struct database *b)
{
	database_close(b);
	loop_free(b->loop);
	scratch_free(b->scratch);
	*b = (struct database){0};
}

static void
on_step(void *arg)
{
	(void)arg; /* only to give database_wait a look */
}

bool
database_wait(struct database *b, bool (*is_true)(void *arg), void *arg, int ms)
{
	int64_t end = clock_monotonic() + (int64_t)ms * 1000;
	struct loop_timer *step = timer_new(b->loop, on_step, NULL);
	bool yes;

	while (!(yes = is_true(arg)) && clock_monotonic() < end) {
		timer_start(step, 5);
		event_base_loop(loop_base(b->loop), EVLOOP_ONCE);
	}
	timer_free(step);
	return yes;
}

static bool
is_up(void *arg)
{
	return db_is_up(((struct database *)arg)->db);
}

void
database_wait_up(struct database *b)
{
	if (!database_wait(b, is_up, b, UP_MS))
		give_up("the connection does not come up", &(struct err){""});
}

static void
on_done(void *arg, enum db_outcome outcome, const struct db_results *results, const struct err *e)
{
	struct pending *p = arg;

	if (p->done)
		abort(); /* exactly once */
	p->done = true;
	p->outcome = outcome;
	if (outcome != DB_COMMITTED)
		p->database->reason = *e;
	if (results && p->look)
		p->look(p->arg, results);
}

static bool
is_done(void *arg)
{
	return ((struct pending *)arg)->done;
}

static enum db_outcome
finish(struct database *b, struct pending *p)
{
	if (p->done)
		abort(); /* never from inside the call */
	if (!database_wait(b, is_done, p, ANSWER_MS))
		give_up("no answer", &(struct err){""});
	return p->outcome;
}

enum db_outcome
database_commit(struct database *b, struct db_tx *tx, database_look *look, void *arg)
{
	struct pending p = {.database = b, .look = look, .arg = arg};

	db_commit(tx, on_done, &p);
	return finish(b, &p);
}

enum db_outcome
database_read(struct database *b, struct db_tx *tx, database_look *look, void *arg)
{
	struct pending p = {.database = b, .look = look, .arg = arg};

	db_read(tx, on_done, &p);
	return finish(b, &p);
}

void
database_sleep(int ms)
{
	nanosleep(&(struct timespec){.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L}, NULL);
}
