/* http_request: one request as its handler sees it. Requests and their arenas are used again. */
#include "common/http/http_internal.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include <event2/buffer.h>

#include "common/base/text.h"

#define TRACEPARENT_LENGTH (HTTP_TRACEPARENT_SIZE - 1)

/* Headers that may stand once. */
static const char *const single_headers[] = {
    "Host",
    "Content-Length",
    "Content-Type",
    "Transfer-Encoding",
    "Authorization",
    "Idempotency-Key",
    "Traceparent",
};

static void
link_alive(struct http *h, struct http_request *r)
{
	r->previous = NULL;
	r->next = h->alive;
	if (h->alive)
		h->alive->previous = r;
	h->alive = r;
}

static void
unlink_alive(struct http *h, struct http_request *r)
{
	if (r->previous)
		r->previous->next = r->next;
	else
		h->alive = r->next;
	if (r->next)
		r->next->previous = r->previous;
}

static int
quality(const char *text, const char *end)
{
	int value = 0, scale = 1000;

	while (text < end && *text != '=')
		text++;
	if (text == end || (text[1] != '0' && text[1] != '1'))
		return 0;
	value = (text[1] - '0') * scale;
	for (text += 2; text < end && (*text == '.' || ascii_digit(*text)); text++)
		if (*text != '.' && (scale /= 10) > 0)
			value += (*text - '0') * scale;
	return value > 1000 ? 1000 : value;
}

/* Turkish unless English stands higher; a language range begins with its two letters. */
static enum http_language
language_of(const char *text)
{
	int turkish = -1, english = -1, any = -1;

	while (text && *text) {
		const char *end, *weight;
		int *which = NULL, q = 1000;

		while (*text == ' ' || *text == ',' || *text == '\t')
			text++;
		end = text + strcspn(text, ",");
		weight = text + strcspn(text, ";,");
		if (*weight == ';')
			q = quality(weight, end);
		if (ascii_starts_nocase(text, "tr"))
			which = &turkish;
		else if (ascii_starts_nocase(text, "en"))
			which = &english;
		else if (*text == '*')
			which = &any;
		if (which && q > *which)
			*which = q;
		text = end;
	}
	return english > 0 && english > (turkish >= 0 ? turkish : any) ? HTTP_EN : HTTP_TR;
}

struct http_request *
http_request_new(struct http *h, struct evhttp_request *request)
{
	struct http_request *r = h->spare;
	struct arena *arena = NULL;

	if (r) {
		h->spare = r->next;
		h->spares--;
		arena = r->arena;
	} else if (!(r = malloc(sizeof(*r)))) {
		abort();
	}
	memset(r, 0, sizeof(*r));
	r->http = h;
	r->request = request;
	r->arena = arena ? arena : arena_new(0);
	r->segment = "";
	r->references = 1;
	r->upload.fd = -1;
	r->language = language_of(evhttp_find_header(evhttp_request_get_input_headers(request), "Accept-Language"));
	TAILQ_INIT(&r->query);
	link_alive(h, r);
	return r;
}

/* Gives back what one request held. */
static void
forget(struct http_request *r)
{
	unlink_alive(r->http, r);
	http_upload_end(r->http, &r->upload);
	if (r->query_parsed)
		evhttp_clear_headers(&r->query);
}

void
http_request_free(struct http_request *r)
{
	forget(r);
	arena_free(r->arena);
	free(r);
}

static void
let_go(struct http_request *r)
{
	struct http *h = r->http;

	if (--r->references > 0)
		return;
	if (h->spares >= HTTP_SPARE_MAX) {
		http_request_free(r);
		return;
	}
	forget(r);
	arena_reset(r->arena);
	r->next = h->spare;
	h->spare = r;
	h->spares++;
}

void
http_request_end(struct http_request *r)
{
	r->request = NULL;
	http_upload_end(r->http, &r->upload);
	let_go(r);
}

void
http_keep(struct http_request *r)
{
	r->references++;
}

void
http_release(struct http_request *r)
{
	let_go(r);
}

bool
http_answered(const struct http_request *r)
{
	return r->request == NULL;
}

/* A name that is a token: "X : a" and folded lines are not. */
static bool
is_token(const char *name)
{
	size_t length = strlen(name);

	return length > 0 && strcspn(name, " \t\"(),/:;<=>?@[\\]{}") == length && !text_has_line_break_or_control(name);
}

