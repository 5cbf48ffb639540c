/* orders: the queue: who waits, who goes next, who is looked at again. */
#include "services/router/orders.h"

#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "services/router/orders_internal.h"

#define HOLD_US (2 * 1000 * 1000) /* for an application that its sender knows of and we do not */
#define HOLD_LOOK_US (100 * 1000) /* another router may have consumed it: the table knows */
#define LOOK_MS 50 /* while something waits */
#define WAIT_US (5 * 1000 * 1000) /* for a database */
#define REPEAT_MS 4U
#define GATHER_FROM 8U
#define GATHER_US 2000

struct orders_group *
orders_group_new(struct orders *c, size_t count)
{
	struct orders_group *g = calloc(1, sizeof(*g) + count * sizeof(struct orders_item *));

	if (!g)
		abort();
	g->orders = c;
	g->count = count;
	g->since = clock_monotonic();
	return g;
}

void
orders_piece(struct orders *c, struct orders_group *g)
{
	g->next = c->pieces;
	c->pieces = g;
}

/* One that is due, taken out of the pieces. */
static struct orders_group *
piece_take(struct orders *c, int64_t now)
{
	for (struct orders_group **link = &c->pieces; *link; link = &(*link)->next) {
		struct orders_group *g = *link;

		if (g->due <= now) {
			*link = g->next;
			return g;
		}
	}
	return NULL;
}

static bool
group_has(const struct orders_group *g, size_t count, const struct uuid *id)
{
	for (size_t i = 0; i < count; i++) {
		if (uuid_compare(&g->items[i]->order.id, id) == 0)
			return true;
	}
	return false;
}

/* The oldest of the queue; one id at most once, since the second one gets the first one's reply. */
static struct orders_group *
queue_take(struct orders *c)
{
	size_t most = c->queue_count < ORDERS_BATCH ? c->queue_count : ORDERS_BATCH, count = 0;
	struct orders_group *g = orders_group_new(c, most);
	struct orders_item *item = TAILQ_FIRST(&c->queue), *next = NULL;

	for (; item && count < most; item = next) {
		next = TAILQ_NEXT(item, entry);
		if (group_has(g, count, &item->order.id))
			continue;
		TAILQ_REMOVE(&c->queue, item, entry);
		c->queue_count--;
		g->items[count++] = item;
	}
	g->count = count;
	return g;
}

static void
queue_add(struct orders *c, struct orders_item *item)
{
	TAILQ_INSERT_TAIL(&c->queue, item, entry);
	c->queue_count++;
}

/* A crowd that was just answered comes back at once: it goes into one batch, not into two halves. */
static bool
gathering(struct orders *c, int64_t now)
{
	if (c->gather_until > now && c->queue_count < c->gather_count)
		return true;
	c->gather_until = 0;
	return false;
}

void
orders_put_back(struct orders *c, struct orders_item *item)
{
	TAILQ_INSERT_HEAD(&c->queue, item, entry);
	c->queue_count++;
}

static bool
can_fly(const struct orders *c)
{
	return !c->stopping && !c->flying && db_is_up(c->conf.writer) && db_is_up(c->conf.reader) &&
	       c->conf.catalogue(c->conf.arg);
}

/* What has waited too long for a database is told so, while it still waits for the answer. */
static void
queue_expire(struct orders *c, int64_t now)
{
	struct orders_item *item;

	if (c->flying || can_fly(c))
		return;
	while ((item = TAILQ_FIRST(&c->queue)) && now - item->since > WAIT_US) {
		TAILQ_REMOVE(&c->queue, item, entry);
		c->queue_count--;
		orders_end_as(c, item, KOPRU__V1__REPLY__CODE__CODE_BUSY);
	}
}

/* Looks again at those whose application may have come; after two seconds they are told to come later. */
static void
held_look(struct orders *c, int64_t now)
{
	struct orders_item *item = TAILQ_FIRST(&c->held), *next = NULL;

	for (; item; item = next) {
		bool late = now - item->since > HOLD_US;

		next = TAILQ_NEXT(item, entry);
		if (!late && now < item->look_at && c->conf.intake_seq(c->conf.arg) < item->order.after_intake_seq)
			continue;
		TAILQ_REMOVE(&c->held, item, entry);
		if (late)
			orders_end_as(c, item, KOPRU__V1__REPLY__CODE__CODE_BUSY);
		else
			queue_add(c, item);
	}
}

static void
go(struct orders *c)
{
	int64_t now = clock_monotonic();
	struct orders_group *g = NULL;

	queue_expire(c, now);
	if (can_fly(c)) {
		g = piece_take(c, now);
		if (!g && c->queue_count > 0 && !gathering(c, now))
			g = queue_take(c);
	}
	if (g) {
		c->flying = g;
		g->tries++;
		metric_add(c->batches, 1);
		orders_fly(c, g);
	}
	if (c->stopping || c->count == 0)
		return;
	if (c->pieces || c->gather_until > now)
		timer_start(c->turn, 2);
	else if (!timer_pending(c->turn))
		timer_start(c->turn, LOOK_MS);
}

static void
on_turn(void *arg)
{
	struct orders *c = arg;

	held_look(c, clock_monotonic());
	go(c);
}

void
orders_hold(struct orders *c, struct orders_item *item)
{
	item->look_at = clock_monotonic() + HOLD_LOOK_US;
	TAILQ_INSERT_TAIL(&c->held, item, entry);
}

