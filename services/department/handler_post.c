/* handler_post: each line to a program of the department's own network by HTTP; 2xx is done. Only loopback and
 * private addresses are ever connected to, whatever a name resolves to, and no redirect or proxy is followed: what
 * citizens wrote does not leave the house by a typing error. libcurl's multi interface on the loop. */
#include <curl/curl.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/loop/watch.h"
#include "services/department/address.h"
#include "services/department/handler.h"

struct post {
	struct handler *handler;
	char *url;
	CURLM *multi;
	CURL *easy;
	struct curl_slist *headers;
	struct loop_timer *timer;
	bool refused; /* the address was not a local one */
	char reason[CURL_ERROR_SIZE];
};

/* One socket of libcurl's on the loop. */
struct link {
	struct post *post;
	struct watch *watch;
	curl_socket_t socket;
};

static enum handled
outcome_of(struct post *p, CURLcode code, struct err *e)
{
	long status = 0;

	curl_easy_getinfo(p->easy, CURLINFO_RESPONSE_CODE, &status);
	if (code == CURLE_OK && status >= 200 && status < 300)
		return HANDLED_DONE;
	if (code == CURLE_OK) {
		err_set(e, "\"%s\" answered %ld", p->url, status);
		return HANDLED_FAILED;
	}
	if (p->refused)
		err_set(e, "\"%s\" is no local address", p->url);
	else
		err_set(e, "\"%s\": %s", p->url, p->reason[0] ? p->reason : curl_easy_strerror(code));
	return code == CURLE_COULDNT_CONNECT || code == CURLE_COULDNT_RESOLVE_HOST ? HANDLED_UNAVAILABLE
										   : HANDLED_FAILED;
}

static void
messages_take(struct post *p)
{
	struct err e = {""};
	enum handled outcome;
	CURLMsg *message;
	CURLcode code;
	int left;

	while ((message = curl_multi_info_read(p->multi, &left))) {
		if (message->msg != CURLMSG_DONE)
			continue;
		code = message->data.result;
		curl_multi_remove_handle(p->multi, p->easy);
		outcome = outcome_of(p, code, &e);
		handler_done(p->handler, outcome, &e);
		return;
	}
}

static void
on_link_ready(void *arg, bool readable, bool writable)
{
	struct link *link = arg;
	struct post *p = link->post;
	int running;

	curl_multi_socket_action(
	    p->multi, link->socket, (readable ? CURL_CSELECT_IN : 0) | (writable ? CURL_CSELECT_OUT : 0), &running);
	messages_take(p);
}

static void
on_timer(void *arg)
{
	struct post *p = arg;
	int running;

	curl_multi_socket_action(p->multi, CURL_SOCKET_TIMEOUT, 0, &running);
	messages_take(p);
}

static void
link_free(struct link *link)
{
	if (!link)
		return;
	watch_free(link->watch);
	free(link);
}

static struct link *
link_new(struct post *p, curl_socket_t socket)
{
	struct link *link = calloc(1, sizeof(*link));

	if (!link)
		abort();
	link->post = p;
	link->socket = socket;
	link->watch = watch_new(handler_loop(p->handler), socket, on_link_ready, link);
	curl_multi_assign(p->multi, socket, link);
	return link;
}

static int
on_socket_wanted(CURL *easy, curl_socket_t socket, int what, void *arg, void *of_socket)
{
	struct link *link = of_socket;

	(void)easy;
	if (what == CURL_POLL_REMOVE) {
		link_free(link);
		return 0;
	}
	if (!link)
		link = link_new(arg, socket);
	watch_want(link->watch, (what & CURL_POLL_IN) != 0, (what & CURL_POLL_OUT) != 0);
	return 0;
}

static int
on_timer_wanted(CURLM *multi, long milliseconds, void *arg)
{
	struct post *p = arg;

	(void)multi;
	if (milliseconds < 0)
		timer_stop(p->timer);
	else
		timer_start(p->timer, milliseconds);
	return 0;
}

static curl_socket_t
on_socket_opened(void *arg, curlsocktype purpose, struct curl_sockaddr *to)
{
	struct post *p = arg;

	(void)purpose;
	if (!address_is_local(&to->addr)) {
		p->refused = true;
		return CURL_SOCKET_BAD;
	}
	return socket(to->family, to->socktype | SOCK_CLOEXEC, to->protocol);
}

static size_t
on_body(char *data, size_t size, size_t count, void *arg)
{
	(void)data;
	(void)arg;
	return size * count;
}

static enum handled
post_take(void *way, const char *line, size_t size, struct err *e)
{
	struct post *p = way;

	p->refused = false;
	p->reason[0] = '\0';
	curl_easy_setopt(p->easy, CURLOPT_POSTFIELDS, line);
	curl_easy_setopt(p->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)size);
	if (curl_multi_add_handle(p->multi, p->easy) == CURLM_OK)
		return HANDLED_PENDING;
	err_set(e, "libcurl does not take the request");
	return HANDLED_UNAVAILABLE;
}

static void
easy_prepare(struct post *p)
{
	curl_easy_setopt(p->easy, CURLOPT_URL, p->url);
	curl_easy_setopt(p->easy, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(p->easy, CURLOPT_HTTPHEADER, p->headers);
	curl_easy_setopt(p->easy, CURLOPT_POST, 1L);
	curl_easy_setopt(p->easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(p->easy, CURLOPT_PROXY, "");
	curl_easy_setopt(p->easy, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(p->easy, CURLOPT_TIMEOUT_MS, (long)handler_wait_ms(p->handler));
	curl_easy_setopt(p->easy, CURLOPT_ERRORBUFFER, p->reason);
	curl_easy_setopt(p->easy, CURLOPT_OPENSOCKETFUNCTION, on_socket_opened);
	curl_easy_setopt(p->easy, CURLOPT_OPENSOCKETDATA, p);
	curl_easy_setopt(p->easy, CURLOPT_WRITEFUNCTION, on_body);
	curl_multi_setopt(p->multi, CURLMOPT_SOCKETFUNCTION, on_socket_wanted);
	curl_multi_setopt(p->multi, CURLMOPT_SOCKETDATA, p);
	curl_multi_setopt(p->multi, CURLMOPT_TIMERFUNCTION, on_timer_wanted);
	curl_multi_setopt(p->multi, CURLMOPT_TIMERDATA, p);
}

static void
post_free(void *way)
{
	struct post *p = way;

	curl_multi_remove_handle(p->multi, p->easy);
	curl_easy_cleanup(p->easy);
	curl_multi_cleanup(p->multi);
	curl_slist_free_all(p->headers);
	timer_free(p->timer);
	free(p->url);
	free(p);
	curl_global_cleanup();
}

static void *
post_new(struct handler *h, const char *rest, struct err *e)
{
	struct post *p;

	if (address_check_url(rest, e) < 0)
		return NULL;
	p = calloc(1, sizeof(*p));
	if (!p || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK || !(p->url = strdup(rest)) ||
	    !(p->multi = curl_multi_init()) || !(p->easy = curl_easy_init()) ||
	    !(p->headers = curl_slist_append(NULL, "Content-Type: application/json")) ||
	    !curl_slist_append(p->headers, "Expect:"))
		abort();
	p->handler = h;
	p->timer = timer_new(handler_loop(h), on_timer, p);
	easy_prepare(p);
	return p;
}

const struct handler_way handler_post = {"post:", post_new, post_free, post_take};
