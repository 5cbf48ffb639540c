/* bus: the context, and what all its sockets share. */
#include "common/bus/bus.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>

#include "common/base/log.h"
#include "common/bus/bus_internal.h"

static const char *const dropped_labels[BUS_DROPPED_REASONS] = {
    [BUS_DROPPED_MULTIPART] = "reason=\"multipart\"",
    [BUS_DROPPED_TOO_LARGE] = "reason=\"too_large\"",
    [BUS_DROPPED_UNKNOWN_KEY] = "reason=\"unknown_key\"",
    [BUS_DROPPED_MALFORMED] = "reason=\"malformed\"",
    [BUS_DROPPED_UNEXPECTED] = "reason=\"unexpected\"",
    [BUS_DROPPED_CHOSEN_ID] = "reason=\"chosen_id\"",
};

static void
bus_make_metrics(struct bus *b)
{
	for (size_t i = 0; i < BUS_DROPPED_REASONS; i++)
		b->dropped[i] = metrics_counter(
		    b->metrics, "kopru_bus_dropped_total", dropped_labels[i], "Messages that were dropped");
	b->full = metrics_counter(b->metrics, "kopru_bus_full_total", "", "Sends that found a full queue");
	b->refused = metrics_counter(b->metrics, "kopru_bus_refused_total", "", "Keys that were not let in");
	b->handshakes_failed = metrics_counter(
	    b->metrics, "kopru_bus_handshakes_failed_total", "", "Connections that did not get through the handshake");
	b->ended = metrics_counter(
	    b->metrics, "kopru_bus_ended_total", "", "Connections that were ended because there were too many");
	b->reconnected =
	    metrics_counter(b->metrics, "kopru_bus_reconnected_total", "", "Connections tried anew after a refusal");
}

static void *
on_thread(void *gate)
{
	pthread_mutex_lock(gate);
	pthread_mutex_unlock(gate);
	return NULL;
}

/* libzmq aborts when it does not get its two threads; this says what is wrong. */
static int
threads_try(struct err *e)
{
	pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
	pthread_t threads[2];
	size_t made = 0;
	int rc = 0;

	pthread_mutex_lock(&gate);
	while (made < 2 && (rc = pthread_create(&threads[made], NULL, on_thread, &gate)) == 0)
		made++;
	pthread_mutex_unlock(&gate);
	for (size_t i = 0; i < made; i++)
		pthread_join(threads[i], NULL);
	return rc == 0 ? 0 : err_set(e, "no thread can be made: %s (limit of processes or memory)", strerror(rc));
}

struct bus *
bus_new(struct loop *l, struct metrics *m, struct err *e)
{
	struct bus *b = calloc(1, sizeof(*b));

	if (!b)
		abort();
	b->loop = l;
	b->metrics = m;
	if (m)
		bus_make_metrics(b);
	if (threads_try(e) < 0)
		goto failed;
	b->context = zmq_ctx_new();
	if (!b->context) {
		err_set(e, "no ZeroMQ context: %s", zmq_strerror(zmq_errno()));
		goto failed;
	}
	if (!zmq_has("curve")) {
		err_set(e, "this libzmq has no CURVE");
		goto failed;
	}
	b->zap = bus_zap_new(b, e);
	if (!b->zap)
		goto failed;
	return b;

failed:
	bus_free(b);
	return NULL;
}

void
bus_free(struct bus *b)
{
	if (!b)
		return;
	bus_zap_free(b->zap);
	if (b->context)
		zmq_ctx_term(b->context);
	free(b);
}

void
bus_set_peers(struct bus *b, const struct bus_peer *peers, size_t count)
{
	bus_zap_set(b->zap, peers, count);
}

bool
bus_key_known(const struct bus *b, const char *public_key)
{
	return public_key[0] == '\0' || bus_zap_find(b->zap, public_key) != NULL;
}

void
bus_drop(struct bus *b, enum bus_dropped reason)
{
	metric_add(b->dropped[reason], 1);
	log_debug("bus.dropped", "%s", dropped_labels[reason]);
}
