/* feed_choice: which instance of the owner feeds a consumer, and when it is another one's turn. */
#include "common/base/log.h"
#include "common/bus/feed_consumer_internal.h"

#define LOOK_US 1000000 /* for new instances */
#define ASK_US 1000000 /* nothing heard for so long: ask */
#define SILENT_US 3000000 /* for so long: somebody else */
#define BEHIND_US 2000000 /* somebody knew more for so long and we got nothing */
#define KEEP_US 8000000 /* said nothing for so long: say that we are here */
#define HINT_MS 5 /* between two questions that hints make us ask */
#define SEND_AGAIN_MS 100

static struct feed_link *
choice_best(const struct feed_consumer *c, const struct feed_link *except)
{
	int64_t now = clock_monotonic();
	struct feed_link *best = NULL;
	struct feed_link *link;

	for (link = TAILQ_FIRST(&c->links); link; link = TAILQ_NEXT(link, entry)) {
		if (link == except || !link->up || link->retry_at > now)
			continue;
		if (!best || (link->head > best->head))
			best = link;
	}
	return best;
}

static void
choice_take(struct feed_consumer *c, struct feed_link *link)
{
	struct feed_link *former = c->fed;

	c->fed = NULL;
	if (former && former != link && former->up)
		(void)feed_link_subscribe(former, FEED_ROLE_HEADS);
	if (feed_link_subscribe(link, FEED_ROLE_FED) < 0) {
		c->retry_at = clock_monotonic() + SEND_AGAIN_MS * 1000;
		return;
	}
	c->fed = link;
	c->received = c->acked;
	c->asked_head = 0;
	c->ack_due = false;
	metric_add(c->resubscribed, 1);
	log_debug("feed.subscribed", "stream=%s endpoint=\"%s\" seq=%llu", c->stream, link->endpoint,
	    (unsigned long long)c->acked);
}

void
feed_choice_begin(struct feed_consumer *c)
{
	struct feed_link *link;

	if (!c->started || c->fed || clock_monotonic() < c->retry_at)
		return;
	link = choice_best(c, NULL);
	if (link)
		choice_take(c, link);
}

/* There is no other: it may be the connection that is dumb, not the owner. Up again, it is subscribed to. */
static void
fed_reconnect(struct feed_consumer *c)
{
	struct feed_link *link = c->fed;

	c->fed = NULL;
	link->up = false;
	link->role = FEED_ROLE_NONE;
	bus_reconnect(link->socket);
}

void
feed_choice_switch(struct feed_consumer *c)
{
	struct feed_link *other = choice_best(c, c->fed);

	if (other)
		choice_take(c, other);
	else if (c->fed)
		fed_reconnect(c);
}

void
feed_choice_again(struct feed_consumer *c, int64_t wait_ms)
{
	if (c->fed)
		feed_link_unsubscribe(c->fed);
	c->fed = NULL;
	c->retry_at = clock_monotonic() + wait_ms * 1000;
}

void
feed_choice_on_link(void *arg, bool up)
{
	struct feed_link *link = arg;
	struct feed_consumer *c = link->consumer;

	link->up = up;
	link->down_at = clock_monotonic();
	link->role = FEED_ROLE_NONE;
	if (c->fed == link)
		c->fed = NULL;
	feed_choice_begin(c);
	if (c->started && up && c->fed != link && link->role == FEED_ROLE_NONE)
		(void)feed_link_subscribe(link, FEED_ROLE_HEADS);
}

static uint64_t
heads_known(const struct feed_consumer *c)
{
	const struct feed_link *link;
	uint64_t head = 0;

	for (link = TAILQ_FIRST(&c->links); link; link = TAILQ_NEXT(link, entry))
		if (link->up && link->head > head)
			head = link->head;
	return head;
}

static void
ask_fed(struct feed_consumer *c, uint64_t head)
{
	c->asked_at = clock_monotonic();
	if (c->fed && feed_link_ask(c->fed, head) == 0)
		c->asked_head = head;
}

void
feed_choice_on_ask(void *arg)
{
	struct feed_consumer *c = arg;
	uint64_t head = heads_known(c);

	if (c->started && head > c->position && head > c->asked_head)
		ask_fed(c, head);
}

void
feed_choice_hint(struct feed_consumer *c, uint64_t head)
{
	int64_t since = clock_monotonic() - c->asked_at;

	if (head <= c->position)
		return;
	if (c->behind_at == 0)
		c->behind_at = clock_monotonic();
	if (head <= c->asked_head || timer_pending(c->ask))
		return;
	if (since >= HINT_MS * 1000)
		ask_fed(c, head);
	else
		timer_start(c->ask, HINT_MS - since / 1000);
}

/* Somebody knows of more, all that we got is acknowledged, and still nothing comes. */
static bool
fed_is_stuck(const struct feed_consumer *c, int64_t now)
{
	return c->behind_at != 0 && now - c->behind_at > BEHIND_US && c->acked == c->position &&
	       choice_best(c, c->fed) != NULL;
}

/* Subscribed again, the owner may not have come as far once more: an Ack of what it has not sent would not count. */
void
feed_choice_ack(struct feed_consumer *c)
{
	if (c->ack_due && c->fed && c->acked <= c->received)
		c->ack_due = feed_link_ack(c->fed, c->acked) < 0;
}

static void
tick_fed(struct feed_consumer *c, int64_t now)
{
	int64_t silent = now - c->fed->heard_at;

	feed_choice_ack(c);
	if (silent > SILENT_US || fed_is_stuck(c, now)) {
		log_warn("feed.switched", "stream=%s endpoint=\"%s\" silent_ms=%lld", c->stream, c->fed->endpoint,
		    (long long)silent / 1000);
		c->behind_at = 0;
		feed_choice_switch(c);
	} else if (silent > ASK_US && now - c->asked_at > ASK_US) {
		ask_fed(c, heads_known(c));
	}
}

static void
tick_link(struct feed_link *link, int64_t now)
{
	bool heads = link->role != FEED_ROLE_FED;

	if (!link->up || link->retry_at > now)
		return;
	if (heads && (link->role == FEED_ROLE_NONE || now - link->heard_at > SILENT_US))
		(void)feed_link_subscribe(link, FEED_ROLE_HEADS);
	else if (now - link->said_at > KEEP_US)
		(void)feed_link_ask(link, 0);
}

void
feed_choice_tick(struct feed_consumer *c)
{
	int64_t now = clock_monotonic();
	struct feed_link *link;

	if (now - c->looked_at > LOOK_US) {
		c->looked_at = now;
		feed_endpoints_look(c);
	}
	if (!c->started)
		return;
	if (c->fed)
		tick_fed(c, now);
	feed_choice_begin(c);
	for (link = TAILQ_FIRST(&c->links); link; link = TAILQ_NEXT(link, entry))
		if (link != c->fed && c->fed)
			tick_link(link, now);
	if (c->fed)
		tick_link(c->fed, now);
}
