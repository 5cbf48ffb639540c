/* feed_consumer: the receiving end of one stream: its life and its cursor. */
#include "common/bus/feed_consumer.h"

#include <stdio.h>
#include <stdlib.h>

#include "common/bus/feed_consumer_internal.h"

#define TICK_MS 250
#define FRAME_MEMORY (4UL * 1024 * 1024)
#define WINDOW_MAX 1000

static void
on_tick(void *arg)
{
	struct feed_consumer *c = arg;

	timer_start(c->tick, TICK_MS);
	feed_choice_tick(c);
}

static int
consumer_check(const struct feed_consumer_conf *conf, struct err *e)
{
	if (!feed_name_valid(conf->consumer) || !feed_name_valid(conf->stream))
		return err_set(e, "consumer \"%s\" or stream \"%s\" is not a name", conf->consumer, conf->stream);
	if (conf->window < 1 || conf->window > WINDOW_MAX)
		return err_set(e, "window %u must be 1 to %d", conf->window, WINDOW_MAX);
	return 0;
}

static struct feed_consumer *
consumer_new(
    struct bus *b, struct loop *l, const struct feed_consumer_conf *conf, const struct feed_consumer_events *events)
{
	struct feed_consumer *c = calloc(1, sizeof(*c));

	if (!c)
		abort();
	c->bus = b;
	c->loop = l;
	c->events = *events;
	c->window = conf->window;
	c->retry_ms = 1000;
	c->has_key = conf->server_public && conf->key;
	if (c->has_key) {
		(void)snprintf(c->server_public, sizeof(c->server_public), "%s", conf->server_public);
		c->key = *conf->key;
	}
	(void)snprintf(c->name, sizeof(c->name), "%s", conf->consumer);
	(void)snprintf(c->stream, sizeof(c->stream), "%s", conf->stream);
	TAILQ_INIT(&c->links);
	c->ids = calloc(c->window + 1, sizeof(*c->ids));
	if (!c->ids)
		abort();
	c->arena = arena_new(FRAME_MEMORY);
	c->tick = timer_new(l, on_tick, c);
	c->ask = timer_new(l, feed_choice_on_ask, c);
	return c;
}

static void
consumer_make_metrics(struct feed_consumer *c, struct metrics *m)
{
	char labels[FEED_NAME_SIZE + 16];

	(void)snprintf(labels, sizeof(labels), "stream=\"%s\"", c->stream);
	c->received_events = metrics_counter(m, "kopru_feed_received_total", labels, "Events received");
	c->resubscribed = metrics_counter(m, "kopru_feed_subscribed_total", labels, "Subscriptions made");
	c->head_now = metrics_gauge(m, "kopru_feed_head", labels, "The owner's head as last heard");
	c->position_now = metrics_gauge(m, "kopru_feed_position", labels, "Last event received");
}

struct feed_consumer *
feed_consumer_new(struct bus *b, struct loop *l, const struct feed_consumer_conf *conf,
    const struct feed_consumer_events *events, struct metrics *m, struct err *e)
{
	struct feed_consumer *c;

	if (consumer_check(conf, e) < 0)
		return NULL;
	c = consumer_new(b, l, conf, events);
	if (m)
		consumer_make_metrics(c, m);
	if (bus_endpoints_split(conf->endpoints, c->patterns, &c->patterns_count, e) < 0 ||
	    feed_endpoints_open(c, e) < 0) {
		feed_consumer_free(c);
		return NULL;
	}
	timer_start(c->tick, TICK_MS);
	return c;
}

void
feed_consumer_free(struct feed_consumer *c)
{
	struct feed_link *link;

	if (!c)
		return;
	while ((link = TAILQ_FIRST(&c->links)))
		feed_link_free(link);
	timer_free(c->tick);
	timer_free(c->ask);
	arena_free(c->arena);
	free(c->ids);
	free(c);
}

void
feed_consumer_start(struct feed_consumer *c, uint64_t after_seq, const struct uuid *event_id)
{
	struct feed_link *fed = c->fed;

	c->started = true;
	c->position = c->acked = c->received = after_seq;
	if (event_id)
		c->ids[after_seq % (c->window + 1)] = *event_id;
	c->behind_at = 0;
	c->retry_at = 0;
	c->ack_due = false;
	if (fed)
		feed_choice_again(c, 0); /* its former session ends here */
	feed_choice_begin(c);
}

void
feed_consumer_stop(struct feed_consumer *c)
{
	struct feed_link *link;

	c->started = false;
	c->fed = NULL;
	c->behind_at = 0;
	timer_stop(c->ask);
	for (link = TAILQ_FIRST(&c->links); link; link = TAILQ_NEXT(link, entry))
		feed_link_unsubscribe(link);
}

void
feed_consumer_ack(struct feed_consumer *c, uint64_t seq)
{
	if (!c->started || seq <= c->acked || seq > c->position)
		return;
	c->acked = seq;
	c->ack_due = true;
	feed_choice_ack(c);
}

uint64_t
feed_consumer_head(const struct feed_consumer *c)
{
	const struct feed_link *link;
	uint64_t head = c->position;

	for (link = TAILQ_FIRST(&c->links); link; link = TAILQ_NEXT(link, entry))
		if (link->head > head)
			head = link->head;
	return head;
}

int64_t
feed_consumer_silent_ms(const struct feed_consumer *c)
{
	return c->heard_at == 0 ? -1 : (clock_monotonic() - c->heard_at) / 1000;
}
