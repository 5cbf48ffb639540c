/* refresh: one timer; the catalogue is read, then the model, the rules and the places are asked for. */
#include "services/router/refresh.h"

#include <stdlib.h>

#include "common/base/log.h"
#include "services/router/store.h"

#define LOOK_MS 10000
#define MISSING_MS 1000
#define CLOCK_MS 10 /* it is being read */

struct refresh {
	struct loop *loop;
	struct refresh_conf conf;
	struct loop_timer *timer;
	struct catalogue *catalogue; /* NULL until it was read */
	struct models *models;
	struct dangers *dangers;
	struct rulesets *rulesets;
	struct atlas *atlas;
	bool stopping;
	struct metric *topics, *departments;
};

static void
tell_when_ready(struct refresh *r, bool before)
{
	if (!before && refresh_ready(r) && !r->stopping)
		r->conf.on_ready(r->conf.arg);
}

static void
catalogue_take(struct refresh *r, struct catalogue *c)
{
	bool ready = refresh_ready(r);
	size_t topics = 0, departments = catalogue_size(c, &topics);

	if (c == r->catalogue)
		return;
	catalogue_free(r->catalogue);
	r->catalogue = c;
	metric_set(r->departments, (int64_t)departments);
	metric_set(r->topics, (int64_t)topics);
	log_info("catalogue.read", "departments=%zu topics=%zu", departments, topics);
	tell_when_ready(r, ready);
	r->conf.on_catalogue(r->conf.arg);
}

static void
on_known(void *arg)
{
	tell_when_ready(arg, false);
}

static void
on_catalogue_read(void *arg, enum db_outcome outcome, const struct db_results *results, const struct err *e)
{
	struct refresh *r = arg;
	struct catalogue *c = NULL;
	struct err reason;

	if (outcome == DB_COMMITTED)
		c = store_catalogue(results, r->catalogue, &reason);
	else
		reason = *e;
	if (c)
		catalogue_take(r, c);
	else
		log_error("catalogue.unusable", "reason=\"%s\"", reason.text);
	if (r->stopping || loop_stopping(r->loop))
		return;
	models_look(r->models);
	atlas_look(r->atlas, date_in_istanbul(source_now(r->conf.source)));
	if (r->catalogue)
		rulesets_look(r->rulesets, date_in_istanbul(source_now(r->conf.source)));
	timer_start(r->timer, refresh_ready(r) ? LOOK_MS : MISSING_MS);
}

static void
on_look(void *arg)
{
	struct refresh *r = arg;
	struct db_tx *tx = NULL;

	if (!db_is_up(r->conf.reader) || !source_knows_time(r->conf.source)) {
		timer_start(r->timer, db_is_up(r->conf.reader) ? CLOCK_MS : MISSING_MS);
		return;
	}
	tx = db_begin(r->conf.reader);
	store_catalogue_read(tx, date_in_istanbul(source_now(r->conf.source)));
	db_read(tx, on_catalogue_read, r);
}

bool
refresh_ready(const struct refresh *r)
{
	return r->catalogue && models_known(r->models) && rulesets_known(r->rulesets) && atlas_known(r->atlas);
}

const struct catalogue *
refresh_catalogue(const struct refresh *r)
{
	return r->catalogue;
}

struct deciding
refresh_deciding(const struct refresh *r)
{
	const struct models_one *model = models_now(r->models);
	const struct rules *rules = rulesets_now(r->rulesets);

	return (struct deciding){.catalogue = r->catalogue,
	    .model = model ? model->model : NULL,
	    .model_version = model ? (uint32_t)model->version : 0,
	    .rules = rules,
	    .rules_version = rules_version(rules),
	    .places = atlas_now(r->atlas),
	    .dangers = r->dangers};
}

struct models *
refresh_models(const struct refresh *r)
{
	return r->models;
}

static const struct catalogue *
catalogue_now(void *arg)
{
	return refresh_catalogue(arg);
}

struct refresh *
refresh_new(struct loop *l, const struct refresh_conf *conf, struct metrics *m)
{
	struct refresh *r = calloc(1, sizeof(*r));
	struct models_conf models = {.reader = conf->reader, .file = conf->model_file, .on_known = on_known, .arg = r};
	struct rulesets_conf rulesets = {
	    .reader = conf->reader, .catalogue = catalogue_now, .on_known = on_known, .arg = r};
	struct atlas_conf atlas = {.reader = conf->reader, .on_known = on_known, .arg = r};

	if (!r)
		abort();
	r->loop = l;
	r->conf = *conf;
	r->timer = timer_new(l, on_look, r);
	r->models = models_new(l, &models, m);
	r->dangers = dangers_new();
	r->rulesets = rulesets_new(l, &rulesets, m);
	r->atlas = atlas_new(l, &atlas, m);
	r->topics = metrics_gauge(m, "kopru_router_topics_total", "", "Topics of the catalogue in use");
	r->departments = metrics_gauge(m, "kopru_router_departments_total", "", "Departments of the catalogue in use");
	return r;
}

void
refresh_start(struct refresh *r)
{
	if (!r->stopping)
		timer_start(r->timer, 0);
}

void
refresh_stop(struct refresh *r)
{
	if (!r)
		return;
	r->stopping = true;
	timer_stop(r->timer);
	models_stop(r->models);
	rulesets_stop(r->rulesets);
	atlas_stop(r->atlas);
}

void
refresh_free(struct refresh *r)
{
	if (!r)
		return;
	timer_free(r->timer);
	models_free(r->models);
	dangers_free(r->dangers);
	rulesets_free(r->rulesets);
	atlas_free(r->atlas);
	catalogue_free(r->catalogue);
	free(r);
}
