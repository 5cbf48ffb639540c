/* graph: places for a few requests at once, each with a libcurl handle that keeps its connection for the next one. */
#include "services/intake/channels/graph.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/loop/transfer.h"
#include "services/intake/channels/graph_url.h"

#define PLACES 32
#define TIME_MS 20000
#define CONNECT_MS 5000
#define USER_AGENT "kopru"

struct graph_asking {
	struct graph *graph;
	CURL *easy;
	struct transfer *transfer;
	struct curl_slist *headers;
	struct graph_request *request; /* NULL: free */
	struct loop_timer *later; /* for an end that is known at once */
	enum graph_end end;
	size_t room;
	bool too_large, disk_failed, private_address;
};

struct graph {
	struct loop *loop;
	struct graph_asking *places[PLACES];
	struct metric *asked[4], *under_way;
};

static void
set_reason(struct graph_request *r, const char *reason)
{
	size_t size = strlen(reason);

	if (size >= sizeof(r->reason))
		size = sizeof(r->reason) - 1;
	memcpy(r->reason, reason, size);
	r->reason[size] = '\0';
}

static void
finish(struct graph_asking *p, enum graph_end end)
{
	struct graph_request *r = p->request;
	char *body = r->body;

	p->request = NULL;
	r->asking = NULL;
	curl_slist_free_all(p->headers);
	p->headers = NULL;
	if (r->json)
		loop_release(p->graph->loop);
	metric_add(p->graph->under_way, -1);
	metric_add(p->graph->asked[end == GRAPH_ANSWERED   ? 0
				   : end == GRAPH_NOT_SENT ? 1
				   : end == GRAPH_LOST     ? 2
							   : 3],
	    1);
	if (end != GRAPH_ANSWERED && !r->reason[0])
		set_reason(r, "it did not answer");
	r->on_end(r, end);
	free(body);
}

static void
body_grow(struct graph_asking *p, uint64_t wanted)
{
	char *more;

	while (p->room < wanted + 1)
		p->room = p->room ? p->room * 2 : 4096;
	if (!(more = realloc(p->request->body, p->room)))
		abort();
	p->request->body = more;
}

static bool
write_whole(int fd, const char *data, size_t size)
{
	while (size > 0) {
		ssize_t written = write(fd, data, size);

		if (written < 0 && errno == EINTR)
			continue;
		if (written <= 0)
			return false;
		data += written;
		size -= (size_t)written;
	}
	return true;
}

/* Into the file only what was asked for: not the text of an error. */
static size_t
on_data(char *data, size_t one, size_t size, void *arg)
{
	struct graph_asking *p = arg;
	struct graph_request *r = p->request;
	long status = 0;

	(void)one;
	curl_easy_getinfo(p->easy, CURLINFO_RESPONSE_CODE, &status);
	if (r->keep_in_file && status != 200)
		return size;
	if (r->size + size > (r->size_max ? r->size_max : GRAPH_ANSWER_MAX)) {
		p->too_large = true;
		return 0;
	}
	if (r->keep_in_file) {
		if (!write_whole(r->fd, data, size)) {
			p->disk_failed = true;
			return 0;
		}
	} else {
		body_grow(p, r->size + size);
		memcpy(r->body + r->size, data, size);
		r->body[r->size + size] = '\0';
	}
	r->size += size;
	return size;
}