void
orders_landed(struct orders *c, struct orders_group *g)
{
	int64_t now = clock_monotonic(), took = now - g->since;

	if (g->count >= GATHER_FROM) {
		c->gather_until = now + (took / 4 < GATHER_US ? took / 4 : GATHER_US);
		c->gather_count = c->queue_count + g->count < ORDERS_BATCH ? c->queue_count + g->count : ORDERS_BATCH;
	}
	c->flying = NULL;
	arena_free(g->arena);
	free(g);
	if (!c->stopping)
		timer_start(c->turn, 0);
}

void
orders_repeat(struct orders *c, struct orders_group *g)
{
	c->flying = NULL;
	metric_add(c->again, 1);
	g->due = clock_monotonic() + 1000 * (int64_t)randombytes_uniform(REPEAT_MS << g->tries);
	orders_piece(c, g);
	if (!c->stopping)
		timer_start(c->turn, 1);
}

/* Whoever waits always has a turn to come: at once, when the crowd has had its time, or when the flight has landed. */
static void
wake_for_one(struct orders *c, int64_t now)
{
	if (c->flying)
		return;
	if (!gathering(c, now))
		timer_start(c->turn, 0);
	else if (c->queue_count == 1 || !timer_pending(c->turn))
		timer_start(c->turn, (c->gather_until - now) / 1000 + 1);
}

static void
take(struct orders *c, struct orders_item *item, const char *peer, const Kopru__V1__Command *command)
{
	struct order_fault fault = order_read(item->arena, peer, command, &item->order);
	Kopru__V1__Reply reply;

	item->since = clock_monotonic();
	if (c->count++ == 0)
		loop_hold(c->loop);
	if (fault.code != 0) {
		kopru__v1__reply__init(&reply);
		reply.code = (Kopru__V1__Reply__Code)fault.code;
		reply.text = arena_string(item->arena, fault.text);
		orders_end(c, item, &reply);
	} else if (c->stopping || loop_stopping(c->loop) || c->count > c->conf.waiting_max) {
		orders_end_as(c, item, KOPRU__V1__REPLY__CODE__CODE_BUSY);
	} else {
		queue_add(c, item);
		wake_for_one(c, item->since);
	}
}

static struct orders_item *
item_new(struct command_request *request, struct arena *own)
{
	struct orders_item *item = calloc(1, sizeof(*item));

	if (!item)
		abort();
	item->arena = arena_new(0);
	item->request = request;
	item->own = own;
	return item;
}

void
orders_take(struct orders *c, struct command_request *request, const char *peer, const Kopru__V1__Command *command)
{
	take(c, item_new(request, NULL), peer, command);
}

void
orders_take_own(struct orders *c, struct arena *a, const Kopru__V1__Command *command)
{
	take(c, item_new(NULL, a), "", command);
}

void
orders_take_told(struct orders *c, struct arena *a, const Kopru__V1__Command *command, const struct orders_told *told)
{
	struct orders_item *item = item_new(NULL, a);

	item->told = *told;
	take(c, item, "", command);
}

void
orders_wake(struct orders *c)
{
	if (c->stopping || c->count == 0)
		return;
	held_look(c, clock_monotonic());
	if (!c->flying)
		timer_start(c->turn, 0);
}

const struct catalogue *
orders_catalogue(const struct orders *c)
{
	return c->conf.catalogue(c->conf.arg);
}

size_t
orders_waiting(const struct orders *c)
{
	return c->count;
}

int64_t
orders_oldest(const struct orders *c)
{
	const struct orders_item *queued = TAILQ_FIRST(&c->queue), *held = TAILQ_FIRST(&c->held);
	int64_t now = clock_monotonic(), since = now;

	if (queued && queued->since < since)
		since = queued->since;
	if (held && held->since < since)
		since = held->since;
	for (const struct orders_group *g = c->pieces; g; g = g->next)
		since = g->since < since ? g->since : since;
	if (c->flying && c->flying->since < since)
		since = c->flying->since;
	return now - since;
}

struct orders *
orders_new(struct loop *l, const struct orders_conf *conf, struct metrics *m)
{
	struct orders *c = calloc(1, sizeof(*c));

	if (!c)
		abort();
	c->loop = l;
	c->conf = *conf;
	c->metrics = m;
	TAILQ_INIT(&c->queue);
	TAILQ_INIT(&c->held);
	c->turn = timer_new(l, on_turn, c);
	c->batches = metrics_counter(m, "kopru_router_command_batches_total", "", "Batches of commands decided on");
	c->again = metrics_counter(
	    m, "kopru_router_command_batches_again_total", "", "Batches that were stale and decided on again");
	return c;
}

void
orders_stop(struct orders *c)
{
	if (!c)
		return;
	c->stopping = true;
	timer_stop(c->turn);
}

void
orders_free(struct orders *c)
{
	struct orders_group *g;
	struct orders_item *item;

	if (!c)
		return;
	orders_stop(c);
	while ((g = c->pieces)) {
		c->pieces = g->next;
		for (size_t i = 0; i < g->count; i++)
			orders_end_as(c, g->items[i], KOPRU__V1__REPLY__CODE__CODE_BUSY);
		free(g);
	}
	while ((item = TAILQ_FIRST(&c->queue)) || (item = TAILQ_FIRST(&c->held))) {
		if (item == TAILQ_FIRST(&c->queue))
			TAILQ_REMOVE(&c->queue, item, entry);
		else
			TAILQ_REMOVE(&c->held, item, entry);
		orders_end_as(c, item, KOPRU__V1__REPLY__CODE__CODE_BUSY);
	}
	timer_free(c->turn);
	free(c);
}
