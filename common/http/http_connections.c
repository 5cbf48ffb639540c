/* http_connections: how many connections there are, what they hold and how long their requests take to come. evhttp
 * tells of no connection before its first request, and has no deadline for a whole one; but it asks for a bufferevent,
 * whose callbacks carry the connection and whose buffers tell of bytes. At the limit, or without descriptors,
 * the listener rests and who comes waits in the kernel; meanwhile those that ask nothing or slowly make room. */
#include "common/http/http_internal.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include <event2/buffer.h>

#include "common/base/ids.h"
#include "common/base/log.h"

#define PARTS 2 /* of the descriptors */
#define SWEEP_MS 1000
#define ROOM_MS 100 /* until there may be some, or a descriptor */
#define LATE_US 100000 /* of a timer: the loop itself stood still */
#define REQUEST_SECONDS 15
#define BYTES_MAX (32UL * 1024 * 1024)
#define ANSWER_US 300000000 /* until an answer was taken */
#define SLOW_US 500000 /* who wants room leaves a request so long */
#define UNUSED_US 12000000 /* the web server in front has closed its side by then */
#define SECOND_US 1000000
#define COMPLAIN_US 10000000 /* not at each failure */

static void
timer_start_due(struct loop_timer *t, int64_t *due)
{
	*due = clock_monotonic() + ROOM_MS * 1000;
	timer_start(t, ROOM_MS);
}

static void
count(struct http *h, int change)
{
	h->connections = (unsigned)((int)h->connections + change);
	metric_set(h->connections_now, h->connections);
	if (!h->listener)
		return;
	if (h->connections >= h->conf.connections_max) {
		evconnlistener_disable(h->listener);
		if (!timer_pending(h->room))
			timer_start_due(h->room, &h->room_due);
	} else if (change < 0 && !timer_pending(h->listen_again)) {
		evconnlistener_enable(h->listener);
	}
}

static void
enter(struct http_connection *c, enum http_state state)
{
	struct http *h = c->http;

	c->state = state;
	c->since = clock_monotonic();
	TAILQ_REMOVE(&h->waiting, c, entry);
	TAILQ_INSERT_TAIL(&h->waiting, c, entry);
}

/* Into the input from the network; out of it evhttp takes them at once. */
static void
on_bytes(struct evbuffer *input, const struct evbuffer_cb_info *info, void *arg)
{
	struct http_connection *c = arg;
	struct http *h = c->http;
	size_t filed;

	if (info->n_added == 0 || c->upload.ours)
		return;
	if (c->state == HTTP_FRESH || c->state == HTTP_WAITING) {
		enter(c, HTTP_READING);
		http_upload_begin(&c->upload);
	}
	filed = http_upload_take(h, &c->upload, input);
	c->bytes += info->n_added - filed;
	h->bytes += info->n_added - filed;
	if (h->bytes > h->conf.bytes_max)
		event_active(h->greet, EV_TIMEOUT, 0);
}

static void
forget(struct http_connection *c)
{
	struct http *h = c->http;

	evbuffer_remove_cb(bufferevent_get_input(c->stream), on_bytes, c);
	TAILQ_REMOVE(&h->waiting, c, entry);
	h->bytes -= c->bytes;
	http_upload_end(h, &c->upload);
	if (c->connection)
		h->by_fd[c->fd] = NULL;
	bufferevent_decref(c->stream);
	free(c);
	count(h, -1);
}

static void
on_closed(struct evhttp_connection *connection, void *arg)
{
	struct http_connection *c = arg;

	http_sending_closed(c->http, connection);
	forget(c);
}

static bool
is_answering(const struct http_connection *c)
{
	return c->state == HTTP_WAITING && evbuffer_get_length(bufferevent_get_output(c->stream)) > 0;
}

static void
end(struct http_connection *c, const char *reason)
{
	metric_add(c->http->ended, 1);
	log_debug("http.connection_ended", "reason=\"%s\"", reason);
	evhttp_connection_free(c->connection);
}

/* Too much was sent and is not answered: the longest unfinished requests end. Finished ones are told to come again. */
static void
drop_bytes(struct http *h)
{
	while (h->bytes > h->conf.bytes_max) {
		struct http_connection *most = NULL, *c;

		TAILQ_FOREACH(c, &h->waiting, entry)
		{
			if (c->state == HTTP_READING && c->connection && (!most || c->bytes > most->bytes))
				most = c;
		}
		if (!most)
			return;
		end(most, "too much at once");
	}
}

