/* import_front: see the header. */
#include "services/kopru/import_front.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/ids.h"

#define CONNECTIONS_MAX 64U
#define ANSWER_MAX ((size_t)4 * 1024 * 1024)
#define ANSWER_SECONDS 60L
#define SILENCE (INT64_C(300) * 1000000) /* microseconds without any answer until it is given up */
#define BACK_OFF_MS 200
#define BACK_OFF_MAX_MS 5000
#define WAIT_MS 1000

struct connection {
	CURL *curl;
	struct import_call *call; /* NULL: idle */
	char *text; /* room for ANSWER_MAX and a NUL, of which the kernel gives what is used */
	size_t size;
};

struct import_front {
	CURLM *multi;
	struct curl_slist *headers;
	const struct api *api;
	struct connection connections[CONNECTIONS_MAX];
	unsigned count;
	struct import_call *first; /* that wait for a connection or for their time */
	int64_t heard; /* when something was answered last; 0: nothing was asked yet */
	char reason[CURL_ERROR_SIZE + 64];
	struct arena *arena;
};

static size_t
on_body(char *data, size_t one, size_t size, void *arg)
{
	struct connection *c = arg;

	(void)one;
	if (c->size + size > ANSWER_MAX)
		return 0;
	memcpy(c->text + c->size, data, size);
	c->size += size;
	c->text[c->size] = '\0';
	return size;
}

static void
connection_open(struct import_front *f, struct connection *c)
{
	if (!(c->curl = curl_easy_init()) || !(c->text = malloc(ANSWER_MAX + 1)))
		abort();
	if (f->api->socket)
		curl_easy_setopt(c->curl, CURLOPT_UNIX_SOCKET_PATH, f->api->socket);
	curl_easy_setopt(c->curl, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(c->curl, CURLOPT_PROXY, "");
	curl_easy_setopt(c->curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(c->curl, CURLOPT_TIMEOUT, ANSWER_SECONDS);
	curl_easy_setopt(c->curl, CURLOPT_HTTPHEADER, f->headers);
	curl_easy_setopt(c->curl, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(c->curl, CURLOPT_WRITEDATA, c);
	curl_easy_setopt(c->curl, CURLOPT_PRIVATE, c);
}

struct import_front *
import_front_new(const struct api *api, unsigned connections)
{
	struct import_front *f = calloc(1, sizeof(*f));

	if (!f || !(f->multi = curl_multi_init()))
		abort();
	f->api = api;
	f->arena = arena_new(0);
	f->count = connections < CONNECTIONS_MAX ? connections : CONNECTIONS_MAX;
	f->headers = curl_slist_append(NULL, "Content-Type: application/json");
	f->headers = curl_slist_append(f->headers, "Accept-Language: en");
	f->headers = curl_slist_append(f->headers, "Expect:");
	f->headers = curl_slist_append(f->headers, arena_printf(f->arena, "Authorization: Bearer %s", api->key));
	for (unsigned i = 0; i < f->count; i++)
		connection_open(f, &f->connections[i]);
	return f;
}

void
import_front_free(struct import_front *f)
{
	if (!f)
		return;
	for (unsigned i = 0; i < f->count; i++) {
		if (f->connections[i].call)
			curl_multi_remove_handle(f->multi, f->connections[i].curl);
		curl_easy_cleanup(f->connections[i].curl);
		free(f->connections[i].text);
	}
	curl_multi_cleanup(f->multi);
	curl_slist_free_all(f->headers);
	arena_free(f->arena);
	free(f);
}

/* At the end of those that wait. */
static void
wait_for_turn(struct import_front *f, struct import_call *call, int64_t delay)
{
	struct import_call **last = &f->first;

	while (*last)
		last = &(*last)->next;
	call->next = NULL;
	call->not_before = clock_monotonic() + delay * 1000;
	*last = call;
}

void
import_front_post(struct import_front *f, struct import_call *call, int64_t delay)
{
	call->tries = 0;
	if (f->heard == 0)
		f->heard = clock_monotonic();
	wait_for_turn(f, call, delay);
}

/* The first whose time has come; NULL: none. *soon: milliseconds until the next one's. */
static struct import_call *
take_due(struct import_front *f, long *soon)
{
	int64_t now = clock_monotonic();

	for (struct import_call **at = &f->first; *at; at = &(*at)->next) {
		struct import_call *call = *at;
		int64_t left = (call->not_before - now) / 1000 + 1;

		if (call->not_before <= now) {
			*at = call->next;
			return call;
		}
		if (left < *soon)
			*soon = (long)left;
	}
	return NULL;
}

static void
start(struct import_front *f, struct connection *c, struct import_call *call)
{
	char url[512];

	snprintf(url, sizeof(url), "%s%s", f->api->url, call->path);
	c->call = call;
	c->size = 0;
	curl_easy_setopt(c->curl, CURLOPT_URL, url);
	curl_easy_setopt(c->curl, CURLOPT_POSTFIELDS, call->body);
	curl_easy_setopt(c->curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)call->size);
	curl_multi_add_handle(f->multi, c->curl);
}

static long
start_due(struct import_front *f)
{
	long soon = WAIT_MS;

	for (unsigned i = 0; i < f->count; i++) {
		struct import_call *call;

		if (f->connections[i].call)
			continue;
		if (!(call = take_due(f, &soon)))
			break;
		start(f, &f->connections[i], call);
	}
	return soon;
}

/* Full, restarted, or of an unknown end: the same again tells. */
static bool
is_later(long status)
{
	return status == 429 || status == 500 || (status >= 502 && status <= 504);
}

static int64_t
back_off(unsigned tries)
{
	int64_t delay = (int64_t)BACK_OFF_MS << (tries < 5 ? tries : 5);

	return delay < BACK_OFF_MAX_MS ? delay : BACK_OFF_MAX_MS;
}

static void
end(struct import_front *f, struct connection *c, CURLcode code)
{
	struct import_call *call = c->call;
	long status = 0;

	curl_multi_remove_handle(f->multi, c->curl);
	curl_easy_getinfo(c->curl, CURLINFO_RESPONSE_CODE, &status);
	c->call = NULL;
	if (code != CURLE_OK || is_later(status)) {
		if (code == CURLE_OK)
			snprintf(f->reason, sizeof(f->reason), "it answers %ld", status);
		else
			snprintf(f->reason, sizeof(f->reason), "%s", curl_easy_strerror(code));
		wait_for_turn(f, call, back_off(call->tries++));
		return;
	}
	f->heard = clock_monotonic();
	call->on_end(call, status, c->size > 0 ? c->text : "", c->size);
}

int
import_front_wait(struct import_front *f, struct err *e)
{
	long soon = start_due(f);
	int left, running;
	CURLMsg *message;

	curl_multi_perform(f->multi, &running);
	curl_multi_poll(f->multi, NULL, 0, (int)soon, NULL);
	curl_multi_perform(f->multi, &running);
	while ((message = curl_multi_info_read(f->multi, &left))) {
		struct connection *c = NULL;
		CURLcode code = message->data.result;

		if (message->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&c);
		end(f, c, code);
	}
	if (f->heard > 0 && clock_monotonic() - f->heard > SILENCE)
		return err_set(e,
		    "%s gave no answer for five minutes (%s); run the same again later: what is in is not "
		    "imported twice",
		    f->api->name, f->reason);
	return 0;
}
