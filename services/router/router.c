/* router: start and end, and the turn: decide, record, tell. */
#include "services/router/router.h"

#include <stdio.h>
#include <stdlib.h>

#include "common/base/log.h"
#include "common/domain/words.h"
#include "services/router/router_internal.h"
#include "services/router/routing.h"

/* One turn's routings, in the transaction's arena. */
struct note {
	struct store_appended *appended;
	const struct routing *routings;
	size_t count;
};

static void
record(void *arg, struct db_tx *tx, const struct turn_event *events, size_t count, void **note)
{
	struct router *r = arg;
	struct arena *a = db_tx_arena(tx);
	struct routing *routings = arena_array(a, count, sizeof(*routings));
	struct note *n = arena_alloc(a, sizeof(*n));
	struct deciding deciding = refresh_deciding(r->refresh);

	*note = n;
	n->routings = routings;
	for (size_t i = 0; i < count; i++) {
		struct routing_question question = {
		    .received = events[i].event,
		    .received_id = events[i].event_id,
		    .application_id = events[i].application_id,
		    .event_id = uuid_new(),
		    .intake_seq = events[i].seq,
		    .now = source_now(r->source),
		};

		if (events[i].event->body_case == KOPRU__V1__EVENT__BODY_ERASED)
			continue; /* erased before it was decided on: there is nothing to route */
		routing_decide(&deciding, a, &question, &routings[n->count++]);
	}
	if (n->count > 0)
		n->appended = store_route(tx, routings, n->count);
}

static void
decisions_count(struct router *r, const struct note *n, size_t *triage)
{
	for (size_t i = 0; i < n->count; i++) {
		const struct routing *routing = &n->routings[i];

		metric_add(r->outcomes[routing->outcome], 1);
		metric_add(r->urgent, routing->urgent);
		*triage += routing->triage;
		tallies_decided(r->tallies, routing->topic ? routing->topic : routing->likeliest, routing->triage);
	}
	metric_add(r->triage, (int64_t)*triage);
}

static void
recorded(void *arg, void *note, const struct db_results *results)
{
	struct router *r = arg;
	struct note *n = note;
	size_t triage = 0;

	if (n->count == 0)
		return;
	store_appended_read(n->appended, results);
	for (size_t i = 0; i < n->appended->count; i++)
		source_publish(r->source, n->appended->streams[i], &n->appended->items[i]);
	decisions_count(r, n, &triage);
	orders_wake(r->orders);
	log_info("applications.routed", "count=%zu triage=%zu seq=%llu", n->count, triage,
	    (unsigned long long)turns_seq(r->turns));
}

static bool
knows(int body_case)
{
	return body_case == KOPRU__V1__EVENT__BODY_APPLICATION_RECEIVED;
}

struct turns_service
router_service(struct router *r)
{
	return (struct turns_service){.record = record, .recorded = recorded, .knows = knows, .arg = r};
}

static void
metrics_make(struct router *r)
{
	static const char decisions[] = "kopru_router_decisions_total", help[] = "Received applications decided on";

	r->metrics = metrics_new();
	for (const struct word *w = outcome_words; w->token; w++) {
		char labels[64];

		(void)snprintf(labels, sizeof(labels), "outcome=\"%s\"", w->token);
		r->outcomes[w->value] = metrics_counter(r->metrics, decisions, labels, help);
	}
	r->triage = metrics_counter(r->metrics, "kopru_router_triage_total", "", "Decisions that a human has to make");
	r->urgent = metrics_counter(r->metrics, "kopru_router_urgent_total", "", "Applications of danger to life");
}

struct router *
router_new(struct loop *l, const struct router_conf *conf, struct err *e)
{
	struct router *r = calloc(1, sizeof(*r));

	if (!r)
		abort();
	r->loop = l;
	metrics_make(r);
	r->tallies = tallies_new(r->metrics);
	r->bus = bus_new(l, r->metrics, e);
	if (!r->bus || router_open(r, conf, e) < 0) {
		router_free(r);
		return NULL;
	}
	refresh_start(r->refresh);
	return r;
}

/* Connections first: what they still tell finds everything in place. */
void
router_free(struct router *r)
{
	if (!r)
		return;
	http_free(r->http);
	timers_stop(r->timers);
	orders_stop(r->orders);
	learning_stop(r->learning);
	learning_watch_stop(r->watch);
	refresh_stop(r->refresh);
	db_close(r->learner);
	db_close(r->cases);
	db_close(r->reader);
	db_close(r->writer);
	orders_free(r->orders);
	timers_free(r->timers);
	command_server_free(r->server);
	turns_free(r->turns);
	source_free(r->source);
	bus_free(r->bus);
	learning_watch_free(r->watch);
	learning_free(r->learning);
	refresh_free(r->refresh);
	tallies_free(r->tallies);
	metrics_free(r->metrics);
	free(r);
}