/* The last moment at which an address is seen, after every look-up. */
static curl_socket_t
on_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *address)
{
	struct graph_asking *p = arg;

	if (purpose != CURLSOCKTYPE_IPCXN ||
	    (!graph_url_is_loopback(p->request->base) && !graph_address_public(&address->addr, address->addrlen))) {
		p->private_address = true;
		return CURL_SOCKET_BAD;
	}
	return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

/* Has anything gone out? */
static bool
was_sent(struct graph_asking *p)
{
	curl_off_t began = 0;

	curl_easy_getinfo(p->easy, CURLINFO_PRETRANSFER_TIME_T, &began);
	return began > 0;
}

static void
on_done(void *arg, CURLcode code)
{
	struct graph_asking *p = arg;
	struct graph_request *r = p->request;
	curl_off_t retry_after = 0;
	long status = 0;

	curl_easy_getinfo(p->easy, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_getinfo(p->easy, CURLINFO_RETRY_AFTER, &retry_after);
	r->status = (int)status;
	r->retry_after_ms = retry_after > 0 && retry_after < 86400 ? (int64_t)retry_after * 1000 : 0;
	if (code == CURLE_OK && status > 0) {
		body_grow(p, r->keep_in_file ? 0 : r->size);
		r->body[r->keep_in_file ? 0 : r->size] = '\0';
		finish(p, GRAPH_ANSWERED);
		return;
	}
	if (p->too_large)
		set_reason(r, "its answer is too large");
	else if (p->disk_failed)
		set_reason(r, "its answer could not be written to the disk");
	else if (p->private_address)
		set_reason(r, "its address is not a public one");
	else
		set_reason(r, curl_easy_strerror(code));
	finish(p, p->too_large         ? GRAPH_TOO_LARGE
		  : p->private_address ? GRAPH_REFUSED
		  : was_sent(p)        ? GRAPH_LOST
				       : GRAPH_NOT_SENT);
}

static void
on_later(void *arg)
{
	struct graph_asking *p = arg;

	finish(p, p->end);
}

static void
add_header(struct graph_asking *p, const char *header)
{
	struct curl_slist *more = curl_slist_append(p->headers, header);

	if (!more)
		abort();
	p->headers = more;
}

static void
set_headers(struct graph_asking *p)
{
	const struct graph_request *r = p->request;
	struct arena *a = arena_new(0);

	add_header(p, "Accept: */*");
	add_header(p, "Expect:");
	if (r->bearer)
		add_header(p, arena_printf(a, "Authorization: Bearer %s", r->bearer));
	if (r->json)
		add_header(p, "Content-Type: application/json");
	arena_free(a);
	curl_easy_setopt(p->easy, CURLOPT_HTTPHEADER, p->headers);
}

static void
set_up(struct graph_asking *p)
{
	const struct graph_request *r = p->request;
	CURL *easy = p->easy;

	curl_easy_reset(easy);
	set_headers(p);
	curl_easy_setopt(easy, CURLOPT_URL, r->url);
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, graph_url_is_loopback(r->base) ? "http" : "https");
	curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(easy, CURLOPT_PROXY, ""); /* its address would be all that we see */
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_USERAGENT, USER_AGENT);
	curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)(r->time_ms ? r->time_ms : TIME_MS));
	curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_data);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, p);
	curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, on_socket);
	curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, p);
	if (!r->json)
		return;
	curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE, (long)strlen(r->json));
	curl_easy_setopt(easy, CURLOPT_POSTFIELDS, r->json);
	/* What goes out over a connection that just closes, libcurl sends once more over another. */
	curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L);
	curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, 1L);
}

static struct graph_asking *
place_new(struct graph *g)
{
	struct graph_asking *p = calloc(1, sizeof(*p));

	if (!p || !(p->easy = curl_easy_init()))
		abort();
	p->graph = g;
	p->transfer = transfer_new(g->loop, p->easy, on_done, p);
	p->later = timer_new(g->loop, on_later, p);
	return p;
}

static struct graph_asking *
find_place(struct graph *g)
{
	for (size_t i = 0; i < PLACES; i++) {
		if (!g->places[i])
			g->places[i] = place_new(g);
		if (!g->places[i]->request)
			return g->places[i];
	}
	return NULL;
}

struct graph *
graph_new(struct loop *l, struct metrics *m)
{
	static const char *const ends[] = {"end=\"answered\"", "end=\"not_sent\"", "end=\"lost\"", "end=\"refused\""};
	struct graph *g = calloc(1, sizeof(*g));

	if (!g || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		abort();
	g->loop = l;
	for (size_t i = 0; i < 4; i++)
		g->asked[i] = metrics_counter(m, "kopru_intake_providers_asked_total", ends[i],
		    "Requests to providers of channels, by their end");
	g->under_way = metrics_gauge(m, "kopru_intake_providers_asking", "", "Requests to providers under way");
	return g;
}

void
graph_free(struct graph *g)
{
	if (!g)
		return;
	for (size_t i = 0; i < PLACES && g->places[i]; i++) {
		struct graph_asking *p = g->places[i];

		transfer_free(p->transfer);
		timer_free(p->later);
		if (p->request)
			finish(p, GRAPH_LOST);
		curl_easy_cleanup(p->easy);
		free(p);
	}
	free(g);
}

struct loop *
graph_loop(const struct graph *g)
{
	return g->loop;
}

bool
graph_has_room(struct graph *g)
{
	return find_place(g) != NULL;
}

void
graph_ask(struct graph *g, struct graph_request *r)
{
	struct graph_asking *p = find_place(g);
	const char *why = graph_url_refusal(r->url, r->base);

	if (!p)
		abort(); /* who asks looks for room first */
	p->request = r;
	p->room = 0;
	p->too_large = p->disk_failed = p->private_address = false;
	r->asking = p;
	r->status = 0;
	r->body = NULL;
	r->size = 0;
	r->retry_after_ms = 0;
	r->reason[0] = '\0';
	if (r->json)
		loop_hold(g->loop);
	metric_add(g->under_way, 1);
	if (why) {
		set_reason(r, why);
		p->end = GRAPH_REFUSED;
		timer_start(p->later, 0);
		return;
	}
	set_up(p);
	transfer_start(p->transfer);
}
