/* atlas: look, read, make on a worker, exchange. One at a time. */
#include "services/router/atlas.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/log.h"
#include "common/loop/worker.h"
#include "services/router/places.sql.h"

#define MARK_SIZE 96

/* A set on its way to be the one in force. */
struct making {
	struct atlas *atlas; /* not for the worker */
	struct arena *arena;
	struct places_rows rows;
	char mark[MARK_SIZE];
	/* of the worker */
	struct places *places; /* NULL: reason says why not */
	struct err reason;
};

struct atlas {
	struct loop *loop;
	struct atlas_conf conf;
	struct places *now;
	char mark[MARK_SIZE]; /* of the set in force; "": none */
	char refused[MARK_SIZE]; /* of one that could not be used */
	int32_t today; /* of the last look */
	struct making *making; /* NULL: nothing is under way */
	struct worker *worker;
	bool asking, known, stopping;
	struct metric *areas, *streets, *unusable;
};

static void
know(struct atlas *a)
{
	bool first = !a->known;

	a->known = true;
	if (first && !a->stopping)
		a->conf.on_known(a->conf.arg);
}

static void
making_free(struct atlas *a)
{
	if (!a->making)
		return;
	places_free(a->making->places);
	arena_free(a->making->arena);
	free(a->making);
	a->making = NULL;
}

static void
mark_copy(char to[MARK_SIZE], const char *from)
{
	size_t size = strnlen(from, MARK_SIZE - 1);

	memcpy(to, from, size);
	to[size] = '\0';
}

static void
take(struct atlas *a, struct making *m)
{
	size_t streets = 0, areas = places_size(m->places, &streets);

	places_free(a->now);
	a->now = m->places;
	m->places = NULL;
	mark_copy(a->mark, m->mark);
	a->refused[0] = '\0';
	metric_set(a->areas, (int64_t)areas);
	metric_set(a->streets, (int64_t)streets);
	metric_set(a->unusable, 0);
	log_info("places.taken", "areas=%zu streets=%zu", areas, streets);
}

/* On the worker. */
static void
work(void *arg)
{
	struct making *m = arg;

	m->places = places_new(&m->rows, &m->reason);
}

static void
on_made(void *arg)
{
	struct making *m = arg;
	struct atlas *a = m->atlas;

	worker_free(a->worker);
	a->worker = NULL;
	if (m->places) {
		take(a, m);
	} else {
		mark_copy(a->refused, m->mark);
		metric_set(a->unusable, 1);
		log_error(
		    "places.unusable", "in_force=%s reason=\"%s\"", a->now ? "the set before" : "none", m->reason.text);
	}
	making_free(a);
	know(a);
}

static void
areas_copy(struct making *m, const struct db_results *r)
{
	struct arena *a = m->arena;
	struct places_area *list = arena_array(a, db_rows(r, 1) + 1, sizeof(*list));

	m->rows.areas = list;
	m->rows.area_count = db_rows(r, 1);
	for (size_t i = 0; i < db_rows(r, 1); i++)
		list[i] = (struct places_area){.code = arena_string(a, db_text(r, 1, i, 0)),
		    .name = arena_string(a, db_text(r, 1, i, 1)),
		    .names = arena_string(a, db_text(r, 1, i, 2)),
		    .district = arena_string(a, db_text(r, 1, i, 3)),
		    .neighbourhood = db_bool(r, 1, i, 4),
		    .ordinary = db_bool(r, 1, i, 5),
		    .shape = db_null(r, 1, i, 6) ? NULL : arena_string(a, db_text(r, 1, i, 6))};
}

static void
streets_copy(struct making *m, const struct db_results *r)
{
	struct arena *a = m->arena;
	struct places_street *list = arena_array(a, db_rows(r, 2) + 1, sizeof(*list));

	m->rows.streets = list;
	m->rows.street_count = db_rows(r, 2);
	for (size_t i = 0; i < db_rows(r, 2); i++)
		list[i] = (struct places_street){.name = arena_string(a, db_text(r, 2, i, 0)),
		    .owner = arena_string(a, db_text(r, 2, i, 1)),
		    .names = arena_string(a, db_text(r, 2, i, 2)),
		    .shape = db_null(r, 2, i, 3) ? NULL : arena_string(a, db_text(r, 2, i, 3))};
}

