/* http_connections: how many connections there are, and no more than allowed: at the limit the listener rests, and
 * who comes waits in the kernel. evhttp tells of no connection before its first request; but it asks for a bufferevent,
 * and that bufferevent's callbacks carry the connection: so a connection is greeted right after its accept. */
#include "common/http/http_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/log.h"

#define LISTEN_AGAIN_MS 100

struct http_fresh {
	struct http_fresh *next;
	struct bufferevent *stream;
};

static void
count(struct http *h, int change)
{
	h->connections = (unsigned)((int)h->connections + change);
	metric_set(h->connections_now, h->connections);
	if (!h->listener)
		return;
	if (h->connections >= h->conf.connections_max)
		evconnlistener_disable(h->listener);
	else if (change < 0 && !timer_pending(h->listen_again))
		evconnlistener_enable(h->listener);
}

static void
on_closed(struct evhttp_connection *connection, void *arg)
{
	http_sending_closed(arg, connection);
	count(arg, -1);
}

/* Before the loop looks at any socket again, so the connection still stands as it was made. */
static void
on_greet(evutil_socket_t fd, short what, void *arg)
{
	struct http *h = arg;

	(void)fd;
	(void)what;
	while (h->fresh) {
		struct http_fresh *f = h->fresh;
		void *connection = NULL;

		h->fresh = f->next;
		bufferevent_getcb(f->stream, NULL, NULL, NULL, &connection);
		if (connection)
			evhttp_connection_set_closecb(connection, on_closed, h);
		else
			count(h, -1);
		bufferevent_decref(f->stream);
		free(f);
	}
}

static struct bufferevent *
on_accepted(struct event_base *base, void *arg)
{
	struct http *h = arg;
	struct bufferevent *stream = bufferevent_socket_new(base, -1, 0);
	struct http_fresh *f = calloc(1, sizeof(*f));

	if (!stream || !f)
		abort();
	bufferevent_incref(stream);
	f->stream = stream;
	f->next = h->fresh;
	h->fresh = f;
	event_active(h->greet, EV_TIMEOUT, 0);
	count(h, 1);
	return stream;
}

/* Out of descriptors: rest a moment, or the loop would spin. */
static void
on_accept_failed(struct evconnlistener *listener, void *arg)
{
	struct http *h = arg;

	log_error("http.accept_failed", "reason=\"%s\"", strerror(errno));
	evconnlistener_disable(listener);
	timer_start(h->listen_again, LISTEN_AGAIN_MS);
}

static void
on_listen_again(void *arg)
{
	struct http *h = arg;

	if (h->listener && h->connections < h->conf.connections_max)
		evconnlistener_enable(h->listener);
}

int
http_connections_start(struct http *h, struct err *e)
{
	int fd = http_listen_open(h->conf.listen, e);

	if (fd < 0)
		return -1;
	h->listener =
	    evconnlistener_new(loop_base(h->loop), NULL, NULL, LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC, 0, fd);
	h->greet = event_new(loop_base(h->loop), -1, 0, on_greet, h);
	h->listen_again = timer_new(h->loop, on_listen_again, h);
	if (!h->listener || !h->greet || !h->listen_again)
		abort();
	evconnlistener_set_error_cb(h->listener, on_accept_failed);
	evhttp_set_bevcb(h->server, on_accepted, h);
	h->bound = evhttp_bind_listener(h->server, h->listener);
	if (!h->bound)
		abort();
	return 0;
}

void
http_connections_close(struct http *h)
{
	if (!h->bound)
		return;
	evhttp_del_accept_socket(h->server, h->bound);
	h->bound = NULL;
	h->listener = NULL;
	timer_stop(h->listen_again);
}

void
http_connections_free(struct http *h)
{
	if (h->greet) {
		on_greet(-1, 0, h);
		event_free(h->greet);
	}
	timer_free(h->listen_again);
}
