/* http_upload: bodies that go into a file as they come. evhttp gathers a whole body in memory and lets nobody look at a
 * request before it has come; but it asks for a bufferevent, and whoever watches that one's input sees each byte first. So at
 * the beginning of a request for HTTP_POST_FILE its head is put aside and its body written to the file; then evhttp gets
 * the head, with a Content-Length of 0. Whatever is unusual about a head is left to evhttp as it is. */
#include "common/http/http_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <event2/buffer.h>

#include "common/base/log.h"
#include "common/base/text.h"

#define HEAD_MAX (20 * 1024)
#define LINE_LOOK 256
#define UPLOADS_MAX 32 /* at once; as many files may be half there */
#define READ_SLACK                                                                                                     \
	2 /* up to twice what is allowed is read and thrown away, so that the refusal is one that can be read */

/* Is it the beginning of a request for route? -1: too few bytes to know. */
static int
is_for(const struct http_route *route, const char *line, size_t size)
{
	char wanted[LINE_LOOK];
	int length = snprintf(wanted, sizeof(wanted), "POST %s", route->path);
	size_t known = size < (size_t)length ? size : (size_t)length;

	if (memcmp(line, wanted, known) != 0)
		return 0;
	if (size <= (size_t)length)
		return -1;
	return line[length] == ' ' || line[length] == '?';
}

static void
recognise(struct http *h, struct http_upload *u, struct evbuffer *input)
{
	char line[LINE_LOOK];
	ev_ssize_t size = evbuffer_copyout(input, line, sizeof(line));
	int is = 0;

	for (const struct http_route *route = h->routes; route->handler && is == 0; route++) {
		if (route->method != HTTP_POST_FILE || (is = is_for(route, line, size > 0 ? (size_t)size : 0)) == 0)
			continue;
		u->route = route;
	}
	u->state = is < 0 ? HTTP_UPLOAD_PERHAPS : is > 0 ? HTTP_UPLOAD_HEAD : HTTP_UPLOAD_NONE;
}

/* In front of what is there already, and evhttp may go on. */
static void
give_back(struct http_upload *u, struct evbuffer *input)
{
	u->ours = true;
	if (evbuffer_prepend_buffer(input, u->head) < 0)
		abort();
	u->ours = false;
}

/* The digits of the one Content-Length, or NULL: there is none, or something else says how long the body is, too. */
static char *
find_length(char *head, size_t size)
{
	char *found = NULL, *line = head, *end;

	for (; (end = memchr(line, '\n', size - (size_t)(line - head))) && end + 1 < head + size; line = end + 1) {
		char *next = end + 1;

		if (*next == ' ' || *next == '\t' || ascii_starts_nocase(next, "transfer-encoding"))
			return NULL;
		if (!ascii_starts_nocase(next, "content-length:"))
			continue;
		if (found)
			return NULL;
		found = next + strlen("content-length:");
	}
	while (found && (*found == ' ' || *found == '\t'))
		found++;
	return found;
}

/* How long the body is; what evhttp sees is 0. 0 without a sound one. */
static uint64_t
take_length(struct evbuffer *head)
{
	size_t size = evbuffer_get_length(head), digits = 0;
	char *text = (char *)evbuffer_pullup(head, -1), *at;
	uint64_t length = 0;

	if (!text || memchr(text, '\0', size) || !(at = find_length(text, size)))
		return 0;
	while (ascii_digit(at[digits]))
		length = length * 10 + (uint64_t)(at[digits++] - '0');
	if (digits == 0 || digits > 12 || at[digits] != '\r')
		return 0;
	memset(at, '0', digits);
	return length;
}