static struct making *
making_new(struct atlas *a, const struct db_results *results)
{
	struct making *m = calloc(1, sizeof(*m));

	if (!m)
		abort();
	m->atlas = a;
	m->arena = arena_new(0);
	mark_copy(m->mark, db_text(results, 0, 0, 0));
	areas_copy(m, results);
	streets_copy(m, results);
	return m;
}

static void
make(struct atlas *a, const struct db_results *results)
{
	struct err e;

	a->making = making_new(a, results);
	a->worker = worker_start(a->loop, work, on_made, a->making, &e);
	if (a->worker)
		return;
	log_warn("places.unread", "reason=\"%s\"", e.text);
	making_free(a);
}

/* False: nothing was read, which may be another time. */
static bool
was_read(struct atlas *a, enum db_outcome outcome, const struct err *e)
{
	a->asking = false;
	if (outcome != DB_COMMITTED && !a->stopping)
		log_warn("places.unread", "outcome=%s reason=\"%s\"", db_outcome_text(outcome), e->text);
	return outcome == DB_COMMITTED && !a->stopping;
}

static void
on_read(void *arg, enum db_outcome outcome, const struct db_results *results, const struct err *e)
{
	struct atlas *a = arg;

	if (was_read(a, outcome, e))
		make(a, results);
}

static void
on_mark(void *arg, enum db_outcome outcome, const struct db_results *results, const struct err *e)
{
	struct atlas *a = arg;
	struct db_tx *tx = NULL;
	const char *mark;

	if (!was_read(a, outcome, e))
		return;
	mark = db_text(results, 0, 0, 0);
	if (strcmp(mark, a->mark) == 0 || strcmp(mark, a->refused) == 0) {
		know(a);
		return;
	}
	a->asking = true;
	tx = db_begin(a->conf.reader);
	db_call(tx, &places_statements[PLACES_MARK]);
	db_bind_date(tx, a->today);
	db_call(tx, &places_statements[PLACES_AREAS]);
	db_bind_date(tx, a->today);
	db_call(tx, &places_statements[PLACES_STREETS]);
	db_bind_date(tx, a->today);
	db_read(tx, on_read, a);
}

void
atlas_look(struct atlas *a, int32_t today)
{
	struct db_tx *tx = NULL;

	if (a->stopping || a->asking || a->making)
		return;
	a->asking = true;
	a->today = today;
	tx = db_begin(a->conf.reader);
	db_call(tx, &places_statements[PLACES_MARK]);
	db_bind_date(tx, today);
	db_read(tx, on_mark, a);
}

bool
atlas_known(const struct atlas *a)
{
	return a->known;
}

const struct places *
atlas_now(const struct atlas *a)
{
	return a->now;
}

struct atlas *
atlas_new(struct loop *l, const struct atlas_conf *conf, struct metrics *m)
{
	struct atlas *a = calloc(1, sizeof(*a));

	if (!a)
		abort();
	a->loop = l;
	a->conf = *conf;
	a->areas = metrics_gauge(m, "kopru_router_areas_total", "", "Neighbourhoods and other areas that are known");
	a->streets = metrics_gauge(m, "kopru_router_streets_total", "", "Streets that are known to be somebody else's");
	a->unusable = metrics_gauge(
	    m, "kopru_router_places_unusable", "", "1: the places that are stored cannot be used, see the log for why");
	return a;
}

void
atlas_stop(struct atlas *a)
{
	if (a)
		a->stopping = true;
}

void
atlas_free(struct atlas *a)
{
	if (!a)
		return;
	worker_free(a->worker);
	making_free(a);
	places_free(a->now);
	free(a);
}
