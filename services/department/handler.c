/* handler: see handler.h. */
#include "services/department/handler.h"

#include <stdlib.h>
#include <string.h>

struct handler {
	struct loop *loop;
	const struct handler_way *kind;
	void *way;
	int64_t wait_ms;
	handler_on_done *on_done;
	void *arg;
};

struct handler *
handler_new(struct loop *l, const struct handler_conf *conf, handler_on_done *on_done, void *arg, struct err *e)
{
	static const struct handler_way *const kinds[] = {&handler_print, &handler_run, &handler_post, NULL};
	struct handler *h = calloc(1, sizeof(*h));

	if (!h)
		abort();
	h->loop = l;
	h->wait_ms = conf->wait_ms;
	h->on_done = on_done;
	h->arg = arg;
	for (size_t i = 0; kinds[i] && !h->kind; i++)
		if (strncmp(conf->setting, kinds[i]->prefix, strlen(kinds[i]->prefix)) == 0)
			h->kind = kinds[i];
	if (!h->kind)
		err_set(e, "\"%s\" is no handler: print, run:PROGRAM and post:URL are", conf->setting);
	else
		h->way = h->kind->way_new(h, conf->setting + strlen(h->kind->prefix), e);
	if (!h->way) {
		free(h);
		return NULL;
	}
	return h;
}

void
handler_free(struct handler *h)
{
	if (!h)
		return;
	h->kind->way_free(h->way);
	free(h);
}

enum handled
handler_take(struct handler *h, const char *line, size_t size, struct err *e)
{
	return h->kind->take(h->way, line, size, e);
}

struct loop *
handler_loop(const struct handler *h)
{
	return h->loop;
}

int64_t
handler_wait_ms(const struct handler *h)
{
	return h->wait_ms;
}

void
handler_done(struct handler *h, enum handled outcome, const struct err *e)
{
	h->on_done(h->arg, outcome, e);
}
