/* http_reply: answers out. Each ends its request exactly once; a client that has left does not matter. */
#include "common/http/http_internal.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <event2/buffer.h>

#include "common/base/ids.h"
#include "common/base/text.h"

#define MICROSECONDS 1000000

void
http_set_header(struct http_request *r, const char *name, const char *value)
{
	struct evkeyvalq *headers = evhttp_request_get_output_headers(r->request);

	evhttp_remove_header(headers, name);
	evhttp_add_header(headers, name, value);
}

/* The same text for a whole second: evhttp would write it anew for each answer. */
static const char *
date_now(struct http *h)
{
	int64_t second = clock_now() / MICROSECONDS;
	time_t seconds = (time_t)second;
	struct tm tm;

	if (second != h->date_second && gmtime_r(&seconds, &tm)) {
		evutil_date_rfc1123(h->date, sizeof(h->date), &tm);
		h->date_second = second;
	}
	return h->date;
}

/* evhttp knows fewer. */
static const char *
phrase(int status)
{
	return status == 422 ? "Unprocessable Content" : status == 429 ? "Too Many Requests" : NULL;
}

static void
send_body(struct http_request *r, int status, const void *data, size_t size)
{
	struct http *h = r->http;
	struct evbuffer *body = evhttp_request_get_output_buffer(r->request);

	/* An answer to HEAD would be followed by its body: evhttp leaves that to us. */
	if (evhttp_request_get_command(r->request) != EVHTTP_REQ_HEAD && evbuffer_add(body, data, size) < 0)
		abort();
	metric_add(h->answers[status >= 100 && status < 600 ? status / 100 : 0], 1);
	h->unanswered--;
	metric_set(h->unanswered_now, h->unanswered);
	loop_release(h->loop);
	http_connections_answered(h, r->request);
	evhttp_send_reply(r->request, status, phrase(status), NULL);
	http_request_end(r);
}

/* RFC 6266: an ASCII name for old readers, the true one beside it. */
static void
set_file_name(struct http_request *r, const char *file_name)
{
	char *plain = arena_string(r->arena, file_name);
	char *encoded = evhttp_uriencode(file_name, -1, 0);

	for (char *c = plain; *c; c++)
		if ((unsigned char)*c < 0x20 || (unsigned char)*c > 0x7e || *c == '"' || *c == '\\')
			*c = '_';
	http_set_header(r, "Content-Disposition",
	    arena_printf(
		r->arena, "attachment; filename=\"%s\"; filename*=UTF-8''%s", plain, encoded ? encoded : plain));
	free(encoded);
}

void
http_head_set(struct http_request *r, const char *content_type, const char *file_name)
{
	struct evkeyvalq *headers = evhttp_request_get_output_headers(r->request);

	http_set_header(r, "Content-Type", content_type);
	if (file_name)
		set_file_name(r, file_name);
	evhttp_add_header(headers, "X-Content-Type-Options", "nosniff");
	if (!evhttp_find_header(headers, "Cache-Control"))
		evhttp_add_header(headers, "Cache-Control", "no-store");
	evhttp_add_header(headers, "Date", date_now(r->http));
}

void
http_reply_bytes(
    struct http_request *r, int status, const char *content_type, const char *file_name, const void *data, size_t size)
{
	http_head_set(r, content_type, file_name);
	send_body(r, status, data, size);
}

void
http_reply_json(struct http_request *r, int status, json_t *json)
{
	char *text = json_dumps(json, JSON_COMPACT | JSON_REAL_PRECISION(12));

	json_decref(json);
	if (!text)
		abort();
	http_reply_bytes(r, status, "application/json", NULL, text, strlen(text));
	free(text);
}
