/* feed_endpoints: which instances of the owner there are: files that come and go in a folder. */
#include <string.h>

#include "common/base/log.h"
#include "common/bus/feed_consumer_internal.h"

static struct feed_link *
link_find(const struct feed_consumer *c, const char *endpoint)
{
	struct feed_link *link;

	for (link = TAILQ_FIRST(&c->links); link; link = TAILQ_NEXT(link, entry))
		if (strcmp(link->endpoint, endpoint) == 0)
			return link;
	return NULL;
}

/* A new one only when somebody is there: what lies about must not take the place of who lives. */
static void
endpoint_found(void *arg, const char *endpoint)
{
	struct feed_consumer *c = arg;
	struct feed_link *link = link_find(c, endpoint);
	bool listening = (link && link->up) || bus_endpoint_listened(endpoint);
	struct err e;

	if (!link && listening && c->links_count < BUS_ENDPOINTS_MAX) {
		link = feed_link_new(c, endpoint, &e);
		if (!link)
			log_warn("endpoint.unusable", "reason=\"%s\"", e.text);
	}
	if (link)
		link->found = listening || clock_monotonic() - link->down_at < BUS_ENDPOINT_LEFT_US;
}

int
feed_endpoints_open(struct feed_consumer *c, struct err *e)
{
	for (size_t i = 0; i < c->patterns_count; i++) {
		if (bus_endpoint_has_star(c->patterns[i]))
			continue;
		if (!link_find(c, c->patterns[i]) && !feed_link_new(c, c->patterns[i], e))
			return -1;
	}
	feed_endpoints_look(c);
	return 0;
}

void
feed_endpoints_look(struct feed_consumer *c)
{
	struct feed_link *link;
	struct feed_link *next;

	for (link = TAILQ_FIRST(&c->links); link; link = TAILQ_NEXT(link, entry))
		link->found = false;
	for (size_t i = 0; i < c->patterns_count; i++) {
		if (bus_endpoint_has_star(c->patterns[i]))
			bus_endpoint_look(c->patterns[i], endpoint_found, c);
		else if ((link = link_find(c, c->patterns[i])))
			link->found = true;
	}
	for (link = TAILQ_FIRST(&c->links); link; link = next) {
		next = TAILQ_NEXT(link, entry);
		if (!link->found)
			feed_link_free(link);
	}
}
