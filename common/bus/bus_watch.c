/* bus_watch: a ZeroMQ socket on the loop. Its descriptor only says "look again", once; ZMQ_EVENTS says what is. */
#include "common/bus/bus_internal.h"

#include <event2/event.h>
#include <stdlib.h>
#include <zmq.h>

struct bus_watch {
	void *socket;
	void (*receive)(void *arg);
	void *arg;
	struct event *readable;
	struct loop_timer *again;
	bool busy;
	bool dead;
};

static bool
watch_ready(const struct bus_watch *w)
{
	int events = 0;
	size_t size = sizeof(events);

	return zmq_getsockopt(w->socket, ZMQ_EVENTS, &events, &size) == 0 && (events & ZMQ_POLLIN) != 0;
}

static void
watch_drain(struct bus_watch *w)
{
	unsigned taken = 0;

	w->busy = true;
	while (!w->dead && watch_ready(w)) {
		if (taken++ == BUS_TURN_MESSAGES) {
			/* A zero timeout, not event_active(): that one starves the timers. */
			timer_start(w->again, 0);
			break;
		}
		w->receive(w->arg);
	}
	w->busy = false;
	if (w->dead) {
		timer_free(w->again);
		free(w);
	}
}

static void
on_readable(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	watch_drain(arg);
}

static void
on_again(void *arg)
{
	watch_drain(arg);
}

struct bus_watch *
bus_watch_new(struct loop *l, void *socket, void (*receive)(void *arg), void *arg, struct err *e)
{
	struct bus_watch *w = calloc(1, sizeof(*w));
	int fd = -1;
	size_t size = sizeof(fd);

	if (!w)
		abort();
	w->socket = socket;
	w->receive = receive;
	w->arg = arg;
	if (zmq_getsockopt(socket, ZMQ_FD, &fd, &size) < 0) {
		err_set(e, "no descriptor of the socket: %s", zmq_strerror(zmq_errno()));
		free(w);
		return NULL;
	}
	w->readable = event_new(loop_base(l), fd, EV_READ | EV_PERSIST, on_readable, w);
	w->again = timer_new(l, on_again, w);
	if (!w->readable || !w->again || event_add(w->readable, NULL) < 0)
		abort();
	timer_start(w->again, 0); /* what came before the descriptor was watched made no edge */
	return w;
}

void
bus_watch_free(struct bus_watch *w)
{
	if (!w)
		return;
	event_free(w->readable);
	timer_stop(w->again);
	w->dead = true;
	if (w->busy)
		return; /* from inside receive: watch_drain() ends it */
	timer_free(w->again);
	free(w);
}

void
bus_watch_again(struct bus_watch *w)
{
	if (!w->busy && !timer_pending(w->again) && watch_ready(w))
		timer_start(w->again, 0);
}
