/* models: look, read piece by piece, load on a worker, exchange. One at a time. */
#include "services/router/models.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/file.h"
#include "common/base/log.h"
#include "common/loop/worker.h"
#include "services/router/models.sql.h"

#define PIECE (1024 * 1024) /* bytes read at once: others read in between */
#define NONE (-1)

/* The database's wish, until it is fulfilled or refused. */
struct loading {
	struct models *models; /* not for the worker */
	struct arena *arena; /* bytes and topics */
	int32_t version; /* 0: the file */
	size_t size, read;
	uint8_t *bytes; /* NULL: the file's, which the worker reads */
	const char *topics; /* one a line; NULL: not looked at */
	const char *path;
	/* of the worker */
	struct model *model;
	struct err reason;
};

struct held {
	struct models_one one; /* first: the rest is found from it */
	struct model *model;
	size_t holders;
};

struct models {
	struct loop *loop;
	struct models_conf conf;
	struct held *now;
	struct loading *loading; /* NULL: nothing is under way */
	struct worker *worker;
	int32_t refused; /* version that could not be used; NONE */
	bool asking, known, stopping;
	struct metric *version, *refusals, *loads;
};

static void
held_release(struct held *h)
{
	if (!h || --h->holders > 0)
		return;
	model_free(h->model);
	free(h);
}

static void
know(struct models *m)
{
	bool first = !m->known;

	m->known = true;
	if (first && !m->stopping)
		m->conf.on_known(m->conf.arg);
}

static void
loading_free(struct models *m)
{
	if (!m->loading)
		return;
	model_free(m->loading->model);
	arena_free(m->loading->arena);
	free(m->loading);
	m->loading = NULL;
}

static struct loading *
loading_new(struct models *m, int32_t version)
{
	struct loading *l = calloc(1, sizeof(*l));

	if (!l)
		abort();
	l->models = m;
	l->arena = arena_new(0);
	l->version = version;
	m->loading = l;
	return l;
}

static bool
is_topic(const char *topics, const char *label)
{
	size_t size = strlen(label);

	for (const char *at = topics; (at = strstr(at, label)); at += size) {
		if ((at == topics || at[-1] == '\n') && (at[size] == '\n' || at[size] == '\0'))
			return true;
	}
	return false;
}

/* On the worker. A topic that has ended may still be a label: who decides passes it by. */
static void
work(void *arg)
{
	struct loading *l = arg;
	char *text = NULL;

	if (!l->bytes) {
		if (file_read(l->arena, l->path, MODEL_FILE_MAX, &text, &l->size, &l->reason) < 0)
			return;
		l->bytes = (uint8_t *)text;
	}
	l->model = model_load(l->bytes, l->size, &l->reason);
	for (size_t i = 0; l->model && l->topics && i < model_labels(l->model); i++) {
		if (is_topic(l->topics, model_label(l->model, i)))
			continue;
		err_set(&l->reason, "\"%s\" is no topic of the catalogue", model_label(l->model, i));
		model_free(l->model);
		l->model = NULL;
	}
}

static struct held *
held_new(struct model *model, int32_t version)
{
	struct held *h = calloc(1, sizeof(*h));

	if (!h)
		abort();
	h->model = model;
	h->one.model = model;
	h->one.version = version;
	h->holders = 1;
	(void)snprintf(h->one.name, sizeof(h->one.name), "%s", model_name(model));
	return h;
}

static void
take(struct models *m)
{
	struct loading *l = m->loading;
	struct held *h = held_new(l->model, l->version);

	l->model = NULL;
	held_release(m->now);
	m->now = h;
	m->refused = NONE;
	metric_set(m->version, h->one.version);
	metric_add(m->loads, 1);
	log_info("model.taken", "version=%d name=%s labels=%zu bytes=%zu", h->one.version, h->one.name,
	    model_labels(h->model), model_memory(h->model));
}

static void
refuse(struct models *m, int32_t version, const char *reason)
{
	m->refused = version;
	metric_add(m->refusals, 1);
	log_error("model.refused", "version=%d in_force=%s reason=\"%s\"", version, m->now ? m->now->one.name : "none",
	    reason);
}

static void file_load(struct models *m);

static void
on_loaded(void *arg)
{
	struct loading *l = arg;
	struct models *m = l->models;
	int32_t version = l->version;
	bool taken = l->model != NULL;

	worker_free(m->worker);
	m->worker = NULL;
	if (taken)
		take(m);
	else
		refuse(m, version, l->reason.text);
	loading_free(m);
	if (!taken && !m->now && version != 0)
		file_load(m);
	if (!m->loading)
		know(m);
}

