/* http: from a request that evhttp has read to the handler of its route. */
#include "common/http/http_internal.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/jsontext.h"
#include "common/base/log.h"
#include "common/base/text.h"

#define HEADERS_MAX (20 * 1024) /* the web server in front lets 16 KiB through and adds its own */
#define IDLE_SECONDS 75 /* longer than the web server in front keeps its own side */
#define BODY_SLACK 2 /* bodies up to twice the limit are read, so that the refusal is one that can be read */
#define TEXT_PLAIN "text/plain; charset=utf-8"

/* Does path belong to route? Writes what "*" stands for: NULL without one, size 0 then too. */
static bool
matches(const struct http_route *route, const char *path, const char **segment, size_t *size)
{
	const char *star = strchr(route->path, '*');
	size_t before = star ? (size_t)(star - route->path) : 0, after = star ? strlen(star + 1) : 0;
	size_t length = strlen(path);

	*segment = NULL;
	*size = 0;
	if (!star)
		return strcmp(route->path, path) == 0;
	if (length <= before + after || strncmp(route->path, path, before) != 0 ||
	    strcmp(star + 1, path + length - after) != 0)
		return false;
	*segment = path + before;
	*size = length - before - after;
	return !memchr(*segment, '/', *size);
}

static const char *
decode_segment(struct http_request *r, const char *segment, size_t given)
{
	size_t size;
	char *decoded = evhttp_uridecode(arena_string_n(r->arena, segment, given), 0, &size);
	const char *copy = NULL;

	if (decoded && text_valid(decoded, size) && !text_has_line_break_or_control(decoded) && !strchr(decoded, '/'))
		copy = arena_string(r->arena, decoded);
	free(decoded);
	return copy;
}

static void
answer_healthz(struct http_request *r)
{
	const char *reason = r->http->healthy ? r->http->healthy(r->http->arg) : NULL;
	const char *text = reason ? arena_printf(r->arena, "%s\n", reason) : "ok\n";

	http_reply_bytes(r, reason ? 503 : 200, TEXT_PLAIN, NULL, text, strlen(text));
}

static void
answer_metrics(struct http_request *r)
{
	char *text = metrics_text(r->http->metrics);

	http_reply_bytes(r, 200, "text/plain; version=0.0.4; charset=utf-8", NULL, text, strlen(text));
	free(text);
}

/* Sets route and segment. The problem to answer with, or NULL. */
static const char *
find_route(struct http_request *r, const char *path, enum evhttp_cmd_type method)
{
	const char *problem = "not-found";

	for (const struct http_route *route = r->http->routes; route->handler; route++) {
		const char *segment;
		size_t size;

		if (!matches(route, path, &segment, &size))
			continue;
		if (method != (route->method == HTTP_GET ? EVHTTP_REQ_GET : EVHTTP_REQ_POST)) {
			http_set_header(r, "Allow", route->method == HTTP_GET ? "GET" : "POST");
			problem = "method";
			continue;
		}
		if (segment && !(r->segment = decode_segment(r, segment, size)))
			return "not-found";
		r->route = route;
		return NULL;
	}
	return problem;
}

static void
dispatch(struct http_request *r)
{
	struct http *h = r->http;
	const struct evhttp_uri *uri = evhttp_request_get_evhttp_uri(r->request);
	const char *path = uri ? evhttp_uri_get_path(uri) : NULL;
	enum evhttp_cmd_type method = evhttp_request_get_command(r->request);
	const char *problem;
	size_t size;

	if (!http_request_sound(r)) {
		http_set_header(r, "Connection", "close");
		http_reply_problem(r, "bad-request", NULL);
	} else if (path && method == EVHTTP_REQ_GET && strcmp(path, "/healthz") == 0) {
		answer_healthz(r);
	} else if (path && method == EVHTTP_REQ_GET && strcmp(path, "/metrics") == 0) {
		answer_metrics(r);
	} else if ((problem = find_route(r, path ? path : "", method))) {
		http_reply_problem(r, problem, NULL);
	} else if (http_body(r, &size), size > r->route->body_max) {
		http_reply_problem(r, "too-large", NULL);
	} else if (h->unanswered > h->conf.requests_max || h->bytes > h->conf.bytes_max || h->stopping) {
		metric_add(h->busy, 1);
		http_reply_problem(r, h->stopping ? "unavailable" : "busy", NULL);
	} else if (r->route->method == HTTP_POST_FILE && (r->upload.problem || !r->upload.name[0])) {
		http_reply_problem(r, r->upload.problem ? r->upload.problem : "empty", NULL);
	} else {
		r->route->handler(h->arg, r);
	}
}

