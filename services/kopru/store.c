/* store: see store.h. */
#include "services/kopru/store.h"

#include <stdio.h>

#include "services/kopru/settings.h"

#define STORE_TRIES 5
#define STORE_WAIT_MS 15000

struct store {
	const struct store_work *work;
	struct loop *loop;
	struct loop_timer *timer;
	struct db *db;
	struct err *e;
	int tries;
	int rc;
};

static void
end(struct store *s, int rc)
{
	s->rc = rc;
	loop_stop(s->loop);
}

static void work_send(struct store *s);

static void
on_done(void *arg, enum db_outcome outcome, const struct db_results *results, const struct err *e)
{
	struct store *s = arg;

	if (outcome == DB_COMMITTED) {
		end(s, s->work->read(s->work->arg, results, s->e));
		return;
	}
	err_set(s->e, "%s", e->text);
	if (outcome == DB_REFUSED || outcome == DB_FENCED || s->tries == STORE_TRIES) {
		if (outcome == DB_UNKNOWN)
			err_prefix(s->e, "it is not known whether it was done");
		end(s, -1);
	} else if (db_is_up(s->db)) {
		work_send(s);
	}
}

static void
work_send(struct store *s)
{
	struct db_tx *tx = db_begin(s->db);

	s->tries++;
	s->work->build(s->work->arg, tx);
	db_commit(tx, on_done, s);
}

static void
on_up(void *arg)
{
	work_send(arg);
}

static void
on_late(void *arg)
{
	struct store *s = arg;

	if (s->tries == 0)
		err_set(s->e, "the database of KOPRU_DATABASE does not answer, or has not been migrated");
	else
		err_prefix(s->e, "the database does not answer in time");
	end(s, -1);
}

static int
store_wait(struct store *s, const char *conninfo, struct err *e)
{
	static const struct db_statement *const tables[] = {kopru_statements, NULL};
	const struct db_conf conf = {.conninfo = conninfo, .name = "kopru", .tables = tables};
	int rc = -1;

	if (!(s->loop = loop_new(e)) || !(s->db = db_open(s->loop, &conf, NULL, on_up, NULL, s, e)))
		goto out;
	s->timer = timer_new(s->loop, on_late, s);
	timer_start(s->timer, STORE_WAIT_MS);
	if (loop_run(s->loop, e) < 0)
		goto out;
	rc = s->rc;

out:
	timer_free(s->timer);
	db_close(s->db);
	loop_free(s->loop);
	return rc;
}

int
store_run(const struct store_work *work, struct err *e)
{
	struct store s = {.work = work, .e = e, .rc = -1};
	struct settings settings = {0};
	int rc;

	if (conf_load(kopru_keys, &settings, e) < 0)
		return -1;
	err_set(e, "interrupted");
	rc = store_wait(&s, settings.database, e);
	conf_free(kopru_keys, &settings);
	return rc;
}