/* The end of a loading that never came to the worker: the next look begins anew. */
static void
load(struct models *m)
{
	struct err e;

	m->worker = worker_start(m->loop, work, on_loaded, m->loading, &e);
	if (m->worker)
		return;
	log_warn("model.unread", "version=%d reason=\"%s\"", m->loading->version, e.text);
	loading_free(m);
}

static void
file_load(struct models *m)
{
	if (m->stopping || m->conf.file[0] == '\0')
		return;
	loading_new(m, 0)->path = m->conf.file;
	load(m);
}

static void piece_ask(struct models *m);

static void
on_piece(void *arg, enum db_outcome outcome, const struct db_results *results, const struct err *e)
{
	struct models *m = arg;
	struct loading *l = m->loading;
	const void *bytes = NULL;
	size_t size = 0;

	if (outcome == DB_COMMITTED && !m->stopping && db_rows(results, 0) == 1)
		bytes = db_bytes(results, 0, 0, 0, &size);
	if (size == 0 || size > l->size - l->read) {
		log_warn("model.unread", "version=%d reason=\"%s\"", l->version,
		    e ? e->text : "it changed while it was read");
		loading_free(m);
		return;
	}
	memcpy(l->bytes + l->read, bytes, size);
	l->read += size;
	if (l->read < l->size)
		piece_ask(m);
	else
		load(m);
}

static void
piece_ask(struct models *m)
{
	struct db_tx *tx = db_begin(m->conf.reader);

	db_call(tx, &models_statements[MODEL_PIECE]);
	db_bind_int4(tx, m->loading->version);
	db_bind_int4(tx, (int32_t)m->loading->read + 1);
	db_bind_int4(tx, PIECE);
	db_read(tx, on_piece, m);
}

static void
version_read(struct models *m, const struct db_results *results)
{
	int32_t version = db_int4(results, 0, 0, 0), size = db_int4(results, 0, 0, 2);
	struct loading *l = NULL;

	if (version == m->refused || (m->now && m->now->one.version == version)) {
		know(m);
		return;
	}
	if (size <= 0 || size > MODEL_FILE_MAX) {
		refuse(m, version, "it is empty, or too big");
		know(m);
		return;
	}
	l = loading_new(m, version);
	l->topics = arena_string(l->arena, db_text(results, 0, 0, 3));
	l->size = (size_t)size;
	l->bytes = arena_alloc(l->arena, l->size);
	piece_ask(m);
}

static void
on_version(void *arg, enum db_outcome outcome, const struct db_results *results, const struct err *e)
{
	struct models *m = arg;

	m->asking = false;
	if (m->stopping)
		return;
	if (outcome != DB_COMMITTED) {
		log_warn("model.unread", "outcome=%s reason=\"%s\"", db_outcome_text(outcome), e->text);
		return;
	}
	if (db_rows(results, 0) > 0)
		version_read(m, results);
	else if (m->now || m->refused == 0 || m->conf.file[0] == '\0')
		know(m);
	else
		file_load(m);
}

void
models_look(struct models *m)
{
	struct db_tx *tx = NULL;

	if (m->stopping || m->asking || m->loading)
		return;
	m->asking = true;
	tx = db_begin(m->conf.reader);
	db_call(tx, &models_statements[MODEL_ACTIVE]);
	db_bind_int4(tx, m->now ? m->now->one.version : 0);
	db_read(tx, on_version, m);
}

bool
models_known(const struct models *m)
{
	return m->known;
}

int32_t
models_refused(const struct models *m)
{
	return m->refused;
}

const struct models_one *
models_now(const struct models *m)
{
	return m->now ? &m->now->one : NULL;
}

const struct models_one *
models_hold(struct models *m)
{
	if (m->now)
		m->now->holders++;
	return models_now(m);
}

void
models_release(const struct models_one *one)
{
	struct held *h = NULL;

	memcpy(&h, &one, sizeof(h)); /* the holder's view of it is const */
	held_release(h);
}

struct models *
models_new(struct loop *l, const struct models_conf *conf, struct metrics *metrics)
{
	struct models *m = calloc(1, sizeof(*m));

	if (!m)
		abort();
	m->loop = l;
	m->conf = *conf;
	m->refused = NONE;
	m->version = metrics_gauge(
	    metrics, "kopru_router_model_version", "", "Version of the model that decides; 0: none, or a file's");
	m->loads = metrics_counter(metrics, "kopru_router_model_loads_total", "", "Models that were taken into force");
	m->refusals = metrics_counter(
	    metrics, "kopru_router_model_refused", "", "Models that could not be used; the one before stayed in force");
	return m;
}

void
models_stop(struct models *m)
{
	if (m)
		m->stopping = true;
}

void
models_free(struct models *m)
{
	if (!m)
		return;
	worker_free(m->worker);
	loading_free(m);
	held_release(m->now);
	free(m);
}
