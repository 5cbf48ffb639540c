/* http_file: a file as an answer, in pieces, so that no answer is ever held in memory as a whole. */
#include "common/http/http_internal.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <event2/buffer.h>

#define PIECE (64 * 1024)

struct http_sending {
	struct http *http;
	struct http_sending *next;
	struct evhttp_request *request;
	struct evhttp_connection *connection;
	int fd;
	uint64_t at, left;
};

static void
sending_end(struct http_sending *s)
{
	struct http *h = s->http;
	struct http_sending **place = &h->sendings;

	while (*place != s)
		place = &(*place)->next;
	*place = s->next;
	close(s->fd);
	free(s);
	h->unanswered--;
	metric_set(h->unanswered_now, h->unanswered);
	loop_release(h->loop);
}

/* The connection is gone, and with it a request that hung on it; one that lost its connection is still ours. */
void
http_sending_closed(struct http *h, const struct evhttp_connection *connection)
{
	for (struct http_sending *s = h->sendings; s; s = s->next) {
		if (s->connection != connection)
			continue;
		if (!evhttp_request_get_connection(s->request))
			evhttp_send_reply_end(s->request);
		sending_end(s);
		return;
	}
}

void
http_sendings_free(struct http *h)
{
	while (h->sendings)
		sending_end(h->sendings);
}

static void
on_piece_sent(struct evhttp_connection *connection, void *arg)
{
	struct http_sending *s = arg;
	struct evhttp_request *request = s->request;
	struct evbuffer *piece;
	char data[PIECE];
	ssize_t got = 0;

	(void)connection;
	if (s->left > 0)
		got = pread(s->fd, data, s->left < sizeof(data) ? (size_t)s->left : sizeof(data), (off_t)s->at);
	if (got <= 0) {
		/* A file that ends early leaves its reader with less than was promised, which the reader sees. */
		http_connections_answered(s->http, request);
		sending_end(s);
		evhttp_send_reply_end(request);
		return;
	}
	s->at += (uint64_t)got;
	s->left -= (uint64_t)got;
	if (!(piece = evbuffer_new()) || evbuffer_add(piece, data, (size_t)got) < 0)
		abort();
	evhttp_send_reply_chunk_with_cb(request, piece, on_piece_sent, s);
	evbuffer_free(piece);
}

void
http_reply_file(struct http_request *r, const char *content_type, const char *file_name, int fd, uint64_t size)
{
	struct http *h = r->http;
	struct http_sending *s = calloc(1, sizeof(*s));

	if (!s)
		abort();
	*s = (struct http_sending){.http = h, .request = r->request, .fd = fd, .left = size, .next = h->sendings};
	s->connection = evhttp_request_get_connection(s->request);
	h->sendings = s;
	http_head_set(r, content_type, file_name);
	http_set_header(r, "Content-Length", arena_printf(r->arena, "%" PRIu64, size));
	metric_add(h->answers[2], 1);
	http_request_end(r);
	if (!s->connection) { /* who asked has left */
		struct evhttp_request *request = s->request;

		sending_end(s);
		evhttp_send_reply_end(request);
		return;
	}
	evhttp_send_reply_start(s->request, 200, NULL);
	on_piece_sent(s->connection, s);
}