static bool
is_number(const char *text)
{
	size_t length = strspn(text, "0123456789");

	return length > 0 && length < 19 && text[length] == '\0';
}

bool
http_request_sound(const struct http_request *r)
{
	struct evkeyval *header;
	unsigned seen = 0;
	bool length = false, coding = false;

	TAILQ_FOREACH(header, evhttp_request_get_input_headers(r->request), next)
	{
		if (!is_token(header->key))
			return false;
		for (unsigned i = 0; i < sizeof(single_headers) / sizeof(single_headers[0]); i++) {
			if (!ascii_equal_nocase(header->key, single_headers[i]))
				continue;
			if (seen & 1U << i)
				return false;
			seen |= 1U << i;
		}
		if (ascii_equal_nocase(header->key, "Content-Length")) {
			length = true;
			if (!is_number(header->value))
				return false;
		}
		if (ascii_equal_nocase(header->key, "Transfer-Encoding")) {
			coding = true;
			if (!ascii_equal_nocase(header->value, "chunked"))
				return false;
		}
	}
	return !(length && coding);
}

struct arena *
http_arena(struct http_request *r)
{
	return r->arena;
}

const void *
http_body(struct http_request *r, size_t *size)
{
	struct evbuffer *body = evhttp_request_get_input_buffer(r->request);

	*size = evbuffer_get_length(body);
	return *size ? (const void *)evbuffer_pullup(body, -1) : "";
}

static const char *
clean(const char *value)
{
	return value && text_valid(value, strlen(value)) && !text_has_line_break_or_control(value) ? value : NULL;
}

const char *
http_header(struct http_request *r, const char *name)
{
	return clean(evhttp_find_header(evhttp_request_get_input_headers(r->request), name));
}

bool
http_has_header(struct http_request *r, const char *name)
{
	return evhttp_find_header(evhttp_request_get_input_headers(r->request), name) != NULL;
}

const char *
http_query(struct http_request *r, const char *name)
{
	if (!r->query_parsed) {
		const char *query = evhttp_uri_get_query(evhttp_request_get_evhttp_uri(r->request));

		r->query_parsed = true;
		if (query && evhttp_parse_query_str(query, &r->query) < 0)
			TAILQ_INIT(&r->query);
	}
	return clean(evhttp_find_header(&r->query, name));
}

const char *
http_segment(struct http_request *r)
{
	return r->segment;
}

enum http_language
http_language(struct http_request *r)
{
	return r->language;
}

static bool
is_hex(const char *text, size_t count)
{
	bool all_zero = true;

	for (size_t i = 0; i < count; i++) {
		if (!ascii_digit(text[i]) && (text[i] < 'a' || text[i] > 'f'))
			return false;
		all_zero = all_zero && text[i] == '0';
	}
	return !all_zero;
}

/* W3C Trace Context, version 00: lower-case hex, neither id all zero. */
static bool
is_traceparent(const char *text)
{
	return text && strlen(text) == TRACEPARENT_LENGTH && memcmp(text, "00-", 3) == 0 && is_hex(text + 3, 32) &&
	       text[35] == '-' && is_hex(text + 36, 16) && text[52] == '-' &&
	       (is_hex(text + 53, 2) || memcmp(text + 53, "00", 2) == 0);
}

const char *
http_traceparent(struct http_request *r)
{
	struct http *h = r->http;
	const char *given;
	unsigned char ids[24];

	if (r->traceparent[0])
		return r->traceparent;
	given = evhttp_find_header(evhttp_request_get_input_headers(r->request), "Traceparent");
	if (is_traceparent(given)) {
		memcpy(r->traceparent, given, sizeof(r->traceparent));
		return r->traceparent;
	}
	if (h->random_left < sizeof(ids)) {
		randombytes_buf(h->random, sizeof(h->random));
		h->random_left = sizeof(h->random);
	}
	h->random_left -= sizeof(ids);
	memcpy(ids, h->random + h->random_left, sizeof(ids));
	ids[0] |= 1; /* never all zero */
	ids[16] |= 1;
	memcpy(r->traceparent, "00-", 3);
	sodium_bin2hex(r->traceparent + 3, 33, ids, 16);
	r->traceparent[35] = '-';
	sodium_bin2hex(r->traceparent + 36, 17, ids + 16, 8);
	memcpy(r->traceparent + 52, "-01", 4);
	return r->traceparent;
}
