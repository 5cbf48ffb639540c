/* rulesets: look, compile on a worker, compare with the catalogue, exchange. One at a time. */
#include "services/router/rulesets.h"

#include <stdlib.h>

#include "common/base/log.h"
#include "common/loop/worker.h"
#include "services/router/rules.sql.h"

/* The active set on its way to be the one in force. */
struct compiling {
	struct rulesets *sets; /* not for the worker */
	struct arena *arena;
	struct rules_row *rows;
	size_t count;
	uint32_t version;
	/* of the worker */
	struct rules *rules; /* NULL: reason says why not */
	struct err reason;
};

struct rulesets {
	struct loop *loop;
	struct rulesets_conf conf;
	struct rules *now;
	struct rules *refused; /* what the catalogue did not have room for; may be right later */
	uint32_t unreadable; /* version that could not be compiled; 0: none */
	int32_t today; /* of the last look */
	struct compiling *compiling; /* NULL: nothing is under way */
	struct worker *worker;
	bool asking, known, stopping;
	struct metric *version, *count, *unusable, *loads;
};

static void
know(struct rulesets *r)
{
	bool first = !r->known;

	r->known = true;
	if (first && !r->stopping)
		r->conf.on_known(r->conf.arg);
}

static void
compiling_free(struct rulesets *r)
{
	if (!r->compiling)
		return;
	rules_free(r->compiling->rules);
	arena_free(r->compiling->arena);
	free(r->compiling);
	r->compiling = NULL;
}

/* The first rule that counts today and names what there is not; false: there is none. */
static bool
missing_find(const struct rulesets *r, const struct rules *rules, struct err *reason)
{
	const struct catalogue *catalogue = r->conf.catalogue(r->conf.arg);
	struct rules_outcome o;

	for (size_t i = 0; i < rules_count(rules); i++) {
		if (!rules_outcome_at(rules, i, r->today, &o))
			continue;
		if (o.department && !catalogue_department(catalogue, o.department)) {
			err_set(reason, "rule \"%s\": department \"%s\" is not valid or has no stream", o.rule,
			    o.department);
			return true;
		}
		if (o.topic && !catalogue_topic(catalogue, o.topic)) {
			err_set(reason, "rule \"%s\": topic \"%s\" is not valid", o.rule, o.topic);
			return true;
		}
	}
	return false;
}

static void
take(struct rulesets *r, struct rules *rules)
{
	rules_free(r->now);
	r->now = rules;
	metric_set(r->version, rules_version(rules));
	metric_set(r->count, (int64_t)rules_count(rules));
	metric_add(r->loads, 1);
	log_info("rules.taken", "version=%u rules=%zu", rules_version(rules), rules_count(rules));
}

static void
refuse(struct rulesets *r, uint32_t version, const char *reason)
{
	metric_set(r->unusable, 1);
	log_error("rules.unusable", "version=%u in_force=%u reason=\"%s\"", version, rules_version(r->now), reason);
}

/* Takes rules over: into force, or aside. Without any in force they count as far as they can be followed: the desk gets the
 * rest, as it did before a restart. */
static void
judge(struct rulesets *r, struct rules *rules)
{
	struct err reason;
	bool missing = missing_find(r, rules, &reason);

	if (missing)
		refuse(r, rules_version(rules), reason.text);
	else
		metric_set(r->unusable, 0);
	if (!missing || !r->now)
		take(r, rules);
	else
		r->refused = rules;
}

/* On the worker. */
static void
work(void *arg)
{
	struct compiling *c = arg;

	c->rules = rules_new(c->rows, c->count, c->version, &c->reason);
}

static void
on_compiled(void *arg)
{
	struct compiling *c = arg;
	struct rulesets *r = c->sets;
	struct rules *rules = c->rules;

	worker_free(r->worker);
	r->worker = NULL;
	c->rules = NULL;
	if (rules) {
		judge(r, rules);
	} else {
		r->unreadable = c->version;
		refuse(r, c->version, c->reason.text);
	}
	compiling_free(r);
	know(r);
}

