/* command_links: the instances of the owner that a client of commands knows: files that come and go in a folder. */
#include <stdlib.h>
#include <string.h>

#include "common/base/log.h"
#include "common/bus/command_client_internal.h"

struct command_link *
command_links_best(const struct command_client *c, bool only_trusted)
{
	int64_t now = clock_monotonic();
	struct command_link *link, *best = NULL;

	for (link = TAILQ_FIRST(&c->links); link; link = TAILQ_NEXT(link, entry)) {
		if (link->up && link->doubted_until <= now)
			return link;
		if (link->up && !best && !only_trusted)
			best = link;
	}
	return best;
}

static struct command_link *
command_link_new(struct command_client *c, const char *endpoint, struct err *e)
{
	struct command_link *link = calloc(1, sizeof(*link));

	if (!link)
		abort();
	link->client = c;
	link->down_at = clock_monotonic();
	link->socket = bus_connect(c->bus, endpoint, c->server_public, c->key, command_client_on_message, link, e);
	if (!link->socket) {
		free(link);
		return NULL;
	}
	bus_on_link(link->socket, command_client_on_link);
	TAILQ_INSERT_TAIL(&c->links, link, entry);
	c->links_count++;
	return link;
}

void
command_link_free(struct command_link *link)
{
	struct command_client *c = link->client;

	command_client_lost(link);
	TAILQ_REMOVE(&c->links, link, entry);
	c->links_count--;
	bus_close(link->socket);
	free(link);
}

static void
on_found(void *arg, const char *endpoint)
{
	struct command_client *c = arg;
	struct command_link *link = TAILQ_FIRST(&c->links);
	bool listening;
	struct err e;

	while (link && strcmp(bus_endpoint(link->socket), endpoint) != 0)
		link = TAILQ_NEXT(link, entry);
	listening = (link && link->up) || bus_endpoint_listened(endpoint);
	if (!link && listening && c->links_count < BUS_ENDPOINTS_MAX) {
		link = command_link_new(c, endpoint, &e);
		if (!link)
			log_warn("endpoint.unusable", "reason=\"%s\"", e.text);
	}
	if (link)
		link->found = listening || clock_monotonic() - link->down_at < BUS_ENDPOINT_LEFT_US;
}

void
command_links_look(struct command_client *c)
{
	struct command_link *link, *next;

	for (link = TAILQ_FIRST(&c->links); link; link = TAILQ_NEXT(link, entry)) {
		link->found = false;
		for (size_t i = 0; i < c->patterns_count; i++)
			link->found |= strcmp(bus_endpoint(link->socket), c->patterns[i]) == 0;
	}
	for (size_t i = 0; i < c->patterns_count; i++)
		if (bus_endpoint_has_star(c->patterns[i]))
			bus_endpoint_look(c->patterns[i], on_found, c);
	for (link = TAILQ_FIRST(&c->links); link; link = next) {
		next = TAILQ_NEXT(link, entry);
		if (!link->found)
			command_link_free(link);
	}
}

int
command_links_open(struct command_client *c, const char *endpoints, struct err *e)
{
	if (bus_endpoints_split(endpoints, c->patterns, &c->patterns_count, e) < 0)
		return -1;
	for (size_t i = 0; i < c->patterns_count; i++)
		if (!bus_endpoint_has_star(c->patterns[i]) && !command_link_new(c, c->patterns[i], e))
			return -1;
	command_links_look(c);
	return 0;
}