static void
on_request(struct evhttp_request *request, void *arg)
{
	struct http *h = arg;
	struct http_request *r = http_request_new(h, request);

	http_connections_handled(h, r);
	h->unanswered++;
	metric_set(h->unanswered_now, h->unanswered);
	loop_hold(h->loop);
	if (h->stopping)
		http_set_header(r, "Connection", "close");
	dispatch(r);
}

static void
on_stop(void *arg)
{
	struct http *h = arg;

	h->stopping = true;
	http_connections_close(h);
}

static void
make_metrics(struct http *h, struct metrics *m)
{
	static const char *const classes[] = {"status=\"none\"", "status=\"1xx\"", "status=\"2xx\"", "status=\"3xx\"",
	    "status=\"4xx\"", "status=\"5xx\""};

	h->metrics = m;
	for (size_t i = 0; i < sizeof(classes) / sizeof(classes[0]); i++)
		h->answers[i] =
		    metrics_counter(m, "kopru_http_answers_total", classes[i], "Answers by class of status");
	h->connections_now = metrics_gauge(m, "kopru_http_connections", "", "Open HTTP connections");
	h->unanswered_now = metrics_gauge(m, "kopru_http_unanswered", "", "Requests without an answer yet");
	h->busy = metrics_counter(
	    m, "kopru_http_busy_total", "", "Requests refused because too many, or too much, was unanswered");
	h->ended =
	    metrics_counter(m, "kopru_http_ended_total", "", "Connections that were ended: too slow, or others waited");
}

static size_t
body_max(const struct http_route *routes)
{
	size_t most = 4096;

	for (const struct http_route *route = routes; route->handler; route++)
		most = route->body_max > most && route->method != HTTP_POST_FILE ? route->body_max : most;
	return most * BODY_SLACK;
}

struct http *
http_new(struct loop *l, const struct http_conf *conf, const struct http_route *routes, struct metrics *m,
    const char *(*healthy)(void *arg), void *arg, struct err *e)
{
	struct http *h = calloc(1, sizeof(*h));

	if (!h)
		abort();
	h->loop = l;
	h->conf = *conf;
	h->routes = routes;
	h->healthy = healthy;
	h->arg = arg;
	h->date_second = -1;
	TAILQ_INIT(&h->waiting);
	jsontext_start();
	make_metrics(h, m);
	if (!(h->server = evhttp_new(loop_base(l))))
		abort();
	evhttp_set_max_headers_size(h->server, HEADERS_MAX);
	evhttp_set_max_body_size(h->server, (ev_ssize_t)body_max(routes));
	evhttp_set_timeout(h->server, IDLE_SECONDS);
	evhttp_set_default_content_type(h->server, NULL);
	evhttp_set_allowed_methods(h->server, EVHTTP_REQ_GET | EVHTTP_REQ_POST | EVHTTP_REQ_HEAD | EVHTTP_REQ_PUT |
						  EVHTTP_REQ_DELETE | EVHTTP_REQ_OPTIONS | EVHTTP_REQ_PATCH);
	evhttp_set_gencb(h->server, on_request, h);
	if (http_connections_start(h, e) < 0) {
		http_free(h);
		return NULL;
	}
	loop_on_stop(l, on_stop, h);
	return h;
}

void
http_free(struct http *h)
{
	if (!h)
		return;
	http_connections_close(h);
	while (h->alive) {
		if (h->alive->request)
			loop_release(h->loop);
		http_request_free(h->alive);
	}
	while (h->spare) {
		struct http_request *r = h->spare;

		h->spare = r->next;
		arena_free(r->arena);
		free(r);
	}
	http_connections_free(h);
	evhttp_free(h->server);
	http_sendings_free(h);
	free(h->by_fd);
	free(h);
}