static void
begin_body(struct http *h, struct http_upload *u)
{
	u->state = HTTP_UPLOAD_BODY;
	h->uploads++;
	if (u->size > u->route->body_max) {
		u->problem = "too-large";
	} else if (h->uploads > UPLOADS_MAX || h->stopping) {
		u->problem = "busy";
	} else if ((u->fd = h->conf.file_new(h->arg, u->name)) < 0) {
		u->name[0] = '\0';
		u->problem = "unavailable";
		log_error("http.upload_failed", "reason=\"%s\"", strerror(errno));
	}
}

static void
read_head(struct http *h, struct http_upload *u, struct evbuffer *input)
{
	struct evbuffer_ptr end;
	struct evbuffer *rest;

	if (!u->head && !(u->head = evbuffer_new()))
		abort();
	if (evbuffer_add_buffer(u->head, input) < 0)
		abort();
	end = evbuffer_search(u->head, "\r\n\r\n", 4, NULL);
	if (end.pos < 0) {
		if (evbuffer_get_length(u->head) > HEAD_MAX) {
			u->state = HTTP_UPLOAD_NONE;
			give_back(u, input);
		}
		return;
	}
	if (!(rest = evbuffer_new()) || evbuffer_remove_buffer(u->head, rest, (size_t)end.pos + 4) < 0)
		abort();
	give_back(u, input); /* what follows the head */
	evbuffer_free(u->head);
	u->head = rest;
	u->left = u->size = take_length(u->head);
	if (u->size > 0 && u->size <= u->route->body_max * READ_SLACK) {
		begin_body(h, u);
	} else {
		u->state = HTTP_UPLOAD_NONE;
		give_back(u, input);
	}
}

/* The file without its descriptor is whole as far as we are concerned: it is synced by who keeps it. */
static void
close_file(struct http_upload *u)
{
	if (u->fd >= 0)
		close(u->fd);
	u->fd = -1;
}

static void
drop_file(struct http *h, struct http_upload *u)
{
	close_file(u);
	if (u->name[0])
		h->conf.file_remove(h->arg, u->name);
	u->name[0] = '\0';
}

static void
read_body(struct http *h, struct http_upload *u, struct evbuffer *input, size_t size)
{
	while (size > 0 && u->fd >= 0) {
		int n = evbuffer_write_atmost(input, u->fd, (ev_ssize_t)size);

		if (n > 0) {
			size -= (size_t)n;
			continue;
		}
		log_error("http.upload_failed", "reason=\"%s\"", strerror(errno));
		u->problem = "unavailable";
		drop_file(h, u);
	}
	evbuffer_drain(input, size);
}

size_t
http_upload_take(struct http *h, struct http_upload *u, struct evbuffer *input)
{
	size_t size = 0;

	if (u->state == HTTP_UPLOAD_PERHAPS)
		recognise(h, u, input);
	if (u->state == HTTP_UPLOAD_HEAD)
		read_head(h, u, input);
	if (u->state != HTTP_UPLOAD_BODY)
		return 0;
	size = evbuffer_get_length(input);
	size = size < u->left ? size : (size_t)u->left;
	read_body(h, u, input, size);
	u->left -= size;
	if (u->left == 0) {
		close_file(u);
		h->uploads--;
		u->state = HTTP_UPLOAD_WHOLE;
		give_back(u, input);
	}
	return size;
}

void
http_upload_begin(struct http_upload *u)
{
	if (u->state == HTTP_UPLOAD_NONE)
		u->state = HTTP_UPLOAD_PERHAPS;
}

void
http_upload_end(struct http *h, struct http_upload *u)
{
	if (u->state == HTTP_UPLOAD_BODY)
		h->uploads--;
	if (u->state == HTTP_UPLOAD_BODY || u->state == HTTP_UPLOAD_WHOLE)
		drop_file(h, u);
	if (u->head)
		evbuffer_free(u->head);
	*u = (struct http_upload){.fd = -1};
}

const char *
http_take_file(struct http_request *r, uint64_t *size)
{
	const char *name = arena_string(r->arena, r->upload.name);

	*size = r->upload.size;
	r->upload.name[0] = '\0';
	return name;
}
