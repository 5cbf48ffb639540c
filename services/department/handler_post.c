/* handler_post: each line to a program of the department's own network by HTTP; 2xx is done. Only loopback and
 * private addresses are ever connected to, whatever a name resolves to, and no redirect or proxy is followed: what
 * citizens wrote does not leave the house by a typing error. */
#include <curl/curl.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/loop/transfer.h"
#include "services/department/address.h"
#include "services/department/handler.h"

struct post {
	struct handler *handler;
	char *url;
	struct transfer *transfer;
	CURL *easy;
	struct curl_slist *headers;
	bool refused; /* the address was not a local one */
	char reason[CURL_ERROR_SIZE];
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
on_answered(void *arg, CURLcode code)
{
	struct post *p = arg;
	struct err e = {""};

	handler_done(p->handler, outcome_of(p, code, &e), &e);
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

	(void)e;
	p->refused = false;
	p->reason[0] = '\0';
	curl_easy_setopt(p->easy, CURLOPT_POSTFIELDS, line);
	curl_easy_setopt(p->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)size);
	transfer_start(p->transfer);
	return HANDLED_PENDING;
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
}

static void
post_free(void *way)
{
	struct post *p = way;

	transfer_free(p->transfer);
	curl_easy_cleanup(p->easy);
	curl_slist_free_all(p->headers);
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
	    !(p->easy = curl_easy_init()) ||
	    !(p->headers = curl_slist_append(NULL, "Content-Type: application/json")) ||
	    !curl_slist_append(p->headers, "Expect:"))
		abort();
	p->handler = h;
	p->transfer = transfer_new(handler_loop(h), p->easy, on_answered, p);
	easy_prepare(p);
	return p;
}

const struct handler_way handler_post = {"post:", post_new, post_free, post_take};