static void
rows_copy(struct compiling *c, const struct db_results *results)
{
	struct arena *a = c->arena;

	c->rows = arena_array(a, db_rows(results, 0), sizeof(*c->rows));
	for (size_t i = 0; i < db_rows(results, 0); i++) {
		if (db_null(results, 0, i, 1))
			continue;
		c->rows[c->count++] = (struct rules_row){
		    .code = arena_string(a, db_text(results, 0, i, 1)),
		    .valid_from = db_date(results, 0, i, 2),
		    .valid_to = db_null(results, 0, i, 3) ? 0 : db_date(results, 0, i, 3),
		    .conditions = arena_string(a, db_text(results, 0, i, 4)),
		    .outcome = arena_string(a, db_text(results, 0, i, 5)),
		};
	}
}

static struct compiling *
compiling_new(struct rulesets *r, uint32_t version, const struct db_results *results)
{
	struct compiling *c = calloc(1, sizeof(*c));

	if (!c)
		abort();
	c->sets = r;
	c->arena = arena_new(0);
	c->version = version;
	rows_copy(c, results);
	return c;
}

static void
compile(struct rulesets *r, uint32_t version, const struct db_results *results)
{
	struct err e;

	r->compiling = compiling_new(r, version, results);
	r->worker = worker_start(r->loop, work, on_compiled, r->compiling, &e);
	if (r->worker)
		return;
	log_warn("rules.unread", "version=%u reason=\"%s\"", version, e.text);
	compiling_free(r);
}

/* The set of before is set aside with the catalogue that it did not go with: is it right by now? */
static void
refused_judge(struct rulesets *r)
{
	struct rules *rules = r->refused;
	struct err ignored;

	if (missing_find(r, rules, &ignored))
		return;
	r->refused = NULL;
	judge(r, rules);
}

static void
version_read(struct rulesets *r, const struct db_results *results)
{
	uint32_t version = (uint32_t)db_int4(results, 0, 0, 0);

	if (r->refused && version != rules_version(r->refused)) {
		rules_free(r->refused);
		r->refused = NULL;
	}
	if (r->now && version == rules_version(r->now)) {
		r->unreadable = 0;
		metric_set(r->unusable, 0);
	} else if (r->refused) {
		refused_judge(r);
	} else if (version != r->unreadable) {
		compile(r, version, results);
		return;
	}
	know(r);
}

static void
none_take(struct rulesets *r)
{
	if (r->now)
		log_warn("rules.none", "in_force_before=%u", rules_version(r->now));
	rules_free(r->now);
	r->now = NULL;
	metric_set(r->version, 0);
	metric_set(r->count, 0);
	know(r);
}

static void
on_version(void *arg, enum db_outcome outcome, const struct db_results *results, const struct err *e)
{
	struct rulesets *r = arg;

	r->asking = false;
	if (r->stopping)
		return;
	if (outcome != DB_COMMITTED) {
		log_warn("rules.unread", "outcome=%s reason=\"%s\"", db_outcome_text(outcome), e->text);
		return;
	}
	if (db_rows(results, 0) > 0)
		version_read(r, results);
	else
		none_take(r);
}

void
rulesets_look(struct rulesets *r, int32_t today)
{
	struct db_tx *tx = NULL;

	if (r->stopping || r->asking || r->compiling)
		return;
	r->asking = true;
	r->today = today;
	tx = db_begin(r->conf.reader);
	db_call(tx, &rules_statements[RULES_ACTIVE]);
	db_bind_int4(tx, (int32_t)rules_version(r->now));
	db_read(tx, on_version, r);
}

bool
rulesets_known(const struct rulesets *r)
{
	return r->known;
}

const struct rules *
rulesets_now(const struct rulesets *r)
{
	return r->now;
}

struct rulesets *
rulesets_new(struct loop *l, const struct rulesets_conf *conf, struct metrics *m)
{
	struct rulesets *r = calloc(1, sizeof(*r));

	if (!r)
		abort();
	r->loop = l;
	r->conf = *conf;
	r->version = metrics_gauge(m, "kopru_router_rules_version", "", "Version of the rules that decide; 0: none");
	r->count = metrics_gauge(m, "kopru_router_rules_total", "", "Rules that decide");
	r->unusable = metrics_gauge(
	    m, "kopru_router_rules_unusable", "", "1: the active rules cannot be followed, see the log for why");
	r->loads = metrics_counter(m, "kopru_router_rules_loads_total", "", "Sets of rules that were taken into force");
	return r;
}

void
rulesets_stop(struct rulesets *r)
{
	if (r)
		r->stopping = true;
}

void
rulesets_free(struct rulesets *r)
{
	if (!r)
		return;
	worker_free(r->worker);
	compiling_free(r);
	rules_free(r->refused);
	rules_free(r->now);
	free(r);
}
