/* watch: see watch.h. */
#include "common/loop/watch.h"

#include <stdlib.h>

#include <event2/event.h>

struct watch {
	struct event_base *base;
	struct event *event;
	int fd;
	watch_on_ready *on_ready;
	void *arg;
};

static void
on_event(evutil_socket_t fd, short what, void *arg)
{
	struct watch *w = arg;

	(void)fd;
	w->on_ready(w->arg, (what & EV_READ) != 0, (what & EV_WRITE) != 0);
}

struct watch *
watch_new(struct loop *l, int fd, watch_on_ready *on_ready, void *arg)
{
	struct watch *w = calloc(1, sizeof(*w));

	if (!w)
		abort();
	w->base = loop_base(l);
	w->fd = fd;
	w->on_ready = on_ready;
	w->arg = arg;
	return w;
}

static void
event_drop(struct watch *w)
{
	if (w->event)
		event_free(w->event);
	w->event = NULL;
}

void
watch_free(struct watch *w)
{
	if (!w)
		return;
	event_drop(w);
	free(w);
}

void
watch_want(struct watch *w, bool readable, bool writable)
{
	event_drop(w);
	if (!readable && !writable)
		return;
	w->event = event_new(
	    w->base, w->fd, (short)(EV_PERSIST | (readable ? EV_READ : 0) | (writable ? EV_WRITE : 0)), on_event, w);
	if (!w->event || event_add(w->event, NULL) != 0)
		abort();
}