static void
greet(struct http_connection *c)
{
	struct http *h = c->http;
	void *connection = NULL;

	bufferevent_getcb(c->stream, NULL, NULL, NULL, &connection);
	if (!connection) {
		forget(c);
		return;
	}
	c->connection = connection;
	c->fd = bufferevent_getfd(c->stream);
	evhttp_connection_set_closecb(connection, on_closed, c);
	while ((size_t)c->fd >= h->by_fd_size) {
		size_t size = h->by_fd_size ? h->by_fd_size * 2 : 64;

		h->by_fd = reallocarray(h->by_fd, size, sizeof(struct http_connection *));
		if (!h->by_fd)
			abort();
		memset(h->by_fd + h->by_fd_size, 0, (size - h->by_fd_size) * sizeof(struct http_connection *));
		h->by_fd_size = size;
	}
	h->by_fd[c->fd] = c;
}

/* Before the loop looks at any socket again, so a new connection still stands as it was made. */
static void
on_greet(evutil_socket_t fd, short what, void *arg)
{
	struct http *h = arg;
	struct http_connection *c, *before;

	(void)fd;
	(void)what;
	for (c = TAILQ_LAST(&h->waiting, http_connections); c && h->fresh > 0; c = before) {
		before = TAILQ_PREV(c, http_connections, entry);
		if (c->connection)
			continue;
		h->fresh--;
		greet(c);
	}
	drop_bytes(h);
}

static struct bufferevent *
on_accepted(struct event_base *base, void *arg)
{
	struct http *h = arg;
	struct bufferevent *stream = bufferevent_socket_new(base, -1, 0);
	struct http_connection *c = calloc(1, sizeof(*c));

	if (!stream || !c || !evbuffer_add_cb(bufferevent_get_input(stream), on_bytes, c))
		abort();
	bufferevent_incref(stream);
	*c = (struct http_connection){.http = h, .stream = stream, .since = clock_monotonic(), .upload.fd = -1};
	TAILQ_INSERT_TAIL(&h->waiting, c, entry);
	h->fresh++;
	event_active(h->greet, EV_TIMEOUT, 0);
	count(h, 1);
	return stream;
}

static struct http_connection *
find(struct http *h, struct evhttp_request *request)
{
	struct evhttp_connection *connection = evhttp_request_get_connection(request);
	int fd = connection ? bufferevent_getfd(evhttp_connection_get_bufferevent(connection)) : -1;
	struct http_connection *c = fd >= 0 && (size_t)fd < h->by_fd_size ? h->by_fd[fd] : NULL;

	return c && c->connection == connection ? c : NULL;
}

void
http_connections_handled(struct http *h, struct http_request *r)
{
	struct http_connection *c = find(h, r->request);

	if (!c)
		return;
	enter(c, HTTP_HANDLED);
	r->upload = c->upload;
	c->upload = (struct http_upload){.fd = -1};
}

void
http_connections_answered(struct http *h, struct evhttp_request *request)
{
	struct http_connection *c = find(h, request);

	if (!c)
		return;
	h->bytes -= c->bytes;
	c->bytes = 0;
	enter(c, evbuffer_get_length(bufferevent_get_input(c->stream)) > 0 ? HTTP_READING : HTTP_WAITING);
}

static int64_t
seconds_for(const struct http_connection *c)
{
	return c->http->conf.request_seconds * (c->upload.state == HTTP_UPLOAD_BODY ? HTTP_UPLOAD_TIMES : 1);
}

static void
on_sweep(void *arg)
{
	struct http *h = arg;
	struct http_connection *c, *next;
	int64_t now = clock_monotonic();

	for (c = TAILQ_FIRST(&h->waiting); c; c = next) {
		next = TAILQ_NEXT(c, entry);
		if (c->state == HTTP_READING && c->connection && now - c->since > seconds_for(c) * SECOND_US)
			end(c, "its request takes too long");
		else if (is_answering(c) && now - c->since > ANSWER_US)
			end(c, "it does not take its answer");
	}
	timer_start(h->sweep, SWEEP_MS);
}

