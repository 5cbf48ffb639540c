/* feed_endpoints: which instances of the owner there are: files that come and go in a folder. */
#include <glob.h>
#include <string.h>
#include <unistd.h>

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

static void
endpoint_found(struct feed_consumer *c, const char *path)
{
	char endpoint[BUS_ENDPOINT_SIZE] = "ipc://";
	struct feed_link *link;
	struct err e;

	if (strlen(path) >= sizeof(endpoint) - strlen(endpoint))
		return;
	strncat(endpoint, path, sizeof(endpoint) - strlen(endpoint) - 1);
	link = link_find(c, endpoint);
	if (!link && c->links_count < BUS_ENDPOINTS_MAX) {
		link = feed_link_new(c, endpoint, &e);
		if (!link)
			log_warn("endpoint.unusable", "reason=\"%s\"", e.text);
	}
	if (link)
		link->found = true;
}

static void
pattern_look(struct feed_consumer *c, const char *pattern)
{
	glob_t found;

	if (glob(pattern + strlen("ipc://"), 0, NULL, &found) == 0)
		for (size_t i = 0; i < found.gl_pathc; i++)
			endpoint_found(c, found.gl_pathv[i]);
	globfree(&found);
}

static bool
pattern_has_star(const char *endpoint)
{
	return bus_endpoint_is_ipc(endpoint) && strchr(endpoint, '*') != NULL;
}

int
feed_endpoints_open(struct feed_consumer *c, struct err *e)
{
	for (size_t i = 0; i < c->patterns_count; i++) {
		if (pattern_has_star(c->patterns[i]))
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
		if (pattern_has_star(c->patterns[i]))
			pattern_look(c, c->patterns[i]);
		else if ((link = link_find(c, c->patterns[i])))
			link->found = true;
	}
	for (link = TAILQ_FIRST(&c->links); link; link = next) {
		next = TAILQ_NEXT(link, entry);
		if (!link->found)
			feed_link_free(link);
	}
}