static bool
makes_room(const struct http_connection *c, int64_t age)
{
	if (c->state == HTTP_FRESH || c->state == HTTP_READING)
		return age > SLOW_US;
	return c->state == HTTP_WAITING && !is_answering(c) && age > UNUSED_US;
}

/* Our own pause is not their slowness: what came meanwhile is read first. But not twice in a row, or a loop that is
 * always late would never make room. */
static void
make_room(struct http *h, int64_t due)
{
	struct http_connection *c, *next;
	int64_t now = clock_monotonic();

	h->excused = !h->excused && now - due > LATE_US;
	if (h->excused)
		return;
	for (c = TAILQ_FIRST(&h->waiting); c; c = next) {
		next = TAILQ_NEXT(c, entry);
		if (c->connection && makes_room(c, now - c->since))
			end(c, "others wait");
	}
}

static void
on_room(void *arg)
{
	struct http *h = arg;
	struct pollfd someone = {.events = POLLIN};

	if (!h->listener || h->connections < h->conf.connections_max)
		return;
	someone.fd = evconnlistener_get_fd(h->listener);
	if (poll(&someone, 1, 0) > 0)
		make_room(h, h->room_due);
	timer_start_due(h->room, &h->room_due);
}

struct search {
	const struct evconnlistener *listener;
	struct http *found;
};

static int
compare(const struct event_base *base, const struct event *event, void *arg)
{
	struct search *s = arg;
	struct http *h = event_get_callback_arg(event);

	(void)base;
	if (event_get_callback(event) != on_greet || h->listener != s->listener)
		return 0;
	s->found = h;
	return 1;
}

/* Out of descriptors: rest a moment, or the loop would spin. libevent gives what belongs to evhttp instead of ours. */
static void
on_accept_failed(struct evconnlistener *listener, void *not_ours)
{
	int reason = errno;
	int64_t now = clock_monotonic();
	struct search s = {.listener = listener};

	(void)not_ours;
	event_base_foreach_event(evconnlistener_get_base(listener), compare, &s);
	if (!s.found)
		abort();
	if (now - s.found->complained_at > COMPLAIN_US) {
		log_error("http.accept_failed", "reason=\"%s\"", strerror(reason));
		s.found->complained_at = now;
	}
	evconnlistener_disable(listener);
	timer_start_due(s.found->listen_again, &s.found->listen_again_due);
}

static void
on_listen_again(void *arg)
{
	struct http *h = arg;

	make_room(h, h->listen_again_due);
	if (h->listener && h->connections < h->conf.connections_max)
		evconnlistener_enable(h->listener);
}

int
http_connections_start(struct http *h, struct err *e)
{
	const struct timeval never = {.tv_sec = 1000000}; /* so that it is among the events of the base */
	int fd = http_listen_open(h->conf.listen, e);

	if (fd < 0)
		return -1;
	h->conf.connections_max = loop_connections(h->conf.listen, h->conf.connections_max, PARTS);
	h->conf.request_seconds = h->conf.request_seconds ? h->conf.request_seconds : REQUEST_SECONDS;
	h->conf.bytes_max = h->conf.bytes_max ? h->conf.bytes_max : BYTES_MAX;
	h->listener =
	    evconnlistener_new(loop_base(h->loop), NULL, NULL, LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC, 0, fd);
	h->greet = event_new(loop_base(h->loop), -1, EV_PERSIST, on_greet, h);
	h->listen_again = timer_new(h->loop, on_listen_again, h);
	h->sweep = timer_new(h->loop, on_sweep, h);
	h->room = timer_new(h->loop, on_room, h);
	if (!h->listener || !h->greet || event_add(h->greet, &never) < 0)
		abort();
	evconnlistener_set_error_cb(h->listener, on_accept_failed);
	evhttp_set_bevcb(h->server, on_accepted, h);
	h->bound = evhttp_bind_listener(h->server, h->listener);
	if (!h->bound)
		abort();
	timer_start(h->sweep, SWEEP_MS);
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
	timer_stop(h->room);
}

void
http_connections_free(struct http *h)
{
	if (h->greet) {
		on_greet(-1, 0, h);
		event_free(h->greet);
		h->greet = NULL;
	}
	timer_free(h->listen_again);
	timer_free(h->sweep);
	timer_free(h->room);
}
